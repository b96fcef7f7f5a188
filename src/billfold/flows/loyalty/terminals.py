"""Make a terminal, set it up, revoke it. Its device gets a token by the enrolment code. May not enter: HTTP, what a device does."""

import hashlib
from dataclasses import dataclass, replace

from billfold.domain.errors import FieldProblem, Invalid, NotFound
from billfold.domain.events import Event, EventKind
from billfold.domain.keys import Actor, authorize
from billfold.domain.loyalty import Terminal
from billfold.domain.schedules import HOUR_MS
from billfold.flows.lists import Page
from billfold.flows.loyalty.keeping import After, kept
from billfold.ports import Services, Tx

ENROLMENT_MS = 24 * HOUR_MS
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that people take for one another; 32, so that each is five bits."""


@dataclass(frozen=True, slots=True)
class TerminalAsked:
    """As a terminal is to be. `pin`: "" for none, None to leave it."""

    name: str
    place: str = ""
    product_id: str | None = None
    points_multiplier_percent: int = 100
    external_device_id: str = ""
    pin: str | None = None


async def create(
    services: Services, actor: Actor, asked: TerminalAsked, id_: str | None = None, after: After[Terminal] | None = None
) -> Terminal:
    """Raises Invalid, Forbidden."""
    authorize(actor, "terminals.write")
    now = services.clock.now_ms()
    bare = Terminal(id_ or services.entropy.event_id(), actor.scope, asked.name, now, now)
    pin_hash = await _pin_hash(services, asked.pin)

    def transaction(tx: Tx) -> Terminal:
        tx.terminals.add(made := _as_asked(tx, bare, asked, pin_hash, now))
        _record(services, tx, actor, made, EventKind.TERMINAL_CREATED)
        return kept(tx, made, after)

    return await services.store.write(transaction, short=True)


async def replace_terminal(services: Services, actor: Actor, terminal_id: str, asked: TerminalAsked) -> Terminal:
    """Raises NotFound, Invalid, Forbidden."""
    authorize(actor, "terminals.write")
    now = services.clock.now_ms()
    pin_hash = await _pin_hash(services, asked.pin)

    def transaction(tx: Tx) -> Terminal:
        changed = _as_asked(tx, _locked(tx, actor, terminal_id), asked, pin_hash, now)
        tx.terminals.replace(changed)
        _record(services, tx, actor, changed, EventKind.TERMINAL_CHANGED)
        return changed

    return await services.store.write(transaction, short=True)


async def renew_enrolment(services: Services, actor: Actor, terminal_id: str) -> tuple[Terminal, str]:
    """The terminal and a new code, good once and for a day, with which a device becomes it. An earlier code is no longer good.

    Raises NotFound, Forbidden."""
    authorize(actor, "terminals.write")
    now, code = services.clock.now_ms(), enrolment_code(services.entropy.bytes(12))

    def transaction(tx: Tx) -> Terminal:
        found = _locked(tx, actor, terminal_id)
        made = replace(found, enrolment_hash=enrolment_hash(code), enrolment_until_ms=now + ENROLMENT_MS, updated_at_ms=now)
        tx.terminals.replace(made)
        return made

    return await services.store.write(transaction, short=True), code


async def revoke(services: Services, actor: Actor, terminal_id: str) -> Terminal:
    """Its device token is refused from now on. Raises NotFound, Forbidden."""
    authorize(actor, "terminals.write")
    now = services.clock.now_ms()

    def transaction(tx: Tx) -> Terminal:
        found = tx.terminals.find_locked(actor.scope, terminal_id)
        if found is None:
            raise NotFound("terminal")
        if found.revoked_at_ms is not None:
            return found
        gone = replace(found, revoked_at_ms=now, enrolment_hash=b"", enrolment_until_ms=None, updated_at_ms=now)
        tx.terminals.replace(gone)
        if found.key_id is not None:
            tx.keys.revoke(actor.scope, found.key_id, now)
        _record(services, tx, actor, gone, EventKind.TERMINAL_REVOKED)
        return gone

    return await services.store.write(transaction, short=True)


async def find(services: Services, actor: Actor, terminal_id: str) -> Terminal:
    """Raises NotFound, Forbidden."""
    authorize(actor, "terminals.read")
    found = await services.store.read(lambda tx: tx.terminals.find(actor.scope, terminal_id))
    if found is None:
        raise NotFound("terminal")
    return found


async def list_terminals(services: Services, actor: Actor, after: str | None, limit: int) -> Page[Terminal]:
    authorize(actor, "terminals.read")
    found = await services.store.read(lambda tx: tx.terminals.list(actor.scope, after, limit + 1))
    return Page(found[:limit], len(found) > limit)


def enrolment_code(entropy: bytes) -> str:
    """`ABCD-EFGH-JKLM`: 60 random bits from 12 bytes. Good once and for a day, and wrong ones are counted."""
    letters = "".join(_LETTERS[one & 31] for one in entropy[:12])
    return "-".join(letters[at : at + 4] for at in range(0, 12, 4))


def enrolment_hash(code: str) -> bytes:
    """SHA-256: the code is random enough for it. Case does not count."""
    return hashlib.sha256(code.strip().upper().encode()).digest()


def with_key(terminal: Terminal, key_id: str) -> Terminal:
    """Enrolled: a device holds that key."""
    return replace(terminal, key_id=key_id, enrolment_hash=b"", enrolment_until_ms=None)


def _locked(tx: Tx, actor: Actor, terminal_id: str) -> Terminal:
    found = tx.terminals.find_locked(actor.scope, terminal_id)
    if found is None or found.revoked_at_ms is not None:
        raise NotFound("terminal")
    return found


async def _pin_hash(services: Services, pin: str | None) -> str | None:
    """Before the transaction: it is slow, so that a stolen database says little."""
    return await services.scanning.pins.hash(pin) if pin else pin


def _as_asked(tx: Tx, found: Terminal, asked: TerminalAsked, pin_hash: str | None, now: int) -> Terminal:
    if asked.product_id is not None and tx.products.find(found.scope, asked.product_id) is None:
        raise Invalid(FieldProblem("product_id", "unknown", "there is no such product", "see /v1/products"))
    return replace(
        found,
        name=asked.name,
        place=asked.place,
        product_id=asked.product_id,
        points_multiplier_percent=asked.points_multiplier_percent,
        external_device_id=asked.external_device_id,
        pin_hash=found.pin_hash if pin_hash is None else pin_hash,
        updated_at_ms=now,
    )


def _record(services: Services, tx: Tx, actor: Actor, terminal: Terminal, kind: EventKind) -> None:
    tx.events.append(
        Event(services.entropy.event_id(), actor.scope, services.clock.now_ms(), kind, terminal.id, cause=actor.principal)
    )

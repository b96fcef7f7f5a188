"""A terminal's device: its token for an enrolment code, its PIN, what it must know to scan offline, what is missing of it.

May not enter: HTTP, making and naming terminals (flows/loyalty/terminals.py), what a scan does."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from billfold.domain import keys
from billfold.domain.errors import FieldProblem, Invalid, NotFound, Unauthenticated
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import Environment, PassId, Scope
from billfold.domain.keys import AccessKey, Actor, authorize
from billfold.domain.loyalty import Card, CardStatus, Product, Programme, Terminal
from billfold.domain.offline import UPLOAD_AFTER_REVOCATION_MS, Grant, Heard
from billfold.flows.scans.missing import note_missing
from billfold.loyalty_ports import CardFilter
from billfold.ports import Services, Tx

LISTED_MAX = 1_000
"""Products, programmes and voided cards that a device is told of, each."""
_NO_MORE = (CardStatus.BLOCKED, CardStatus.REDEEMED, CardStatus.EXPIRED)


@dataclass(frozen=True, slots=True)
class Granted:
    """`token`: the grant, signed. `unsigned`: whether cards without a signed code may be taken too, as the operator has set it."""

    token: str
    grant: Grant
    unsigned: bool


@dataclass(frozen=True, slots=True)
class Synced:
    """What a device keeps. `voided`: cards whose signed code still verifies and which may not be used."""

    at_ms: int
    terminal: Terminal
    products: Sequence[Product]
    programmes: Sequence[Programme]
    voided: Sequence[PassId]
    granted: Granted
    public_key: dict[str, str]
    last_seq: int


async def terminal_of(services: Services, actor: Actor) -> Terminal:
    """The terminal whose device token asks. Raises NotFound for any other key."""
    terminal_id = actor.terminal_id
    if terminal_id is not None:
        found = await services.store.read(lambda tx: tx.terminals.find(actor.scope, terminal_id))
        if found is not None:
            return found
    raise NotFound("terminal")


async def me(services: Services, actor: Actor) -> tuple[Terminal, Product | None, Heard]:
    """Raises NotFound, Forbidden."""
    authorize(actor, "scans.execute")
    terminal = await terminal_of(services, actor)

    def read(tx: Tx) -> tuple[Product | None, Heard]:
        product = tx.products.find(actor.scope, terminal.product_id) if terminal.product_id else None
        return product, tx.scans.heard(actor.scope, terminal.id)

    product, heard = await services.store.read(read)
    return terminal, product, heard


async def check_pin(services: Services, actor: Actor, pin: str) -> None:
    """Raises TooMany after some wrong ones, Invalid("pin_wrong"), NotFound. A terminal without a PIN takes any."""
    authorize(actor, "scans.execute")
    terminal = await terminal_of(services, actor)
    services.failed_sign_ins.check_ahead(f"pin {terminal.id}")
    if terminal.pin_hash and not await services.scanning.pins.verify(terminal.pin_hash, pin):
        services.failed_sign_ins.check(f"pin {terminal.id}")
        raise Invalid(FieldProblem("pin", "pin_wrong", "is not this terminal's PIN", "ask who set it"))


async def sync(services: Services, actor: Actor) -> Synced:
    """Raises NotFound, Forbidden."""
    authorize(actor, "scans.execute")
    terminal = await terminal_of(services, actor)
    now = services.clock.now_ms()

    def transaction(tx: Tx) -> tuple[Heard, list[Product], list[Programme], list[PassId], list[str]]:
        heard = note_missing(services, tx, actor.scope, terminal.id, actor.principal).synced(now)
        tx.scans.put_heard(actor.scope, terminal.id, heard)
        stored = tx.terminals.find_locked(actor.scope, terminal.id)
        if stored is not None:
            tx.terminals.replace(replace(stored, last_device_seq=heard.last_seq, last_seen_at_ms=now))
        products = tx.products.list(actor.scope, None, LISTED_MAX)
        programmes = tx.programmes.list(actor.scope, None, LISTED_MAX)
        voided = [card.pass_id for card in _voided(tx, actor)]
        return heard, products, programmes, voided, tx.programmes.currencies(actor.scope)

    heard, products, programmes, voided, currencies = await services.store.write(transaction)
    granted, key = grant(services, terminal, heard, currencies), services.scanning.codes.public_key(actor.scope)
    return Synced(now, terminal, products, programmes, voided, granted, key, heard.last_seq)


def _voided(tx: Tx, actor: Actor) -> list[Card]:
    return [card for status in _NO_MORE for card in tx.cards.list(actor.scope, CardFilter(status=status), None, LISTED_MAX)]


def grant(services: Services, terminal: Terminal, heard: Heard, currencies: Sequence[str]) -> Granted:
    """What the device may do from here on without being heard: so much money in each of `currencies`."""
    rules, now = services.scanning.rules, services.clock.now_ms()
    amounts = {one: rules.amount_in(one) for one in currencies}
    made = Grant(terminal.id, rules.count, amounts, heard.last_seq, now + rules.grant_ms)
    return Granted(services.scanning.codes.sign_grant(terminal.scope, made, now), made, rules.unsigned)


async def heard_of(services: Services, actor: Actor, terminal: Terminal) -> tuple[Heard, list[str]]:
    """What we have heard of the device, missing numbers told of; and the currencies that it may be granted."""

    def transaction(tx: Tx) -> tuple[Heard, list[str]]:
        heard = note_missing(services, tx, actor.scope, terminal.id, actor.principal)
        return heard, tx.programmes.currencies(actor.scope)

    return await services.store.write(transaction, short=True)


async def uploader(services: Services, text: str) -> Actor:
    """Who hands in what was scanned offline: a device that is signed in, or one that was revoked within the last days, so that
    nothing that happened is lost. Raises Unauthenticated."""
    presented = keys.parse(text)
    now = services.clock.now_ms()
    stored = await services.store.read(lambda tx: tx.keys.find(presented.scope, presented.id))
    lately = stored is not None and (stored.revoked_at_ms or 0) > now - UPLOAD_AFTER_REVOCATION_MS
    if stored is not None and stored.terminal_id is not None and stored.revoked_at_ms is not None and lately:
        stored = replace(stored, revoked_at_ms=None)
    return keys.authenticate(presented, stored, now)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """`token` is shown this once and stored nowhere."""

    token: str
    terminal: Terminal
    organization_name: str


async def enrol(services: Services, code: str) -> Enrolled:
    """A device token for an enrolment code, which counts once. Raises Unauthenticated."""
    place = await _place_of(services, code)
    now = services.clock.now_ms()
    key_id, text = keys.mint(place.scope, services.entropy.bytes(33))
    key = AccessKey(key_id, place.scope, place.name, frozenset({"scans:write"}), keys.digest(text), now, terminal_id=place.id)

    def transaction(tx: Tx) -> Enrolled:
        terminal = tx.terminals.find_locked(place.scope, place.id)
        if terminal is None or not _open(terminal, place.enrolment_hash, now):
            raise Unauthenticated("unknown")  # another device was quicker
        if terminal.key_id:
            tx.keys.revoke(place.scope, terminal.key_id, now)
        tx.keys.add(key)
        enrolled = replace(terminal, key_id=key_id, enrolment_hash=b"", enrolment_until_ms=None, last_seen_at_ms=now)
        tx.terminals.replace(enrolled)
        tx.events.append(Event(services.entropy.event_id(), place.scope, now, EventKind.TERMINAL_ENROLLED, terminal.id))
        workspace = tx.workspaces.find(place.scope.workspace)
        return Enrolled(text, enrolled, workspace.organization_name if workspace else "")

    return await services.store.write(transaction, short=True)


async def _place_of(services: Services, code: str) -> Terminal:
    """The terminal that a code is for, whichever workspace it is of: nobody who types it in knows that. Raises Unauthenticated."""
    digest = hashlib.sha256(code.strip().upper().encode()).digest()
    now = services.clock.now_ms()

    def read(tx: Tx) -> Terminal | None:
        scopes = (Scope(one.id, environment) for one in tx.workspaces.all() for environment in Environment)
        found = (tx.terminals.by_enrolment(scope, digest) for scope in scopes)
        return next((one for one in found if one and _open(one, digest, now)), None)

    place = await services.store.read(read)
    if place is None:
        raise Unauthenticated("unknown")
    return place


def _open(terminal: Terminal, digest: bytes, now: int) -> bool:
    until = terminal.enrolment_until_ms
    return terminal.enrolment_hash == digest and until is not None and until > now and terminal.revoked_at_ms is None

"""Make, list and revoke access keys, and tell who presents one. May not enter: HTTP headers, printing."""

from collections.abc import Callable
from dataclasses import dataclass

from billfold.domain import keys
from billfold.domain.errors import FieldProblem, Forbidden, Invalid, NotFound, Unauthenticated
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import Scope
from billfold.domain.keys import AccessKey, Actor, PresentedKey
from billfold.ports import Services, Tx

SEEN_AGAIN_MS = 60_000
"""`last_used_at` is written at most this often, so that a busy key does not write at each request."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """`text` is shown this once and stored nowhere."""

    key: AccessKey
    text: str


async def authenticate(services: Services, text: str) -> Actor:
    """Raises Unauthenticated. A revoked key is refused at once, in every process: each request looks it up."""

    def look_up(tx: Tx) -> tuple[PresentedKey, AccessKey | None]:
        presented = keys.parse(text)
        return presented, tx.keys.find(presented.scope, presented.id)

    now = services.clock.now_ms()
    presented, stored = await services.store.recall(("key", keys.digest(text)), look_up)
    actor = keys.authenticate(presented, stored, now)
    if stored and (stored.last_used_at_ms or 0) < now - SEEN_AGAIN_MS:
        await services.store.write(lambda tx: tx.keys.touch(presented.scope, presented.id, now), short=True)
    return actor


After = Callable[[Tx, AccessKey], None]
"""What else commits with the new key."""


async def create(
    services: Services,
    actor: Actor,
    name: str,
    scopes: frozenset[str],
    expires_at_ms: int | None = None,
    after: After | None = None,
) -> NewKey:
    """A key can make only keys that hold no more than itself. Raises Forbidden, Invalid."""
    keys.authorize(actor, "keys.create")
    if not scopes <= actor.scopes:
        raise Forbidden(", ".join(sorted(scopes - actor.scopes)))
    return await mint(services, actor.scope, name, scopes, expires_at_ms, actor.principal, after)


async def mint(
    services: Services,
    scope: Scope,
    name: str,
    scopes: frozenset[str],
    expires_at_ms: int | None = None,
    cause: str = "operator",
    after: After | None = None,
) -> NewKey:
    """The operator's own way (command line, first start); abilities of source S2 may stand among `scopes`. Raises Invalid."""
    scopes = keys.without_abilities(scopes)
    if unknown := scopes - keys.SCOPES.keys():
        mend = f"use some of {', '.join(keys.SCOPES)}"
        raise Invalid(FieldProblem("scopes", "unknown_scope", f"{len(unknown)} unknown scope(s)", mend))
    now = services.clock.now_ms()
    if expires_at_ms is not None and expires_at_ms <= now:
        raise Invalid(FieldProblem("expires_at", "in_the_past", "the expiry lies in the past", "give a later time, or none"))
    key_id, text = keys.mint(scope, services.entropy.bytes(33))
    key = AccessKey(key_id, scope, name, scopes, keys.digest(text), now, expires_at_ms)

    def transaction(tx: Tx) -> None:
        tx.keys.add(key)
        tx.events.append(Event(services.entropy.event_id(), scope, now, EventKind.KEY_CREATED, key_id, cause=cause))
        if after:
            after(tx, key)

    await services.store.write(transaction)
    return NewKey(key, text)


async def roll(services: Services, actor: Actor, key_id: str, overlap_ms: int) -> NewKey:
    """A new key that may what the old one may; the old one works for `overlap_ms` more, so that nothing stops meanwhile. Raises
    NotFound, Forbidden."""
    keys.authorize(actor, "keys.revoke")
    scope, until = actor.scope, services.clock.now_ms() + overlap_ms
    old = await services.store.read(lambda tx: tx.keys.find(scope, key_id))
    if old is None or old.revoked_at_ms is not None:
        raise NotFound("access key")
    return await create(services, actor, old.name, old.scopes, after=lambda tx, _new: tx.keys.expire(scope, key_id, until))


async def list_keys(services: Services, actor: Actor) -> list[AccessKey]:
    keys.authorize(actor, "keys.list")
    return await services.store.read(lambda tx: tx.keys.list(actor.scope))


async def revoke(services: Services, actor: Actor, key_id: str) -> None:
    """Raises NotFound, Forbidden."""
    keys.authorize(actor, "keys.revoke")
    await revoke_by_operator(services, actor.scope, key_id, cause=actor.principal)


async def revoke_by_operator(services: Services, scope: Scope, key_id: str, cause: str = "operator") -> None:
    """Raises NotFound."""
    now = services.clock.now_ms()

    def transaction(tx: Tx) -> None:
        if not tx.keys.revoke(scope, key_id, now):
            raise NotFound("access key")
        tx.events.append(Event(services.entropy.event_id(), scope, now, EventKind.KEY_REVOKED, key_id, cause=cause))

    await services.store.write(transaction)


def bearer(header: str | None) -> str:
    """The key in an `Authorization: Bearer ...` header. Raises Unauthenticated."""
    scheme, _, text = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise Unauthenticated("missing")
    return text.strip()

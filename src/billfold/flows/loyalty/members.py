"""Add a member, change one, find one among many, erase one. May not enter: HTTP, how members are found (storage)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from billfold.domain.errors import FieldProblem, Invalid, NotFound
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import Scope
from billfold.domain.keys import Actor, authorize
from billfold.domain.loyalty import Card, Member, normal_email
from billfold.domain.templates import values_fingerprint
from billfold.flows import mail_suppressions
from billfold.flows.lists import Page
from billfold.flows.loyalty.keeping import After, kept
from billfold.flows.loyalty.refreshing import refresh_member
from billfold.flows.loyalty.showing import change_in
from billfold.loyalty_ports import CardFilter
from billfold.ports import Services, Tx

ERASED_CARDS_MAX = 1_000
"""Cards of a member whose erasure is one transaction. A person with more is none."""


@dataclass(frozen=True, slots=True)
class MemberAsked:
    """As a member is to be. One of `email` and `external_id` is given."""

    email: str = ""
    name: str = ""
    external_id: str | None = None
    language: str = ""
    attributes: dict[str, str | int] = field(default_factory=dict)
    unsubscribed: bool = False


async def create(
    services: Services,
    actor: Actor,
    brand_id: str,
    asked: MemberAsked,
    id_: str | None = None,
    after: After[Member] | None = None,
) -> Member:
    """Raises NotFound, Invalid, Conflict("member_exists"), Forbidden."""
    authorize(actor, "members.write")
    asked = checked(asked)

    def transaction(tx: Tx) -> Member:
        return kept(tx, _heard(services, tx, create_in(services, tx, actor, brand_id, asked, id_)), after)

    return await services.store.write(transaction, short=True)


def create_in(services: Services, tx: Tx, actor: Actor, brand_id: str, asked: MemberAsked, id_: str | None = None) -> Member:
    """Inside a transaction of the caller's; `asked` is checked."""
    now = services.clock.now_ms()
    brand = tx.brands.find(actor.scope, brand_id)
    if brand is None or brand.archived_at_ms is not None:
        raise NotFound("brand")
    bare = Member(id_ or services.entropy.event_id(), actor.scope, brand_id, "", "", now, now)
    tx.members.add(made := _as_asked(bare, asked, now))
    _record(services, tx, actor, made, EventKind.MEMBER_CREATED)
    return made


async def find_or_create(services: Services, actor: Actor, brand_id: str, email: str) -> Member:
    """The brand's member with this address, made when unknown (S2-23). Raises NotFound, Invalid, Forbidden."""
    authorize(actor, "members.write")
    asked = checked(MemberAsked(email=email))

    def transaction(tx: Tx) -> Member:
        return tx.members.by_email(actor.scope, brand_id, asked.email) or create_in(services, tx, actor, brand_id, asked)

    return await services.store.write(transaction, short=True)


async def replace_member(services: Services, actor: Actor, member_id: str, asked: MemberAsked) -> Member:
    """The member's cards show it. Raises NotFound, Invalid, Conflict("member_exists"), Forbidden."""
    authorize(actor, "members.write")
    asked, now = checked(asked), services.clock.now_ms()

    def transaction(tx: Tx) -> tuple[Member, int]:
        found = tx.members.find_locked(actor.scope, member_id)
        if found is None:
            raise NotFound("member")
        changed = _as_asked(found, asked, now)
        if replace(changed, updated_at_ms=found.updated_at_ms) == found:
            return _heard(services, tx, found), 0
        tx.members.replace(changed)
        _record(services, tx, actor, changed, EventKind.MEMBER_CHANGED)
        shown = (changed.name, changed.attributes) != (found.name, found.attributes)
        notified = refresh_member(services, tx, actor.scope, member_id, now) if shown else 0
        return _heard(services, tx, changed), notified

    changed, notified = await services.store.write(transaction)
    if notified:
        services.wake()
    return changed


async def erase(services: Services, actor: Actor, member_id: str) -> int:
    """Forgets the person: the member's row, what stands of it in passes, the address in mails that wait. The member's cards are
    taken away, blanked and void on every phone, by the usual way. The ledger stays, and knows nobody's name.

    Gives back how many cards those were. Raises NotFound, Forbidden."""
    authorize(actor, "members.erase")

    def transaction(tx: Tx) -> list[Card]:
        member = tx.members.find_locked(actor.scope, member_id)
        if member is None:
            raise NotFound("member")
        held = tx.cards.list(actor.scope, CardFilter(member_id=member_id), None, ERASED_CARDS_MAX)
        now = services.clock.now_ms()
        tx.members.remove(actor.scope, member_id)
        services.mail.forget(tx, actor.scope, member.email, member.brand_id)
        for one in held:
            locked = tx.cards.find_locked(actor.scope, one.pass_id)
            assert locked is not None, "it was just listed"
            without = replace(locked, member_id=None, removed_at_ms=now, title="", latitude=None, longitude=None)
            change_in(services, tx, actor, locked, without)
            _blank(tx, actor.scope, without)
        _record(services, tx, actor, member, EventKind.MEMBER_ERASED)
        return held

    held = await services.store.write(transaction)
    services.wake()
    return len(held)


def _blank(tx: Tx, scope: Scope, card: Card) -> None:
    """What a caller gave for this one pass may name the person too."""
    found = tx.passes.find_locked(scope, card.pass_id)
    assert found is not None, "a card is a pass"
    kept = {name: value for name, value in found.values.items() if name in ("card", "brand", "balances")}
    values = kept | {"member": {}}
    tx.passes.replace(replace(found, values=values, fingerprint=values_fingerprint(values), messages=()))


async def find(services: Services, actor: Actor, member_id: str) -> Member:
    """Raises NotFound, Forbidden."""
    authorize(actor, "members.read")

    def read(tx: Tx) -> Member:
        found = tx.members.find(actor.scope, member_id)
        if found is None:
            raise NotFound("member")
        return _heard(services, tx, found)

    return await services.store.read(read)


async def search(
    services: Services, actor: Actor, words: str, after: str | None, limit: int, brand_id: str | None = None
) -> Page[Member]:
    """By the beginning of an address, a name's word or an external id."""
    authorize(actor, "members.read")

    def read(tx: Tx) -> Page[Member]:
        found = tx.members.search(actor.scope, words, after, limit + 1, brand_id)
        return Page(_all_heard(services, tx, actor.scope, found[:limit]), len(found) > limit)

    return await services.store.read(read)


def checked(asked: MemberAsked) -> MemberAsked:
    """With the address in its one form. Raises Invalid."""
    if not asked.email and asked.external_id is None:
        mend = "send an e-mail address, or the id under which your own system knows the person"
        raise Invalid(FieldProblem("email", "missing", "nothing says who this is", mend))
    return replace(asked, email=normal_email(asked.email) if asked.email else "")


def _heard(services: Services, tx: Tx, member: Member) -> Member:
    """With what the person said by a mail's link or by a complaint. No change of the member takes that back, so a system that
    sends its members here each night writes nobody in again (flows/mail_suppressions does, on the person's word)."""
    (heard,) = _all_heard(services, tx, member.scope, [member])
    return heard


def _all_heard(services: Services, tx: Tx, scope: Scope, members: Sequence[Member]) -> list[Member]:
    asked = {(one.email, one.brand_id) for one in members if one.email}
    left = mail_suppressions.left_at_ms(services, tx, scope, asked)

    def heard(member: Member) -> Member:
        at = left.get((member.email, member.brand_id))
        return member if at is None or member.unsubscribed_at_ms is not None else replace(member, unsubscribed_at_ms=at)

    return list(map(heard, members))


def _as_asked(found: Member, asked: MemberAsked, now: int) -> Member:
    return replace(
        found,
        email=asked.email,
        name=asked.name,
        external_id=asked.external_id,
        language=asked.language,
        attributes=dict(asked.attributes),
        unsubscribed_at_ms=(found.unsubscribed_at_ms or now) if asked.unsubscribed else None,
        updated_at_ms=now,
    )


def _record(services: Services, tx: Tx, actor: Actor, member: Member, kind: EventKind) -> None:
    event_id, now = services.entropy.event_id(), services.clock.now_ms()
    tx.events.append(Event(event_id, actor.scope, now, kind, member.id, cause=actor.principal, data={"brand": member.brand_id}))

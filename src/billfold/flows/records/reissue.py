"""A new pass in the place of one that must not be used any more: the same values, the old one void, in one transaction.

May not enter: HTTP, wallets' formats."""

from dataclasses import replace

from billfold.domain.content import JsonObject
from billfold.domain.delivery import Priority
from billfold.domain.errors import Conflict, NotFound
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import PassId, new_pass_id
from billfold.domain.keys import Actor, authorize
from billfold.domain.ledger import Kind
from billfold.domain.loyalty import Card
from billfold.domain.passes import Pass
from billfold.flows import ledger
from billfold.flows.issue import Stored, store_from_template
from billfold.flows.loyalty import cards
from billfold.flows.loyalty.cards import NewCard
from billfold.flows.loyalty.showing import change_in
from billfold.flows.update import find_pass
from billfold.ports import Services, Tx

KEPT_BY_OTHERS = ("card", "member", "brand", ledger.SHOWN_AS, ledger.AVAILABLE_AS)
"""Values of a card that come from its row and the ledger."""


async def reissue(services: Services, actor: Actor, serial: str, *, carry: bool) -> PassId:
    """The id of the new pass. `carry`: what stands on the old one goes over to it, by a transfer in the ledger.

    Raises NotFound, WrongScope, Forbidden; Conflict for a pass that is void, or that shows no template."""
    known = await find_pass(services, actor, serial, "passes.reissue")
    if carry:
        authorize(actor, "operations.create")
    if known.template_id is None:
        raise Conflict("pass_without_template", "this pass has its own content; issue another one with that content")
    card = await services.store.read(lambda tx: tx.cards.find(actor.scope, known.id))
    if card:
        return await _card(services, actor, known, card, carry)
    new = new_pass_id(actor.scope, services.clock.now_ms(), services.entropy.bytes(11))

    def after(tx: Tx, stored: Stored) -> None:
        void_in(services, tx, actor, _still_good(tx, actor, known.id))
        _record(services, tx, actor, known.id, stored.pass_.id, carry)

    await store_from_template(services, actor, known.template_id, _values(known), after, new)
    services.wake()
    return new


async def _card(services: Services, actor: Actor, known: Pass, card: Card, carry: bool) -> PassId:
    authorize(actor, "cards.change")
    own = {name: value for name, value in known.values.items() if name not in KEPT_BY_OTHERS}
    wanted = NewCard(
        card.programme_id,
        card.member_id,
        code="" if card.code == card.pass_id else card.code,
        title=card.title,
        starts_at_ms=card.starts_at_ms,
        expires_at_ms=card.expires_at_ms,
        reminder_at_ms=card.reminder_at_ms,
        batch=card.batch,
        demo=card.demo,
        historical=card.historical,
        values=own,
    )

    def after(tx: Tx, made: Card) -> None:
        before = tx.cards.find_locked(actor.scope, known.id)
        if before is None or before.removed_at_ms is not None:
            raise Conflict("pass_void", "this card was taken away already")
        _record(services, tx, actor, known.id, made.pass_id, carry)
        change_in(services, tx, actor, before, replace(before, removed_at_ms=services.clock.now_ms(), member_id=None))

    return (await cards.issue(services, actor, wanted, after)).pass_id


def _values(known: Pass) -> JsonObject:
    return {name: value for name, value in known.values.items() if name not in (ledger.SHOWN_AS, ledger.AVAILABLE_AS)}


def _still_good(tx: Tx, actor: Actor, serial: PassId) -> Pass:
    found = tx.passes.find_locked(actor.scope, serial)
    if found is None:
        raise NotFound("pass")
    if found.voided:
        raise Conflict("pass_void", "this pass is void already; issue a new one")
    return found


def void_in(services: Services, tx: Tx, actor: Actor, found: Pass) -> None:
    """Inside a transaction; `found` is locked."""
    now, number = services.clock.now_ms(), tx.numbers.next(actor.scope)
    tx.passes.replace(replace(found, voided=True, number=number, updated_at_ms=now))
    notified = tx.deliveries.want_pass(actor.scope, found.id, found.pass_type, number, now, Priority.INTERACTIVE)
    data: dict[str, str | int] = {"notified": notified}
    event = Event(services.entropy.event_id(), actor.scope, now, EventKind.PASS_VOIDED, found.id, cause=actor.principal, data=data)
    tx.events.append(event)


def _record(services: Services, tx: Tx, actor: Actor, old: PassId, new: PassId, carry: bool) -> None:
    """Carries over what stands on the old one, and says on both which is the other."""
    now = services.clock.now_ms()
    if carry and (held := {one.key.unit: one.balance for one in tx.ledger.accounts(actor.scope, old) if one.balance > 0}):
        asked = ledger.Asked(f"reissue:{old}:{new}", Kind.TRANSFER, old, held, to_pass_id=new, description="reissue")
        if refused := ledger.post_in(services, tx, actor, asked).operation.declined:
            raise Conflict("not_carried", f"the balance cannot be carried over: {refused}")
    for one, other in ((old, {"by": new}), (new, {"instead_of": old})):
        event_id = services.entropy.event_id()
        tx.events.append(Event(event_id, actor.scope, now, EventKind.PASS_REISSUED, one, cause=actor.principal, data=dict(other)))

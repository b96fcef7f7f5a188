"""Issue a card for a member or for nobody, one or many; change its status, dates and title; take it from its member; find it.

May not enter: HTTP, what a scan does, wallets' formats."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from billfold.domain.card_values import refuse_reserved, units_of, values_of
from billfold.domain.content import JsonObject
from billfold.domain.errors import FieldProblem, IdempotencyMismatch, Invalid, NotFound, WrongScope
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import PassId, new_pass_id, scope_of_pass
from billfold.domain.keys import Actor, authorize
from billfold.domain.ledger import Kind
from billfold.domain.loyalty import Brand, Card, CardStatus, Member, Programme
from billfold.domain.scanning import ENTRIES
from billfold.domain.schedules import DAY_MS
from billfold.flows import ledger
from billfold.flows.batch import Repeat
from billfold.flows.issue import Stored, store_from_template
from billfold.flows.lists import Page
from billfold.flows.loyalty.showing import Changed, change_in, is_void, signed_code
from billfold.loyalty_ports import CardFilter
from billfold.ports import SavedAnswer, Services, Tx

MANY_MAX = 500
"""Cards of one request."""


@dataclass(frozen=True, slots=True)
class NewCard:
    """A card that is to be issued. `code`: what its barcode says, "" for its own id. `values`: what the template shows beside the
    reserved names. `opening`: unit → minor units that it brings from an older system. `expires_at_ms`: None for the programme's
    days. `batch`: under which reference it is issued with others. `serial`: its id, where a caller must know it before."""

    programme_id: str
    member_id: str | None = None
    code: str = ""
    status: CardStatus = CardStatus.ACTIVE
    title: str = ""
    starts_at_ms: int | None = None
    expires_at_ms: int | None = None
    reminder_at_ms: int | None = None
    batch: str = ""
    demo: bool = False
    historical: bool = False
    values: JsonObject = field(default_factory=dict)
    opening: dict[str, int] = field(default_factory=dict)
    serial: PassId | None = None


@dataclass(frozen=True, slots=True)
class _Of:
    programme: Programme
    brand: Brand
    member: Member | None


After = Callable[[Tx, Card], None]
"""What else commits with the new card: a mail, an answer kept under an idempotency key."""


async def issue(services: Services, actor: Actor, new: NewCard, after: After | None = None) -> Card:
    """One pass of the programme's template, and the card that it is.

    Raises NotFound, Conflict, Invalid, Forbidden, TooMany, CredentialMissing."""
    authorize(actor, "cards.issue")
    refuse_reserved(new.values)
    of = await services.store.read(lambda tx: _of(tx, actor, new))
    scope, now = actor.scope, services.clock.now_ms()
    serial = new.serial or new_pass_id(scope, now, services.entropy.bytes(11))
    card = _card(new, of, serial, now)
    code = signed_code(services.scanning.codes, card)
    values = values_of(new.values, card, of.programme, of.brand, of.member, code)
    _refuse_opening(new, of.programme)

    def store(tx: Tx, stored: Stored) -> None:
        _of(tx, actor, new)  # a member who was erased meanwhile gets no card
        tx.cards.add(card)
        if is_void(card):
            tx.passes.replace(replace(stored.pass_, voided=True))
        data: dict[str, str | int] = {"programme": card.programme_id, "status": card.status.value}
        if card.batch:
            data["batch"] = card.batch
        event_id = services.entropy.event_id()
        tx.events.append(Event(event_id, scope, now, EventKind.CARD_ISSUED, serial, cause=actor.principal, data=data))
        if new.opening:  # the same operation for ever, so no repeat brings it twice
            ledger.post_in(services, tx, actor, ledger.Asked(f"opening:{serial}", Kind.OPENING, serial, new.opening))
        if after:
            after(tx, card)

    issuing = replace(actor, scopes=actor.scopes | {"passes:write"})  # a card is a pass
    await store_from_template(services, issuing, of.programme.template_id, values, store, serial)
    services.wake()
    return card


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of many: the card, or what is wrong with it."""

    card: Card | None = None
    problems: Sequence[FieldProblem] = ()


async def issue_many(services: Services, actor: Actor, new: Sequence[NewCard], repeat: Repeat | None = None) -> list[Outcome]:
    """One outcome for each, in order; what is wrong with one says nothing of the others. What was issued under
    the key of `repeat` is found, not issued again. Raises Forbidden, TooMany, IdempotencyMismatch."""
    authorize(actor, "cards.issue")
    found = []
    for place, one in enumerate(new):
        once = _Once(services, actor, f"{repeat.key} card {place}", repeat.fingerprint) if repeat else None
        try:
            found.append(Outcome(await (once.issue(one) if once else issue(services, actor, one))))
        except Invalid as error:
            found.append(Outcome(problems=error.problems))
        except NotFound as error:
            mend = "check the id; it must be of this environment"
            found.append(Outcome(problems=(FieldProblem(error.kind, "not_found", f"there is no such {error.kind}", mend),)))
    return found


@dataclass(frozen=True, slots=True)
class _Once:
    """One card of a request that may be repeated. No caller can send a key with a space."""

    services: Services
    actor: Actor
    key: str
    fingerprint: str

    async def issue(self, new: NewCard) -> Card:
        """Raises IdempotencyMismatch, and what `issue` raises."""
        if earlier := await self._earlier():
            return earlier
        try:
            return await issue(self.services, self.actor, new, self._keep)
        except Exception:
            # Two requests at once: the database refuses the second one's key and with it its card; then the first one's is there.
            if earlier := await self._earlier():
                return earlier
            raise

    async def _earlier(self) -> Card | None:

        def read(tx: Tx) -> Card | None:
            saved = tx.idempotency.find(self.actor.scope, self.key)
            if saved is None:
                return None
            if saved.fingerprint != self.fingerprint:
                raise IdempotencyMismatch
            return tx.cards.find(self.actor.scope, PassId(saved.body.decode()))

        return await self.services.store.read(read)

    def _keep(self, tx: Tx, card: Card) -> None:
        answer = SavedAnswer(self.fingerprint, 201, card.pass_id.encode(), self.services.clock.now_ms())
        tx.idempotency.add(self.actor.scope, self.key, answer)


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be otherwise. Dates: (at,) sets one, (None,) takes it away, None leaves it."""

    status: CardStatus | None = None
    title: str | None = None
    starts_at_ms: tuple[int | None] | None = None
    expires_at_ms: tuple[int | None] | None = None
    reminder_at_ms: tuple[int | None] | None = None


async def change(services: Services, actor: Actor, serial: str, wanted: Change) -> Changed:
    """Raises NotFound, WrongScope, Forbidden."""
    authorize(actor, "cards.change")
    now = services.clock.now_ms()
    return await _changed(services, actor, serial, lambda card: changed(card, wanted, now))


async def remove(services: Services, actor: Actor, serial: str) -> Changed:
    """Takes the card from its member: it belongs to nobody, shows nobody's name and is of no use. Its statement stays."""
    authorize(actor, "cards.change")
    now = services.clock.now_ms()
    return await _changed(
        services, actor, serial, lambda card: replace(card, removed_at_ms=card.removed_at_ms or now, member_id=None)
    )


def changed(card: Card, wanted: Change, now_ms: int) -> Card:
    """A card that had expired by its date lives again when the date is put off, unless a status is asked for."""
    status = wanted.status or card.status
    expires = wanted.expires_at_ms[0] if wanted.expires_at_ms else card.expires_at_ms
    over = expires is not None and expires <= now_ms
    if wanted.status is None and wanted.expires_at_ms and status is CardStatus.EXPIRED and not over:
        status = CardStatus.ACTIVE
    reminder = wanted.reminder_at_ms[0] if wanted.reminder_at_ms else card.reminder_at_ms
    if card.reminder_at_ms and card.expires_at_ms and expires and wanted.expires_at_ms and not wanted.reminder_at_ms:
        reminder = expires - (card.expires_at_ms - card.reminder_at_ms)  # as long before as it was
    return replace(
        card,
        status=status,
        title=card.title if wanted.title is None else wanted.title,
        starts_at_ms=wanted.starts_at_ms[0] if wanted.starts_at_ms else card.starts_at_ms,
        expires_at_ms=expires,
        reminder_at_ms=reminder,
        reminded_at_ms=card.reminded_at_ms if reminder == card.reminder_at_ms else None,
    )


async def find(services: Services, actor: Actor, serial: str) -> Card:
    """Raises NotFound, WrongScope, Forbidden."""
    authorize(actor, "cards.read")
    serial = _own(actor, serial)
    found = await services.store.read(lambda tx: tx.cards.find(actor.scope, serial))
    if found is None:
        raise NotFound("card")
    return found


async def list_cards(services: Services, actor: Actor, wanted: CardFilter, after: str | None, limit: int) -> Page[Card]:
    authorize(actor, "cards.read")
    found = await services.store.read(lambda tx: tx.cards.list(actor.scope, wanted, after, limit + 1))
    return Page(found[:limit], len(found) > limit)


async def by_code(services: Services, actor: Actor, code: str) -> list[Card]:
    """Those that a scanner would find; newest first."""
    authorize(actor, "cards.read")
    return await services.store.read(lambda tx: tx.cards.by_code(actor.scope, code))


async def _changed(services: Services, actor: Actor, serial: str, following: Callable[[Card], Card]) -> Changed:
    serial = _own(actor, serial)

    def transaction(tx: Tx) -> Changed:
        card = tx.cards.find_locked(actor.scope, serial)
        if card is None:
            raise NotFound("card")
        return change_in(services, tx, actor, card, following(card))

    done = await services.store.write(transaction, short=True)
    if done.notified:
        services.wake()
    return done


def _own(actor: Actor, serial: str) -> PassId:
    """Raises WrongScope from the id alone, NotFound."""
    scope = scope_of_pass(serial)
    if scope is None:
        raise NotFound("card")
    if scope != actor.scope:
        raise WrongScope("card")
    return PassId(serial)


def _of(tx: Tx, actor: Actor, new: NewCard) -> _Of:
    programme = tx.programmes.find(actor.scope, new.programme_id)
    if programme is None or programme.archived_at_ms is not None:
        raise NotFound("programme")
    brand = tx.brands.find(actor.scope, programme.brand_id)
    assert brand is not None, "a programme has its brand"
    member = None
    if new.member_id is not None:
        member = tx.members.find(actor.scope, new.member_id)
        if member is None or member.brand_id != brand.id:
            raise NotFound("member")
    return _Of(programme, brand, member)


def _card(new: NewCard, of: _Of, serial: PassId, now: int) -> Card:
    programme = of.programme
    expires = new.expires_at_ms
    if expires is None and programme.valid_days is not None:
        expires = max(now, new.starts_at_ms or 0) + programme.valid_days * DAY_MS
    reminder = new.reminder_at_ms
    if reminder is None and expires is not None and programme.reminder_days is not None:
        reminder = expires - programme.reminder_days * DAY_MS
    return Card(
        serial,
        of.brand.scope,
        programme.id,
        of.brand.id,
        new.code or serial,
        now,
        now,
        member_id=new.member_id,
        status=new.status,
        title=new.title,
        starts_at_ms=new.starts_at_ms,
        expires_at_ms=expires,
        reminder_at_ms=reminder,
        batch=new.batch,
        demo=new.demo,
        historical=new.historical,
    )


def _refuse_opening(new: NewCard, programme: Programme) -> None:
    units = (*units_of(programme), ENTRIES)  # of a ticket that lets in more than once, whatever its programme counts
    mend = f"use {', '.join(units)}"
    if wrong := [unit for unit in new.opening if unit not in units]:
        raise Invalid(*(FieldProblem("opening", "unit_unknown", "is not counted by this programme", mend) for _ in wrong))

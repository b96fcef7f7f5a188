"""One pass as people look at it: what it is, whose, what happened to it, what its phones have and why; and its link by mail.

All of it is one snapshot. May not enter: HTTP, words, wallets' formats."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from billfold.domain import explanations
from billfold.domain.content import Content
from billfold.domain.errors import FieldProblem, Invalid, NotFound
from billfold.domain.events import Event, EventKind
from billfold.domain.explanations import Shown, Step, Trace, Wish
from billfold.domain.keys import Actor
from billfold.domain.loyalty import Card, Member
from billfold.domain.mail import Mail, MailKind, StoredMail
from billfold.domain.passes import Pass, Template, content_of
from billfold.flows.mail_lists import seen_by
from billfold.flows.records.tables import holder
from billfold.flows.update import find_pass
from billfold.ports import Services, Tx

EVENTS_SHOWN = 100
MAILS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Phone:
    """What has the pass, or should: an Apple device, Google's object, or nobody yet. `name`: the end of the device's id."""

    wallet: str
    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """`events`: the last first; None where the actor may not see them, as `card` and `member`."""

    pass_: Pass
    content: Content
    template: Template | None
    card: Card | None
    member: Member | None
    phones: Sequence[Phone]
    events: Sequence[Event] | None
    mails: Sequence[StoredMail]


async def look(services: Services, actor: Actor, serial: str) -> Record:
    """Raises WrongScope from the id alone, NotFound, Forbidden."""
    known = await find_pass(services, actor, serial, "passes.read")
    now = services.clock.now_ms()

    def read(tx: Tx) -> Record:
        found = tx.passes.find(actor.scope, known.id)
        if found is None:
            raise NotFound("pass")
        template = tx.templates.find(actor.scope, found.template_id) if found.template_id else None
        content = content_of(found, template)
        events = tx.records.newest_events(actor.scope, found.id, EVENTS_SHOWN)
        card, member = holder(tx, actor, found.id)
        mails = [seen_by(actor, one) for one in tx.mails.newest(actor.scope, None, MAILS_SHOWN, found.id)]
        shown = events if "events:read" in actor.scopes else None
        phones = _phones(tx, found, _shown(found, template, content, events), _trace(events), now)
        return Record(found, content, template, card, member, phones, shown, mails)

    return await services.store.read(read)


def _shown(found: Pass, template: Template | None, content: Content, events: Iterable[Event]) -> Shown:
    changed_at = template.updated_at_ms if template and template.number > found.number else found.updated_at_ms
    fetched = next((one for one in events if one.kind is EventKind.PASS_FETCHED), None)
    version = int(fetched.data.get("version", 0)) if fetched else 0
    announced = any(one.change_message for one in content.fields())
    return Shown(found.version, found.changed_since_issue, changed_at, announced, (version, fetched.at_ms) if fetched else None)


def _trace(events: Sequence[Event]) -> Trace:
    def last(kind: EventKind) -> int | None:
        return next((one.at_ms for one in events if one.kind is kind and one.wallet != "google"), None)

    return Trace(
        last(EventKind.LINK_OPENED), last(EventKind.PASS_DOWNLOADED), last(EventKind.PASS_REMOVED), last(EventKind.DEVICE_GONE)
    )


def _phones(tx: Tx, found: Pass, shown: Shown, trace: Trace, now: int) -> list[Phone]:
    wishes = {(str(one["channel"]), str(one["target"])): _wish(one) for one in tx.deliveries.state(found.scope, found.id)}
    registered = tx.records.registered(found.scope, found.id)
    made = [
        Phone(
            "apple",
            target.rpartition("/")[2][-6:],
            explanations.of_phone(shown, wishes.get(("apple", target)), since, now, len(registered)),
        )
        for target, since in registered.items()
    ]
    if not registered:
        made.append(Phone("apple", "", explanations.of_nobody(trace)))
    object_ = tx.google.find(found.scope, found.id)
    wish = wishes.get(("google", found.id))
    held = bool(object_ and object_.has_users)
    steps = explanations.of_google(shown, wish, held, object_.notified_ms if object_ else (), now)
    return [*made, Phone("google", "", steps)]


def _wish(row: dict[str, str | int]) -> Wish:
    wanted, delivered, attempts, parked = (int(row[name]) for name in ("wanted", "delivered", "attempts", "parked"))
    return Wish(wanted, delivered, attempts, bool(parked), int(row["due_at_ms"]), int(row["sent_at_ms"]), str(row["last_error"]))


async def send_link(services: Services, actor: Actor, serial: str, to: str, once: str) -> None:
    """The pass's link by mail: to its member where it has one with an address, else to `to`. `once`: of the form that asks, so that
    it is sent once however often that form comes.

    Raises NotFound, WrongScope, Forbidden, Invalid, TooMany."""
    known = await find_pass(services, actor, serial, "passes.send_link")

    def transaction(tx: Tx) -> None:
        card = tx.cards.find(actor.scope, known.id)
        member = tx.members.find(actor.scope, card.member_id) if card and card.member_id else None
        address = member.email if member and member.email else to.strip()
        if not address:
            raise Invalid(FieldProblem("to", "missing", "nothing says whom to write to", "give an e-mail address"))
        language = (member.language if member else "") or (known.content.language if known.content else None) or "en"
        brand = card.brand_id if card else None
        services.mail.queue(
            tx, Mail(actor.scope, f"link:{known.id}:{once[:40]}", address, MailKind.PASS_LINK, brand, known.id, language)
        )

    await services.store.write(transaction, short=True)
    services.wake()

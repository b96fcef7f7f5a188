"""What comes by itself for cards: those that are over are written down as expired, those that are nearly over remind their holder.

A job of each scope, a chunk a transaction. The card that was reminded, the mail and the message to its phone commit together, so
that each reminder is sent once, whatever dies when. May not enter: SMTP, wallets' formats, how often (housekeeping.py)."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, replace

from billfold.domain import messages
from billfold.domain.delivery import Priority
from billfold.domain.errors import Invalid, TooMany
from billfold.domain.events import Event, EventKind
from billfold.domain.keys import Actor
from billfold.domain.loyalty import Card, CardStatus, Member
from billfold.domain.mail import Mail, MailKind
from billfold.domain.messages import Message
from billfold.domain.schedules import MINUTE_MS, next_due_ms
from billfold.flows.loyalty.showing import Recording, change_in
from billfold.ports import Clock, Entropy, Job, Tx
from billfold.scan_ports import Scanning

TEND_JOB = "cards.tend"
EVERY_MS = 15 * MINUTE_MS
CHUNK = 100
CAUSE = "schedule"
_WORDS = {
    "en": ("Valid until {day}", "Your card ends soon. Use it while it is good."),
    "de": ("Gültig bis {day}", "Ihre Karte läuft bald ab. Nutzen Sie sie, solange sie gilt."),
    "fr": ("Valable jusqu’au {day}", "Votre carte expire bientôt. Profitez-en tant qu’elle est valable."),
}


@dataclass(frozen=True, slots=True)
class Recorder:
    """A `Recording` for who has no `Services`."""

    clock: Clock
    entropy: Entropy
    scanning: Scanning


@dataclass(frozen=True, slots=True)
class Tending:
    """`mail`: queues one in the transaction (`services.mail.queue`)."""

    recording: Recording
    mail: Callable[[Tx, Mail], bool]

    def step(self, tx: Tx, job: Job, now_ms: int) -> Job:
        """One chunk of each kind; waiting for its next time when nothing is left."""
        over = tx.cards.to_expire(job.scope, now_ms, CHUNK)
        for card in over:
            self._expire(tx, card)
        due = tx.cards.to_remind(job.scope, now_ms, CHUNK)
        for card in due:
            self._remind(tx, card, now_ms)
        done = job.done + len(over) + len(due)
        if CHUNK in (len(over), len(due)):
            return replace(job, state="running", done=done)
        following = next_due_ms(now_ms, EVERY_MS, job.scope.code)
        return replace(job, state="waiting", done=done, failed=0, error="", due_at_ms=following)

    def _expire(self, tx: Tx, card: Card) -> None:
        locked = tx.cards.find_locked(card.scope, card.pass_id)
        assert locked is not None, "cards stay"
        nobody = Actor(card.scope, "", frozenset())
        expired = replace(locked, status=CardStatus.EXPIRED)
        change_in(self.recording, tx, nobody, locked, expired, cause=CAUSE, priority=Priority.BROADCAST)

    def _remind(self, tx: Tx, card: Card, now: int) -> None:
        locked = tx.cards.find_locked(card.scope, card.pass_id)
        assert locked is not None, "cards stay"
        if locked.reminded_at_ms is not None:
            return
        tx.cards.replace(replace(locked, reminded_at_ms=now))
        member = tx.members.find(card.scope, card.member_id) if card.member_id is not None else None
        mailed = self._mail(tx, card, member)
        notified = self._message(tx, card, member, now)
        data: dict[str, str | int] = {"mailed": int(mailed), "notified": notified}
        event_id = self.recording.entropy.event_id()
        tx.events.append(Event(event_id, card.scope, now, EventKind.CARD_REMINDED, card.pass_id, cause=CAUSE, data=data))

    def _mail(self, tx: Tx, card: Card, member: Member | None) -> bool:
        if member is None or not member.email or member.unsubscribed_at_ms is not None:
            return False
        name = f"reminder:{card.pass_id}:{card.reminder_at_ms}"
        language = member.language or "en"
        try:
            return self.mail(tx, Mail(card.scope, name, member.email, MailKind.REMINDER, card.brand_id, card.pass_id, language))
        except (Invalid, TooMany):
            return False  # an address that no mail server takes, or one that got enough today: the phone says it nevertheless

    def _message(self, tx: Tx, card: Card, member: Member | None, now: int) -> int:
        found = tx.passes.find_locked(card.scope, card.pass_id)
        assert found is not None, "a card is a pass"
        header, body = _WORDS.get((member.language if member else "")[:2], _WORDS["en"])
        day = datetime.datetime.fromtimestamp((card.expires_at_ms or now) // 1000, datetime.UTC).strftime("%Y-%m-%d")
        said = Message(self.recording.entropy.event_id(), now, header.format(day=day), body)
        number = tx.numbers.next(card.scope)
        kept = messages.appended(found.messages, said)
        tx.passes.replace(replace(found, messages=kept, number=number, updated_at_ms=now))
        return tx.deliveries.want_pass(card.scope, card.pass_id, found.pass_type, number, now, Priority.BROADCAST)

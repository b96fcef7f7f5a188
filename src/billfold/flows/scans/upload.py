"""What a device scanned without a network, handed in: each item booked, found booked before, flagged, or kept for a person.

Each item is a transaction of its own and each has its own answer, so that an upload may be cut anywhere and sent again. The
order of the items is the order in which they are booked. May not enter: HTTP, how an item is decided (execute.py)."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

from billfold.domain import offline
from billfold.domain.declines import REASONS
from billfold.domain.errors import BillfoldError, Declined, IdempotencyMismatch, Invalid, NotFound
from billfold.domain.events import Event, EventKind
from billfold.domain.keys import Actor
from billfold.domain.loyalty import Terminal
from billfold.domain.offline import Grant, Heard, Result, Times
from billfold.domain.scan_errors import CodeUnknown, CodeUsed
from billfold.domain.scanning import Action
from billfold.flows.scans import devices, execute
from billfold.flows.scans.execute import Offline, ScanAsked, Scanned
from billfold.ports import Services, Tx
from billfold.scan_ports import Quarantined, ScanRecord


@dataclass(frozen=True, slots=True)
class Item:
    """One scan as a device kept it. `verified`: it checked the card's signed code itself. `raw`: the item as it was sent, JSON, for
    whoever must decide about it."""

    asked: ScanAsked
    device_seq: int
    occurred_at_ms: int
    verified: bool
    raw: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """`code`: why it is not simply applied, "" when it is. `detail`: ids that help a person, no personal data."""

    id: str
    result: Result
    code: str = ""
    detail: dict[str, str] = field(default_factory=dict)
    scanned: Scanned | None = None


@dataclass(frozen=True, slots=True)
class Uploaded:
    """`grant`: a new one, "" for a device that was revoked."""

    outcomes: tuple[Outcome, ...]
    last_seq: int
    granted: devices.Granted | None


async def upload(services: Services, actor: Actor, grant_text: str, items: Sequence[Item], sent_at_ms: int | None) -> Uploaded:
    """`actor`: a terminal's, which may have been revoked within the last days (devices.uploader). Raises NotFound, Forbidden."""
    terminal = await devices.terminal_of(services, actor)
    grant = services.scanning.codes.read_grant(actor.scope, grant_text)
    if grant is not None and grant.terminal_id != terminal.id:
        grant = None
    outcomes = [await _one(services, actor, terminal, grant, item, sent_at_ms) for item in items]
    if any(one.scanned and one.scanned.notified for one in outcomes):
        services.wake()
    heard, currencies = await devices.heard_of(services, actor, terminal)
    granted = None if terminal.revoked_at_ms is not None else devices.grant(services, terminal, heard, currencies)
    return Uploaded(tuple(outcomes), heard.last_seq, granted)


async def _one(
    services: Services, actor: Actor, terminal: Terminal, grant: Grant | None, item: Item, sent_at_ms: int | None
) -> Outcome:
    def transaction(tx: Tx) -> Outcome:
        return _Intake(services, tx, actor, terminal, grant, item, sent_at_ms).decide()

    try:
        return await services.store.write(transaction, short=True)
    except (CodeUnknown, CodeUsed, IdempotencyMismatch, Declined, Invalid, NotFound) as error:
        await services.store.write(lambda tx: execute.note_number(services, tx, actor, item.device_seq), short=True)
        return _refused(item.asked.id, error)


def _refused(scan_id: str, error: BillfoldError) -> Outcome:
    """Nothing of it is booked. That the device has used the number is known all the same, so that nobody misses it."""
    match error:
        case CodeUnknown():
            return Outcome(scan_id, Result.DECLINED, "code_unknown")
        case CodeUsed() | IdempotencyMismatch() | Declined():
            return Outcome(scan_id, Result.DECLINED, error.code)
        case Invalid():
            problem = error.problems[0]
            return Outcome(scan_id, Result.DECLINED, "invalid_input", {"path": problem.path, "problem": problem.code})
        case NotFound():
            return Outcome(scan_id, Result.DECLINED, "not_found", {"kind": error.kind})
    raise error


@dataclass(slots=True)
class _Intake:
    """One item on its way."""

    services: Services
    tx: Tx
    actor: Actor
    terminal: Terminal
    grant: Grant | None
    item: Item
    sent_at_ms: int | None

    def decide(self) -> Outcome:
        tx, scope, item = self.tx, self.actor.scope, self.item
        now = self.services.clock.now_ms()
        heard = tx.scans.heard_locked(scope, self.terminal.id)
        used = heard.knows(item.device_seq)
        seen = heard.with_seq(item.device_seq, now)
        if tx.scans.find(scope, item.asked.id) is not None:
            tx.scans.put_heard(scope, self.terminal.id, seen)
            return self._outcome(execute.scan_in(self.services, tx, self.actor, item.asked))
        if kept := tx.scans.quarantined(scope, item.asked.id):
            return _waiting(kept)
        if reason := self._not_for_us(heard):
            tx.scans.put_heard(scope, self.terminal.id, seen)
            return self._quarantine(reason, now)
        times = offline.times(item.occurred_at_ms, self.sent_at_ms, now, self.services.scanning.rules.grace_ms)
        seen = seen.spending(self.grant, _taken(item.asked)) if self.grant else seen
        flag = "seq_reused" if used else "clock_skew" if times.skewed else self._grant_flag(times, seen)
        scanned = execute.scan_in(self.services, tx, self.actor, item.asked, offline_of(times, flag))
        tx.scans.put_heard(scope, self.terminal.id, seen)
        return self._outcome(scanned)

    def _not_for_us(self, heard: Heard) -> str:
        """Why a person must decide about the item first, "" when nobody must."""
        if self.terminal.revoked_at_ms is not None and self.item.device_seq > heard.synced_seq:
            return "terminal_revoked"
        return "" if self.item.verified or self.services.scanning.rules.unsigned else "unverified"

    def _grant_flag(self, times: Times, seen: Heard) -> str:
        if self.grant is None:
            return "no_grant"
        if times.occurred_at_ms > self.grant.expires_at_ms:
            return "grant_expired"
        return "over_budget" if offline.over_budget(self.grant, seen) else ""

    def _quarantine(self, reason: str, now: int) -> Outcome:
        scope, item = self.actor.scope, self.item
        self.tx.scans.quarantine(Quarantined(item.asked.id, scope, self.terminal.id, reason, item.raw, now))
        data: dict[str, str | int] = {"scan": item.asked.id, "reason": reason}
        event_id = self.services.entropy.event_id()
        cause = self.actor.principal
        self.tx.events.append(Event(event_id, scope, now, EventKind.SCAN_QUARANTINED, self.terminal.id, cause=cause, data=data))
        return Outcome(item.asked.id, Result.QUARANTINED, reason)

    def _outcome(self, scanned: Scanned) -> Outcome:
        record = scanned.record
        flag = record.flag
        if scanned.repeated:
            return Outcome(record.id, Result.REPLAYED, record.declined or flag, self._detail(flag, record), scanned)
        if record.declined:
            assert record.declined in REASONS, "the ledger's reasons have words"
            return Outcome(record.id, Result.DECLINED, record.declined, {}, scanned)
        return Outcome(record.id, Result.FLAGGED if flag else Result.APPLIED, flag, self._detail(flag, record), scanned)

    def _detail(self, flag: str, record: ScanRecord) -> dict[str, str]:
        """Both devices, where the same ticket was used on two."""
        if flag != "duplicate_offline":
            return {}
        first = self.tx.scans.redemption(record.scope, record.pass_id)
        named = {"first_terminal": first.terminal_id or "", "first_scan": first.id} if first else {}
        return {"terminal": record.terminal_id or ""} | named


def _taken(asked: ScanAsked) -> dict[str, int]:
    return {unit: -amount for unit, amount in asked.amounts.items()} if asked.action is Action.CHARGE else {}


def offline_of(times: Times, flag: str) -> Offline:
    """How an item of that time is booked."""
    day = datetime.datetime.fromtimestamp(times.business_at_ms / 1000, datetime.UTC).date().isoformat()
    return Offline(times.occurred_at_ms, day, flag)


def _waiting(kept: Quarantined) -> Outcome:
    if kept.decision == "drop":
        return Outcome(kept.id, Result.DECLINED, "dropped")
    return Outcome(kept.id, Result.QUARANTINED, kept.reason)

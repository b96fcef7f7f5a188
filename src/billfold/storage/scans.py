"""Scans: rows in, values out; a scan is written once and never changed. What a device was heard of is one row.

May not enter: what a scan means (domain/scanning.py, domain/offline.py)."""

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import func, select, update

from billfold.domain.ids import PassId, Scope
from billfold.domain.offline import Gap, Heard
from billfold.scan_ports import Quarantined, ScanRecord
from billfold.storage.forms import FLAG, NAMES, Codec, Form
from billfold.storage.scans_schema import scan, scan_device, scan_quarantine
from billfold.storage.statements import Row, Session, Statement, literal, number, own, string, upsert


def _json(kind: Any) -> Codec:
    return Codec(
        lambda given: None if given is None else msgspec.json.encode(given, order="deterministic").decode(),
        lambda kept: None if kept is None else msgspec.json.decode(kept, type=kind),
    )


_AMOUNTS = _json(dict[str, int])
SCAN = Form(
    scan,
    ScanRecord,
    {
        "reward": FLAG,
        "changes": _AMOUNTS,
        "balances": _AMOUNTS,
        "operations": NAMES,
        "product": _json(tuple[str, int, str]),
        "vat": _json(tuple[int, int, int, int]),
    },
)
QUARANTINED = Form(scan_quarantine, Quarantined, {})

UNDO_OF = Statement(select(*SCAN.columns).where(own(scan), scan.c.undoes == string("undoes"), scan.c.declined == ""))
REDEMPTION = Statement(
    select(*SCAN.columns)
    .where(
        *(own(scan), scan.c.pass_id == string("pass_id"), scan.c.declined == "", scan.c.flag != literal("duplicate_offline")),
        scan.c.action.in_((literal("redeem"), literal("check_in"))),
    )
    .order_by(scan.c.at_ms.desc())
    .limit(literal(1))
)
OF_TERMINAL = Statement(
    select(*SCAN.columns)
    .where(own(scan), scan.c.terminal_id == string("terminal_id"), scan.c.undoes.is_(None))
    .order_by(scan.c.at_ms.desc(), scan.c.id.desc())
    .limit(number("limit"))
)
OF_PASS = Statement(
    select(*SCAN.columns)
    .where(
        own(scan),
        scan.c.pass_id == string("pass_id"),
        (scan.c.at_ms < number("before_ms")) | ((scan.c.at_ms == number("before_ms")) & (scan.c.id < string("before_id"))),
    )
    .order_by(scan.c.at_ms.desc(), scan.c.id.desc())
    .limit(number("limit"))
)
_DEVICE = ("last_seq", "gaps", "synced_seq", "synced_ms", "spent_after", "spent")
_HEARD = select(*(scan_device.c[name] for name in _DEVICE)).where(
    own(scan_device), scan_device.c.terminal_id == string("terminal_id")
)
HEARD = Statement(_HEARD)
HEARD_LOCKED = Statement(_HEARD.with_for_update())
WITH_GAPS = Statement(
    select(scan_device.c.terminal_id)
    .where(own(scan_device), scan_device.c.gaps != literal("[]"), scan_device.c.terminal_id > string("after"))
    .order_by(scan_device.c.terminal_id)
    .limit(number("limit"))
)
PUT_HEARD = upsert(
    scan_device,
    ("workspace", "environment", "terminal_id"),
    lambda new: {name: new[name] for name in _DEVICE},
)
DECIDE = Statement(
    update(scan_quarantine)
    .where(own(scan_quarantine), scan_quarantine.c.id == string("key"))
    .values(decision=string("chosen"), decided_at_ms=number("at_ms"), decided_by=string("who"))
)
WAITING = Statement(QUARANTINED.listing.where(scan_quarantine.c.decision == ""))
COUNT = Statement(select(func.count()).select_from(scan).where(own(scan)))

_encode: Callable[[object], bytes] = msgspec.json.encode
_LATEST = 2**62


class ScanRows:
    """scan_ports.Scans."""

    def __init__(self, session: Session) -> None:
        self._db = session

    def add(self, record: ScanRecord) -> None:
        self._db.run(SCAN.add, record.scope, **SCAN.row(record))

    def find(self, scope: Scope, scan_id: str) -> ScanRecord | None:
        row = self._db.one(SCAN.find, scope, key=scan_id)
        return SCAN.value(scope, row) if row else None

    def undo_of(self, scope: Scope, scan_id: str) -> ScanRecord | None:
        row = self._db.one(UNDO_OF, scope, undoes=scan_id)
        return SCAN.value(scope, row) if row else None

    def redemption(self, scope: Scope, pass_id: PassId) -> ScanRecord | None:
        row = self._db.one(REDEMPTION, scope, pass_id=pass_id)
        return SCAN.value(scope, row) if row else None

    def of_terminal(self, scope: Scope, terminal_id: str, limit: int) -> list[ScanRecord]:
        rows = self._db.run(OF_TERMINAL, scope, terminal_id=terminal_id, limit=limit)
        return [SCAN.value(scope, row) for row in rows]

    def of_pass(self, scope: Scope, pass_id: PassId, before: str | None, limit: int) -> list[ScanRecord]:
        last = self.find(scope, before) if before else None
        before_ms, before_id = (last.at_ms, last.id) if last else (_LATEST, "")
        rows = self._db.run(OF_PASS, scope, pass_id=pass_id, before_ms=before_ms, before_id=before_id, limit=limit)
        return [SCAN.value(scope, row) for row in rows]

    def heard(self, scope: Scope, terminal_id: str) -> Heard:
        return _heard(self._db.one(HEARD, scope, terminal_id=terminal_id))

    def heard_locked(self, scope: Scope, terminal_id: str) -> Heard:
        return _heard(self._db.one(HEARD_LOCKED, scope, terminal_id=terminal_id))

    def put_heard(self, scope: Scope, terminal_id: str, heard: Heard) -> None:
        self._db.run(
            PUT_HEARD,
            scope,
            terminal_id=terminal_id,
            last_seq=heard.last_seq,
            gaps=_encode(heard.gaps).decode(),
            synced_seq=heard.synced_seq,
            synced_ms=heard.synced_ms,
            spent_after=heard.spent_after,
            spent=_encode(heard.spent).decode(),
        )

    def with_gaps(self, scope: Scope, after: str, limit: int) -> list[str]:
        return [terminal_id for (terminal_id,) in self._db.run(WITH_GAPS, scope, after=after, limit=limit)]

    def quarantine(self, item: Quarantined) -> None:
        self._db.run(QUARANTINED.add, item.scope, **QUARANTINED.row(item))

    def quarantined(self, scope: Scope, item_id: str) -> Quarantined | None:
        row = self._db.one(QUARANTINED.find_locked, scope, key=item_id)
        return QUARANTINED.value(scope, row) if row else None

    def decide(self, scope: Scope, item_id: str, decision: str, at_ms: int, by: str) -> None:
        self._db.run(DECIDE, scope, key=item_id, chosen=decision, at_ms=at_ms, who=by)

    def waiting(self, scope: Scope, after: str | None, limit: int) -> list[Quarantined]:
        rows = self._db.run(WAITING, scope, after=after or "", limit=limit)
        return [QUARANTINED.value(scope, row) for row in rows]


def _heard(row: Row | None) -> Heard:
    if row is None:
        return Heard()
    last_seq, gaps, synced_seq, synced_ms, spent_after, spent = row
    kept = msgspec.json.decode(gaps, type=tuple[Gap, ...])
    return Heard(last_seq, kept, synced_seq, synced_ms, spent_after, msgspec.json.decode(spent, type=dict[str, int]))

"""Scans that were made without a network: what a device was allowed, what its times and numbers are worth, what to make of each.

What happened at a counter has happened: it is booked and flagged, or kept for a person to decide, and never thrown away.
Pure. Source: reference/reliability-security.md section 3.8. May not enter: storage, HTTP, signatures (ports of scan_ports.py)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from billfold.domain.ids import PassId, Scope, scope_of_pass
from billfold.domain.ledger import exponent_of
from billfold.domain.schedules import DAY_MS, HOUR_MS, MINUTE_MS

BATCH_MAX = 500
SKEW_MAX_MS = 5 * MINUTE_MS
MISSING_AFTER_MS = 15 * MINUTE_MS
UPLOAD_AFTER_REVOCATION_MS = 7 * DAY_MS
GAPS_MAX = 100
SCANS = "scans"
_CODE = re.compile(r"(BF1\.([a-z0-9]{6}[tl]-[0-9A-Za-z]{22})\.([0-9]{1,12}))\.([A-Za-z0-9_-]{86})\Z")


@dataclass(frozen=True, slots=True)
class ScanRules:
    """The operator's choices. `vat_default_bp`: basis points, of a sale that names no rate.
    `undo_ms`: how long a terminal may undo its own scan. `count`, `amount_minor`: what a device may do without a network, in total
    for each currency, in hundredths of its unit. `grant_ms`: how long a grant is good. `grace_ms`: how far back a claimed day
    counts as business day. `unsigned`: whether cards without a signed code may be taken offline."""

    vat_default_bp: int = 2_100
    undo_ms: int = DAY_MS
    count: int = 50
    amount_minor: int = 10_000
    grant_ms: int = 3 * DAY_MS
    grace_ms: int = 72 * HOUR_MS
    unsigned: bool = False

    def amount_in(self, currency: str) -> int:
        """The bound in minor units of a currency, which may have other decimals: 10,000 is 100.00 EUR, 100 JPY, 100.000 KWD."""
        return self.amount_minor * int(10 ** exponent_of(currency)) // 100


class Result(StrEnum):
    """What became of one item of an upload."""

    APPLIED = "applied"
    REPLAYED = "replayed"
    DECLINED = "declined"
    FLAGGED = "flagged"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class SignedCode:
    """A card's code that a device can verify without a network. `signed`: the bytes that `signature` (64 bytes, base64url) is over.
    `expires_s`: seconds since 1970, 0 for never."""

    pass_id: PassId
    scope: Scope
    expires_s: int
    signed: bytes
    signature: str


def code_text(pass_id: PassId, expires_at_ms: int | None) -> str:
    """What is signed of a card's code."""
    return f"BF1.{pass_id}.{(expires_at_ms or 0) // 1000}"


def read_code(text: str) -> SignedCode | None:
    """The form alone; who asks verifies the signature."""
    found = _CODE.match(text)
    scope = scope_of_pass(found[2]) if found else None
    if found is None or scope is None:
        return None
    return SignedCode(PassId(found[2]), scope, int(found[3]), found[1].encode(), found[4])


@dataclass(frozen=True, slots=True)
class Grant:
    """What a device may do until it is heard again. `after_seq`: the last number that was heard when it was given."""

    terminal_id: str
    count: int
    amount_minor: Mapping[str, int]
    after_seq: int
    expires_at_ms: int


@dataclass(frozen=True, slots=True)
class Times:
    """`occurred_at_ms`: the claimed time, put right by the device's skew and never in the future. `business_at_ms`: by which day it
    is booked: the claimed one within the grace, else that of its receipt. `skewed`: the device's clock is not to be believed."""

    occurred_at_ms: int
    business_at_ms: int
    skewed: bool


def times(claimed_ms: int | None, sent_ms: int | None, received_ms: int, grace_ms: int) -> Times:
    """`sent_ms`: what the device's clock said when it sent the upload; None: unknown, and then its clock is taken as right."""
    if claimed_ms is None:
        return Times(received_ms, received_ms, skewed=False)
    skew = 0 if sent_ms is None else sent_ms - received_ms
    ahead = claimed_ms - skew - received_ms
    occurred = min(claimed_ms - skew, received_ms)
    business = occurred if occurred >= received_ms - grace_ms else received_ms
    return Times(occurred, business, skewed=abs(skew) > SKEW_MAX_MS or ahead > SKEW_MAX_MS)


@dataclass(frozen=True, slots=True)
class Gap:
    """Sequence numbers that a device used and we have not seen. `noticed_ms`: since when; `told`: whether an event says so."""

    first: int
    last: int
    noticed_ms: int
    told: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """What we have heard of a device. `last_seq`: the highest number; `synced_seq`, `synced_ms`: as they were at its last sync.
    `spent_after`, `spent`: what it took without a network under the grant from that number on: unit → minor units, and under SCANS
    how many those were. Numbers alone do not say it: scans that were heard at once have some too."""

    last_seq: int = 0
    gaps: tuple[Gap, ...] = ()
    synced_seq: int = 0
    synced_ms: int = 0
    spent_after: int = 0
    spent: Mapping[str, int] = field(default_factory=dict)

    def knows(self, seq: int) -> bool:
        """Whether the device has used this number before, as far as we have heard."""
        return seq <= self.last_seq and not any(gap.first <= seq <= gap.last for gap in self.gaps)

    def with_seq(self, seq: int, now_ms: int) -> "Heard":
        """Numbers that were jumped over are a gap; one that comes late fills its own. Beyond `GAPS_MAX` the
        oldest are forgotten."""
        if seq > self.last_seq:
            jumped = (Gap(self.last_seq + 1, seq - 1, now_ms),) if seq > self.last_seq + 1 else ()
            return replace(self, last_seq=seq, gaps=(*self.gaps, *jumped)[-GAPS_MAX:])
        left = tuple(piece for gap in self.gaps for piece in _without(gap, seq))
        return replace(self, gaps=left[-GAPS_MAX:])

    def missing(self, now_ms: int) -> "tuple[Heard, tuple[Gap, ...]]":
        """Gaps that are old enough to be told of, each once; and what we have heard with that noted."""
        due = tuple(gap for gap in self.gaps if not gap.told and gap.noticed_ms + MISSING_AFTER_MS <= now_ms)
        gaps = tuple(replace(gap, told=True) if gap in due else gap for gap in self.gaps)
        return (replace(self, gaps=gaps) if due else self), due

    def synced(self, now_ms: int) -> "Heard":
        return replace(self, synced_seq=self.last_seq, synced_ms=now_ms)

    def spending(self, grant: Grant, changes: Mapping[str, int]) -> "Heard":
        """With what one more scan takes under the grant."""
        spent = dict(self.spent) if self.spent_after == grant.after_seq else {}
        spent[SCANS] = spent.get(SCANS, 0) + 1
        for unit, change in changes.items():
            if change < 0:
                spent[unit] = spent.get(unit, 0) - change
        return replace(self, spent_after=grant.after_seq, spent=spent)


def over_budget(grant: Grant, heard: Heard) -> bool:
    """Whether the last scan goes beyond the grant, `heard` holding what it takes. Units that the grant does not name have no bound
    of their own: points, stamps."""
    spent = heard.spent if heard.spent_after == grant.after_seq else {}
    return spent.get(SCANS, 0) > grant.count or any(spent.get(unit, 0) > most for unit, most in grant.amount_minor.items())


def _without(gap: Gap, seq: int) -> tuple[Gap, ...]:
    if not gap.first <= seq <= gap.last:
        return (gap,)
    pieces = (replace(gap, last=seq - 1), replace(gap, first=seq + 1))
    return tuple(one for one in pieces if one.first <= one.last)

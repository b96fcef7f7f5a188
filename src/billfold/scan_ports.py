"""The part of ports.py that is about scans: what was scanned, devices that scan offline, codes that they can verify, PINs.

May not enter: any adapter, decisions (domain/scanning.py, domain/offline.py)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from billfold.domain.ids import PassId, Scope
from billfold.domain.offline import Grant, Heard, ScanRules


@dataclass(frozen=True, slots=True)
class ScanRecord:
    """One scan as it was decided: kept for ever, so that a repeat finds the first answer.

    `changes`: unit → signed minor units; `balances`: of the card right after it; `operations`: ids in the ledger. `declined`: why
    nothing was posted, "" when it was; `flag`: what a person should look at, "" for nothing. `undoes`: the scan that this one
    undoes. `product`: (id, number, name) as they were then. `vat`: (rate in basis points, net, VAT, gross)."""

    id: str
    scope: Scope
    pass_id: PassId
    action: str
    fingerprint: str
    at_ms: int
    occurred_at_ms: int
    actor: str
    terminal_id: str | None = None
    device_seq: int | None = None
    declined: str = ""
    flag: str = ""
    undoes: str | None = None
    description: str = ""
    reference: str = ""
    transaction_id: str = ""
    resolved_by: str = ""
    reward: bool = False
    changes: Mapping[str, int] = field(default_factory=dict)
    balances: Mapping[str, int] = field(default_factory=dict)
    operations: tuple[str, ...] = ()
    product: tuple[str, int, str] | None = None
    vat: tuple[int, int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A scan of an upload that a person must decide about. `item`: as it was sent, JSON. `decision`: "", book or drop."""

    id: str
    scope: Scope
    terminal_id: str
    reason: str
    item: str
    received_at_ms: int
    decision: str = ""
    decided_at_ms: int | None = None
    decided_by: str = ""


class Scans(Protocol):
    def add(self, record: ScanRecord) -> None: ...
    def find(self, scope: Scope, scan_id: str) -> ScanRecord | None: ...
    def undo_of(self, scope: Scope, scan_id: str) -> ScanRecord | None: ...
    def redemption(self, scope: Scope, pass_id: PassId) -> ScanRecord | None:
        """The scan that used a card up, the last one where it was made good again between."""

    def of_terminal(self, scope: Scope, terminal_id: str, limit: int) -> list[ScanRecord]:
        """Newest first, without undoings."""

    def of_pass(self, scope: Scope, pass_id: PassId, before: str | None, limit: int) -> list[ScanRecord]:
        """Newest first, those before a scan."""

    def heard(self, scope: Scope, terminal_id: str) -> Heard:
        """What we have heard of a device."""

    def heard_locked(self, scope: Scope, terminal_id: str) -> Heard:
        """The same, and nobody else changes it until commit."""

    def put_heard(self, scope: Scope, terminal_id: str, heard: Heard) -> None: ...
    def with_gaps(self, scope: Scope, after: str, limit: int) -> list[str]:
        """Ids of terminals of which numbers are missing, those after `after`."""

    def quarantine(self, item: Quarantined) -> None: ...
    def quarantined(self, scope: Scope, item_id: str) -> Quarantined | None:
        """Locked until commit."""

    def decide(self, scope: Scope, item_id: str, decision: str, at_ms: int, by: str) -> None: ...
    def waiting(self, scope: Scope, after: str | None, limit: int) -> list[Quarantined]:
        """By id, those that nobody has decided about."""


class CardCodes(Protocol):
    """Signatures that a device verifies without a network: ES256 with a key for each scope, derived and stored nowhere."""

    def sign(self, scope: Scope, text: str) -> str:
        """64 bytes as base64url; the same for the same text."""

    def verify(self, scope: Scope, text: bytes, signature: str) -> bool: ...
    def public_key(self, scope: Scope) -> dict[str, str]:
        """JWK of the curve P-256."""

    def sign_grant(self, scope: Scope, grant: Grant, now_ms: int) -> str:
        """Compact JWS."""

    def read_grant(self, scope: Scope, token: str) -> Grant | None:
        """None for anything not signed here for that scope; expired ones are read."""


class Pins(Protocol):
    """Argon2, in threads."""

    async def hash(self, pin: str) -> str: ...
    async def verify(self, pin_hash: str, pin: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Scanning:
    """`services.scanning`: what scans need beside the database."""

    codes: CardCodes
    pins: Pins
    rules: ScanRules

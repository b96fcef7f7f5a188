"""The part of ports.py that is about the ledger. May not enter: any adapter, decisions (domain/ledger.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol

from billfold.domain.ids import Scope
from billfold.domain.ledger import Account, AccountKey, Entry, Kind, Operation, Posting
from billfold.domain.lots import Lot


@dataclass(frozen=True, slots=True)
class Reservation:
    """Money announced by the operation `id`. `state`: open, confirmed or released, by the operation `settled_by`."""

    id: str
    owner: str
    unit: str
    amount: int
    due_at_ms: int
    state: str = "open"
    settled_by: str | None = None


@dataclass(frozen=True, slots=True)
class Anchor:
    """What all accounts' chains had come to, of postings until `through_ms`. `root`: hex. `signature` covers the one before."""

    through_ms: int
    accounts: int
    postings: int
    root: str
    signature: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """What operations of one kind and rate come to, in minor units of `unit`; what was given back counts below zero."""

    unit: str
    rate_bp: int
    kind: Kind
    operations: int
    net: int
    vat: int
    gross: int


@dataclass(frozen=True, slots=True)
class Period:
    """Days of UTC, `until` not among them. An operation that names a day of the books is of that day, another of when it was
    booked."""

    first: date
    until: date

    @property
    def from_ms(self) -> int:
        return _midnight_ms(self.first)

    @property
    def until_ms(self) -> int:
        return _midnight_ms(self.until)


def _midnight_ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


@dataclass(frozen=True, slots=True)
class Turnover:
    """What operations of one kind, of one terminal or of none, changed on passes, in minor units."""

    unit: str
    kind: Kind
    terminal_id: str | None
    operations: int
    amount: int


@dataclass(frozen=True, slots=True)
class Total:
    """What stands on all passes, or on one system account, in minor units. `accounts`: how many passes."""

    account: str
    unit: str
    accounts: int
    amount: int


class Ledger(Protocol):
    """Operations and postings are written once. Whoever posts has locked the accounts before, in the order of `ledger.touched`."""

    def find(self, scope: Scope, operation_id: str) -> Operation | None:
        """With its postings; the order's moves are not kept beside them."""

    def find_payment(self, scope: Scope, payment: str) -> Operation | None: ...
    def reversing(self, scope: Scope, operation_id: str) -> list[Operation]:
        """What points back at an operation and was posted."""

    def lock(self, scope: Scope, keys: Sequence[AccountKey]) -> dict[AccountKey, Account]:
        """Each account, and nobody else changes it until commit. In the order of `keys`. Of one that is not there yet: as it is
        opened by its first posting, which only one transaction can write."""

    def add(self, scope: Scope, operation: Operation, accounts: dict[AccountKey, Account]) -> bool:
        """Writes what was decided: `operation` and the `accounts` as they are after it. False when there is an operation with its
        id already: then nothing was written."""

    def count_lots(self, scope: Scope, key: AccountKey, lots: int) -> None:
        """How many lots of a locked account hold something, where no posting says so."""

    def accounts(self, scope: Scope, owner: str) -> list[Account]: ...
    def statement(self, scope: Scope, key: AccountKey, before_sequence: int, limit: int) -> list[Entry]:
        """Newest first, those before a sequence."""


class Lots(Protocol):
    """Written with their operation, by Ledger.add. A lot is closed when its time is up; what holds nothing is not open."""

    def open_of(self, scope: Scope, key: AccountKey) -> list[Lot]: ...
    def there(self, scope: Scope, key: AccountKey, ids: Sequence[str]) -> list[Lot]:
        """Those that are not closed, also where they hold nothing."""

    def made_by(self, scope: Scope, operation_id: str) -> list[tuple[AccountKey, str]]: ...
    def uses_of(self, scope: Scope, operation_ids: Sequence[str]) -> list[tuple[AccountKey, str, int]]:
        """(account, lot, signed amount)."""

    def due(self, scope: Scope, now_ms: int, limit: int) -> list[tuple[AccountKey, Lot]]:
        """Whose time has come: to be released, or to expire. The earliest first."""

    def defer(self, scope: Scope, key: AccountKey, lot: str, due_at_ms: int) -> None: ...
    def close(self, scope: Scope, key: AccountKey, lot: str, why: str) -> None:
        """`why`: expired, or free (it has no limits any more; what it holds is plain)."""


class Reservations(Protocol):
    def add(self, scope: Scope, reservation: Reservation) -> None: ...
    def find(self, scope: Scope, operation_id: str) -> Reservation | None: ...
    def settle(self, scope: Scope, operation_id: str, state: str, settled_by: str) -> None: ...
    def open_of(self, scope: Scope, owner: str) -> dict[str, int]:
        """Unit → what is announced for a pass."""

    def due(self, scope: Scope, now_ms: int, limit: int) -> list[Reservation]: ...


class LedgerAudit(Protocol):
    """For the continuous check: rows page by page, in the order in which the engine keeps them."""

    def account(self, scope: Scope, key: AccountKey) -> Account | None: ...
    def next_account(self, scope: Scope, after: AccountKey) -> Account | None: ...
    def postings(self, scope: Scope, key: AccountKey, after_sequence: int, limit: int) -> list[Posting]: ...
    def sealed(self, scope: Scope, key: AccountKey, after_sequence: int, last_sequence: int) -> dict[str, Sequence[object]]:
        """Of these postings' operations, by id, everything that was sealed, as `ledger.seal` has it."""

    def operations_that_do_not_add_up(
        self, scope: Scope, after: str, limit: int
    ) -> tuple[str | None, Sequence[tuple[str, AccountKey]]]:
        """Looks at operations by id after `after`: the last one looked at (None at the end), and the accounts of those that are
        wrong."""

    def freeze(self, scope: Scope, key: AccountKey, why: str) -> bool:
        """False when it was frozen before."""

    def thaw(self, scope: Scope, key: AccountKey) -> bool: ...
    def frozen(self) -> list[tuple[Scope, AccountKey, str]]:
        """Of all scopes: for the operator."""

    def count_frozen(self) -> int: ...
    def add_anchor(self, scope: Scope, anchor: Anchor) -> None: ...
    def last_anchor(self, scope: Scope) -> Anchor | None: ...


class LedgerSums(Protocol):
    """The books added up, over many rows."""

    def taxes(self, scope: Scope, period: Period) -> list[TaxTotal]:
        """By unit, rate and kind."""

    def turnover(self, scope: Scope, period: Period) -> list[Turnover]:
        """By unit, kind and terminal."""

    def balances(self, scope: Scope) -> list[Total]:
        """Of now, by unit; `passes` first. Each unit's sum to zero."""

    def frozen(self, scope: Scope, limit: int) -> list[tuple[AccountKey, str]]:
        """Accounts that do not add up, and why."""


class HasBooks(Protocol):
    """The part of ports.Tx that is the ledger's."""

    ledger: Ledger
    audit: LedgerAudit
    sums: LedgerSums
    lots: Lots
    reservations: Reservations

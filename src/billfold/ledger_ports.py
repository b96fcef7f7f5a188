"""The part of ports.py that is about the ledger. May not enter: any adapter, decisions (domain/ledger.py)."""

from collections.abc import Iterable
from typing import Protocol

from billfold.domain.ids import Scope
from billfold.domain.ledger import Account, AccountKey, Operation, Posting


class Ledger(Protocol):
    """Operations and postings are written once. Whoever posts has locked the accounts before, in the order of `ledger.legs`."""

    def find(self, scope: Scope, operation_id: str) -> Operation | None:
        """With its postings; the order's moves are not kept beside them."""

    def reversing(self, scope: Scope, operation_id: str) -> list[Operation]:
        """Refunds and voids of an operation that were posted."""

    def lock(self, scope: Scope, keys: Iterable[AccountKey]) -> dict[AccountKey, Account]:
        """Each account, opened when it is new, and nobody else changes it until commit."""

    def add(self, scope: Scope, operation: Operation, accounts: dict[AccountKey, Account]) -> None:
        """Writes what was decided: `operation` and the `accounts` as they are after it."""

    def accounts(self, scope: Scope, owner: str) -> list[Account]: ...
    def statement(self, scope: Scope, key: AccountKey, before_sequence: int, limit: int) -> list[Posting]:
        """Newest first, those before a sequence."""

"""The part of ports.py that is about the ledger. May not enter: any adapter, decisions (domain/ledger.py)."""

from collections.abc import Sequence
from typing import Protocol

from billfold.domain.ids import Scope
from billfold.domain.ledger import Account, AccountKey, Operation, Posting


class Ledger(Protocol):
    """Operations and postings are written once. Whoever posts has locked the accounts before, in the order of `ledger.legs`."""

    def find(self, scope: Scope, operation_id: str) -> Operation | None:
        """With its postings; the order's moves are not kept beside them."""

    def reversing(self, scope: Scope, operation_id: str) -> list[Operation]:
        """Refunds and voids of an operation that were posted."""

    def lock(self, scope: Scope, keys: Sequence[AccountKey]) -> dict[AccountKey, Account]:
        """Each account, and nobody else changes it until commit. In the order of `keys`. Of one that is not there yet: as it is
        opened by its first posting, which only one transaction can write."""

    def add(self, scope: Scope, operation: Operation, accounts: dict[AccountKey, Account]) -> bool:
        """Writes what was decided: `operation` and the `accounts` as they are after it. False when there is an operation with its
        id already: then nothing was written."""

    def accounts(self, scope: Scope, owner: str) -> list[Account]: ...
    def statement(self, scope: Scope, key: AccountKey, before_sequence: int, limit: int) -> list[Posting]:
        """Newest first, those before a sequence."""

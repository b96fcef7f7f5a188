"""What a transaction is sure to ask soon. A hint: nothing depends on it but how often it goes to a database that is elsewhere."""

from collections.abc import Collection, Sequence
from typing import Protocol

from billfold.domain.ids import PassId, Scope
from billfold.domain.ledger import AccountKey


class Ahead(Protocol):
    """Each is sent with the next question, in the order in which they are called: what locks comes before what is then read."""

    def facts(self, scope: Scope, pass_id: PassId) -> None:
        """Cards.facts."""

    def workspace(self, scope: Scope) -> None:
        """Workspaces.find."""

    def card(self, scope: Scope, pass_id: PassId) -> None:
        """Cards.find_locked."""

    def operation(self, scope: Scope, operation_id: str, owners: Collection[str], keys: Sequence[AccountKey]) -> None:
        """Passes.find_locked of its owners, Ledger.lock of its accounts, Ledger.add, Deliveries.want_taken."""

    def balances(self, scope: Scope, pass_id: PassId) -> None:
        """Ledger.accounts."""


class AsksAhead(Protocol):
    """Of the transaction."""

    ahead: Ahead

"""What a transaction is sure to ask soon, sent with its next question: on PostgreSQL one way there and back for all (ADR 16).

The statements are those of the repositories, which find the answers there. May not enter: statements of its own, whether something
will be asked."""

from collections.abc import Collection, Sequence

from billfold.domain.ids import PassId, Scope
from billfold.domain.ledger import AccountKey
from billfold.storage import delivery, ledger, loyalty_cards, passes, workspaces
from billfold.storage.statements import Session


class AheadRows:
    """ports.Ahead."""

    def __init__(self, session: Session) -> None:
        self._db = session

    def facts(self, scope: Scope, pass_id: PassId) -> None:
        self._db.ahead(loyalty_cards.FACTS, scope, key=pass_id)

    def workspace(self, scope: Scope) -> None:
        self._db.ahead(workspaces.FIND, scope, id=scope.workspace)

    def card(self, scope: Scope, pass_id: PassId) -> None:
        self._db.ahead(loyalty_cards.CARD.find_locked, scope, key=pass_id)

    def operation(self, scope: Scope, operation_id: str, owners: Collection[str], keys: Sequence[AccountKey]) -> None:
        for owner in sorted(owners):
            self._db.ahead(passes.FIND_LOCKED, scope, id=owner)
        self._db.ahead(ledger.lock_of(len(keys)), scope, **ledger.named(keys))
        self._db.ahead(ledger.ADD_OPERATION, scope, id=operation_id)
        for owner in owners:
            self._db.ahead(delivery.WANT_TAKEN, scope, pass_id=owner)

    def balances(self, scope: Scope, pass_id: PassId) -> None:
        self._db.ahead(ledger.BALANCES, scope, owner=pass_id)

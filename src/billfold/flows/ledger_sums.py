"""What a bookkeeper asks of a period: the tax that was owed, what each till turned over, and whether the books add up.

May not enter: HTTP, writes, how rows are checked one by one (flows/ledger_check.py, `billfold ledger verify`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from billfold.domain.errors import FieldProblem, Invalid
from billfold.domain.keys import Actor, authorize
from billfold.domain.ledger import AccountKey
from billfold.ledger_ports import Anchor, Period, TaxTotal, Total, Turnover
from billfold.ports import Services, Tx

FROZEN_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Reconciled:
    """`balances`: of now, all accounts. `unbalanced`: units whose accounts do not sum to zero. `frozen`: accounts that the daily
    check found wrong, a hundred at most. `anchor`: the last one that it signed; None before the first."""

    turnover: Sequence[Turnover]
    balances: Sequence[Total]
    unbalanced: Sequence[str]
    frozen: Sequence[tuple[AccountKey, str]]
    anchor: Anchor | None

    @property
    def good(self) -> bool:
        return not self.unbalanced and not self.frozen


async def taxes(services: Services, actor: Actor, first: date | None, until: date | None) -> list[TaxTotal]:
    """Of this month so far, where no days are named. Raises Invalid, Forbidden."""
    authorize(actor, "ledger.sums")
    period = _period(services, first, until)
    return await services.store.read(lambda tx: tx.sums.taxes(actor.scope, period), long=True)


async def reconcile(services: Services, actor: Actor, first: date | None, until: date | None) -> Reconciled:
    """The turnover of this month so far, where no days are named. Raises Invalid, Forbidden."""
    authorize(actor, "ledger.sums")
    period = _period(services, first, until)

    def read(tx: Tx) -> Reconciled:
        turnover, balances = tx.sums.turnover(actor.scope, period), tx.sums.balances(actor.scope)
        sums: dict[str, int] = {}
        for one in balances:
            sums[one.unit] = sums.get(one.unit, 0) + one.amount
        unbalanced = [unit for unit, amount in sums.items() if amount]
        frozen = tx.sums.frozen(actor.scope, FROZEN_SHOWN)
        return Reconciled(turnover, balances, unbalanced, frozen, tx.audit.last_anchor(actor.scope))

    return await services.store.read(read, long=True)


def _period(services: Services, first: date | None, until: date | None) -> Period:
    today = datetime.fromtimestamp(services.clock.now_ms() / 1000, UTC).date()
    period = Period(first or today.replace(day=1), until or today + timedelta(days=1))
    if period.until <= period.first:
        raise Invalid(FieldProblem("until", "before_begin", "is not after the first day", "name the day after the last"))
    return period

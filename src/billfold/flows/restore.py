"""What must happen after the database came back from a backup: no number that a phone may have seen is given again.

May not enter: backups themselves."""

from billfold.domain.ids import Environment, Scope
from billfold.ports import Services, Tx

STEP = 10_000_000
"""More changes than anybody loses with a backup, and some 115 days of the dates that versions have."""


async def raise_numbers(services: Services) -> int:
    """Lifts the counter of every scope. Gives back how many there are."""

    def transaction(tx: Tx) -> int:
        scopes = [Scope(one.id, environment) for one in tx.workspaces.all() for environment in Environment]
        for scope in scopes:
            tx.numbers.raise_by(scope, STEP)
        return len(scopes)

    return await services.store.write(transaction)

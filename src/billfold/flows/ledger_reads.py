"""What the ledger says of a pass: an operation, balances with what is pending and what expires next, a statement.

May not enter: HTTP, writes."""

from dataclasses import dataclass

from billfold.domain import lots
from billfold.domain.errors import NotFound
from billfold.domain.keys import Actor, authorize
from billfold.domain.ledger import BALANCE_MAX, Account, AccountKey, Entry, Operation
from billfold.domain.lots import Lot
from billfold.flows.update import find_pass
from billfold.ports import Services, Tx


@dataclass(frozen=True, slots=True)
class Balance:
    """Of one unit of a pass. `available`: what can be spent now. `pending`: earned, not yet to be spent. `expiring`: the lot that
    expires next. `reserved`: announced and not yet there; no part of the balance."""

    account: Account
    available: int
    pending: int
    expiring: Lot | None
    reserved: int = 0


async def find(services: Services, actor: Actor, operation_id: str) -> Operation:
    """Raises NotFound, Forbidden."""
    authorize(actor, "operations.read")
    found = await services.store.read(lambda tx: tx.ledger.find(actor.scope, operation_id))
    if found is None:
        raise NotFound("operation")
    return found


async def balances(services: Services, actor: Actor, serial: str) -> list[Balance]:
    """Raises NotFound, WrongScope, Forbidden."""
    known = await find_pass(services, actor, serial, "operations.read")
    now = services.clock.now_ms()

    def read(tx: Tx) -> list[Balance]:
        reserved = tx.reservations.open_of(actor.scope, known.id)
        accounts = {one.key.unit: one for one in tx.ledger.accounts(actor.scope, known.id)}
        for unit in reserved.keys() - accounts.keys():
            accounts[unit] = Account(AccountKey(known.id, unit))
        held = {unit: tx.lots.open_of(actor.scope, one.key) if one.lots else [] for unit, one in accounts.items()}
        return [_balance(accounts[unit], held[unit], now, reserved.get(unit, 0)) for unit in sorted(accounts)]

    return await services.store.read(read)


def _balance(account: Account, held: list[Lot], now: int, reserved: int) -> Balance:
    pending = sum(one.left for one in held if one.pending(now))
    coming = sorted((one for one in held if one.expires_at_ms is not None and not one.expired(now)), key=lambda one: one.order)
    return Balance(account, lots.spendable(account.balance, held, now), pending, coming[0] if coming else None, reserved)


async def statement(services: Services, actor: Actor, serial: str, unit: str, before: int | None, limit: int) -> list[Entry]:
    """Newest first. Raises NotFound, WrongScope, Forbidden."""
    known = await find_pass(services, actor, serial, "operations.read")
    key = AccountKey(known.id, unit)
    return await services.store.read(lambda tx: tx.ledger.statement(actor.scope, key, before or BALANCE_MAX, limit))

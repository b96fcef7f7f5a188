"""However long the books are, an operation reads of them what it needs: what each engine plans, with 20,000 of everything."""

from billfold.ports import Store
from billfold.storage import ledger, ledger_lots
from storage.plans import EVERY, Plans, plans_of

_NAMED = {"owner": "p7", "unit": "EUR"}
_SCOPE = "SELECT 'd3m0ab', 'test',"
PLANS: Plans = {
    "a repeat": (ledger.FIND, {"id": "o77"}, "ledger_operation"),
    "a payment": (ledger.FIND_PAYMENT, {"payment": "pay-77"}, "ix_ledger_operation_payment"),
    "its postings": (ledger.POSTINGS_OF, {"operation": "o77"}, "ix_ledger_posting_operation"),
    "what has reversed it": (ledger.REVERSING, {"reverses": "o76"}, "ix_ledger_operation_reverses"),
    "its accounts": (ledger.lock_of(2), {"owner0": "p7", "unit0": "EUR", "owner1": "p8", "unit1": "EUR"}, "ledger_account"),
    "a statement": (ledger.STATEMENT, _NAMED | {"before_sequence": 9, "limit": 50}, "ledger_posting"),
    "open lots": (ledger_lots.OPEN_OF, _NAMED, "ledger_lot"),
    "lots made by it": (ledger_lots.MADE_BY, {"operation": "o77"}, "ix_ledger_lot_operation"),
    "lots used by it": (ledger_lots.USES_OF, {"operation": "o77"}, "ledger_lot_use"),
    "lots that are due": (ledger_lots.DUE, {"now": 9, "limit": 50}, "ix_ledger_lot_due"),
    "a reservation": (ledger_lots.RESERVED, {"id": "r77"}, "ledger_reservation"),
    "what is reserved": (ledger_lots.RESERVED_FOR, {"owner": "p7"}, "ix_ledger_reservation_owner"),
    "reservations that are due": (ledger_lots.DUE_RESERVATIONS, {"now": 9, "limit": 50}, "ix_ledger_reservation_due"),
}
FILLING = (
    "INSERT INTO ledger_operation (workspace, environment, id, kind, fingerprint, declined, reverses, actor, description,"
    f" reference, at_ms, occurred_at_ms, payment) {EVERY} {_SCOPE} 'o' || n, 'adjust', 'f', '',"
    " CASE n % 2 WHEN 1 THEN 'o' || (n - 1) END, 'a', '', '', n, n, 'pay-' || n FROM every",
    f"INSERT INTO ledger_account (workspace, environment, owner, unit, balance, sequence, hash, lots, frozen) {EVERY} {_SCOPE}"
    " 'p' || n, 'EUR', 0, 1, '', 1, '' FROM every",
    "INSERT INTO ledger_posting (workspace, environment, owner, unit, sequence, amount, balance, operation, kind, at_ms, before,"
    f" hash) {EVERY} {_SCOPE} 'p' || n % 20, 'EUR', n, 1, n, 'o' || n, 'adjust', n, '', '' FROM every",
    'INSERT INTO ledger_lot (workspace, environment, owner, unit, id, operation, amount, "left", expires_at_ms, due_at_ms, closed)'
    f" {EVERY} {_SCOPE} 'p' || n, 'EUR', '1', 'o' || n, 5, 5, n, n, '' FROM every",
    f"INSERT INTO ledger_lot_use (workspace, environment, owner, unit, lot, operation, amount) {EVERY} {_SCOPE}"
    " 'p' || n, 'EUR', '1', 'o' || n, -1 FROM every",
    "INSERT INTO ledger_reservation (workspace, environment, id, owner, unit, amount, due_at_ms, state, settled_by)"
    f" {EVERY} {_SCOPE} 'r' || n, 'p' || n, 'EUR', 5, n, 'open', '' FROM every",
)


async def test_no_operation_costs_more_the_more_there_were(store: Store, migrated_url: str) -> None:
    """Neither engine goes by the beginning of a key, which is the scope, and reads all that the scope has ever done."""
    plans = plans_of(migrated_url, FILLING, PLANS)
    scope_alone = "(workspace=? AND environment=?)"
    wrong = [
        f"{name}:\n{plan}"
        for name, plan in plans.items()
        if PLANS[name][2] not in plan or any(one in plan for one in ("Seq Scan", "SCAN ledger", scope_alone))
    ]
    assert wrong == [], "\n\n".join(wrong)

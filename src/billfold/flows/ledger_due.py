"""What the ledger does by itself when a time has come: points that expire, points that may be spent from now on, money that was
announced and never came. A schedule of every scope, in chunks; each may run twice and has one effect.

Nothing waits for it: whether a lot may be spent is told by its times. It books out what is gone, and the pass shows what is so.
May not enter: SQL, HTTP, settings."""

import hashlib
from dataclasses import replace

from billfold.domain import lots
from billfold.domain.errors import Conflict, NotFound
from billfold.domain.ids import PassId, Scope
from billfold.domain.ledger import AccountKey, Kind
from billfold.domain.lots import Lot
from billfold.domain.schedules import HOUR_MS, MINUTE_MS, next_due_ms
from billfold.flows.ledger import AVAILABLE_AS, Bookkeeper, carry_out, shows
from billfold.flows.ledger_orders import Asked
from billfold.ledger_ports import Reservation
from billfold.ports import Job, Tx

DUE_JOB = "ledger.due"
EVERY_MS = 10 * MINUTE_MS
CHUNK = 50
"""Lots and reservations of one transaction: each is an operation of some ten statements."""
_WHO = f"job:{DUE_JOB}"


def due_job(scope: Scope, now_ms: int) -> Job:
    return Job(f"{DUE_JOB}-{scope.code}", scope, DUE_JOB, {}, due_at_ms=next_due_ms(now_ms, EVERY_MS, scope.code))


def settle_due(books: Bookkeeper, tx: Tx, job: Job, now_ms: int) -> Job:
    """One chunk of what is due. `done` counts what was settled since the job is there."""
    scope = job.scope
    due = tx.lots.due(scope, now_ms, CHUNK)
    for key, lot in due:
        if lot.expired(now_ms):
            _expire(books, tx, scope, key, lot)
        else:
            _release(tx, scope, key, lot, now_ms)
    late = tx.reservations.due(scope, now_ms, CHUNK)
    for one in late:
        _give_up(books, tx, scope, one)
    done = job.done + len(due) + len(late)
    if len(due) == CHUNK or len(late) == CHUNK:
        return replace(job, state="running", cursor=str(done), done=done)
    following = next_due_ms(now_ms, EVERY_MS, scope.code)
    return replace(job, state="waiting", cursor="", done=done, failed=0, error="", due_at_ms=following)


def expiry_id(key: AccountKey, lot: str) -> str:
    """Of the one operation that books out a lot, whoever runs how often."""
    return f"expire:{key.owner}:{key.unit}:{lot}"


def _expire(books: Bookkeeper, tx: Tx, scope: Scope, key: AccountKey, lot: Lot) -> None:
    if lot.left:
        amounts = {key.unit: -lot.left}
        asked = Asked(expiry_id(key, lot.id), Kind.EXPIRE, key.owner, amounts, description="expired", lot=lot.id)
        try:
            answered = carry_out(books, tx, scope, asked, _WHO)
        except Conflict:  # the account is frozen: later
            tx.lots.defer(scope, key, lot.id, books.clock.now_ms() + HOUR_MS)
            return
        assert not answered.operation.declined, "what is left of a lot is part of the balance"
    tx.lots.close(scope, key, lot.id, "expired")


def _release(tx: Tx, scope: Scope, key: AccountKey, lot: Lot, now_ms: int) -> None:
    """From now on it may be spent: nothing is posted, the pass shows it."""
    found = tx.passes.find_locked(scope, PassId(key.owner))
    account = tx.ledger.lock(scope, [key])[key]
    if lot.expires_at_ms is None:
        tx.lots.close(scope, key, lot.id, "free")
        tx.ledger.count_lots(scope, key, account.lots - (1 if lot.left else 0))
    else:
        tx.lots.defer(scope, key, lot.id, lot.expires_at_ms)
    if found:
        available = lots.spendable(account.balance, tx.lots.open_of(scope, key), now_ms)
        shows(tx, scope, found, now_ms, {AVAILABLE_AS: {key.unit: available}})


def _give_up(books: Bookkeeper, tx: Tx, scope: Scope, reservation: Reservation) -> None:
    digest = hashlib.sha256(reservation.id.encode()).hexdigest()
    asked = Asked(
        f"release:{digest[:48]}", Kind.RELEASE, reservation.owner, {}, reverses=reservation.id, description="not paid in time"
    )
    try:
        carry_out(books, tx, scope, asked, _WHO)
    except NotFound:  # the pass was erased: the announcement is all there was
        tx.reservations.settle(scope, reservation.id, "released", "")

"""The books are checked all the time: each day every account and every operation, in pieces, beside the work; and each day the
heads of all accounts' chains are anchored under a signature.

I1 to I5 of reference/reliability-security.md section 3.7, and the hash of each posting that is younger than the last anchor: so
each is computed again once, whatever the books have grown to. An account that does not add up is frozen for writes, an event tells
of it, and `billfold_ledger_drift_accounts` counts it. It shares the product's rows and hashes; the check from outside is
`billfold ledger verify`. May not enter: SQL, repairs, the keys (a function signs)."""

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from billfold.domain.events import Event, EventKind
from billfold.domain.ids import Scope
from billfold.domain.ledger import GENESIS, Account, AccountKey, Posting, untouched
from billfold.domain.schedules import DAY_MS, MINUTE_MS, next_due_ms
from billfold.ledger_ports import Anchor
from billfold.ports import Job, Store, Tx

log = logging.getLogger(__name__)

CHECK_JOB = "ledger.check"
SETTLED_MS = 15 * MINUTE_MS
"""An anchor speaks of what is older than this: no transaction that began then is still open, whichever machine's clock it had."""
PAGE = 200
"""Postings of one read: a few milliseconds, in which a server on SQLite answers nobody."""
PAGES = 10
"""Reads of one visit, each of another moment; then the cursor moves."""
_FOLD_BYTES = 256

Step = Callable[[Tx, Job, int], Job]
SecretOf = Callable[[Scope], bytes]


def check_job(scope: Scope, now_ms: int) -> Job:
    return Job(f"{CHECK_JOB}-{scope.code}", scope, CHECK_JOB, {}, due_at_ms=next_due_ms(now_ms, DAY_MS, scope.code))


@dataclass
class _Walk:
    """Where the check stands: on an account, behind a posting of it. Kept in the job's parameters between two visits."""

    through_ms: int
    owner: str = ""
    unit: str = ""
    sequence: int = 0
    balance: int = 0
    hash: str = GENESIS.hex()
    head: int = 0
    head_hash: str = ""
    older: int = 0
    fold: str = "0"
    accounts: int = 0
    postings: int = 0
    operations: str = ""
    phase: str = "accounts"
    since_ms: int = 0
    """What is younger is no part of an anchor yet, so its hashes are computed again."""


@dataclass(frozen=True, slots=True)
class Drift:
    key: AccountKey
    what: str


class LedgerCheck:
    """`secret_of`: the key of a scope's anchors, kept outside the database."""

    def __init__(self, store: Store, event_id: Callable[[], str], secret_of: SecretOf) -> None:
        self._store, self._event_id, self._secret_of = store, event_id, secret_of

    async def visit(self, job: Job) -> Step:
        """Reads on; the step writes down what was found and where the next visit begins."""
        now = await self._store.now_ms()
        walk = _Walk(**job.params) if job.cursor else await self._begun(job.scope, now)  # type: ignore[arg-type]
        drifts: list[Drift] = []
        for _ in range(PAGES):
            if walk.phase == "done":
                break
            drifts += await self._store.read(lambda tx: _page(tx, job.scope, walk))
            await asyncio.sleep(0)

        def step(tx: Tx, current: Job, now_ms: int) -> Job:
            for one in drifts:
                self._report(tx, job.scope, one, now_ms)
            if walk.phase != "done":
                cursor = f"{walk.phase} {walk.owner} {walk.unit} {walk.sequence} {walk.operations}"
                return replace(current, state="running", cursor=cursor, done=current.done + 1, params=dict(vars(walk)))
            self._anchor(tx, job.scope, walk, now_ms)
            due = next_due_ms(now_ms, DAY_MS, job.scope.code)
            return replace(current, state="waiting", cursor="", params={}, failed=0, error="", due_at_ms=due)

        return step

    async def _begun(self, scope: Scope, now_ms: int) -> _Walk:
        before = await self._store.read(lambda tx: tx.audit.last_anchor(scope))
        return _Walk(now_ms - SETTLED_MS, since_ms=before.through_ms if before else 0)

    def _report(self, tx: Tx, scope: Scope, drift: Drift, now_ms: int) -> None:
        log.error("ledger.drift scope=%s owner=%s unit=%s what=%s", scope.code, drift.key.owner, drift.key.unit, drift.what)
        if tx.audit.freeze(scope, drift.key, drift.what):
            data: dict[str, str | int] = {"unit": drift.key.unit, "what": drift.what}
            self._tell(tx, scope, EventKind.LEDGER_DRIFTED, drift.key.owner, data, now_ms)

    def _anchor(self, tx: Tx, scope: Scope, walk: _Walk, now_ms: int) -> None:
        before = tx.audit.last_anchor(scope)
        if not walk.accounts or (before and before.through_ms >= walk.through_ms):
            return
        root = hashlib.sha256(int(walk.fold, 16).to_bytes(_FOLD_BYTES, "big")).hexdigest()
        facts = (scope.workspace, scope.environment.value, walk.through_ms, walk.accounts, walk.postings, root)
        text = json.dumps([*facts, before.signature if before else ""], separators=(",", ":"))
        signature = hmac.new(self._secret_of(scope), text.encode(), hashlib.sha256).hexdigest()
        tx.audit.add_anchor(scope, Anchor(*facts[2:], signature, now_ms))
        data: dict[str, str | int] = {"through_ms": walk.through_ms, "accounts": walk.accounts, "root": root}
        self._tell(tx, scope, EventKind.LEDGER_ANCHORED, "", data | {"signature": signature}, now_ms)

    def _tell(self, tx: Tx, scope: Scope, kind: EventKind, subject: str, data: dict[str, str | int], now_ms: int) -> None:
        tx.events.append(Event(self._event_id(), scope, now_ms, kind, subject, cause=f"job:{CHECK_JOB}", data=data))


def _page(tx: Tx, scope: Scope, walk: _Walk) -> list[Drift]:
    """One read: postings of the account at hand, or the next accounts; then operations."""
    if walk.phase == "operations":
        return _operations(tx, scope, walk)
    drifts: list[Drift] = []
    left = PAGE
    while left > 0:
        account = tx.audit.account(scope, AccountKey(walk.owner, walk.unit)) if walk.sequence else None
        if account is None:
            account = tx.audit.next_account(scope, AccountKey(walk.owner, walk.unit))
            if account is None:
                walk.phase = "operations"
                return drifts
            walk.owner, walk.unit = account.key.owner, account.key.unit
        postings = tx.audit.postings(scope, account.key, walk.sequence, left)
        drifts += _changed(tx, scope, account.key, [one for one in postings if one.at_ms > walk.since_ms])
        drifts += _along(postings, account.key, walk)
        if len(postings) == left:
            return drifts
        left -= len(postings) + 1
        drifts += _end(account, walk)
    return drifts


def _changed(tx: Tx, scope: Scope, key: AccountKey, young: list[Posting]) -> list[Drift]:
    """Those whose hash is not that of what they and their operations say. `young`: of one page, in their order."""
    if not young:
        return []
    sealed = tx.audit.sealed(scope, key, young[0].sequence - 1, young[-1].sequence)
    changed = (one for one in young if one.operation not in sealed or not untouched(one, sealed[one.operation]))
    return [Drift(key, f"I10: #{one.sequence} was changed after it was written") for one in changed]


def _along(postings: list[Posting], key: AccountKey, walk: _Walk) -> list[Drift]:
    """I1, I2, and that each row continues the chain."""
    drifts = []
    for one in postings:
        if one.sequence != walk.sequence + 1:
            drifts.append(Drift(key, f"I2: #{one.sequence} follows #{walk.sequence}"))
        if one.balance != walk.balance + one.amount:
            drifts.append(Drift(key, f"I1: balance of #{one.sequence}"))
        if one.before.hex() != walk.hash:
            drifts.append(Drift(key, f"I10: chain at #{one.sequence}"))
        walk.sequence, walk.balance, walk.hash = one.sequence, walk.balance + one.amount, one.hash.hex()
        if one.at_ms <= walk.through_ms:
            walk.head, walk.head_hash, walk.older = one.sequence, one.hash.hex(), walk.older + 1
    return drifts


def _end(account: Account, walk: _Walk) -> list[Drift]:
    """The account says what its postings say. Its head goes into the anchor; the next account is at hand."""
    drifts = []
    if (account.balance, account.sequence, account.hash.hex()) != (walk.balance, walk.sequence, walk.hash):
        drifts.append(Drift(account.key, "I1: the account and its postings"))
    if walk.head:
        row = json.dumps([walk.owner, walk.unit, walk.head, walk.head_hash], separators=(",", ":"), ensure_ascii=False)
        share = int.from_bytes(hashlib.shake_256(row.encode()).digest(_FOLD_BYTES), "big")
        walk.fold = f"{(int(walk.fold, 16) + share) % 2 ** (8 * _FOLD_BYTES):x}"
        walk.accounts, walk.postings = walk.accounts + 1, walk.postings + walk.older
    walk.sequence, walk.balance, walk.hash, walk.head, walk.head_hash, walk.older = 0, 0, GENESIS.hex(), 0, "", 0
    return drifts


def _operations(tx: Tx, scope: Scope, walk: _Walk) -> list[Drift]:
    """I3 and I5: each operation's postings sum to zero in each unit, and only what was posted has some. With I1 of every account it
    follows that all accounts sum to zero (I4)."""
    ids, wrong = tx.audit.operations_that_do_not_add_up(scope, walk.operations, PAGE)
    if ids is None:
        walk.phase = "done"
        return []
    walk.operations = ids
    return [Drift(key, f"I3: operation {operation}"[:200]) for operation, key in wrong]

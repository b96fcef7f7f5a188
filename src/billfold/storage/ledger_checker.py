"""Checks the books from outside: reads rows by plain SQL and knows nothing of the code that wrote them (`billfold ledger verify`).

Invariants I1 to I5, I8, I9 and I10 of reference/reliability-security.md section 3.7. It recomputes each hash from the rows' own
text. May not enter: domain/ledger.py, repositories, writes."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from billfold.storage.rows import read_all

Progress = Callable[[int], None]
_POSTINGS = (
    "SELECT workspace, environment, owner, unit, sequence, amount, balance, operation, kind, at_ms, before, hash "
    "FROM ledger_posting ORDER BY workspace, environment, owner, unit, sequence"
)
_ACCOUNTS = "SELECT workspace, environment, owner, unit, balance, sequence, floor, hash FROM ledger_account"
_OPERATIONS = (
    "SELECT workspace, environment, id, kind, declined, reverses, fingerprint, actor, description, reference, at_ms,"
    " occurred_at_ms, vat_unit, vat_rate_bp, vat_net, vat, vat_gross, terminal_id, product_id, device_seq, business_date, details,"
    " flags, payment, rules FROM ledger_operation"
)
DRIFTS_SHOWN = 100


@dataclass
class Report:
    """What was read, and what is wrong: (invariant, where, what)."""

    accounts: int = 0
    operations: int = 0
    postings: int = 0
    drifts: list[tuple[str, str, str]] = field(default_factory=list)
    more: int = 0

    @property
    def good(self) -> bool:
        return not self.drifts

    def add(self, invariant: str, where: str, what: str) -> None:
        if len(self.drifts) < DRIFTS_SHOWN:
            self.drifts.append((invariant, where, what))
        else:
            self.more += 1


@dataclass(frozen=True, slots=True)
class _Operation:
    """`seal`: hash over what the row says; "" of before operations were sealed. `tax`: unit, rate, net, tax, gross."""

    kind: str
    declined: str
    reverses: str | None
    seal: str
    tax: tuple[Any, ...]


_Operations = dict[tuple[str, str, str], _Operation]


def _operation(row: tuple[Any, ...]) -> _Operation:
    id_, kind, declined, reverses, fingerprint, actor, description, reference, *rest = row
    rules = rest[-1]
    # In the order in which they are sealed: all but what was decided.
    members = [id_, kind, fingerprint, reverses, actor, description, reference, *rest]
    return _Operation(kind, declined, reverses, hashlib.sha256(_json(members)).hexdigest() if rules else "", tuple(rest[2:7]))


def _json(members: list[Any]) -> bytes:
    return json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(slots=True)
class _Account:
    balance: int = 0
    sequence: int = 0
    lowest: int = 0
    hash: bytes = bytes(32)


def verify(database_url: str, progress: Progress = lambda count: None) -> Report:
    """Reads the whole ledger on one snapshot. Memory grows with accounts and operations, not with postings' content."""
    report = Report()
    with read_all(database_url) as read:
        operations = {(row[0], row[1], row[2]): _operation(row[2:]) for row in read(_OPERATIONS)}
        accounts = _postings(read(_POSTINGS), operations, report, progress)
        _compare(read(_ACCOUNTS), accounts, report)
        _operations(operations, report)
        _sums(read, operations, report)
    return report


def _postings(rows: Iterator[Any], operations: _Operations, report: Report, progress: Progress) -> dict[tuple[str, ...], _Account]:
    """I1, I2, I10 along each account, oldest first."""
    accounts: dict[tuple[str, ...], _Account] = defaultdict(_Account)
    for workspace, environment, owner, unit, sequence, amount, balance, operation, kind, at_ms, before, link in rows:
        key = (workspace, environment, owner, unit)
        account, where = accounts[key], f"{workspace}/{environment} {owner} {unit} #{sequence}"
        report.postings += 1
        if report.postings % 10_000 == 0:
            progress(report.postings)
        if sequence != account.sequence + 1:
            report.add("I2", where, f"follows #{account.sequence}")
        if balance != account.balance + amount:
            report.add("I1", where, f"balance {balance}, the postings sum to {account.balance + amount}")
        if bytes(before) != account.hash:
            report.add("I10", where, "does not continue the chain of hashes")
        row = [owner, unit, sequence, amount, balance, operation, kind, at_ms]
        told = operations.get((workspace, environment, operation))
        sealed = [told.seal] if told and told.seal else []
        if hashlib.sha256(bytes(before) + _json(row + sealed)).digest() != bytes(link):
            report.add("I10", where, "was changed after it was written")
        account.sequence, account.balance, account.hash = sequence, account.balance + amount, bytes(link)
        account.lowest = min(account.lowest, account.balance)
    return accounts


def _compare(rows: Iterator[Any], accounts: dict[tuple[str, ...], _Account], report: Report) -> None:
    """I1 and I9: what stands on the account is what its postings say, and no moment was below the floor."""
    seen = set()
    for workspace, environment, owner, unit, balance, sequence, floor, link in rows:
        key = (workspace, environment, owner, unit)
        seen.add(key)
        report.accounts += 1
        account, where = accounts.get(key, _Account()), f"{workspace}/{environment} {owner} {unit}"
        if (balance, sequence, bytes(link)) != (account.balance, account.sequence, account.hash):
            report.add("I1", where, f"says {balance} at #{sequence}; its postings {account.balance} at #{account.sequence}")
        if floor is not None and account.lowest < floor:
            report.add("I9", where, f"was at {account.lowest}, below its floor {floor}")
    for workspace, environment, owner, unit in accounts.keys() - seen:
        report.add("I1", f"{workspace}/{environment} {owner} {unit}", "has postings and no account")


def _operations(operations: _Operations, report: Report) -> None:
    """I8: at most one void, and none beside refunds."""
    report.operations = len(operations)
    reversing: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for (workspace, environment, _), one in operations.items():
        if one.reverses and not one.declined:
            reversing[workspace, environment, one.reverses].append(one.kind)
    for (workspace, environment, original), kinds in reversing.items():
        where = f"{workspace}/{environment} operation {original}"
        if (workspace, environment, original) not in operations:
            report.add("I8", where, "is reversed and was never written")
        if kinds.count("void") > 1 or ("void" in kinds and len(kinds) > 1):
            report.add("I8", where, f"is reversed by {', '.join(sorted(kinds))}")


def _sums(read: Callable[[str], Iterator[Any]], operations: _Operations, report: Report) -> None:
    """I3, I4, I5 and the rest of I8."""
    whole: dict[tuple[str, str, str], int] = defaultdict(int)
    each: dict[tuple[str, str, str, str], int] = defaultdict(int)
    refunded: dict[tuple[str, str, str, str, str], int] = defaultdict(int)
    taken: dict[tuple[str, str, str, str, str], int] = defaultdict(int)
    for workspace, environment, owner, unit, _, amount, _, operation, kind, *_ in read(_POSTINGS):
        whole[workspace, environment, unit] += amount
        each[workspace, environment, operation, unit] += amount
        known = operations.get((workspace, environment, operation))
        where = f"{workspace}/{environment} operation {operation}"
        if known is None or known.kind != kind:
            report.add("I5", where, "a posting names an operation that is not there, or is of another kind")
            continue
        if known.declined:
            report.add("I5", where, "was declined and has postings")
        if not owner.startswith("system:"):
            if kind == "refund" and known.reverses:
                refunded[workspace, environment, known.reverses, owner, unit] += amount
            elif amount < 0:
                taken[workspace, environment, operation, owner, unit] -= amount
    for (workspace, environment, unit), total in whole.items():
        if total:
            report.add("I4", f"{workspace}/{environment} {unit}", f"all accounts sum to {total}")
    for (workspace, environment, operation, unit), total in each.items():
        if total:
            report.add("I3", f"{workspace}/{environment} operation {operation} {unit}", f"sums to {total}")
    for place, amount in refunded.items():
        if amount > taken.get(place, 0):
            report.add(
                "I8", f"{place[0]}/{place[1]} operation {place[2]}", f"{amount} of {taken.get(place, 0)} {place[4]} refunded"
            )

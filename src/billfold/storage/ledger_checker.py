"""Checks the books from outside: reads rows by plain SQL and knows nothing of the code that wrote them (`billfold ledger verify`).

Invariants I1 to I5, I8, I9 and I10 of reference/reliability-security.md section 3.7; lots, reservations and tax are checked in
ledger_checker_more.py. It recomputes each hash from the rows' own text. May not enter: domain/ledger.py, repositories, writes."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from billfold.storage import ledger_checker_anchors as anchors
from billfold.storage import ledger_checker_more as more
from billfold.storage.ledger_checker_report import Account, Key, Operation, Operations, Report, place
from billfold.storage.rows import read_all

Progress = Callable[[int], None]
_POSTINGS = (
    "SELECT workspace, environment, owner, unit, sequence, amount, balance, operation, kind, at_ms, before, hash "
    "FROM ledger_posting ORDER BY workspace, environment, owner, unit, sequence"
)
_ACCOUNTS = "SELECT workspace, environment, owner, unit, balance, sequence, floor, hash, lots FROM ledger_account"
_OPERATIONS = (
    "SELECT workspace, environment, id, kind, declined, reverses, fingerprint, actor, description, reference, at_ms,"
    " occurred_at_ms, vat_unit, vat_rate_bp, vat_net, vat, vat_gross, terminal_id, product_id, device_seq, business_date, details,"
    " flags, payment, rules FROM ledger_operation"
)


def verify(database_url: str, progress: Progress = lambda count: None, secret_of: anchors.SecretOf | None = None) -> Report:
    """Reads the whole ledger on one snapshot. Memory grows with accounts, operations and lots, not with postings' content.

    `secret_of`: the key of a scope's anchors; without it their signatures are not checked, only what they say."""
    report = Report()
    with read_all(database_url) as read:
        operations = {(row[0], row[1], row[2]): _operation(row[2:]) for row in read(_OPERATIONS)}
        told = {
            (w, e, o, u): (balance, sequence, floor, bytes(link), lots)
            for w, e, o, u, balance, sequence, floor, link, lots in read(_ACCOUNTS)
        }
        anchored = anchors.read_anchors(read, report, secret_of)
        limits = more.read_lots(read)
        accounts = _postings(read(_POSTINGS), operations, told, anchored, limits, report, progress)
        _compare(told, accounts, report)
        _reversals(operations, report)
        _sums(read, operations, report)
        anchors.compare(anchored, report)
        more.check_lots(limits, told, accounts, operations, report)
        more.check_reservations(read, operations, accounts, report)
    return report


def _operation(row: tuple[Any, ...]) -> Operation:
    id_, kind, declined, reverses, fingerprint, actor, description, reference, *rest = row
    rules, flags = rest[-1], rest[-3]
    # In the order in which they are sealed: all but what was decided.
    members = [id_, kind, fingerprint, reverses, actor, description, reference, *rest]
    seal = hashlib.sha256(_json(members)).hexdigest() if rules else ""
    return Operation(kind, declined, reverses, seal, tuple(rest[2:7]), tuple(flags.split()), rules)


def _json(members: list[Any]) -> bytes:
    return json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()


def _postings(
    rows: Iterator[Any],
    operations: Operations,
    told: dict[Key, tuple[Any, ...]],
    anchored: anchors.Anchored,
    limits: more.Limits,
    report: Report,
    progress: Progress,
) -> dict[Key, Account]:
    """I1, I2, I9, I10 along each account, oldest first."""
    accounts: dict[Key, Account] = {}
    current: Key | None = None
    for workspace, environment, owner, unit, sequence, amount, balance, operation, kind, at_ms, before, link in rows:
        key = (workspace, environment, owner, unit)
        if key != current:
            anchored.leave()
            current, accounts[key] = key, Account()
        account, where = accounts[key], f"{place(key)} #{sequence}"
        report.postings += 1
        if report.postings % 10_000 == 0:
            progress(report.postings)
        if sequence != account.sequence + 1:
            report.add("I2", where, f"follows #{account.sequence}")
        if balance != account.balance + amount:
            report.add("I1", where, f"balance {balance}, the postings sum to {account.balance + amount}")
        if bytes(before) != account.hash:
            report.add("I10", where, "does not continue the chain of hashes")
        known = operations.get((workspace, environment, operation))
        sealed = [known.seal] if known and known.seal else []
        row = [owner, unit, sequence, amount, balance, operation, kind, at_ms, *sealed]
        if hashlib.sha256(bytes(before) + _json(row)).digest() != bytes(link):
            report.add("I10", where, "was changed after it was written")
        account.sequence, account.balance, account.hash = sequence, account.balance + amount, bytes(link)
        overdrawn = known is not None and "overdraft" in known.flags
        account.overdrawn |= overdrawn
        floor = told[key][2] if key in told else None
        if floor is not None and amount < 0 and account.balance < floor and not overdrawn:
            report.add("I9", where, f"went to {account.balance}, below its floor {floor}")
        limits.saw(key, sequence, operation, amount)
        anchored.saw(key, sequence, at_ms, bytes(link))
    anchored.leave()
    return accounts


def _compare(told: dict[Key, tuple[Any, ...]], accounts: dict[Key, Account], report: Report) -> None:
    """I1: what stands on the account is what its postings say."""
    for key, (balance, sequence, _, link, _) in told.items():
        report.accounts += 1
        account = accounts.get(key, Account())
        if (balance, sequence, link) != (account.balance, account.sequence, account.hash):
            said = f"says {balance} at #{sequence}; its postings {account.balance} at #{account.sequence}"
            report.add("I1", place(key), said if (balance, sequence) != (account.balance, account.sequence) else "has another hash")
    for key in accounts.keys() - told.keys():
        report.add("I1", place(key), "has postings and no account")


def _reversals(operations: Operations, report: Report) -> None:
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


def _sums(read: Callable[[str], Iterator[Any]], operations: Operations, report: Report) -> None:
    """I3, I4, I5 and the rest of I8; the tax of sales."""
    whole: dict[tuple[str, str, str], int] = defaultdict(int)
    each: dict[tuple[str, str, str, str], int] = defaultdict(int)
    given: dict[tuple[str, str, str, str, str], int] = defaultdict(int)
    done: dict[tuple[str, str, str, str, str], int] = defaultdict(int)
    taxes, posted = more.Taxes(), set()
    for workspace, environment, owner, unit, _, amount, _, operation, kind, *_ in read(_POSTINGS):
        whole[workspace, environment, unit] += amount
        each[workspace, environment, operation, unit] += amount
        known = operations.get((workspace, environment, operation))
        where = f"{workspace}/{environment} operation {operation}"
        if known is None or known.kind != kind:
            report.add("I5", where, "a posting names an operation that is not there, or is of another kind")
            continue
        posted.add((workspace, environment, operation))
        taxes.saw((workspace, environment, operation), owner, unit, amount)
        if known.declined:
            report.add("I5", where, "was declined and has postings")
        if not owner.startswith("system:"):
            if kind == "refund" and known.reverses:
                given[workspace, environment, known.reverses, owner, unit] += amount
            done[workspace, environment, operation, owner, unit] += amount
        elif kind == "chargeback" and owner.startswith("system:funding:"):
            given[workspace, environment, str(known.reverses), "funding", unit] += amount
        elif owner.startswith("system:funding:") or owner.startswith("system:reserved:"):
            done[workspace, environment, operation, "funding", unit] += amount
    for (workspace, environment, unit), total in whole.items():
        if total:
            report.add("I4", f"{workspace}/{environment} {unit}", f"all accounts sum to {total}")
    for (workspace, environment, operation, unit), total in each.items():
        if total:
            report.add("I3", f"{workspace}/{environment} operation {operation} {unit}", f"sums to {total}")
    for key, amount in given.items():
        if amount > max(0, -done.get(key, 0)):
            report.add("I8", f"{key[0]}/{key[1]} operation {key[2]}", f"{amount} of {-done.get(key, 0)} {key[4]} given back")
    for missing in operations.keys() - posted:
        if not operations[missing].declined:
            report.add("I5", f"{missing[0]}/{missing[1]} operation {missing[2]}", "was posted and has no postings")
    taxes.check(operations, report)

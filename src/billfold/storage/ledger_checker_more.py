"""Checks lots, reservations and tax from outside, by plain SQL: the rest of `billfold ledger verify`.

L1 a lot holds what was put into it less what was taken · L2 a posting made it, or took from it, and no more than the posting's
amount · L3 an account's lots are part of its balance · R1 a reservation is open, or one operation ended it · R2 what is announced
is what the open ones say · T1 net and tax are the gross, and what an operation owes stands where tax is due.
May not enter: domain/, repositories, writes."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from billfold.storage.ledger_checker_report import Account, Key, Operations, Report, place

Read = Callable[[str], Iterator[Any]]
_LOTS = 'SELECT workspace, environment, owner, unit, id, operation, amount, "left", closed FROM ledger_lot'
_USES = "SELECT workspace, environment, owner, unit, lot, operation, amount FROM ledger_lot_use"
_RESERVATIONS = "SELECT workspace, environment, id, owner, unit, amount, state, settled_by FROM ledger_reservation"


@dataclass(slots=True)
class Limits:
    """`made`: (account, sequence) → what lots were made of that posting; `used`: (account, operation) → what it took from lots.
    `seen_*`: the same places, as the postings have them."""

    lots: dict[tuple[Key, str], tuple[str, int, int, str]] = field(default_factory=dict)
    taken: dict[tuple[Key, str], int] = field(default_factory=lambda: defaultdict(int))
    made: dict[tuple[Key, int], int] = field(default_factory=lambda: defaultdict(int))
    used: dict[tuple[Key, str], int] = field(default_factory=lambda: defaultdict(int))
    seen_made: dict[tuple[Key, int], tuple[str, int]] = field(default_factory=dict)
    seen_used: dict[tuple[Key, str], int] = field(default_factory=dict)

    def saw(self, key: Key, sequence: int, operation: str, amount: int) -> None:
        """A posting."""
        if (key, sequence) in self.made:
            self.seen_made[key, sequence] = (operation, amount)
        if (key, operation) in self.used:
            self.seen_used[key, operation] = amount


def read_lots(read: Read) -> Limits:
    limits = Limits()
    for workspace, environment, owner, unit, id_, operation, amount, left, closed in read(_LOTS):
        key = (workspace, environment, owner, unit)
        limits.lots[key, id_] = (operation, amount, left, closed)
        limits.made[key, int(id_.partition(".")[0])] += amount
    for workspace, environment, owner, unit, lot, operation, amount in read(_USES):
        key = (workspace, environment, owner, unit)
        limits.taken[key, lot] += amount
        limits.used[key, operation] += amount
    return limits


def check_lots(
    limits: Limits, told: dict[Key, tuple[Any, ...]], accounts: dict[Key, Account], operations: Operations, report: Report
) -> None:
    held: dict[Key, int] = defaultdict(int)
    count: dict[Key, int] = defaultdict(int)
    report.lots = len(limits.lots)
    for (key, id_), (operation, amount, left, closed) in limits.lots.items():
        where = f"{place(key)} lot {id_}"
        if left != amount + limits.taken.get((key, id_), 0) or not 0 <= left <= amount:
            report.add("L1", where, f"holds {left}; of {amount} were taken {-limits.taken.get((key, id_), 0)}")
        if closed == "expired" and left:
            report.add("L1", where, f"has expired and still holds {left}")
        if limits.seen_made.get((key, int(id_.partition(".")[0])), ("", 0))[0] != operation:
            report.add("L2", where, "no posting of its operation made it")
        if not closed:
            held[key] += left
            count[key] += left > 0
    for key, lot in limits.taken:
        if (key, lot) not in limits.lots:
            report.add("L1", f"{place(key)} lot {lot}", "was taken from and is not there")
    for (key, sequence), amount in limits.made.items():
        if amount > limits.seen_made.get((key, sequence), ("", 0))[1]:
            report.add("L2", f"{place(key)} #{sequence}", f"lots of {amount} were made of it")
    for (key, operation), amount in limits.used.items():
        posted = limits.seen_used.get((key, operation), 0)
        known = operations.get((key[0], key[1], operation))
        if known is None or known.declined or abs(amount) > abs(posted) or amount * posted < 0:
            report.add("L2", f"{place(key)} operation {operation}", f"moved {amount} of lots and posted {posted}")
    for key, (balance, _, floor, _, lots) in told.items():
        if lots != count.get(key, 0):
            report.add("L3", place(key), f"counts {lots} lots and has {count.get(key, 0)}")
        plain = balance - held.get(key, 0)
        if floor is not None and plain < floor and held.get(key) and not accounts.get(key, Account()).overdrawn:
            report.add("L3", place(key), f"holds {held[key]} in lots and {balance} in all")


def check_reservations(read: Read, operations: Operations, accounts: dict[Key, Account], report: Report) -> None:
    announced: dict[tuple[str, str, str], int] = defaultdict(int)
    ended: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for (workspace, environment, _), one in operations.items():
        if one.kind in ("confirm", "release") and not one.declined and one.reverses:
            ended[workspace, environment, one.reverses].append(one.kind)
    seen = set()
    for workspace, environment, id_, _owner, unit, amount, state, _by in read(_RESERVATIONS):
        key, where = (workspace, environment, id_), f"{workspace}/{environment} reservation {id_}"
        seen.add(key)
        made = operations.get(key)
        if made is None or made.kind != "reserve" or made.declined:
            report.add("R1", where, "was made by no operation")
        wanted = {"open": [], "confirmed": ["confirm"], "released": ["release"]}.get(state)
        if ended.get(key, []) != wanted:
            report.add("R1", where, f"is {state}, and was ended by {', '.join(ended.get(key, [])) or 'nothing'}")
        if state == "open":
            announced[workspace, environment, unit] += amount
    for key, one in operations.items():
        if one.kind == "reserve" and not one.declined and key not in seen:
            report.add("R1", f"{key[0]}/{key[1]} reservation {key[2]}", "has no row")
    booked: dict[tuple[str, str, str], int] = defaultdict(int)
    for (workspace, environment, owner, unit), account in accounts.items():
        if owner.startswith("system:reserved:"):
            booked[workspace, environment, unit] += account.balance
    for place_ in announced.keys() | booked.keys():
        if announced.get(place_, 0) != booked.get(place_, 0):
            said = f"{announced.get(place_, 0)} are announced and {booked.get(place_, 0)} are booked"
            report.add("R2", f"{place_[0]}/{place_[1]} {place_[2]}", said)


@dataclass(slots=True)
class Taxes:
    """What each operation booked as tax due, and whether it sold something."""

    due: dict[tuple[str, str, str, str], int] = field(default_factory=lambda: defaultdict(int))
    sales: set[tuple[str, str, str]] = field(default_factory=set)

    def saw(self, operation: tuple[str, str, str], owner: str, unit: str, amount: int) -> None:
        if owner.startswith("system:vat_due:"):
            self.due[(*operation, unit)] += amount
        elif owner.startswith("system:sales:"):
            self.sales.add(operation)

    def check(self, operations: Operations, report: Report) -> None:
        back: dict[tuple[str, str, str], int] = defaultdict(int)
        for key, one in operations.items():
            unit, rate, net, tax, gross = one.tax
            where = f"{key[0]}/{key[1]} operation {key[2]}"
            if rate is not None and net + tax != gross:
                report.add("T1", where, f"net {net} and tax {tax} are not {gross}")
            booked = not one.declined and (key in self.sales or one.rules >= 2)
            if booked and unit and self.due.get((*key, unit), 0) != tax:
                report.add("T1", where, f"says a tax of {tax} and booked {self.due.get((*key, unit), 0)}")
            if one.reverses and rate is not None and not one.declined:
                back[key[0], key[1], one.reverses] += tax
        for key, tax in back.items():
            original = operations.get(key)
            if original is not None and original.tax[3] is not None and abs(tax) > abs(original.tax[3]):
                report.add("T1", f"{key[0]}/{key[1]} operation {key[2]}", f"had a tax of {original.tax[3]}; {-tax} were given back")

"""Judges the ledger's rows by the tills' journals: what was answered is there once, and nothing else is.

Invariants I6, I7, I11 and I12 of the ledger; `billfold ledger verify` judges the others, from the rows alone. Reads by plain SQL.
May not enter: code of Billfold (the judge must not share its mistakes)."""

import contextlib
import json
import sqlite3
from bisect import bisect
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

import psycopg

from e2e.tills import Sale, is_scan

Key = tuple[str, str]
"""Owner and unit: an account."""
Moves = dict[Key, int]
_OPERATIONS = "SELECT id, kind, declined, reverses FROM ledger_operation WHERE id LIKE 'till-%'"
_SCANS = "SELECT id, declined FROM scan WHERE id LIKE 'till-%'"
_POSTINGS = (
    "SELECT owner, unit, sequence, amount, balance, operation FROM ledger_posting"
    " WHERE owner NOT LIKE 'system:%' ORDER BY owner, unit, sequence"
)


@dataclass
class Told:
    """What the journals know of one id. `sent`: before it first left; `answered`: after its first answer, None while in doubt."""

    sale: Sale
    till: str
    sent: int
    answered: int | None = None
    answers: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Posted:
    owner: str
    unit: str
    sequence: int
    amount: int
    balance: int
    operation: str


@dataclass
class Rows:
    """`operations`: id → (kind, declined, reverses). `scans`: id → whether it was declined. `accounts`: the postings of each card's
    account in their order."""

    operations: dict[str, tuple[str, bool, str | None]]
    scans: dict[str, bool]
    accounts: dict[Key, list[Posted]]

    def of_operations(self) -> dict[str, list[Posted]]:
        found: dict[str, list[Posted]] = defaultdict(list)
        for postings in self.accounts.values():
            for one in postings:
                found[one.operation].append(one)
        return found


def read_journals(paths: Iterable[Path]) -> dict[str, Told]:
    """Each id that any till ever sent. In the order in which each till sent them."""
    told: dict[str, Told] = {}
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            if "sent" in entry:
                sale = entry["sent"]
                told.setdefault(sale["id"], Told(sale, path.stem, entry["at"]))
                continue
            one = told[entry["answered"]]
            one.answered = one.answered or entry["at"]
            one.answers.append({name: entry[name] for name in ("declined", "repeated", "balances")})
    return told


@contextlib.contextmanager
def _rows(url: str) -> Iterator[Any]:
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            yield connection.execute
    else:
        with psycopg.connect(url) as connection:
            yield connection.execute


def read_rows(url: str, cards: Collection[str]) -> Rows:
    """What stands on the tills' own `cards`, and every operation that bears a till's name: the demo has books of its own."""
    with _rows(url) as ask:
        operations = {id_: (kind, declined != "", reverses) for id_, kind, declined, reverses in ask(_OPERATIONS).fetchall()}
        scans = {id_: declined != "" for id_, declined in ask(_SCANS).fetchall()}
        accounts: dict[Key, list[Posted]] = defaultdict(list)
        for row in ask(_POSTINGS).fetchall():
            if row[0] in cards:
                accounts[row[0], row[1]].append(Posted(*row))
    return Rows(operations, scans, accounts)


def findings(told: dict[str, Told], rows: Rows) -> list[str]:
    """What is wrong, each beginning with its invariant; empty when the books and the journals agree."""
    return [*lost_or_doubled(told, rows), *unknown(told, rows), *out_of_order(told, rows), *other_than_the_model(told, rows)]


def lost_or_doubled(told: dict[str, Told], rows: Rows) -> Iterator[str]:
    """I6: every operation that was answered is there once, and with the numbers of each of its answers."""
    postings = rows.of_operations()
    for id_, one in told.items():
        if not one.answers:
            continue
        if id_ not in rows.operations:
            yield f"I6 {id_} was answered and is lost"
            continue
        held: dict[str, dict[str, int]] = defaultdict(dict)
        for posted in postings.get(id_, ()):
            if posted.unit in held[posted.owner]:
                yield f"I6 {id_} stands twice on {posted.owner} {posted.unit}"
            held[posted.owner][posted.unit] = posted.balance
        for answer in one.answers:
            if answer["declined"] != rows.operations[id_][1]:
                yield f"I6 {id_} was answered with declined={answer['declined']} and is stored otherwise"
            elif not answer["declined"] and answer["balances"] != held:
                yield f"I6 {id_} was answered with {answer['balances']}, stored is {dict(held)}"
        if [answer["repeated"] for answer in one.answers].count(False) > 1:
            yield f"I6 {id_} was done twice"
    of_scans = {id_: declined for id_, (_, declined, _) in rows.operations.items() if id_ in told and is_scan(told[id_].sale)}
    yield from (f"I6 {id_} is another as a scan than as an operation" for id_, _ in sorted(of_scans.items() ^ rows.scans.items()))


def unknown(told: dict[str, Told], rows: Rows) -> Iterator[str]:
    """I7: whatever is stored was sent by a till, and is what it sent."""
    stored = set(rows.operations) | {one.operation for postings in rows.accounts.values() for one in postings}
    yield from (f"I7 {id_} is stored and nobody sent it" for id_ in sorted(stored - told.keys()))
    for id_ in rows.operations.keys() & told.keys():
        kind, _, reverses = rows.operations[id_]
        sale = told[id_].sale
        if (kind, reverses) != (sale["kind"], sale.get("reverses")):
            yield f"I7 {id_} is stored as {kind} of {reverses}, sent was {sale}"


def out_of_order(told: dict[str, Told], rows: Rows) -> Iterator[str]:
    """I11: what was answered before something else was sent stands before it on every account that they share."""
    for (owner, unit), postings in rows.accounts.items():
        earliest_answer, answered = None, ""
        for posted in reversed(postings):
            one = told.get(posted.operation)
            if one is None:
                continue
            if earliest_answer is not None and earliest_answer < one.sent:
                yield f"I11 {answered} was answered before {posted.operation} was sent, and stands after it on {owner} {unit}"
            if one.answered is not None and (earliest_answer is None or one.answered < earliest_answer):
                earliest_answer, answered = one.answered, posted.operation


# --- I12: the same operations in the same order, by a model of a few lines ---


def in_one_order(rows: Rows) -> Iterator[str]:
    """The ids in an order that every account agrees with; fewer than there are operations when there is none."""
    postings = rows.of_operations()
    missing = {id_: len(found) for id_, found in postings.items()}
    reached: dict[Key, int] = defaultdict(int)
    heads = [key for key, found in rows.accounts.items() if found]
    while heads:
        key = heads.pop()
        id_ = rows.accounts[key][reached[key]].operation
        missing[id_] -= 1
        if missing[id_]:
            continue  # waits here until its other accounts have come to it
        yield id_
        for posted in postings[id_]:
            account = (posted.owner, posted.unit)
            reached[account] += 1
            if reached[account] < len(rows.accounts[account]):
                heads.append(account)


@dataclass
class Model:
    """Balances, what each operation moved, and what was given back of it."""

    balances: Moves = field(default_factory=lambda: defaultdict(int))
    moved: dict[str, Moves] = field(default_factory=dict)
    given_back: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    voided: set[str] = field(default_factory=set)

    def moves(self, sale: Sale) -> Moves:
        """What a sale does to which accounts of cards."""
        card, reverses = sale["pass_id"], sale.get("reverses")
        if sale["kind"] == "void":
            return {key: -amount for key, amount in self.moved[reverses].items()}
        if sale["kind"] == "transfer":
            (amount,) = sale["amounts"].values()
            return {(card, "EUR"): -amount, (sale["to_pass_id"], "EUR"): amount}
        return {(card, unit): amount for unit, amount in sale["amounts"].items()}

    def knows_what_it_reverses(self, sale: Sale) -> bool:
        return sale.get("reverses") is None or sale["reverses"] in self.moved

    def may_be_given_back(self, sale: Sale) -> bool:
        """Of a refund or void: whether so much is left of the original."""
        original = sale["reverses"]
        if sale["kind"] == "void":
            return original not in self.voided and not self.given_back[original]
        taken = sum(-amount for (_, unit), amount in self.moved[original].items() if unit == "EUR")
        return original not in self.voided and self.given_back[original] + sale["amounts"]["EUR"] <= taken

    def do(self, sale: Sale, moves: Moves) -> None:
        for key, amount in moves.items():
            self.balances[key] += amount
        self.moved[sale["id"]] = moves
        if sale["kind"] == "void":
            self.voided.add(sale["reverses"])
        if sale["kind"] == "refund":
            self.given_back[sale["reverses"]] += sale["amounts"]["EUR"]


def other_than_the_model(told: dict[str, Told], rows: Rows) -> Iterator[str]:
    """I12: the model, given the sales in the order of the accounts, answers what the ledger answered."""
    postings, model, done = rows.of_operations(), Model(), 0
    for id_ in in_one_order(rows):
        done += 1
        if id_ not in told:
            return  # said under I7; what follows cannot be played
        sale = told[id_].sale
        if not model.knows_what_it_reverses(sale):
            yield f"I12 {id_} stands before what it gives back"
            return
        if sale.get("reverses") and not model.may_be_given_back(sale):
            yield f"I12 {id_} gave back more than was taken"
        moves = model.moves(sale)
        model.do(sale, moves)
        if moves != {(one.owner, one.unit): one.amount for one in postings[id_]}:
            yield f"I12 {id_} moved {postings[id_]}, sent was {sale}"
            return
        for posted in postings[id_]:
            if not 0 <= model.balances[posted.owner, posted.unit] == posted.balance:
                yield f"I12 {id_} left {posted.balance} on {posted.owner}, the model {model.balances[posted.owner, posted.unit]}"
                return
    if done < len(postings):
        yield f"I12 no order of the operations fits all accounts: {done} of {len(postings)} fit"
    yield from _declined_in_vain(told, rows)


def _declined_in_vain(told: dict[str, Told], rows: Rows) -> Iterator[str]:
    """Declined although at no moment between sending and answer was there any reason."""
    times = {key: _Times.of(postings, told) for key, postings in rows.accounts.items()}
    model = Model()
    for id_, one in told.items():  # a till does one thing after the other, and gives back only what it took itself
        if id_ not in rows.operations or not model.knows_what_it_reverses(one.sale):
            continue  # never done, or the original is lost, which I6 says
        declined, sale = rows.operations[id_][1], one.sale
        if sale.get("reverses"):
            if declined == model.may_be_given_back(sale):
                yield f"I12 {id_} has declined={declined}, the model says otherwise: {sale}"
        elif declined and one.answered is not None:
            moves = model.moves(sale)
            short = [key for key, amount in moves.items() if amount < 0 and times[key].lowest(one) + amount < 0]
            if not short:
                yield f"I12 {id_} was declined although there was enough: {sale}"
        if not declined:
            model.do(sale, model.moves(sale))


@dataclass
class _Times:
    """An account's balance at any moment, as well as anybody outside can know it."""

    balances: list[int]
    answered: list[tuple[int, int]]
    """(when an operation had surely happened, how many postings there were then at least), both rising."""
    sent: list[tuple[int, int]]
    """(when an operation may have happened at the earliest, how many postings there were then at most), both rising."""

    @staticmethod
    def of(postings: list[Posted], told: dict[str, Told]) -> "_Times":
        known = [(told[one.operation], one.sequence) for one in postings if one.operation in told]
        answered = sorted((one.answered, sequence) for one, sequence in known if one.answered is not None)
        sent = sorted((one.sent, sequence) for one, sequence in known)
        return _Times([0, *(one.balance for one in postings)], _rising(answered), _rising(sent))

    def lowest(self, one: Told) -> int:
        """The lowest balance between its sending and its answer."""
        assert one.answered is not None
        at_least = self.answered[bisect(self.answered, (one.sent, -1)) - 1][1] if self.answered[0][0] < one.sent else 0
        at_most = self.sent[bisect(self.sent, (one.answered, -1)) - 1][1]
        return min(self.balances[at_least : at_most + 1])


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return list(zip((at for at, _ in pairs), accumulate((sequence for _, sequence in pairs), max), strict=True))

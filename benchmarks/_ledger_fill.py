"""Cards with a history, for benchmarks of the ledger: any number of postings, sealed and chained as ever, but written in bulk.

May not enter: what is measured."""

import asyncio
import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from billfold import bootstrap
from billfold.cli.preflight import prepare_folder
from billfold.domain import keys, ledger
from billfold.domain.content import Barcode, BarcodeFormat, Content, Field
from billfold.domain.drafts import Draft
from billfold.domain.ids import Environment, Scope, pass_id
from billfold.domain.keys import Actor
from billfold.domain.ledger import AccountKey, Kind, Order
from billfold.domain.loyalty import Brand, Card, Member, Programme, ProgrammeKind
from billfold.domain.passes import Pass
from billfold.flows import templates
from billfold.ports import Tx
from billfold.settings import Settings
from billfold.storage.store import sqlite_path
from common import progress
from delivery_bookkeeping import database

SCOPE = Scope(bootstrap.DEMO_WORKSPACE, Environment.TEST)
ACTOR = Actor(SCOPE, "bench", frozenset(keys.SCOPES))
OPENING = 10**9
CHUNK = 20_000
Row = tuple[Any, ...]
_OWNED = (SCOPE.workspace, SCOPE.environment.value)
_SCOPED = ("workspace", "environment")
_OPERATION = (
    *(*_SCOPED, "id", "kind", "fingerprint", "declined", "actor", "description", "reference", "at_ms", "occurred_at_ms"),
    *("details", "flags", "rules"),
)
_POSTING = (*(*_SCOPED, "owner", "unit", "sequence", "amount", "balance", "operation", "kind", "at_ms", "before", "hash"),)
_ACCOUNT = (*_SCOPED, "owner", "unit", "balance", "sequence", "floor", "hash")
_CARD = Content(
    "Bayroast Coffee",
    "Store card",
    header=(Field("euros", "{{ balances.EUR }}", "BALANCE", "Now %@"),),
    barcode=Barcode(BarcodeFormat.QR, "{{ member }}"),
)


@contextmanager
def databases(engine: str) -> Iterator[Callable[[str], str]]:
    """A function that gives the URL of an empty database by its name."""
    with database(engine) as url:
        path = sqlite_path(url)

        def make(name: str) -> str:
            if path is not None:
                return f"sqlite:///{path.parent}/{name}.sqlite"
            with psycopg.connect(url, autocommit=True) as server:
                for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                    assert server.execute(f"SHOW {setting}").fetchone() == ("on",), setting
                server.execute(f"CREATE DATABASE {name}")
            start, _, options = url.partition("?")
            return f"{start.rpartition('/')[0]}/{name}?{options}"

        yield make


def prepare(settings: Settings, cards: int, postings: int) -> list[str]:
    """The ids of so many cards, none on a phone, with so many postings on them and on the other side together."""
    prepare_folder(settings.data)
    ids = asyncio.run(_make_cards(settings, cards))
    with _bulk(settings.database_url) as write:
        _fill(ids, postings, write)
    return ids


async def _make_cards(settings: Settings, count: int) -> list[str]:
    """Store cards of one programme, each a member's."""
    async with bootstrap.operate(settings) as parts:
        template = (await templates.create(parts.services, ACTOR, "bench", Draft(_CARD))).template
        brand = Brand(str(uuid4()), SCOPE, "Bayroast", "#3b2417", 0, 0)
        offered = Programme(
            str(uuid4()), SCOPE, brand.id, ProgrammeKind.STORECARD, "Store card", template.id, 0, 0, currency="EUR", points=True
        )
        made = Pass(
            pass_id(SCOPE, bytes(16)), SCOPE, None, "-", template.number, template.number, 0, 0, "pass.bench", "1", template.id
        )
        cards = [
            replace(made, id=pass_id(SCOPE, os.urandom(16)), values={"balances": {"EUR": "0.00"}, "member": str(nth)})
            for nth in range(count)
        ]

        def add(tx: Tx) -> None:
            tx.brands.add(brand)
            tx.programmes.add(offered)
            for nth, card in enumerate(cards):
                member = Member(str(uuid4()), SCOPE, brand.id, f"member{nth}@example.com", f"Member {nth}", 0, 0)
                tx.members.add(member)
                tx.passes.add(card, "bench")
                tx.cards.add(Card(card.id, SCOPE, offered.id, brand.id, card.id, 0, 0, member.id))

        await parts.store.write(add)
    return [card.id for card in cards]


@dataclass
class _Account:
    """The end of an account's chain so far."""

    key: AccountKey
    floor: int | None
    balance: int = 0
    sequence: int = 0
    hash: bytes = ledger.GENESIS

    def post(self, order: Order, amount: int, digest: str) -> Row:
        before, self.sequence, self.balance = self.hash, self.sequence + 1, self.balance + amount
        self.hash = ledger.chain(before, self.key, self.sequence, amount, self.balance, order.id, order.kind, order.at_ms, digest)
        whose = (*_OWNED, self.key.owner, self.key.unit, self.sequence)
        return (*whose, amount, self.balance, order.id, order.kind.value, order.at_ms, before, self.hash)


def _fill(ids: list[str], postings: int, write: "Callable[[str, Sequence[str], list[Row]], None]") -> None:
    """Two postings an operation: the card's and the other side's. First each card is topped up, then charged in turn, so that what
    follows on one account lies as far apart as in a shop. Sealed and chained by the domain's own functions; that nothing is
    declined is known beforehand, so nothing is decided, and `billfold ledger verify` judges the result like any other."""
    cards = [_Account(AccountKey(one, "EUR"), 0) for one in ids]
    others: dict[AccountKey, _Account] = {}
    operations: list[Row] = []
    posted: list[Row] = []
    count = max(len(ids), postings // 2)
    for nth in range(count):
        kind, amount = (Kind.TOP_UP, OPENING) if nth < len(ids) else (Kind.CHARGE, -1)
        card = cards[nth % len(ids)]
        key = ledger.system_key(ledger.COUNTERS[kind], ledger.shard_of(card.key.owner), "EUR")
        other = others.setdefault(key, _Account(key, None))
        mark = hashlib.sha256(nth.to_bytes(8, "big")).hexdigest()
        order = Order(f"history-{nth:012}", kind, (), mark, "key:bench", nth, nth)
        digest = ledger.seal(order)
        operations.append((*_OWNED, order.id, kind.value, mark, "", order.actor, "", "", nth, nth, "", "", order.rules))
        posted += (card.post(order, amount, digest), other.post(order, -amount, digest))
        if nth % CHUNK == CHUNK - 1 or nth == count - 1:
            write("ledger_operation", _OPERATION, operations)
            write("ledger_posting", _POSTING, posted)
            operations, posted = [], []
            progress(f"filling: {2 * nth + 2:,} of {2 * count:,} postings", last=nth == count - 1)
    ends = [(*_OWNED, one.key.owner, "EUR", one.balance, one.sequence, one.floor, one.hash) for one in (*cards, *others.values())]
    write("ledger_account", _ACCOUNT, ends)


@contextmanager
def _bulk(url: str) -> Iterator[Callable[[str, Sequence[str], list[Row]], None]]:
    """Writes rows of a table in one go: COPY on PostgreSQL; on SQLite without waiting for the disk until the end."""
    path = sqlite_path(url)
    if path is None:
        with psycopg.connect(url) as driver, driver.cursor() as cursor:

            def copy(table: str, columns: Sequence[str], rows: list[Row]) -> None:
                with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as into:
                    for row in rows:
                        into.write_row(row)
                driver.commit()

            yield copy
            driver.commit()
            driver.autocommit = True
            cursor.execute("VACUUM ANALYZE")
        return
    with contextlib.closing(sqlite3.connect(path)) as lite:
        lite.execute("PRAGMA synchronous=OFF")
        lite.execute("PRAGMA cache_size=-400000")

        def insert(table: str, columns: Sequence[str], rows: list[Row]) -> None:
            marks = ", ".join("?" * len(columns))
            lite.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)
            lite.commit()

        yield insert
        lite.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.sync()


def count_rows(url: str) -> None:
    """As PostgreSQL does by itself a minute after a table's first rows: until then it goes on as it planned for an empty one, and
    reads all scans to find one. SQLite counts nothing."""
    if sqlite_path(url) is None:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute("ANALYZE")


def folder_settings(folder: Path, url: str) -> Settings:
    return Settings(data=folder, database_url=url)

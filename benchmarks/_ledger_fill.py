"""Cards with a history, for benchmarks of the ledger: any number of postings, decided and chained as ever, but written in bulk.

May not enter: what is measured."""

import asyncio
import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import psycopg

from billfold import bootstrap
from billfold.cli.preflight import prepare_folder
from billfold.domain import keys, ledger
from billfold.domain.content import Barcode, BarcodeFormat, Content, Field
from billfold.domain.drafts import Draft
from billfold.domain.ids import Environment, Scope, pass_id
from billfold.domain.keys import Actor
from billfold.domain.ledger import Account, AccountKey, Kind, Move, Order
from billfold.domain.loyalty import Brand, Card, Member, Programme, ProgrammeKind
from billfold.domain.passes import Pass
from billfold.flows import templates
from billfold.ports import Tx
from billfold.settings import Settings
from billfold.storage.ledger import LedgerRows
from billfold.storage.statements import Compiled, Row, Statement, Value
from billfold.storage.store import sqlite_path
from delivery_bookkeeping import database

SCOPE = Scope(bootstrap.DEMO_WORKSPACE, Environment.TEST)
ACTOR = Actor(SCOPE, "bench", frozenset(keys.SCOPES))
OPENING = 10**9
CHUNK = 2_000
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
        template = await templates.create(parts.services, ACTOR, "bench", Draft(_CARD))
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


def _fill(ids: list[str], postings: int, write: "Callable[[_Noted], None]") -> None:
    """Two postings an operation: the card's and the other side's. First each card is topped up, then charged in turn."""
    accounts: dict[AccountKey, Account] = {}
    noted = _Noted()
    rows = LedgerRows(noted)
    for nth in range(max(len(ids), postings // 2)):
        kind, amount = (Kind.TOP_UP, OPENING) if nth < len(ids) else (Kind.CHARGE, -1)
        key = AccountKey(ids[nth % len(ids)], "EUR")
        mark = hashlib.sha256(nth.to_bytes(8, "big")).hexdigest()
        order = Order(f"history-{nth:012}", kind, (Move(key, amount),), mark, "key:bench", nth, nth)
        before = {one.key: accounts.get(one.key) or _opened(one.key) for one in ledger.legs(order)}
        operation, after = ledger.decide(order, before)
        rows.add(SCOPE, operation, after)
        accounts |= after
        if nth % CHUNK == CHUNK - 1:
            write(noted)
    write(noted)


def _opened(key: AccountKey) -> Account:
    return Account(key, floor=None if key.system else 0)


class _Noted:
    """A session that runs nothing: it keeps the rows of each statement."""

    def __init__(self) -> None:
        self.rows: dict[Statement, list[dict[str, Value]]] = {}

    def run(self, statement: Statement, scope: Scope | None = None, /, **params: Value) -> list[Row]:
        params |= {"workspace": SCOPE.workspace, "environment": SCOPE.environment.value}
        self.rows.setdefault(statement, []).append(params)
        return []

    def count(self, statement: Statement, scope: Scope | None = None, /, **params: Value) -> int:
        self.run(statement, scope, **params)
        return max(1, sum(name.startswith("owner") for name in params))

    def one(self, statement: Statement, scope: Scope | None = None, /, **params: Value) -> Row | None:
        raise AssertionError("a history is only written")

    bulk = one  # type: ignore[assignment]


@contextmanager
def _bulk(url: str) -> Iterator[Callable[[_Noted], None]]:
    """Writes and empties what was noted, each statement for many rows at once."""
    path = sqlite_path(url)
    driver = psycopg.connect(url) if path is None else sqlite3.connect(path)
    with contextlib.closing(driver):
        cursor = driver.cursor()

        def write(noted: _Noted) -> None:
            for statement, rows in noted.rows.items():
                compiled: Compiled = statement.postgres if path is None else statement.sqlite
                cursor.executemany(compiled.sql, [row | compiled.constants for row in rows])
            noted.rows.clear()
            driver.commit()

        yield write
        if path is None:
            driver.commit()
            driver.autocommit = True  # type: ignore[attr-defined]
            cursor.execute("VACUUM ANALYZE")


def folder_settings(folder: Path, url: str) -> Settings:
    return Settings(data=folder, database_url=url)

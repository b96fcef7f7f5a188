"""The console's tables with a million passes, cards and members: first page, a page from the middle, and what a search finds, as
whole pages over HTTP, one after the other. On SQLite, and with --engine postgresql on a PostgreSQL of its own.

Bar: p99 <= 100 ms a page, which still feels immediate to who clicks (Nielsen, Usability Engineering, chapter 5). The rows are
written in bulk beside the server, as copies of the demo's with names, ids and times of their own; `--count` is how many
(1,000,000). A bar on standard error tells how far that is."""

import argparse
import contextlib
import itertools
import os
import random
import sqlite3
import statistics
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Any
from uuid import UUID

import psycopg

from billfold.bootstrap import DEMO
from billfold.domain.ids import pass_id
from billfold.domain.loyalty import Member
from billfold.storage.loyalty_members import words_of
from billfold.storage.store import sqlite_path
from common import Server, arguments, report, server
from delivery_bookkeeping import database

BAR_P99_MS = 100.0
CHUNK = 50_000
TO_FILL_SQLITE = ("PRAGMA cache_size = -786432", "PRAGMA synchronous = OFF", "PRAGMA wal_autocheckpoint = 100000")
TO_FILL_POSTGRES = (
    "SET session_replication_role = replica",  # whoever is named by a row is written with it
    "SET synchronous_commit = off",
    "SET maintenance_work_mem = '512MB'",
)
INDEXES_SQLITE = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
INDEXES_POSTGRES = """SELECT indexname, tablename, indexdef FROM pg_indexes
    WHERE schemaname = current_schema() AND indexname NOT IN (SELECT conname FROM pg_constraint)"""
FIRST = ["Ada", "Charles", "Grace", "Noor", "Maya", "Zoë", "Ilse", "Tomás", "Wei", "Sofia", "Emre", "Lucía", "Jan", "Aiko", "Femi"]
LAST = ["Okafor", "Haddad", "Lovelace", "Babbage", "Hopper", "Müller", "García", "Yılmaz", "Tanaka", "Nwosu", "de Vries", "Novák"]
Row = dict[str, Any]
KEYS: dict[str, Callable[[Row], Any]] = {
    "member": itemgetter("id"),
    "member_word": itemgetter("word", "member_id"),
    "pass": itemgetter("id"),
    "card": itemgetter("pass_id"),
}
"""In the order of the keys: rows of one page are written together."""
Write = Callable[[str, list[Row]], None]
dice = random.Random(20261126)


@contextlib.contextmanager
def writing(url: str) -> Iterator[tuple[Write, Callable[[str, str], Row]]]:
    """(rows of a table in bulk, the first row of a table that fits a condition). The tables' indexes beside their keys are put away
    meanwhile and are made anew, as they were: random ids would go to another page of each of them for every row."""
    path = sqlite_path(url)
    driver: Any = sqlite3.connect(path, timeout=60) if path else psycopg.connect(url)
    with contextlib.closing(driver):
        for one in TO_FILL_SQLITE if path else TO_FILL_POSTGRES:
            driver.execute(one)

        def write(table: str, rows: list[Row]) -> None:
            names = ", ".join(f'"{name}"' for name in rows[0])
            cursor = driver.cursor()
            if path:
                cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(rows[0]))})', map(tuple_of, rows))
            else:
                with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                    for row in rows:
                        copy.write_row(tuple_of(row))
            driver.commit()

        def first(table: str, where: str) -> Row:
            cursor = driver.execute(f'SELECT * FROM "{table}" WHERE {where} LIMIT 1')
            return dict(zip([one[0] for one in cursor.description], cursor.fetchone(), strict=True))

        made = [tuple(row) for row in driver.execute(INDEXES_SQLITE if path else INDEXES_POSTGRES) if row[1] in KEYS]
        for name, _, _ in made:
            driver.execute(f'DROP INDEX "{name}"')
        driver.commit()
        yield write, first
        for nth, (_, _, statement) in enumerate(made, 1):
            driver.execute(statement)
            tell(nth, len(made), "indexes")
        driver.commit()
        if path:
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            driver.autocommit = True
            driver.execute("VACUUM ANALYZE")


def tuple_of(row: Row) -> tuple[Any, ...]:
    return tuple(row.values())


def tell(done: int, count: int, what: str) -> None:
    """How far it is, on one line."""
    width = 40
    filled = done * width // count
    end = "\n" if done == count else ""
    print(f"\r[{'#' * filled}{'.' * (width - filled)}] {done:,} of {count:,} {what}", end=end, file=sys.stderr, flush=True)


def fill(url: str, count: int, code: str) -> tuple[list[str], list[str]]:
    """Ids of passes by their time, and of members by their order. `code`: of the demo's card that all are copies of."""
    passes, members = [], []
    with writing(url) as (write, first):
        card, pass_ = first("card", f"pass_id = '{code}'"), first("pass", f"id = '{code}'")
        member = first("member", f"id = '{card['member_id']}'")
        start = pass_["issued_at_ms"] - count * 1_000
        for begun in range(0, count, CHUNK):
            new: dict[str, list[Row]] = {"member": [], "member_word": [], "pass": [], "card": []}
            for nth in range(begun, min(count, begun + CHUNK)):
                one, serial = str(UUID(bytes=dice.randbytes(16), version=4)), pass_id(DEMO, os.urandom(16))
                name, at = f"{dice.choice(FIRST)} {dice.choice(LAST)}", start + nth * 1_000
                known = Member(one, DEMO, member["brand_id"], f"member{nth}@example.com", name, at, at, f"EXT-{nth}")
                own = {"id": one, "email": known.email, "name": name, "external_id": known.external_id, "created_at_ms": at}
                new["member"].append(member | own)
                word = {"workspace": DEMO.workspace, "environment": DEMO.environment.value}
                brand = {"member_id": one, "brand_id": member["brand_id"]}
                new["member_word"] += [word | {"word": each} | brand for each in words_of(known)]
                new["pass"].append(pass_ | {"id": serial, "issued_at_ms": at, "updated_at_ms": at, "voided": int(nth % 50 == 0)})
                new["card"].append(card | {"pass_id": serial, "code": serial, "member_id": one, "created_at_ms": at})
                passes.append(serial)
                members.append(one)
            for table, rows in new.items():
                write(table, sorted(rows, key=KEYS[table]))
            tell(len(passes), count, "passes")
    return passes, sorted(members)


def pages(passes: list[str], members: list[str]) -> dict[str, Iterator[str]]:
    """What is measured → addresses, another one each time where there are others."""
    middle = itertools.cycle(passes[len(passes) // 3 : len(passes) // 3 * 2 : max(1, len(passes) // 999)])
    some = itertools.cycle(members[:: max(1, len(members) // 997)])
    numbers = itertools.cycle(dice.randrange(len(passes)) for _ in range(500))
    same = itertools.repeat
    return {
        "passes, first page": same("/passes"),
        "passes, from the middle": (f"/passes?after={one}" for one in middle),
        "void passes, from the middle": (f"/passes?state=void&after={one}" for one in middle),
        "passes, by a code": (f"/passes?q={one}" for one in middle),
        "passes, by an address": (f"/passes?q=member{one}@example.com" for one in numbers),
        "passes, by a name of many": same("/passes?q=okaf"),
        "members, first page": same("/members"),
        "members, from the middle": (f"/members?after={one}" for one in some),
        "members, by an address": (f"/members?q=member{one}@example.com" for one in numbers),
        "members, by a name of many": same("/members?q=lovel"),
        "members, of many from the middle": (f"/members?q=haddad&after={one}" for one in some),
        "members, by nobody's name": same("/members?q=zzzz"),
        "a pass": (f"/passes/{one}" for one in middle),
        "a member": (f"/members/{one}" for one in some),
        "overview": same(""),
    }


def measure(one: Server, cookie: str, addresses: Iterator[str], times: int) -> list[float]:
    spent = []
    for address in itertools.islice(addresses, times):
        request = urllib.request.Request(f"{one.url}/studio/test{address}", headers={"Cookie": cookie})
        began = time.perf_counter()
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
        spent.append((time.perf_counter() - began) * 1000)
    return sorted(spent)


def door(one: Server) -> str:
    """The cookie of a visit to the demo."""
    with urllib.request.urlopen(f"{one.url}/studio/test", timeout=60) as answer:
        return str(answer.headers["set-cookie"]).partition(";")[0]


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--times", type=int, default=100, help="how often each page is asked for")


def main() -> None:
    args = arguments(__doc__, options)
    count = args.count or 1_000_000
    with database(args.engine) as url, server(url, signers="0") as one:
        began = time.perf_counter()
        code = str(one.demo["punchcard_pass_code"])
        passes, members = fill(url, count, code)
        filled = time.perf_counter() - began
        cookie = door(one)
        rows: dict[str, float | int | str | bool] = {"engine": args.engine, "rows": count, "fill s": filled}
        worst = 0.0
        for name, addresses in pages(passes, members).items():
            spent = measure(one, cookie, addresses, args.times)
            p50, p99 = statistics.median(spent), spent[int(len(spent) * 0.99)]
            rows[f"{name}: p50 ms"], rows[f"{name}: p99 ms"] = p50, p99
            worst = max(worst, p99)
        report(args, "tables", rows | {"bar p99 ms": BAR_P99_MS, "met": worst <= BAR_P99_MS})


if __name__ == "__main__":
    main()

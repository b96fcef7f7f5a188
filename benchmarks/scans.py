"""Scans over HTTP: charges with unique ids from 16 clients on 1,000 cards, each answered after its commit.

Beside it, in the same run on the same engine, the same transaction run bare: its SQL statements with the same durability, by a
program without HTTP (_bare_scans.py). Such a program is read in two ways, and both are told:

- plain: a COMMIT for each transaction, as whoever writes such a program has it. On SQLite one connection after the other, since
  one writes at a time; on PostgreSQL sixteen threads, a connection each. The bar is held against this.
- at its best: on SQLite sixteen transactions a COMMIT, as the server itself does it; on PostgreSQL the fastest of several shapes
  of processes and threads.

Bars: >= 0.5 of the plain one; p99 <= 25 ms at half the load; one card from all 16 clients at once: p99 <= 60 ms and no client
starved; the cost of a scan with 1,000,000 postings in the books <= 1.2 times that with 10,000. The books are verified afterwards.

    python3 run.py bench scans [--engine sqlite|postgres] [--route scans|operations] [--seconds 6] [--count POSTINGS] [--json]

May not enter: how a history is made (_ledger_fill.py)."""

import argparse
import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import _bare_scans
import _light_client
from _ledger_fill import count_rows, databases, folder_settings, prepare
from billfold.settings import Settings
from billfold.storage import ledger_checker
from common import ROOT, Load, Server, arguments, progress, report, wrk

CLIENTS, CARDS = 16, 1_000
FEW, MANY = 10_000, 1_000_000
BAR_SHARE, BAR_HALF_MS, BAR_HOT_MS, BAR_GROWTH, BAR_FAIR = 0.5, 25.0, 60.0, 1.2, 1.5
LOAD_BEFORE = os.getloadavg()[0]
"""What else the machine did: figures of a busy one say little."""
STRETCHES = 3
"""How often either book is measured, in turn, so that a machine that drifts drifts for both."""

ROUTES = {
    "scans": ("/v1/scans", '{"id":"%s","action":"charge","pass_id":"%s","amounts":{"EUR":1}}'),
    "operations": ("/v1/operations", '{"id":"%s","kind":"charge","pass_id":"%s","amounts":{"EUR":-1}}'),
}
"""What a till sends, and what a program that keeps books of its own does: a path, and a body with room for an id and a card."""


@dataclass(frozen=True)
class Book:
    """A running server and the cards that it knows."""

    one: Server
    settings: Settings
    cards: list[str]
    path: str
    body: str

    def __post_init__(self) -> None:
        assert self.body.count("%s") == 2

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.one.key}", "Content-Type": "application/json"}

    def request(self, cards: Sequence[str]) -> Callable[[int], bytes]:
        """A new id each time, the cards in turn."""
        run = os.urandom(6).hex()
        lines = [f"POST {self.path} HTTP/1.1\r\nHost: {urlsplit(self.one.url).netloc}\r\n"]
        lines += [f"{name}: {value}\r\n" for name, value in self.headers.items()]
        head = "".join(lines)

        def made(nth: int) -> bytes:
            body = self.body % (f"scan-{run}-{nth:010}", cards[nth % len(cards)])
            return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()

        return made

    def closed_loop(self, seconds: float) -> Load:
        """As fast as 16 clients go who wait for each answer. A client in C, which takes little of the two cores."""
        headers = "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in self.headers.items())
        listed = ",".join(f'"{card}"' for card in self.cards)
        body = self.body.replace("%s", "scan-" + os.urandom(6).hex() + "-%010d", 1)
        script = (
            f"local cards = {{{listed}}}\nlocal nth = 0\nwrk.method = 'POST'\n{headers}\n"
            f"function request()\n  nth = nth + 1\n"
            f"  return wrk.format(nil, nil, nil, string.format([=[{body}]=], nth, cards[nth % #cards + 1]))\nend\n"
        )
        return wrk(self.one.url + self.path, seconds, CLIENTS, script)

    @property
    def address(self) -> tuple[str, int]:
        found = urlsplit(self.one.url)
        assert found.hostname
        assert found.port
        return found.hostname, found.port

    def half_load(self, rate: float, seconds: float) -> Load:
        return _light_client.run(self.address, self.request(self.cards), CLIENTS, seconds, rate).load


@contextlib.contextmanager
def serving(folder: Path, url: str, postings: int, route: str) -> Iterator[Book]:
    settings = folder_settings(folder, url)
    cards = prepare(settings, CARDS, postings)
    environment = os.environ | {
        "BILLFOLD_LOG_LEVEL": "warning",
        "BILLFOLD_RATE_LIMIT_PER_SECOND": "0",
        "BILLFOLD_DATABASE_URL": url,
    }
    command = [sys.executable, "-m", "billfold", "serve", "--port", "0", "--data", str(folder), "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT)
    try:
        ready = json.loads(process.stdout.readline())
        yield Book(Server(ready["url"], ready["test_key"], process, folder, ready["demo"]), settings, cards, *ROUTES[route])
    finally:
        process.terminate()
        process.wait(30)


@dataclass(frozen=True)
class Hot:
    """All clients on one card. `fair`: scans of the busiest client by those of the one in the middle; `least`: of the laziest."""

    p99_ms: float
    fair: float
    least: float
    errors: int


def one_hot_card(book: Book, seconds: float) -> Hot:
    told = _light_client.run(book.address, book.request(book.cards[:1]), CLIENTS, seconds)
    middle = statistics.median(told.counts)
    return Hot(told.load.p99_ms, max(told.counts) / middle, min(told.counts) / middle, told.load.errors)


def growth(few: Book, many: Book, seconds: float) -> dict[str, float]:
    """Time and CPU of a scan in the larger book by those in the smaller one: the medians of stretches that take turns."""
    spent: dict[int, list[tuple[float, float]]] = {0: [], 1: []}
    for _ in range(STRETCHES):
        for which, book in enumerate((few, many)):
            cpu = book.one.cpu_seconds()
            load = book.closed_loop(seconds)
            spent[which].append((1 / load.rate, (book.one.cpu_seconds() - cpu) / load.rate / seconds))
    times, cpus = ([statistics.median(one[part] for one in spent[which]) for which in (0, 1)] for part in (0, 1))
    return {
        "cost of a scan, many postings by few": times[1] / times[0],
        "server CPU microseconds a scan, few": cpus[0] * 1e6,
        "server CPU microseconds a scan, many": cpus[1] * 1e6,
    }


def measure(engine: str, route: str, seconds: float, postings: int) -> dict[str, float | int | str | bool]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="billfold-bench-")))
        make = stack.enter_context(databases(engine))
        settings = folder_settings(folder / "bare", make("bare"))
        bare = _bare_scans.Bare(settings.database_url, prepare(settings, CARDS, FEW), settings, route)
        few = stack.enter_context(serving(folder / "few", make("few"), FEW, route))
        many = stack.enter_context(serving(folder / "many", make("many"), postings, route))
        bare.plain(1)
        for book in (few, many):
            book.closed_loop(1)  # warm
        for one in (settings, few.settings, many.settings):
            count_rows(one.database_url)
        progress("bare, and the server between", last=True)
        before = bare.plain(seconds / 2)
        server, client = few.one.cpu_seconds(), _children_seconds()
        load = few.closed_loop(max(1, round(seconds)))  # wrk counts whole ones
        scans = load.rate * max(1, round(seconds))
        cpu = {"server": few.one.cpu_seconds() - server, "client": _children_seconds() - client}
        after = bare.plain(seconds / 2)
        plain = (before.rate + after.rate) / 2
        best = bare.best(seconds / 2)
        progress("half load, one hot card, growth", last=True)
        half = few.half_load(load.rate / 2, seconds)
        hot = one_hot_card(few, seconds)
        grown = growth(few, many, max(1, round(seconds / 2)))
        progress("verifying the books", last=True)
        right = all(ledger_checker.verify(book.settings.database_url).good for book in (few, many))
        errors = load.errors + half.errors + hot.errors
    return {
        "engine": engine,
        "route": few.path,
        "load of the machine before": LOAD_BEFORE,
        "scans a second": load.rate,
        "bare, plain, a second": plain,
        "share of the plain one": load.rate / plain,
        "bar share": BAR_SHARE,
        "bare at its best, a second": best.rate,
        "share of the best one": load.rate / best.rate,
        "statements a transaction": bare.noted.statements,
        "plain CPU microseconds a transaction": min(before.cpu_us, after.cpu_us),
        "best CPU microseconds a transaction": best.cpu_us,
        **{f"{name} CPU microseconds a scan": spent / scans * 1e6 for name, spent in cpu.items()},
        "p99 ms": load.p99_ms,
        "p99 ms at half load": half.p99_ms,
        "bar ms at half load": BAR_HALF_MS,
        "p99 ms on one hot card": hot.p99_ms,
        "bar ms hot": BAR_HOT_MS,
        "busiest client by the middle one": hot.fair,
        "laziest client by the middle one": hot.least,
        "bar fair": BAR_FAIR,
        "postings in the larger book": postings,
        **grown,
        "bar cost": BAR_GROWTH,
        "errors": errors,
        "books right": right,
        "met": load.rate / plain >= BAR_SHARE
        and half.p99_ms <= BAR_HALF_MS
        and hot.p99_ms <= BAR_HOT_MS
        and hot.fair <= BAR_FAIR
        and grown["cost of a scan, many postings by few"] <= BAR_GROWTH
        and not errors
        and right,
    }


def _children_seconds() -> float:
    """CPU of the clients that have ended: wrk."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    def more(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--engine", choices=("sqlite", "postgres"), help="one of them alone")
        parser.add_argument("--route", choices=tuple(ROUTES), default="scans")

    args = arguments(__doc__, more)
    for engine in (args.engine,) if args.engine else ("sqlite", "postgres"):
        name = "postgresql" if engine == "postgres" else engine
        report(args, f"scans on {engine}", measure(name, args.route, args.seconds, args.count or MANY))


if __name__ == "__main__":
    main()

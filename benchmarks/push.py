"""An update of 100,000 passes, each on one phone: from one request that publishes their template until every push is answered and
every row acknowledged, by a whole server, with its delivery state kept. The push server is nghttpd.

Beside it, in the same run: a bare pycurl loop that keeps nothing. Bars: >= 10,000 pushes/s and >= 0.3 of the bare loop; the
server's memory <= 200 MB afterwards, and a second round adds <= 5 MB. `--database-url` runs it on PostgreSQL (an empty
database)."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from billfold import bootstrap
from billfold.cli.preflight import prepare_folder
from billfold.domain import keys
from billfold.domain.content import Barcode, BarcodeFormat, Content, Field
from billfold.domain.drafts import Draft
from billfold.domain.ids import Environment, Scope, pass_id
from billfold.domain.keys import Actor
from billfold.domain.passes import Pass
from billfold.flows import keys as key_flows
from billfold.flows import templates
from billfold.ports import Registration, Tx
from billfold.sandbox.site import Sandbox
from billfold.settings import Settings
from billfold.wallets.apple.certificates import load_apple_credential
from common import ROOT, Server, arguments, report, tool
from outgoing_push import bare

BAR, BAR_SHARE, BAR_MB, BAR_GROWTH_MB = 10_000.0, 0.3, 200.0, 5.0
LIVE = Scope(bootstrap.DEMO_WORKSPACE, Environment.LIVE)
PASS_TYPE = "pass.com.example.bench"
CHUNK = 1000


@contextlib.contextmanager
def push_server(folder: Path, sandbox: Sandbox) -> Iterator[str]:
    """nghttpd with a certificate of the sandbox's authority. It answers 200 where its folder has a file, so each token has one."""
    issued = sandbox.authority.issue_server_certificate(("127.0.0.1",))
    (folder / "chain.pem").write_bytes(issued.chain_pem)
    (folder / "key.pem").write_bytes(issued.key_pem)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [tool("nghttpd"), "-a", "127.0.0.1", "-m", "1000", "-d", str(folder / "root"), str(port)]
    process = subprocess.Popen(
        [*command, folder / "key.pem", folder / "chain.pem"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.02)
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def content(points: str) -> Content:
    field = Field("points", points, "POINTS", "You hit %@ points")
    return Content("Bayroast Coffee", "Coffee card", header=(field,), barcode=Barcode(BarcodeFormat.QR, "{{ member }}"))


async def prepare(settings: Settings, sandbox: Sandbox, tokens: list[str]) -> tuple[str, str]:
    """Credentials, a template, a pass of it for each push token. (live key, template id)."""
    async with bootstrap.operate(settings) as parts:
        issued = sandbox.authority.issue_pass_certificate(PASS_TYPE, "BILLFOLD01")
        now = datetime.now(UTC)
        credential = load_apple_credential(issued.certificate_pem, issued.key_pem, None, (issued.intermediate_pem,), now)
        await parts.keyring.add_apple(LIVE, credential)  # an operator could not bring it for live: it is not Apple's
        key = await key_flows.mint(parts.services, LIVE, "bench", frozenset(keys.SCOPES))
        actor = Actor(LIVE, key.key.id, key.key.scopes)
        template = (await templates.create(parts.services, actor, "bench", Draft(content("0")))).template
        made = Pass(
            pass_id(LIVE, bytes(16)), LIVE, None, "-", template.number, template.number, 0, 0, PASS_TYPE, "3388", template.id
        )

        def chunk(tx: Tx, some: list[str]) -> None:
            for token in some:
                one = replace(made, id=pass_id(LIVE, os.urandom(16)), values={"member": os.urandom(4).hex()})
                tx.passes.add(one, key.key.id)
                registration = Registration(LIVE, PASS_TYPE, os.urandom(16).hex(), one.id, 0, 0)
                tx.registrations.add(registration, token, 1, want=False)

        for start in range(0, len(tokens), CHUNK):
            await parts.store.write(partial(chunk, some=tokens[start : start + CHUNK]))
        return key.text, template.id


def waiting(settings: Settings) -> int:
    """Rows that still want something, plus the job under way: asked of the database itself."""
    sql = (
        "SELECT (SELECT count(*) FROM (SELECT 1 FROM delivery WHERE delivered < wanted AND parked = 0 LIMIT 1) AS first_row)"
        f" + (SELECT count(*) FROM job WHERE state IN ('waiting', 'running') AND kind = '{templates.PUBLISH_JOB}')"
    )
    return int(query(settings, sql))


def query(settings: Settings, sql: str) -> int | str:
    if settings.database_url.startswith("sqlite"):
        import sqlite3

        with contextlib.closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))) as database:
            return database.execute(sql).fetchone()[0]
    import psycopg

    with psycopg.connect(settings.database_url) as database:
        return database.execute(sql).fetchone()[0]


def publish(one: Server, template: str, points: str) -> float:
    """Changes the template by one request. When it was sent."""
    body = {
        "name": "bench",
        "content": {
            "description": "Coffee card",
            "header": [{"key": "points", "label": "POINTS", "value": points, "change_message": "You hit %@ points"}],
            "barcode": {"format": "QR", "message": "{{ member }}"},
        },
    }
    began = time.perf_counter()
    status, _ = one.call("PUT", f"/v1/templates/{template}", body)
    assert status == 200
    return began


def round_of(one: Server, settings: Settings, template: str, points: str, count: int) -> float:
    began = publish(one, template, points)
    while waiting(settings):
        time.sleep(0.05)
    spent = time.perf_counter() - began
    ours = f"workspace = '{LIVE.workspace}' AND environment = '{LIVE.environment}'"  # the demo has devices too
    delivered = query(settings, f"SELECT count(*) FROM delivery WHERE delivered = wanted AND wanted > 0 AND parked = 0 AND {ours}")
    assert delivered == count, f"{delivered} of {count} delivered"
    return count / spent


def main() -> None:
    args = arguments(__doc__)
    count = args.count or 100_000
    with tempfile.TemporaryDirectory(prefix="billfold-bench-") as folder:
        data = Path(folder) / "data"
        settings = Settings(data=data, database_url=args.database_url)
        prepare_folder(data)
        sandbox = Sandbox(data / "sandbox", "http://127.0.0.1")
        tokens = [os.urandom(32).hex() for _ in range(count)]
        devices = Path(folder) / "root" / "3" / "device"
        devices.mkdir(parents=True)
        (devices / "accepted").write_bytes(b"{}")
        for token in tokens:
            os.symlink("accepted", devices / token)
        key, template = asyncio.run(prepare(settings, sandbox, tokens))
        root = Path(folder) / "root.pem"
        root.write_bytes(sandbox.root_pem)
        with push_server(Path(folder), sandbox) as push_url:
            paths = [f"/3/device/{token}" for token in tokens]
            used = time.process_time()
            before = bare(push_url, sandbox.root_pem, paths, status=200)
            used = time.process_time() - used
            environment = os.environ | {
                "BILLFOLD_PUSH_URL": push_url,
                "BILLFOLD_PUSH_CA_FILE": str(root),
                "BILLFOLD_DATABASE_URL": settings.database_url,
                "BILLFOLD_LOG_LEVEL": "warning",
            }
            command = [sys.executable, "-m", "billfold", "serve", "--port", "0", "--data", str(data), "--json"]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT)
            try:
                ready = json.loads(process.stdout.readline())
                one = Server(ready["url"], key, process, data, ready["demo"])
                urllib.request.urlopen(f"{one.url}/readyz").read()
                first = round_of(one, settings, template, "1", count)
                memory, spent = one.resident_mb(), one.cpu_seconds()
                second = round_of(one, settings, template, "2", count)
                growth, spent = one.resident_mb() - memory, one.cpu_seconds() - spent
            finally:
                process.terminate()
                process.wait(30)
            limit = (before + bare(push_url, sandbox.root_pem, paths, status=200)) / 2
    rate = min(first, second)
    rows = {
        "passes": count,
        "pushes a second, first round": first,
        "pushes a second, second round": second,
        "bar": BAR,
        "bare pycurl loop, pushes a second": limit,
        "share of the bare loop": rate / limit,
        "bar share": BAR_SHARE,
        "server CPU microseconds a push": spent / count * 1e6,
        "CPU of the bare loop as a share of it": used / spent,
        "server memory MB": memory,
        "bar MB": BAR_MB,
        "growth in the second round MB": growth,
        "bar growth MB": BAR_GROWTH_MB,
        "met": rate >= BAR and rate / limit >= BAR_SHARE and memory <= BAR_MB and growth <= BAR_GROWTH_MB,
    }
    report(args, "push", rows)


if __name__ == "__main__":
    main()

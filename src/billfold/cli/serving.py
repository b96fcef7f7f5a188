"""Runs what bootstrap put together: the server with its stand-ins and workers, or a worker alone. Stops in order.

May not enter: adapters (bootstrap.py), routes (api/), settings' meaning."""

import asyncio
import contextlib
import gc
import json
import shlex
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module

import structlog
import uvicorn
import uvloop

from billfold import bootstrap
from billfold.api.app import create_app
from billfold.bootstrap import Parts
from billfold.cli.pages import page_routes
from billfold.cli.preflight import DeploymentDiffers
from billfold.cli.wire import BoundedProtocol
from billfold.flows import deployment, people
from billfold.sandbox.site import Sandbox
from billfold.settings import Settings

SHUTDOWN_SECONDS = 20
_log = structlog.get_logger("billfold")


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: the whole process stops in one order, given in `_serve`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(settings: Settings, json_line: bool) -> None:
    """Until SIGTERM or Ctrl-C."""
    listener = _listen(settings)
    settings = _with_port(settings, listener.getsockname()[1])
    with contextlib.suppress(KeyboardInterrupt):
        _run(_serve(settings, listener, json_line))


def work(settings: Settings) -> None:
    with contextlib.suppress(KeyboardInterrupt):
        _run(_work(settings))


def _run(main: Coroutine[None, None, None]) -> None:
    uvloop.run(main)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((settings.host, settings.port))
    listener.listen(2048)
    listener.setblocking(False)
    return listener


def _with_port(settings: Settings, port: int) -> Settings:
    """The settings with the port that the system chose, also in the public address, unless somebody set that."""
    derived = replace(settings, public_url="").public_url == settings.public_url
    return replace(settings, port=port, public_url="" if derived else settings.public_url)


def _settle_memory() -> None:
    """What the start left will be there to the end, so the collector need not look through it again and again: half a million
    objects, for whose sake a push of many would spend a seventh of its time."""
    gc.collect()
    gc.freeze()


def _stopped() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stop.set)
    return stop


async def _serve(settings: Settings, listener: socket.socket, json_line: bool) -> None:
    stop = _stopped()
    async with running(settings, listener, warm=True) as site:
        till = await import_module("billfold.cli.demo").furnish(site.parts)
        _settle_memory()
        await _announce(site.parts, json_line, till)
        # For people; programs find what the line names, and what they left.
        demo = asyncio.create_task(import_module("billfold.cli.starters").furnish_demo(site.parts)) if not json_line else None
        await site.until(stop)
        if demo:
            demo.cancel()
        _log.info("stopping")


@dataclass(frozen=True, slots=True)
class Site:
    """A server at work: its parts and the tasks that must not end by themselves."""

    parts: Parts
    tasks: tuple[asyncio.Task[None], ...]

    async def until(self, stop: asyncio.Event) -> None:
        """Returns when told to stop. A task that ends before is a bug: its error ends the process, for a supervisor to see."""
        stopping = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait([stopping, *self.tasks], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        for task in done - {stopping}:
            task.result()


@contextlib.asynccontextmanager
async def running(settings: Settings, listener: socket.socket, *, warm: bool = False) -> AsyncIterator[Site]:
    """The server, ready to be asked, until the block ends: then it stops taking requests, finishes those under way, and closes.

    `warm`: starts what the first request would else wait for (the processes that sign), beside what there is to do here."""
    sandbox = Sandbox(settings.data / "sandbox", settings.public_url) if settings.sandbox else None
    if sandbox:
        await sandbox.start(settings.sandbox_push_port, settings.sandbox_smtp_port)
    parts = await bootstrap.open_parts(settings, serving=True, sandbox=sandbox)
    if deployment.KEY in await deployment.differences(parts.store, parts.facts):
        await parts.close()
        raise DeploymentDiffers(str(deployment.KEY))
    if warm:
        parts.warm()
    await deployment.remember(parts.store, parts.facts)
    await bootstrap.furnish(parts)
    config = uvicorn.Config(
        create_app(
            parts.services,
            parts.callbacks,
            body_bytes_max=settings.body_max_bytes,
            stand_ins=sandbox.routes() if sandbox else (),
            pages=partial(page_routes, parts),
        ),
        loop="none",
        http=BoundedProtocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        backlog=2048,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    working = _working(parts) if settings.workers_inside else ()
    try:
        while not server.started and not serving.done():  # noqa: ASYNC110  (uvicorn tells by a flag)
            await asyncio.sleep(0.005)
        yield Site(parts, (serving, *working))
    finally:
        server.should_exit = True
        _stop_working(parts)
        while sandbox and not serving.done():  # a phone may call again before the listener is closed
            sandbox.end_streams()
            await asyncio.wait([serving], timeout=0.1)
        await asyncio.wait([serving, *working])
        if sandbox:
            await sandbox.stop()
        await parts.close()


def _working(parts: Parts) -> tuple[asyncio.Task[None], ...]:
    return asyncio.create_task(parts.runner.run()), asyncio.create_task(parts.mail.worker.run())


def _stop_working(parts: Parts) -> None:
    parts.runner.stop()
    parts.mail.worker.stop()


async def _announce(parts: Parts, json_line: bool, till: dict[str, object]) -> None:
    url, key = parts.settings.public_url, await bootstrap.demo_key(parts)
    owner_url = await _owner_url(parts)
    if json_line:
        line = {"url": url, "test_key": key, "docs_url": f"{url}/docs", "studio_url": f"{url}/studio", "owner_url": owner_url}
        print(json.dumps(line | {"demo": till}), flush=True)
        return
    body = {
        "barcodeValue": "LOYALTY-98765",
        "barcodeFormat": "QR",
        "logoText": "Bayroast Coffee",
        "headerFields": [{"label": "POINTS", "value": "1,250"}],
        "primaryFields": [{"label": "CARD", "value": "Coffee Rewards"}],
    }
    curl = (
        f"curl -X POST {url}/api/passes \\\n"
        f'  -H "Authorization: Bearer {key}" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f"  -d {shlex.quote(json.dumps(body))}"
    )
    lines = [
        f"Billfold is ready at {url}",
        f"  test key   {key or '(revoked; make one with `billfold keys create NAME`)'}",
        f"  docs       {url}/docs",
        f"  studio     {url}/studio",
        *([f"  owner      {owner_url}   (once: who opens it owns the workspace)"] if owner_url else []),
        "",
        "Make a pass:",
        "",
        curl,
        "",
        "Then install it on a phone in the terminal, with the shareUrl of the answer:",
        "",
        "  python3 run.py phone iphone SHARE_URL",
        "",
        "Ctrl-C stops.",
    ]
    print("\n".join(lines), flush=True, file=sys.stdout)


async def _owner_url(parts: Parts) -> str | None:
    """The link that makes the workspace's owner; None when it has one."""
    token = await people.first_owner(parts.services, bootstrap.DEMO_WORKSPACE)
    return f"{parts.settings.public_url}/studio/join/{token}" if token else None


async def _work(settings: Settings) -> None:
    stop = _stopped()
    parts = await bootstrap.open_parts(settings)
    if differing := await deployment.differences(parts.store, parts.facts):
        await parts.close()
        raise DeploymentDiffers(str(differing[0]))
    started = time.monotonic()
    working = _working(parts)
    _settle_memory()
    print("Working. Ctrl-C stops.", flush=True)
    try:
        await Site(parts, working).until(stop)
    finally:
        _stop_working(parts)
        await asyncio.wait(working)
        await parts.close()
    _log.info("worker_stopped", seconds=round(time.monotonic() - started))

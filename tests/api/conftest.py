"""The whole application on real parts: a real database, real wallets with throwaway certificates, two workspaces. Only the push
server is not started, since no request of the API may wait for it."""

import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp

from api.client import Client
from billfold import bootstrap
from billfold.api.app import create_app, create_native
from billfold.domain import keys
from billfold.domain.ids import Environment, Scope
from billfold.flows import keys as key_flows
from billfold.flows import workspaces
from billfold.ports import Services, Workspace
from billfold.sandbox.site import Sandbox
from billfold.settings import Settings
from plugins.keys import few_keys
from servers import serving

MINE = Scope("mine00", Environment.TEST)
MINE_LIVE = Scope("mine00", Environment.LIVE)
OTHER = Scope("other0", Environment.TEST)
CARD: dict[str, object] = {
    "description": "Loyalty card",
    "header": [{"key": "points", "label": "POINTS", "value": "1,250", "change_message": "You hit %@ points!"}],
    "primary": [{"label": "CARD", "value": "Coffee Rewards"}],
    "barcode": {"format": "QR", "message": "LOYALTY-98765"},
}
FACADE_CARD: dict[str, object] = {"barcodeValue": "LOYALTY-98765", "barcodeFormat": "QR", "logoText": "Bayroast Coffee"}

UNLIMITED = {"failed_sign_ins_per_minute": 0.0, "refused_fetches_per_hour": 0.0}
"""Tests of other things fail to sign in more often than people do."""


@dataclass
class World:
    """`client` holds every scope in MINE; `other` in another workspace."""

    app: ASGIApp
    services: Services
    client: Client
    other: Client

    async def key(self, *scopes: str, scope: Scope = MINE, expires_at_ms: int | None = None) -> Client:
        """A client whose key holds just these scopes."""
        made = await key_flows.mint(self.services, scope, "test", frozenset(scopes or keys.SCOPES), expires_at_ms)
        return Client(self.app, made.text)


class Standing:
    """The services of whichever world is open: `/v1` is put together once and serves one world after the other."""

    def __init__(self) -> None:
        self.now: Services | None = None
        self.native: FastAPI | None = None

    def __getattr__(self, name: str) -> object:
        return getattr(self.now, name)


_free: dict[int, list[Standing]] = {}
"""By the longest body that they take; those that no world uses now."""


@contextlib.contextmanager
def native_of(services: Services, body_bytes_max: int) -> Iterator[FastAPI]:
    free = _free.setdefault(body_bytes_max, [])
    standing = free.pop() if free else Standing()
    standing.now = services
    if standing.native is None:
        standing.native = create_native(cast(Services, standing), body_bytes_max)
    try:
        yield standing.native
    finally:
        free.append(standing)


@contextlib.asynccontextmanager
async def open_world(settings: Settings, quota_month: int | None = None, **changed: object) -> AsyncIterator[World]:
    """`changed`: services to put in place of the real ones: clock, limits."""
    with few_keys():
        sandbox = Sandbox(settings.data / "sandbox", settings.public_url)
        await sandbox.start(0)
    parts = await bootstrap.open_parts(settings, serving=True, sandbox=sandbox)
    try:
        for workspace in (MINE.workspace, OTHER.workspace):
            made = Workspace(workspace, workspace, "Bayroast Coffee", 0, quota_month)
            await workspaces.ensure(parts.services, made)
        with few_keys():
            await bootstrap.furnish(parts)
        services = replace(parts.services, **changed)
        with native_of(services, settings.body_max_bytes) as native:
            app = create_app(services, parts.callbacks, body_bytes_max=settings.body_max_bytes, native=native)
            nobody = Client(app)
            world = World(app, services, nobody, nobody)
            world.client = await world.key()
            world.other = await world.key(scope=OTHER)
            yield world
    finally:
        await sandbox.stop()
        await parts.close()


def settings_for(tmp_path: Path, url: str) -> Settings:
    return Settings(data=tmp_path, database_url=url, rate_limit_per_second=1e6, rate_limit_burst=10**6, **UNLIMITED)


@pytest.fixture
async def world(migrated_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(settings_for(tmp_path, migrated_url)) as opened:
        yield opened


@dataclass(frozen=True)
class Product:
    """The server as it ships, in a process of its own. `key`: the demo's test key."""

    url: str
    key: str
    log: Path


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    environment = os.environ | {"BILLFOLD_RATE_LIMIT_PER_SECOND": "100000", "BILLFOLD_RATE_LIMIT_BURST": "100000"}
    environment |= {f"BILLFOLD_{name.upper()}": str(value) for name, value in UNLIMITED.items()}
    with serving(tmp_path, environment) as ready:
        yield Product(ready["url"], ready["test_key"], tmp_path / "server.log")


on_sqlite = pytest.mark.parametrize("engine", ["sqlite"])
"""For tests of the edge alone, which no engine can change."""

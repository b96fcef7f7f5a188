"""A shop with members and cards, and the console over it, asked as a browser asks: with the stand-ins, since passes are issued."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.conftest import MINE, OTHER, World, open_world, settings_for
from api.test_till import Shop
from billfold.domain.keys import ROLES, Actor
from clocks import FakeClock
from studio.conftest import Console, console_app


@dataclass
class Counter:
    """`shop`: with Ada, who is a member. `console`: people sign in there."""

    world: World
    console: Console
    shop: Shop

    def actor(self, role: str = "owner", elsewhere: bool = False) -> Actor:
        return Actor(OTHER if elsewhere else MINE, "", ROLES[role], person_id=f"p-{role}")

    async def member(self, name: str, email: str) -> str:
        made = await self.world.client.post("/v1/members", {"brand_id": self.shop.brand, "email": email, "name": name})
        assert made.status == 201, made.body
        return str(made.json["id"])


@pytest.fixture
async def counter(migrated_url: str, tmp_path: Path) -> AsyncIterator[Counter]:
    clock = FakeClock()
    settings = settings_for(tmp_path, migrated_url)
    async with open_world(settings, clock=clock) as world:
        console = Console(world.services, clock, console_app(world.services, settings))
        yield Counter(world, console, await Shop(world.client).open())

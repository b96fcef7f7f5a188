"""Passes that Google and a phone have, as tests begin. May not enter: tests."""

from typing import Any

from msgspec.structs import replace

from billfold.domain.content import Content
from billfold.domain.delivery import Delivered
from billfold.domain.passes import Pass
from wallets.google.material import COFFEE
from wallets.offers import given_out


def with_points(points: str, **changes: Any) -> Content:
    return replace(COFFEE, header=(replace(COFFEE.header[0], value=points),), **changes)


async def held(world: Any, content: Content = COFFEE) -> Pass:
    """A pass that is at Google and in somebody's wallet."""
    made: Pass = await world.issue(content)
    assert await world.publish(made) == [Delivered()]
    link = (await given_out(world.wallet.prepare(made, content))).save_url
    assert world.google.save(link.rpartition("/")[2]).status == 200
    world.wire.seen.clear()
    return made

"""The previews of every starter look as they did: fronts, backs, lock screens and watches of both wallets, by the product's own way
to PNG. Pictures that are meant to look otherwise are made anew by

    python3 run.py test tests/api/test_golden_previews.py --remake-golden

and looked at before they are committed."""

import io
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from api.conftest import World, on_sqlite, open_world, settings_for
from billfold.starters import catalogue
from clocks import FakeClock
from plugins.golden import GOLDEN, Box, Sheet, differences, reduced

pytestmark = on_sqlite
WIDTH, SCALE = 240, 240 / 375
SIDES = ("front", "back", "lock", "nearby", "watch")
DARK = ("cafe-stamps", "boarding-pass")
LOOKS = [(name, catalogue.LANGUAGES[at % 3], "light") for at, name in enumerate(catalogue.names())]
LOOKS += [(name, "en", "dark") for name in DARK]
"""Each starter in one language in its turn."""
SHOP = {"latitude": 48.208, "longitude": 16.373, "relevant_text": "Show me at the counter"}
ALL_BYTES_MAX = 900_000


@pytest.fixture
async def drawing(migrated_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with open_world(settings_for(tmp_path, migrated_url), clock=clock) as opened:
        yield opened


async def picture(world: World, starter: str, **look: object) -> Image.Image:
    """Of the starter's first person, in a shop's neighbourhood."""
    known = catalogue.load(starter)
    content = known.body()["content"] | {"locations": [SHOP]}  # type: ignore[operator]
    body = {"content": content, "values": known.samples[0].values, "scale": SCALE} | look
    answer = await world.client.post("/v1/previews", body)
    assert answer.status == 200, answer.body
    return Image.open(io.BytesIO(answer.body)).convert("RGBA")


async def sheet(world: World, starter: str, language: str, scheme: str) -> Sheet:
    """A row of sides for each wallet."""
    parts: dict[str, Box] = {}
    rows = []
    top = 0
    for wallet in ("apple", "google"):
        row = [await picture(world, starter, wallet=wallet, side=side, language=language, scheme=scheme) for side in SIDES]
        assert {one.width for one in row} == {WIDTH}
        for at, (side, one) in enumerate(zip(SIDES, row, strict=True)):
            parts[f"{wallet} {side}"] = (at * WIDTH, top, (at + 1) * WIDTH, top + one.height)
        top += max(one.height for one in row)
        rows += row
    whole = Image.new("RGB", (WIDTH * len(SIDES), top), "#8a8a8a")
    for one, (left, upper, _, _) in zip(rows, parts.values(), strict=True):
        whole.paste(one, (left, upper), one)
    return Sheet(whole, parts)


@pytest.mark.requirement("S3-39")
async def test_every_starter_looks_as_it_did(drawing: World, golden: Callable[[str, Sheet], list[str]]) -> None:
    found = []
    for starter, language, scheme in LOOKS:
        drawn = await sheet(drawing, starter, language, scheme)
        found += golden(f"{starter}-{language}-{scheme}", drawn)
    assert found == [], "\n".join(found)
    assert {one.stem for one in GOLDEN.iterdir()} == {"-".join(look) for look in LOOKS}
    assert sum(one.stat().st_size for one in GOLDEN.iterdir()) < ALL_BYTES_MAX


async def test_another_digit_is_seen_and_its_place_is_told(drawing: World) -> None:
    """What the tolerance lets through is less than a digit of a small text."""
    values: Any = catalogue.load("retail-points").samples[0].values
    member = values["member"]

    async def drawn(text: str) -> Sheet:
        whole = (await picture(drawing, "retail-points", values=values | {"member": member | {"name": text}})).convert("RGB")
        return Sheet(whole, {"front": (0, 0, *whole.size)})

    first, second = await drawn("Priya 10018"), await drawn("Priya 10013")
    kept = reduced(first.picture).convert("RGB")
    assert differences(kept, first) == []
    ((part, (left, top, right, bottom)),) = differences(kept, second)
    assert part == "front"
    assert (right - left) * (bottom - top) <= 24 * 24, "one digit, and its place"
    assert differences(kept, replace(second, picture=second.picture.resize((200, 300))))

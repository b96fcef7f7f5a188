"""Golden pictures: `golden(name, picture)` compares with tests/golden/<name>.png; `--remake-golden` writes them anew.

Tolerance: a square of 4 x 4 pixels may differ by 20 of 255 on average, in its worst colours. The palette of 128 colours in which
pictures are kept takes up to 12; another digit of a small text makes 44 at the least. May not enter: what is on a picture."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageChops

GOLDEN = Path(__file__).parents[1] / "golden"
SQUARE_PIXELS = 4
DIFFERENCE_MAX = 20
COLOURS = 128
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Sheet:
    """A picture of several: `parts` has the name of each and its box, in pixels."""

    picture: Image.Image
    parts: dict[str, Box]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--remake-golden", action="store_true", help="write the golden pictures anew instead of comparing with them")


def reduced(picture: Image.Image) -> Image.Image:
    """In the colours in which it is kept."""
    return picture.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


def squares(one: Image.Image, other: Image.Image) -> Image.Image:
    """A picture of one pixel for each square: white where the two differ by more than they may."""
    red, green, blue = ImageChops.difference(one.convert("RGB"), other.convert("RGB")).split()
    worst = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return worst.reduce(SQUARE_PIXELS).point(lambda value: 255 if value > DIFFERENCE_MAX else 0)


def differences(want: Image.Image, got: Sheet) -> list[tuple[str, Box]]:
    """The parts that differ, each with the pixels within it where it does."""
    if want.size != got.picture.size:
        return [(f"all: {got.picture.size[0]} x {got.picture.size[1]} pixels, not {want.size[0]} x {want.size[1]}", (0, 0, 0, 0))]
    found = []
    for name, box in got.parts.items():
        if place := squares(want.crop(box), got.picture.crop(box)).getbbox():
            left, top, right, bottom = (one * SQUARE_PIXELS for one in place)
            found.append((name, (left, top, right, bottom)))
    return found


def beside(want: Image.Image, got: Sheet, found: list[tuple[str, Box]]) -> Image.Image:
    """What was wanted, what there is, and the second again, pale but for what differs."""
    same = Image.new("RGB", got.picture.size, "white")
    pale = Image.blend(got.picture, same, 0.8)
    for name, (left, top, right, bottom) in found:
        if name in got.parts:
            x, y, _, _ = got.parts[name]
            place = (x + left, y + top, x + right, y + bottom)
            pale.paste(got.picture.crop(place), place)
    three = (want, got.picture, pale)
    sheet = Image.new("RGB", (max(one.width for one in three), sum(one.height + 12 for one in three)), "magenta")
    y = 0
    for one in three:
        sheet.paste(one, (0, y))
        y += one.height + 12
    return sheet


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, Sheet], list[str]]:
    """Lines for a person, one for each part that differs; [] when all is as it was."""
    remake = request.config.getoption("--remake-golden")
    out = Path(request.config.rootpath) / ".pytest_cache" / "golden"

    def compare(name: str, got: Sheet) -> list[str]:
        file = GOLDEN / f"{name}.png"
        if remake:
            GOLDEN.mkdir(exist_ok=True)
            reduced(got.picture).save(file, optimize=True)
            return []
        if not file.is_file():
            return [f"{name}: there is no golden picture yet"]
        want = Image.open(file).convert("RGB")
        if found := differences(want, got):
            out.mkdir(parents=True, exist_ok=True)
            beside(want, got, found).save(out / f"{name}.png")
        return [f"{name}: {part} at {box[:2]} to {box[2:]}, see {out / f'{name}.png'}" for part, box in found]

    return compare

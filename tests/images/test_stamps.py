"""Stamp cards drawn from counts: how the stamps are laid out, that one can tell what is collected, and that bytes repeat."""

import hashlib
import io
import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from billfold.images import icons
from billfold.images.stamps import STAMPS_MAX, StampSpec, draw, rows_of, stamp_png
from billfold.images.vectors import mask

CARD = StampSpec(4, 10, "cup", "#f5e6d3", "#8d6e58", "#3b2417")
PLACES = ((375, 144), (1_125, 432), (1_032, 336), (375, 98))


@given(st.integers(1, STAMPS_MAX), st.sampled_from(PLACES))
def test_rows_hold_all_stamps_and_differ_by_one_at_most(total: int, size: tuple[int, int]) -> None:
    rows = rows_of(total, *size)
    assert sum(rows) == total
    assert max(rows) - min(rows) <= 1
    assert rows == sorted(rows, reverse=True)


@given(st.integers(1, STAMPS_MAX), st.sampled_from(PLACES))
def test_no_other_layout_would_make_the_stamps_larger(total: int, size: tuple[int, int]) -> None:
    width, height = size
    rows = rows_of(total, width, height)
    best = min(width / rows[0], height / len(rows))
    for count in range(1, total + 1):
        assert min(width / -(-total // count), height / count) <= best + 1e-6


@pytest.mark.parametrize(
    ("total", "rows"), [(1, [1]), (5, [5]), (7, [4, 3]), (8, [4, 4]), (10, [5, 5]), (12, [6, 6]), (30, [10, 10, 10])]
)
def test_the_usual_cards_look_as_one_would_draw_them(total: int, rows: list[int]) -> None:
    assert rows_of(total, 350, 128) == rows


@pytest.mark.parametrize("total", range(1, STAMPS_MAX + 1))
def test_every_count_from_nothing_to_all_is_another_picture_inside_its_frame(total: int) -> None:
    seen = set()
    for filled in range(total + 1):
        card = draw(replace(CARD, filled=filled, total=total), 188, 72)
        seen.add(card.tobytes())
        ground = (0x3B, 0x24, 0x17)
        edge = [card.getpixel((x, y)) for x in range(188) for y in (0, 71)] + [
            card.getpixel((x, y)) for x in (0, 187) for y in range(72)
        ]
        assert set(edge) == {ground}
    assert len(seen) == total + 1


def test_each_scale_is_drawn_anew_and_the_same_card_gives_the_same_bytes() -> None:
    for width, height in PLACES:
        png = stamp_png(CARD, width, height)
        assert Image.open(io.BytesIO(png)).size == (width, height)
        assert png == stamp_png(CARD, width, height)
        assert len(png) < 40_000
    small, large = draw(CARD, 375, 144), draw(CARD, 1_125, 432)
    blown_up = small.resize(large.size, Image.Resampling.BICUBIC)
    assert _edges(large) > 1.5 * _edges(blown_up)  # a scaled picture would be soft


def _edges(image: Image.Image) -> int:
    """How many neighbouring pixels differ strongly."""
    grey = image.convert("L")
    row = grey.tobytes()
    return sum(abs(a - b) > 60 for a, b in itertools.pairwise(row))


def test_what_is_drawn_stays_what_it_was() -> None:
    """A wallet keeps a picture by its hash: a change here changes every stamp card's files, and should be meant."""
    card = draw(CARD, 375, 144)
    assert hashlib.sha256(card.tobytes()).hexdigest()[:16] == "30969c2615ab282a"


def test_collected_and_open_stamps_are_told_apart_at_a_glance() -> None:
    card = draw(replace(CARD, filled=1, total=2, reward=None), 375, 144).convert("L")
    left, right = (
        card.crop(area).resize((1, 1), Image.Resampling.BOX).getpixel((0, 0)) for area in ((40, 0, 180, 144), (195, 0, 335, 144))
    )
    assert isinstance(left, int)
    assert isinstance(right, int)
    assert left - right > 40


@pytest.mark.parametrize("name", icons.ICONS)
def test_every_shape_fills_its_box_and_can_be_told_from_the_others_when_small(name: str) -> None:
    shape = mask(icons.ICONS[name], 100)
    box = shape.getbbox()
    assert box is not None
    assert max(box[2] - box[0], box[3] - box[1]) >= 60
    assert box[0] >= 5
    assert box[1] >= 4
    assert box[2] <= 96
    assert box[3] <= 96
    for other, drawn in icons.ICONS.items():
        if other != name:
            small, another = mask(icons.ICONS[name], 20).tobytes(), mask(drawn, 20).tobytes()
            assert sum(abs(a - b) for a, b in zip(small, another, strict=True)) > 20 * 255

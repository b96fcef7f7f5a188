"""The icon that Billfold draws where a brand has sent none."""

import io

import pytest
from PIL import Image

from billfold.images.defaults import default_icon, default_logo


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=("PNG",))


@pytest.mark.requirement("S3-19")
@pytest.mark.parametrize("size", [38, 76, 114, 660])
def test_the_icon_is_a_square_in_the_brands_colour(size: int) -> None:
    icon = opened(default_icon("#1a4d8f", "CB", size))
    assert icon.size == (size, size)
    assert icon.getpixel((0, 0)) == (0x1A, 0x4D, 0x8F)
    assert len(icon.getcolors(100_000) or []) > 1  # something is drawn on it


def test_the_same_input_gives_the_same_bytes_and_other_input_others() -> None:
    assert default_icon("#1a4d8f", "CB") == default_icon("1A4D8F", "c b")
    assert len({default_icon(color, text) for color in ("#000000", "#ffffff") for text in ("A", "B", "AB", "")}) == 8


def test_letters_stand_out_on_dark_and_light_grounds() -> None:
    for color, ground in (("#ffffff", 255), ("#ffd400", None), ("#000000", 0), ("#101060", None)):
        grey = opened(default_icon(color, "HH")).convert("L")
        low, high = grey.getextrema()
        assert isinstance(low, int | float)
        assert isinstance(high, int | float)
        assert high - low > 100
        assert ground is None or grey.getpixel((0, 0)) == ground


def test_accents_go_and_what_the_font_cannot_draw_becomes_the_mark() -> None:
    mark = default_icon("#1a4d8f", "")
    assert default_icon("#1a4d8f", "ÄÉ") == default_icon("#1a4d8f", "AE")
    for text in ("漢字", "غ", "!?", "\U0001f600", "\ud800", "\0"):
        assert default_icon("#1a4d8f", text) == mark
    assert default_icon("#1a4d8f", "A") != mark


def test_wide_pairs_stay_inside() -> None:
    icon = opened(default_icon("#000000", "WM")).convert("L")
    box = icon.getbbox()
    assert box is not None
    assert box[0] >= 10
    assert box[2] <= 104


def test_the_logo_is_the_tile_with_round_corners() -> None:
    logo = opened(default_logo("#1a4d8f", "CB"))
    assert logo.size == (150, 150)
    corner, edge = logo.getpixel((0, 0)), logo.getpixel((75, 1))
    assert isinstance(corner, tuple)
    assert corner[3] == 0
    assert edge == (0x1A, 0x4D, 0x8F, 255)


@pytest.mark.parametrize("color", ["", "#fff", "red", "#12345g", "#1234567", "rgb(1,2,3)"])
def test_a_colour_that_is_none_is_the_callers_mistake(color: str) -> None:
    with pytest.raises(ValueError):
        default_icon(color, "A")

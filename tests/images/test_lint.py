"""What is said of a picture in its place, measured on real pictures in the real child process."""

import random
from collections.abc import AsyncIterator

import pytest
from PIL import Image, ImageDraw

from billfold.domain.content import Content, Field, ImageSlot, StampCard, Style
from billfold.images import lint
from billfold.images.facts import Record
from billfold.images.framing import split
from billfold.images.pool import ImageWorkshop
from images import samples


@pytest.fixture
async def workshop() -> AsyncIterator[ImageWorkshop]:
    made = ImageWorkshop(job_seconds_max=60)
    yield made
    await made.close()


async def codes(workshop: ImageWorkshop, data: bytes, slot: ImageSlot, frame: str = "", **members: object) -> set[str]:
    content = Content("Bayroast", "Card", **{"style": Style.COUPON, "images": {slot: "x"}, **members})
    _, chosen = split(f"image:x#{frame}" if frame else "image:x")
    made = await workshop.make(data, ("strip" if slot is ImageSlot.STRIP else "icon",), chosen)
    sizes = {f"{name}@{one.scale}x": len(one.png) for name, many in made.variants.items() for one in many}
    found = lint.judge(content, {slot: Record("x", made.facts, frame or None, sizes)}, "images")
    assert all(one.path == f"images.{slot.value}" and one.severity == "warning" and one.mend for one in found)
    return {one.code for one in found}


def png(image: Image.Image) -> bytes:
    return samples.saved(image, "PNG")


def mark(color: str, size: tuple[int, int] = (480, 150), border: int = 0) -> Image.Image:
    """A logo: a shape on a transparent ground."""
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((border, border, size[0] - border - 1, size[1] - border - 1), fill=color)
    return image


def noise(size: tuple[int, int]) -> Image.Image:
    """Black and white squares of six pixels, the same ones always."""
    small = (size[0] // 6, size[1] // 6)
    squares = random.Random(1).choices((20, 235), k=small[0] * small[1])
    return Image.frombytes("L", small, bytes(squares)).resize(size, Image.Resampling.NEAREST).convert("RGB")


async def test_a_picture_made_for_its_place_gives_nothing_to_say(workshop: ImageWorkshop) -> None:
    assert await codes(workshop, png(Image.new("RGB", (1_125, 432), "#204060")), ImageSlot.STRIP) == set()
    assert await codes(workshop, png(mark("white")), ImageSlot.LOGO) == set()
    assert await codes(workshop, png(Image.new("RGB", (114, 114), "#204060")), ImageSlot.ICON) == set()


async def test_too_few_pixels_are_unsharp(workshop: ImageWorkshop) -> None:
    assert await codes(workshop, png(Image.new("RGB", (562, 216))), ImageSlot.STRIP) == {"image_unsharp"}
    assert await codes(workshop, png(mark("white", (160, 50))), ImageSlot.LOGO) == {"image_unsharp"}
    assert await codes(workshop, png(mark("white", (100, 150))), ImageSlot.LOGO) == set()


async def test_what_is_cut_off_is_named_unless_it_was_meant(workshop: ImageWorkshop) -> None:
    square = png(Image.new("RGB", (1_200, 1_200)))
    assert await codes(workshop, square, ImageSlot.STRIP) == {"image_cut_off"}
    assert await codes(workshop, square, ImageSlot.STRIP, "focus=0.5,0.1") == {"image_cut_off"}
    assert await codes(workshop, square, ImageSlot.STRIP, "crop=0,0.1,1,0.384") == set()
    content = Content("B", "C", style=Style.COUPON)
    made = await workshop.make(square, ("strip",))
    (found,) = lint.judge(content, {ImageSlot.STRIP: Record("x", made.facts)}, "images")
    assert found.message == "62% of the picture is cut off: 31% at the top and 31% at the bottom"


async def test_an_empty_border_is_wasted_in_a_logo_and_no_matter_in_a_strip(workshop: ImageWorkshop) -> None:
    padded = png(mark("white", (600, 300), border=60))
    assert await codes(workshop, padded, ImageSlot.LOGO) == {"image_padded"}
    assert "image_padded" not in await codes(workshop, padded, ImageSlot.STRIP)


@pytest.mark.parametrize(
    ("ink", "ground", "hard"),
    [
        ("#ffffff", "#1f2937", False),
        ("#1f2937", "#111827", True),
        ("#ffffff", "#f8f9fa", True),
        ("#e03131", "#ffffff", False),
        ("#ffe066", "#ffffff", True),
    ],
)
async def test_a_logo_must_stand_out_from_the_background(workshop: ImageWorkshop, ink: str, ground: str, hard: bool) -> None:
    found = await codes(workshop, png(mark(ink)), ImageSlot.LOGO, background_color=ground)
    assert ("logo_hard_to_see" in found) is hard


async def test_a_logo_with_a_ground_of_its_own_stands_as_a_box_unless_the_pass_has_the_same_colour(workshop: ImageWorkshop) -> None:
    logo = Image.new("RGB", (480, 150), "#ffffff")
    ImageDraw.Draw(logo).rectangle((50, 50, 400, 100), fill="#204060")
    assert await codes(workshop, png(logo), ImageSlot.LOGO, background_color="#204060") == {"logo_is_a_box"}
    assert await codes(workshop, png(logo), ImageSlot.LOGO, background_color="#ffffff") == set()


async def test_a_white_icon_vanishes(workshop: ImageWorkshop) -> None:
    assert await codes(workshop, png(mark("white", (200, 200))), ImageSlot.ICON) == {"icon_near_white"}
    assert await codes(workshop, png(mark("#204060", (200, 200))), ImageSlot.ICON) == set()


async def test_text_needs_a_calm_ground_of_another_lightness(workshop: ImageWorkshop) -> None:
    primary = (Field("offer", "20 % off"),)
    busy, calm = png(noise((1_125, 432))), png(Image.new("RGB", (1_125, 432), "#204060"))
    assert "text_on_busy_strip" in await codes(workshop, busy, ImageSlot.STRIP, primary=primary)
    assert "text_on_busy_strip" not in await codes(workshop, busy, ImageSlot.STRIP)
    assert await codes(workshop, calm, ImageSlot.STRIP, primary=primary) == set()
    assert await codes(workshop, calm, ImageSlot.STRIP, primary=primary, foreground_color="#303030") == {
        "text_on_strip_hard_to_read"
    }
    half = Image.new("RGB", (1_125, 432), "#204060")
    half.paste(noise((400, 432)), (725, 0))  # busy at the right, where no text stands
    assert await codes(workshop, png(half), ImageSlot.STRIP, primary=primary) == set()


async def test_what_moves_and_what_is_made_for_print_is_said(workshop: ImageWorkshop) -> None:
    assert "image_animated" in await codes(workshop, samples.animated("WEBP"), ImageSlot.ICON)
    print_ = samples.saved(Image.new("CMYK", (200, 200), (200, 100, 0, 20)), "JPEG")
    assert "image_four_inks" in await codes(workshop, print_, ImageSlot.ICON)


async def test_a_heavy_file_is_said(workshop: ImageWorkshop) -> None:
    heavy = Image.frombytes("RGB", (1_125, 432), random.Random(1).randbytes(1_125 * 432 * 3))
    calm = png(Image.linear_gradient("L").resize((1_125, 432)).convert("RGB"))
    assert "image_heavy" in await codes(workshop, png(heavy), ImageSlot.STRIP)
    assert "image_heavy" not in await codes(workshop, calm, ImageSlot.STRIP)


def test_odd_stamp_cards_are_said() -> None:
    def found(card: StampCard, **members: object) -> set[str]:
        return {one.code for one in lint.stamps(Content("B", "C", stamps=card, **members))}

    assert found(StampCard("3", "8")) == set()
    assert found(StampCard("9", "8")) == {"stamps_too_many"}
    assert found(StampCard("3", "31")) == {"stamps_out_of_range"}
    assert found(StampCard("three", "8")) == {"stamps_not_a_number"}
    assert found(StampCard("3", "8", icon="unicorn", reward="dragon")) == {"stamps_icon_unknown"}
    assert found(StampCard("3", "8", stamp_color="#202a38")) == {"stamps_hard_to_see"}
    assert found(StampCard("3", "8"), primary=(Field("a", "b"),)) == {"text_on_stamps"}
    assert found(StampCard("3", "8"), images={ImageSlot.STRIP: "x"}) == {"strip_not_shown"}

"""Pictures are brought to their pixels before the engine sees them: once for all passes of a template, and nobody sees it."""

import base64
import io

import pytest
from PIL import Image, ImageChops, ImageStat

from billfold.domain.content import Content, Field, ImageSlot, Poster, Style, TransitType
from billfold.rendering import fitting
from billfold.rendering.preview import Wallet, png, svg
from billfold.rendering.scene import Scene, Side
from billfold.rendering.svg import Canvas


def _picture(width: int, height: int) -> bytes:
    """Colours that run in both directions, with a hole on the right."""
    down = Image.linear_gradient("L").resize((width, height))
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    seen = Image.new("L", (width, height), 255)
    seen.paste(0, (width * 3 // 4, 0, width, height // 2))
    out = io.BytesIO()
    Image.merge("RGBA", (down, across, down, seen)).save(out, "PNG")
    return out.getvalue()


PICTURES = {slot: _picture(300 + 40 * number, 200) for number, slot in enumerate(ImageSlot)}
LAYOUTS = [
    Content(
        "Shop", "Card", style, primary=(Field("a", "1"),), transit_type=TransitType.AIR if style is Style.BOARDING_PASS else None
    )
    for style in Style
] + [Content("Shop", "Poster", poster=Poster(primary=(Field("a", "1"),)))]


def _document(picture: bytes, fit: str, align: str, blur: float = 0) -> str:
    canvas = Canvas()
    canvas.rect(0, 0, 200, 120, "#336699")
    if blur:
        shape = f'<filter id="{{id}}" x="0" y="0" width="1" height="1"><feGaussianBlur stdDeviation="{blur}"/></filter>'
        canvas.group(filter_=canvas.define(shape, "blur"))
    canvas.picture(20, 10, 120, 90, picture, fit, align)
    if blur:
        canvas.end()
    return canvas.document(200, 120, "a picture")


def _drawn(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


@pytest.mark.parametrize("wallet", list(Wallet))
def test_every_picture_of_every_layout_is_fitted(wallet: Wallet) -> None:
    for content in LAYOUTS:
        for side in Side:
            document = svg(Scene(content, pictures=PICTURES), wallet, side)
            made = fitting.fitted(document, 2.0)
            assert made.count("<image") == document.count("<image")
            assert " slice" not in made
            assert "<feGaussianBlur" not in document or 'filter="url' not in made


@pytest.mark.parametrize("blur", [0, 4])
@pytest.mark.parametrize(("fit", "align"), [("slice", "xMidYMid"), ("meet", "xMinYMid"), ("meet", "xMaxYMax")])
def test_the_engine_itself_would_have_drawn_the_same(fit: str, align: str, blur: float, monkeypatch: pytest.MonkeyPatch) -> None:
    document = _document(_picture(500, 300), fit, align, blur)
    ours = _drawn(png(document))
    monkeypatch.setattr(fitting, "fitted", lambda given, _scale: given)
    theirs = _drawn(png(document))
    # A blur of the engine's own runs out at the edges, and is reckoned in linear light.
    assert max(ImageStat.Stat(ImageChops.difference(ours, theirs)).mean) < (12 if blur else 1.5)


def test_a_picture_is_fitted_once_however_many_passes_show_it() -> None:
    fitting._fitted.cache_clear()
    for points in range(5):
        content = Content("Shop", "Card", Style.STORE_CARD, primary=(Field("points", str(points)),))
        png(svg(Scene(content, pictures={ImageSlot.STRIP: PICTURES[ImageSlot.STRIP]}), Wallet.APPLE), 1.0)
    assert fitting._fitted.cache_info().misses == 1
    assert fitting._fitted.cache_info().hits == 4


def test_what_is_no_picture_stays_as_it_is() -> None:
    document = _document(b"\x89PNG, and then nothing", "slice", "xMidYMid")
    assert fitting.fitted(document, 2.0) == document
    assert png(document)


def test_the_fitted_picture_has_the_pixels_of_its_place() -> None:
    made = fitting.fitted(_document(_picture(700, 100), "slice", "xMidYMid"), 1.5)
    found = made.partition("base64,")[2].partition('"')[0]
    assert Image.open(io.BytesIO(base64.b64decode(found))).size == (180, 135)

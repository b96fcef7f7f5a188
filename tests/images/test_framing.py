"""Which part of a picture a place shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.images.framing import Frame, FrameRefused, parse, shown, split
from billfold.images.slots import SLOTS, Fit

sides = st.integers(1, 4_096)
shares = st.integers(0, 1_000).map(lambda one: one / 1_000)


@st.composite
def frames(draw: st.DrawFn) -> Frame | None:
    kind = draw(st.sampled_from(("none", "focus", "crop")))
    if kind == "focus":
        return Frame(focus=(draw(shares), draw(shares)))
    if kind == "crop":
        left, top = draw(st.integers(0, 900)) / 1_000, draw(st.integers(0, 900)) / 1_000
        return Frame(crop=(left, top, draw(st.integers(50, 100)) / 1_000, draw(st.integers(50, 100)) / 1_000))
    return None


@given(st.sampled_from(sorted(SLOTS)), sides, sides, frames())
def test_what_is_shown_lies_in_the_picture_has_the_places_shape_and_touches_two_sides(
    name: str, width: int, height: int, frame: Frame | None
) -> None:
    slot = SLOTS[name]
    left, top, right, bottom = shown(slot, width, height, frame)
    assert 0 <= left < right <= 1
    assert 0 <= top < bottom <= 1
    if slot.fit is Fit.COVER:
        ratio = (right - left) * width / ((bottom - top) * height)
        assert ratio == pytest.approx(slot.largest.width / slot.largest.height, rel=1e-6)
    if frame is None:
        assert right - left == pytest.approx(1) or bottom - top == pytest.approx(1)
    if frame is not None and frame.crop is not None:
        assert left >= frame.crop[0] - 1e-9
        assert bottom <= frame.crop[1] + frame.crop[3] + 1e-9


@given(sides, sides, shares, shares)
def test_the_focus_is_in_sight_and_as_near_the_middle_as_the_picture_allows(width: int, height: int, x: float, y: float) -> None:
    left, top, right, bottom = shown(SLOTS["strip"], width, height, Frame(focus=(x, y)))
    assert left - 1e-9 <= x <= right + 1e-9
    assert top - 1e-9 <= y <= bottom + 1e-9
    for low, high, at in ((left, right, x), (top, bottom, y)):
        assert low == pytest.approx(0, abs=1e-9) or high == pytest.approx(1) or (low + high) / 2 == pytest.approx(at, abs=1e-6)


@given(frames())
def test_a_frame_is_written_and_read_again(frame: Frame | None) -> None:
    if frame is not None:
        assert split(f"https://example.com/a.png#{frame.text()}") == ("https://example.com/a.png", frame)
        assert parse(*frame.text().split("=")) == frame


@pytest.mark.parametrize(
    "address", ["https://example.com/a.png", "https://example.com/a.png#top", "image:abc", "data:image/png;base64,AA=="]
)
def test_an_address_without_a_frame_stays_as_it_is(address: str) -> None:
    assert split(address) == (address, None)


@pytest.mark.parametrize(
    "text", ["focus=", "focus=1", "focus=2,0", "focus=0,-1", "focus=1e-3,0", "crop=0,0,1", "crop=.5,0,.6,1", "crop=0,0,.01,1"]
)
def test_a_frame_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(FrameRefused):
        split(f"https://example.com/a.png#{text}")


def test_a_thumbnail_keeps_a_portrait_and_cuts_only_what_is_narrower() -> None:
    thumbnail = SLOTS["thumbnail"]
    assert shown(thumbnail, 300, 400, None) == (0, 0, 1, 1)
    left, top, right, bottom = shown(thumbnail, 200, 400, None)
    assert (left, right) == (0, 1)
    assert bottom - top == pytest.approx(0.746, abs=0.01)
    left, top, right, bottom = shown(thumbnail, 400, 200, None)
    assert right - left == pytest.approx(0.5)

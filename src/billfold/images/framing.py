"""Which part of a picture a place on a pass shows: decided once, for phones, for previews and for findings alike.

All numbers are fractions of the picture, 0 to 1 from the upper left. Pure. May not enter: pixels of any picture.
"""

import re
from dataclasses import dataclass

from billfold.images.slots import Fit, Slot

_FRAGMENT = re.compile(r"#(focus|crop)=([^#]*)\Z")
_NUMBER = re.compile(r"(?:0|1|0?\.[0-9]{1,6}|1\.0{1,6})\Z")
SIDE_MIN = 0.02
MEND = "write #focus=0.5,0.3 (right, down) or #crop=0.1,0,0.8,0.5 (left, top, width, height), each from 0 to 1"

Area = tuple[float, float, float, float]
"""Left, top, right, bottom."""


class FrameRefused(ValueError):
    """The end of an address that begins like a frame and is none."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What matters in a picture: a point that must stay in sight, or a rectangle (left, top, width, height) beyond which nothing
    is shown."""

    focus: tuple[float, float] | None = None
    crop: tuple[float, float, float, float] | None = None

    def text(self) -> str:
        """As at the end of an address: `focus=0.5,0.3`. Equal frames give equal texts."""
        name, numbers = ("crop", self.crop) if self.crop is not None else ("focus", self.focus or (0.5, 0.5))
        return f"{name}=" + ",".join(f"{number:g}" for number in numbers)


def split(address: str) -> tuple[str, Frame | None]:
    """The address without its frame, and the frame. Other fragments stay where they are. Raises FrameRefused."""
    found = _FRAGMENT.search(address)
    if found is None:
        return address, None
    return address[: found.start()], parse(found[1], found[2])


def parse(name: str, text: str) -> Frame:
    """`focus` or `crop` and its numbers. Raises FrameRefused."""
    parts = text.split(",")
    if not all(_NUMBER.match(part) for part in parts):
        raise FrameRefused("a number is not between 0 and 1")
    numbers = [float(part) for part in parts]
    match name, numbers:
        case "focus", [x, y]:
            return Frame(focus=(x, y))
        case "crop", [left, top, width, height]:
            if width < SIDE_MIN or height < SIDE_MIN or left + width > 1.000001 or top + height > 1.000001:
                raise FrameRefused("the rectangle leaves the picture, or nothing is left of it")
            return Frame(crop=(left, top, width, height))
    raise FrameRefused("the count of numbers is wrong")


def shown(slot: Slot, width: int, height: int, frame: Frame | None) -> Area:
    """The part of a picture of `width` x `height` pixels that `slot` shows."""
    whole = _allowed(frame)
    if slot.fit not in (Fit.COVER, Fit.FLEXIBLE):
        return whole
    ratio = box_ratio(slot, width, height, frame)
    left, top, right, bottom = whole
    across, down = (right - left) * width, (bottom - top) * height
    cut_width, cut_height = min(across, down * ratio), min(down, across / ratio)
    x, y = frame.focus if frame is not None and frame.focus is not None else ((left + right) / 2, (top + bottom) / 2)
    from_left = _within(x * width - cut_width / 2, left * width, right * width - cut_width) / width
    from_top = _within(y * height - cut_height / 2, top * height, bottom * height - cut_height) / height
    return from_left, from_top, min(1.0, from_left + cut_width / width), min(1.0, from_top + cut_height / height)


def box_ratio(slot: Slot, width: int, height: int, frame: Frame | None) -> float:
    """Width to height of what is shown."""
    box = slot.largest
    ratio = box.width / box.height
    if slot.fit is not Fit.FLEXIBLE:
        return ratio
    left, top, right, bottom = _allowed(frame)
    return _within((right - left) * width / ((bottom - top) * height), ratio * slot.width_min_percent / 100, ratio)


def _allowed(frame: Frame | None) -> Area:
    if frame is None or frame.crop is None:
        return 0.0, 0.0, 1.0, 1.0
    left, top, width, height = frame.crop
    return left, top, min(1.0, left + width), min(1.0, top + height)


def _within(value: float, low: float, high: float) -> float:
    return max(low, min(high, value))


SAFE_AREAS: dict[str, tuple[Area, ...]] = {
    "strip": ((0.03, 0.12, 0.62, 0.88),),
    "strip_event_ticket": ((0.03, 0.12, 0.62, 0.88),),
    "artwork": ((0.05, 0.05, 0.95, 0.76),),
    "background": ((0.1, 0.3, 0.9, 0.7),),
    "google_hero": ((0.04, 0.08, 0.96, 0.92),),
}
"""Slot → areas of what is shown. Of a strip it is where the primary field's text stands; of artwork what the strip at its foot
leaves free; elsewhere what stays in sight on every phone. Measured on published screenshots, so approximate."""
ROUND = frozenset({"google_logo"})
"""Slots that a phone cuts to a circle."""

"""The places for pictures on a pass: which sizes each needs, and how a picture of another shape is made to fit.

Pure table. worker.py does the scaling. May not enter: pixels.
Sources: reference/apple-wallet.md section 1.5 (points of 2026), reference/google-wallet.md section 7.
"""

from dataclasses import dataclass
from enum import Enum


class Fit(Enum):
    """How a picture of another shape is made to fit. No rule ever distorts."""

    COVER = "cover"
    """Fill the whole box and cut off what stands over, equally on both sides. The result has exactly the box's size."""

    CONTAIN = "contain"
    """Fit inside the box, as large as possible but not larger than the source allows at the highest scale; the result is
    as small as the picture, without a border (Apple aligns it, and watchOS cuts white space)."""

    CONTAIN_IN_SQUARE = "contain_in_square"
    """Fit inside the box less its margin, centred on a transparent ground. The result has exactly the box's size."""


@dataclass(frozen=True, slots=True)
class Box:
    """Pixels of one scale."""

    scale: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Slot:
    """One place on a pass. `margin_percent` is kept free on each side (CONTAIN_IN_SQUARE only)."""

    name: str
    fit: Fit
    boxes: tuple[Box, ...]
    margin_percent: int = 0


def _apple(name: str, fit: Fit, width: int, height: int) -> Slot:
    return Slot(name, fit, tuple(Box(scale, width * scale, height * scale) for scale in (1, 2, 3)))


SLOTS: dict[str, Slot] = {
    slot.name: slot
    for slot in (
        _apple("icon", Fit.COVER, 38, 38),
        _apple("logo", Fit.CONTAIN, 160, 50),
        _apple("strip", Fit.COVER, 375, 144),
        _apple("thumbnail", Fit.COVER, 90, 90),
        _apple("background", Fit.COVER, 343, 503),
        _apple("footer", Fit.CONTAIN, 268, 15),
        Slot("google_logo", Fit.CONTAIN_IN_SQUARE, (Box(1, 660, 660),), margin_percent=15),
        Slot("google_hero", Fit.COVER, (Box(1, 1032, 336),)),
    )
}

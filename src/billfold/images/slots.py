"""The places for pictures on a pass: which sizes each needs, and how a picture of another shape is made to fit.

Pure table. worker.py does the scaling. May not enter: pixels.
Sources: reference/apple-wallet.md section 1.5 (points of 2026), reference/google-wallet.md section 7.
"""

from dataclasses import dataclass
from enum import Enum

from billfold.domain.content import ImageSlot, Style


class Fit(Enum):
    """How a picture of another shape is made to fit. No rule ever distorts."""

    COVER = "cover"
    """Fill the whole box and cut off what stands over, around the focus. The result has exactly the box's size."""

    FLEXIBLE = "flexible"
    """The same in a box as high as the given one and as wide as the picture asks, within the slot's bounds."""

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
    """One place on a pass. `margin_percent` is kept free on each side (CONTAIN_IN_SQUARE only). `width_min_percent`: how narrow a
    FLEXIBLE box may get."""

    name: str
    fit: Fit
    boxes: tuple[Box, ...]
    margin_percent: int = 0
    width_min_percent: int = 100

    @property
    def largest(self) -> Box:
        return self.boxes[-1]


def _apple(name: str, fit: Fit, width: int, height: int, width_min_percent: int = 100) -> Slot:
    boxes = tuple(Box(scale, width * scale, height * scale) for scale in (1, 2, 3))
    return Slot(name, fit, boxes, width_min_percent=width_min_percent)


SLOTS: dict[str, Slot] = {
    slot.name: slot
    for slot in (
        _apple("icon", Fit.COVER, 38, 38),
        _apple("logo", Fit.CONTAIN, 160, 50),
        _apple("primary_logo", Fit.CONTAIN, 126, 30),
        _apple("secondary_logo", Fit.CONTAIN, 135, 12),
        _apple("strip", Fit.COVER, 375, 144),
        _apple("strip_event_ticket", Fit.COVER, 375, 98),
        _apple("thumbnail", Fit.FLEXIBLE, 90, 90, width_min_percent=67),
        _apple("background", Fit.COVER, 343, 503),
        _apple("artwork", Fit.COVER, 358, 448),
        _apple("venue_map", Fit.CONTAIN, 358, 448),  # Apple gives no size: as large as the artwork
        _apple("personalization_logo", Fit.CONTAIN, 150, 40),
        _apple("footer", Fit.CONTAIN, 268, 15),
        Slot("google_logo", Fit.CONTAIN_IN_SQUARE, (Box(1, 660, 660),), margin_percent=15),
        Slot("google_wide_logo", Fit.CONTAIN, (Box(1, 1280, 400),)),
        Slot("google_hero", Fit.COVER, (Box(1, 1032, 336),)),
        Slot("google_module", Fit.CONTAIN, (Box(1, 1860, 1860),)),
        Slot("stamp", Fit.CONTAIN, (Box(1, 320, 320),)),
    )
}
"""Name → slot. Those that begin with `google_` are Google's own, `stamp` is one of a stamp card, all others are Apple's files."""

PREPARED_FOR: dict[ImageSlot, tuple[str, ...]] = {
    ImageSlot.LOGO: ("logo", "icon", "google_logo"),  # the icon defaults to the logo (S3-19)
    ImageSlot.ICON: ("icon",),
    ImageSlot.STRIP: ("strip", "google_hero"),
    ImageSlot.THUMBNAIL: ("thumbnail", "google_module"),
    ImageSlot.BACKGROUND: ("background",),
    ImageSlot.FOOTER: ("footer",),
    ImageSlot.WIDE_LOGO: ("google_wide_logo",),
}
"""What is made of a picture as soon as it is taken in for a place; anything else is made of it when it is first asked for."""

APPLE_FILES: dict[ImageSlot, str] = {
    ImageSlot.ICON: "icon",
    ImageSlot.LOGO: "logo",
    ImageSlot.PRIMARY_LOGO: "primaryLogo",
    ImageSlot.SECONDARY_LOGO: "secondaryLogo",
    ImageSlot.STRIP: "strip",
    ImageSlot.THUMBNAIL: "thumbnail",
    ImageSlot.BACKGROUND: "background",
    ImageSlot.ARTWORK: "artwork",
    ImageSlot.FOOTER: "footer",
    ImageSlot.VENUE_MAP: "venueMap",
    ImageSlot.PERSONALIZATION_LOGO: "personalizationLogo",
}
"""The file of each place in a bundle, without scale and ending."""

PUBLIC_SLOT: dict[ImageSlot, str] = {
    ImageSlot.LOGO: "google_logo",
    ImageSlot.STRIP: "google_hero",
    ImageSlot.THUMBNAIL: "google_module",
    ImageSlot.WIDE_LOGO: "google_wide_logo",
}
"""Where Google shows a picture of ours."""


def place_of(slot: ImageSlot, style: Style) -> Slot:
    """The place on a pass of this style, where styles differ; Apple's wherever Apple has one."""
    if slot is ImageSlot.WIDE_LOGO:
        return SLOTS["google_wide_logo"]
    return SLOTS.get(f"{slot.value}_{_SNAKE[style]}") or SLOTS[slot.value]


_SNAKE: dict[Style, str] = {style: "".join("_" + one.lower() if one.isupper() else one for one in style.value) for style in Style}

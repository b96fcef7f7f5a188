"""What a picture is drawn from: a content that is filled and in one language, its pictures as PNG bytes, and how it is looked at.

May not enter: drawing, where the pictures come from."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from billfold.domain.content import Content, DateFormat, Field, ImageSlot
from billfold.domain.formatting import display


class Side(StrEnum):
    """`LOCK`: what the lock screen says when the pass changes. `NEARBY`: what it says near one of the pass's places."""

    FRONT = "front"
    BACK = "back"
    LOCK = "lock"
    NEARBY = "nearby"
    WATCH = "watch"


class Scheme(StrEnum):
    """Of what stands around the card: a pass keeps its own colours in both."""

    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Scene:
    """`content`: values filled in, texts in `language`. `pictures`: slot → PNG. `changed`: key of the field whose change message
    the lock screen shows; without one the first that has a message. `more`: PNGs that Google's details show after the thumbnail."""

    content: Content
    language: str = "en"
    pictures: dict[ImageSlot, bytes] = field(default_factory=dict)
    scheme: Scheme = Scheme.LIGHT
    changed: str | None = None
    more: tuple[bytes, ...] = ()

    def value(self, one: Field) -> str:
        """As a phone writes it in this language."""
        return display(one, self.language)

    def expiry(self, label: str) -> Field | None:
        """The end of validity as one more line for the back (S3-44)."""
        if self.content.expires_at is None:
            return None
        return Field("expires", datetime.fromtimestamp(self.content.expires_at, UTC).isoformat(), label, format=DateFormat())


def mix(color: str, other: str, share: float) -> str:
    """`share` of `other` in `color`."""
    pairs = zip((color[1:3], color[3:5], color[5:7]), (other[1:3], other[3:5], other[5:7]), strict=True)
    return "#" + "".join(f"{round(int(one, 16) * (1 - share) + int(two, 16) * share):02x}" for one, two in pairs)

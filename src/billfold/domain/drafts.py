"""A content as somebody asks for it: pictures still by address, expiry perhaps in days, defaults not yet filled in.

Facades and the native API turn their bodies into drafts; flows/compose.py turns a draft into content.
May not enter: wire shapes, fetching."""

from dataclasses import dataclass, field

from billfold.domain.content import Content, ImageSlot

COLOR_PRESETS = {
    "dark": "#1f2937",
    "blue": "#1e40af",
    "green": "#166534",
    "red": "#b91c1c",
    "purple": "#6b21a8",
    "orange": "#c2410c",
}
"""Background colours by name (S3-15); text on them is white, at a contrast of at least 4.5 to 1."""


@dataclass(frozen=True, slots=True)
class ImageSource:
    """`source`: https URL or data URI. `path`: where the request named it, for error messages."""

    source: str
    path: str


@dataclass(frozen=True, slots=True)
class Draft:
    """`content` has no pictures; its `organization_name` "" asks for the workspace's own. `expires_in_days` counts from the
    issue of the pass, so that the same request gives the same content on any day."""

    content: Content
    images: dict[ImageSlot, ImageSource] = field(default_factory=dict)
    expires_in_days: int | None = None
    localized_images: dict[str, dict[ImageSlot, ImageSource]] = field(default_factory=dict)

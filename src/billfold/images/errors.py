"""Why a picture is refused: one error, its constant reasons, and for each what to do about it.

May not enter: texts of the decoder, which repeat the input and the inside.
"""

from enum import StrEnum


class ImageReason(StrEnum):
    """Constant words that the API may show."""

    NOT_AN_IMAGE = "not_an_image"
    FORMAT_NOT_SUPPORTED = "format_not_supported"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_LARGE = "too_large"
    DECODE_FAILED = "decode_failed"
    TOOK_TOO_LONG = "took_too_long"


HINTS: dict[ImageReason, str] = {
    ImageReason.NOT_AN_IMAGE: "send the bytes of a PNG, JPEG or WebP file",
    ImageReason.FORMAT_NOT_SUPPORTED: "convert it to PNG, JPEG or WebP",
    ImageReason.TOO_MANY_PIXELS: "scale it down to at most 4,096 pixels a side and 16 million pixels in all",
    ImageReason.TOO_LARGE: "send a smaller file; the limit is 5 MB unless the operator changed it",
    ImageReason.DECODE_FAILED: "the file is damaged or cut short; save it again and send it once more",
    ImageReason.TOOK_TOO_LONG: "scale it down, save it as a plain PNG or JPEG and send it once more",
}


class ImageRefused(Exception):
    """The picture cannot be used. `reason` is for programs, `hint` says what to do."""

    def __init__(self, reason: ImageReason) -> None:
        super().__init__(f"{reason.value}: {HINTS[reason]}")
        self.reason = reason
        self.hint = HINTS[reason]

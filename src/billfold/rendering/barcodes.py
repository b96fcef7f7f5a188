"""Barcodes as vector shapes: the modules of a code as rectangles in a path. May not enter: where on a pass a code stands.

The encoder is zxing-cpp, which knows every format that a wallet draws; it is loaded when the first code is drawn."""

import math
from dataclasses import dataclass
from functools import lru_cache

from billfold.domain.content import Barcode, BarcodeFormat
from billfold.rendering import svg

_FORMATS = {
    BarcodeFormat.QR: "QRCode",
    BarcodeFormat.AZTEC: "Aztec",
    BarcodeFormat.PDF417: "PDF417",
    BarcodeFormat.CODE128: "Code128",
    BarcodeFormat.CODE39: "Code39",
    BarcodeFormat.CODABAR: "Codabar",
    BarcodeFormat.EAN13: "EAN13",
    BarcodeFormat.EAN8: "EAN8",
    BarcodeFormat.UPC_A: "UPCA",
    BarcodeFormat.ITF: "ITF",
    BarcodeFormat.DATA_MATRIX: "DataMatrix",
}
SQUARE = frozenset({BarcodeFormat.QR, BarcodeFormat.AZTEC, BarcodeFormat.DATA_MATRIX})
LINEAR = frozenset(_FORMATS) - SQUARE - {BarcodeFormat.PDF417}
QUIET_MODULES = 10


@dataclass(frozen=True, slots=True)
class Modules:
    """`rows`: each a text of 0 and 1. A linear code has one row, as high as there is room."""

    rows: tuple[str, ...]
    linear: bool = False

    @property
    def width(self) -> int:
        return len(self.rows[0])


@lru_cache(maxsize=512)
def encode(code: Barcode) -> Modules | None:
    """None where the format cannot carry the message, or is no code."""
    if code.format not in _FORMATS:
        return None
    import zxingcpp

    options: dict[str, object] = {}
    if code.format is BarcodeFormat.DATA_MATRIX:
        options["force_square"] = True
    elif code.format is BarcodeFormat.QR:
        options["ec_level"] = "M"
    try:
        made = zxingcpp.create_barcode(code.message, getattr(zxingcpp.BarcodeFormat, _FORMATS[code.format]), **options)
        image = zxingcpp.write_barcode_to_image(made, scale=1, add_quiet_zones=False)
    except (ValueError, RuntimeError, TypeError):
        return None
    high, wide = image.shape
    pixels = bytes(memoryview(image))  # type: ignore[arg-type]  # has the buffer protocol, which its stub does not say
    rows = tuple("".join("1" if one < 128 else "0" for one in pixels[at : at + wide]) for at in range(0, high * wide, wide))
    if code.format in LINEAR:
        return Modules((rows[high // 2],), linear=True)
    return Modules(rows)


def path(modules: Modules, x: float, y: float, width: float, height: float) -> str:
    """The dark modules as one path, centred in the box, with the quiet zone that scanners want beside a linear code. A module is a
    whole number of half points wide, so that its edges are sharp on every screen of two or more pixels a point."""
    quiet = QUIET_MODULES if modules.linear else 0
    exact = width / (modules.width + 2 * quiet)
    across = max(0.5, math.floor(exact * 2) / 2) if exact >= 0.5 else exact
    down = height if modules.linear else min(across, height / len(modules.rows))
    left = x + (width - across * modules.width) / 2
    over = y + (height - down * len(modules.rows)) / 2
    out = []
    for number, row in enumerate(modules.rows):
        top, at = svg.coordinate(over + number * down), 0
        while (start := row.find("1", at)) >= 0:
            end = row.find("0", start)
            at = end if end >= 0 else len(row)
            run = svg.coordinate((at - start) * across)
            out.append(f"M{svg.coordinate(left + start * across)} {top}h{run}v{svg.coordinate(down)}h-{run}z")
    return "".join(out)

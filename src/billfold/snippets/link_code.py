"""The QR code of a link of ours, as SVG and PNG. May not enter: codes on passes (rendering/barcodes.py), what a link leads to."""

from io import BytesIO

import segno

from billfold.domain.errors import FieldProblem, Invalid

QUIET_MODULES = 4
"""How much white a reader wants around a code. Source: ISO/IEC 18004, section 9.1."""
QUIET_MODULES_MAX = 20
PIXELS, PIXELS_MIN, PIXELS_MAX = 512, 64, 4096
DARK, LIGHT = "#000000", "#ffffff"


def link_svg(link: str, size: int | None = None, quiet: int = QUIET_MODULES) -> str:
    """`size`: pixels of a side; None: as large as what stands around it allows. `quiet`: white modules on each side."""
    out = BytesIO()
    _code(link).save(
        out, kind="svg", xmldecl=False, nl=False, omitsize=True, border=quiet, dark=DARK, light=LIGHT, svgclass=None, lineclass=None
    )
    sized = "" if size is None else f' width="{size}" height="{size}"'
    return out.getvalue().decode().replace("<svg ", f'<svg shape-rendering="crispEdges"{sized} ', 1)


def link_png(link: str, size: int = PIXELS, quiet: int = QUIET_MODULES) -> bytes:
    """Exactly `size` pixels a side, each module a whole number of them; what is over is more white around the code.

    Raises Invalid at `size` when a module would be less than a pixel."""
    from PIL import Image  # only who asks for pixels pays for it

    code = _code(link)
    modules = code.symbol_size(border=quiet)[0]
    if size < modules:
        text = f"this code is {modules} modules wide, its margin included"
        raise Invalid(FieldProblem("size", "too_small", text, f"ask for {modules} or more"))
    drawn = BytesIO()
    code.save(drawn, kind="png", scale=size // modules, border=quiet, dark=DARK, light=LIGHT)
    with Image.open(drawn) as picture:
        whole = Image.new("1", (size, size), 1)
        whole.paste(picture.convert("1"), ((size - picture.width) // 2, (size - picture.height) // 2))
    out = BytesIO()
    whole.save(out, "PNG", optimize=True)
    return out.getvalue()


def _code(link: str) -> segno.QRCode:
    return segno.make(link, error="m", micro=False)

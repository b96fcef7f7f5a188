"""The one door to this room: a scene, a wallet and a side → SVG; and SVG → PNG.

May not enter: where scenes come from, HTTP."""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

from billfold.rendering import apple_back, apple_front, fitting, fonts, google, grounds, lock_screens, watches
from billfold.rendering.scene import Scene, Side

SCALES = (1.0, 1.5, 2.0, 3.0)
SCRIPTS = {
    "Arabic": "م",
    "Chinese and Japanese": "東",
    "Devanagari": "क",
    "emoji": "🎉",
    "Hebrew": "ש",
    "Korean": "안",
    "Thai": "ก",
}
"""Writing that our own fonts do not have, each with a sign of it."""
_NO_SIGN = "\U000fffff"
"""No font has it: it is drawn as what stands for a missing sign."""
GROUNDS_KEPT_MAX = 24


class Wallet(StrEnum):
    APPLE = "apple"
    GOOGLE = "google"


_DRAWERS = {
    (Wallet.APPLE, Side.FRONT): apple_front.draw,
    (Wallet.APPLE, Side.BACK): apple_back.draw_back,
    (Wallet.APPLE, Side.LOCK): lock_screens.draw_apple_change,
    (Wallet.APPLE, Side.NEARBY): lock_screens.draw_apple_nearby,
    (Wallet.APPLE, Side.WATCH): watches.draw_apple,
    (Wallet.GOOGLE, Side.FRONT): google.draw_front,
    (Wallet.GOOGLE, Side.BACK): google.draw_details,
    (Wallet.GOOGLE, Side.LOCK): lock_screens.draw_google_change,
    (Wallet.GOOGLE, Side.NEARBY): lock_screens.draw_google_nearby,
    (Wallet.GOOGLE, Side.WATCH): watches.draw_google,
}


def svg(scene: Scene, wallet: Wallet, side: Side = Side.FRONT) -> str:
    """A whole SVG document, 375 points wide, without a reference to anything outside of it."""
    return _DRAWERS[wallet, side](scene)


def png(document: str, scale: float = 2.0) -> bytes:
    """The picture of an SVG of ours, `scale` pixels a point. Same bytes on every machine as long as our fonts cover the text; other
    scripts are drawn with the fonts of the machine. Takes some milliseconds of a processor: not for an event loop."""
    parts = grounds.split(document)
    return _drawn(document, scale) if parts is None else grounds.joined(_ground(parts[0], scale), _drawn(parts[1], scale))


def scripts_missing(signs: Mapping[str, str] = SCRIPTS) -> tuple[str, ...]:
    """Names of those that this machine has no font for: boxes stand in their place in every picture. Takes as long as `png`."""
    box = _drawn(_sign(_NO_SIGN), 1)
    return tuple(name for name, sign in signs.items() if _drawn(_sign(sign), 1) == box)


def _sign(sign: str) -> str:
    text = f'<text x="8" y="30" font-size="24" font-family="{fonts.FALLBACK}">{sign}</text>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="48" height="40">{text}</svg>'


@lru_cache(maxsize=GROUNDS_KEPT_MAX)
def _ground(document: str, scale: float) -> bytes:
    return _drawn(document, scale)


def _drawn(document: str, scale: float) -> bytes:
    import resvg_py  # loads its engine: only who draws pays for it

    made: bytes = resvg_py.svg_to_bytes(
        svg_string=fitting.fitted(document, scale),
        zoom=scale,
        skip_system_fonts=fonts.covers(document),
        font_files=[str(path) for path in fonts.FILES.values()],
        font_family=fonts.FAMILY,
        sans_serif_family=fonts.FAMILY,
    )
    return bytes(made)

"""Previews a second on one core: a store card with a strip, as SVG and as PNG of 2 pixels a point, against an empty picture of that
size by the same engine in the same run. Bar (ours): 100 ms a PNG; an editor that redraws at each key shows the SVG."""

import io
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from common import arguments, report

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from renderings import samples

from billfold.rendering.preview import Wallet, png, svg
from billfold.rendering.scene import Scene

BAR_MS = 100.0


def milliseconds(work: Callable[[], object], seconds: float) -> float:
    """Median of one call."""
    spent, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        work()
        spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent)


def main() -> None:
    args = arguments(__doc__)
    content, pictures = samples()[0]
    scene = Scene(content, "en", pictures)
    document = svg(scene, Wallet.APPLE)
    picture = Image.open(io.BytesIO(png(document)))
    empty = f'<svg xmlns="http://www.w3.org/2000/svg" width="{picture.width // 2}" height="{picture.height // 2}"></svg>'
    seconds = args.seconds / 3
    drawn, rastered, nothing = (
        milliseconds(lambda: svg(scene, Wallet.APPLE), seconds),
        milliseconds(lambda: png(document), seconds),
        milliseconds(lambda: png(empty), seconds),
    )
    whole = drawn + rastered
    rows = {
        "SVG ms": drawn,
        "PNG from it ms": rastered,
        "empty picture of that size ms": nothing,
        "times the empty picture": whole / nothing,
        "whole ms": whole,
        "bar ms": BAR_MS,
        "met": whole <= BAR_MS,
    }
    report(args, "preview", rows)


if __name__ == "__main__":
    main()

"""What a preview costs: a store card with a strip, a ticket over its blurred picture and a poster, each as SVG and as PNG of 2
pixels a point, its pictures seen before; against an empty picture of that size by the same engine in the same run. Bar (ours):
100 ms a PNG; an editor that redraws at each key shows the SVG."""

import io
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PIL import Image

from common import arguments, report

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from renderings import samples

from billfold.rendering.preview import Wallet, png, svg
from billfold.rendering.scene import Scene

BAR_MS = 100.0
SHOWN = {"store card": 0, "blurred ticket": 2, "poster": 5}
"""Name → which of the samples."""


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
    made = samples()
    rows: dict[str, float | int | str | bool] = {}
    slowest, seconds = 0.0, args.seconds / (2 * len(SHOWN) + 1)
    for name, number in SHOWN.items():
        content, pictures = made[number]
        scene = Scene(content, "en", pictures)
        document = svg(scene, Wallet.APPLE)
        drawn = milliseconds(partial(svg, scene, Wallet.APPLE), seconds)
        rastered = milliseconds(partial(png, document), seconds)
        rows |= {f"{name}: SVG ms": drawn, f"{name}: PNG from it ms": rastered}
        slowest = max(slowest, drawn + rastered)
    picture = Image.open(io.BytesIO(png(document)))
    empty = f'<svg xmlns="http://www.w3.org/2000/svg" width="{picture.width // 2}" height="{picture.height // 2}"></svg>'
    nothing = milliseconds(lambda: png(empty), seconds)
    rows |= {"empty picture of that size ms": nothing, "slowest, times the empty picture": slowest / nothing}
    report(args, "preview", rows | {"bar ms": BAR_MS, "met": slowest <= BAR_MS})


if __name__ == "__main__":
    main()

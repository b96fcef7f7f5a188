"""Writes SVG: shapes, texts and embedded pictures, everything escaped, nothing from outside, no script, no style sheet.

Coordinates are points. May not enter: what a pass is."""

import base64
import re
from dataclasses import dataclass, field
from html import escape

from billfold.rendering import fonts

_UNPRINTABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")

GROUND, FRONT = '<g class="ground">', '</g><g class="front">'
"""Where a ground begins, and where it ends. No text can hold them: texts are escaped."""


def coordinate(value: float) -> str:
    """Up to two decimals, and none where none is needed."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def attributes(**given: str | float | None) -> str:
    out = []
    for name, value in given.items():
        if value is not None:
            shown = coordinate(value) if isinstance(value, int | float) else escape(value)
            out.append(f' {name.rstrip("_").replace("_", "-")}="{shown}"')
    return "".join(out)


@dataclass
class Canvas:
    """Collects elements. `definitions`: gradients, clips and filters, each with an id that is unique in this picture."""

    parts: list[str] = field(default_factory=list)
    definitions: list[str] = field(default_factory=list)
    texts: list[tuple[float, float, float, float]] = field(default_factory=list)
    """(left, baseline, width, size) of every text, for the tests that nothing leaves its card."""
    grounded: bool = False

    def add(self, element: str) -> None:
        self.parts.append(element)

    def define(self, element: str, kind: str) -> str:
        """Gives back `url(#id)`. `element` holds `{id}` where its id goes."""
        name = f"{kind}{len(self.definitions)}"
        self.definitions.append(element.replace("{id}", name))
        return f"url(#{name})"

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: str,
        radius: float = 0,
        opacity: float | None = None,
        stroke: str | None = None,
    ) -> None:
        shape = attributes(x=x, y=y, width=width, height=height, rx=radius or None, fill=fill, fill_opacity=opacity, stroke=stroke)
        self.add(f"<rect{shape}/>")

    def path(self, d: str, fill: str, opacity: float | None = None) -> None:
        self.add(f"<path{attributes(d=d, fill=fill, fill_opacity=opacity)}/>")

    def line(self, x1: float, y1: float, x2: float, y2: float, stroke: str, opacity: float = 1.0) -> None:
        self.add(f"<line{attributes(x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, stroke_opacity=opacity)}/>")

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        fill: str,
        *,
        bold: bool = False,
        anchor: str = "start",
        opacity: float | None = None,
    ) -> None:
        """One line; `y` is the baseline. Whoever calls has made it fit (fonts.py)."""
        text = _UNPRINTABLE.sub("", text)
        if not text.strip():
            return
        wide = fonts.width(text, size, bold)
        left = {"start": x, "middle": x - wide / 2, "end": x - wide}[anchor]
        self.texts.append((left, y, wide, size))
        look = attributes(
            x=x,
            y=y,
            font_size=size,
            fill=fill,
            font_weight="600" if bold else None,
            text_anchor=None if anchor == "start" else anchor,
            fill_opacity=opacity,
        )
        self.add(f"<text{look}>{escape(text, quote=False)}</text>")

    def picture(
        self, x: float, y: float, width: float, height: float, png: bytes, fit: str = "slice", align: str = "xMidYMid"
    ) -> None:
        """`fit`: slice fills the box and cuts, meet stays inside. Only PNG bytes of our own making come here."""
        data = base64.b64encode(png).decode()
        place = attributes(x=x, y=y, width=width, height=height, preserveAspectRatio=f"{align} {fit}")
        self.add(f'<image{place} href="data:image/png;base64,{data}"/>')

    def fade(self, *stops: tuple[float, str, float], slant: float = 0) -> str:
        """A gradient from above: (place 0..1, colour, opacity). `slant`: how far its end stands to the right."""
        inner = "".join(f"<stop{attributes(offset=at, stop_color=color, stop_opacity=opacity)}/>" for at, color, opacity in stops)
        return self.define(
            f'<linearGradient id="{{id}}"{attributes(x1=0.0, y1=0.0, x2=slant, y2=1.0)}>{inner}</linearGradient>', "fade"
        )

    def clip(self, shape: str) -> str:
        return self.define(f'<clipPath id="{{id}}">{shape}</clipPath>', "clip")

    def group(
        self, clip: str | None = None, opacity: float | None = None, filter_: str | None = None, move: str | None = None
    ) -> None:
        self.add(f"<g{attributes(clip_path=clip, opacity=opacity, filter=filter_, transform=move)}>")

    def end(self) -> None:
        self.add("</g>")

    def lay_ground(self) -> None:
        """All that was drawn so far is ground, which many passes have alike: it may be kept apart (grounds.py)."""
        assert not self.grounded, "a picture has one ground"
        self.parts = [GROUND, *self.parts, FRONT]
        self.grounded = True

    def document(self, width: float, height: float, title: str) -> str:
        definitions = f"<defs>{''.join(self.definitions)}</defs>" if self.definitions else ""
        head = attributes(
            width=width, height=height, viewBox=f"0 0 {coordinate(width)} {coordinate(height)}", font_family=fonts.FALLBACK
        )
        title = escape(_UNPRINTABLE.sub("", title), quote=False)
        body = "".join(self.parts) + ("</g>" if self.grounded else "")
        return f'<svg xmlns="http://www.w3.org/2000/svg"{head} role="img"><title>{title}</title>{definitions}{body}</svg>'

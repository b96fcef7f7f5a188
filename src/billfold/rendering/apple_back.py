"""The back of a pass, as an iPhone shows it. May not enter: the front, the lock screen."""

import html
import re

from billfold.domain.content import Field
from billfold.rendering import apple_below, fonts
from billfold.rendering.scene import Scene, Scheme
from billfold.rendering.svg import Canvas, attributes
from billfold.rendering.words import words

WIDTH = 375.0
_EDGE = 16.0
_LINES_MAX = 40
_SWITCH_GREEN = "#34c759"
_LINK = re.compile(r"</?a\b[^>]*>", re.IGNORECASE)


def draw_back(scene: Scene) -> str:
    """The list behind the card: what one may switch, then each back field with its whole text. As tall as it needs."""
    dark = scene.scheme is Scheme.DARK
    ground, sheet, ink, faint = (
        ("#000000", "#1c1c1e", "#ffffff", "#98989f") if dark else ("#f2f2f7", "#ffffff", "#000000", "#6d6d72")
    )
    hair = "#38383a" if dark else "#d9d9de"
    body, content, say = Canvas(), scene.content, words(scene.language)
    y = 24.0
    y = _switches(body, (say["automatic_updates"], say["allow_notifications"]), y, sheet, ink, hair)
    facts = [*apple_below.facts(scene), *content.additional, *content.back]
    if end := scene.expiry(say["expires"]):
        facts.append(end)
    if facts:
        y = _list(body, scene, facts, y + 22, sheet, ink, faint, hair)
    issuer = fonts.shorten(content.organization_name, 12, WIDTH - 4 * _EDGE)
    body.text(WIDTH / 2, y + 30, issuer, 12, faint, anchor="middle")
    height = max(480.0, y + 48)
    canvas = Canvas(definitions=body.definitions, texts=body.texts)
    canvas.rect(0, 0, WIDTH, height, ground, 13)
    canvas.parts += body.parts
    return canvas.document(WIDTH, height, f"{content.description}: the back, as an iPhone shows it")


def _text(scene: Scene, one: Field) -> str:
    """What the back shows: the rich text where there is one, its links by their own words. Other tags stand as they are."""
    return scene.value(one) if one.rich_text is None else html.unescape(_LINK.sub("", one.rich_text))


def _switches(canvas: Canvas, names: tuple[str, ...], y: float, sheet: str, ink: str, hair: str) -> float:
    canvas.rect(_EDGE, y, WIDTH - 2 * _EDGE, 44 * len(names), sheet, 10)
    for number, name in enumerate(names):
        top = y + 44 * number
        canvas.text(_EDGE + 16, top + 27, fonts.shorten(name, 15.5, WIDTH - 130), 15.5, ink)
        canvas.rect(WIDTH - _EDGE - 60, top + 8, 46, 28, _SWITCH_GREEN, 14)
        canvas.add(f"<circle{attributes(cx=WIDTH - _EDGE - 28, cy=top + 22, r=12, fill='#ffffff')}/>")
        if number:
            canvas.line(_EDGE + 16, top, WIDTH - _EDGE, top, hair)
    return y + 44 * len(names)


def _list(canvas: Canvas, scene: Scene, facts: list[Field], y: float, sheet: str, ink: str, faint: str, hair: str) -> float:
    room = WIDTH - 2 * _EDGE - 32
    blocks = [
        (fonts.shorten(one.label or "", 12.5, room, bold=True), fonts.wrap(_text(scene, one), 14.5, room, _LINES_MAX))
        for one in facts
    ]
    heights = [(20 if label else 4) + 19.0 * len(lines) + 16 for label, lines in blocks]
    canvas.rect(_EDGE, y, WIDTH - 2 * _EDGE, sum(heights), sheet, 10)
    for number, ((label, lines), height) in enumerate(zip(blocks, heights, strict=True)):
        if number:
            canvas.line(_EDGE + 16, y, WIDTH - _EDGE, y, hair)
        at = y + 10
        if label:
            canvas.text(_EDGE + 16, at + 12, label, 12.5, faint, bold=True)
            at += 18
        for line in lines:
            at += 19
            canvas.text(_EDGE + 16, at - 4, line, 14.5, ink)
        y += height
    return y

"""The back of a pass and its lines on the lock screen, as an iPhone shows them. May not enter: the front."""

from billfold.domain.content import Field, ImageSlot
from billfold.rendering import fonts
from billfold.rendering.scene import Scene, Scheme, ink_on, mix
from billfold.rendering.svg import Canvas, attributes
from billfold.rendering.words import words

WIDTH = 375.0
_EDGE = 16.0
_LINES_MAX = 40
_ANDROID_GREEN = "#34c759"


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
    facts = [*content.back, *content.additional]
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


def _switches(canvas: Canvas, names: tuple[str, ...], y: float, sheet: str, ink: str, hair: str) -> float:
    canvas.rect(_EDGE, y, WIDTH - 2 * _EDGE, 44 * len(names), sheet, 10)
    for number, name in enumerate(names):
        top = y + 44 * number
        canvas.text(_EDGE + 16, top + 27, fonts.shorten(name, 15.5, WIDTH - 130), 15.5, ink)
        canvas.rect(WIDTH - _EDGE - 60, top + 8, 46, 28, _ANDROID_GREEN, 14)
        canvas.add(f"<circle{attributes(cx=WIDTH - _EDGE - 28, cy=top + 22, r=12, fill='#ffffff')}/>")
        if number:
            canvas.line(_EDGE + 16, top, WIDTH - _EDGE, top, hair)
    return y + 44 * len(names)


def _list(canvas: Canvas, scene: Scene, facts: list[Field], y: float, sheet: str, ink: str, faint: str, hair: str) -> float:
    room = WIDTH - 2 * _EDGE - 32
    blocks = [
        (fonts.shorten(one.label or "", 12.5, room, bold=True), fonts.wrap(scene.value(one), 14.5, room, _LINES_MAX))
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


def draw_lock(scene: Scene) -> str:
    """A lock screen with what the holder reads when a value changes (section 6), and near a place."""
    canvas, content, say = Canvas(), scene.content, words(scene.language)
    height = 480.0
    dark = scene.scheme is Scheme.DARK
    top, low = (
        (mix(content.background_color, "#000000", 0.78), "#07080b")
        if dark
        else (mix(content.background_color, "#ffffff", 0.25), mix(content.background_color, "#10131a", 0.72))
    )
    canvas.rect(0, 0, WIDTH, height, canvas.fade((0, top, 1), (1, low, 1), slant=0.35), 26)
    ink = "#ffffff" if dark else ink_on(top)
    canvas.text(WIDTH / 2, 66, say["lock_date"], 17, ink, anchor="middle", opacity=0.9)
    canvas.text(WIDTH / 2, 142, "9:41", 82, ink, bold=True, anchor="middle")
    y = 196.0
    for text, when in _lines(scene):
        y = _notice(canvas, scene, text, when, y, dark) + 10
        if y > height - 90:
            break
    return canvas.document(WIDTH, height, f"{content.description}: the lock screen of an iPhone")


def _lines(scene: Scene) -> list[tuple[str, str]]:
    content, say = scene.content, words(scene.language)
    speaking = [one for one in content.fields() if one.change_message]
    chosen = next((one for one in content.fields() if one.key == scene.changed), speaking[0] if speaking else None)
    out = []
    if chosen is not None:
        message = chosen.change_message or ""
        out.append((message.replace("%@", scene.value(chosen)) if "%@" in message else say["changed"], say["now"]))
    near = [one.relevant_text for one in content.locations] + [one.relevant_text for one in content.beacons]
    out += [(text or say["nearby"], "") for text in near[:1]]
    return out or [(say["changed"], say["now"])]


def _notice(canvas: Canvas, scene: Scene, text: str, when: str, y: float, dark: bool) -> float:
    sheet, ink = ("#2b2c31", "#ffffff") if dark else ("#f4f4f7", "#0b0b0d")
    left, room = 12.0, WIDTH - 24 - 80
    lines = fonts.wrap(text, 15, room, 4)
    high = max(66.0, 44 + 19.5 * len(lines))
    canvas.rect(left, y, WIDTH - 24, high, sheet, 20, opacity=0.94)
    icon = scene.pictures.get(ImageSlot.ICON) or scene.pictures.get(ImageSlot.LOGO)
    canvas.group(clip=canvas.clip(f"<rect{attributes(x=left + 13, y=y + (high - 38) / 2, width=38, height=38, rx=9)}/>"))
    canvas.rect(left + 13, y + (high - 38) / 2, 38, 38, scene.content.background_color)
    if icon:
        canvas.picture(left + 13, y + (high - 38) / 2, 38, 38, icon)
    canvas.end()
    late = fonts.width(when, 12.5) + 8 if when else 0
    canvas.text(left + 64, y + 26, fonts.shorten(scene.content.organization_name, 15, room - late, bold=True), 15, ink, bold=True)
    canvas.text(WIDTH - 28, y + 26, when, 12.5, ink, anchor="end", opacity=0.55)
    for number, line in enumerate(lines):
        canvas.text(left + 64, y + 46 + 19.5 * number, line, 15, ink)
    return y + high

"""Lock screens: what they say when a pass changes, and near one of its places, as an iPhone and as an Android phone write it.

Apple shows the pass's own words, Google words of its own (S3-32). When a phone offers a pass is the phone's secret; whether it ever
does follows from the pass (reference/apple-wallet.md section 2.6, reference/google-wallet.md section 1.11).
May not enter: the card."""

from dataclasses import dataclass

from billfold.domain.colors import ink_on
from billfold.domain.content import Content, ImageSlot, Style
from billfold.rendering import fonts
from billfold.rendering.google_faces import face
from billfold.rendering.scene import Scene, Scheme, mix
from billfold.rendering.svg import Canvas, attributes
from billfold.rendering.words import words

WIDTH, HEIGHT = 375.0, 480.0
NEARBY_MAX = 3
"""A lock screen shows no more of one pass at a time; a pass may name ten places."""


@dataclass(frozen=True, slots=True)
class Line:
    """`when`: beside the title; "" without one."""

    text: str
    when: str = ""


def draw_apple_change(scene: Scene) -> str:
    return _draw_apple(scene, [_change(scene)])


def draw_apple_nearby(scene: Scene) -> str:
    return _draw_apple(scene, _nearby(scene), words(scene.language)["never_offered"])


def draw_google_change(scene: Scene) -> str:
    """What changed is read inside the pass."""
    say = words(scene.language)
    return _draw_google(scene, [Line(say["google_notice"], say["now"])])


def draw_google_nearby(scene: Scene) -> str:
    say = words(scene.language)
    lines = [Line(say["google_nearby"], say["now"])] if scene.content.locations else []
    return _draw_google(scene, lines, say["google_never_offered"])


def _change(scene: Scene) -> Line:
    """The change message of `scene.changed`, or of the first field that has one."""
    content, say = scene.content, words(scene.language)
    speaking = [one for one in content.fields() if one.change_message]
    chosen = next((one for one in content.fields() if one.key == scene.changed), speaking[0] if speaking else None)
    message = (chosen.change_message or "") if chosen else ""
    if chosen is None or "%@" not in message:
        return Line(say["changed"], say["now"])
    return Line(message.replace("%@", scene.value(chosen)), say["now"])


def _nearby(scene: Scene) -> list[Line]:
    """A line for each place with a text of its own; those without share one. Without places, a ticket is offered at its time."""
    content, say = scene.content, words(scene.language)
    places = [one.relevant_text for one in content.locations] + [one.relevant_text for one in content.beacons]
    if places:
        return [Line(text) for text in list(dict.fromkeys(text or say["nearby"] for text in places))[:NEARBY_MAX]]
    return [Line(say["soon"])] if _offered_by_time(content) else []


def _offered_by_time(content: Content) -> bool:
    dated = content.relevant_at is not None or bool(content.relevant)
    return dated and content.style in (Style.BOARDING_PASS, Style.EVENT_TICKET)


def _draw_apple(scene: Scene, lines: list[Line], otherwise: str = "") -> str:
    """`otherwise`: what stands there when there is no line."""
    canvas, content, dark = Canvas(), scene.content, scene.scheme is Scheme.DARK
    top, low = (
        (mix(content.background_color, "#000000", 0.78), "#07080b")
        if dark
        else (mix(content.background_color, "#ffffff", 0.25), mix(content.background_color, "#10131a", 0.72))
    )
    canvas.rect(0, 0, WIDTH, HEIGHT, canvas.fade((0, top, 1), (1, low, 1), slant=0.35), 26)
    ink = "#ffffff" if dark else ink_on(top)
    canvas.text(WIDTH / 2, 66, words(scene.language)["lock_date"], 17, ink, anchor="middle", opacity=0.9)
    canvas.text(WIDTH / 2, 142, "9:41", 82, ink, bold=True, anchor="middle")
    y = 196.0
    for line in lines:
        y = _apple_notice(canvas, scene, line, y) + 10
    if not lines:
        _silence(canvas, otherwise, "#ffffff" if dark else ink_on(mix(top, low, 0.5)))
    return canvas.document(WIDTH, HEIGHT, f"{content.description}: the lock screen of an iPhone")


def _apple_notice(canvas: Canvas, scene: Scene, line: Line, y: float) -> float:
    sheet, ink = ("#2b2c31", "#ffffff") if scene.scheme is Scheme.DARK else ("#f4f4f7", "#0b0b0d")
    left, room = 12.0, WIDTH - 24 - 80
    rows = fonts.wrap(line.text, 15, room, 4 if line.when else 2)
    high = max(66.0, 44 + 19.5 * len(rows))
    canvas.rect(left, y, WIDTH - 24, high, sheet, 20, opacity=0.94)
    icon = scene.pictures.get(ImageSlot.ICON) or scene.pictures.get(ImageSlot.LOGO)
    canvas.group(clip=canvas.clip(f"<rect{attributes(x=left + 13, y=y + (high - 38) / 2, width=38, height=38, rx=9)}/>"))
    canvas.rect(left + 13, y + (high - 38) / 2, 38, 38, scene.content.background_color)
    if icon:
        canvas.picture(left + 13, y + (high - 38) / 2, 38, 38, icon)
    canvas.end()
    late = fonts.width(line.when, 12.5) + 8 if line.when else 0
    canvas.text(left + 64, y + 26, fonts.shorten(scene.content.organization_name, 15, room - late, bold=True), 15, ink, bold=True)
    canvas.text(WIDTH - 28, y + 26, line.when, 12.5, ink, anchor="end", opacity=0.55)
    for number, row in enumerate(rows):
        canvas.text(left + 64, y + 46 + 19.5 * number, row, 15, ink)
    return y + high


def _draw_google(scene: Scene, lines: list[Line], otherwise: str = "") -> str:
    canvas, content, dark = Canvas(), scene.content, scene.scheme is Scheme.DARK
    top, low = (
        ("#1b1e24", "#08090c")
        if dark
        else (mix(content.background_color, "#ffffff", 0.55), mix(content.background_color, "#ffffff", 0.2))
    )
    canvas.rect(0, 0, WIDTH, HEIGHT, canvas.fade((0, top, 1), (1, low, 1)), 26)
    ink = "#ffffff" if dark else ink_on(top)
    canvas.text(28, 112, "9:41", 64, ink)
    canvas.text(30, 142, words(scene.language)["lock_date"], 15, ink)
    y = 190.0
    for line in lines:
        y = _google_notice(canvas, scene, line, y) + 10
    if not lines:
        _silence(canvas, otherwise, "#ffffff" if dark else ink_on(mix(top, low, 0.5)))
    return canvas.document(WIDTH, HEIGHT, f"{content.description}: the lock screen of an Android phone")


def _google_notice(canvas: Canvas, scene: Scene, line: Line, y: float) -> float:
    content, dark = scene.content, scene.scheme is Scheme.DARK
    sheet, text, faint = ("#2a2b2e", "#e8eaed", "#b4b8bd") if dark else ("#ffffff", "#1f1f1f", "#5f6368")
    room = WIDTH - 32 - 90
    rows = fonts.wrap(line.text, 14, room, 3)
    high = 58 + 19 * len(rows)
    canvas.rect(16, y, WIDTH - 32, high, sheet, 24)
    canvas.group(clip=canvas.clip(f"<circle{attributes(cx=46, cy=y + 30, r=16)}/>"))
    canvas.rect(30, y + 14, 32, 32, content.background_color)
    if png := scene.pictures.get(ImageSlot.LOGO) or scene.pictures.get(ImageSlot.ICON):
        canvas.picture(30, y + 14, 32, 32, png)
    canvas.end()
    canvas.text(76, y + 24, f"{words(scene.language)['wallet']} · {line.when}", 12, faint)
    canvas.text(76, y + 46, fonts.shorten(face(scene).line, 15, room, bold=True), 15, text, bold=True)
    for number, row in enumerate(rows):
        canvas.text(76, y + 66 + 19 * number, row, 14, faint)
    return y + high


def _silence(canvas: Canvas, text: str, ink: str) -> None:
    """Where a phone says nothing, why."""
    for number, row in enumerate(fonts.wrap(text, 14, WIDTH - 80, 4)):
        canvas.text(WIDTH / 2, 240 + 20.0 * number, row, 14, ink, anchor="middle")

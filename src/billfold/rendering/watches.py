"""A pass on a watch: Apple's long one to scroll through, Google's round one with little more than the code. Points of the picture.

An Apple Watch leaves out strip, thumbnail, back and the text below a code, has the code last, turns wide codes upright and draws no
Code 128 (reference/apple-wallet.md sections 1.5, 2.3). Google describes no layout for watches: title, headline and code are what
watches show. May not enter: phones."""

from billfold.domain.colors import ink_on
from billfold.domain.content import Barcode, BarcodeFormat, Content, Field, ImageSlot, Style, TransitType
from billfold.rendering import barcodes, fonts, symbols
from billfold.rendering.apple_front import inside, shown_code
from billfold.rendering.google_faces import face
from billfold.rendering.scene import Scene, Scheme, mix
from billfold.rendering.svg import Canvas, attributes, coordinate
from billfold.rendering.words import words

WIDTH = 375.0
_SCREEN = 250.0
_LEFT = (WIDTH - _SCREEN) / 2
_BEZEL = 14.0
_TOP = 6 + _BEZEL
_EDGE = 12.0
_ROOM = _SCREEN - 2 * _EDGE
_GAP = 12.0
_CASES = {Scheme.LIGHT: ("#d7d7dc", "#b4b4ba"), Scheme.DARK: ("#3a3a3c", "#5a5a5e")}
"""Case and crown."""


def draw_apple(scene: Scene) -> str:
    """As tall as what there is to scroll through."""
    body, content = Canvas(), scene.content
    body.text(_LEFT + _SCREEN - 26, _TOP + 28, "9:41", 15, "#ffffff", anchor="end")
    top = _TOP + 40
    y = _brand(body, scene, top + 10)
    y = _journey(body, scene, y) if content.style is Style.BOARDING_PASS else _headline(body, scene, y)
    for row in _rows(scene):
        y = _fields(body, scene, row, y)
    if (png := scene.pictures.get(ImageSlot.FOOTER)) and content.style is Style.BOARDING_PASS:
        wide, high = inside(png, _ROOM, 15)
        body.picture(_LEFT + (_SCREEN - wide) / 2, y, wide, high, png, "meet")
        y += high + 8
    y = _code(body, _watch_code(content), y + 2)
    foot = y + 10
    height = max(300.0, foot - _TOP + 30)
    canvas = _case(scene, height, 52)
    canvas.definitions, canvas.texts = body.definitions, body.texts
    canvas.rect(_LEFT, top, _SCREEN, foot - top, content.background_color, 14)
    canvas.group(opacity=0.45 if content.voided else None)
    canvas.parts += body.parts
    canvas.end()
    return canvas.document(WIDTH, _TOP + height + _BEZEL + 6, f"{content.description}: on an Apple Watch")


def _case(scene: Scene, height: float, radius: float) -> Canvas:
    canvas = Canvas()
    case, crown = _CASES[scene.scheme]
    canvas.rect(_LEFT + _SCREEN + _BEZEL - 4, _TOP + 60, 12, 46, crown, 5)
    canvas.rect(_LEFT - _BEZEL, _TOP - _BEZEL, _SCREEN + 2 * _BEZEL, height + 2 * _BEZEL, case, radius + _BEZEL)
    canvas.rect(_LEFT - 5, _TOP - 5, _SCREEN + 10, height + 10, "#000000", radius + 5)
    return canvas


def _brand(canvas: Canvas, scene: Scene, y: float) -> float:
    """Logo and its text, then the header fields."""
    content, left = scene.content, _LEFT + _EDGE
    png = scene.pictures.get(ImageSlot.LOGO)
    if png:
        wide, high = inside(png, 96, 26)
        canvas.picture(left, y + (26 - high) / 2, wide, high, png, "meet", "xMinYMid")
        left += wide + 8
    name = content.logo_text or ("" if png else content.organization_name)
    text, size = fonts.shrink(name, 16, _LEFT + _SCREEN - _EDGE - left, 12)
    canvas.text(left, y + 13 + size * 0.35, text, size, content.foreground_color)
    y += 34
    for row in _paired(scene, content.poster.header if content.poster else content.header[:3]):
        y = _fields(canvas, scene, row, y)
    return y


def _headline(canvas: Canvas, scene: Scene, y: float) -> float:
    content = scene.content
    primary = content.poster.primary if content.poster else content.primary
    if not primary:
        return y
    value, size = fonts.shrink(scene.value(primary[0]), 30, _ROOM, 16)
    label = fonts.shorten(primary[0].label or "", 11.5, _ROOM, bold=True)
    canvas.text(_LEFT + _EDGE, y + 12, label, 11.5, content.label_color, bold=True)
    canvas.text(_LEFT + _EDGE, y + 18 + size * 0.86, value, size, content.foreground_color)
    return y + 28 + size


def _journey(canvas: Canvas, scene: Scene, y: float) -> float:
    """From and to, with the vehicle between them."""
    content = scene.content
    half = (_ROOM - 36) / 2
    for one, anchor in zip(content.primary[:2], ("start", "end"), strict=False):
        x = _LEFT + (_EDGE if anchor == "start" else _SCREEN - _EDGE)
        canvas.text(
            x, y + 12, fonts.shorten(one.label or "", 11.5, half, bold=True), 11.5, content.label_color, bold=True, anchor=anchor
        )
        value, size = fonts.shrink(scene.value(one), 32, half, 16)
        canvas.text(x, y + 18 + size * 0.86, value, size, content.foreground_color, anchor=anchor)
    if len(content.primary) > 1:
        shape = symbols.TRANSIT[content.transit_type or TransitType.GENERIC]
        move = f"translate({coordinate(_LEFT + _SCREEN / 2 - 12)} {coordinate(y + 20)})"
        canvas.add(f"<path{attributes(d=shape, fill=content.label_color, transform=move)}/>")
    return y + 60


def _rows(scene: Scene) -> list[tuple[Field, ...]]:
    """What a phone shows in rows."""
    content = scene.content
    if content.poster:
        kinds = [content.poster.footer[:2]]
    elif content.style in (Style.STORE_CARD, Style.COUPON):
        kinds = [(*content.secondary, *content.auxiliary)[:4]]
    elif content.style is Style.BOARDING_PASS:
        kinds = [content.auxiliary[:5], content.secondary[:4]]
    else:
        kinds = [content.secondary[:4], content.auxiliary[:4]]
    return [row for kind in kinds for row in _paired(scene, kind)]


def _paired(scene: Scene, kind: tuple[Field, ...]) -> list[tuple[Field, ...]]:
    """Two and two where they fit beside each other, else one."""
    rows: list[tuple[Field, ...]] = []
    for one in kind:
        if rows and len(rows[-1]) == 1 and _needed(scene, rows[-1][0]) + _GAP + _needed(scene, one) <= _ROOM:
            rows[-1] = (rows[-1][0], one)
        else:
            rows.append((one,))
    return rows


def _needed(scene: Scene, one: Field) -> float:
    return max(fonts.width(scene.value(one), 18), fonts.width(one.label or "", 11.5, True))


def _fields(canvas: Canvas, scene: Scene, row: tuple[Field, ...], y: float) -> float:
    content = scene.content
    for one, anchor in zip(row, ("start", "end"), strict=False):
        x = _LEFT + (_EDGE if anchor == "start" else _SCREEN - _EDGE)
        label = fonts.shorten(one.label or "", 11.5, _ROOM, bold=True)
        canvas.text(x, y + 12, label, 11.5, content.label_color, bold=True, anchor=anchor)
        value, size = fonts.shrink(scene.value(one), 18, _ROOM, 13)
        canvas.text(x, y + 16 + size * 0.86, value, size, content.foreground_color, anchor=anchor)
    return y + 44


def _watch_code(content: Content) -> Barcode | None:
    """The first code that a watch draws."""
    if (code := shown_code(content)) is not None and code.format is BarcodeFormat.CODE128:
        return next((one for one in content.barcode_fallbacks if one.format in barcodes.SQUARE | {BarcodeFormat.PDF417}), None)
    return code


def _code(canvas: Canvas, code: Barcode | None, y: float) -> float:
    """On white, as wide as the screen; a wide code stands upright."""
    modules = barcodes.encode(code) if code else None
    if code is None or modules is None:
        return y
    square = code.format in barcodes.SQUARE
    wide, high = (176.0, 176.0) if square else (250.0, 84.0)
    tall = (high if square else wide) + 24
    canvas.rect(_LEFT + _EDGE, y, _ROOM, tall, "#ffffff", 8)
    x, top = _LEFT + (_SCREEN - wide) / 2, y + (tall - high) / 2
    turned = None if square else f"rotate(90 {coordinate(WIDTH / 2)} {coordinate(y + tall / 2)})"
    canvas.group(move=turned)
    canvas.path(barcodes.path(modules, x, top, wide, high), "#000000")
    canvas.end()
    return y + tall + 4


# --- Google --------------------------------------------------------------------------------------------------------------


def draw_google(scene: Scene) -> str:
    """One round screen; a void pass is not on it."""
    canvas, content = _case(scene, _SCREEN, _SCREEN / 2), scene.content
    middle = _TOP + _SCREEN / 2
    if content.voided:
        word = fonts.shorten(words(scene.language)["void"], 15, 200)
        canvas.text(WIDTH / 2, middle + 5, word, 15, "#e3e3e3", anchor="middle")
    else:
        _round_face(canvas, scene, middle)
    return canvas.document(WIDTH, _TOP + _SCREEN + _BEZEL + 6, f"{content.description}: on a watch with Google Wallet")


def _round_face(canvas: Canvas, scene: Scene, middle: float) -> None:
    content, code, shown = scene.content, scene.content.barcode, face(scene)
    ground = content.background_color
    canvas.add(f"<circle{attributes(cx=WIDTH / 2, cy=middle, r=_SCREEN / 2 - 4, fill=ground)}/>")
    ink = ink_on(ground)
    canvas.group(clip=canvas.clip(f"<circle{attributes(cx=WIDTH / 2, cy=_TOP + 28, r=16)}/>"))
    canvas.rect(WIDTH / 2 - 16, _TOP + 12, 32, 32, "#ffffff" if ink == "#ffffff" else mix(ground, "#000000", 0.06))
    if png := scene.pictures.get(ImageSlot.LOGO) or scene.pictures.get(ImageSlot.ICON):
        canvas.picture(WIDTH / 2 - 16, _TOP + 12, 32, 32, png)
    canvas.end()
    canvas.text(WIDTH / 2, _TOP + 61, fonts.shorten(shown.line, 14, 176), 14, ink, anchor="middle")
    modules = barcodes.encode(code) if code else None
    if code is None or modules is None:
        for number, line in enumerate(fonts.wrap(shown.headline, 20, 200, 3)):
            canvas.text(WIDTH / 2, middle + 6 + 26.0 * number, line, 20, ink, anchor="middle")
        return
    wide, high = (108.0, 108.0) if code.format in barcodes.SQUARE else (190.0, 62.0)
    canvas.rect((WIDTH - wide) / 2 - 9, middle - high / 2 + 3, wide + 18, high + 18, "#ffffff", 12)
    canvas.path(barcodes.path(modules, (WIDTH - wide) / 2, middle - high / 2 + 12, wide, high), "#000000")
    canvas.text(WIDTH / 2, _TOP + _SCREEN - 22, fonts.shorten(shown.headline, 13, 118), 13, ink, anchor="middle")

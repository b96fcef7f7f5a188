"""A pass as Google Wallet shows it: the card and its details. Points of the screen.

Colours of text are Google's choice, header fields stand in the first row, the strip stands below the code (S3-32, S3-33;
reference/google-wallet.md sections 1.10 to 1.12). May not enter: Apple, the lock screen."""

from billfold.domain.colors import ink_on
from billfold.domain.content import BarcodeFormat, Content, Field, ImageSlot
from billfold.rendering import barcodes, fonts
from billfold.rendering.google_faces import face, in_the_title, journey, off_the_rows
from billfold.rendering.scene import Scene, Scheme, mix
from billfold.rendering.svg import Canvas, attributes, coordinate
from billfold.rendering.words import words

WIDTH = 375.0
_EDGE = 20.0
_ROWS_MAX, _ITEMS_MAX = 3, 3
_HERO = WIDTH * 336 / 1032
_WIDE_LOGO = 40 * 1280 / 400
_RADIUS = 24


def rows(content: Content) -> tuple[tuple[Field, ...], ...]:
    """The card's rows: header fields; primary and secondary ones; auxiliary ones; without the title area's. At most three rows
    of three: when groups need more rows than there are, the fields follow each other without gaps."""
    off = off_the_rows(content)
    groups = (content.header, content.primary + content.secondary, content.auxiliary)
    kinds = [tuple(one for one in group if one.key not in off) for group in groups]
    made = [kind[at : at + _ITEMS_MAX] for kind in kinds for at in range(0, len(kind), _ITEMS_MAX)]
    if len(made) > _ROWS_MAX:
        together = sum(kinds, start=())[: _ROWS_MAX * _ITEMS_MAX]
        made = [together[at : at + _ITEMS_MAX] for at in range(0, len(together), _ITEMS_MAX)]
    return tuple(made)


def draw_front(scene: Scene) -> str:
    """The card, as tall as its rows need."""
    content = scene.content
    body = Canvas()
    ink = ink_on(content.background_color)
    y = _title(body, scene, ink)
    for row in (*journey(scene), *rows(content)):
        y = _row(body, scene, row, y, ink)
    y = _code(body, content, y + 8, ink)
    if png := scene.pictures.get(ImageSlot.STRIP):
        foot = f"M0 {coordinate(y)}H{WIDTH}v{coordinate(_HERO - _RADIUS)}a{_RADIUS} {_RADIUS} 0 0 1 -{_RADIUS} {_RADIUS}"
        foot += f"H{_RADIUS}a{_RADIUS} {_RADIUS} 0 0 1 -{_RADIUS} -{_RADIUS}z"
        body.group(clip=body.clip(f'<path d="{foot}"/>'))
        body.picture(0, y, WIDTH, _HERO, png)
        body.end()
        y += _HERO
    else:
        y += 10
    canvas = Canvas(definitions=body.definitions, texts=body.texts)
    if content.voided:
        canvas.group(opacity=0.55)
    canvas.rect(0, 0, WIDTH, y, content.background_color, _RADIUS)
    canvas.parts += body.parts
    if content.voided:
        canvas.end()
        word = fonts.shorten(words(scene.language)["void"], 15, WIDTH - 60, bold=True)
        wide = fonts.width(word, 15, True) + 32
        canvas.rect((WIDTH - wide) / 2, 14, wide, 34, "#1f1f1f", 17)
        canvas.text(WIDTH / 2, 36, word, 15, "#ffffff", bold=True, anchor="middle")
    return canvas.document(WIDTH, y, f"{content.description}: as Google Wallet shows it")


def _title(canvas: Canvas, scene: Scene, ink: str) -> float:
    content, shown = scene.content, face(scene)
    left = _EDGE
    if wide := scene.pictures.get(ImageSlot.WIDE_LOGO):
        canvas.picture(left, 20, _WIDE_LOGO, 40, wide, "meet", "xMinYMid")  # in the place of logo and name
    else:
        png = scene.pictures.get(ImageSlot.LOGO) or scene.pictures.get(ImageSlot.ICON)
        canvas.group(clip=canvas.clip(f"<circle{attributes(cx=left + 20, cy=40, r=20)}/>"))
        canvas.rect(left, 20, 40, 40, "#ffffff" if ink == "#ffffff" else mix(content.background_color, "#000000", 0.06))
        if png:
            canvas.picture(left, 20, 40, 40, png)
        canvas.end()
        canvas.text(left + 54, 46, fonts.shorten(shown.line, 17, WIDTH - left - 54 - _EDGE), 17, ink)
    canvas.line(0, 76, WIDTH, 76, ink, 0.16)
    y = 112.0
    if shown.label:
        canvas.text(_EDGE, y - 8, fonts.shorten(shown.label, 13, WIDTH - 2 * _EDGE), 13, ink, opacity=0.85)
        y += 14
    lines = fonts.wrap(shown.headline, 24, WIDTH - 2 * _EDGE, 2)
    for line in lines:
        canvas.text(_EDGE, y + 10, line, 24, ink)
        y += 30
    return y


def _row(canvas: Canvas, scene: Scene, row: tuple[Field, ...], y: float, ink: str) -> float:
    """Labels over values; the first stands left, the last right, one between them in the middle."""
    room = (WIDTH - 2 * _EDGE - 14 * (len(row) - 1)) / len(row)
    places = {1: ("start",), 2: ("start", "end"), 3: ("start", "middle", "end")}[len(row)]
    for anchor, one in zip(places, row, strict=True):
        x = {"start": _EDGE, "middle": WIDTH / 2, "end": WIDTH - _EDGE}[anchor]
        canvas.text(x, y + 22, fonts.shorten(one.label or "", 12, room), 12, ink, anchor=anchor, opacity=0.85)
        value, size = fonts.shrink(scene.value(one), 16, room, 13)
        canvas.text(x, y + 43, value, size, ink, anchor=anchor)
    return y + 54


def _code(canvas: Canvas, content: Content, y: float, ink: str) -> float:
    code = content.barcode
    if code is None:
        return y + 10
    if code.format is BarcodeFormat.TEXT:
        canvas.text(WIDTH / 2, y + 34, fonts.shorten(code.message, 18, WIDTH - 2 * _EDGE), 18, ink, anchor="middle")
        return y + 56
    modules = barcodes.encode(code)
    if modules is None:
        return y + 10
    wide, high = (150.0, 150.0) if code.format in barcodes.SQUARE else (290.0, 76.0)
    box_wide, box_high = wide + 36, high + 36 + (16 if code.alt_text else 0)
    left = (WIDTH - box_wide) / 2
    canvas.rect(left, y + 10, box_wide, box_high, "#ffffff", 18)
    canvas.path(barcodes.path(modules, left + 18, y + 28, wide, high), "#000000")
    if code.alt_text:
        canvas.text(WIDTH / 2, y + box_high, fonts.shorten(code.alt_text, 13, box_wide - 20), 13, "#1f1f1f", anchor="middle")
    return y + box_high + 26


def draw_details(scene: Scene) -> str:
    """What stands below the card: the fields that did not fit on it, the back, the end of validity."""
    dark = scene.scheme is Scheme.DARK
    ground, ink, faint, hair = (
        ("#131314", "#e3e3e3", "#9aa0a6", "#303134") if dark else ("#ffffff", "#1f1f1f", "#5f6368", "#e3e5e8")
    )
    body, content, say = Canvas(), scene.content, words(scene.language)
    front = {one.key for row in rows(content) for one in row} | in_the_title(content)
    facts = [one for one in content.fields() if one.key not in front]
    if end := scene.expiry(say["expires"]):
        facts.append(end)
    room = WIDTH - 2 * _EDGE
    body.text(_EDGE, 40, say["details"], 20, ink, bold=True)
    y = 58.0
    for png in (scene.pictures.get(ImageSlot.THUMBNAIL), *scene.more):
        if png:
            body.picture(_EDGE, y, room, 150, png, "meet")
            y += 164
    for number, one in enumerate(facts):
        if number:
            body.line(_EDGE, y, WIDTH - _EDGE, y, hair)
        if one.label:
            body.text(_EDGE, y + 24, fonts.shorten(one.label, 13, room), 13, faint)
            y += 20
        for line in fonts.wrap(scene.value(one), 15, room, 40):
            y += 20
            body.text(_EDGE, y + 6, line, 15, ink)
        y += 20
    height = max(240.0, y + 16)
    canvas = Canvas(definitions=body.definitions, texts=body.texts)
    canvas.rect(0, 0, WIDTH, height, ground, 24)
    canvas.parts += body.parts
    return canvas.document(WIDTH, height, f"{content.description}: details, as Google Wallet shows them")

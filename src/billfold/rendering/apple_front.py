"""The front of a pass as an iPhone lays it out, by style. Points of the screen; proportions by reference/apple-wallet.md
sections 1.5 and 2.4. A phone leaves out silently what has no room, and so does this. May not enter: the back, the lock screen."""

from dataclasses import dataclass

from billfold.domain.content import Barcode, BarcodeFormat, Content, Field, ImageSlot, Style, TextAlignment, TransitType
from billfold.rendering import apple_below, barcodes, fonts, symbols
from billfold.rendering.scene import Scene, mix
from billfold.rendering.svg import Canvas, attributes, coordinate

WIDTH = 375.0
RADIUS = 13.0
EDGE = 15.0
_HEADER_BASE = 62.0
_HEIGHT = 480.0
_THUMBNAIL_WIDE = 90.0
_STRIPS = {Style.STORE_CARD: 144.0, Style.COUPON: 144.0, Style.EVENT_TICKET: 98.0}
_HEADER_MAX, _ROW_MAX, _AUXILIARY_MAX = 3, 4, 5
_APPLE_DRAWS = frozenset(BarcodeFormat) - {
    BarcodeFormat.EAN8,
    BarcodeFormat.UPC_A,
    BarcodeFormat.DATA_MATRIX,
    BarcodeFormat.TEXT,
}


@dataclass(frozen=True, slots=True)
class _Look:
    """Sizes of one place for fields. `least`: how small a value becomes before it is cut."""

    label: float
    value: float
    least: float
    light: bool = True


_HEADER = _Look(10.5, 17, 12)
_BIG = _Look(11, 42, 20)
_MEDIUM = _Look(11, 30, 17)
_SMALL = _Look(10.5, 17, 12)


class Front:
    """Draws one scene. Methods go from the top of the card to its foot."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.content = scene, scene.content
        self.canvas = Canvas()
        self.ink = self.content.foreground_color
        self.label_ink = self.content.label_color
        self.top = 0.0

    def draw(self) -> str:
        content = self.content
        if content.poster is not None or (content.enhanced and ImageSlot.ARTWORK in self.scene.pictures):
            self._poster()
        else:
            self._card()
            self._header()
            {
                Style.BOARDING_PASS: self._boarding_pass,
                Style.EVENT_TICKET: self._event_ticket,
                Style.GENERIC: self._generic,
            }.get(content.style, self._store_card)()
            self._barcode()
        self._void()
        height = apple_below.draw(self.canvas, self.scene, _HEIGHT, WIDTH)
        return self.canvas.document(WIDTH, height, f"{content.description}: as an iPhone shows it")

    # --- the card itself ---------------------------------------------------------------------------------------------------------

    def _card(self) -> None:
        """The ground. What may reach a corner is drawn in the card's outline; clipping everything would cost far more."""
        canvas, outline = self.canvas, _outline(self.content.style)
        canvas.path(outline, self.content.background_color)
        if self.content.style is Style.EVENT_TICKET and (png := self.scene.pictures.get(ImageSlot.BACKGROUND)):
            blurred = '<filter id="{id}" x="0" y="0" width="1" height="1"><feGaussianBlur stdDeviation="9"/></filter>'
            canvas.group(clip=canvas.clip(f'<path d="{outline}"/>'))
            canvas.group(filter_=canvas.define(blurred, "blur"))
            canvas.picture(-20, -20, WIDTH + 40, _HEIGHT + 40, png)
            canvas.end()
            canvas.end()
            canvas.path(outline, "#000000", 0.28)
            self._thumbnail(110, 4)
            canvas.lay_ground()

    def _header(self) -> None:
        """Logo and its text on the left, up to three fields on the right. The fields are what a stack of passes shows."""
        canvas = self.canvas
        right = WIDTH - EDGE
        for one in reversed(self.content.header[:_HEADER_MAX]):
            value, label = self.scene.value(one), one.label or ""
            wide = min(110.0, max(fonts.width(value, _HEADER.value), fonts.width(label, _HEADER.label, True)))
            if right - wide < 150:
                break
            self._field(one, right - wide, 24, wide, _HEADER, TextAlignment.RIGHT)
            right -= wide + 14
        left = EDGE
        if png := self.scene.pictures.get(ImageSlot.LOGO):
            wide, high = inside(png, 160, 38)
            canvas.picture(left, 12 + (38 - high) / 2, wide, high, png, "meet", "xMinYMid")
            left += wide + 9
        if self.content.logo_text:
            text, size = fonts.shrink(self.content.logo_text, 19, right - left - 6, 13)
            canvas.text(left, 31 + size * 0.35, text, size, self.ink)
        self.top = _HEADER_BASE

    # --- styles ------------------------------------------------------------------------------------------------------------------

    def _store_card(self) -> None:
        strip = self._strip(_STRIPS.get(self.content.style, 123.0))
        self._over_strip(strip)
        self._row((*self.content.secondary, *self.content.auxiliary)[:_ROW_MAX])

    def _generic(self) -> None:
        self._thumbnail(90, 6)
        if self.content.primary:
            self._field(self.content.primary[0], EDGE, self.top + 24, self._beside_thumbnail(90), _MEDIUM)
        self.top += 102
        self._row(self.content.secondary[:_ROW_MAX])
        self._row(self.content.auxiliary[:_ROW_MAX])

    def _event_ticket(self) -> None:
        content = self.content
        plain = ImageSlot.BACKGROUND not in self.scene.pictures and ImageSlot.THUMBNAIL not in self.scene.pictures
        if plain and ImageSlot.STRIP in self.scene.pictures:
            self._over_strip(self._strip(_STRIPS[Style.EVENT_TICKET]))
            self._row(content.secondary[:_ROW_MAX])
        else:
            room = self._beside_thumbnail(110)
            if not self.canvas.grounded:
                self._thumbnail(110, 4)
            if content.primary:
                self._field(content.primary[0], EDGE, self.top + 16, room, _MEDIUM)
            self.top += 56
            self._row(content.secondary[:_ROW_MAX], room)
            self.top = max(self.top, _HEADER_BASE + 118)
        for number in (0, 1):
            self._row(tuple(one for one in content.auxiliary if (one.row or 0) == number)[:_ROW_MAX])

    def _boarding_pass(self) -> None:
        """Two primary fields with the vehicle between them; auxiliary fields above secondary ones (section 2.4)."""
        half = (WIDTH - 2 * EDGE - 50) / 2
        primary = self.content.primary[:2]
        big = _Look(11, 44, 22)
        if primary:
            self._field(primary[0], EDGE, self.top + 14, half, big)
        if len(primary) == 2:
            self._field(primary[1], WIDTH - EDGE - half, self.top + 14, half, big, TextAlignment.RIGHT)
            shape = symbols.TRANSIT[self.content.transit_type or TransitType.GENERIC]
            move = f"translate({WIDTH / 2 - 15} {self.top + 27}) scale(1.25)"
            self.canvas.add(f"<path{attributes(d=shape, fill=self.label_ink, transform=move)}/>")
        self.top += 92
        self._row(self.content.auxiliary[:_AUXILIARY_MAX])
        self._row(self.content.secondary[:_ROW_MAX])

    def _poster(self) -> None:
        """All picture: logo and one field above, up to four fields and two more on a dark foot (sections 2.8, 2.10)."""
        canvas, content, poster = self.canvas, self.content, self.content.poster
        canvas.rect(0, 0, WIDTH, _HEIGHT, content.background_color, 24)
        if png := self.scene.pictures.get(ImageSlot.ARTWORK):
            canvas.group(clip=canvas.clip(_box(0, 0, WIDTH, _HEIGHT, 24)))
            canvas.picture(0, 0, WIDTH, _HEIGHT, png)
            canvas.end()
        canvas.rect(
            0,
            0,
            WIDTH,
            _HEIGHT,
            canvas.fade((0, "#000000", 0.35), (0.25, "#000000", 0), (0.55, "#000000", 0), (1, "#000000", 0.72)),
            24,
        )
        canvas.lay_ground()
        self.ink, self.label_ink = "#ffffff", "#e6e6e6"
        header, primary, footer = (
            (poster.header, poster.primary, poster.footer) if poster else (content.header, content.primary, content.secondary[:2])
        )
        png = self.scene.pictures.get(ImageSlot.PRIMARY_LOGO) or self.scene.pictures.get(ImageSlot.LOGO)
        room = WIDTH - 2 * EDGE
        for one in header[:1]:
            wide = min(130.0, max(fonts.width(self.scene.value(one), 17), fonts.width(one.label or "", 10.5, True)))
            self._field(one, WIDTH - EDGE - wide, 24, wide, _HEADER, TextAlignment.RIGHT)
            room -= wide + 10
        if png:
            wide, high = inside(png, min(126, room), 34)
            canvas.picture(EDGE, 16, wide, high, png, "meet", "xMinYMid")
        elif content.logo_text:
            text, size = fonts.shrink(content.logo_text, 19, room, 13, bold=True)
            canvas.text(EDGE, 38, text, size, self.ink, bold=True)
        self.top = _HEIGHT - (118 if footer else 72)
        if len(primary) == 1:
            self._field(primary[0], EDGE, self.top - 8, WIDTH - 2 * EDGE, _MEDIUM)
        else:
            self._row(primary[:4])
        self.top = _HEIGHT - 62
        self._row(footer[:2])

    # --- pieces ------------------------------------------------------------------------------------------------------------------

    def _strip(self, height: float) -> float:
        """The picture behind the primary field, or the room for it. Gives back the height."""
        if png := self.scene.pictures.get(ImageSlot.STRIP):
            self.canvas.picture(0, self.top, WIDTH, height, png)
        return height

    def _thumbnail(self, high_max: float, below_header: float) -> None:
        """At the right edge, below the header."""
        if png := self.scene.pictures.get(ImageSlot.THUMBNAIL):
            wide, high = inside(png, _THUMBNAIL_WIDE, high_max)
            left, top = WIDTH - EDGE - wide, _HEADER_BASE + below_header
            self.canvas.group(clip=self.canvas.clip(_box(left, top, wide, high, 4)))
            self.canvas.picture(left, top, wide, high, png)
            self.canvas.end()

    def _beside_thumbnail(self, high_max: float) -> float:
        """The room that it leaves for text."""
        png = self.scene.pictures.get(ImageSlot.THUMBNAIL)
        return WIDTH - 2 * EDGE - (inside(png, _THUMBNAIL_WIDE, high_max)[0] + 12 if png else 0)

    def _over_strip(self, height: float) -> None:
        if self.content.primary:
            one = self.content.primary[0]
            value, size = fonts.shrink(self.scene.value(one), _BIG.value, WIDTH - 2 * EDGE, _BIG.least)
            middle = self.top + height / 2
            self.canvas.text(EDGE, middle + size * 0.22, value, size, self.ink)
            label = fonts.shorten(one.label or "", 14, WIDTH - 2 * EDGE)
            self.canvas.text(EDGE, middle + size * 0.22 + 22, label, 14, self.ink)
        self.top += height + 6

    def _row(self, group: tuple[Field, ...], room: float = WIDTH - 2 * EDGE) -> None:
        """Fields side by side: each gets the room that its text needs, and what is over is shared; the last one stands at the right
        edge when there are several, as the phone does."""
        if not group:
            return
        gap = 12.0
        wanted = [
            max(fonts.width(self.scene.value(one), _SMALL.value), fonts.width(one.label or "", _SMALL.label, True), 24.0)
            for one in group
        ]
        available = room - gap * (len(group) - 1)
        if sum(wanted) > available:
            fair = available / len(group)
            over = sum(one for one in wanted if one > fair)
            rest = available - sum(one for one in wanted if one <= fair)
            wanted = [one if one <= fair else one / over * rest for one in wanted]
        spare = (available - sum(wanted)) / max(1, len(group) - 1)
        left = EDGE
        for number, (one, wide) in enumerate(zip(group, wanted, strict=True)):
            last = number == len(group) - 1 and len(group) > 1
            self._field(one, left, self.top + 14, wide, _SMALL, one.alignment or (TextAlignment.RIGHT if last else None))
            left += wide + gap + max(0.0, spare)
        self.top += 50

    def _field(self, one: Field, left: float, top: float, room: float, look: _Look, alignment: TextAlignment | None = None) -> None:
        """A label over its value. `top`: the label's baseline."""
        place = {TextAlignment.RIGHT: ("end", left + room), TextAlignment.CENTER: ("middle", left + room / 2)}
        anchor, x = place.get(alignment or TextAlignment.LEFT, ("start", left))
        label = fonts.shorten(one.label or "", look.label, room, bold=True)
        self.canvas.text(x, top, label, look.label, self.label_ink, bold=True, anchor=anchor)
        value, size = fonts.shrink(self.scene.value(one), look.value, room, look.least)
        self.canvas.text(x, top + 5 + size * 0.86, value, size, self.ink, anchor=anchor)

    def _barcode(self) -> None:
        code = shown_code(self.content)
        foot = self._footer()
        modules = barcodes.encode(code) if code else None
        if code is None or modules is None:
            return
        text = code.alt_text or ""
        if code.format in barcodes.SQUARE:
            wide = high = 132.0
            pad = 12.0
        else:
            wide, high = 286.0, 66.0
            pad = 12.0
        box_wide, box_high = wide + 2 * pad, high + 2 * pad + (17 if text else 0)
        left, top = (WIDTH - box_wide) / 2, _HEIGHT - 22 - box_high
        if foot is not None:
            self.canvas.picture((WIDTH - 268) / 2, top - 22, 268, 15, foot, "meet")
        self.canvas.rect(left, top, box_wide, box_high, "#ffffff", 7)
        self.canvas.path(barcodes.path(modules, left + pad, top + pad, wide, high), "#000000")
        shown = fonts.shorten(text, 12, box_wide - 12)
        self.canvas.text(WIDTH / 2, top + box_high - 10, shown, 12, "#000000", anchor="middle")

    def _footer(self) -> bytes | None:
        return self.scene.pictures.get(ImageSlot.FOOTER) if self.content.style is Style.BOARDING_PASS else None

    def _void(self) -> None:
        """A void pass is pale and its code is struck through."""
        if not self.content.voided:
            return
        outline = _outline(self.content.style)
        self.canvas.path(outline, mix(self.content.background_color, "#ffffff", 0.35), 0.55)
        self.canvas.line(WIDTH / 2 - 90, _HEIGHT - 190, WIDTH / 2 + 90, _HEIGHT - 26, "#b91c1c", 0.9)
        self.canvas.line(WIDTH / 2 + 90, _HEIGHT - 190, WIDTH / 2 - 90, _HEIGHT - 26, "#b91c1c", 0.9)


def draw(scene: Scene) -> str:
    """SVG, 375 points wide."""
    return Front(scene).draw()


def shown_code(content: Content) -> Barcode | None:
    """The first code that an iPhone of today can draw."""
    codes = (content.barcode, *content.barcode_fallbacks)
    return next((one for one in codes if one is not None and one.format in _APPLE_DRAWS), None)


def _box(x: float, y: float, width: float, height: float, radius: float) -> str:
    return f"<rect{attributes(x=x, y=y, width=width, height=height, rx=radius or None)}/>"


def _outline(style: Style) -> str:
    """Round corners; a ticket has a bite out of its upper edge, a boarding pass one out of each side, a coupon a serrated edge."""
    if style is Style.COUPON:
        teeth, deep = 50, 4.0
        wide = WIDTH / teeth
        upper = "".join(f"l{wide / 2} -{deep}l{wide / 2} {deep}" for _ in range(teeth))
        lower = "".join(f"l-{wide / 2} {deep}l-{wide / 2} -{deep}" for _ in range(teeth))
        return f"M0 {deep}{upper}V{_HEIGHT - deep}{lower}z"
    r = coordinate(RADIUS)
    arc = f"a{r} {r} 0 0 1 "
    above = f"H{WIDTH / 2 - 24}a24 13 0 0 0 48 0" if style is Style.EVENT_TICKET else ""
    right, left = ("V148a7 7 0 0 0 0 14", "V162a7 7 0 0 0 0 -14") if style is Style.BOARDING_PASS else ("", "")
    return (
        f"M{r} 0{above}H{WIDTH - RADIUS}{arc}{r} {r}{right}V{_HEIGHT - RADIUS}{arc}-{r} {r}"
        f"H{r}{arc}-{r} -{r}{left}V{r}{arc}{r} -{r}z"
    )


def inside(png: bytes, wide: float, high: float) -> tuple[float, float]:
    """Size of a picture made to fit into a box. A PNG says its size in its first chunk (bytes 16 to 24)."""
    width, height = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    scale = min(wide / max(1, width), high / max(1, height))
    return width * scale, height * scale

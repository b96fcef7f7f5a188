"""What is wrong with a picture in its place, in the form of the wallets' findings: unsharp, cut off, padded, hard to see or read.

Pure: it reads what was measured once (facts.py) and costs no pixels. Everything here is a warning, since a phone shows the picture.
May not enter: pixels, storing. Sources: reference/apple-wallet.md section 1.5, reference/google-wallet.md section 7, WCAG 2.2.
"""

from collections.abc import Iterator, Mapping

from billfold.domain.content import Content, ImageSlot
from billfold.domain.errors import FieldProblem
from billfold.images import framing
from billfold.images.facts import BINS, GRID, Facts, Record
from billfold.images.framing import Area, Frame
from billfold.images.icons import ICONS
from billfold.images.slots import Fit, Slot, place_of
from billfold.images.stamps import STAMPS_MAX
from billfold.images.vectors import contrast, luminance, rgb
from billfold.ports import Finding

CUT_SHARE = 0.25
BORDER_SHARE = 0.1
BYTES_MAX = 1_000_000
"""Of one file in a bundle (reference section 1.5: our choice)."""
CONTRAST_MIN = 3.0
"""Of a graphic against what is behind it (WCAG 2.2, 1.4.11), and of large text."""
BUSY = 30.0
NEAR_WHITE = 0.97
OWN_GROUND = 0.985
_SHARP = 0.98
_CONTAINED = (Fit.CONTAIN, Fit.CONTAIN_IN_SQUARE)


def judge(content: Content, records: Mapping[ImageSlot, Record], root: str) -> tuple[Finding, ...]:
    """Findings for each picture of a content. `root`: what the path begins with, `images` or `localized_images.fr`."""
    found: list[Finding] = []
    for slot, record in sorted(records.items()):
        if record.facts is not None:
            found += _of_picture(content, slot, record, record.facts, f"{root}.{slot.value}")
    return tuple(found)


def notes(record: Record) -> tuple[FieldProblem, ...]:
    """What can be said of a picture before it has a place."""
    found = _of_file(record.facts, "") if record.facts is not None else ()
    return tuple(FieldProblem(one.path, one.code, one.message, one.mend) for one in found)


def _of_picture(content: Content, slot: ImageSlot, record: Record, facts: Facts, path: str) -> Iterator[Finding]:
    frame = framing.parse(*record.frame.split("=")) if record.frame else None
    place = place_of(slot, content.style)
    yield from _of_file(facts, path)
    yield from _sharpness(place, facts, frame, path)
    yield from _cut_off(place, facts, frame, path)
    if place.fit in _CONTAINED or slot is ImageSlot.ICON:
        yield from _padding(facts, path)
    if slot in (ImageSlot.LOGO, ImageSlot.PRIMARY_LOGO, ImageSlot.SECONDARY_LOGO):
        yield from _on_ground(facts, content.background_color, path)
    if slot is ImageSlot.ICON:
        yield from _near_white(facts, path)
    if slot is ImageSlot.STRIP and content.primary and content.stamps is None:
        yield from _under_text(facts, framing.shown(place, facts.width, facts.height, frame), content.foreground_color, path)
    yield from _heavy(record, place, path)


def _warning(code: str, path: str, message: str, mend: str) -> Finding:
    return Finding(code, "warning", path, message, mend)


def _of_file(facts: Facts, path: str) -> Iterator[Finding]:
    if facts.animated:
        yield _warning(
            "image_animated", path, "the picture moves; wallets show its first frame", "send a picture that stands still"
        )
    if facts.four_inks:
        text = "the picture is made for print (CMYK); its colours on a screen are an estimate"
        yield _warning("image_four_inks", path, text, "save it as RGB (sRGB)")


def _sharpness(slot: Slot, facts: Facts, frame: Frame | None, path: str) -> Iterator[Finding]:
    left, top, right, bottom = framing.shown(slot, facts.width, facts.height, frame)
    width, height = (right - left) * facts.width, (bottom - top) * facts.height
    box = slot.largest
    have = max(width / box.width, height / box.height) if slot.fit in _CONTAINED else height / box.height
    if have < _SHARP:
        wanted = f"{round(width / have)} x {round(height / have)}"
        text = f"it has {round(width)} x {round(height)} pixels where a sharp phone shows {wanted}, and looks blurred or small"
        yield _warning("image_unsharp", path, text, f"send at least {_least(slot, facts, have)} pixels")


def _least(slot: Slot, facts: Facts, have: float) -> str:
    if slot.fit in _CONTAINED:
        return f"{round(facts.width / have)} x {round(facts.height / have)}"
    return f"{slot.largest.width} x {slot.largest.height}"


def _cut_off(slot: Slot, facts: Facts, frame: Frame | None, path: str) -> Iterator[Finding]:
    if slot.fit in _CONTAINED or (frame is not None and frame.crop is not None):
        return
    left, top, right, bottom = framing.shown(slot, facts.width, facts.height, frame)
    share = 1 - (right - left) * (bottom - top)
    if share < CUT_SHARE:
        return
    sides = {"left": left, "top": top, "right": 1 - right, "bottom": 1 - bottom}
    where = " and ".join(f"{one:.0%} at the {side}" for side, one in sides.items() if one >= 0.01)
    box = slot.largest
    mend = f"send a picture of {box.width} x {box.height} pixels, or say what must stay in sight: #focus=0.5,0.3"
    yield _warning("image_cut_off", path, f"{share:.0%} of the picture is cut off: {where}", mend)


def _padding(facts: Facts, path: str) -> Iterator[Finding]:
    left, top, right, bottom = facts.border
    if max(left + right, top + bottom) >= BORDER_SHARE:
        wide = f"{left + right:.0%} of its width and {top + bottom:.0%} of its height"
        text = f"{wide} are an empty border, so it is shown smaller than it could be"
        yield _warning("image_padded", path, text, "cut the transparent border away")


def _on_ground(facts: Facts, ground: str, path: str) -> Iterator[Finding]:
    behind = rgb(ground)
    if facts.coverage >= OWN_GROUND:
        if facts.edge is not None and contrast(rgb(facts.edge), behind) > 1.1:
            text = f"the picture brings a ground of its own ({facts.edge}) and stands on the pass as a box"
            yield _warning("logo_is_a_box", path, text, f"make its ground transparent, or the pass's background {facts.edge}")
        return
    there = luminance(behind)
    seen = sum(share for share, light in zip(facts.ink, _LUMINANCES, strict=True) if _ratio(light, there) >= CONTRAST_MIN)
    if seen < 0.5:
        text = (
            f"{1 - seen:.0%} of what is drawn has too little contrast to the background {ground} (less than {CONTRAST_MIN:g} to 1)"
        )
        yield _warning("logo_hard_to_see", path, text, "send a lighter or darker version, or choose another background")


def _near_white(facts: Facts, path: str) -> Iterator[Finding]:
    white = 1 - facts.coverage + facts.coverage * sum(facts.ink[-2:])
    if white >= NEAR_WHITE:
        text = "the icon is nearly white, and vanishes on the lock screen and in mails"
        yield _warning("icon_near_white", path, text, "give it a ground in the brand's colour")


def _under_text(facts: Facts, area: Area, ink: str, path: str) -> Iterator[Finding]:
    """The primary field stands on the strip, at its left."""
    ((left, top, right, bottom),) = framing.SAFE_AREAS["strip"]
    width, height = area[2] - area[0], area[3] - area[1]
    fields = [
        row * GRID + column
        for row in range(GRID)
        for column in range(GRID)
        if area[0] + left * width <= (column + 0.5) / GRID <= area[0] + right * width
        and area[1] + top * height <= (row + 0.5) / GRID <= area[1] + bottom * height
    ]
    if not fields:
        return
    means = [facts.light[at] for at in fields]
    middle = sum(means) / len(means)
    between = (sum((one - middle) ** 2 for one in means) / len(means)) ** 0.5
    within = sum(facts.busy[at] for at in fields) / len(fields)
    if within + between / 2 > BUSY:
        text = "the picture is busy where the primary field's text stands, which is then hard to read"
        yield _warning("text_on_busy_strip", path, text, "choose a calmer part (#focus=, #crop=) or move the text to another group")
    grey = round(middle)
    if contrast((grey, grey, grey), rgb(ink)) < CONTRAST_MIN:
        text = f"the picture is about as light as the text on it ({ink})"
        yield _warning("text_on_strip_hard_to_read", path, text, "choose another foreground colour or a darker or lighter picture")


def _heavy(record: Record, slot: Slot, path: str) -> Iterator[Finding]:
    size = record.sizes.get(f"{slot.name}@{slot.largest.scale}x", 0)
    if size > BYTES_MAX:
        text = f"its largest file has {size / 1e6:.1f} MB, which every phone loads with every change"
        yield _warning("image_heavy", path, text, "choose a calmer picture: flat colours pack well, noise does not")


_LUMINANCES = tuple(luminance((grey, grey, grey)) for grey in (round((at + 0.5) * 256 / BINS) for at in range(BINS)))
"""Of each step of lightness."""


def _ratio(first: float, second: float) -> float:
    return (max(first, second) + 0.05) / (min(first, second) + 0.05)


def count_of(text: str, otherwise: int) -> int:
    """A whole number as text; anything else counts as `otherwise`."""
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) <= 6 else otherwise


def stamps(content: Content) -> tuple[Finding, ...]:
    """What is odd about a stamp card."""
    return tuple(_of_stamps(content))


def _of_stamps(content: Content) -> Iterator[Finding]:
    card = content.stamps
    if card is None:
        return
    for name, text in (("filled", card.filled), ("total", card.total)):
        if count_of(text, -1) < 0:
            yield _warning(
                "stamps_not_a_number", f"stamps.{name}", "is no whole number, and nothing is counted", "give a number like 4"
            )
    total, filled = count_of(card.total, 1), count_of(card.filled, 0)
    if not 1 <= total <= STAMPS_MAX:
        text = f"a stamp card has 1 to {STAMPS_MAX} places"
        yield _warning("stamps_out_of_range", "stamps.total", text, f"choose a number up to {STAMPS_MAX}")
    elif filled > total:
        yield _warning("stamps_too_many", "stamps.filled", f"all {total} places are full", "start a new card, or give more places")
    for name, icon in (("icon", card.icon), ("reward", card.reward)):
        if icon is not None and icon not in ICONS:
            mend = f"choose one of {', '.join(sorted(ICONS))}"
            yield _warning("stamps_icon_unknown", f"stamps.{name}", "there is no such shape", mend)
    if ImageSlot.STRIP in content.images:
        text = "the stamps take the place of the strip picture"
        yield _warning("strip_not_shown", "images.strip", text, "leave one of the two out")
    if content.primary:
        text = "the primary field's text stands on the stamps"
        yield _warning("text_on_stamps", "primary[0]", text, "show it in the header or the secondary row instead")
    spec_ground = card.ground_color or content.background_color
    if contrast(rgb(card.stamp_color or content.foreground_color), rgb(spec_ground)) < CONTRAST_MIN:
        text = "the stamps have too little contrast to what is behind them"
        yield _warning("stamps_hard_to_see", "stamps.stamp_color", text, "choose a lighter or darker colour")

"""What Apple requires of a content → findings. Pure; nothing is signed while there is an error.

Wallet tells nobody why it refuses a pass, so we must say it before. Rows cited are those of reference/apple-wallet.md section 9;
rows about facts that a Content cannot hold (identifiers, web service, files) are kept by pass_json.py, certificates.py, bundle.py.
A content without faults is judged in a few microseconds, so that every fresh pass can be: hence lists filled, not generators, and
what is said of all passes of a mould is said once.
May not enter: changing the content, the clock, the pass's own identity."""

import math
from functools import lru_cache

from billfold.domain import texts
from billfold.domain.content import Content, ImageSlot, Location, Style
from billfold.ports import Finding
from billfold.wallets.alike.moulds import cast_of
from billfold.wallets.apple import predicates
from billfold.wallets.apple.pass_json import GROUPING_STYLES, POSTER_STYLES
from billfold.wallets.apple.predicates import CONTRAST_MIN, DATE_MAX, LOCATIONS_MAX, contrast, is_latitude, is_longitude
from billfold.wallets.apple.rules_codes import judge_barcodes
from billfold.wallets.apple.rules_extras import judge_extras
from billfold.wallets.apple.rules_fields import judge_fields
from billfold.wallets.apple.rules_languages import judge_languages
from billfold.wallets.apple.rules_values import in_order, names_contact
from billfold.wallets.apple.verdicts import CLOSED, ERROR, IGNORED, WARNING, date_out_of_range, error, of_fault, warning
from billfold.wallets.apple.vocabulary import images_of

_GROUPS = ("header", "primary", "secondary", "auxiliary", "additional", "back")
_BOARDING_PASS, _EVENT_TICKET = Style.BOARDING_PASS, Style.EVENT_TICKET  # looked up once: the enum takes its time
_LOCAL_STYLES = (Style.COUPON, Style.STORE_CARD, Style.GENERIC)


def check(content: Content) -> tuple[Finding, ...]:
    """All findings, errors first. Empty when there is nothing to say."""
    cast = cast_of(content)
    if cast is None or not in_order(content, *cast):
        return judged(content)
    return cast[0].findings(("apple", names_contact(*cast)), content, judged)


def judged(content: Content) -> tuple[Finding, ...]:
    """The same, whatever is known of its mould."""
    found: list[Finding] = []
    pieces = [content.organization_name, content.description, content.logo_text or "", content.grouping or ""]
    _names(content, found)
    judge_fields(content, pieces, found)
    _contact(content, found)
    _style(content, found)
    found += _colors(content.background_color, content.foreground_color, content.label_color)
    if content.barcode is not None or content.barcode_fallbacks:
        judge_barcodes(content, pieces, found)
    _places(content, pieces, found)
    _dates(content, found)
    if content.images or content.localized_images:
        _images(content, found)
    if _has_extras(content):
        judge_extras(content, pieces, found)
    if content.translations or content.localized_images or content.language is not None:
        judge_languages(content, found)
    _texts(content, pieces, found)
    if len(found) > 1:
        found.sort(key=_severity)  # stable, and "error" sorts before "warning"
    return tuple(found)


def errors(content: Content) -> tuple[Finding, ...]:
    """Only what forbids signing."""
    return tuple(one for one in check(content) if one.severity == ERROR)


def _has_extras(content: Content) -> bool:
    return bool(
        content.beacons
        or content.relevant
        or content.nfc
        or content.enhanced
        or content.poster
        or content.semantics
        or content.overrides
        or content.rotating_barcode
        or content.valid_from
        or content.smart_tap
        or content.linked
        or content.stamps
        or content.max_distance is not None
        or content.sign_up
    )


def _severity(one: Finding) -> str:
    return one.severity


def _names(content: Content, found: list[Finding]) -> None:
    """Row 3. The identifiers of that row come from the certificate and from us."""
    if not content.organization_name.strip():
        found.append(
            error(
                "organization_name_missing", "organization_name", "the issuer's name is empty", "give the name to be shown", CLOSED
            )
        )
    if not content.description.strip():
        mend = "say what kind of pass it is"
        found.append(error("description_missing", "description", "the description is empty", mend, CLOSED))


def _texts(content: Content, pieces: list[str], found: list[Finding]) -> None:
    """Row 1: what JSON in UTF-8 cannot carry, or no reader can show. `pieces`: all texts, judged as one first."""
    if predicates.is_writable("".join(pieces)):
        return
    found += [
        of_fault(ERROR, path, predicates.UNWRITABLE) for path, text in _all_texts(content) if not predicates.is_writable(text)
    ]


def _all_texts(content: Content) -> list[tuple[str, str]]:
    out: list[tuple[str, str | None]] = [
        ("organization_name", content.organization_name),
        ("description", content.description),
        ("logo_text", content.logo_text),
        ("grouping", content.grouping),
    ]
    groups = [(name, getattr(content, name)) for name in _GROUPS]
    if content.poster is not None:
        groups += [(f"poster.{name}", getattr(content.poster, name)) for name in texts.POSTER_GROUPS]
    for name, group in groups:
        for number, one in enumerate(group):
            parts = ("key", "value", "label", "change_message", "rich_text")
            out += ((f"{name}[{number}].{part}", getattr(one, part)) for part in parts)
    codes = [("barcode", content.barcode), *((f"barcode_fallbacks[{at}]", one) for at, one in enumerate(content.barcode_fallbacks))]
    for name, code in codes:
        if code is not None:
            out += ((f"{name}.{part}", getattr(code, part)) for part in ("message", "alt_text", "encoding"))
    for name in ("locations", "beacons"):
        out += ((f"{name}[{at}].relevant_text", one.relevant_text) for at, one in enumerate(getattr(content, name)))
    if content.nfc is not None:
        out += (("nfc.message", content.nfc.message), ("nfc.public_key", content.nfc.public_key))
    if content.sign_up is not None:
        out += (("sign_up.description", content.sign_up.description), ("sign_up.terms", content.sign_up.terms))
    return [(path, text) for path, text in out if text is not None]


def _contact(content: Content, found: list[Finding]) -> None:
    """Row 52: an address, a link or a phone number, by its look."""
    on_the_back = content.back + content.additional if content.additional else content.back
    shown = [one.value if one.rich_text is None else f"{one.value}\n{one.rich_text}" for one in on_the_back]
    if not predicates.names_contact("\n".join(shown)):  # no such thing reaches over a line's end
        found.append(of_fault(WARNING, "back", predicates.CONTACT_MISSING))


def _style(content: Content, found: list[Finding]) -> None:
    """Rows 8 and 37."""
    if content.style is _BOARDING_PASS:
        if content.transit_type is None:
            mend = "say air, boat, bus, train or generic"
            found.append(error("transit_type_missing", "transit_type", "a boarding pass needs a transit type", mend, CLOSED))
    elif content.transit_type is not None:
        mend = "leave it away, or make it a boarding pass"
        found.append(error("transit_type_misplaced", "transit_type", "only boarding passes have a transit type", mend, CLOSED))
    if content.grouping is not None and content.style not in GROUPING_STYLES:
        text = "only boarding passes and event tickets are grouped"
        found.append(warning("grouping_ignored", "grouping", text, "leave it away", IGNORED))


@lru_cache(maxsize=4096)
def _colors(background: str, foreground: str, label: str) -> tuple[Finding, ...]:
    """Rows 20 and 21."""
    colors = (("background_color", background), ("foreground_color", foreground), ("label_color", label))
    mend, refused = "write #rrggbb in lower case", "the colour is not shown, or the pass refused"
    unreadable = [
        error("color_unreadable", name, "this is no colour", mend, refused)
        for name, color in colors
        if not predicates.is_hex_color(color)
    ]
    if unreadable:
        return tuple(unreadable)
    return tuple(
        of_fault(WARNING, name, predicates.CONTRAST_LOW) for name, color in colors[1:] if contrast(background, color) < CONTRAST_MIN
    )


def _places(content: Content, pieces: list[str], found: list[Finding]) -> None:
    """Rows 28 and 29. Adds the places' texts to `pieces`."""
    places = content.locations
    if len(places) > LOCATIONS_MAX:
        text = f"a pass carries at most {LOCATIONS_MAX} locations"
        found.append(error("locations_too_many", "locations", text, "keep the nearest ones", "those beyond are ignored"))
    for number, one in enumerate(places):
        if one.relevant_text:
            pieces.append(one.relevant_text)
        # Comparisons with NaN are false, so NaN is refused too.
        if not (-90 <= one.latitude <= 90 and -180 <= one.longitude <= 180) or one.altitude is not None:
            _judge_place(one, f"locations[{number}]", found)
    if not places and not content.beacons and content.style in _LOCAL_STYLES:
        for name in ("relevant_at", "relevant"):
            if getattr(content, name) not in (None, ()):
                text = "this style becomes relevant by place only, never by date"
                mend = "add a location, or use an event ticket"
                found.append(warning("relevance_ignored", name, text, mend, "it is never on the lock screen"))


def _judge_place(one: Location, path: str, found: list[Finding]) -> None:
    if not is_latitude(one.latitude):
        mend = "give degrees from -90 to 90"
        found.append(error("latitude_out_of_range", f"{path}.latitude", "this is no latitude", mend, IGNORED))
    if not is_longitude(one.longitude):
        mend = "give degrees from -180 to 180"
        found.append(error("longitude_out_of_range", f"{path}.longitude", "this is no longitude", mend, IGNORED))
    if one.altitude is not None and not math.isfinite(one.altitude):
        found.append(error("altitude_not_finite", f"{path}.altitude", "this is no height", "give metres as a number", IGNORED))


def _dates(content: Content, found: list[Finding]) -> None:
    """Rows 30 and 31, as far as they need no clock."""
    expires_at, relevant_at = content.expires_at, content.relevant_at
    if expires_at is None and relevant_at is None:
        return
    if expires_at is not None and not 0 <= expires_at <= DATE_MAX:
        found.append(date_out_of_range("expires_at"))
    if relevant_at is None and not content.relevant:
        return
    if relevant_at is not None and not 0 <= relevant_at <= DATE_MAX:
        found.append(date_out_of_range("relevant_at"))
    wanted_at = max(relevant_at or 0, *(one.start for one in content.relevant)) if content.relevant else relevant_at
    if expires_at is not None and wanted_at is not None and expires_at < wanted_at:
        text = "the pass expires before it becomes relevant"
        mend = "let it expire after the date that it is for"
        found.append(warning("expires_before_relevant", "expires_at", text, mend, "it is hidden among the expired ones"))


def _images(content: Content, found: list[Finding]) -> None:
    """Rows 43 and 44. That pictures are PNGs, that there is an icon, and that none stands at the root and in a folder too, is the
    image shelf's promise (rows 42, 45)."""
    allowed = _shown(content.style, content.enhanced, content.poster is not None, content.sign_up is not None)
    listed = [("images", content.images), *((f"localized_images.{name}", one) for name, one in content.localized_images.items())]
    for path, images in listed:
        for slot in images:
            if slot not in allowed:
                text = "this style does not show this picture"
                mend = "leave it away, or choose a style that shows it"
                found.append(warning("image_not_shown", f"{path}.{slot.value}", text, mend, "it is never shown"))
        strip = ImageSlot.STRIP in images
        if (
            content.style is _EVENT_TICKET
            and (strip or content.stamps is not None)
            and images.keys() & {ImageSlot.BACKGROUND, ImageSlot.THUMBNAIL}
        ):
            text = "an event ticket has a strip, or background and thumbnail, not both"
            where = f"{path}.strip" if strip else "stamps"
            found.append(warning("images_exclude_each_other", where, text, "decide for one layout", "the layout is undefined"))
    if content.localized_images:
        _localized(content, found)


def _localized(content: Content, found: list[Finding]) -> None:
    """Row 45: a picture that some language has its own of stands in folders alone, where no language falls back to another's."""
    languages = texts.languages(content)
    for slot in sorted({slot for images in content.localized_images.values() for slot in images} - {ImageSlot.WIDE_LOGO}):
        own = [one for one in languages if slot in content.localized_images.get(one, {})]
        if slot is ImageSlot.ICON:
            text, mend = "the icon is the same in every language", "leave it away, or give it as images.icon"
            found += [warning("icon_not_localized", f"localized_images.{one}.icon", text, mend, "it is never shown") for one in own]
        elif slot not in content.images and len(own) < len(languages):
            text = f"of the pass's {len(languages)} languages {len(own)} have this picture"
            mend = f"give images.{slot.value} too, which the others then show"
            otherwise = "holders of the other languages see none"
            found.append(warning("image_not_in_all_languages", f"localized_images.{own[0]}.{slot.value}", text, mend, otherwise))


@lru_cache(maxsize=64)
def _shown(style: Style, enhanced: bool, poster: bool, sign_up: bool) -> frozenset[ImageSlot]:
    """Slots that some phone shows. The wide logo is Google's own."""
    names = set(images_of(style))
    if not enhanced:
        names -= {"primaryLogo", "secondaryLogo", "artwork", "venueMap"}
    if poster and style in POSTER_STYLES:
        names |= images_of("posterGeneric")
    if sign_up:
        names.add("personalizationLogo")
    return frozenset({slot for slot in ImageSlot if _file_name(slot) in names} | {ImageSlot.WIDE_LOGO})


def _file_name(slot: ImageSlot) -> str:
    """`primary_logo` → `primaryLogo`."""
    first, *rest = slot.value.split("_")
    return first + "".join(one.capitalize() for one in rest)

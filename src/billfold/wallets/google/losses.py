"""What Google has no place for, and what it takes in another form: warnings, so that nothing is a surprise; and the content's own
members for Google, judged by its vocabulary.

May not enter: what Google needs (requirements.py). Source: reference/google-wallet.md section 9.2."""

import re
from collections.abc import Iterator
from operator import attrgetter
from typing import Final

from billfold.domain import texts
from billfold.domain.content import Content, DateFormat, Field, ImageSlot, Kind, NumberFormat, NumberStyle, Role, TextAlignment
from billfold.domain.findings import Finding
from billfold.wallets.google import overrides
from billfold.wallets.google.document import check_members
from billfold.wallets.google.document_rules import sound_digits
from billfold.wallets.google.look import Made, PublicImages, look_of
from billfold.wallets.google.objects import LINKED_MAX, made_of
from billfold.wallets.google.requirements import unreadable
from billfold.wallets.google.semantics import tags_of
from billfold.wallets.google.verticals import vertical_of

_NO_IMAGES: Final = PublicImages()
_FRONT: Final = ("header", "primary", "secondary", "auxiliary")
_LABELLED: Final = frozenset(
    {
        *("object.loyaltyPoints.balance", "object.secondaryLoyaltyPoints.balance", "object.accountName", "object.accountId"),
        *("class.rewardsTier", "object.cardNumber", "object.pin"),
    }
)
"""Members that take the field's own label with them; others have Google's."""
_ADVISED: Final = {
    Role.PROVIDER: 12,
    Role.TIER: 7,
    Role.MEMBER_NAME: 20,
    Role.MEMBER_ID: 20,
    Role.PROGRAM_NAME: 20,
    Role.OFFER_TITLE: 60,
}
"""Characters, by what a field is."""
_LABEL_ADVISED: Final = {
    "object.accountName": 15,
    "object.accountId": 15,
    "class.rewardsTier": 9,
    "object.loyaltyPoints.balance": 9,
    "object.secondaryLoyaltyPoints.balance": 9,
}
"""Characters of a label, by the member that shows the field."""
_ACCOUNT, _ACCOUNT_ADVISED = "object.accountId", 20
_POINTS: Final = {
    "object.loyaltyPoints.balance": "loyalty_points",
    "object.secondaryLoyaltyPoints.balance": "secondary_loyalty_points",
}
_POINTS_ADVISED: Final = 7
_ISSUER_ADVISED: Final = 20
_UNKNOWN_PART: Final = re.compile(r"\{totp_(?!(?:value_0|timestamp_seconds|timestamp_millis)\})[^{}]*\}")
_FIELDS_SAY_IT: Final = "let the style's own fields say everything"
_MEMBERS: Final = (
    (
        "barcode_fallbacks",
        "barcodes_lost",
        "Google shows one code: the others are left away",
        "begin with one that all scanners read",
    ),
    ("beacons", "beacons_lost", "Google knows no beacons", "give locations too"),
    ("max_distance", "distance_lost", "Google chooses the distance around a place by itself", "choose places that hold at any"),
    ("relevant", "relevant_time_lost", "Google does not bring this pass forward at a time", "say the time in a field"),
    ("nfc", "nfc_lost", "this near-field message is Apple's: Google takes `smart_tap`", "give smart_tap for Android phones"),
    ("poster", "poster_lost", "Google has no layout that is all picture: it shows the style", _FIELDS_SAY_IT),
    ("enhanced", "enhanced_lost", "Google has one layout of each kind", _FIELDS_SAY_IT),
    ("sign_up", "sign_up_lost", "Google knows no form beside a pass: it shows the pass as it is", "link to a form on the back"),
    ("localized_images", "localized_images_lost", "Google shows the same pictures in every language", "draw them without words"),
)

_lost: Final = attrgetter(*[name for name, *_ in _MEMBERS])


def check(content: Content) -> Iterator[Finding]:
    if any(_lost(content)):
        for name, code, message, mend in _MEMBERS:
            if getattr(content, name):
                yield _warning(code, name, message, mend)
    if content.barcode is not None or content.rotating_barcode is not None or content.smart_tap is not None:
        yield from _codes(content)
    if content.semantics or any(map(_special, content.fields())):
        yield from _texts(content)
        yield from unreadable(tags_of(content))
    if content.kind is not None and content.kind is not Kind.GENERIC:
        yield from _of_kind(content)
    if content.images:
        for slot in (ImageSlot.PRIMARY_LOGO, ImageSlot.SECONDARY_LOGO, ImageSlot.ARTWORK, ImageSlot.VENUE_MAP):
            if slot in content.images:
                mend = "show what matters of it as logo or strip"
                yield _warning("image_lost", f"images.{slot.value}", f"Google has no place for the {slot.value} image", mend)
    if content.valid_from is not None and content.expires_at is not None and content.valid_from > content.expires_at:
        yield _warning("ends_before_start", "valid_from", "the pass ends before it starts", "swap the two")
    if len(content.linked) > LINKED_MAX:
        message = f"Google takes {LINKED_MAX} linked passes; the first ones are sent"
        yield _warning("linked_overflow", "linked", message, "link fewer")
    if content.overrides is not None:
        yield from _own(content)


def _special(one: Field) -> bool:
    return bool(one.format or one.alignment or one.rich_text or one.semantics or one.row is not None or one.detectors is not None)


def _warning(code: str, path: str, message: str, mend: str) -> Finding:
    return Finding(f"google.{code}", "warning", path, message, mend)


def _error(code: str, path: str, message: str, mend: str) -> Finding:
    return Finding(f"google.{code}", "error", path, message, mend)


def _codes(content: Content) -> Iterator[Finding]:
    code, rotating = content.barcode, content.rotating_barcode
    if code is not None and code.encoding and code.encoding.lower() != "utf-8" and not code.message.isascii():
        yield _warning("encoding_lost", "barcode.encoding", "Google writes codes in UTF-8", "check what your scanner reads")
    if code is not None and rotating is None and not sound_digits(code.format, code.message):
        yield _warning(
            "barcode_digits", "barcode.message", "is no number of this kind of code: scanners will not read it", "mend it"
        )
    if rotating is not None:
        if rotating.format.value not in ("QR", "PDF417"):
            yield _error("rotating_format", "rotating_barcode.format", "only QR and PDF417 rotate", "use one of them")
        if "{totp_value_0}" not in rotating.pattern:
            mend = "write {totp_value_0} where the changing digits go"
            yield _error("rotating_pattern", "rotating_barcode.pattern", "holds no changing part", mend)
        if _UNKNOWN_PART.search(rotating.pattern):
            mend = "write {totp_value_0}, {totp_timestamp_seconds} or {totp_timestamp_millis} alone"
            message = "names a changing part that the code has not: Google refuses the pass"
            yield _error("rotating_pattern", "rotating_barcode.pattern", message, mend)
        if code is not None:
            message = "Google shows the rotating code alone: a copy of this one would defeat it"
            mend = "leave it so for iPhones, which show this one; scanners must know both"
            yield _warning("static_code_left_away", "barcode", message, mend)
    if content.smart_tap is not None and not content.smart_tap.isascii():
        yield _error("smart_tap_ascii", "smart_tap", "may hold ASCII only", "use letters and digits")
    if code is not None and content.translations and any("barcode.alt_text" in words for words in content.translations.values()):
        message = "Google shows one text below the code in every language"
        yield _warning("alt_text_language_lost", "barcode.alt_text", message, "write it so that everybody reads it")


def _texts(content: Content) -> Iterator[Finding]:
    for group in texts.GROUPS:
        for at, one in enumerate(getattr(content, group)):
            if one.format or one.alignment or one.rich_text or one.row is not None or one.detectors is not None:
                yield from _field(f"{group}[{at}]", one)


def _field(path: str, one: Field) -> Iterator[Finding]:
    if isinstance(one.format, DateFormat) and one.format.relative:
        message = "Google shows the date itself: a stored text cannot say tomorrow"
        yield _warning("relative_date_lost", f"{path}.format", message, "check that the date reads well as it is")
    if isinstance(one.format, NumberFormat) and one.format.style is NumberStyle.SPELL_OUT:
        yield _warning("spelled_number_lost", f"{path}.format", "Google shows the number in digits", "write it out")
    if one.alignment not in (None, TextAlignment.NATURAL):
        yield _warning("alignment_lost", f"{path}.alignment", "Google aligns texts by itself", "let no meaning hang on it")
    if one.row is not None:
        yield _warning("row_lost", f"{path}.row", "Google lays out its rows by itself", "let no meaning hang on it")
    if one.rich_text is not None:
        message = "Google shows the value; links of the text stand below"
        yield _warning("rich_text_lost", f"{path}.rich_text", message, "let the value say it all")
    if one.detectors is not None:
        yield _warning("detectors_lost", f"{path}.detectors", "Google makes links by itself", "look at it on an Android phone")


def _of_kind(content: Content) -> Iterator[Finding]:
    """What becomes of fields that the kind has members for, and of those that it has not."""
    made = made_of(look_of(content, _NO_IMAGES))
    yield from _names(content)
    for group in texts.GROUPS:
        for at, one in enumerate(getattr(content, group)):
            path, place = f"{group}[{at}]", made.places.get(one.key)
            if place is None:
                if not made.rows and group in _FRONT:
                    message = "Google lays out this card by itself: the field stands in the details"
                    yield _warning("front_in_details", path, message, "give the field the semantic tag that it shows")
                continue
            if one.label and place not in _LABELLED:
                message = "Google writes its own label here, in the holder's language"
                yield _warning("label_replaced", f"{path}.label", message, "let the value be understood without yours")
            most = _ACCOUNT_ADVISED if place == _ACCOUNT else _ADVISED.get(one.role) if one.role is not None else None
            if most is not None and len(one.value) > most:
                yield _long(f"{path}.value", most)
            label_most = _LABEL_ADVISED.get(place)
            if label_most is not None and len(one.label or "") > label_most:
                yield _long(f"{path}.label", label_most)
            if place in _POINTS and _is_long_balance(made, place):
                yield _long(f"{path}.value", _POINTS_ADVISED)


def _names(content: Content) -> Iterator[Finding]:
    """The issuer's name, where the card's title is another text, and where it stands for what no field says."""
    name, path = content.organization_name, "organization_name"
    if content.logo_text and len(name) > _ISSUER_ADVISED:
        yield _long(path, _ISSUER_ADVISED)
    if content.kind is Kind.OFFER and len(name) > (most := _ADVISED[Role.PROVIDER]) and content.by_role(Role.PROVIDER) is None:
        message = f"Google shows it as the offer's provider, and may cut it after {most} characters"
        yield _warning("text_long", path, message, "give a field with the role provider that has a shorter name")


def _is_long_balance(made: Made, place: str) -> bool:
    """Of a balance that is a text: numbers Google writes by itself."""
    points = getattr(made.object_, _POINTS[place], None)
    return points is not None and len(points.balance.string or "") > _POINTS_ADVISED


def _long(path: str, most: int) -> Finding:
    return _warning("text_long", path, f"Google may cut it after {most} characters", "shorten it")


def _own(content: Content) -> Iterator[Finding]:
    own, vertical = content.overrides, vertical_of(content)
    assert own is not None
    for given, path, type_name, protected in (
        (own.google_class, "overrides.google_class", vertical.class_type, overrides.CLASS_PROTECTED),
        (own.google_object, "overrides.google_object", vertical.object_type, overrides.OBJECT_PROTECTED),
    ):
        for name in given:
            if name in protected:
                yield _error("own_reserved", f"{path}.{name}", "stays as Billfold writes it", "leave it away")
        yield from check_members({name: value for name, value in given.items() if name not in protected}, type_name, path)

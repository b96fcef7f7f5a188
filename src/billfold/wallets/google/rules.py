"""What Google Wallet will not show, shorten or refuse of a content, told before anything is sent.

An error is what Google is known to refuse; a warning is what a holder on Android will miss, so that a designer can decide.
May not enter: Apple's rules, the network, changes of the content. Source: reference/google-wallet.md sections 1.10, 1.14, 9.2."""

import re
from collections.abc import Iterator
from typing import Final

from billfold.domain.content import Content, Field, ImageSlot, Kind
from billfold.ports import Finding
from billfold.wallets.alike.moulds import cast_of
from billfold.wallets.google import losses, requirements
from billfold.wallets.google.modules import ITEMS_MAX, LINKS_MAX, ROWS_MAX, links_in
from billfold.wallets.google.objects import LOCATIONS_MAX
from billfold.wallets.google.rules_values import LINK_TEXT_ADVISED, VALUE_ADVISED, in_order
from billfold.wallets.google.verticals import vertical_of

MODULES_SHOWN: Final = 10
CARD_TITLE_ADVISED: Final = 20
LABEL_ADVISED: Final = 35

_COLOR: Final = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_DEFAULTS: Final = Content("", "")


def card_title(content: Content) -> str:
    return content.logo_text or content.organization_name


def check(content: Content) -> tuple[Finding, ...]:
    """Findings in the order of the content's members. Empty when Google shows everything as given.

    Each request that issues a pass comes through here: what is said of all passes of a mould is said once."""
    cast = cast_of(content)
    if cast is None or not in_order(content, *cast):
        return judged(content)
    return cast[0].findings("google", content, judged)


def judged(content: Content) -> tuple[Finding, ...]:
    """The same, whatever is known of its mould. What a content does not have is not looked at further."""
    found: list[Finding] = [*_title(content), *_fields(content)]
    if content.barcode is not None and not content.barcode.message:
        mend = "give a value"
        found.append(
            _warning("barcode_empty", "barcode.message", "Google refuses a barcode without a value: it is left away", mend)
        )
    found += _look(content)
    if content.locations:
        found += _places(content)
    if content.relevant_at is not None:
        mend = "say the time in a field, or send a message when it comes"
        found.append(_warning("relevant_time_lost", "relevant_at", "Google does not bring this pass forward at a time", mend))
    if content.kind is not None:
        found += requirements.check(content)
    found += losses.check(content)
    return tuple(found)


def _warning(code: str, path: str, message: str, mend: str) -> Finding:
    return Finding(f"google.{code}", "warning", path, message, mend)


def _error(code: str, path: str, message: str, mend: str) -> Finding:
    return Finding(f"google.{code}", "error", path, message, mend)


def _title(content: Content) -> Iterator[Finding]:
    title, path = card_title(content), "logo_text" if content.logo_text else "organization_name"
    if not title.strip():
        yield _error(
            "card_title_missing", path, "Google needs a name at the top of the card", "give an organisation name or a logo text"
        )
    if len(title) > CARD_TITLE_ADVISED:
        yield _warning(
            "card_title_long",
            path,
            f"Google may cut the name after {CARD_TITLE_ADVISED} characters",
            "shorten it, or accept the cut",
        )
    named_by_logo = content.kind in (None, Kind.GENERIC, Kind.OFFER)
    if named_by_logo and content.logo_text and content.organization_name and content.logo_text != content.organization_name:
        yield _warning(
            "organization_hidden",
            "organization_name",
            "on Google the logo text takes the place of the organisation's name",
            "leave the logo text away to show the organisation",
        )


def _fields(content: Content) -> Iterator[Finding]:
    generic = not vertical_of(content).reviewed
    if generic and not content.primary:
        yield _warning(
            "header_from_description",
            "primary",
            "without a primary field Google shows the description as the title",
            "add a primary field",
        )
    for name, group in (
        ("header", content.header),
        ("primary", content.primary),
        ("secondary", content.secondary),
        ("auxiliary", content.auxiliary),
        ("back", content.back),
    ):
        for index, one in enumerate(group):
            if not _is_modest(one):
                yield from _one_field(f"{name}[{index}]", name, one)
    front = len(content.header) + len(content.primary[1:]) + len(content.secondary) + len(content.auxiliary)
    if front > ROWS_MAX * ITEMS_MAX:
        yield _warning(
            "front_overflow",
            "auxiliary",
            f"Google's card has room for {ROWS_MAX} rows of {ITEMS_MAX} fields; the others move to the details",
            "use fewer fields on the front",
        )
    if front + len(content.back) > MODULES_SHOWN:
        yield _warning(
            "modules_overflow",
            "back",
            f"Google shows {MODULES_SHOWN} fields beside the title; later ones are not shown",
            "use fewer fields",
        )
    if content.back and sum(len(links_in(one.value)) for one in content.back) > LINKS_MAX:
        yield _warning("links_overflow", "back", f"Google shows {LINKS_MAX} links", "use fewer links")
    if generic and content.header:
        message = "on Google header fields stand in the first row of fields, not in the corner"
        yield _warning("header_fields_in_row", "header", message, "look at the preview of Google Wallet")


def _is_modest(one: Field) -> bool:
    """Whether there is nothing to say about it in any group."""
    return not one.change_message and len(one.value) <= VALUE_ADVISED and (not one.label or len(one.label) <= LINK_TEXT_ADVISED)


def _one_field(path: str, group: str, one: Field) -> Iterator[Finding]:
    if one.label and len(one.label) > LABEL_ADVISED:
        yield _warning("label_long", f"{path}.label", f"Google may cut a label after {LABEL_ADVISED} characters", "shorten it")
    if len(one.value) > VALUE_ADVISED:
        yield _warning("value_long", f"{path}.value", f"Google may cut a text after {VALUE_ADVISED} characters", "shorten it")
    if group == "back" and one.label and len(one.label) > LINK_TEXT_ADVISED and links_in(one.value):
        yield _warning(
            "link_text_long", f"{path}.label", f"Google may cut a link's text after {LINK_TEXT_ADVISED} characters", "shorten it"
        )
    if one.change_message:
        yield _warning(
            "change_message_inside",
            f"{path}.change_message",
            "Google's notice has Google's words; this text is inside the pass, and at most 3 notices are shown in 24 hours",
            "let the field itself say what has changed",
        )


def _look(content: Content) -> Iterator[Finding]:
    if _COLOR.fullmatch(content.background_color) is None:
        yield _error("color_unusable", "background_color", "Google takes colours as #rrggbb only", "give the colour as #rrggbb")
    for path, given, usual in (
        ("foreground_color", content.foreground_color, _DEFAULTS.foreground_color),
        ("label_color", content.label_color, _DEFAULTS.label_color),
    ):
        if given != usual:
            yield _warning(
                "color_lost", path, "Google picks the colour of the text by itself", "check that the background alone looks right"
            )
    if not content.images:
        return
    for slot in (ImageSlot.ICON, ImageSlot.BACKGROUND, ImageSlot.FOOTER):
        if slot in content.images:
            mend = "show what matters of it as logo or strip"
            yield _warning("image_lost", f"images.{slot.value}", f"Google has no place for the {slot.value} image", mend)
    if ImageSlot.STRIP in content.images:
        mend = "look at the preview of Google Wallet"
        yield _warning("strip_below_barcode", "images.strip", "on Google the strip image stands below the barcode", mend)
    if ImageSlot.THUMBNAIL in content.images:
        message = "on Google the thumbnail stands in the details, over the full width"
        mend = "show what matters of it as logo or strip"
        yield _warning("thumbnail_in_details", "images.thumbnail", message, mend)


def _places(content: Content) -> Iterator[Finding]:
    if len(content.locations) > LOCATIONS_MAX:
        yield _warning(
            "locations_overflow", "locations", f"Google takes {LOCATIONS_MAX} places; the first ones are sent", "give fewer"
        )
    yield _warning(
        "locations_gated",
        "locations",
        "Google uses places only for issuers that it has enabled",
        "ask Google's support to enable yours",
    )
    for index, one in enumerate(content.locations):
        path = f"locations[{index}]"
        if not (-90 <= one.latitude <= 90 and -180 <= one.longitude <= 180):
            yield _error("location_range", path, "there is no such place on Earth", "latitude is -90 to 90, longitude -180 to 180")
        if one.altitude is not None:
            mend = "leave it so: the place holds without it"
            yield _warning("altitude_lost", f"{path}.altitude", "Google knows a place without its height", mend)
        if one.relevant_text:
            mend = "say what matters there in a field too"
            yield _warning("location_text_lost", f"{path}.relevant_text", "Google shows its own text near a place", mend)

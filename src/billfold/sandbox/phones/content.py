"""A pass.json as the wallet holds it: identity, card, fields with their texts as the user reads them. Pure; the clock is given.

Reads only what pass_rules.py has let through. May not enter: network, disk.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from billfold.sandbox.phones import formats, layouts
from billfold.sandbox.phones.events import Card, ShownField
from billfold.sandbox.phones.pass_rules import FIELD_GROUPS, STYLES
from billfold.sandbox.phones.strings import strings_for

IOS = 27.0
_CODES_SINCE = {
    **dict.fromkeys(("QR", "PDF417", "Aztec"), 6.0),
    "Code128": 9.0,
    **dict.fromkeys(("Code39", "Codabar", "EAN13", "I2of5"), 27.0),
}
_TAGS = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Reader:
    """Who reads: the phone's language, its iOS, its clock. `now`: aware."""

    language: str = "en"
    ios: float = IOS
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class PassField:
    """One field. `value` is as in pass.json and decides what changed; `shown` is what the user reads."""

    shown: ShownField
    value: str | float
    change_message: str | None


@dataclass(frozen=True)
class PassContent:
    """What the phone keeps of a pass. Without web service the pass never changes."""

    pass_type_identifier: str
    serial_number: str
    description: str
    web_service_url: str | None
    authentication_token: str | None
    fields: tuple[PassField, ...]
    card: Card


def read_content(pass_json: Mapping[str, object], files: Mapping[str, bytes], reader: Reader | None = None) -> PassContent:
    """`pass_json` must have no problems."""
    reader = reader or Reader()
    strings = strings_for(files, reader.language)
    style = next((style for style in STYLES if style in pass_json), layouts.POSTER)
    layout = layouts.layout_of(pass_json, style, reader.ios)
    # What changed is told by the fields of both looks, which may say the same under one key.
    classic, poster = (tuple(_fields(pass_json, one, strings, reader)) for one in (style, layouts.POSTER))
    known = {field.shown.key for field in classic}
    fields = classic + tuple(field for field in poster if field.shown.key not in known)
    return PassContent(
        pass_type_identifier=_text(pass_json, "passTypeIdentifier"),
        serial_number=_text(pass_json, "serialNumber"),
        description=_said(pass_json, "description", strings),
        web_service_url=_text(pass_json, "webServiceURL") or None,
        authentication_token=_text(pass_json, "authenticationToken") or None,
        fields=fields,
        card=_card(pass_json, layout, poster if layout == layouts.POSTER else classic, strings, reader),
    )


def _card(
    pass_json: Mapping[str, object], layout: str, fields: tuple[PassField, ...], strings: Mapping[str, str], reader: Reader
) -> Card:
    organization = _said(pass_json, "organizationName", strings)
    expires = _text(pass_json, "expirationDate")
    code = _barcode(pass_json, reader.ios)
    return Card(
        title=_said(pass_json, "logoText", strings) or organization,
        organization_name=organization,
        fields=_shown(pass_json, layout, fields, strings, reader),
        background_color=_text(pass_json, "backgroundColor") or None,
        foreground_color=_text(pass_json, "foregroundColor") or None,
        barcode=_text(code, "message") or None,
        barcode_format=_text(code, "format").removeprefix("PKBarcodeFormat") or None,
        voided=pass_json.get("voided") is True,
        layout=layout,
        expired=bool(expires) and datetime.fromisoformat(expires) <= reader.now,
        relevance=tuple(_relevance(pass_json, strings, reader)),
        nfc=isinstance(pass_json.get("nfc"), dict),
    )


def _text(members: Mapping[str, object], name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""


def _said(members: Mapping[str, object], name: str, strings: Mapping[str, str]) -> str:
    """A text that the phone translates."""
    text = _text(members, name)
    return strings.get(text, text)


def _objects(value: object) -> list[dict[str, object]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _fields(pass_json: Mapping[str, object], style: str, strings: Mapping[str, str], reader: Reader) -> list[PassField]:
    groups = pass_json.get(style)
    found: list[PassField] = []
    if not isinstance(groups, dict):
        return found
    for group in FIELD_GROUPS:
        for entry in groups.get(group, []):
            value = format_value(entry, strings, reader)
            if isinstance(attributed := entry.get("attributedValue"), str):
                value = html.unescape(_TAGS.sub("", strings.get(attributed, attributed)))
            shown = ShownField(group.removesuffix("Fields"), entry["key"], _said(entry, "label", strings), value)
            found.append(PassField(shown, entry["value"], _said(entry, "changeMessage", strings) or None))
    return found


def _shown(
    pass_json: Mapping[str, object], layout: str, fields: tuple[PassField, ...], strings: Mapping[str, str], reader: Reader
) -> tuple[ShownField, ...]:
    """What the layout draws: the newer ones draw the front from tags, and the back and the tile from fields."""
    drawn = []
    for group, tag, text in layouts.shown_tags(pass_json, layout):
        date = tag.endswith("Date")
        value = format_value({"value": text, "dateStyle": "Medium", "timeStyle": "Short"}, {}, reader) if date else text
        drawn.append(ShownField(group, tag, "", value if date else strings.get(text, text)))
    behind = ("back", "additionalInfo")
    tile_shown = layout in (layouts.POSTER, "posterEventTicket")
    return tuple(drawn) + tuple(
        field.shown
        for field in fields
        if (not drawn or field.shown.group in behind) and (tile_shown or field.shown.group != "additionalInfo")
    )


def _barcode(pass_json: Mapping[str, object], ios: float) -> Mapping[str, object]:
    """The first code that this iOS draws; iOS 8 and older know the single one alone."""
    listed = _objects(pass_json.get("barcodes")) if ios >= 9 else []
    for code in (*listed, *_objects([pass_json.get("barcode")])):
        if _CODES_SINCE.get(_text(code, "format").removeprefix("PKBarcodeFormat"), 99) <= ios:
            return code
    return {}


def _relevance(pass_json: Mapping[str, object], strings: Mapping[str, str], reader: Reader) -> list[str]:
    """When and where the pass shows itself on the lock screen, a line each."""
    lines = []
    dates = _objects(pass_json.get("relevantDates")) if reader.ios >= 18 else []
    old = _text(pass_json, "relevantDate")
    for one in dates or ([{"date": old}] if old else []):
        start = _text(one, "startDate") or _text(one, "date" if reader.ios >= 26 or "relevantDate" not in one else "relevantDate")
        said = [_moment(text, reader) for text in (start, _text(one, "endDate")) if text]
        lines.append(" – ".join(said))
    places = _objects(pass_json.get("locations"))
    lines += [f"{place['latitude']}, {place['longitude']}" + _what(place, strings) for place in places]
    for beacon in _objects(pass_json.get("beacons")):
        numbers = [str(beacon[name]) for name in ("major", "minor") if name in beacon]
        lines.append("/".join([f"beacon {_text(beacon, 'proximityUUID')}", *numbers]) + _what(beacon, strings))
    return lines


def _what(place: Mapping[str, object], strings: Mapping[str, str]) -> str:
    text = _said(place, "relevantText", strings)
    return f": {text}" if text else ""


def _moment(text: str, reader: Reader) -> str:
    return formats.format_date(text, "Medium", "Short", reader.language, own_zone=False, relative_to=None)


def format_value(entry: Mapping[str, object], strings: Mapping[str, str], reader: Reader | None = None) -> str:
    """The value as the phone shows it: dates, money and numbers by their format keys, texts translated."""
    reader = reader or Reader()
    value = entry.get("value")
    if isinstance(value, str):
        if "dateStyle" in entry or "timeStyle" in entry:
            return formats.format_date(
                value,
                _text(entry, "dateStyle").removeprefix("PKDateStyle"),
                _text(entry, "timeStyle").removeprefix("PKDateStyle"),
                reader.language,
                own_zone=entry.get("ignoresTimeZone") is True,
                relative_to=reader.now if entry.get("isRelative") is True else None,
            )
        return strings.get(value, value)
    assert isinstance(value, int | float)
    if currency := _text(entry, "currencyCode"):
        return formats.format_money(value, currency, reader.language)
    return formats.format_number(value, _text(entry, "numberStyle").removeprefix("PKNumberStyle"), reader.language)

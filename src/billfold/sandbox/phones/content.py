"""A pass.json as the wallet holds it: identity, card, fields with their texts as the user reads them. Pure.

Reads only what pass_rules.py has let through. May not enter: network, disk, the clock.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from billfold.sandbox.phones.events import Card, ShownField
from billfold.sandbox.phones.pass_rules import FIELD_GROUPS, STYLES

_CURRENCY_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
_WITHOUT_CENTS = ("JPY", "KRW", "CLP", "VND")
_DATE_FORMATS = {"Short": "%-m/%-d/%y", "Medium": "%b %-d, %Y", "Long": "%B %-d, %Y", "Full": "%A, %B %-d, %Y"}
_TIME_FORMATS = {"Short": "%-I:%M %p", "Medium": "%-I:%M:%S %p", "Long": "%-I:%M:%S %p %Z", "Full": "%-I:%M:%S %p %Z"}
_STRINGS_ENTRY = re.compile(r'"((?:[^"\\]|\\.)*)"\s*=\s*"((?:[^"\\]|\\.)*)"\s*;', re.S)
_STRINGS_COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|("(?:[^"\\]|\\.)*")', re.S)


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


def read_content(pass_json: Mapping[str, object], files: Mapping[str, bytes], language: str = "en") -> PassContent:
    """`pass_json` must have no problems. `language` is the phone's."""
    strings = _strings(files, language)
    fields = tuple(_fields(pass_json, strings))
    organization = strings.get(_text(pass_json, "organizationName"), _text(pass_json, "organizationName"))
    logo_text = _text(pass_json, "logoText")
    card = Card(
        title=strings.get(logo_text, logo_text) or organization,
        organization_name=organization,
        fields=tuple(field.shown for field in fields),
        background_color=_text(pass_json, "backgroundColor") or None,
        foreground_color=_text(pass_json, "foregroundColor") or None,
        barcode=_barcode(pass_json),
        voided=pass_json.get("voided") is True,
    )
    return PassContent(
        pass_type_identifier=_text(pass_json, "passTypeIdentifier"),
        serial_number=_text(pass_json, "serialNumber"),
        description=_text(pass_json, "description"),
        web_service_url=_text(pass_json, "webServiceURL") or None,
        authentication_token=_text(pass_json, "authenticationToken") or None,
        fields=fields,
        card=card,
    )


def _text(members: Mapping[str, object], name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""


def _fields(pass_json: Mapping[str, object], strings: Mapping[str, str]) -> list[PassField]:
    # The classic style wins, although the newest systems draw a poster; its keys are those that get compared.
    style = next((style for style in (*STYLES, "posterGeneric") if style in pass_json), None)
    groups = pass_json.get(style) if style else None
    found: list[PassField] = []
    if not isinstance(groups, dict):
        return found
    for group in FIELD_GROUPS:
        for entry in groups.get(group, []):
            value = entry["value"]
            label, message = _text(entry, "label"), _text(entry, "changeMessage")
            shown = ShownField(group.removesuffix("Fields"), entry["key"], strings.get(label, label), format_value(entry, strings))
            found.append(PassField(shown, value, strings.get(message, message) or None))
    return found


def _barcode(pass_json: Mapping[str, object]) -> str | None:
    listed = pass_json.get("barcodes")
    first = listed[0] if isinstance(listed, list) and listed else pass_json.get("barcode")
    return _text(first, "message") if isinstance(first, dict) else None


def format_value(entry: Mapping[str, object], strings: Mapping[str, str]) -> str:
    """The value as an American phone shows it: dates, money and numbers by their format keys, texts translated."""
    value = entry.get("value")
    if isinstance(value, str):
        if "dateStyle" in entry or "timeStyle" in entry:
            return _format_date(value, entry)
        return strings.get(value, value)
    assert isinstance(value, int | float)
    currency = _text(entry, "currencyCode")
    if currency:
        amount = f"{abs(value):,.{0 if currency in _WITHOUT_CENTS else 2}f}"
        return ("-" if value < 0 else "") + _CURRENCY_SIGNS.get(currency, f"{currency} ") + amount
    style = _text(entry, "numberStyle").removeprefix("PKNumberStyle")
    if style == "Decimal":
        return f"{value:,}"
    if style == "Percent":
        return f"{value:.0%}"
    if style == "Scientific":
        return f"{value:E}"
    return str(value)


def _format_date(value: str, entry: Mapping[str, object]) -> str:
    moment = datetime.fromisoformat(value)
    if entry.get("ignoresTimeZone") is not True:
        moment = moment.astimezone()
    parts = (
        _DATE_FORMATS.get(_text(entry, "dateStyle").removeprefix("PKDateStyle")),
        _TIME_FORMATS.get(_text(entry, "timeStyle").removeprefix("PKDateStyle")),
    )
    return ", ".join(moment.strftime(part) for part in parts if part)


def _strings(files: Mapping[str, bytes], language: str) -> dict[str, str]:
    tables = {name.removesuffix(".lproj/pass.strings"): name for name in sorted(files) if name.endswith(".lproj/pass.strings")}
    if not tables:
        return {}
    # There is no fallback file: where the phone's language is missing, some other is shown.
    chosen = tables.get(language) or tables.get(language.partition("-")[0]) or next(iter(tables.values()))
    return parse_strings(files[chosen])


def parse_strings(data: bytes) -> dict[str, str]:
    """A pass.strings file, UTF-16 with byte order mark or UTF-8."""
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace")
    text = _STRINGS_COMMENT.sub(lambda match: match[1] or " ", text)
    return {_unescape(key): _unescape(value) for key, value in _STRINGS_ENTRY.findall(text)}


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t", "r": "\r"}.get(match[1], match[1]), text, flags=re.S)

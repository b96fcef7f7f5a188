"""Fields → the dictionaries of a group in pass.json: value with its format, label, change message, and what a group allows. Pure.

A value whose format does not fit it is written as the text that it is: a phone shows it, where a number or date that cannot be read
would make it refuse the whole pass. Source: WP/passfieldcontent, reference/apple-wallet.md sections 2.5 and 6.
May not enter: which groups a style has (pass_json.py), judging (rules_fields.py)."""

import re
from typing import NamedTuple

from billfold.domain.content import (
    DateFormat,
    DateStyle,
    Detector,
    Field,
    JsonObject,
    MoneyFormat,
    NumberFormat,
    NumberStyle,
    TextAlignment,
)
from billfold.wallets.apple import dates, predicates


class Group(NamedTuple):
    """Keys under which a group stands, and what its fields may have. `back`: links, detectors."""

    key: str
    aligned: bool
    back: bool = False
    rows: bool = False


HEADER = Group("headerFields", aligned=True)
PRIMARY = Group("primaryFields", aligned=False)
SECONDARY = Group("secondaryFields", aligned=True)
AUXILIARY = Group("auxiliaryFields", aligned=True)
AUXILIARY_IN_ROWS = Group("auxiliaryFields", aligned=True, rows=True)
"""Of an event ticket."""
BACK = Group("backFields", aligned=False, back=True)
ADDITIONAL = Group("additionalInfoFields", aligned=True, back=True)
FOOTER = Group("footerFields", aligned=True)

DATE_STYLES = {style: f"PKDateStyle{style.value.capitalize()}" for style in DateStyle}
NUMBER_STYLES = {
    NumberStyle.DECIMAL: "PKNumberStyleDecimal",
    NumberStyle.PERCENT: "PKNumberStylePercent",
    NumberStyle.SCIENTIFIC: "PKNumberStyleScientific",
    NumberStyle.SPELL_OUT: "PKNumberStyleSpellOut",
}
ALIGNMENTS = {one: f"PKTextAlignment{one.value.capitalize()}" for one in TextAlignment}
DETECTORS = {
    Detector.PHONE_NUMBER: "PKDataDetectorTypePhoneNumber",
    Detector.LINK: "PKDataDetectorTypeLink",
    Detector.ADDRESS: "PKDataDetectorTypeAddress",
    Detector.CALENDAR_EVENT: "PKDataDetectorTypeCalendarEvent",
}
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,9})?\Z", re.ASCII)


def listed(fields: tuple[Field, ...], group: Group) -> list[object]:
    """The order inside a group is what people see. `key` pairs old and new values, `changeMessage` makes a change audible."""
    out: list[object] = []
    for one in fields:
        field: JsonObject
        if (label := one.label) is not None:
            field = {"key": one.key, "value": one.value, "label": label}
        else:
            field = {"key": one.key, "value": one.value}
        if message := one.change_message:
            field["changeMessage"] = message
        if (
            one.format is not None
            or one.alignment is not None
            or one.row is not None
            or one.rich_text is not None
            or one.detectors is not None
            or one.semantics
        ):
            _add_rest(field, one, group)
        out.append(field)
    return out


def number_of(text: str) -> int | float | None:
    """A decimal number as JSON has it: at most 15 digits before the point and 9 behind; None for any other text."""
    if not _NUMBER.match(text):
        return None
    return float(text) if "." in text else int(text)


def _add_format(field: JsonObject, one: Field) -> None:
    match one.format:
        case NumberFormat(style=style):
            if (number := number_of(one.value)) is not None:
                field["value"] = number
                field["numberStyle"] = NUMBER_STYLES[style]
        case MoneyFormat(currency=currency):
            number = number_of(one.value)
            if number is not None and predicates.is_currency(currency):
                field["value"] = number
                field["currencyCode"] = currency
        case DateFormat() as shown:
            if (date := dates.with_own_zone(one.value)) is not None:
                field["value"] = date
                field["dateStyle"] = DATE_STYLES[shown.date]
                field["timeStyle"] = DATE_STYLES[shown.time]
                if shown.relative:
                    field["isRelative"] = True
                if shown.own_time_zone:
                    field["ignoresTimeZone"] = True
        case None:
            pass


def _add_rest(field: JsonObject, one: Field, group: Group) -> None:
    """What few fields have. `attributedValue` overrides `value` and is not on watches, hence both. No detectors: all; []: none."""
    _add_format(field, one)
    if one.alignment is not None and group.aligned:
        field["textAlignment"] = ALIGNMENTS[one.alignment]
    if one.row is not None and group.rows:
        field["row"] = one.row
    if one.rich_text is not None and group.back:
        field["attributedValue"] = one.rich_text
    if one.detectors is not None and group.back:
        field["dataDetectorTypes"] = [DETECTORS[detector] for detector in one.detectors]
    if one.semantics:
        field["semantics"] = one.semantics

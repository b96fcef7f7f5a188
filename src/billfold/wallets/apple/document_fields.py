"""Judges the fields of a pass.json: keys, formats of values, texts that will be cut, change messages, links. Rows 9 to 19 and 52 of
reference/apple-wallet.md section 9.

May not enter: types and enumerations (document_shape.py), everything outside the style's groups."""

from collections.abc import Iterator, Mapping

from billfold.wallets.apple import predicates
from billfold.wallets.apple.document_shape import NOT_READABLE, Document, numbered, objects, step, text_of
from billfold.wallets.apple.findings import WARNING, Findings
from billfold.wallets.apple.lenient_json import Json
from billfold.wallets.apple.vocabulary import StyleRule, vocabulary

Strings = Mapping[str, Mapping[str, str]]
"""Language folder → its texts."""

_FRONT_MAX = {
    "headerFields": predicates.FRONT_TEXT_MAX,
    "primaryFields": predicates.PRIMARY_TEXT_MAX,
    "secondaryFields": predicates.FRONT_TEXT_MAX,
    "auxiliaryFields": predicates.FRONT_TEXT_MAX,
    "footerFields": predicates.FRONT_TEXT_MAX,
}
_BACK = ("backFields", "additionalInfoFields")
_FORMATS = ("dateStyle", "timeStyle")


def styles_of(document: Document) -> list[tuple[StyleRule, dict[str, Json]]]:
    """(rule, style object) of each style that the document has."""
    rules = vocabulary().styles
    return [(rules[name], body) for name, body in document.items() if name in rules and isinstance(body, dict)]


def fields_of(document: Document) -> Iterator[tuple[str, str, dict[str, Json]]]:
    """(path, group, field) of every field."""
    groups = [key.name for key in vocabulary().dictionaries["style"].keys.values() if key.of == "field"]
    for rule, body in styles_of(document):
        for group in groups:
            for path, one in numbered(body.get(group), f"{rule.name}.{group}"):
                yield path, group, one


def judge_fields(document: Document, strings: Strings, found: Findings) -> None:
    seen: dict[tuple[str, str], str] = {}
    for path, group, one in fields_of(document):
        _judge_key(path, one, seen, found)
        _judge_value(path, one, found)
        _judge_texts(path, group, one, strings, found)
    square = _has_square_code(document)
    for rule, body in styles_of(document):
        _judge_counts(rule, body, square, found)
    _judge_contact(document, strings, found)
    _judge_silence(document, found)


def _judge_key(path: str, one: dict[str, Json], seen: dict[tuple[str, str], str], found: Findings) -> None:
    """Row 10. A posterGeneric and the classic style beside it are two looks of one pass: they may share keys."""
    key = one.get("key")
    if not isinstance(key, str) or not key:
        return
    look = "poster" if path.startswith("posterGeneric.") else "classic"
    if (look, key) in seen:
        text = "another field of the pass has this key"
        mend = "use each key once in the whole pass"
        found.error(step(path, "key"), "field_key_repeated", text, mend, "fields are lost, and change messages are wrong")
    seen[look, key] = path


def _judge_value(path: str, one: dict[str, Json], found: Findings) -> None:
    """Rows 13 and 14."""
    value, here = one.get("value"), step(path, "value")
    if any(isinstance(one.get(name), str) for name in _FORMATS):
        if predicates.date_of(text_of(value)) is None:
            text = "the value has a date style and is no date with hours, minutes and zone; a day alone is not enough"
            mend = "write hours, minutes and zone, like 2026-12-05T09:00:00+01:00, or leave dateStyle and timeStyle away"
            found.error(here, "date_value_unreadable", text, mend, f"value format error: {NOT_READABLE}")
    elif one.get("isRelative") or one.get("ignoresTimeZone"):
        text = "isRelative and ignoresTimeZone need a dateStyle or timeStyle"
        found.warning(path, "date_style_missing", text, "add dateStyle or timeStyle", "the raw text is shown")
    formats = [name for name in ("currencyCode", "numberStyle") if name in one]
    if formats and (isinstance(value, bool) or not isinstance(value, int | float)):
        text = f"{formats[0]} formats numbers, and the value is a text"
        found.error(
            here, "number_format_on_text", text, "write the value as a number, without quotes", "the raw or a wrong text is shown"
        )
    if len(formats) == 2:
        text = "currencyCode and numberStyle exclude each other"
        found.warning(path, "number_formats_both", text, "decide for one", "which of them counts is not documented")


def _judge_texts(path: str, group: str, one: dict[str, Json], strings: Strings, found: Findings) -> None:
    """Rows 17 to 19. A text may be a key of pass.strings: then its translations are what is seen."""
    longest = _FRONT_MAX.get(group)
    value = one.get("value")
    formatted = any(name in one for name in _FORMATS)
    for name, text in (("value", None if formatted else value), ("label", one.get("label"))):
        if longest is not None and isinstance(text, str) and any(len(each) > longest for each in _shown(text, strings)):
            found.fault(WARNING, step(path, name), predicates.text_too_long(longest))
    message = one.get("changeMessage")
    if isinstance(message, str) and any(predicates.is_generic_change_message(text) for text in _shown(message, strings)):
        found.fault(WARNING, step(path, "changeMessage"), predicates.CHANGE_MESSAGE_GENERIC)
    attributed = one.get("attributedValue")
    if isinstance(attributed, str):
        for text in _shown(attributed, strings):
            if (fault := predicates.attributed_fault(text)) is not None:
                found.fault(WARNING, step(path, "attributedValue"), fault)
                break


def _shown(text: str, strings: Strings) -> list[str]:
    """What people see for it: its translations, and itself where a language has none."""
    if not strings:
        return [text]
    return list({pairs.get(text, text) for pairs in strings.values()})


def _has_square_code(document: Document) -> bool:
    """Whether the first code, which newer phones show, is a square one."""
    first = next(iter(objects(document.get("barcodes"))), document.get("barcode"))
    return isinstance(first, dict) and text_of(first.get("format")).removeprefix("PKBarcodeFormat") in predicates.SQUARE


def _judge_counts(rule: StyleRule, body: dict[str, Json], square: bool, found: Findings) -> None:
    """Row 16: Wallet leaves fields out without a word."""
    counts = {group: len(objects(body.get(group))) for group in rule.fields}
    second_row = sum(1 for one in objects(body.get("auxiliaryFields")) if one.get("row") == 1) if rule.second_row else 0
    counts["auxiliaryFields"] = counts.get("auxiliaryFields", 0) - second_row
    for group, most in rule.fields.items():
        if counts[group] > most:
            _too_many(f"{rule.name}.{group}", f"this style shows at most {most} here", found)
    if second_row > rule.second_row:
        _too_many(f"{rule.name}.auxiliaryFields", f"the second row shows at most {rule.second_row}", found)
    together = counts.get("secondaryFields", 0) + counts["auxiliaryFields"]
    together_most = rule.together_above(square)
    if together_most and together > together_most and not found.has("fields_too_many"):
        where = " above a square code" if together_most != rule.together else ""
        text = f"this style shows at most {together_most} secondary and auxiliary fields together{where}"
        _too_many(f"{rule.name}.auxiliaryFields", text, found)


def _too_many(path: str, text: str, found: Findings) -> None:
    found.warning(path, "fields_too_many", text, "move fields to the back", "Wallet leaves fields out without a word")


def _judge_contact(document: Document, strings: Strings, found: Findings) -> None:
    """Row 52."""
    texts: list[str] = []
    for _, group, one in fields_of(document):
        if group in _BACK:
            texts += [text_of(one.get(name)) for name in ("value", "attributedValue")]
    if not any(predicates.names_contact(shown) for text in texts for shown in _shown(text, strings)):
        found.fault(WARNING, "backFields", predicates.CONTACT_MISSING)


def _judge_silence(document: Document, found: Findings) -> None:
    """Row 18, for the whole: a pass that can change and never says so."""
    every = [one for _, _, one in fields_of(document)]
    if document.get("webServiceURL") and every and not any(one.get("changeMessage") for one in every):
        found.fault(WARNING, "", predicates.CHANGE_MESSAGE_NOWHERE)

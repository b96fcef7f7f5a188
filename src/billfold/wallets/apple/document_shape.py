"""Holds a parsed pass.json against the vocabulary: each key known, in its place, of its type, within its bounds.

Knows no key by name: all of them come from vocabulary.toml, so that a new one is judged as soon as it is listed there. Rows 1 to 3,
6, 9, 11, 12, 15, 20, 28, 30, 40, 41 and 53 of reference/apple-wallet.md section 9, as far as they speak of one key alone.
May not enter: what two keys mean together (document_rules.py, document_fields.py), the clock."""

import math
import zoneinfo
from collections.abc import Callable, Mapping
from functools import cache

from billfold.wallets.apple import predicates
from billfold.wallets.apple.findings import ERROR, Findings, plain
from billfold.wallets.apple.lenient_json import Json
from billfold.wallets.apple.vocabulary import Dictionary, Key, Vocabulary, vocabulary

NOT_READABLE = "the add sheet never opens; an update is discarded"
IGNORED = "the phone ignores it"

LISTED_MAX = 200
"""So many members of a list are judged: no phone shows more, and a stranger's list may have any number."""

Document = Mapping[str, Json]


def judge_shape(
    document: Document, found: Findings, dictionary: str = "pass", path: str = "", styles: frozenset[str] | None = None
) -> None:
    """Everything below `document`. Depth is bounded by the reader. `styles`: of the pass; None: those that the document has."""
    words = vocabulary()
    if styles is None:
        styles = frozenset(words.styles.keys() & document.keys())
    _Walk(words, styles, found).object_(document, words.dictionaries[dictionary], path, "")


def step(path: str, name: str) -> str:
    """The path of a member. A foreign name is shown only when it is plain."""
    return f"{path}.{plain(name)}" if path else plain(name)


class _Walk:
    """One document. `styles`: those that it is of."""

    def __init__(self, words: Vocabulary, styles: frozenset[str], found: Findings) -> None:
        self._words, self._styles, self._found = words, styles, found
        self._dictionary: Dictionary = words.dictionaries["pass"]

    def object_(self, value: Document, dictionary: Dictionary, path: str, group: str) -> None:
        for name, one in value.items():
            key = dictionary.keys.get(name)
            if key is None:
                self._unknown(name, dictionary, path)
                continue
            here = step(path, name)
            self._place(key, here, group)
            self._deprecated(key, value, here)
            self._value(one, key, here)
        for name in dictionary.required:
            if name not in value:
                otherwise = NOT_READABLE if dictionary.severity == ERROR else IGNORED
                self._found.add(dictionary.severity, step(path, name), "key_missing", f"{name} is missing", "add it", otherwise)

    def _unknown(self, name: str, dictionary: Dictionary, path: str) -> None:
        """Row 53. Its name comes from outside."""
        meant = None if self._found.is_full("key_unknown") else dictionary.nearest(name)
        mend = f"did you mean {meant}?" if meant else "leave it out, or put it under userInfo"
        self._found.warning(step(path, name), "key_unknown", "Wallet knows no such key here", mend, "it is ignored without a word")

    def _place(self, key: Key, path: str, group: str) -> None:
        wrong_style = key.styles and self._styles and not key.styles & self._styles
        if wrong_style or (key.groups and group and group not in key.groups):
            where = ", ".join(sorted(key.styles if wrong_style else key.groups))
            text = f"{key.name} has no effect here"
            self._found.add(key.misplaced, path, "key_misplaced", text, f"use it in {where} only", IGNORED)

    def _deprecated(self, key: Key, value: Document, path: str) -> None:
        if key.replaced_by and key.replaced_by not in value:
            mend = f"write {key.replaced_by} too, and keep this one for older phones"
            text = f"since iOS {key.deprecated} {key.replaced_by} stands for it"
            self._found.warning(path, "key_deprecated", text, mend, "newer phones may stop reading it")

    def _value(self, value: Json, key: Key, path: str) -> None:
        if not key.listed:
            self._one(value, key, path)
            return
        if not isinstance(value, list):
            self._wrong(key, path, "a list")
            return
        if key.most is not None and len(value) > key.most:
            text = f"at most {key.most:g} are allowed"
            self._found.add(key.severity, path, "list_too_long", text, "leave the least important away", "those beyond are ignored")
        if key.least is not None and len(value) < key.least:
            self._found.add(key.severity, path, "list_too_short", f"at least {key.least:g} is needed", "name one", IGNORED)
        for number, one in enumerate(value[:LISTED_MAX]):
            self._one(one, key, f"{path}[{number}]")

    def _one(self, value: Json, key: Key, path: str) -> None:
        if key.kind == "dict":
            if isinstance(value, dict):
                self.object_(value, self._words.dictionaries[key.of], path, key.name)
            else:
                self._wrong(key, path, "an object")
        elif key.kind == "enum":
            self._enum(value, key, path)
        else:
            _PLAIN[key.kind](self, value, key, path)

    def _wrong(self, key: Key, path: str, wanted: str) -> None:
        otherwise = NOT_READABLE if key.severity == ERROR else IGNORED
        self._found.add(key.severity, path, "type_wrong", f"{key.name} must be {wanted}", f"write {wanted}", otherwise)

    def _bad(self, key: Key, path: str, code: str, text: str, mend: str) -> None:
        self._found.add(key.severity, path, code, text, mend, NOT_READABLE if key.severity == ERROR else IGNORED)

    def _enum(self, value: Json, key: Key, path: str) -> None:
        enumeration = self._words.enumerations[key.of]
        if not isinstance(value, str):
            self._wrong(key, path, "a text")
        elif value not in enumeration.since:
            meant = None if self._found.is_full("enum_unknown") else enumeration.nearest(value)
            mend = f"did you mean {meant}?" if meant else f"write one of {', '.join(enumeration.since)}"
            self._bad(key, path, "enum_unknown", "this value is unknown; values are case-sensitive", mend)

    # --- plain types --------------------------------------------------------------------------------------------------------------

    def _text(self, value: Json, key: Key, path: str) -> str | None:
        if not isinstance(value, str):
            self._wrong(key, path, "a text, in quotes")
            return None
        if not predicates.is_writable(value):
            self._found.fault(ERROR, path, predicates.UNWRITABLE)
        if key.required and key.kind in ("string", "localized") and not value.strip():
            self._bad(key, path, "text_empty", f"{key.name} is empty", "give it a value")
        return value

    def _number(self, value: Json, key: Key, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._wrong(key, path, "a number, without quotes")
        else:
            self._within(float(value), key, path)

    def _integer(self, value: Json, key: Key, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
            self._wrong(key, path, "a whole number, without quotes")
        else:
            self._within(float(value), key, path)

    def _within(self, value: float, key: Key, path: str) -> None:
        low, high = (-math.inf if key.least is None else key.least), (math.inf if key.most is None else key.most)
        if not low <= value <= high:
            wanted = f"{low:g}" if low == high else f"from {low:g} to {high:g}" if high < math.inf else f"{low:g} or more"
            self._bad(key, path, "number_out_of_range", f"{key.name} must be {wanted}", f"write {wanted}")

    def _boolean(self, value: Json, key: Key, path: str) -> None:
        if value in (0, 1) and not isinstance(value, bool):
            text = f"{key.name} is a number where true or false belongs"
            self._found.warning(path, "boolean_as_number", text, "write true or false", "it may be read, or the pass be refused")
        elif not isinstance(value, bool):
            self._wrong(key, path, "true or false, without quotes")

    def _color(self, value: Json, key: Key, path: str) -> None:
        text = self._text(value, key, path)
        if text is None or predicates.color_of(text):
            return
        mend = "write rgb(r, g, b) with numbers from 0 to 255"
        if predicates.undocumented_color_of(text):
            otherwise = "many iOS versions draw it; none is documented to"
            self._found.warning(path, "color_undocumented", "the colour is written in hex or rgba()", mend, otherwise)
        else:
            self._bad(key, path, "color_unreadable", "this is no colour that Wallet reads", mend)

    def _date(self, value: Json, key: Key, path: str) -> None:
        text = self._text(value, key, path)
        if text is None:
            return
        if predicates.date_of(text) is None:
            mend = "write date, time and zone, like 2026-12-05T09:00:00+01:00"
            self._bad(key, path, "date_unreadable", f"{key.name} is no date with minutes and zone", mend)
        elif predicates.has_fraction(text):
            otherwise = "whether Wallet reads it is not documented"
            self._found.warning(path, "date_fraction", "the date has a fraction of a second", "leave the fraction away", otherwise)

    def _uri(self, value: Json, key: Key, path: str) -> None:
        text = self._text(value, key, path)
        if text is not None and not predicates.is_absolute_url(text):
            self._bad(key, path, "url_unusable", f"{key.name} is no absolute address", "write it with its scheme, like https://...")

    def _url(self, value: Json, key: Key, path: str) -> None:
        text = self._text(value, key, path)
        if text is not None and not predicates.is_absolute_url(text, frozenset({"https"})):
            self._bad(key, path, "url_unusable", f"{key.name} is no https address", "write an https address")

    def _timezone(self, value: Json, key: Key, path: str) -> None:
        text = self._text(value, key, path)
        if text is not None and _zones() and text not in _zones():
            self._bad(key, path, "timezone_unknown", f"{key.name} is no time zone", "write a name like Europe/Vienna")

    def _charset(self, value: Json, key: Key, path: str) -> None:
        text = self._text(value, key, path)
        if text is not None and predicates.is_encodable("", text) is None:
            self._bad(key, path, "charset_unknown", f"{key.name} is no known charset", "write iso-8859-1, or utf-8")

    def _currency(self, value: Json, key: Key, path: str) -> None:
        text = self._text(value, key, path)
        if text is not None and not predicates.is_currency(text):
            self._bad(key, path, "currency_unknown", f"{key.name} is no currency", "write an ISO 4217 code in capitals, like EUR")

    def _any_object(self, value: Json, key: Key, path: str) -> None:
        if not isinstance(value, dict):
            self._wrong(key, path, "an object")

    def _any_value(self, value: Json, key: Key, path: str) -> None:
        if isinstance(value, str):
            if not predicates.is_writable(value):
                self._found.fault(ERROR, path, predicates.UNWRITABLE)
        elif isinstance(value, bool) or not isinstance(value, int | float):
            self._wrong(key, path, "a text or a number")


_PLAIN: dict[str, Callable[[_Walk, Json, Key, str], object]] = {
    "string": _Walk._text,
    "localized": _Walk._text,
    "number": _Walk._number,
    "integer": _Walk._integer,
    "boolean": _Walk._boolean,
    "color": _Walk._color,
    "date": _Walk._date,
    "uri": _Walk._uri,
    "url": _Walk._url,
    "timezone": _Walk._timezone,
    "charset": _Walk._charset,
    "currency": _Walk._currency,
    "object": _Walk._any_object,
    "value": _Walk._any_value,
}


@cache
def _zones() -> frozenset[str]:
    """Names of the IANA database of this machine; empty where there is none."""
    return frozenset(zoneinfo.available_timezones())


# --- looking into a document ------------------------------------------------------------------------------------------------------


def objects(value: Json) -> list[dict[str, Json]]:
    """The objects of a list; what is none was told by the walk."""
    return [one for one in value[:LISTED_MAX] if isinstance(one, dict)] if isinstance(value, list) else []


def numbered(value: Json, path: str) -> list[tuple[str, dict[str, Json]]]:
    """(path, object) of each object in a list."""
    if not isinstance(value, list):
        return []
    return [(f"{path}[{number}]", one) for number, one in enumerate(value[:LISTED_MAX]) if isinstance(one, dict)]


def text_of(value: Json) -> str:
    """A text, or empty."""
    return value if isinstance(value, str) else ""

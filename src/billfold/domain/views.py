"""What rules can see of a text that a pass's values fill: two that look alike get the same findings from any rule, so that a
template's passes need not be judged one by one.

Letters are as good as other letters, and digits as other digits; every other sign counts for itself, and so does any text in which
a rule might find a word, a link or a code. May not enter: the rules (wallets/), findings."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from billfold.domain import expressions
from billfold.domain.content import BarcodeFormat, JsonObject
from billfold.domain.expressions import plain_text
from billfold.domain.filling import Place

WORDS: Final = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿ]+(?:[ '-][A-Za-zÀ-ÖØ-öø-ÿ]+)*\Z")
"""Names and such: to every rule they differ in length alone."""
SIGNS: Final = re.compile(r"[A-Za-z0-9#+(](?:[A-Za-z0-9 ,#+()$€£\xa0\u202f-]|(?<=[0-9])\.(?=[0-9]))*\Z")
"""Numbers, dates, amounts: to every rule they differ in their shape alone."""
NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?\Z")
PRINTABLE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?\Z")
SQUARE: Final = {BarcodeFormat.QR, BarcodeFormat.PDF417, BarcodeFormat.AZTEC, BarcodeFormat.DATA_MATRIX, BarcodeFormat.CODE128}
"""Codes that carry any printable ASCII: to every rule their messages differ in length alone."""
SHAPE_MAX: Final = 100
LENGTH_MAX: Final = 4_000
LOOKS_KEPT: Final = 4_096
_HARMLESS: Final = re.compile(r"[A-Za-z0-9 ,#+()-]*\Z")
_SHAPE: Final = {
    **dict.fromkeys(map(ord, "123456789"), "0"),
    **dict.fromkeys(map(ord, "bcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"), "a"),
}
Look = object
_View = Callable[[object], Look]


def shape(text: str) -> str:
    """`+43 1 512-AB` as `+00 0 000-aa`."""
    return text.translate(_SHAPE)


class ValueViews:
    """What rules can see of the values that places read. `whole`: every place takes its values as they are (or as numbers) among
    harmless signs, so that the values' looks say all; where not, the filled places must be looked at."""

    def __init__(self, places: Sequence[Place]) -> None:
        found: dict[str, set[str]] = {}
        told = [_note(place, found) for place in places]  # of each, so that all uses are noted
        self.whole = all(told)
        self._views = [(name, tuple(name.split(".")), _view_of(uses)) for name, uses in found.items()]

    def look(self, values: JsonObject) -> tuple[Look, ...]:
        out = []
        for name, steps, view in self._views:
            found: object = values
            if name in values:
                found = values[name]
            else:
                for step in steps:
                    if type(found) is not dict or step not in found:
                        found = None if type(found) is not list else _in_list(found, step)
                        if found is None:
                            break
                    else:
                        found = found[step]
            out.append(view(found))
        return tuple(out)


def _in_list(found: list[object], step: str) -> object:
    return found[int(step)] if step.isascii() and step.isdigit() and int(step) < len(found) else None


def _note(place: Place, found: dict[str, set[str]]) -> bool:
    """Notes how a place uses each of its values; False where their looks say too little."""
    if not _HARMLESS.match(place.literal):
        return False
    for source in place.sources:
        taken = expressions.simple(source)
        if taken is None:
            return False
        path, as_number = taken
        if place.kind in ("text", "number"):
            use = "grouped" if as_number else place.kind
        elif place.kind == "code" and place.format in SQUARE:
            use = "exact" if as_number else "code"
        else:
            use = "exact"
        found.setdefault(path, set()).add(use)
    return True


def _view_of(uses: set[str]) -> _View:
    if "exact" in uses or ("number" in uses and len(uses) > 1):
        return _exact
    if uses == {"code"}:
        return _length
    if uses == {"number"}:
        return _numeric
    return _grouped if "grouped" in uses else _Worded()


def _exact(value: object) -> Look:
    return (type(value), value if type(value) is str else repr(value))


def _length(value: object) -> Look:
    text = value if type(value) is str else plain_text(value)
    return len(text) if PRINTABLE.match(text) else ("=", text)


def _numeric(value: object) -> Look:
    text = value if type(value) is str else plain_text(value)
    return shape(text) if NUMBER.match(text) else _exact(value)


def _grouped(value: object) -> Look:
    """A whole number as a language writes it has the shape that its length says."""
    return (value < 0, len(str(value))) if type(value) is int else _exact(value)


class _Worded:
    """Of a text, whose look is remembered: names and tiers come again and again."""

    def __init__(self) -> None:
        self._known: dict[str, Look] = {}

    def __call__(self, value: object) -> Look:
        if type(value) is not str:
            return shape(plain_text(value)) if type(value) in (int, float) else _exact(value)
        found = self._known.get(value)
        if found is None:
            found = _worded(value)
            if len(self._known) >= LOOKS_KEPT:
                self._known.clear()
            self._known[value] = found
        return found


def _worded(value: str) -> Look:
    if WORDS.match(value):
        return (value.isascii(), len(value))
    return shape(value) if len(value) <= SHAPE_MAX and SIGNS.match(value) else ("=", value)

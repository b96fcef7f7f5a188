"""Reads the JSON of a foreign pass as far as anything may, and says why phones do not: comments, commas too many, doubled keys...

Never raises; nesting and size are checked before the parser, which recurses. May not enter: what the keys mean; the bodies of
our own API, whose parser refuses all of this."""

import codecs
import json
import math
import re
from dataclasses import dataclass
from typing import cast

from billfold.wallets.apple.archive import NOT_VALID, Limits
from billfold.wallets.apple.findings import Findings, plain

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]

_TOKENS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+(?:\*/)?|,(?=\s*+[\]}])', re.DOTALL)
"""Strings, comments, and commas before a closing bracket. What begins matches to its end or the text's: nothing is tried twice."""
_BRACKETS = re.compile(r"[\[\]{}]")
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MEND = "write strict JSON in UTF-8, by a program"
_NUMBER_CHARACTERS_MAX = 64


@dataclass(frozen=True, slots=True)
class Text:
    """Decoded bytes. `encoding`: how they were written; `marked`: with a byte order mark; `damaged`: some could not be decoded."""

    text: str
    encoding: str
    marked: bool
    damaged: bool


def decode(data: bytes) -> Text:
    """UTF-8, or UTF-16 and UTF-32 by their mark or their zeros; else Windows' Latin-1."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _as(data, encoding, marked=True)
    if b"\0" in data[:64]:
        encoding = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
        return _as(data, encoding, marked=False)
    try:
        return Text(data.decode(), "utf-8", marked=False, damaged=False)
    except UnicodeDecodeError:
        return Text(data.decode("cp1252", "replace"), "cp1252", marked=False, damaged=True)


def _as(data: bytes, encoding: str, marked: bool) -> Text:
    try:
        return Text(data.decode(encoding), encoding, marked, damaged=False)
    except UnicodeDecodeError:
        return Text(data.decode(encoding, "replace"), encoding, marked, damaged=True)


def read_object(data: bytes, path: str, limits: Limits, found: Findings) -> dict[str, Json] | None:
    """The object in `data`; None when there is none. Findings are about the file `path`. Row 1."""
    if len(data) > limits.json_bytes_max:
        text = f"the file is larger than {limits.json_bytes_max // 1024 // 1024} MB"
        found.error(path, "json_too_large", text, "a pass.json has some kilobytes", NOT_VALID)
        return None
    decoded = decode(data)
    if decoded.marked or decoded.encoding != "utf-8":
        with_mark = decoded.encoding == "utf-8-sig"
        what = "the file begins with a byte order mark" if with_mark else f"the file is not UTF-8 ({decoded.encoding})"
        found.error(path, "json_not_utf8", what, "write it as UTF-8 without a mark", NOT_VALID)
    value = _parse(decoded.text, path, limits, found)
    if value is _NOTHING:
        return None
    if not isinstance(value, dict):
        found.error(path, "json_no_object", "the file holds no JSON object", "begin with { and end with }", NOT_VALID)
        return None
    return cast(dict[str, Json], value)


_NOTHING = object()


def _parse(text: str, path: str, limits: Limits, found: Findings) -> object:
    clean = _without_oddities(text)
    depth = _depth(clean)
    if depth > limits.depth_max:
        message = f"objects and lists are nested more than {limits.depth_max} deep"
        found.error(path, "json_too_deep", message, "write a flatter file", NOT_VALID)
        return _NOTHING
    reading = _Reading(path, found)
    try:
        value = reading.decoder(strict=True).decode(text)
    except (ValueError, RecursionError) as error:
        first = error
    else:
        reading.tell()
        return value
    where = f"line {first.lineno}, column {first.colno}" if isinstance(first, json.JSONDecodeError) else "a number"
    reading = _Reading(path, found)
    try:
        value = reading.decoder(strict=False).decode(clean)
    except (ValueError, RecursionError):
        found.error(path, "json_unreadable", f"this is no JSON ({where})", _MEND, NOT_VALID)
        return _NOTHING
    message = f"only lenient readers take this ({where}): a comment, a comma too many or a raw control character"
    found.error(path, "json_not_strict", message, _MEND, NOT_VALID)
    reading.tell()
    return value


def _without_oddities(text: str) -> str:
    """Comments and surplus commas blanked, so that places stay what they are."""

    def blank(match: re.Match[str]) -> str:
        token = match[0]
        return token if token.startswith('"') else " " * len(token)

    clean = _TOKENS.sub(blank, text)
    return _TOKENS.sub(blank, clean) if clean != text else text  # a comma may have stood before a comment


def _depth(text: str) -> int:
    depth = deepest = 0
    for bracket in _BRACKETS.findall(_TOKENS.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


class _Reading:
    """One run of the parser, and what it saw."""

    def __init__(self, path: str, found: Findings) -> None:
        self._path, self._found = path, found
        self._doubled: list[str] = []
        self._odd_number = False

    def decoder(self, strict: bool) -> json.JSONDecoder:
        return json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_int=self._integer,
            parse_float=self._float,
            parse_constant=self._constant,
            strict=strict,
        )

    def tell(self) -> None:
        for name in dict.fromkeys(self._doubled):
            message = f"the key {plain(name)} occurs twice in one object"
            self._found.error(self._path, "json_key_twice", message, "write each key once", "which of the two counts is chance")
        if self._odd_number:
            message = "a number is not finite, or larger than any program can hold exactly"
            self._found.error(self._path, "json_number", message, "write finite numbers within 64 bits", NOT_VALID)

    def _object(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        made = dict(pairs)
        if len(made) != len(pairs):
            seen: set[str] = set()
            self._doubled += [name for name, _ in pairs if name in seen or seen.add(name)]  # type: ignore[func-returns-value]
        return made

    def _integer(self, text: str) -> int | float:
        if len(text) <= 20:
            return int(text)
        return self._float(text)

    def _float(self, text: str) -> float:
        number = float(text[:_NUMBER_CHARACTERS_MAX]) if len(text) <= _NUMBER_CHARACTERS_MAX else math.inf
        self._odd_number |= not math.isfinite(number)
        return number if math.isfinite(number) else 0.0

    def _constant(self, _text: str) -> float:
        self._odd_number = True
        return 0.0

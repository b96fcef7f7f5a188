"""The one JSON parser of every surface: two programs can never read one body in two ways.

Refused: what is not UTF-8, names that occur twice in an object, NaN and Infinity, numbers beyond a 64-bit integer or a finite
float, lone surrogates, NUL, nesting beyond `depth_max`, bodies beyond `bytes_max`. Linear in the length of the body.
May not enter: what the body means (schemas), the text of the body in an error."""

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NoReturn

from billfold.api.json_place import Token, path_of
from billfold.domain import decimals
from billfold.domain.errors import FieldProblem, Invalid

INTEGER_MAX = 2**63 - 1
INTEGER_MIN = -(2**63)
_NUMBER_CHARACTERS_MAX = 64
"""Longer than any float's shortest form; int() on thousands of digits is slow and, in Python, an error of its own."""


class Malformed(Invalid):
    """The body is no JSON that one could mean only one way."""


class TooLarge(Malformed):
    """The body is longer than this address takes."""


class TooSlow(Malformed):
    """The body did not come within the time allowed."""


class MediaTypeUnsupported(Malformed):
    """The body says that it is something else than JSON."""


def _refuse(code: str, message: str, mend: str, path: str = "") -> NoReturn:
    raise Malformed(FieldProblem(path, code, message, mend))


def _object(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        _refuse("duplicate_name", "a name occurs twice in one object", "send each name once")
    return made


def _integer(text: str) -> int:
    if len(text) <= 20:
        number = int(text)
        if INTEGER_MIN <= number <= INTEGER_MAX:
            return number
    _refuse("number_too_large", "a number is beyond 64 bits", "send integers between -2^63 and 2^63-1")


def _float(text: str) -> float:
    if len(text) <= _NUMBER_CHARACTERS_MAX and math.isfinite(number := float(text)):
        return number
    _refuse("number_too_large", "a number is too long or too large", "send numbers that a 64-bit float can hold")


def _constant(_text: str) -> NoReturn:
    _refuse("number_not_finite", "NaN and Infinity are not JSON", "send a number, or leave the field out")


def _exact(text: str) -> Decimal:
    if len(text) > _NUMBER_CHARACTERS_MAX:
        _refuse("number_too_large", "a number is too long", f"send at most {_NUMBER_CHARACTERS_MAX} characters")
    return decimals.exact(text)


_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", re.ASCII)
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)
_EXACT = json.JSONDecoder(object_pairs_hook=_object, parse_int=_exact, parse_float=_exact, parse_constant=_constant)

# A quote always matches, up to the string's end or the body's, and nothing is tried twice: linear also on unterminated strings.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def _check_depth(body: bytes, depth_max: int) -> None:
    """Before parsing, because the parser recurses."""
    if body.count(b"[") + body.count(b"{") <= depth_max:
        return
    brackets = _STRING.sub(b"", body).translate(_ONE_KIND, _NO_BRACKETS)
    left = brackets
    for _ in range(depth_max):  # each round takes away the innermost level
        left = left.replace(b"[]", b"")
        if not left:
            return
    depth = 0
    for bracket in brackets:  # too deep, or unbalanced; then the parser says where
        depth += 1 if bracket == ord("[") else -1
        if depth > depth_max or depth < 0:
            break
    if depth > depth_max:
        _refuse("too_deep", f"objects and lists are nested more than {depth_max} deep", "send a flatter body")


def check_text(text: str) -> None:
    """Raises Malformed for what no surface takes in a text."""
    if "\0" in text:
        _refuse("nul_in_text", "a text contains the character NUL", "leave the character out")
    try:
        text.encode()
    except UnicodeEncodeError:
        _refuse("lone_surrogate", "a text contains half of a surrogate pair", "send both halves, or the character itself")


def _check_texts(value: object) -> None:
    """Only escapes can bring NUL and lone surrogates: the UTF-8 decoder and the parser refuse the raw ones."""
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, dict):
        for name, one in value.items():
            check_text(name)
            _check_texts(one)
    elif isinstance(value, list):
        for one in value:
            _check_texts(one)


def parse(body: bytes, *, bytes_max: int, depth_max: int = 32, exact: bool = False) -> object:
    """The value of a JSON text: dict, list, str, int, float, bool or None. Raises Malformed, naming the field where the text tells
    one, and TooLarge (both are Invalid).

    `exact`: numbers are Decimal, as they were written and of any size, so that each field can refuse its own."""
    if len(body) > bytes_max:
        raise TooLarge(FieldProblem("", "body_too_large", f"the body is longer than {bytes_max} bytes", "send a smaller body"))
    if not body:
        _refuse("body_missing", "there is no body", "send a JSON body")
    try:
        return _parse(body, depth_max, exact)
    except Malformed as error:
        [problem] = error.problems
        faults = _faults(depth_max, exact)
        if problem.path or problem.code not in faults:
            raise
        place = path_of(body.decode(errors="replace"), faults[problem.code])
        raise Malformed(replace(problem, path=place)) from None


def _faults(depth_max: int, exact: bool) -> dict[str, Callable[[Token], bool]]:
    """By a refusal's code, what in the text is to blame."""

    def unreadable(token: Token) -> bool:
        number = _NUMBER.fullmatch(token.text)
        read: Callable[[str], object] = _exact if exact else _float if number and (number[1] or number[2]) else _integer
        return number is not None and _refused(read, token.text)

    def text_is_refused(token: Token) -> bool:
        return token.text[0] == '"' and "\\u" in token.text and _refused(check_text, json.loads(token.text))

    return {
        "too_deep": lambda token: token.depth > depth_max,
        "not_utf8": lambda token: "\ufffd" in token.text,  # what the decoder put in place of what it could not read
        "duplicate_name": lambda token: token.again,
        "number_not_finite": lambda token: token.text in ("NaN", "Infinity", "-Infinity"),
        "number_too_large": unreadable,
        "nul_in_text": text_is_refused,
        "lone_surrogate": text_is_refused,
    }


def _refused(read: Callable[[str], object], value: str) -> bool:
    try:
        read(value)
    except Malformed:
        return True
    return False


def _parse(body: bytes, depth_max: int, exact: bool) -> object:
    _check_depth(body, depth_max)
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        _refuse("not_utf8", f"the body is not UTF-8 (at byte {error.start})", "encode the body as UTF-8")
    try:
        value: object = (_EXACT if exact else _DECODER).decode(text)
    except json.JSONDecodeError as error:
        at, where = error.pos, f"line {error.lineno}, column {error.colno}"
        mend = "send a JSON body with Content-Type: application/json"
        _refuse("not_json", f"the body is not JSON ({where})", mend, path_of(text, lambda token: token.end > at))
    if b"\\u" in body:
        _check_texts(value)
    return value

"""Two spellings of a flat JSON object that source S2's own `curl` lines send: read here, and nowhere else.

    { 'points': 1, 'pass_code': 'A-1' }     single quotes, as inside "..." of a shell
    { points: 1, pass_code: A-1 }           no quotes, as a shell leaves a '...' that has quotes of its own

What stands in quotes is text, never a number. What stands without is `Bare`, as in an address: whoever knows the field decides.
Bounded and linear; a name twice, a nested value and whatever else is in doubt is refused. Strict JSON comes first (strict_json.py).
May not enter: what the fields mean."""

import re

from billfold.api.strict_json import Malformed, check_text
from billfold.domain.errors import FieldProblem

BYTES_MAX = 16 * 1024
PAIRS_MAX = 50


class Bare(str):
    """A value without quotes: of an address, or of a body whose quotes a shell took away."""

    __slots__ = ()


_QUOTED = r"'(?:[^'\\\x00-\x1f]++|\\.)*+'|\"(?:[^\"\\\x00-\x1f]++|\\.)*+\""
_SPACE = r"[ \t\r\n]*+"
_PAIR = re.compile(
    rf"{_SPACE}(?P<name>{_QUOTED}|[A-Za-z_][A-Za-z0-9_]{{0,63}}+){_SPACE}:{_SPACE}"
    rf"(?P<value>{_QUOTED}|[^\s,'\"{{}}\[\]\\][^,'\"{{}}\[\]\\\r\n]*+){_SPACE}(?P<end>[,}}])"
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"} | {one: one for one in "\\/'\""}


def parse(body: bytes) -> dict[str, object]:
    """Name → text or `Bare`. Raises Malformed."""
    if len(body) > BYTES_MAX:
        raise _refused("body_too_large", f"is longer than {BYTES_MAX} bytes", "send a smaller body")
    try:
        text = body.decode().strip(" \t\r\n")
    except UnicodeDecodeError:
        raise _refused("not_utf8", "is not UTF-8", "encode the body as UTF-8") from None
    if not text.startswith("{"):
        raise _not_json()
    if text[1:].strip(" \t\r\n") == "}":
        return {}
    found: dict[str, object] = {}
    at, end = 1, ","
    while end == ",":
        pair = _PAIR.match(text, at)
        if pair is None or len(found) == PAIRS_MAX:
            raise _not_json()
        name = str(_value(pair["name"]))
        if name in found:
            raise _refused("duplicate_name", "has a name twice", "send each name once")
        found[name] = _value(pair["value"])
        at, end = pair.end(), pair["end"]
    if at != len(text):
        raise _not_json()
    return found


def _value(token: str) -> str:
    if token[0] not in "'\"":
        value: str = Bare(token.rstrip(" \t"))
    else:
        value = _ESCAPE.sub(_unescape, token[1:-1])
        if "\\u" in token:  # two halves of a pair become one character; one half alone is refused below
            value = value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    check_text(value)
    return value


def _unescape(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    if found[2] not in _ESCAPES:
        raise _not_json()
    return _ESCAPES[found[2]]


def _not_json() -> Malformed:
    return _refused("not_json", "is not JSON", 'send a JSON object, like {"points": 1}')


def _refused(code: str, message: str, mend: str) -> Malformed:
    return Malformed(FieldProblem("", code, f"the body {message}", mend))

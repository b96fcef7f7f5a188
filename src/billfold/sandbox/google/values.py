"""JSON as typed values: strict parsing, and careful reading of members that may not be there.

May not enter: anything of Google's rules, storage, HTTP."""

import json
from typing import TypeAlias

import msgspec

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = dict[str, Json]

BODY_BYTES_MAX = 5 * 1024 * 1024
DEPTH_MAX = 100  # the limit of Google's own JSON parser

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class NotJson(ValueError):
    """The bytes are no JSON object that this program would take. The text says why."""


def _refuse_constant(name: str) -> Json:
    raise NotJson(f"{name} is not JSON")


def parse_object(raw: bytes) -> JsonObject:
    """The one JSON object in `raw`; an empty body counts as {}.

    Raises NotJson: bad UTF-8, NaN, numbers of thousands of digits, lone surrogates, nesting over 100, anything but an object."""
    if not raw.strip():
        return {}
    try:
        value: Json = _decode(raw)
    except (ValueError, RecursionError):
        value = _judged(raw)
    if not isinstance(value, dict):
        raise NotJson("the root element must be an object")
    if raw.count(b"{") + raw.count(b"[") >= DEPTH_MAX and _depth(value) > DEPTH_MAX:
        raise NotJson("nested too deeply")
    return value


def _judged(raw: bytes) -> Json:
    """What the strict decoder refused: usually for a reason, which is told here."""
    try:
        value: Json = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")  # finds lone surrogates, and 1e999
    except NotJson:
        raise
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error) or "nested too deeply") from None
    return value


def _depth(value: Json) -> int:
    depth = 0
    level: list[Json] = [value]
    while level:
        deeper: list[Json] = []
        for item in level:
            if isinstance(item, dict):
                deeper.extend(item.values())
            elif isinstance(item, list):
                deeper.extend(item)
        depth += 1
        level = deeper
    return depth


def dump(value: Json) -> bytes:
    """UTF-8 JSON without blanks. A lone surrogate, which only an error text can hold, becomes a question mark."""
    try:
        return _encode(value)
    except ValueError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", errors="replace")


def to_text(value: JsonObject) -> str:
    """JSON to be kept, of what parse_object took."""
    return _encode(value).decode()


def from_text(text: str) -> JsonObject:
    """The inverse of to_text."""
    return as_object(_decode(text))


def as_object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def as_list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def as_text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def texts(value: Json) -> list[str]:
    return [item for item in as_list(value) if isinstance(item, str)]


def dig(value: Json, *names: str) -> Json:
    """The member at the end of the path `names`, or None where the path breaks off."""
    for name in names:
        value = as_object(value).get(name)
    return value

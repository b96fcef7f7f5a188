"""JSON as the phone takes it: UTF-8, an object at the top, no duplicate keys, no NaN. May not enter: what the JSON is about."""

import json


class JsonInvalid(Exception):
    """The message says what is wrong, in one line."""


def parse_object(data: bytes) -> dict[str, object]:
    """Raises JsonInvalid."""
    try:
        parsed = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise JsonInvalid(f"not strict JSON in UTF-8 ({error})") from error
    if not isinstance(parsed, dict):
        raise JsonInvalid("not a JSON object")
    return parsed


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} twice in one object")
    return members


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")

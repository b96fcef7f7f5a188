"""A template's own rules beside its content: which values its passes have, what happens where one is missing, which members that
are no texts take their value from the pass; and its drafts and revisions.

May not enter: expressions (expressions.py), filling (filling.py), storage, the clock."""

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

import msgspec

from billfold.domain.content import Content, JsonObject, Value, encode, fingerprint
from billfold.domain.errors import FieldProblem
from billfold.domain.ids import Scope, TemplateId


class Missing(StrEnum):
    """What an expression gives whose value a pass does not have: nothing, or a refusal when the pass is made or changed."""

    EMPTY = "empty"
    ERROR = "error"


class ValueType(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    """A day, or a date and time with offset, as RFC 3339 text."""
    COLOR = "color"
    OBJECT = "object"
    LIST = "list"


class ValueRule(Value, frozen=True):
    """One value that a pass has. `name` may lead into objects: `member.points`. `example` is for checks, forms and previews;
    `default` stands in where a pass lacks it. `max_length`: of a text, in characters."""

    name: str
    type: ValueType = ValueType.TEXT
    required: bool = False
    label: str | None = None
    example: object = None
    default: object = None
    max_length: int | None = None


BINDABLE = ("background_color", "foreground_color", "label_color", "expires_at", "relevant_at", "valid_from", "max_distance")
"""Members of a content that are no texts, and which a template may take from the pass."""


class Rules(Value, frozen=True):
    """`bindings`: member of the content (BINDABLE) → expression. Where a pass has nothing for it, the content's own member stays.
    `expires_in_days` counts from the issue of each pass."""

    schema: tuple[ValueRule, ...] = ()
    missing: Missing = Missing.EMPTY
    bindings: dict[str, str] = {}
    expires_in_days: int | None = None


NO_RULES = Rules()
_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(Rules)


def encode_rules(rules: Rules) -> bytes | None:
    """Canonical; None for rules that say nothing."""
    return None if rules == NO_RULES else _ENCODER.encode(rules)


def decode_rules(data: bytes | None) -> Rules:
    return _DECODER.decode(data) if data else NO_RULES


def text_hash(content: Content, rules: Rules) -> str:
    """Of what a revision says: equal revisions are stored once."""
    return fingerprint(encode(content) + (encode_rules(rules) or b""))


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """What an editor has saved and nobody sees yet. `version` grows by one with each save; 0: nothing is saved, this is what was
    published. `based_on`: the revision that it began from, 0 for none."""

    template_id: TemplateId
    scope: Scope
    version: int
    name: str
    content: Content
    rules: Rules
    based_on: int
    saved_at_ms: int


@dataclass(frozen=True, slots=True)
class Revision:
    """What was published once, kept for ever. `number`: its change number. `restored_from`: the revision whose content it took."""

    template_id: TemplateId
    scope: Scope
    revision: int
    name: str
    content: Content
    rules: Rules
    number: int
    published_at_ms: int
    key_id: str
    restored_from: int | None = None


# --- values -----------------------------------------------------------------------------------------------------------------------

VALUES_BYTES_MAX = 65_536
DEPTH_MAX = 6
NAMES_MAX = 500
TEXT_MAX = 4_000
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)


def encode_values(values: JsonObject) -> bytes:
    """Canonical: equal values give equal bytes."""
    return _ENCODER.encode(values)


def values_fingerprint(values: JsonObject) -> str:
    """What says whether a pass's own values have changed."""
    if all(type(one) is str for one in values.values()):
        return fingerprint(repr(sorted(values.items())).encode())  # as it was when values were texts alone
    return fingerprint(encode_values(values))


def limits_of_values(values: JsonObject, path: str = "values") -> list[FieldProblem]:
    """What is too large, too deep or oddly named."""
    found = list(_limits(values, path, DEPTH_MAX))[:20]
    if not found and _names(values) > NAMES_MAX:
        found = [FieldProblem(path, "too_many", f"more than {NAMES_MAX} values", "send fewer")]
    if not found and len(encode_values(values)) > VALUES_BYTES_MAX:
        mend = "keep in a pass only what it shows"
        found = [FieldProblem(path, "too_large", f"the values take more than {VALUES_BYTES_MAX} bytes", mend)]
    return found


def _names(value: object) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(_names, value.values()))
    if isinstance(value, list):
        return len(value) + sum(map(_names, value))
    return 0


def _limits(value: object, path: str, depth: int) -> Iterator[FieldProblem]:
    if isinstance(value, str):
        if len(value) > TEXT_MAX:
            yield FieldProblem(path, "string_too_long", f"longer than {TEXT_MAX} characters", "send a shorter text")
    elif isinstance(value, dict | list):
        if depth == 0:
            yield FieldProblem(path, "too_deep", f"objects and lists are nested more than {DEPTH_MAX} deep", "send flatter values")
        elif isinstance(value, list):
            for at, one in enumerate(value):
                yield from _limits(one, f"{path}[{at}]", depth - 1)
        else:
            for name, one in value.items():
                if not _NAME.match(name):
                    yield FieldProblem(path, "odd_name", "a name has odd characters, or more than 64", "use letters, digits and _")
                else:
                    yield from _limits(one, f"{path}.{name}", depth - 1)


def lookup(values: JsonObject, name: str) -> object:
    """The value of this name: exactly this one, else the one that the path leads to. None where there is none."""
    if name in values:
        return values[name]
    found: object = values
    for step in name.split("."):
        if type(found) is dict and step in found:
            found = found[step]
        elif type(found) is list and step.isascii() and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found


def check_values(rules: Rules, values: JsonObject) -> list[FieldProblem]:
    """What the template's schema says against these values."""
    found = []
    for rule in rules.schema:
        given = lookup(values, rule.name)
        path = f"values.{rule.name}"
        if given is None:
            if rule.required and rule.default is None:
                found.append(FieldProblem(path, "value_missing", "this template needs the value", "send it"))
        elif (wrong := type_fault(rule.type, given)) is not None:
            found.append(FieldProblem(path, "value_type", *wrong))
        elif rule.max_length is not None and isinstance(given, str) and len(given) > rule.max_length:
            text = f"longer than the template's {rule.max_length} characters"
            found.append(FieldProblem(path, "value_too_long", text, "send a shorter text"))
    return found


_WANTED = {
    ValueType.TEXT: ("must be text", 'send text, in quotes, like "Gold"'),
    ValueType.INTEGER: ("must be a whole number", "send it without quotes, like 1250"),
    ValueType.NUMBER: ("must be a number", "send it without quotes, like 12.5"),
    ValueType.BOOLEAN: ("must be true or false", "send true or false, without quotes"),
    ValueType.DATE: ("must be a day, or a date and time with offset", "send 2026-12-31 or 2026-12-31T18:00:00+01:00"),
    ValueType.COLOR: ("must be a colour", "send #rrggbb"),
    ValueType.OBJECT: ("must be an object", "send {...}"),
    ValueType.LIST: ("must be a list", "send [...]"),
}


def type_fault(wanted: ValueType, given: object) -> tuple[str, str] | None:
    """(what is wrong, the mend) where a value is not of the type."""
    return None if _is(wanted, given) else _WANTED[wanted]


def _is(wanted: ValueType, given: object) -> bool:
    match wanted:
        case ValueType.TEXT:
            return isinstance(given, str)
        case ValueType.INTEGER:
            return isinstance(given, int) and not isinstance(given, bool)
        case ValueType.NUMBER:
            return isinstance(given, int | float) and not isinstance(given, bool)
        case ValueType.BOOLEAN:
            return isinstance(given, bool)
        case ValueType.DATE:
            return isinstance(given, str) and seconds_of(given) is not None
        case ValueType.COLOR:
            return isinstance(given, str) and _COLOR.match(given) is not None
        case ValueType.OBJECT:
            return isinstance(given, dict)
        case ValueType.LIST:
            return isinstance(given, list)


def seconds_of(value: object) -> int | None:
    """A date as whole seconds since 1970: RFC 3339 text, a day (its beginning, UTC), or such a number; None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value) if 0 <= value <= 253_402_300_799 else None
    if not isinstance(value, str):
        return None
    text = value + "T00:00:00+00:00" if _DAY.match(value) else value
    try:
        moment = datetime.datetime.fromisoformat(text)
        return int(moment.timestamp()) if moment.tzinfo is not None and moment.timestamp() >= 0 else None
    except (ValueError, OverflowError):
        return None


def color_of(value: object) -> str | None:
    """`#rrggbb` in lower case; None for anything else."""
    return value.lower() if isinstance(value, str) and _COLOR.match(value) else None


def distance_of(value: object) -> int | None:
    """Whole metres, 1 to 100,000; None for anything else."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return cast(int, value) if whole and 1 <= cast(int, value) <= 100_000 else None


def completed(defaults: JsonObject, values: JsonObject) -> JsonObject:
    """`values`, with the defaults where they say nothing or null."""
    out = dict(defaults)
    for name, one in values.items():
        before = out.get(name)
        if isinstance(one, dict) and isinstance(before, dict):
            out[name] = completed(before, one)
        elif one is not None or name not in out:
            out[name] = one
    return out


def nested(pairs: Iterator[tuple[str, object]]) -> JsonObject:
    """`member.points` → 3 as {"member": {"points": 3}}."""
    out: JsonObject = {}
    for name, value in pairs:
        *steps, last = name.split(".")
        place = out
        for step in steps:
            inner = place.setdefault(step, {})
            if not isinstance(inner, dict):
                inner = place[step] = {}
            place = inner
        place[last] = value
    return out


def defaults_of(rules: Rules) -> JsonObject:
    return nested((rule.name, rule.default) for rule in rules.schema if rule.default is not None)


_EXAMPLES: dict[ValueType, object] = {
    ValueType.TEXT: "Example",
    ValueType.INTEGER: 1250,
    ValueType.NUMBER: 12.5,
    ValueType.BOOLEAN: True,
    ValueType.DATE: "2026-12-31T18:00:00+00:00",
    ValueType.COLOR: "#1f2937",
    ValueType.OBJECT: {},
    ValueType.LIST: [],
}
LENGTH_ASSUMED = 40
"""Of the longest text that a value without `max_length` is tried with."""


def example_of(rule: ValueRule) -> object:
    """The declared example, else the default, else one of the type (cut to what the rule allows)."""
    for given in (rule.example, rule.default):
        if given is not None:
            return given
    made = _EXAMPLES[rule.type]
    return made[: rule.max_length] if isinstance(made, str) and rule.type is ValueType.TEXT else made


def examples_of(rules: Rules) -> JsonObject:
    return nested((rule.name, example_of(rule)) for rule in rules.schema)


def longest_of(rules: Rules) -> JsonObject:
    """As long as a value may get: what shows whether a text still fits its place."""
    return nested((rule.name, _longest(rule)) for rule in rules.schema)


def _longest(rule: ValueRule) -> object:
    example = example_of(rule)
    match rule.type:
        case ValueType.TEXT:
            length = rule.max_length or max(LENGTH_ASSUMED, len(str(example)))
            return (str(example) + "m" * length)[:length]
        case ValueType.INTEGER:
            return 999_999_999 if not isinstance(example, int) else max(example, 999_999_999)
        case ValueType.NUMBER:
            return 999_999.99
        case _:
            return example

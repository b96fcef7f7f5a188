"""Google's discovery document, read as a strict schema: types, enums with their deprecated aliases, unknown members.

What the document says only in prose (nested rules, quotas) is in rules.py. May not enter: storage, HTTP.
Source: data/walletobjects.v1.json; reference/google-wallet.md sections 1.3, 1.14 and 8.2 rule 2."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from billfold.sandbox.google.errors import Violation, bad_payload
from billfold.sandbox.google.values import Json, JsonObject, as_list, as_object, as_text, dig

DOCUMENT = Path(__file__).parent / "data" / "walletobjects.v1.json"
VIOLATIONS_MAX = 20
_KIND = re.compile(r'"(walletobjects#\w+)"')
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,20}")
_RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}


@dataclass(frozen=True)
class Property:
    """One member: exactly one of `ref`, `items` and `type` says what it holds."""

    type: str
    format: str = ""
    ref: str = ""
    items: "Property | None" = None
    enum: dict[str, str] = field(default_factory=dict)  # accepted spelling -> current spelling
    alias: dict[str, str] = field(default_factory=dict)  # current spelling -> the deprecated camelCase one
    required: bool = False
    free_text: bool = False  # any text will do
    kind: str = ""  # for members named `kind`: the fixed value of older answers

    @property
    def holds(self) -> str:
        """The schema of the object, or of the objects, that it holds; empty for anything else."""
        return self.ref or (self.items.ref if self.items else "")


@dataclass(frozen=True)
class Method:
    id: str
    verb: str
    path: re.Pattern[str]  # matched against the path below the host, still percent-encoded
    parameters: frozenset[str]  # of the query
    address: "Address"


Address = tuple[str, int, str]


def _address(verb: str, path: str) -> Address:
    """Verb, length of the path and the name behind the version: few methods share all three."""
    parts = path.split("/")
    return verb, len(parts), parts[3] if len(parts) > 3 else ""


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _property(raw: JsonObject) -> Property:
    names = [as_text(name) for name in as_list(raw.get("enum"))]
    deprecated = as_list(raw.get("enumDeprecated")) or [False] * len(names)
    current = {_plain(name): name for name, old in zip(names, deprecated, strict=True) if not old}
    accepted = {name: current.get(_plain(name), name) for name in names}
    alias = {new: old for old, new in reversed(accepted.items()) if old != new}
    description = as_text(raw.get("description"))
    kind = _KIND.search(description)
    return Property(
        type=as_text(raw.get("type")),
        format=as_text(raw.get("format")),
        ref=as_text(raw.get("$ref")),
        items=_property(as_object(raw["items"])) if "items" in raw else None,
        enum=accepted,
        alias=alias,
        required=description.startswith("Required."),
        free_text=raw.get("type") == "string" and not names and "format" not in raw,
        kind=kind.group(1) if kind else "",
    )


@dataclass(frozen=True)
class Schemas:
    """All schemas of the document by name, and all its methods."""

    by_name: dict[str, dict[str, Property]]
    methods: tuple[Method, ...]
    common_parameters: frozenset[str]

    @cached_property
    def required(self) -> dict[str, tuple[str, ...]]:
        """By schema."""
        return {name: tuple(each for each, prop in members.items() if prop.required) for name, members in self.by_name.items()}

    @cached_property
    def _inner(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """By schema, the members that hold objects, each with the schema of those."""
        return {
            name: tuple((each, prop.holds) for each, prop in members.items() if prop.holds)
            for name, members in self.by_name.items()
        }

    @cached_property
    def _by_address(self) -> dict[Address, list[Method]]:
        found: dict[Address, list[Method]] = {}
        for method in self.methods:
            found.setdefault(method.address, []).append(method)
        return found

    def method(self, verb: str, path: str) -> tuple[Method, re.Match[str]] | None:
        """The method at an address, which is still percent-encoded, with what the path names."""
        for method in self._by_address.get(_address(verb, path), ()):
            if (match := method.path.fullmatch(path)) is not None:
                return method, match
        return None

    def validate(self, name: str, body: JsonObject) -> JsonObject:
        """`body` in normal form: current enum names, int64 as text, without nulls, `kind` members and empty lists.

        Raises ApiError, 400 in the shape of Google's front end."""
        return as_object(self._checked(name, body, keep_null=False))

    def validate_patch(self, name: str, body: JsonObject) -> JsonObject:
        """As validate, but nulls (remove this) and empty lists (empty this) stay."""
        return as_object(self._checked(name, body, keep_null=True))

    def _checked(self, name: str, body: JsonObject, keep_null: bool) -> Json:
        violations: list[Violation] = []
        value = self._object(name, body, "", keep_null, violations)
        if violations:
            raise bad_payload(violations[:VIOLATIONS_MAX])
        return value

    def _object(self, name: str, body: JsonObject, at: str, keep_null: bool, out: list[Violation]) -> Json:
        properties = self.by_name[name]
        result: JsonObject = {}
        for member, value in body.items():
            path = f"{at}.{member}" if at else member
            prop = properties.get(member)
            if prop is None:
                where = f" at '{at}'" if at else ""
                text = f'Invalid JSON payload received. Unknown name "{member}"{where}: Cannot find field.'
                out.append(Violation(at, text))
            elif member == "kind" and value is None:
                continue
            elif value is None:
                if keep_null:
                    result[member] = None
            elif prop.free_text and isinstance(value, str) and member != "kind":
                result[member] = value
            else:
                checked = self._value(prop, value, path, keep_null, out)
                if member != "kind" and (keep_null or checked != []):
                    result[member] = checked
        return result

    def _value(self, prop: Property, value: Json, at: str, keep_null: bool, out: list[Violation]) -> Json:
        if prop.ref:
            if isinstance(value, dict):
                return self._object(prop.ref, value, at, keep_null, out)
            out.append(_wrong(at, prop.ref, value))
            return None
        if prop.items is not None:
            if not isinstance(value, list):
                out.append(_wrong(at, "a list", value))
                return None
            return [self._value(prop.items, item, f"{at}[{i}]", False, out) for i, item in enumerate(value)]
        return _scalar(prop, value, at, out)

    def walk(self, name: str, body: JsonObject) -> list[tuple[str, str, JsonObject]]:
        """(schema name, path, value) of `body`, which is valid, and of every object in it."""
        found: list[tuple[str, str, JsonObject]] = []
        self._walk(name, body, "", found)
        return found

    def _walk(self, name: str, body: JsonObject, at: str, found: list[tuple[str, str, JsonObject]]) -> None:
        found.append((name, at, body))
        for member, ref in self._inner[name]:
            if member not in body:
                continue
            value, path = body[member], f"{at}.{member}" if at else member
            if isinstance(value, dict):
                self._walk(ref, value, path, found)
            elif isinstance(value, list):
                for i, item in enumerate(value):
                    self._walk(ref, as_object(item), f"{path}[{i}]", found)

    def dress(self, name: str, body: JsonObject, *, old_enums: bool, kinds: bool) -> JsonObject:
        """`body` as some recorded answers of 2023 looked: camelCase enum aliases, `kind` members."""
        result: JsonObject = {}
        properties = self.by_name[name]
        if kinds and "kind" in properties and properties["kind"].kind:
            result["kind"] = properties["kind"].kind
        for member, value in body.items():
            prop = properties.get(member)
            result[member] = value if prop is None else self._dressed(prop, value, old_enums, kinds)
        return result

    def _dressed(self, prop: Property, value: Json, old_enums: bool, kinds: bool) -> Json:
        if prop.ref and isinstance(value, dict):
            return self.dress(prop.ref, value, old_enums=old_enums, kinds=kinds)
        if prop.items is not None and isinstance(value, list):
            return [self._dressed(prop.items, item, old_enums, kinds) for item in value]
        if old_enums and isinstance(value, str):
            return prop.alias.get(value, value)
        return value


def _wrong(at: str, wanted: str, value: Json) -> Violation:
    shown = json.dumps(value)[:60]
    return Violation(at, f"Invalid value at '{at}' ({wanted}), {shown}")


def _scalar(prop: Property, value: Json, at: str, out: list[Violation]) -> Json:
    check = _CHECKS.get(prop.format) or _CHECKS[prop.type]
    checked = check(prop, value)
    if checked is None:
        out.append(_wrong(at, prop.format or prop.type, value))
    return checked


def _check_text(prop: Property, value: Json) -> Json:
    if not isinstance(value, str):
        return None
    return prop.enum.get(value) if prop.enum else value


def _check_flag(prop: Property, value: Json) -> Json:
    return value if isinstance(value, bool) else None


def _check_double(prop: Property, value: Json) -> Json:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: Json, form: str) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        value = int(value) if value.is_integer() else None
    elif isinstance(value, str):
        value = int(value) if _WHOLE_NUMBER.fullmatch(value) else None
    low, high = _RANGES[form]
    return value if isinstance(value, int) and low <= value <= high else None


def _check_long(prop: Property, value: Json) -> Json:
    number = _whole(value, prop.format)
    return None if number is None else str(number)


def _check_short(prop: Property, value: Json) -> Json:
    return None if isinstance(value, str) else _whole(value, prop.format)


_CHECKS: dict[str, Callable[[Property, Json], Json]] = {
    "string": _check_text,
    "byte": _check_text,
    "boolean": _check_flag,
    "double": _check_double,
    "number": _check_double,
    "int64": _check_long,
    "uint64": _check_long,
    "int32": _check_short,
    "uint32": _check_short,
}


def _methods(node: JsonObject) -> Iterator[Method]:
    for raw in as_object(node.get("methods")).values():
        verb, flat = as_text(dig(raw, "httpMethod")), as_text(dig(raw, "flatPath"))
        path = re.sub(r"\\{\w+\\}", "([^/]+)", re.escape(flat))
        names = as_object(dig(raw, "parameters"))
        query = frozenset(name for name, spec in names.items() if dig(spec, "location") == "query")
        yield Method(as_text(dig(raw, "id")), verb, re.compile("/" + path), query, _address(verb, "/" + flat))
    for child in as_object(node.get("resources")).values():
        yield from _methods(as_object(child))


@cache
def load() -> Schemas:
    """The document of data/, read once per process."""
    raw: JsonObject = json.loads(DOCUMENT.read_bytes())
    by_name = {
        name: {member: _property(as_object(prop)) for member, prop in as_object(dig(schema, "properties")).items()}
        for name, schema in as_object(raw["schemas"]).items()
    }
    return Schemas(by_name, tuple(_methods(raw)), frozenset(as_object(raw["parameters"])))

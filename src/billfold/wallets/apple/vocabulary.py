"""Apple's words as tables: every key, value, style and picture that vocabulary.toml names, read once, at the first question.

The data file is the one place to edit when Apple adds words each June; this module knows its form and nothing of its content.
May not enter: judging (document_rules/, rules.py), any key or value by name."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import NamedTuple, TypedDict, cast

_FILE = "vocabulary.toml"
_NEAR_MIN = 0.7


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a dictionary. `kind`: a plain type, `enum` or `dict`; `of`: which of them. `listed`: a list of such values.

    `severity`: what a wrong value costs; `misplaced`: what the wrong style or group costs."""

    name: str
    kind: str
    of: str
    listed: bool
    required: bool
    since: str
    source: str
    severity: str
    misplaced: str = "warning"
    deprecated: str | None = None
    replaced_by: str | None = None
    styles: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Dictionary:
    """One kind of JSON object. `severity`: what a missing key costs, error or warning."""

    name: str
    severity: str
    keys: Mapping[str, Key]
    required: tuple[str, ...]

    def nearest(self, name: str) -> str | None:
        """The known key that was probably meant."""
        folded = {known.lower(): known for known in self.keys}
        if name.lower() in folded:
            return folded[name.lower()]
        near = difflib.get_close_matches(name, self.keys, 1, _NEAR_MIN) if len(name) <= 64 else []
        return near[0] if near else None


@dataclass(frozen=True, slots=True)
class Enumeration:
    """Exact values → since when."""

    name: str
    since: Mapping[str, str]

    def nearest(self, value: str) -> str | None:
        folded = {known.lower(): known for known in self.since}
        near = difflib.get_close_matches(value.lower(), folded, 1, 0.5) if len(value) <= 64 else []
        return folded[near[0]] if near else None


@dataclass(frozen=True, slots=True)
class StyleRule:
    """`fields`: group → how many are shown. `together`: secondary and auxiliary in all; `by_square_code`: above such a code.
    `second_row`: auxiliary ones with row 1."""

    name: str
    since: str
    fields: Mapping[str, int]
    images: frozenset[str]
    together: int | None
    by_square_code: int | None
    second_row: int

    def together_above(self, square: bool) -> int | None:
        """Secondary and auxiliary fields in all, above a square code or not. None: as many as both groups show."""
        return self.by_square_code if square and self.by_square_code else self.together


@dataclass(frozen=True, slots=True)
class ImageRule:
    """Sizes in points (width, height); None: not documented."""

    name: str
    since: str
    largest: tuple[int, int] | None
    smallest: tuple[int, int] | None
    required: bool
    personalization: bool


@dataclass(frozen=True, slots=True)
class Scheme:
    """What a richer layout asks for. `by_event_type`: further tags for one kind of event."""

    name: str
    since: str
    style: str
    semantics: tuple[str, ...]
    by_event_type: Mapping[str, tuple[str, ...]]
    transit_type: str | None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    version: str
    dictionaries: Mapping[str, Dictionary]
    enumerations: Mapping[str, Enumeration]
    styles: Mapping[str, StyleRule]
    images: Mapping[str, ImageRule]
    schemes: Mapping[str, Scheme]
    legacy_formats: frozenset[str] = field(default=frozenset())
    """Barcode formats that the old key `barcode` may hold: those that iOS 6 knew."""


class GroupLimits(NamedTuple):
    """How many fields a style shows. `together`: secondary and auxiliary ones in all; `by_square_code`: above such a code."""

    header: int
    primary: int
    secondary: int
    auxiliary: int
    together: int
    by_square_code: int


@cache
def vocabulary() -> Vocabulary:
    """All tables. Takes some 10 ms at the first call, nothing afterwards."""
    raw = cast(_File, tomllib.loads(files(__package__).joinpath(_FILE).read_text(encoding="utf-8")))
    return Vocabulary(
        version=raw["version"],
        dictionaries={name: _dictionary(name, entry) for name, entry in raw["dictionary"].items()},
        enumerations={name: _enumeration(name, entry) for name, entry in raw["enum"].items()},
        styles={name: _style(name, entry) for name, entry in raw["style"].items()},
        images={name: _image(name, entry) for name, entry in raw["image"].items()},
        schemes={name: _scheme(name, entry) for name, entry in raw["scheme"].items()},
        legacy_formats=frozenset(
            value for value, since in _enumeration("", raw["enum"]["barcodeFormat"]).since.items() if is_since(since, 6)
        ),
    )


@cache
def limits_of(style: str) -> GroupLimits:
    """For the hot path: the six numbers of a style."""
    rule = vocabulary().styles[style]
    header, primary, secondary, auxiliary = (
        rule.fields.get(f"{group}Fields", 0) for group in ("header", "primary", "secondary", "auxiliary")
    )
    together = rule.together or secondary + auxiliary
    return GroupLimits(header, primary, secondary, auxiliary, together, rule.together_above(True) or together)


@cache
def images_of(style: str) -> frozenset[str]:
    """Base names of the pictures that a style shows."""
    return vocabulary().styles[style].images


def is_since(since: str, most: float) -> bool:
    """Whether iOS `most` knows it. What no source dates is taken for new."""
    try:
        return float(since) <= most
    except ValueError:
        return False


# --- the file's form --------------------------------------------------------------------------------------------------------------


class _Row(TypedDict, total=False):
    type: str
    required: bool
    since: str
    deprecated: str
    styles: list[str]
    group: list[str]
    least: float
    most: float
    source: str
    severity: str
    misplaced: str


class _DictionaryEntry(TypedDict, total=False):
    source: str
    severity: str
    keys: dict[str, _Row]


class _EnumEntry(TypedDict):
    source: str
    prefix: str
    values: dict[str, str]


class _StyleEntry(TypedDict, total=False):
    since: str
    fields: dict[str, int]
    together: int
    by_square_code: int
    second_row: int
    images: list[str]


class _ImageEntry(TypedDict, total=False):
    since: str
    source: str
    largest: list[int]
    smallest: list[int]
    required: bool
    personalization: bool


class _SchemeEntry(TypedDict, total=False):
    since: str
    source: str
    style: str
    transit_type: str
    semantics: list[str]
    by_event_type: dict[str, list[str]]


class _File(TypedDict):
    version: str
    dictionary: dict[str, _DictionaryEntry]
    enum: dict[str, _EnumEntry]
    style: dict[str, _StyleEntry]
    image: dict[str, _ImageEntry]
    scheme: dict[str, _SchemeEntry]


def _dictionary(name: str, entry: _DictionaryEntry) -> Dictionary:
    severity = entry.get("severity", "error")
    keys = {key: _key(key, row, entry["source"], severity) for key, row in entry["keys"].items()}
    required = tuple(key for key, rule in keys.items() if rule.required)
    return Dictionary(name, severity, keys, required)


def _key(name: str, row: _Row, source: str, severity: str) -> Key:
    text = row["type"]
    listed = text.startswith("[")
    kind, _, of = text.strip("[]").partition(".")
    replaced_by = cast(dict[str, str], row).get("with")  # a word of Python's, so no name in the class above
    return Key(
        name=name,
        kind=kind,
        of=of,
        listed=listed,
        required=row.get("required", False),
        since=row["since"],
        source=row.get("source", source),
        severity=row.get("severity", severity),
        misplaced=row.get("misplaced", "warning"),
        deprecated=row.get("deprecated"),
        replaced_by=replaced_by,
        styles=frozenset(row.get("styles", ())),
        groups=frozenset(row.get("group", ())),
        least=row.get("least"),
        most=row.get("most"),
    )


def _enumeration(name: str, entry: _EnumEntry) -> Enumeration:
    return Enumeration(name, {entry["prefix"] + value: since for value, since in entry["values"].items()})


def _style(name: str, entry: _StyleEntry) -> StyleRule:
    return StyleRule(
        name=name,
        since=entry["since"],
        fields=entry["fields"],
        images=frozenset(entry["images"]),
        together=entry.get("together"),
        by_square_code=entry.get("by_square_code"),
        second_row=entry.get("second_row", 0),
    )


def _image(name: str, entry: _ImageEntry) -> ImageRule:
    return ImageRule(
        name,
        entry["since"],
        _size(entry.get("largest")),
        _size(entry.get("smallest")),
        entry.get("required", False),
        entry.get("personalization", False),
    )


def _size(given: list[int] | None) -> tuple[int, int] | None:
    return (given[0], given[1]) if given else None


def _scheme(name: str, entry: _SchemeEntry) -> Scheme:
    more = {kind: tuple(tags) for kind, tags in entry.get("by_event_type", {}).items()}
    return Scheme(name, entry["since"], entry["style"], tuple(entry["semantics"]), more, entry.get("transit_type"))

"""Google's words as tables: every type of a class, an object and what they hold, read once from vocabulary.json when first asked.

The file is made from Google's own description by tools/google_vocabulary.py; this module knows its form and nothing of its content.
May not enter: judging (document.py, rules.py), any member by name."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

_FILE: Final = "vocabulary.json"
_NEAR_MIN: Final = 0.7
PLAIN: Final = frozenset({"text", "flag", "int32", "int64", "double", "byte"})


@dataclass(frozen=True, slots=True)
class Member:
    """One member. `kind`: a plain type, or the name of another type. `outdated_values`: old spelling → present one, "" for none."""

    name: str
    kind: str
    listed: bool = False
    values: tuple[str, ...] = ()
    outdated_values: Mapping[str, str] = field(default_factory=dict)
    required: bool = False
    outdated: bool = False


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: str
    values: tuple[str, ...] = ()
    outdated_values: dict[str, str] = {}
    required: bool = False
    outdated: bool = False


class _File(msgspec.Struct, frozen=True):
    revision: str
    types: dict[str, dict[str, str | _Row]]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`types`: name → members by name. `revision`: of Google's description, like 20260806."""

    revision: str
    types: Mapping[str, Mapping[str, Member]]

    def required(self, type_name: str) -> tuple[str, ...]:
        return tuple(one.name for one in self.types[type_name].values() if one.required)


@cache
def vocabulary() -> Vocabulary:
    read = msgspec.json.decode(files(__package__).joinpath(_FILE).read_bytes(), type=_File)
    types = {name: {each: _member(each, one) for each, one in members.items()} for name, members in read.types.items()}
    return Vocabulary(read.revision, types)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant; None where none is near."""
    by_lower = {one.lower(): one for one in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=_NEAR_MIN)
    return by_lower[found[0]] if found else None


def _member(name: str, row: str | _Row) -> Member:
    if isinstance(row, str):
        row = _Row(row)
    listed = row.type.startswith("[")
    kind = row.type.strip("[]")
    return Member(name, kind, listed, row.values, row.outdated_values, row.required, row.outdated)

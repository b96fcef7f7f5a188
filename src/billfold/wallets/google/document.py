"""A class or an object in Google's own JSON, judged: by the vocabulary here, by what the description says in prose in
document_rules.py. Serves foreign documents and the members that a content overrides.

May not enter: neutral content, how we make such documents, the network. Source: reference/google-wallet.md sections 1.3 to 1.14."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from billfold.domain.content import JsonObject
from billfold.ports import Finding
from billfold.wallets.google import document_rules
from billfold.wallets.google.document_rules import Place, error, warning
from billfold.wallets.google.vocabulary import Member, nearest, vocabulary

SAME_CODE_MAX: Final = 20
DEPTH_MAX: Final = 20
_ROOTS: Final = tuple(
    vertical + kind
    for vertical in ("Generic", "Loyalty", "Offer", "GiftCard", "EventTicket", "Flight", "Transit")
    for kind in ("Class", "Object")
)
_WHOLE: Final = re.compile(r"-?[0-9]{1,19}")
_NAMES: Final = {"text": "a text", "flag": "true or false", "int32": "a whole number", "double": "a number", "byte": "a text"}
_WORD: Final = re.compile(r"[A-Za-z0-9_@$-]{1,60}")
_SET_BY_GOOGLE: Final = frozenset({"hasUsers", "hasLinkedDevice", "classReference", "review", "version", "kind"})


def type_of(document: Mapping[str, object]) -> str | None:
    """The class or object type that a document seems to be: by its `kind` of older answers, else by the members that only one type
    has. None for anything else; `Resources` is what a save link carries."""
    kind = document.get("kind")
    if isinstance(kind, str):
        name = kind.partition("#")[2]
        if (found := name[:1].upper() + name[1:]) in _ROOTS:
            return found
    types = vocabulary().types
    if document and all(name in types["Resources"] for name in document):
        return "Resources"
    if not isinstance(document.get("id"), str):
        return None
    ours = [name for name in _ROOTS if name.endswith("Object") == ("classId" in document)]
    fits = {name: sum(member in types[name] for member in document) for name in ours}
    needs = {name: sum(member in document for member in vocabulary().required(name)) for name in ours}
    return max(ours, key=lambda name: (fits[name], needs[name], -len(types[name])))


def check_document(document: JsonObject, type_name: str | None = None, at: str = "") -> tuple[Finding, ...]:
    """Findings with JSON paths that begin with `at`, errors first; of each code the first twenty.

    `type_name`: like `LoyaltyObject`; None: found out."""
    name = type_name or type_of(document)
    if name is None:
        return (error("not_a_pass", at, "is no class or object of Google Wallet", "send one, with its id"),)
    return _sorted(_object(name, _without_nulls(document), Place(at, name), whole=True))


def check_members(members: JsonObject, type_name: str, at: str = "") -> tuple[Finding, ...]:
    """The same for members that will be merged into a document: nothing is required at the top, and null removes."""
    return _sorted(_object(type_name, _without_nulls(members), Place(at, type_name), whole=False))


def _without_nulls(value: JsonObject, depth: int = 0) -> JsonObject:
    """Google takes null for a member that is not there."""
    if depth > DEPTH_MAX:
        return value
    return {
        name: _without_nulls(one, depth + 1) if isinstance(one, dict) else [*map(_item, one)] if isinstance(one, list) else one
        for name, one in value.items()
        if one is not None
    }


def _item(one: object) -> object:
    return _without_nulls(one, DEPTH_MAX // 2) if isinstance(one, dict) else one


def _sorted(found: Iterator[Finding]) -> tuple[Finding, ...]:
    kept: list[Finding] = []
    counts: dict[str, int] = {}
    for one in found:
        counts[one.code] = counts.get(one.code, 0) + 1
        if counts[one.code] <= SAME_CODE_MAX:
            kept.append(one)
    return tuple(sorted(kept, key=lambda one: one.severity))


def _object(name: str, value: Mapping[str, object], place: Place, *, whole: bool) -> Iterator[Finding]:
    known = vocabulary().types[name]
    sound: dict[str, object] = {}
    for member, given in value.items():
        one = known.get(member)
        if one is None:
            yield _unknown(member, known, place)
        else:
            found = tuple(_member(one, given, place.member(member)))
            yield from found
            if not any(each.severity == "error" for each in found):
                sound[member] = given
    if whole:
        for one in known.values():
            if one.required and value.get(one.name) in (None, "", {}, []):
                yield error("member_missing", place.member(one.name).path, f"{name} needs {one.name}", "give it")
    # Prose speaks about what is well formed; a member that was found wrong above counts as given.
    yield from document_rules.check(name, value, sound, place, whole=whole)


def _unknown(member: str, known: Mapping[str, Member], place: Place) -> Finding:
    near = nearest(member, known)
    shown = member if _WORD.fullmatch(member) else "(a name with odd characters)"
    mend = f"did you mean {near}?" if near else "leave it away"
    return error("unknown_member", place.member(shown).path, f"Google knows no such member of {place.type}", mend)


def _member(one: Member, value: object, place: Place) -> Iterator[Finding]:
    if one.outdated or one.name in _SET_BY_GOOGLE:
        text = "is outdated" if one.outdated else "is set by Google alone"
        yield warning("member_ignored", place.path, f"{text}: Google does not act on it", "leave it away")
        return
    if one.listed:
        if not isinstance(value, list):
            yield _wrong(place, "a list")
            return
        for at, item in enumerate(value):
            yield from _value(one, item, place.item(at))
    else:
        yield from _value(one, value, place)


def _value(one: Member, value: object, place: Place) -> Iterator[Finding]:
    if one.kind in _NAMES or one.kind == "int64":
        yield from _plain(one, value, place)
    elif not isinstance(value, dict):
        yield _wrong(place, f"an object ({one.kind})")
    elif place.type == "Resources" and set(value) <= {"id", "classId"}:
        yield from document_rules.check(one.kind, value, value, place.of(one.kind), whole=False)  # it names what Google has
    elif place.depth > DEPTH_MAX:
        yield error("too_deep", place.path, f"is nested deeper than {DEPTH_MAX}", "send less")
    else:
        yield from _object(one.kind, value, place.of(one.kind), whole=True)


def _plain(one: Member, value: object, place: Place) -> Iterator[Finding]:
    if one.values:
        yield from _enum(one, value, place)
    elif one.kind in ("text", "byte"):
        if not isinstance(value, str):
            yield _wrong(place, "a text")
    elif one.kind == "flag":
        if not isinstance(value, bool):
            yield _wrong(place, _NAMES["flag"])
    elif one.kind == "int64":
        if not (isinstance(value, str) and _WHOLE.fullmatch(value)) and not _is_whole(value, 63):
            yield _wrong(place, 'a whole number, as text ("12500000")')
    elif one.kind == "int32":
        if not _is_whole(value, 31):
            yield _wrong(place, _NAMES["int32"])
    elif isinstance(value, bool) or not isinstance(value, int | float):
        yield _wrong(place, _NAMES["double"])


def _is_whole(value: object, bits: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**bits) <= value < 2**bits


def _enum(one: Member, value: object, place: Place) -> Iterator[Finding]:
    if not isinstance(value, str):
        yield _wrong(place, "one of Google's words")
    elif value in one.outdated_values:
        present = one.outdated_values[value]
        mend = f"write {present}" if present else "use another"
        yield warning("value_outdated", place.path, "is an outdated spelling", mend)
    elif value not in one.values:
        near = nearest(value, one.values)
        usable = [each for each in one.values if not each.endswith("_UNSPECIFIED")]
        mend = f"did you mean {near}?" if near else f"use one of {', '.join(usable[:12])}"
        yield error("value_unknown", place.path, f"is none of the words for {one.name}", mend)


def _wrong(place: Place, wanted: str) -> Finding:
    return error("wrong_type", place.path, f"is not {wanted}", f"send {wanted}")


def parsed(text: str) -> JsonObject | None:
    """A document from its text; None where it is no JSON object."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None

"""A template's content made into a pass's: each text with expressions is worked out in its own language, everything else stays the
same object. Prepared once per published content and kept, so that a pass costs its expressions and the parts that hold them.

May not enter: what an expression may say (expressions.py), what a wallet makes of the result, storage, the clock."""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Generic, TypeVar, cast

import msgspec
from msgspec.structs import replace

from billfold.domain import expressions, texts
from billfold.domain.content import BarcodeFormat, Content, DateFormat, JsonObject, MoneyFormat, NumberFormat
from billfold.domain.expressions import OUTPUT_MAX, Lacking, Piece, Program, plain_text
from billfold.domain.templates import NO_RULES, Rules, color_of, completed, defaults_of, distance_of, seconds_of

DAY_SECONDS: Final = 86_400
DEFAULT_LANGUAGE: Final = "en"
KEPT: Final = 256
"""Prepared contents that are kept."""
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a content takes something from the pass. `path`: into the content, `header[0].value`, as findings name it.

    `kind`: text (shown), code (the message of a barcode of `format`), number (a text that a format reads), exact (anything whose
    every character may matter), binding (a member that is no text)."""

    path: str
    kind: str
    language: str
    sources: tuple[str, ...]
    format: BarcodeFormat | None = None
    literal: str = ""
    """What stands around the expressions."""


Output = object
"""What one place shows: text, or in JSON members a value of its own type; None in a binding that a pass has nothing for."""
Worked = dict[str, list[object]]
_Maker = Callable[[Worked], Output]
_Builder = Callable[[Sequence[Output]], object]


class Filling:
    """`places` and `outputs` belong together, one each. All of it is pure."""

    def __init__(self, content: Content, rules: Rules = NO_RULES) -> None:
        self._content, self._rules = content, rules
        self._defaults = defaults_of(rules)
        self.places: list[Place] = []
        self._makers: list[_Maker] = []
        self._wanted: dict[str, list[str]] = {}
        base = content.language or DEFAULT_LANGUAGE
        self._build = self._struct(with_languages(content), "", base)
        self._bindings = [(name, self._binding(name, source, base)) for name, source in sorted(rules.bindings.items())]
        self._programs: dict[str, Program] = expressions.compiled(self._wanted)
        self.places_in_time = rules.expires_in_days is not None and (
            bool(content.relevant) or content.relevant_at is not None or "relevant_at" in rules.bindings
        )
        """Whether its expiry, which depends on the issue, is beside another date that it may be held against."""
        self._static = self._build is None and not self._bindings and rules.expires_in_days is None

    # --- for each pass ---

    def outputs(self, values: JsonObject) -> list[Output]:
        """What each place shows with these values."""
        worked = self._work(self.completed(values))
        return [make(worked) for make in self._makers]

    def completed(self, values: JsonObject) -> JsonObject:
        """With the template's defaults where they say nothing."""
        return completed(self._defaults, values) if self._defaults else values

    def content(self, outputs: Sequence[Output], issued_at_ms: int) -> Content:
        content = self._content if self._build is None else cast(Content, self._build(outputs))
        changed: dict[str, object] = {name: found for name, at in self._bindings if (found := outputs[at]) is not None}
        if self._rules.expires_in_days is not None and "expires_at" not in changed:
            changed["expires_at"] = issued_at_ms // 1000 + self._rules.expires_in_days * DAY_SECONDS
        return replace(content, **changed) if changed else content

    def fill(self, values: JsonObject, issued_at_ms: int = 0) -> Content:
        if self._static:
            return self._content
        return self.content(self.outputs(values), issued_at_ms)

    def lacking(self, values: JsonObject) -> list[str]:
        """Names of the values that expressions need and do not get."""
        worked = self._work(self.completed(values))
        return list(dict.fromkeys(one.name for each in worked.values() for one in each if isinstance(one, Lacking) and one.name))

    def idle(self, values: JsonObject) -> list[Place]:
        """Places with an expression that gives nothing with these values."""
        worked = self._work(self.completed(values))
        nothing = {
            (language, source)
            for language, found in worked.items()
            for source, one in zip(self._wanted[language], found, strict=True)
            if isinstance(one, Lacking)
        }
        return [place for place in self.places if any((place.language, source) in nothing for source in place.sources)]

    def reads(self) -> tuple[str, ...]:
        """Names of all values that the content may show."""
        found = (name for place in self.places for source in place.sources for name in expressions.reads(source))
        return tuple(dict.fromkeys(found))

    def _work(self, values: JsonObject) -> Worked:
        return {language: program.run(values) for language, program in self._programs.items()}

    # --- preparing ---

    def _place(self, path: str, kind: str, language: str, text: str, make: _Maker, format: BarcodeFormat | None = None) -> int:
        literal = "".join(one for one in expressions.pieces(text) if isinstance(one, str))
        self.places.append(Place(path, kind, language, tuple(expressions.sources(text)), format, literal))
        self._makers.append(make)
        return len(self._makers) - 1

    def _want(self, source: str, language: str) -> int:
        wanted = self._wanted.setdefault(language, [])
        if source not in wanted:
            wanted.append(source)
        return wanted.index(source)

    def _any(self, value: object, path: str, language: str, kind: str) -> "_Builder | None":
        """What makes the value anew from outputs; None where nothing in it changes."""
        if type(value) is str:
            return self._text(value, path, language, kind) if expressions.sources(value) else None
        if isinstance(value, msgspec.Struct):
            return self._struct(value, path, language)
        if type(value) is tuple or type(value) is list:
            return self._sequence(value, path, language, kind)
        if type(value) is dict:
            return self._mapping(value, path, language, kind)
        return None

    def _text(self, text: str, path: str, language: str, kind: str, format: BarcodeFormat | None = None) -> "_Builder":
        at = self._place(path, kind, language, text, self._maker(text, language, native=kind == "json"), format)
        return lambda outputs: outputs[at]

    def _maker(self, text: str, language: str, *, native: bool = False) -> _Maker:
        parts = [self._want(one.source, language) if isinstance(one, Piece) else one for one in expressions.pieces(text)]
        if len(parts) == 1 and isinstance(only := parts[0], int):
            if native:
                return lambda worked: _own_type(worked[language][only])
            return lambda worked: plain_text(worked[language][only])[:OUTPUT_MAX]

        def make(worked: Worked) -> str:
            found = worked.get(language, [])  # no language is worked out where nothing is an expression
            return "".join([one if isinstance(one, str) else plain_text(found[one]) for one in parts])[:OUTPUT_MAX]

        return make

    def _struct(self, value: msgspec.Struct, path: str, language: str) -> "_Builder | None":
        changing: list[tuple[str, _Builder]] = []
        for name in value.__struct_fields__:
            given = getattr(value, name)
            if not given or name in ("key", "language"):
                continue
            inner = f"{path}.{name}" if path else name
            kind, code = _kind(value, name)
            if kind == "code" and isinstance(given, str):
                build = self._text(given, inner, language, kind, code) if expressions.sources(given) else None
            elif name == "translations":
                build = self._translations(given, inner)
            else:
                build = self._any(given, inner, language, kind)
            if build is not None:
                changing.append((name, build))
        if not changing:
            return None
        return lambda outputs: replace(value, **{name: build(outputs) for name, build in changing})

    def _translations(self, given: dict[str, dict[str, str]], path: str) -> "_Builder | None":
        builders = {language: self._any(words, f"{path}.{language}", language, "text") for language, words in given.items()}
        return _mapping_builder(given, builders)

    def _mapping(self, given: dict[str, object], path: str, language: str, kind: str) -> "_Builder | None":
        return _mapping_builder(given, {name: self._any(one, f"{path}.{name}", language, kind) for name, one in given.items()})

    def _sequence(self, given: "Sequence[object]", path: str, language: str, kind: str) -> "_Builder | None":
        builders = [self._any(one, f"{path}[{at}]", language, kind) for at, one in enumerate(given)]
        if not any(builders):
            return None
        make = type(given)
        pairs = list(zip(given, builders, strict=True))
        return lambda outputs: make([one if build is None else build(outputs) for one, build in pairs])  # type: ignore[call-arg]

    def _binding(self, name: str, source: str, language: str) -> int:
        read = _BINDINGS[name]
        parts = expressions.pieces(source)
        if len(parts) == 1 and isinstance(parts[0], Piece):
            at = self._want(parts[0].source, language)
            return self._place(name, "binding", language, source, lambda worked: read(worked[language][at]))
        make = self._maker(source, language)
        return self._place(name, "binding", language, source, lambda worked: read(make(worked)))


_BINDINGS: Final[dict[str, Callable[[object], object]]] = {
    **dict.fromkeys(("background_color", "foreground_color", "label_color"), color_of),
    **dict.fromkeys(("expires_at", "relevant_at", "valid_from"), seconds_of),
    "max_distance": distance_of,
}


def _mapping_builder(
    given: dict[str, object] | dict[str, dict[str, str]], builders: "dict[str, _Builder | None]"
) -> "_Builder | None":
    changing = [(name, build) for name, build in builders.items() if build is not None]
    if not changing:
        return None
    return lambda outputs: {**given, **{name: build(outputs) for name, build in changing}}


def _kind(owner: msgspec.Struct, name: str) -> tuple[str, BarcodeFormat | None]:
    if name in ("semantics", "overrides", "apple", "google_class", "google_object"):
        return "json", None
    format = getattr(owner, "format", None)
    if name == "message" and isinstance(format, BarcodeFormat):
        return "code", format
    if name == "value" and isinstance(format, NumberFormat | MoneyFormat):
        return "number", None
    if name == "value" and isinstance(format, DateFormat):
        return "exact", None
    return ("exact" if name in _EXACT else "text"), None


_EXACT: Final = {
    *("organization_name", "description", "logo_text"),  # rules hold them against each other
    *("rich_text", "filled", "total", "pattern", "smart_tap", "message", "grouping", "linked", "uuid", "icon"),
}


def _own_type(value: object) -> object:
    return "" if isinstance(value, Lacking) or value is None else value


# --- languages --------------------------------------------------------------------------------------------------------------------


def with_languages(content: Content) -> Content:
    """A text that is nothing but values (`{{ points | number }}`), and looks otherwise in another language, is worked out in each
    language that the content has, also where no translation says so."""
    others = texts.languages(content)[1:]
    if not others:
        return content
    wordless = {path: text for path, text in texts.paths(content).items() if "{{" in text and is_wordless(text)}
    if not wordless:
        return content
    translations = {
        language: {path: text for path, text in wordless.items() if path not in texts.translation(content, language)}
        | content.translations.get(language, {})
        for language in others
    }
    return replace(content, translations=translations)


def is_wordless(text: str) -> bool:
    """Whether a text is made of values alone, and one of them is written by the rules of a language."""
    parts = expressions.pieces(text)
    literal = "".join(one for one in parts if isinstance(one, str))
    inside = [one.source for one in parts if isinstance(one, Piece)]
    return not _LETTER.search(literal) and any(expressions.depends_on_language(one) for one in inside)


# --- what is kept -----------------------------------------------------------------------------------------------------------------

T = TypeVar("T")


class Kept(Generic[T]):
    """What was made for a content and its rules, for as long as these are asked for again: KEPT at most, any thread."""

    def __init__(self) -> None:
        self._entries: OrderedDict[tuple[int, int], tuple[Content, Rules, T]] = OrderedDict()

    def of(self, content: Content, rules: Rules, make: Callable[[Content, Rules], T]) -> T:
        key = (id(content), id(rules))  # they are kept with the entry, so no other object gets their ids
        found = self._entries.get(key)
        if found is None:
            found = (content, rules, make(content, rules))
        self._entries.pop(key, None)
        self._entries[key] = found  # the newest is the last
        while len(self._entries) > KEPT:
            with suppress(KeyError):  # another thread was first
                self._entries.popitem(last=False)
        return found[2]


_fillings: Kept[Filling] = Kept()


def filling_of(content: Content, rules: Rules = NO_RULES) -> Filling:
    """Prepared once for the same content and rules, as storage gives the same objects again for the same revision."""
    return _fillings.of(content, rules, Filling)


def faults(content: Content, rules: Rules = NO_RULES) -> Iterator[tuple[str, expressions.Fault]]:
    """(path, what is wrong) of every expression that cannot be run."""
    for path, text in _all_texts(content, ""):
        for fault in expressions.faults(text):
            yield path, fault
    for name, source in rules.bindings.items():
        for fault in expressions.faults(source):
            yield f"bindings.{name}", fault


def _all_texts(value: object, path: str) -> Iterator[tuple[str, str]]:
    if type(value) is str:
        if "{" in value:
            yield path, value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _all_texts(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _all_texts(one, f"{path}.{key}" if path else str(key))
    elif isinstance(value, tuple | list):
        for at, one in enumerate(value):
            yield from _all_texts(one, f"{path}[{at}]")

"""A template checked as a whole, once for each draft and publication, and its passes by what their values change.

A pass is judged by what the rules can see of its values: two passes whose texts look alike to every rule get the same findings, and
these are worked out once (by both wallets' whole rules). What may matter by its very characters is its own look, so that nothing is
taken for something else. May not enter: any rule of a wallet, storage, HTTP."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from billfold.domain import template_rules
from billfold.domain.content import Content, JsonObject
from billfold.domain.errors import FieldProblem, Invalid
from billfold.domain.expressions import reads
from billfold.domain.filling import Filling, Kept, Output, Place, filling_of
from billfold.domain.findings import Finding
from billfold.domain.ids import Scope
from billfold.domain.passes import Template
from billfold.domain.templates import (
    Missing,
    Rules,
    ValueType,
    check_values,
    completed,
    defaults_of,
    examples_of,
    limits_of_values,
    longest_of,
    lookup,
    nested,
)
from billfold.domain.views import (
    LENGTH_MAX,
    LOOKS_KEPT,
    NUMBER,
    PRINTABLE,
    SHAPE_MAX,
    SIGNS,
    SQUARE,
    WORDS,
    Look,
    ValueViews,
    shape,
)
from billfold.flows import picture_checks
from billfold.ports import Services

Check = Callable[[Content], tuple[Finding, ...]]
UNKNOWN: Final = "Example"
"""Stands for a value of which the schema says nothing."""
FREE: Final = frozenset({"organization_name", "description", "logo_text", "rich_text", "message"})
"""Members whose every character may matter to a rule, and where any text may stand."""


def both_wallets(services: Services) -> Check:
    return lambda content: (*services.apple.check(content), *services.google.check(content))


# --- templates --------------------------------------------------------------------------------------------------------------------


def check_template(services: Services, content: Content, rules: Rules) -> tuple[Finding, ...]:
    """Errors first: of the template itself, of both wallets with the schema's examples, and with values as long as they get."""
    check = both_wallets(services)
    filling = Filling(content, rules)  # not kept: most drafts are never seen again
    declared = examples_of(rules)
    unknown = {name for name in filling.reads() if lookup(completed(defaults_of(rules), declared), name) is None}
    guessed = completed(nested((name, UNKNOWN) for name in sorted(unknown, key=len)), declared)
    usual = [one for one in check(filling.fill(guessed)) if not _guessed(one, filling.places, unknown)]
    longest = check(filling.fill(completed(guessed, longest_of(rules))))
    made_up = {rule.name for rule in rules.schema if rule.type is ValueType.TEXT}
    formed = [place for place in filling.places if _has_form(place) and _reads_any(place, made_up)]
    late = [one for one in longest if one not in usual and not _guessed(one, filling.places, unknown) and not _about(one, formed)]
    idle = [_idle(place) for place in filling.idle(guessed) if not _reads_any(place, unknown)]
    own = template_rules.check(content, rules)
    told = {one.path for one in own if one.code == template_rules.WRITTEN_TWICE}  # wallets see its outcome alone
    seen = [one.within("content") for one in (*usual, *(_when_long(one) for one in late))]
    found = (*own, *idle, *(one for one in seen if one.path not in told))
    return tuple(sorted(found, key=lambda one: one.severity))


def expired(content: Content, now_ms: int) -> tuple[Finding, ...]:
    """That a pass is over already, which no wallet's rules can tell: they know no clock."""
    if content.expires_at is None or content.expires_at * 1000 > now_ms:
        return ()
    text, mend = "the pass has expired", "give a later date, if it should be used"
    return (Finding("expired", "warning", "expires_at", text, mend, "both wallets hide it among the expired ones"),)


async def check_whole(services: Services, scope: Scope, content: Content, rules: Rules) -> tuple[Finding, ...]:
    """The same, what is said of the template's pictures by what was measured when they came in, and that it is over already."""
    filled = filling_of(content, rules).fill(completed(defaults_of(rules), examples_of(rules)))
    counted = content.stamps is not None and "{{" in content.stamps.filled + content.stamps.total
    found = await picture_checks.of_content(services, scope, filled)
    pictures = [one.within("content") for one in found if not (counted and one.code == "stamps_not_a_number")]
    overdue = () if "expires_at" in rules.bindings else expired(content, services.clock.now_ms())
    return (*check_template(services, content, rules), *(one.within("content") for one in overdue), *pictures)


def _guessed(one: Finding, places: Sequence[Place], unknown: set[str]) -> bool:
    """Whether a finding is about a place whose value is not known yet."""
    return any(one.path.startswith(place.path) and _reads_any(place, unknown) for place in places)


def _has_form(place: Place) -> bool:
    """Whether a text that is only made longer cannot stand here: a number, a date, an id, the digits of a code."""
    if place.kind == "code":
        return place.format not in SQUARE
    return place.kind in ("number", "json") or (place.kind == "exact" and place.path.rpartition(".")[2] not in FREE)


def _about(one: Finding, places: Sequence[Place]) -> bool:
    """Whether a finding is about one of the places, or about what it is a part of."""
    return any(one.path == place.path or place.path.startswith(f"{one.path}.") for place in places)


def _reads_any(place: Place, names: set[str]) -> bool:
    return any(name in names for source in place.sources for name in reads(source))


def _idle(place: Place) -> Finding:
    path = f"bindings.{place.path}" if place.kind == "binding" else f"content.{place.path}"
    message = "with the example values an expression here gives nothing"
    mend = "see that its values fit what is done with them; filters bind closest, so write (a - b) | number"
    return Finding("expression_gives_nothing", "warning", path, message, mend)


def _when_long(one: Finding) -> Finding:
    """What happens with long values alone forbids nothing: each pass is judged by its own."""
    return Finding(one.code, "warning", one.path, f"with the longest values: {one.message}", one.mend, one.otherwise)


def refuse(findings: Sequence[Finding]) -> None:
    """Raises Invalid where there is an error among them."""
    if errors := [_problem(one) for one in findings if one.severity == "error"]:
        raise Invalid(*errors)


def _problem(one: Finding) -> FieldProblem:
    return FieldProblem(one.path, one.code, one.message, one.mend)


# --- passes -----------------------------------------------------------------------------------------------------------------------


def check_pass(services: Services, template: Template, values: JsonObject, issued_at_ms: int) -> tuple[Finding, ...]:
    """What both wallets say of the pass, about its content. Raises Invalid, naming each value with which it cannot be made."""
    rules = template.rules
    if problems := limits_of_values(values) or check_values(rules, values):
        raise Invalid(*problems)
    if rules.missing is Missing.ERROR and (lacking := filling_of(template.content, rules).lacking(values)):
        text, mend = "the template shows this value", "send it"
        raise Invalid(*(FieldProblem(f"values.{name}", "value_missing", text, mend) for name in lacking))
    judged = judge_pass(services, template, values, issued_at_ms)
    if judged.problems:
        raise Invalid(*judged.problems)
    return judged.findings


def _named(one: Finding, places: Sequence[Place]) -> FieldProblem:
    """A finding at a place that a value fills is said of the value."""
    for place in places:
        if place.path == one.path:
            names = [name for source in place.sources for name in reads(source)]
            if names:
                return FieldProblem(f"values.{names[0]}", one.code, f"{one.message} ({one.path})", one.mend)
    return _problem(one.within("content"))


@dataclass(frozen=True, slots=True)
class Judged:
    """All that both wallets say, and what of it refuses the pass."""

    findings: tuple[Finding, ...]
    problems: tuple[FieldProblem, ...]


class Judge:
    """What both wallets say of a published content's passes. `check`: both wallets' whole rules.

    Two things are remembered, each for passes that look alike: by what their values look like, which is quickly told, and by what
    the filled places look like, which more of them have in common."""

    def __init__(self, filling: Filling, check: Check) -> None:
        self._filling, self._check = filling, check
        self._places = filling.places
        self._views = ValueViews(filling.places)
        self._by_values: dict[tuple[Look, ...], Judged] = {}
        self._by_places: dict[tuple[Look, ...], tuple[Finding, ...]] = {}
        self._edges: dict[tuple[int, bool], list[int]] = {}
        self._bound = [at for at, place in enumerate(filling.places) if place.kind == "binding"]

    def judge(self, values: JsonObject, issued_at_ms: int = 0) -> Judged:
        """The same as both wallets' rules say of the filled content."""
        if not self._views.whole or self._filling.places_in_time:
            return self._judged(values, issued_at_ms)
        look = self._views.look(self._filling.completed(values))
        found = self._by_values.get(look)
        if found is None:
            found = self._judged(values, issued_at_ms)
            if len(self._by_values) >= LOOKS_KEPT:
                self._by_values.clear()
            self._by_values[look] = found
        return found

    def _judged(self, values: JsonObject, issued_at_ms: int) -> Judged:
        outputs = self._filling.outputs(values)
        found = self._of_places(outputs, issued_at_ms)
        errors = [_named(one, self._places) for one in found if one.severity == "error"]
        return Judged(found, (*self._unusable(outputs, values), *errors))

    def _unusable(self, outputs: Sequence[Output], values: JsonObject) -> list[FieldProblem]:
        """Values that are given for a member which they cannot be."""
        found: list[FieldProblem] = []
        for at in self._bound:
            if outputs[at] is None:
                place = self._places[at]
                given = [name for source in place.sources for name in reads(source) if lookup(values, name) is not None]
                message = f"the template uses this value for {place.path}, which it cannot be"
                mend = "send a colour as #rrggbb, a date as RFC 3339"
                found += [FieldProblem(f"values.{name}", "value_unusable", message, mend) for name in given[:1]]
        return found

    def _of_places(self, outputs: Sequence[Output], issued_at_ms: int) -> tuple[Finding, ...]:
        look = tuple([self._look(at, outputs) for at in range(len(outputs))])
        if self._filling.places_in_time:
            look = (*look, issued_at_ms // 1000)
        found = self._by_places.get(look)
        if found is None:
            found = self._check(self._filling.content(outputs, issued_at_ms))
            if len(self._by_places) >= LOOKS_KEPT:
                self._by_places.clear()
            self._by_places[look] = found
        return found

    def _look(self, at: int, outputs: Sequence[Output]) -> Look:
        """What the rules can see of one place's output."""
        output, place = outputs[at], self._places[at]
        if not isinstance(output, str):
            return (type(output), repr(output))
        if place.kind == "text":
            if WORDS.match(output):
                ascii_ = output.isascii()
                return (ascii_, bisect_right(self._edges_of(at, ascii_, outputs), len(output)))
            if len(output) <= SHAPE_MAX and SIGNS.match(output):
                return shape(output)
        elif place.kind == "code":
            if place.format in SQUARE and PRINTABLE.match(output):
                return (True, bisect_right(self._edges_of(at, True, outputs), len(output)))
        elif place.kind == "number" and NUMBER.match(output):
            return shape(output)
        return ("=", output)

    def _edges_of(self, at: int, ascii_: bool, outputs: Sequence[Output]) -> list[int]:
        """Lengths from which on the rules say something else of this place. Found by asking them, once."""
        key = (at, ascii_)
        edges = self._edges.get(key)
        if edges is None:
            said: dict[int, tuple[Finding, ...]] = {}
            letter = "x" if ascii_ else "é"

            def of_length(length: int) -> tuple[Finding, ...]:
                if length not in said:
                    tried = list(outputs)
                    tried[at] = letter * length
                    said[length] = self._check(self._filling.content(tried, 0))
                return said[length]

            edges = self._edges[key] = list(_edges(of_length, 1, LENGTH_MAX))
        return edges


def _edges(of_length: Callable[[int], tuple[Finding, ...]], low: int, high: int) -> Sequence[int]:
    """Where the answer changes between two lengths, given that a rule about length changes its mind at one length only."""
    if of_length(low) == of_length(high):
        return ()
    if high - low == 1:
        return (high,)
    middle = (low + high) // 2
    return (*_edges(of_length, low, middle), *_edges(of_length, middle, high))


_judges: Kept[Judge] = Kept()


def judge_of(services: Services, content: Content, rules: Rules) -> Judge:
    """One for each published content, as storage gives the same objects again for the same revision."""
    return _judges.of(content, rules, lambda content, rules: Judge(filling_of(content, rules), both_wallets(services)))


def judge_pass(services: Services, template: Template, values: JsonObject, issued_at_ms: int) -> Judged:
    """What both wallets say of a pass that shows the template, also of one that has become wrong by a later revision."""
    return judge_of(services, template.content, template.rules).judge(values, issued_at_ms)

"""`{{ member.points | number }}`: what a template's text may ask of a pass's values, and nothing else.

Texts are taken apart here; what stands in the braces is read and run by Jinja's immutable sandbox, of whose language only names,
paths, comparisons, arithmetic of numbers and the filters below are let through. No statements, no calls, no attributes of objects:
a path leads through mappings and lists of JSON alone. What a value says is put in as it is and never read as an expression.
An expression that cannot be worked out gives nothing: a pass that is on a phone must be made in any case.
May not enter: where texts stand in a content (filling.py), the clock, I/O."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final, cast

from jinja2 import ChainableUndefined, Template, TemplateSyntaxError, nodes
from jinja2.exceptions import TemplateError
from jinja2.nativetypes import NativeCodeGenerator
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from billfold.domain import filter_arguments, formatting
from billfold.domain.content import DateFormat, DateStyle, JsonObject, MoneyFormat, NumberFormat
from billfold.domain.templates import lookup

LENGTH_MAX: Final = 300
NODES_MAX: Final = 40
BRACKETS_MAX: Final = 12
EXPRESSIONS_MAX: Final = 50
"""In one text."""
OUTPUT_MAX: Final = 16_000
"""Characters of one filled text; what is more is cut."""
NUMBER_MAX: Final = 2**63

_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}\Z")
_TAKEN = {"self", "super", "loop", "caller", "varargs", "kwargs", "language_"}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an expression, and the mend; neither repeats it."""

    code: str
    message: str
    mend: str


@dataclass(frozen=True, slots=True)
class Lacking:
    """In place of a value that a pass does not have. `name`: what the expression reads."""

    name: str


@dataclass(frozen=True, slots=True)
class Piece:
    """An expression in a text, as it stands between its braces."""

    source: str


def pieces(text: str) -> list[str | Piece]:
    """Literal texts and expressions in turn; braces that nothing closes are text."""
    first, *others = text.split("{{")
    out: list[str | Piece] = [first] if first else []
    for one in others:
        inner, closing, rest = one.partition("}}")
        if not closing:
            out.append("{{" + one)
            continue
        out.append(Piece(inner.strip()))
        if rest:
            out.append(rest)
    return out


def sources(text: str) -> list[str]:
    """The expressions of a text."""
    return [one.source for one in pieces(text) if isinstance(one, Piece)] if "{{" in text else []


# --- the language -----------------------------------------------------------------------------------------------------------------


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _arithmetic(operator: str, left: Any, right: Any) -> object:
    """Of numbers alone, so that no text and no list can be multiplied; what is beyond 64 bits is nothing."""
    if not (is_number(left) and is_number(right)):
        raise TypeError("arithmetic is for numbers")
    made = {"+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right, "/": lambda: left / right}[operator]()
    if not math.isfinite(made) or abs(made) >= NUMBER_MAX:
        raise OverflowError("beyond 64 bits")
    return round(made, 9) if isinstance(made, float) else made


class Sandbox(ImmutableSandboxedEnvironment):
    """One language's. Paths lead through mappings and lists only; nothing can be called."""

    code_generator_class = NativeCodeGenerator  # expressions give values, not texts
    intercepted_binops = frozenset("+-*/")
    intercepted_unops = frozenset("-")

    def __init__(self, language: str) -> None:
        super().__init__(undefined=ChainableUndefined, autoescape=False, cache_size=0, extensions=())
        self.globals = {}
        self.tests = {}
        self.filters = {name: partial(function, language) for name, function in _FILTERS.items()}

    def getitem(self, obj: Any, argument: Any) -> Any:
        if type(obj) is dict and isinstance(argument, str) and argument in obj:
            return obj[argument]
        if type(obj) is list and type(argument) is int and 0 <= argument < len(obj):
            return obj[argument]
        return self.undefined(obj=None, name=str(argument))

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return False

    def is_safe_callable(self, obj: Any) -> bool:
        return False

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        return _arithmetic(operator, left, right)

    def call_unop(self, context: Any, operator: str, arg: Any) -> Any:
        return _arithmetic("-", 0, arg)


_NUMBERS = NumberFormat()


def _nothing(value: object) -> bool:
    return value is None or isinstance(value, ChainableUndefined)


def plain_text(value: object) -> str:
    """As a value stands in a text without a filter: numbers without grouping, `true`, nothing for objects, lists and null."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < NUMBER_MAX else repr(value)
    return ""


def _number(language: str, value: object, decimals: object = None) -> object:
    if _nothing(value):
        return None
    text = plain_text(value)
    if type(decimals) is int and 0 <= decimals <= 10:
        return formatting.fixed(text, decimals, language)
    return formatting.write(text, _NUMBERS, language)


def _money(language: str, value: object, currency: object = "") -> object:
    if _nothing(value) or not (isinstance(currency, str) and re.fullmatch("[A-Z]{3}", currency)):
        return value
    return formatting.write(plain_text(value), MoneyFormat(currency), language)


def _style(style: object) -> DateStyle | None:
    return DateStyle(style) if isinstance(style, str) and style in ("short", "medium", "long", "full") else None


def _date(language: str, value: object, style: object = "medium") -> object:
    return _moment(language, value, _style(style) or DateStyle.MEDIUM, DateStyle.NONE)


def _time(language: str, value: object, style: object = "short") -> object:
    return _moment(language, value, DateStyle.NONE, _style(style) or DateStyle.SHORT)


def _moment(language: str, value: object, days: DateStyle, hours: DateStyle) -> object:
    return value if _nothing(value) else formatting.write(formatting.as_moment(value), DateFormat(days, hours), language)


def _upper(language: str, value: object) -> object:
    return value if _nothing(value) else plain_text(value).upper()


def _lower(language: str, value: object) -> object:
    return value if _nothing(value) else plain_text(value).lower()


def _default(language: str, value: object, fallback: object = "") -> object:
    return fallback if _nothing(value) or value == "" else value


def _plural(language: str, value: object, **forms: object) -> object:
    """`points | plural(one="point", other="points")`: the form of the language (CLDR: zero, one, two, few, many, other)."""
    if _nothing(value):
        return value
    form = formatting.plural(plain_text(value), language)
    return forms.get(form, forms.get("other", ""))


_FILTERS: dict[str, Callable[..., object]] = {
    "number": _number,
    "money": _money,
    "date": _date,
    "time": _time,
    "upper": _upper,
    "lower": _lower,
    "default": _default,
    "plural": _plural,
}
IN_LANGUAGE: Final = ("number", "money", "date", "time", "plural")
"""Filters whose outcome depends on the language."""
_ARGUMENTS = {"number": 1, "money": 1, "date": 1, "time": 1, "upper": 0, "lower": 0, "default": 1, "plural": 0}
_PLURALS = {"zero", "one", "two", "few", "many", "other"}


@lru_cache(maxsize=64)
def _sandbox(language: str) -> Sandbox:
    return Sandbox(language)


# --- reading ----------------------------------------------------------------------------------------------------------------------


class Refused(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


def _refuse(code: str, message: str, mend: str) -> Refused:
    return Refused(Fault(code, message, mend))


_UNREADABLE = Fault("expression_unreadable", "this expression cannot be read", "write it like {{ member.points | number }}")
_FILTER_IDLE = Fault("filter_idle", filter_arguments.IDLE, filter_arguments.MEND)
_EXACTLY: tuple[type[nodes.Node], ...] = (
    *(nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem, nodes.Filter, nodes.Keyword),
    *(nodes.CondExpr, nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.Neg),
)


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked one. `tree` is None for a plain name. `reads`: paths of values. `in_language`: whether a filter depends on it;
    `idle`: whether one makes nothing of what it is given."""

    source: str
    tree: nodes.Expr | None
    reads: tuple[str, ...]
    in_language: bool = False
    idle: bool = False


@lru_cache(maxsize=4096)
def _read(source: str) -> Expression | Fault:
    if _PLAIN.match(source):
        return Expression(source, None, (source,))
    try:
        return _parsed(source)
    except Refused as refused:
        return refused.fault
    except (TemplateSyntaxError, RecursionError, ValueError, OverflowError):
        return _UNREADABLE


def _parsed(source: str) -> Expression:
    if len(source) > LENGTH_MAX:
        raise _refuse("expression_long", f"longer than {LENGTH_MAX} characters", "shorten it, or prepare the value before")
    if sum(source.count(one) for one in "([{") > BRACKETS_MAX or re.search(r"[0-9]{20}", source):
        raise _refuse("expression_complex", "too many brackets, or a number too long", "prepare the value before")
    body = _sandbox("en").parse("{{ " + source + " }}").body
    if len(body) != 1 or not isinstance(body[0], nodes.Output) or len(body[0].nodes) != 1:
        raise Refused(_UNREADABLE)
    tree = body[0].nodes[0]
    everything = [tree, *tree.find_all(nodes.Node)]
    if len(everything) > NODES_MAX:
        raise _refuse("expression_complex", f"more than {NODES_MAX} parts", "prepare the value before")
    for one in everything:
        _allow(one)
    filters = [one for one in everything if isinstance(one, nodes.Filter)]
    in_language, idle = any(one.name in IN_LANGUAGE for one in filters), any(map(filter_arguments.is_idle, filters))
    return Expression(source, tree, tuple(dict.fromkeys(_paths(tree))), in_language, idle)


def _allow(one: nodes.Node) -> None:
    if type(one) not in _EXACTLY:
        mend = "use names, filters, comparisons, + - * / of numbers and `a if b else c`"
        raise _refuse("expression_not_allowed", "this is no part of the language of templates", mend)
    if isinstance(one, nodes.Name) and (not _NAME.match(one.name) or one.name in _TAKEN):
        raise _refuse(
            "expression_not_allowed", "no value can have this name here", "begin with a letter; use letters, digits and _"
        )
    if isinstance(one, nodes.Getattr) and not _NAME.match(one.attr):
        raise _refuse(
            "expression_not_allowed", "no value can have this name here", "begin with a letter; use letters, digits and _"
        )
    if isinstance(one, nodes.Getitem) and not (isinstance(one.arg, nodes.Const) and isinstance(one.arg.value, str | int)):
        raise _refuse("expression_not_allowed", "a place in a list is a number", "write stamps[0] or member.name")
    if isinstance(one, nodes.Filter):
        _allow_filter(one)


def _allow_filter(one: nodes.Filter) -> None:
    if one.name not in _FILTERS:
        known = ", ".join(_FILTERS)
        raise _refuse("filter_unknown", "there is no such filter", f"use one of {known}")
    named = {each.key for each in one.kwargs}
    fits = named <= _PLURALS if one.name == "plural" else not named
    if one.dyn_args or one.dyn_kwargs or len(one.args) > _ARGUMENTS[one.name] or not fits:
        raise _refuse("filter_arguments", "this filter is given what it does not take", 'see docs/templates.md: `money("EUR")`')


def _paths(node: nodes.Node) -> Iterable[str]:
    match node:
        case nodes.Name(name=name):
            yield name
        case nodes.Getattr() | nodes.Getitem():
            if (path := _path(node)) is not None:
                yield path
            else:
                yield from _paths(node.node)
        case _:
            for child in node.iter_child_nodes():
                yield from _paths(child)


def _path(node: nodes.Node) -> str | None:
    match node:
        case nodes.Name(name=name):
            return str(name)
        case nodes.Getattr(node=inner, attr=attr):
            before = _path(inner)
            return None if before is None else f"{before}.{attr}"
        case nodes.Getitem(node=inner, arg=nodes.Const(value=value)):
            before = _path(inner)
            return None if before is None else f"{before}.{value}"
    return None


def faults(text: str) -> list[Fault]:
    """What is wrong with the expressions of a text."""
    inside = sources(text)
    known = [_read(source) for source in inside]
    found = [read for read in known if isinstance(read, Fault)]
    if any(isinstance(read, Expression) and read.idle for read in known):
        found.append(_FILTER_IDLE)
    if len(inside) > EXPRESSIONS_MAX:
        found.append(Fault("expressions_too_many", f"more than {EXPRESSIONS_MAX} expressions in one text", "split the text"))
    if "{%" in text or "{#" in text:
        found.append(Fault("statement", "statements are not run: they would be shown as they are", "use expressions: {{ ... }}"))
    if "{{" in text and text.count("{{") != len(inside):
        found.append(Fault("expression_open", "an expression is not closed", "close it with }}"))
    return found


def reads(source: str) -> tuple[str, ...]:
    """Paths of the values that an expression reads."""
    read = _read(source)
    return read.reads if isinstance(read, Expression) else ()


def simple(source: str) -> tuple[str, bool] | None:
    """(path, whether through `number`) of an expression that is a value alone or such a number; None of any other."""
    read = _read(source)
    if isinstance(read, Fault):
        return None
    if read.tree is None:
        return source, False
    if isinstance(read.tree, nodes.Filter):
        bare = read.tree.name == "number" and not read.tree.args and read.tree.node is not None
        path = _path(read.tree.node) if bare and read.tree.node is not None else None
        return None if path is None else (path, True)
    path = _path(read.tree)
    return None if path is None else (path, False)


def depends_on_language(source: str) -> bool:
    read = _read(source)
    return isinstance(read, Expression) and read.in_language


def canonical(source: str) -> str:
    """The expression without the spaces that mean nothing, to compare two languages' texts."""
    read = _read(source)
    return repr(read.tree) if isinstance(read, Expression) and read.tree is not None else source


# --- running ----------------------------------------------------------------------------------------------------------------------

Run = Callable[[JsonObject], tuple[object, ...]]
Direct = Callable[[JsonObject], object]
_GIVES_NOTHING = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, TemplateError)


class Program:
    """Expressions of one language, compiled once. `run` gives a value for each, Lacking where there is none."""

    def __init__(self, wanted: Sequence[str], language: str) -> None:
        self._language = language
        self._plain: list[tuple[int, str, Lacking]] = []
        self._read: list[tuple[int, Expression, Lacking]] = []
        self._direct: list[tuple[int, Direct, Lacking]] = []
        self._blank: list[object] = [Lacking("")] * len(wanted)
        for place, source in enumerate(wanted):
            read = _read(source)
            if isinstance(read, Fault):
                continue
            lacking = Lacking(read.reads[0] if read.reads else "")
            if read.tree is None:
                self._plain.append((place, source, lacking))
            elif (direct := _direct(read.tree, language)) is not None:
                self._direct.append((place, direct, lacking))
            else:
                self._read.append((place, read, lacking))
        self._together = _compiled([one for _, one, _ in self._read], language) if self._read else None

    def run(self, values: JsonObject) -> list[object]:
        out = self._blank.copy()
        for place, name, lacking in self._plain:
            found = values.get(name)
            if found is None and (found := lookup(values, name)) is None:
                found = lacking
            out[place] = found
        for place, direct, lacking in self._direct:
            found = direct(values)
            out[place] = lacking if found is None else found
        if self._together is not None:
            for (place, _, lacking), found in zip(self._read, self._worked_out(values), strict=True):
                out[place] = lacking if _nothing(found) else found
        return out

    def _worked_out(self, values: JsonObject) -> Sequence[object]:
        assert self._together is not None
        try:
            return self._together(values)
        except _GIVES_NOTHING:
            return [self._alone(one, values) for _, one, _ in self._read]

    def _alone(self, one: Expression, values: JsonObject) -> object:
        """One that cannot be worked out must not take the others with it."""
        try:
            return _compiled_alone(one.source, self._language)(values)[0]
        except _GIVES_NOTHING:
            return None


def _direct(tree: nodes.Node, language: str) -> "Direct | None":
    """What most expressions are, a path or a path through filters with constants, without the sandbox's preparations: the same
    outcome, some ten times as fast. None for any other."""
    if isinstance(tree, nodes.Filter):
        inner = None if tree.node is None else _direct(tree.node, language)
        given = [*tree.args, *(each.value for each in tree.kwargs)]
        if inner is None or not all(isinstance(one, nodes.Const) for one in given):
            return None
        constants = tuple(one.value for one in tree.args)  # type: ignore[attr-defined]  # all are Const
        named: dict[str, Any] = {each.key: each.value.value for each in tree.kwargs}  # type: ignore[attr-defined, misc]
        if any(isinstance(one, dict | list) for one in (*constants, *named.values())):
            return None
        work = partial(_FILTERS[tree.name], language)
        return lambda values: work(inner(values), *constants, **named)
    path = _path(tree) if isinstance(tree, nodes.Name | nodes.Getattr | nodes.Getitem) else None
    return None if path is None else lambda values: lookup(values, path)


def _compiled(wanted: Sequence[Expression], language: str) -> Run:
    """One function for all: Jinja makes it of a tree that has a single tuple to give."""
    sandbox = _sandbox(language)
    # The last member is known at run time only, so the tuple is not taken for a constant.
    members = [*(one.tree for one in wanted), nodes.Name("language_", "load")]
    tree = nodes.Template([nodes.Output([nodes.Tuple(members, "load")])], lineno=1)
    tree.set_environment(sandbox)
    template = Template.from_code(sandbox, sandbox.compile(tree), {}, None)
    context = template.new_context
    root = cast(Callable[[Context], Iterator[tuple[object, ...]]], template.root_render_func)  # values, as the generator is native

    def run(values: JsonObject) -> tuple[object, ...]:
        return next(root(context(values)))[:-1]

    return run


@lru_cache(maxsize=1024)
def _compiled_alone(source: str, language: str) -> Run:
    read = _read(source)
    assert isinstance(read, Expression)
    return _compiled([read], language)


def compiled(wanted: Mapping[str, Sequence[str]]) -> dict[str, Program]:
    """Language → its program, for the expressions that each language's texts have."""
    return {language: Program(each, language) for language, each in wanted.items()}

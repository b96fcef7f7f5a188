"""The form for a pass's values: one line for each that its template names, and what was typed as a change of them.

May not enter: whether the values are good (domain/templates.py says)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from billfold.domain.card_values import RESERVED
from billfold.domain.content import JsonObject
from billfold.domain.loyalty import Card
from billfold.domain.passes import Template
from billfold.domain.templates import ValueRule, ValueType, lookup

_NOT_TYPED = (ValueType.OBJECT, ValueType.LIST)
_KEPT = ("balances", "available")
"""By the ledger, for whatever pass."""
BEFORE = "value:"


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    label: str
    kind: ValueType
    value: str
    required: bool
    example: str


def lines(held: JsonObject, template: Template | None, card: Card | None, typed: Mapping[str, str]) -> list[Line]:
    """`held`: the pass's values, none of a new one. `typed`: what somebody sent that could not be taken, so that it is not lost."""
    if template is None:
        return []
    found = [_line(rule, held, typed) for rule in _rules(held, template) if _changeable(rule, card)]
    return sorted(found, key=lambda one: not one.required)


def change_of(held: JsonObject, template: Template, card: Card | None, typed: Mapping[str, str]) -> JsonObject:
    """What was typed as a change (RFC 7396) of the values; what is as it was is left out."""
    change: JsonObject = {}
    for rule in _rules(held, template):
        text = typed.get(BEFORE + rule.name)
        if text is None or not _changeable(rule, card) or text.strip() == _text(lookup(held, rule.name)):
            continue
        _put(change, rule.name, _read(rule.type, text.strip()), exact=rule.name in held or "." not in rule.name)
    return change


def typed_in(form: Mapping[str, list[str]]) -> dict[str, str]:
    """Those fields of a form that are values."""
    return {name: sent[0] for name, sent in form.items() if name.startswith(BEFORE)}


def _rules(held: JsonObject, template: Template) -> list[ValueRule]:
    """The schema's, and one for each plain value that the schema does not name."""
    named = {rule.name for rule in template.rules.schema}
    own = [name for name, value in held.items() if name not in named and isinstance(value, str | int | float)]
    return [*template.rules.schema, *(ValueRule(name=name, type=_type(held[name])) for name in own)]


def _changeable(rule: ValueRule, card: Card | None) -> bool:
    first = rule.name.partition(".")[0]
    return rule.type not in _NOT_TYPED and first not in _KEPT and not (card and first in RESERVED)


def _line(rule: ValueRule, held: JsonObject, typed: Mapping[str, str]) -> Line:
    value = typed.get(BEFORE + rule.name, _text(lookup(held, rule.name)))
    required = rule.required and rule.default is None
    return Line(rule.name, rule.label or rule.name, rule.type, value, required, _text(rule.example))


def _type(value: object) -> ValueType:
    if isinstance(value, bool):
        return ValueType.BOOLEAN
    return ValueType.INTEGER if isinstance(value, int) else ValueType.NUMBER if isinstance(value, float) else ValueType.TEXT


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _read(kind: ValueType, text: str) -> object:
    """As JSON has it. What is no number stays a text, which the template's rules then refuse by name."""
    if not text:
        return None
    if kind is ValueType.BOOLEAN:
        return text == "true"
    try:
        return int(text) if kind is ValueType.INTEGER else float(text) if kind is ValueType.NUMBER else text
    except ValueError:
        return text


def _put(change: JsonObject, name: str, value: object, *, exact: bool) -> None:
    if exact:
        change[name] = value
        return
    *path, last = name.split(".")
    here = change
    for step in path:
        below = here.setdefault(step, {})
        if not isinstance(below, dict):
            return
        here = below
    here[last] = value

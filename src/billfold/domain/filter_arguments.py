"""What a filter of an expression is given and makes nothing of, so that a text is written otherwise than its author meant.

May not enter: what filters do, which there are (expressions.py), values: constants alone are judged."""

import re

from jinja2 import nodes

IDLE = "a filter makes nothing of what it is given, or lacks what it needs"
MEND = 'write number(2), money("EUR"), date("short"), plural(one="point", other="points")'
_DECIMALS_MAX = 10
_STYLES = ("short", "medium", "long", "full")


def is_idle(one: nodes.Filter) -> bool:
    """Whether the filter lacks what it needs, or a constant that it is given is none that it knows."""
    if one.name == "plural":
        return "other" not in {each.key for each in one.kwargs}
    if not one.args:
        return one.name == "money"
    given = one.args[0]
    return isinstance(given, nodes.Const) and not _is_known(one.name, given.value)


def _is_known(name: str, given: object) -> bool:
    match name:
        case "number":
            return type(given) is int and 0 <= given <= _DECIMALS_MAX
        case "money":
            return isinstance(given, str) and re.fullmatch("[A-Z]{3}", given) is not None
        case "date" | "time":
            return given in _STYLES
        case _:
            return True

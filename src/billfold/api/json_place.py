"""Where in a refused JSON text its fault stands, as a field's path: `headerFields[0].value`. The parser itself tells no places.

Asked only once a body is refused, and for its first tokens alone, so that a hostile body takes hardly longer than a good one.
May not enter: what is wrong (strict_json.py), any value of the body: names of plain letters are all that is told of it."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

TOKENS_MAX = 20_000
"""Some 20 ms of looking."""
STEPS_MAX = 12
ODD = "(a name with odd characters)"
_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")
# A string without an end goes up to the text's; whatever else is no JSON is a token as well.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[][{}:,]|[^][{}:,"\s]++', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """`end`: offset of the character after it. `depth`: how many brackets are open, its own included. `again`: a name that its
    object had before."""

    text: str
    end: int
    depth: int
    again: bool


@dataclass(slots=True)
class _Level:
    """An open object or list: `step` is where in it we are."""

    is_list: bool
    step: str | int | None = None
    names: set[str] = field(default_factory=set)
    awaits_name: bool = True

    def enters(self, token: str) -> bool:
        """Moves on to what `token` begins. Whether it is a name that was there before."""
        if self.is_list:
            self.step = 0 if self.step is None else self.step
            return False
        if not self.awaits_name or token[0] != '"':
            return False
        name = _text(token)
        again = name in self.names
        self.names.add(name)
        self.step = name
        return again


def path_of(text: str, at_fault: Callable[[Token], bool]) -> str:
    """The path of the first token that is `at_fault`, in at most STEPS_MAX steps; "" where there is none, or none so early."""
    levels: list[_Level] = []
    for count, found in enumerate(_TOKEN.finditer(text)):
        if count == TOKENS_MAX:
            break
        token = found[0]
        opens, closes = token in "{[", token in "}]"
        again = bool(levels) and token not in "}],:" and levels[-1].enters(token)
        if at_fault(Token(token, found.end(), len(levels) + opens, again)):
            return _path(levels)
        if opens:
            levels.append(_Level(is_list=token == "["))
        elif closes and levels:
            levels.pop()
        elif levels and token in ",:":
            _pass(levels[-1], token)
    return ""


def _pass(level: _Level, separator: str) -> None:
    level.awaits_name = separator == ","
    if separator == "," and isinstance(level.step, int):
        level.step += 1


def _path(levels: list[_Level]) -> str:
    path = ""
    for level in levels[:STEPS_MAX]:
        if isinstance(level.step, int):
            path += f"[{level.step}]"
        elif level.step is not None:
            path += ("." if path else "") + (level.step if _PLAIN.match(level.step) else ODD)
    return path


def _text(token: str) -> str:
    """A name as it is meant, escapes and all; of a broken one what stands there."""
    try:
        return str(json.loads(token))
    except ValueError:
        return token

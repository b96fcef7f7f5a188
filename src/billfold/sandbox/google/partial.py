"""Partial answers: the `fields` parameter, such as id,state or resources(id,barcode/value) or pagination/*.

May not enter: anything but JSON values."""

import re
from typing import TypeAlias

from billfold.sandbox.google.values import Json, JsonObject

Tree: TypeAlias = "dict[str, Tree]"

_TOKEN = re.compile(r"[A-Za-z0-9_*.]+|[,/()]")
_DEPTH_MAX = 20


class BadSelector(ValueError):
    """The text is no field selection."""


def select(value: JsonObject, fields: str) -> JsonObject:
    """What `fields` names of `value`; a name that is not there is passed over. Raises BadSelector."""
    tokens = _TOKEN.findall(fields)
    if "".join(tokens) != fields.replace(" ", "") or len(tokens) > 1000:
        raise BadSelector(fields)
    tree, rest = _several(tokens, 0)
    if rest:
        raise BadSelector(fields)
    picked = _pick(value, tree)
    return picked if isinstance(picked, dict) else {}


def _several(tokens: list[str], depth: int) -> tuple[Tree, list[str]]:
    if depth > _DEPTH_MAX:
        raise BadSelector
    tree: Tree = {}
    while True:
        tokens = _one(tokens, tree, depth)
        if not tokens or tokens[0] != ",":
            return tree, tokens
        tokens = tokens[1:]


def _one(tokens: list[str], tree: Tree, depth: int) -> list[str]:
    while True:
        if not tokens or tokens[0] in ",/()":
            raise BadSelector
        tree = tree.setdefault(tokens[0], {})
        following = tokens[1] if len(tokens) > 1 else ""
        if following == "(":
            inner, tokens = _several(tokens[2:], depth + 1)
            tree.update(inner)
            if not tokens or tokens[0] != ")":
                raise BadSelector
            return tokens[1:]
        if following != "/":
            return tokens[1:]
        tokens = tokens[2:]


def _pick(value: Json, tree: Tree) -> Json:
    if not tree:
        return value
    if isinstance(value, list):
        return [_pick(item, tree) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _pick(item, tree.get(name) or tree.get("*") or {}) for name, item in value.items() if name in tree or "*" in tree}

"""Hostile texts put into every text that the API takes, and what shows that a page took one for more than text.

The walk over the OpenAPI document fills each text of an operation, also one that the example leaves out, so a field that comes new
is filled by itself. May not enter: which pages there are (every_page.py)."""

from collections.abc import Callable, Iterator
from typing import Any

import hostile

PAYLOADS = (*(one for one in hostile.PAYLOADS if "{{" not in one), "</textarea><img src onerror=window.ran=31>")
"""But for the one that a template would take for an expression, and refuse."""

DETECT = """root => [...root.querySelectorAll('*')].filter(one => {
  const { localName, textContent, attributes } = one;
  if (['x', 'portal', 'math', 'base', 'object', 'video'].includes(localName)) return true;
  if (localName === 'meta' && /refresh/i.test(one.httpEquiv)) return true;
  if (localName === 'style' && textContent.startsWith('*{')) return true;
  if (localName === 'script' && !/json|importmap/.test(one.type) && textContent.includes('window.ran')) return true;
  const leads = /^(href|src|srcset|action|formaction|data|style|xlink:href)$/, away = /^\\s*javascript:|evil\\.example/i;
  return [...attributes].some(({ name, value }) =>
    name === 'srcdoc' || (name.startsWith('on') && value.includes('ran')) || (leads.test(name) && away.test(value)));
}).map(one => one.outerHTML.slice(0, 120))"""
"""Elements of a document that one of the texts has become, or has got into."""


class Fill:
    """The texts of one round: each gets as many payloads as it holds, from this round's on; after thirty rounds it had all."""

    def __init__(self, first: int) -> None:
        self._first = first

    def text(self, length_max: int) -> str:
        found, at = PAYLOADS[self._first], self._first
        for _ in PAYLOADS[1:]:
            at = (at + 1) % len(PAYLOADS)
            if len(found) + 1 + len(PAYLOADS[at]) > length_max:
                break
            found += " " + PAYLOADS[at]
        return found[:length_max]


Json = dict[str, Any]
FREE_UNTIL = 4_000


def body_of(document: Json, operation: Json) -> tuple[Json, Json]:
    """(schema, example) of a JSON body."""
    content = operation["requestBody"]["content"]["application/json"]
    return resolved(document, content["schema"], None), content["example"]


def resolved(document: Json, schema: Json, example: object) -> Json:
    """Without references and, of several forms, the one that a text or the example fits."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for word in ("anyOf", "oneOf"):
        forms = [
            resolved(document, one, example) for one in schema.get(word, ()) if one.keys() & {"$ref", "type", "anyOf", "oneOf"}
        ]
        kind = {dict: "object", list: "array"}.get(type(example), "string")
        fitting = [one for one in forms if one.get("type") == kind]
        if fitting or forms:
            return (fitting or [one for one in forms if one.get("type") != "null"] or forms)[0]
    return schema


def is_free(schema: Json) -> bool:
    """A text of somebody's own: no word of a list, no date, no id."""
    return schema.get("type") == "string" and not schema.keys() & {"enum", "const", "format", "pattern"}


def filled(document: Json, schema: Json, example: object, fill: Fill, kept: Callable[[str], bool], path: str = "") -> object:
    """The example with every free text replaced, and with those that it leaves out. `kept`: paths that stay as they are."""
    schema = resolved(document, schema, example)
    if is_free(schema) and not kept(path):
        return fill.text(schema.get("maxLength", FREE_UNTIL))
    if isinstance(example, list):
        return [filled(document, schema.get("items", {}), one, fill, kept, f"{path}[{at}]") for at, one in enumerate(example)]
    if not isinstance(example, dict):
        return example
    named = {name: filled(document, of(schema, name), one, fill, kept, f"{path}.{name}") for name, one in example.items()}
    for name, below in schema.get("properties", {}).items():
        form = resolved(document, below, None)
        if name not in example and is_free(form) and not kept(f"{path}.{name}"):
            named[name] = fill.text(form.get("maxLength", FREE_UNTIL))
    return named


def of(schema: Json, name: str) -> Json:
    """The form of one member, also of an object whose names are free."""
    more = next(iter(schema.get("patternProperties", {}).values()), schema.get("additionalProperties"))
    return schema.get("properties", {}).get(name) or (more if isinstance(more, dict) else {})


def free_paths(document: Json, schema: Json, example: object, path: str = "") -> Iterator[str]:
    """What `filled` fills."""
    schema = resolved(document, schema, example)
    if is_free(schema):
        yield path
    elif isinstance(example, list):
        for at, one in enumerate(example):
            yield from free_paths(document, schema.get("items", {}), one, f"{path}[{at}]")
    elif isinstance(example, dict):
        for name in {*example, *schema.get("properties", {})}:
            yield from free_paths(document, of(schema, name), example.get(name), f"{path}.{name}")

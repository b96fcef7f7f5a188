"""/llms.txt: short docs for coding agents, written from the OpenAPI document, so that they are never older than the API (S3-45).

May not enter: facts of its own."""

import json
from typing import Any

from billfold.api.facade_openapi import CREATE_EXAMPLE, REPLACE_EXAMPLE
from billfold.api.openapi import operations

EXPLAINED = ("passes", "templates", "scans")
"""What most callers begin with; of the rest the names say enough, and the whole description is one request away."""


def llms_text(document: dict[str, Any], public_url: str) -> str:
    """Plain text in Markdown, below 12,000 characters."""
    schemas = document["components"]["schemas"]
    simple: list[str] = []
    native: list[str] = []
    brief: dict[str, list[str]] = {}
    for path, method, operation in operations(document):
        needs = operation["description"].rpartition("Needs a key with the scope")[2]
        scope = needs.partition("`")[2].partition("`")[0]  # or source S2's ability, which stands for several
        line = f"- {method.upper()} {path}: {operation['summary']} ({scope})"
        if not path.startswith("/v1"):
            simple.append(line)
        elif path.split("/")[2] in EXPLAINED and not any(
            word in path for word in ("preview.", "/qr.", "/revisions", "/draft", "/balances")
        ):
            native.append(line)
        else:
            brief.setdefault(path, []).append(f"{method.upper()} ({scope})")
    native += [f"- {path}: {', '.join(ways)}" for path, ways in brief.items()]
    return f"""\
# Billfold

> One request makes a pass for Apple Wallet and Google Wallet; the next one updates every phone that has it.

Base: {public_url}
Auth: `Authorization: Bearer bf_test_...` (test environment, stand-ins for Apple and Google) or `bf_live_...`; in brackets: its
scope
Bodies: JSON, UTF-8, `Content-Type: application/json`; unknown fields are refused; each refusal names the field and the mend.
Whole description: {public_url}/openapi.json (OpenAPI 3.1). Reference: {public_url}/docs/api. Problems: {public_url}/docs/problems

## The simple API: errors are {{"error": "..."}}

{chr(10).join(simple)}

Make a pass, keep `serialNumber`, hand out `shareUrl`:

    curl -X POST {public_url}/api/passes -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
      -d '{json.dumps(CREATE_EXAMPLE)}'

Change it. The body replaces the pass: send every field that shall stay. An equal body does nothing and costs nothing.

    curl -X PUT {public_url}/api/passes/$SERIAL -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
      -d '{json.dumps(REPLACE_EXAMPLE)}'

Fields (* needed on POST; ≤ characters, or members of an array):
{_fields(schemas["FacadePass"])}
Each field in an array: label*, value*, changeMessage (`%@` is the new value; shown on the lock screen when the value changes).
Apple shows your changeMessage; Google shows a notice of its own, and your text inside the pass.

## The native API: errors are application/problem+json (type, title, status, errors[].path, .code, .message, .mend)

{chr(10).join(native)}

POSTs take `Idempotency-Key` (16 to 128 visible ASCII): repeating with it gives the first answer again. Lists take `limit` (1 to
200) and `cursor` (next_cursor of the page before). 429 and 503 carry `Retry-After` in seconds.

Content of a pass (* needed):
{_fields(schemas["ContentIn"])}
Each of header, primary, secondary, auxiliary, back: a list of {{key, label, value*, change_message}}. A template (POST
/v1/templates: name*, content*, schema, missing, bindings, publish) fills `{{{{ member.points | number }}}}` in its texts with each
pass's `values` (JSON). Filters: number, money("EUR"), date("long"), time, upper, lower, default, plural. `schema` declares values
(name, type, required, default, example). PUT .../draft saves unseen, POST .../publish tells every phone; ?dry_run=true first.
PATCH /v1/passes/ID/values merges, null removes; POST /v1/passes/batch takes 1,000 rows.
"""


def _fields(schema: dict[str, Any]) -> str:
    needed = schema.get("required", ())
    return "\n".join(f"- {name}{'*' if name in needed else ''}: {_kind(one)}" for name, one in schema["properties"].items())


def _kind(schema: dict[str, Any]) -> str:
    """In a few words: type, bounds, choices, what it is for."""
    options = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    about = {**(options[0] if options else {}), **{key: value for key, value in schema.items() if key != "anyOf"}}
    words = [str(about.get("type") or about.get("$ref", "").rpartition("/")[2] or "value")]
    if "enum" in about:
        words = [" | ".join(map(str, about["enum"]))]
    if "format" in about:
        words.append(f"({about['format']})")
    for name, text in (("maxLength", "≤ {}"), ("maxItems", "≤ {}"), ("pattern", "like {}")):
        if name in about and not (name == "pattern" and "description" in about):
            words.append(text.format(about[name]))
    if "minimum" in about:
        words.append(f"from {about['minimum']:g} to {about['maximum']:g}")
    if about.get("default") not in (None, [], ()):
        words.append(f"(default {json.dumps(about['default'])})")
    if "description" in about:
        words.append("- " + about["description"].splitlines()[0])
    return " ".join(words)

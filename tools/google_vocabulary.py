"""Makes src/billfold/wallets/google/vocabulary.json from Google's description of its Wallet API (the discovery document).

    python3 tools/google_vocabulary.py [walletobjects.v1.json]

Run it when the description is renewed, and commit both. Kept: every class and object type of a pass and what they are made of, with
each member's type, its values, and whether it is required or outdated. Standard library only."""

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src/billfold/sandbox/google/data/walletobjects.v1.json"
TARGET = ROOT / "src/billfold/wallets/google/vocabulary.json"
VERTICALS = ("Generic", "Loyalty", "Offer", "GiftCard", "EventTicket", "Flight", "Transit")
PLAIN = {"string": "text", "boolean": "flag"}


def plain(name: str) -> str:
    return name.replace("_", "").lower()


def member(one: dict[str, Any]) -> dict[str, Any] | str:
    """`text` for a plain member; an object where there is more to say than its type."""
    item = one["items"] if one.get("type") == "array" else one
    kind = item.get("$ref") or item.get("format") or PLAIN.get(item["type"], item["type"])
    out: dict[str, Any] = {"type": f"[{kind}]" if item is not one else kind}
    if "enum" in item:
        outdated = item.get("enumDeprecated", [False] * len(item["enum"]))
        pairs = list(zip(item["enum"], outdated, strict=True))
        current = [name for name, old in pairs if not old]
        named = {plain(name): name for name in current}
        out["values"] = current
        aliases = {name: named.get(plain(name), "") for name, old in pairs if old}
        if aliases:
            out["outdated_values"] = aliases
    if one.get("description", "").startswith("Required."):
        out["required"] = True
    if one.get("deprecated") or one.get("description", "").startswith("Deprecated."):  # of some it says so in prose alone
        out["outdated"] = True
    return kind if out == {"type": kind} else out


def vocabulary(description: dict[str, Any]) -> str:
    """The file's text: JSON, a line a member, so that a renewed description shows what it changes."""
    schemas = description["schemas"]
    waiting = [vertical + kind for vertical in VERTICALS for kind in ("Class", "Object")] + ["Resources"]
    types: dict[str, dict[str, Any]] = {}
    while waiting:
        name = waiting.pop(0)
        if name in types:
            continue
        types[name] = {each: member(one) for each, one in schemas[name]["properties"].items()}
        waiting += sorted(set(re.findall(r'"\$ref": "(\w+)"', json.dumps(schemas[name]["properties"]))) - set(types))
    blocks = []
    for name, members in sorted(types.items()):
        lines = ",\n".join(f"    {json.dumps(each)}: {json.dumps(one)}" for each, one in members.items())
        blocks.append(f"  {json.dumps(name)}: {{\n{lines}\n  }}")
    return f'{{\n"revision": {json.dumps(description["revision"])},\n"types": {{\n' + ",\n".join(blocks) + "\n}\n}\n"


if __name__ == "__main__":
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE
    TARGET.write_text(vocabulary(json.loads(source.read_text())))
    print(f"{TARGET.relative_to(ROOT)}: from {source}")

"""Every code that a finding about a foreign pass can have, read from the syntax trees: what the documents must explain.

May not enter: anything but reading sources."""

import ast

from architecture.sources import SOURCE, parse

APPLE = SOURCE / "billfold" / "wallets" / "apple"
PLACE_OF_CODE = {"error": 1, "warning": 1, "_error": 1, "add": 2, "_bad": 2, "Fault": 0, "_not_encodable": -1}
"""Function that makes a finding → which argument is the code."""
OF_CONTENTS = ("rules", "verdicts")
"""How the modules begin that judge neutral contents: their findings name a content's members and explain themselves there."""


def codes() -> set[str]:
    found = set()
    for path in sorted(APPLE.glob("*.py")):
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.Call) and not path.name.startswith(OF_CONTENTS):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                place = PLACE_OF_CODE.get(name, -1)
                if 0 <= place < len(node.args):
                    given = node.args[place]
                    if isinstance(given, ast.Constant) and isinstance(given.value, str):
                        found.add(given.value)
    return found

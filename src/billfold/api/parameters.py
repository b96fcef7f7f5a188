"""Names in an address's query that an operation does not take: refused on every surface, each in its own shape of errors.

May not enter: what the parameters say, any operation."""

import difflib
import re
from collections.abc import Collection

from billfold.api.json_place import ODD
from billfold.domain.errors import FieldProblem, Invalid

_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")
_PROBLEMS_MAX = 50


def refuse_unknown(given: Collection[str], known: Collection[str]) -> None:
    """A name that nobody reads would be a filter that does not filter, or a dry run that is none. Raises Invalid."""
    found = []
    for name in sorted(set(given).difference(known))[:_PROBLEMS_MAX]:
        shown, near = (name, difflib.get_close_matches(name, known, 1)) if _PLAIN.match(name) else (ODD, [])
        taken = f"known are {', '.join(sorted(known))}" if known else "this operation takes none"
        found.append(FieldProblem(shown, "unknown_parameter", "unknown parameter", f"did you mean {near[0]}?" if near else taken))
    if found:
        raise Invalid(*found)

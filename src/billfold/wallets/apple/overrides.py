"""A content's own members for pass.json, merged into what we made (RFC 7396): objects merge, null removes, the rest replaces. Pure.

May not enter: judging what comes out (rules.py asks the document's rules)."""

from billfold.domain import merging
from billfold.domain.content import JsonObject

PROTECTED = frozenset(
    {"formatVersion", "passTypeIdentifier", "serialNumber", "teamIdentifier", "webServiceURL", "authenticationToken"}
)
"""A pass's identity never changes during its life, and another address or token would cut it off from its updates for ever."""


def merge(document: JsonObject, patch: JsonObject) -> JsonObject:
    """A new object; neither argument is changed. Protected members of `patch` are left out."""
    return merging.merge(document, {name: value for name, value in patch.items() if name not in PROTECTED})

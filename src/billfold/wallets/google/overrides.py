"""A content's own members for Google, merged into what we made (RFC 7396); what ties a pass to us stays ours.

May not enter: whether the members are right (document.py)."""

from typing import Final

from billfold.domain.content import JsonObject
from billfold.domain.merging import merge

CLASS_PROTECTED: Final = frozenset({"id", "callbackOptions", "reviewStatus", "review", "messages", "merchantLocations"})
OBJECT_PROTECTED: Final = frozenset(
    {"id", "classId", "classReference", "hasUsers", "messages", "merchantLocations", "rotatingBarcode"}
)


def patched(patch: JsonObject, own: JsonObject) -> JsonObject:
    """Merged for a PATCH body, where what is taken away is null and not absent."""
    out = dict(patch)
    for name, value in own.items():
        before = out.get(name)
        if isinstance(value, dict):
            out[name] = patched(before, value) if isinstance(before, dict) else merge({}, value)
        else:
            out[name] = value
    return out


def merged_class(body: JsonObject, own: JsonObject) -> JsonObject:
    return merge(body, _allowed(own, CLASS_PROTECTED))


def patched_class(patch: JsonObject, own: JsonObject) -> JsonObject:
    return patched(patch, _allowed(own, CLASS_PROTECTED))


def merged_object(body: JsonObject, own: JsonObject) -> JsonObject:
    return merge(body, _allowed(own, OBJECT_PROTECTED))


def patched_object(patch: JsonObject, own: JsonObject) -> JsonObject:
    return patched(patch, _allowed(own, OBJECT_PROTECTED))


def _allowed(own: JsonObject, protected: frozenset[str]) -> JsonObject:
    return {name: value for name, value in own.items() if name not in protected}

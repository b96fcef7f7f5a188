"""RFC 7396: one JSON object merged into another. May not enter: which members may be merged."""

from billfold.domain.content import JsonObject


def merge(target: JsonObject, patch: JsonObject) -> JsonObject:
    """Objects merge, null removes, the rest replaces. A new object; neither argument is changed."""
    out = dict(target)
    for name, value in patch.items():
        if value is None:
            out.pop(name, None)
        elif isinstance(value, dict):
            before = out.get(name)
            out[name] = merge(before if isinstance(before, dict) else {}, value)
        else:
            out[name] = value
    return out

"""Which language a visitor reads. May not enter: any text."""

from collections.abc import Sequence


def wanted(header: str) -> list[str]:
    """Language tags of an Accept-Language header, dearest first. What is no tag is passed over. Source: RFC 9110 section 12.5.4."""
    found: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")[:20]):
        tag, _, rest = part.strip().partition(";")
        quality = rest.strip().removeprefix("q=")
        try:
            weight = float(quality) if rest else 1.0
        except ValueError:
            continue
        if tag and weight > 0 and tag.replace("-", "").isalnum():
            found.append((-weight, place, tag))
    return [tag for _, _, tag in sorted(found)]


def choose(header: str, offered: Sequence[str]) -> str:
    """The offered language that the visitor likes best; the first one offered where none is."""
    by_name = {one.lower(): one for one in reversed(offered)}
    mains = {one.partition("-")[0].lower(): one for one in reversed(offered)}
    for tag in wanted(header):
        name = tag.lower()
        if found := by_name.get(name) or mains.get(name.partition("-")[0]):
            return found
    return offered[0]

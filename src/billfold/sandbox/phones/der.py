"""Reads DER, just enough for a CMS signature. May not enter: meaning of what is read."""

from collections.abc import Iterator
from dataclasses import dataclass

SEQUENCE, SET, OID, OCTET_STRING, INTEGER = 0x30, 0x31, 0x06, 0x04, 0x02
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18


class DerInvalid(Exception):
    """Truncated, indefinite, or not what was expected at this place."""


@dataclass(frozen=True)
class Element:
    """A tag, its content, and `whole`: tag, length and content as they stood."""

    tag: int
    content: bytes
    whole: bytes

    def children(self) -> tuple["Element", ...]:
        return tuple(_elements(self.content))

    def expect(self, tag: int) -> "Element":
        if self.tag != tag:
            raise DerInvalid(f"tag {self.tag:#x} where {tag:#x} belongs")
        return self

    def oid(self) -> str:
        self.expect(OID)
        arcs, value = list[int](), 0
        for byte in self.content:
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                arcs.append(value)
                value = 0
        if not arcs:
            raise DerInvalid("empty object identifier")
        first = min(arcs[0] // 40, 2)
        return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))


def read_one(data: bytes) -> Element:
    """The one element that `data` is. Raises DerInvalid."""
    elements = tuple(_elements(data))
    if len(elements) != 1:
        raise DerInvalid("one element expected")
    return elements[0]


def _elements(data: bytes) -> Iterator[Element]:
    at = 0
    while at < len(data):
        if at + 2 > len(data):
            raise DerInvalid("truncated")
        size, begin = data[at + 1], at + 2
        if size & 0x80:
            octets = size & 0x7F
            if not 1 <= octets <= 4:
                raise DerInvalid("indefinite or oversized length")
            size, begin = int.from_bytes(data[begin : begin + octets]), begin + octets
        end = begin + size
        if end > len(data):
            raise DerInvalid("truncated")
        yield Element(data[at], data[begin:end], data[at:end])
        at = end

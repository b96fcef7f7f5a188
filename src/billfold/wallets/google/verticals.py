"""The seven kinds of pass as Google keeps them apart: names, types, and which one a content is.

May not enter: how their members are filled. Source: reference/google-wallet.md sections 1.2 and 3.1."""

from dataclasses import dataclass
from typing import Final

from billfold.domain.content import Content, Kind


@dataclass(frozen=True, slots=True)
class Vertical:
    """`class_kind`, `object_kind`: in addresses and save links. `object_color`: whether each object has its own colour. `reviewed`:
    its class carries a reviewStatus."""

    kind: Kind
    class_kind: str
    object_kind: str
    object_color: bool
    reviewed: bool

    @property
    def class_type(self) -> str:
        """The name in Google's description."""
        return self.class_kind[0].upper() + self.class_kind[1:]

    @property
    def object_type(self) -> str:
        return self.object_kind[0].upper() + self.object_kind[1:]


def _vertical(kind: Kind, name: str, *, object_color: bool) -> Vertical:
    return Vertical(kind, f"{name}Class", f"{name}Object", object_color, reviewed=kind is not Kind.GENERIC)


GENERIC: Final = _vertical(Kind.GENERIC, "generic", object_color=True)
VERTICALS: Final = {
    one.kind: one
    for one in (
        GENERIC,
        _vertical(Kind.LOYALTY, "loyalty", object_color=False),
        _vertical(Kind.OFFER, "offer", object_color=False),
        _vertical(Kind.GIFT_CARD, "giftCard", object_color=False),
        _vertical(Kind.EVENT_TICKET, "eventTicket", object_color=True),
        _vertical(Kind.FLIGHT, "flight", object_color=True),
        _vertical(Kind.TRANSIT, "transit", object_color=True),
    )
}


def vertical_of(content: Content) -> Vertical:
    """By the content's kind, which a template's content always says (domain/kinds.py); without one it is generic."""
    return GENERIC if content.kind is None else VERTICALS[content.kind]

"""The seven verticals, each with a class and an object type, and their names in every place where Google spells them.

May not enter: storage, HTTP. Source: reference/google-wallet.md sections 1.2 and 3.1."""

import re
from dataclasses import dataclass
from functools import cached_property

VERTICALS = ("generic", "loyalty", "offer", "giftCard", "eventTicket", "flight", "transit")
CLASS = "class"
OBJECT = "object"


@dataclass(frozen=True)
class ResourceType:
    """`name` is the REST name (loyaltyClass); `plural` the key in a save JWT (loyaltyClasses)."""

    vertical: str
    kind: str

    @cached_property
    def name(self) -> str:
        return self.vertical + self.kind.capitalize()

    @cached_property
    def schema(self) -> str:
        return self.name[0].upper() + self.name[1:]

    @cached_property
    def plural(self) -> str:
        return self.name + ("es" if self.kind == CLASS else "s")

    @cached_property
    def reviewed(self) -> bool:
        """Whether it carries a reviewStatus: every class but the generic one."""
        return self.kind == CLASS and self.vertical != "generic"


TYPES = tuple(ResourceType(vertical, kind) for kind in (CLASS, OBJECT) for vertical in VERTICALS)  # classes first
BY_METHOD = {each.name.lower(): each for each in TYPES}
BY_PLURAL = {each.plural: each for each in TYPES}
BY_KIND = {(each.vertical, each.kind): each for each in TYPES}

_ID = re.compile(r"([0-9]{1,20})\.[A-Za-z0-9._-]+")


def issuer_of(resource_id: str) -> str | None:
    """The issuer part of a class or object id, or None where the id has another form."""
    match = _ID.fullmatch(resource_id)
    return match.group(1) if match else None

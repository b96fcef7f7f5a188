"""One content as all of Google's forms read it: its texts, tags, pictures and roles; and what a vertical made of it.

May not enter: the members of one vertical, layout."""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Final

import msgspec

from billfold.domain.content import Content, Field, MoneyFormat, Role
from billfold.domain.formatting import number_of
from billfold.wallets.google.semantics import Tags, money, tags_of
from billfold.wallets.google.shapes import Image, ImageUri, LocalizedString, Money, PassClass, PassObject
from billfold.wallets.google.words import Words

HOLDERS: Final = "MULTIPLE_HOLDERS"
"""The link works again on any phone (ADR 5)."""
UNDER_REVIEW: Final = "UNDER_REVIEW"
"""Each write of a class says so again; Google refuses the APPROVED that it answers."""
IN_TITLE: Final = ""
"""The place of a field that the card's title area shows, or nothing but the details."""


class PublicImages(msgspec.Struct, frozen=True):
    """Public addresses of the pictures that Google fetches by itself, each with its content hash in it."""

    logo: str | None = None
    hero: str | None = None
    thumbnail: str | None = None
    wide_logo: str | None = None


class Look(msgspec.Struct, frozen=True, dict=True):
    content: Content
    words: Words
    images: PublicImages

    @cached_property
    def tags(self) -> Tags:
        return tags_of(self.content)

    def role(self, *roles: Role) -> Field | None:
        """The first field, with a value, of the first of these roles that the content has."""
        return next((one for role in roles if (one := self.content.by_role(role)) is not None and one.value), None)

    def tag(self, *names: str) -> LocalizedString | None:
        """The first of these tags that holds a text, in each language."""
        found = self.tags.named(*names)
        return self.words.at(self.tags.path(found[0]), found[1]) if found else None

    def image(self, uri: str | None) -> Image | None:
        if not uri:
            return None
        described = self.words.at("description", self.content.description) if self.content.description else None
        return Image(ImageUri(uri), described)

    def logo(self) -> Image:
        """There is always one: where none is given, it was drawn."""
        return self.image(self.images.logo) or Image(ImageUri(""))

    def issuer(self) -> LocalizedString:
        return self.words.at("organization_name", self.content.organization_name)

    def card_title(self) -> LocalizedString:
        """The line beside the logo: the logo text is what the designer wants there, the organisation stands in for it."""
        text = self.content.logo_text
        return self.words.at("logo_text", text) if text else self.issuer()

    def title(self, role: Role) -> tuple[LocalizedString, Field | None]:
        """What the card is about: the field of the role, the first primary field, or the description."""
        one = self.role(role) or (self.content.primary[0] if self.content.primary and self.content.primary[0].value else None)
        text = self.words.value(one) if one is not None else None
        if text is not None:
            return text, one
        described = self.content.description
        return (self.words.at("description", described) if described else self.card_title()), None

    def money_of(self, one: Field | None) -> Money | None:
        """The amount that a field with a money format holds."""
        if one is None or not isinstance(one.format, MoneyFormat):
            return None
        number = number_of(one.value)
        return money(number, one.format.currency) if number is not None else None


@dataclass(slots=True)
class Made:
    """A class and an object with the members that only their vertical has, ids still empty. `places`: field key → path of the
    member that shows the field, IN_TITLE for none on the card's rows; other fields become text modules. `rows`: whether the card's
    rows are ours to lay out."""

    class_: PassClass
    object_: PassObject
    places: dict[str, str] = field(default_factory=dict)
    rows: bool = True

    def put(self, one: Field | None, place: str) -> None:
        if one is not None:
            self.places[one.key] = place

    def put_tags(self, look: Look, **places: str) -> None:
        """Fields whose tag a member shows."""
        for tag, place in places.items():
            if (key := look.tags.by_field.get(tag)) is not None:
                self.places.setdefault(key, place)


def look_of(content: Content, images: PublicImages) -> Look:
    return Look(content, Words(content), images)


def whole(number: Decimal | None) -> int | None:
    """As Google's int32, None where it is none."""
    return int(number) if number is not None and number == number.to_integral_value() and abs(number) < 2**31 else None

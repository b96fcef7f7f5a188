"""Pictures that a content names by address among its own members for Google. Those of this installation are drawn in previews, in
the place of the content's; of others it is said that they are not, since a preview asks nobody for anything.

By Google's description each kind has its logos in members of its own; reference/google-wallet.md section 1.4 lists them.
May not enter: requests, drawing, whether the members are good ones (wallets/google)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from billfold.domain.content import Content, ImageSlot, JsonObject, Kind
from billfold.domain.findings import Finding
from billfold.ports import Services

CLASS: Final = "google_class"
OBJECT: Final = "google_object"
_HERO: Final = "heroImage"
_MODULES: Final = "imageModulesData"
_LOGOS: Final[Mapping[Kind, tuple[str, str, str]]] = {
    Kind.GENERIC: (OBJECT, "logo", "wideLogo"),
    Kind.LOYALTY: (CLASS, "programLogo", "wideProgramLogo"),
    Kind.GIFT_CARD: (CLASS, "programLogo", "wideProgramLogo"),
    Kind.OFFER: (CLASS, "titleImage", "wideTitleImage"),
    Kind.EVENT_TICKET: (CLASS, "logo", "wideLogo"),
    Kind.TRANSIT: (CLASS, "logo", "wideLogo"),
    Kind.FLIGHT: (CLASS, "flightHeader.carrier.airlineLogo", "flightHeader.carrier.wideAirlineLogo"),
}
_ADDED: Final = "valueAddedModuleData"
_NOT_DRAWN: Final[Mapping[Kind, tuple[tuple[str, str], ...]]] = {
    Kind.TRANSIT: ((CLASS, "watermark"),),
    Kind.FLIGHT: (
        (CLASS, "flightHeader.carrier.airlineAllianceLogo"),
        *((CLASS, f"flightHeader.operatingCarrier.{one}") for one in ("airlineLogo", "wideAirlineLogo", "airlineAllianceLogo")),
        (OBJECT, "securityProgramLogo"),
        (OBJECT, "boardingAndSeatingInfo.boardingPrivilegeImage"),
    ),
}
"""What the kind shows beside them, and previews have no place for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture is named: `part` of the overrides, and the `path` into it. `slot`: whose place it takes in a preview; None:
    it is shown beside the content's own. `drawn`: whether previews have a place for it."""

    part: str
    path: str
    slot: ImageSlot | None = None
    drawn: bool = True


def places(kind: Kind | None) -> tuple[Place, ...]:
    """Of a kind of pass; without one it is generic, as for Google."""
    return _PLACES[kind or Kind.GENERIC]


def _places(kind: Kind) -> tuple[Place, ...]:
    part, logo, wide = _LOGOS[kind]
    heroes = (OBJECT, CLASS) if kind is not Kind.GENERIC else (OBJECT,)  # the class's where the object has none
    return (
        Place(part, logo, ImageSlot.LOGO),
        Place(part, wide, ImageSlot.WIDE_LOGO),
        *(Place(one, _HERO, ImageSlot.STRIP) for one in heroes),
        Place(CLASS, _MODULES),  # beside the one that we make, which is the object's
        Place(OBJECT, _MODULES, ImageSlot.THUMBNAIL),
        *(Place(*one, drawn=False) for one in ((CLASS, _ADDED), (OBJECT, _ADDED), *_NOT_DRAWN.get(kind, ()))),
    )


_PLACES: Final = {kind: _places(kind) for kind in Kind}


@dataclass(frozen=True, slots=True)
class Shown:
    """What Google shows instead of the content's own pictures. `more`: what else stands in the details."""

    pictures: dict[ImageSlot, bytes]
    more: tuple[bytes, ...]


async def in_place(services: Services, content: Content, pictures: dict[ImageSlot, bytes]) -> Shown:
    """A place is empty where its picture is taken away or at an address of others."""
    shown, more = dict(pictures), []
    for place, address in _named(content):
        if not place.drawn:
            continue
        if place.slot is not None:
            shown.pop(place.slot, None)
        if place.slot is ImageSlot.LOGO:
            shown.pop(ImageSlot.ICON, None)  # stands in for a logo that was not given, not for one that is not drawn
        if png := await services.blobs.get(services.addresses.image_at(address)):
            if place.slot is None:
                more.append(png)
            else:
                shown[place.slot] = png
    return Shown(shown, tuple(more))


async def findings(services: Services, content: Content) -> tuple[Finding, ...]:
    """About those that previews leave out."""
    found = []
    for place, address in _named(content):
        if address and (why := await _left_out(services, place, address)):
            reason, mend, otherwise = why
            path, message = f"overrides.{place.part}.{place.path}", f"previews leave this picture out: {reason}"
            found.append(Finding("picture_not_drawn", "warning", path, message, mend, otherwise))
    return tuple(found)


async def _left_out(services: Services, place: Place, address: str) -> tuple[str, str, str] | None:
    """Why, the mend, and what Google does."""
    kept = services.addresses.image_at(address)
    if not place.drawn:
        return "they have no place for it", "look at it on a phone", "Google shows it"
    if not kept:
        return "it is at an address of others", "send it in `images`, and it is drawn", "Google shows it"
    if await services.blobs.get(kept) is None:
        return "there is none at this address", "upload it, or name one that is here", "Google finds none either"
    return None


def _named(content: Content) -> Iterator[tuple[Place, str]]:
    """Those that Google looks at, each with its address, "" where it is taken away."""
    if content.overrides is None:
        return
    own = {CLASS: content.overrides.google_class, OBJECT: content.overrides.google_object}
    for place in places(content.kind):
        address = _address(own[place.part], place.path)
        if address is not None and not (place == _CLASS_HERO and _has_hero(content)):
            yield place, address


_CLASS_HERO: Final = Place(CLASS, _HERO, ImageSlot.STRIP)


def _has_hero(content: Content) -> bool:
    """Whether the object has one, in front of the class's."""
    assert content.overrides is not None, "asked of a content with members of its own"
    address = _address(content.overrides.google_object, _HERO)
    return bool(address) if address is not None else ImageSlot.STRIP in content.images or content.stamps is not None


def _address(members: JsonObject, path: str) -> str | None:
    """None where it says nothing of the picture."""
    found: object = members
    for step in path.split("."):
        if not isinstance(found, dict) or step not in found:
            return None if found is not None else ""
        found = found[step]
    match found:
        case None | []:
            return ""
        case (
            {"sourceUri": {"uri": str(uri)}}
            | [{"mainImage": {"sourceUri": {"uri": str(uri)}}}, *_]
            | [{"image": {"sourceUri": {"uri": str(uri)}}}, *_]
        ):
            return uri
        case _:
            return None

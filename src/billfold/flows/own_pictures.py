"""Pictures that a content names by address among its own members for Google. Those of this installation are drawn in previews, in
the place of the content's; of others it is said that they are not, since a preview asks nobody for anything.

May not enter: requests, drawing, whether the members are good ones (wallets/google)."""

from collections.abc import Iterator
from typing import Final

from billfold.domain.content import Content, ImageSlot
from billfold.domain.findings import Finding
from billfold.ports import Services

PLACES: Final = {
    "logo": ImageSlot.LOGO,
    "wideLogo": ImageSlot.WIDE_LOGO,
    "heroImage": ImageSlot.STRIP,
    "imageModulesData": ImageSlot.THUMBNAIL,
}


async def in_place(services: Services, content: Content, pictures: dict[ImageSlot, bytes]) -> dict[ImageSlot, bytes]:
    """What Google shows instead of `pictures`; a place is empty where its picture is taken away or at an address of others."""
    shown = dict(pictures)
    for name, address in _named(content):
        shown.pop(PLACES[name], None)
        if png := await services.blobs.get(services.addresses.image_at(address)):
            shown[PLACES[name]] = png
    return shown


def findings(services: Services, content: Content) -> tuple[Finding, ...]:
    """About those that previews leave out."""
    message, mend = "previews leave this picture out: it is at an address of others", "send it in `images`, and it is drawn"
    return tuple(
        Finding("picture_not_drawn", "warning", f"overrides.google_object.{name}", message, mend, "Google shows it")
        for name, address in _named(content)
        if address and not services.addresses.image_at(address)
    )


def _named(content: Content) -> Iterator[tuple[str, str]]:
    """Member and address, "" where the picture is taken away."""
    own = content.overrides.google_object if content.overrides is not None else {}
    for name in PLACES:
        match own.get(name, ...):
            case None | []:
                yield name, ""
            case {"sourceUri": {"uri": str(uri)}} | [{"mainImage": {"sourceUri": {"uri": str(uri)}}}, *_]:
                yield name, uri
            case _:
                pass

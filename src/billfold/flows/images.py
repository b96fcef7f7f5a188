"""Take a picture in, look one up, see what a phone shows of it. May not enter: HTTP, pixels, decisions about pictures."""

from billfold.domain.content import Style
from billfold.domain.keys import Actor, authorize
from billfold.domain.pictures import ShelvedPicture
from billfold.ports import Services


async def upload(services: Services, actor: Actor, source: str | bytes, path: str) -> ShelvedPicture:
    """`source`: the picture, or where it is. Raises Invalid, Forbidden."""
    authorize(actor, "images.create")
    return await services.images.upload(actor.scope, source, path)


async def find(services: Services, actor: Actor, hash_: str) -> ShelvedPicture:
    """Raises NotFound, Forbidden."""
    authorize(actor, "images.read")
    return await services.images.find(actor.scope, hash_)


async def preview(
    services: Services, actor: Actor, hash_: str, slot: str, style: Style, frame: tuple[str, str] | None, ground: str | None
) -> bytes:
    """A PNG. Raises NotFound, Invalid, Forbidden."""
    authorize(actor, "images.preview")
    return await services.images.preview(actor.scope, hash_, slot, style, frame, ground)

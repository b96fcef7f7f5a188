"""What a phone installs a pass from, as the pass is now. May not enter: formats, keys, HTTP."""

from billfold.domain.content import Content
from billfold.domain.passes import Pass
from billfold.ports import Services


async def bundle(services: Services, pass_: Pass, content: Content) -> bytes:
    """Apple's signed bundle."""
    offer = await services.crunch(await services.apple.prepare(pass_, content))
    assert offer.bundle is not None
    return offer.bundle


async def save_url(services: Services, pass_: Pass, content: Content) -> str:
    """Google's save link."""
    offer = await services.crunch(await services.google.prepare(pass_, content))
    assert offer.save_url is not None
    return offer.save_url


async def both(services: Services, pass_: Pass, content: Content) -> tuple[bytes, str]:
    """The bundle and the save link, made in one go."""
    apple, google = await services.apple.prepare(pass_, content), await services.google.prepare(pass_, content)
    first, second = await services.crunch(lambda: (apple(), google()))
    assert first.bundle is not None
    assert second.save_url is not None
    return first.bundle, second.save_url

"""What a phone installs a pass from, as the pass is now. May not enter: formats, keys, HTTP."""

import asyncio
from collections.abc import Sequence

from billfold.domain.content import Content
from billfold.domain.passes import Pass
from billfold.ports import Services


async def bundle(services: Services, pass_: Pass, content: Content) -> bytes:
    """Apple's signed bundle."""
    apple = await services.apple.prepare(pass_, content)
    (signature,) = await services.sign((apple.wanted,))
    made = apple.finish(signature).bundle
    assert made is not None
    return made


async def pack(services: Services, several: Sequence[tuple[Pass, Content]]) -> bytes:
    """Apple's signed bundles of several passes, in one download. Raises Invalid when they are more than phones take."""
    bundles = [(pass_.id, await bundle(services, pass_, content)) for pass_, content in several]
    return await asyncio.to_thread(services.pack, bundles)  # copies megabytes


async def save_url(services: Services, pass_: Pass, content: Content) -> str:
    """Google's save link."""
    google = await services.google.prepare(pass_, content)
    (signature,) = await services.sign((google.wanted,))
    made = google.finish(signature).save_url
    assert made is not None
    return made


async def both(services: Services, pass_: Pass, content: Content) -> tuple[bytes, str]:
    """The bundle and the save link, signed in one go."""
    apple, google = await services.apple.prepare(pass_, content), await services.google.prepare(pass_, content)
    first, second = await services.sign((apple.wanted, google.wanted))
    made, link = apple.finish(first).bundle, google.finish(second).save_url
    assert made is not None
    assert link is not None
    return made, link

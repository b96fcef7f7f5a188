"""What a phone installs a pass from, as the pass is now. May not enter: formats, keys, HTTP."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from billfold.domain.bundles import Bundle
from billfold.domain.content import Content
from billfold.domain.passes import Pass
from billfold.domain.signing import Pending
from billfold.ports import Services, Unsigned


async def bundle(services: Services, pass_: Pass, content: Content) -> Bundle:
    """Apple's signed bundle."""
    (made,) = await _bundles(services, ((pass_, content),))
    return made


async def pack(services: Services, several: Sequence[tuple[Pass, Content]]) -> bytes:
    """Apple's signed bundles of several passes, in one download. Raises Invalid when they are more than phones take."""
    bundles = await _bundles(services, several)
    names = [pass_.id for pass_, _ in several]
    return await asyncio.to_thread(lambda: services.pack(list(zip(names, map(bytes, bundles), strict=True))))  # copies megabytes


async def _bundles(services: Services, several: Sequence[tuple[Pass, Content]]) -> list[Bundle]:
    """Signed together: several that wait at the same time cost half of one after the other."""
    begun = [await services.apple.prepare(pass_, content) for pass_, content in several]
    signatures = await services.sign([one.wanted for one in begun])
    made = []
    for one, signature in zip(begun, signatures, strict=True):
        bundle_ = one.finish(signature).bundle
        assert bundle_ is not None
        made.append(bundle_)
    return made


async def save_url(services: Services, pass_: Pass, content: Content) -> str:
    """Google's save link."""
    google = await services.google.prepare(pass_, content)
    signatures = services.sign((google.wanted,))
    if google.ready:
        await google.ready()
    made = google.finish((await signatures)[0]).save_url
    assert made is not None
    return made


@dataclass(frozen=True, slots=True)
class Begun:
    """Bundle and save link of one pass, being signed."""

    apple: Unsigned
    google: Unsigned
    signatures: Pending

    async def finished(self) -> tuple[Bundle, str]:
        """Both, once the pass is stored."""
        if self.google.ready:
            await self.google.ready()
        first, second = await self.signatures
        made, link = self.apple.finish(first).bundle, self.google.finish(second).save_url
        assert made is not None
        assert link is not None
        return made, link

    def dropped(self) -> None:
        """Nobody wants them any more."""
        self.signatures.cancel()


async def begin(services: Services, pass_: Pass, content: Content) -> Begun:
    """Has both signed in one go. Other cores do that while the pass is being stored, which changes nothing that is signed: its
    change number is in neither."""
    apple, google = await services.apple.prepare(pass_, content), await services.google.prepare(pass_, content)
    return Begun(apple, google, services.sign((apple.wanted, google.wanted)))

"""The part of ports.py that is about pictures: what a wallet asks for, and what takes pictures in and keeps them.

May not enter: any adapter, pixels, HTTP."""

from typing import Protocol

from billfold.domain.content import Content, ImageSlot, Style
from billfold.domain.findings import Finding
from billfold.domain.ids import Scope
from billfold.domain.pictures import PublicPictures, ShelvedPicture


class PassPictures(Protocol):
    """The pictures of a pass, ready for wallets."""

    async def files(self, scope: Scope, content: Content) -> tuple[tuple[str, str, bytes], ...]:
        """(file name, content hash, PNG bytes) of every image of an Apple bundle, icon always among them (drawn when not given),
        the strip of a stamp card drawn, those of languages in their folders."""

    async def pictures(self, scope: Scope, content: Content, language: str, wallet: str = "apple") -> dict[ImageSlot, bytes]:
        """The largest PNG of each slot in this language, for previews: stamps drawn, an icon always among them. For `google` logo,
        strip and thumbnail are what it fetches: of other shapes, and the same in every language."""

    async def public(self, scope: Scope, content: Content) -> PublicPictures:
        """What Google is shown of a content's pictures; the hero of a stamp card is drawn."""


class ImageShelf(PassPictures, Protocol):
    """Takes pictures in and keeps them (images/shelf.py)."""

    async def accept(self, scope: Scope, source: str, slot: ImageSlot, path: str) -> str:
        """`source`: https URL, data URI or `image:<hash>`, each perhaps with `#focus=x,y` or `#crop=left,top,width,height` behind
        it; the content hash of the picture. Raises Invalid at `path`."""

    async def accept_stamp(self, scope: Scope, source: str, path: str) -> str:
        """The same for a picture that stands on the stamps of a stamp card."""

    async def upload(self, scope: Scope, source: str | bytes, path: str) -> ShelvedPicture:
        """Takes a picture in for any place. Raises Invalid at `path`."""

    async def find(self, scope: Scope, hash_: str) -> ShelvedPicture:
        """Raises NotFound."""

    async def preview(
        self, scope: Scope, hash_: str, slot: str, style: Style, frame: tuple[str, str] | None, ground: str | None
    ) -> bytes:
        """PNG of what a phone shows of a picture. `slot`: an image slot, or `google_hero` and the like; `frame`: (focus or crop,
        its numbers). Raises NotFound, Invalid."""

    async def public_hash(self, scope: Scope, slot: ImageSlot, hash_: str) -> str:
        """The public form of one picture."""

    async def known(self, scope: Scope, source: str) -> str | None:
        """The content hash of what `accept` would take, without fetching or making anything; None for what is not known yet."""

    async def findings(self, scope: Scope, content: Content) -> tuple[Finding, ...]:
        """What is worth saying about a content's pictures. Costs no decoding."""

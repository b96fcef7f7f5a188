"""Pictures ready for wallets: taken in by address or data URI, prepared once per picture and slot, found again by content hash.

A picture's identity is the hash of the bytes as given, so the same picture by URL or by data URI is the same picture, and one that
was seen before is not decoded again. May not enter: how pictures are decoded (worker.py), how addresses are guarded (outgoing)."""

import asyncio
import base64
import binascii
import hashlib
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from billfold.domain.content import ImageSlot
from billfold.domain.errors import FieldProblem, Invalid
from billfold.domain.ids import Scope
from billfold.images import defaults
from billfold.images.errors import ImageRefused
from billfold.images.pool import ImageWorkshop
from billfold.ports import Blobs, Clock, Limits, Store, StoredImage

PREPARED_FOR: dict[ImageSlot, tuple[str, ...]] = {
    ImageSlot.LOGO: ("logo", "icon", "google_logo"),  # the icon defaults to the logo (S3-19)
    ImageSlot.ICON: ("icon",),
    ImageSlot.STRIP: ("strip", "google_hero"),
    ImageSlot.THUMBNAIL: ("thumbnail",),
    ImageSlot.BACKGROUND: ("background",),
    ImageSlot.FOOTER: ("footer",),
}
PUBLIC_VARIANT = {ImageSlot.LOGO: "google_logo@1x", ImageSlot.STRIP: "google_hero@1x", ImageSlot.THUMBNAIL: "thumbnail@3x"}
_DATA_URI = re.compile(r"data:image/(png|jpeg|jpg|webp);base64,", re.IGNORECASE)
_CACHE_SIZE = 512

Files = tuple[tuple[str, str, bytes], ...]
Fetch = Callable[[str], Awaitable[bytes]]
"""Gets an untrusted address through the guarded client. Raises FetchRefused."""


class FetchRefused(Exception):
    """The picture's address gave no picture; the text is constant per kind of failure and safe to show."""


class Shelf:
    """ports.ImageShelf."""

    def __init__(
        self,
        store: Store,
        blobs: Blobs,
        workshop: ImageWorkshop,
        fetch: Fetch,
        clock: Clock,
        *,
        bytes_max: int,
        url_cache_seconds: float,
        refusals: Limits,
    ) -> None:
        self._store, self._blobs, self._workshop, self._fetch, self._clock = store, blobs, workshop, fetch, clock
        self._bytes_max = bytes_max
        self._refusals = refusals
        self._url_cache_ms = int(url_cache_seconds * 1000)
        self._files: OrderedDict[tuple[object, ...], Files] = OrderedDict()
        self._drawn: dict[tuple[str, str, int], tuple[str, bytes]] = {}

    async def accept(self, scope: Scope, source: str, slot: ImageSlot, path: str) -> str:
        try:
            if source[:5].lower() == "data:":
                return await self._take(scope, self._inline(source, path), slot)
            return await self._by_address(scope, source, slot)
        except ImageRefused as refused:
            raise Invalid(FieldProblem(path, refused.reason.value, "the picture cannot be used", refused.hint)) from None
        except FetchRefused as refused:
            mend = "check that the address is public, https and answers with a PNG, JPEG or WebP; or send the picture as a data URI"
            raise Invalid(FieldProblem(path, "not_fetched", str(refused), mend)) from None

    def _inline(self, source: str, path: str) -> bytes:
        match = _DATA_URI.match(source)
        if match is None:
            mend = "send data:image/png;base64,..., data:image/jpeg;base64,... or data:image/webp;base64,..."
            raise Invalid(FieldProblem(path, "not_a_data_uri", "is not an image data URI", mend))
        try:
            data = base64.b64decode(source[match.end() :], validate=True)
        except (binascii.Error, ValueError):
            raise Invalid(FieldProblem(path, "not_base64", "is not valid base64", "encode the picture's bytes as base64")) from None
        if len(data) > self._bytes_max:
            raise Invalid(FieldProblem(path, "too_large", f"has more than {self._bytes_max} bytes", "send a smaller picture"))
        return data

    async def _by_address(self, scope: Scope, url: str, slot: ImageSlot) -> str:
        now = self._clock.now_ms()
        known = await self._store.read(lambda tx: tx.images.source(scope, url))
        if known and known[1] > now - self._url_cache_ms and await self._has(scope, known[0], slot):
            return known[0]
        # Addresses that give nothing are how one looks around in a network that one cannot reach: so many an hour, then none.
        self._refusals.check_ahead(scope.workspace)
        try:
            data = await self._fetch(url)
        except FetchRefused:
            self._refusals.check(scope.workspace)
            raise
        hash_ = await self._take(scope, data, slot)
        await self._store.write(lambda tx: tx.images.put_source(scope, url, hash_, now))
        return hash_

    async def _has(self, scope: Scope, hash_: str, slot: ImageSlot) -> bool:
        found = await self._store.read(lambda tx: tx.images.find(scope, hash_))
        return found is not None and all(f"{name}@1x" in found.variants for name in PREPARED_FOR[slot])

    async def _take(self, scope: Scope, data: bytes, slot: ImageSlot) -> str:
        hash_ = hashlib.sha256(data).hexdigest()
        known = await self._store.read(lambda tx: tx.images.find(scope, hash_))
        missing = [name for name in PREPARED_FOR[slot] if not known or f"{name}@1x" not in known.variants]
        if not missing:
            return hash_
        variants: dict[str, str] = {}
        width, height = 0, 0
        for name in missing:
            prepared = await self._workshop.prepare(data, name)
            width, height = prepared.master.width, prepared.master.height
            variants.setdefault("master", await self._blobs.put(prepared.master.png))
            for picture in prepared.variants:
                variants[f"{name}@{picture.scale}x"] = await self._blobs.put(picture.png)
        made = StoredImage(scope, hash_, width, height, variants, self._clock.now_ms())
        await self._store.write(lambda tx: tx.images.put(made))
        return hash_

    async def files(self, scope: Scope, images: dict[ImageSlot, str], initials: str, color: str) -> Files:
        key = (scope, tuple(sorted(images.items())), initials, color)
        found = self._files.get(key)
        if found is None:
            found = self._files[key] = await self._gather(scope, images, initials, color)
            while len(self._files) > _CACHE_SIZE:
                self._files.popitem(last=False)
        else:
            self._files.move_to_end(key)
        return found

    async def _gather(self, scope: Scope, images: dict[ImageSlot, str], initials: str, color: str) -> Files:
        out: list[tuple[str, str, bytes]] = []
        for slot, hash_ in sorted(images.items()):
            out += await self._variants(scope, hash_, slot.value)
        if ImageSlot.ICON not in images:
            if ImageSlot.LOGO in images:
                out += await self._variants(scope, images[ImageSlot.LOGO], "icon")
            else:
                for scale in (1, 2, 3):
                    out.append((_file_name("icon", scale), *await self._draw(initials, color, 38 * scale)))
        return tuple(out)

    async def _variants(self, scope: Scope, hash_: str, name: str) -> list[tuple[str, str, bytes]]:
        image = await self._store.read(lambda tx: tx.images.find(scope, hash_))
        assert image is not None, "a stored content's pictures are on the shelf"
        out = []
        for scale in (1, 2, 3):
            variant = image.variants.get(f"{name}@{scale}x")
            data = await self._blobs.get(variant) if variant else None
            if variant and data is not None:
                out.append((_file_name(name, scale), variant, data))
        return out

    async def public_hash(self, scope: Scope, slot: ImageSlot, hash: str | None, initials: str, color: str) -> str | None:
        if hash is None:
            return (await self._draw(initials, color, 660))[0] if slot == ImageSlot.LOGO else None
        image = await self._store.read(lambda tx: tx.images.find(scope, hash))
        return image.variants.get(PUBLIC_VARIANT.get(slot, f"{slot.value}@3x")) if image else None

    async def _draw(self, initials: str, color: str, size: int) -> tuple[str, bytes]:
        """(hash, PNG) of the icon drawn for whoever sends none."""
        key = (initials, color, size)
        if key not in self._drawn:
            if len(self._drawn) > _CACHE_SIZE:
                self._drawn.clear()
            png = await asyncio.to_thread(defaults.default_icon, color, initials, size)
            self._drawn[key] = (await self._blobs.put(png), png)
        return self._drawn[key]


def _file_name(name: str, scale: int) -> str:
    return f"{name}.png" if scale == 1 else f"{name}@{scale}x.png"

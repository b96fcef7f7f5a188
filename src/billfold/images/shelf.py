"""Pictures ready for wallets: taken in by address, data URI or bytes, prepared once per picture and slot, found again by hash.

A picture's identity is the hash of the bytes as given, so the same picture by URL or by data URI is the same picture, and one that
was seen before is not decoded again. A part of a picture (`#focus=`, `#crop=`) is a picture of its own with the same root.
May not enter: how pictures are decoded (worker.py), how addresses are guarded (outgoing), what is wrong with one (lint.py)."""

import asyncio
import base64
import binascii
import hashlib
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from billfold.domain import texts
from billfold.domain.content import Content, ImageSlot, Style, initials
from billfold.domain.errors import FieldProblem, Invalid, NotFound
from billfold.domain.ids import Scope
from billfold.domain.pictures import PublicPictures, ShelvedPicture
from billfold.images import defaults, facts, framing, lint
from billfold.images.errors import ImageRefused
from billfold.images.facts import Record
from billfold.images.framing import Frame, FrameRefused
from billfold.images.icons import ICONS
from billfold.images.pool import ImageWorkshop, Made
from billfold.images.slots import APPLE_FILES, PREPARED_FOR, PUBLIC_SLOT, SLOTS, Box, Slot, place_of
from billfold.images.stamps import STAMPS_MAX, StampSpec, stamp_png
from billfold.images.vectors import blended
from billfold.ports import Blobs, Clock, Finding, Limits, Store, StoredImage, Tx

_DATA_URI = re.compile(r"data:image/(png|jpeg|jpg|webp);base64,", re.IGNORECASE)
_SHELVED = re.compile(r"image:([0-9a-f]{64})\Z")
_CACHE_SIZE = 512
_RECORDS_MAX = 4_096
_UPLOADED = ("icon",)

Files = tuple[tuple[str, str, bytes], ...]
Fetch = Callable[[str], Awaitable[bytes]]
"""Gets an untrusted address through the guarded client. Raises FetchRefused."""


class FetchRefused(Exception):
    """The picture's address gave no picture; the text is constant per kind of failure and safe to show."""


@dataclass(frozen=True, slots=True)
class DrawnPicture:
    """A picture of ours at one scale, kept as a blob."""

    scale: int
    hash: str
    png: bytes


@dataclass(frozen=True, slots=True)
class _Source:
    """A picture to be taken in. `data`: None when only what the shelf keeps of it is at hand."""

    root: str
    data: bytes | None


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
        self._stamps: OrderedDict[tuple[StampSpec, tuple[Box, ...]], tuple[DrawnPicture, ...]] = OrderedDict()
        self._records: OrderedDict[tuple[Scope, str], Record] = OrderedDict()

    # --- taking in ----------------------------------------------------------------------------------------------------------------

    async def accept(self, scope: Scope, source: str, slot: ImageSlot, path: str) -> str:
        return await self._accept(scope, source, PREPARED_FOR.get(slot, (slot.value,)), path)

    async def accept_stamp(self, scope: Scope, source: str, path: str) -> str:
        return await self._accept(scope, source, ("stamp",), path)

    async def upload(self, scope: Scope, source: str | bytes, path: str) -> ShelvedPicture:
        if isinstance(source, bytes):
            if len(source) > self._bytes_max:
                raise Invalid(FieldProblem(path, "too_large", f"has more than {self._bytes_max} bytes", "send a smaller picture"))
            try:
                hash_ = await self._take(scope, _Source(hashlib.sha256(source).hexdigest(), source), _UPLOADED, None)
            except ImageRefused as refused:
                raise _unusable(refused, path) from None
        else:
            hash_ = await self._accept(scope, source, _UPLOADED, path)
        return await self.find(scope, hash_)

    async def known(self, scope: Scope, source: str) -> str | None:
        try:
            address, frame = framing.split(source)
            if address[:5].lower() == "data:":
                root: str | None = hashlib.sha256(self._inline(address, "")).hexdigest()
            elif found := _SHELVED.match(address):
                root = found[1]
            else:
                fetched = await self._store.read(lambda tx: tx.images.source(scope, address))
                root = fetched[0] if fetched else None
        except (FrameRefused, Invalid):
            return None
        if root is None or frame is None:
            return root
        base = await self._image(scope, root)
        return _part_of(facts.decode(base.record).root if base else root, frame)

    async def _accept(self, scope: Scope, source: str, slots: Sequence[str], path: str) -> str:
        try:
            address, frame = framing.split(source)
            return await self._take(scope, await self._source(scope, address, slots, path), slots, frame)
        except FrameRefused as refused:
            raise Invalid(FieldProblem(path, "frame_refused", str(refused), framing.MEND)) from None
        except ImageRefused as refused:
            raise _unusable(refused, path) from None
        except FetchRefused as refused:
            mend = "check that the address is public, https and answers with a PNG, JPEG or WebP; or send the picture as a data URI"
            raise Invalid(FieldProblem(path, "not_fetched", str(refused), mend)) from None

    async def _source(self, scope: Scope, address: str, slots: Sequence[str], path: str) -> _Source:
        if address[:5].lower() == "data:":
            data = self._inline(address, path)
            return _Source(hashlib.sha256(data).hexdigest(), data)
        if address.startswith("image:"):
            found = _SHELVED.match(address)
            if found is None or await self._image(scope, found[1]) is None:
                mend = "upload it with POST /v1/images and write image: and the hash of the answer"
                raise Invalid(FieldProblem(path, "image_unknown", "no such picture here", mend))
            return _Source(found[1], None)
        return await self._by_address(scope, address, slots)

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

    async def _by_address(self, scope: Scope, url: str, slots: Sequence[str]) -> _Source:
        now = self._clock.now_ms()
        known = await self._store.read(lambda tx: tx.images.source(scope, url))
        if known and known[1] > now - self._url_cache_ms and await self._image(scope, known[0]):
            return _Source(known[0], None)
        # Addresses that give nothing are how one looks around in a network that one cannot reach: so many an hour, then none.
        self._refusals.check_ahead(scope.workspace)
        try:
            data = await self._fetch(url)
        except FetchRefused:
            self._refusals.check(scope.workspace)
            raise
        root = hashlib.sha256(data).hexdigest()
        await self._take(scope, _Source(root, data), slots, None)  # what is remembered of an address must be on the shelf
        await self._store.write(lambda tx: tx.images.put_source(scope, url, root, now))
        return _Source(root, data)

    async def _take(self, scope: Scope, source: _Source, slots: Sequence[str], frame: Frame | None) -> str:
        """The hash of the picture, or of the part of it that `frame` names, when all of `slots` are made. Raises ImageRefused."""
        base = await self._image(scope, source.root)
        if frame is None:
            root, hash_ = source.root, source.root
        else:  # a part of a part is another part of the whole
            root = facts.decode(base.record).root if base else source.root
            hash_ = _part_of(root, frame)
        image = base if frame is None else await self._image(scope, hash_)
        missing = [name for name in slots if image is None or f"{name}@1x" not in image.variants]
        if not missing:
            return hash_
        if image is not None and source.data is None:
            await self._add(image, missing)
            return hash_
        data = source.data if source.data is not None else await self._master(base)
        made = await self._workshop.make(data, missing, frame)
        measured = made.facts
        if source.data is None and base is not None and (original := facts.decode(base.record).facts) is not None:
            measured = original  # a master may be smaller than what was sent
        await self._put(scope, hash_, made, Record(root, measured, frame.text() if frame else None))
        return hash_

    async def _master(self, image: StoredImage | None) -> bytes:
        assert image is not None, "a picture without bytes is on the shelf"
        data = await self._blobs.get(image.variants["master"])
        assert data is not None, "what is on the shelf has its master"
        return data

    async def _add(self, image: StoredImage, slots: Sequence[str]) -> StoredImage:
        """Makes a stored picture ready for more places, from its master."""
        record = facts.decode(image.record)
        frame = framing.parse(*record.frame.split("=")) if record.frame else None
        made = await self._workshop.make(await self._master(image), slots, frame)
        return await self._put(image.scope, image.hash, made, record)

    async def _put(self, scope: Scope, hash_: str, made: Made, record: Record) -> StoredImage:
        variants = {"master": await self._blobs.put(made.master.png)}
        sizes: dict[str, int] = {}
        for name, pictures in made.variants.items():
            for picture in pictures:
                variants[f"{name}@{picture.scale}x"] = await self._blobs.put(picture.png)
                sizes[f"{name}@{picture.scale}x"] = len(picture.png)
        now = self._clock.now_ms()

        def remember(tx: Tx) -> StoredImage:
            # The same picture may be taken for another slot at this moment: what both made is kept.
            there = tx.images.find(scope, hash_)
            before = facts.decode(there.record) if there and there.record else record
            merged = replace(record, facts=before.facts or record.facts, sizes=before.sizes | sizes)
            kept = variants | ({"master": there.variants["master"]} if there else {})
            width, height = (there.width, there.height) if there else (made.master.width, made.master.height)
            image = StoredImage(scope, hash_, width, height, (there.variants if there else {}) | kept, now, facts.encode(merged))
            tx.images.put(image)
            return image

        stored = await self._store.write(remember)
        self._records.pop((scope, hash_), None)
        return stored

    async def _image(self, scope: Scope, hash_: str) -> StoredImage | None:
        """With a record, which pictures of the first releases lack: their root is themselves."""
        found = await self._store.read(lambda tx: tx.images.find(scope, hash_))
        return replace(found, record=facts.encode(Record(hash_))) if found and not found.record else found

    # --- giving out ---------------------------------------------------------------------------------------------------------------

    async def find(self, scope: Scope, hash_: str) -> ShelvedPicture:
        image = await self._image(scope, hash_)
        if image is None:
            raise NotFound("image")
        record = facts.decode(image.record)
        known = record.facts
        width, height = (known.width, known.height) if known else (image.width, image.height)
        size = known.bytes if known else None
        return ShelvedPicture(hash_, width, height, image.created_at_ms, size, record.frame, lint.notes(record))

    async def preview(
        self, scope: Scope, hash_: str, slot: str, style: Style, frame: tuple[str, str] | None, ground: str | None
    ) -> bytes:
        image = await self._image(scope, hash_)
        if image is None:
            raise NotFound("image")
        record = facts.decode(image.record)
        words = frame or (tuple(record.frame.split("=")) if record.frame else None)
        try:
            chosen = framing.parse(*words) if words else None
        except FrameRefused as refused:
            raise Invalid(FieldProblem(words[0] if words else "", "frame_refused", str(refused), framing.MEND)) from None
        place = SLOTS[slot] if slot.startswith("google_") else place_of(ImageSlot(slot), style)
        return await self._workshop.preview(await self._master(image), place.name, chosen, ground)

    async def files(self, scope: Scope, content: Content) -> Files:
        key = _key(scope, content)
        found = self._files.get(key)
        if found is None:
            found = self._files[key] = await self._gather(scope, content)
            while len(self._files) > _CACHE_SIZE:
                self._files.popitem(last=False)
        else:
            self._files.move_to_end(key)
        return found

    async def _gather(self, scope: Scope, content: Content) -> Files:
        """A picture that some language has its own of stands in every language's folder and not at the root, where it would win."""
        out: list[tuple[str, str, bytes]] = []
        images = {slot: hash_ for slot, hash_ in content.images.items() if slot in APPLE_FILES}
        localized = {one for own in content.localized_images.values() for one in own} & APPLE_FILES.keys() - {ImageSlot.ICON}
        if content.stamps is not None:
            spec = spec_of(content)
            strip = place_of(ImageSlot.STRIP, content.style)
            out += [(_file_name("strip", one.scale), one.hash, one.png) for one in await self.stamps(scope, spec, strip.boxes)]
            images.pop(ImageSlot.STRIP, None)
            localized -= {ImageSlot.STRIP}
        for slot, hash_ in sorted(images.items()):
            if slot not in localized:
                out += await self._variants(scope, hash_, place_of(slot, content.style), APPLE_FILES[slot])
        for language in texts.languages(content) if localized else ():
            own = images | content.localized_images.get(language, {})
            for slot in sorted(localized & own.keys()):
                name = f"{language}.lproj/{APPLE_FILES[slot]}"
                out += await self._variants(scope, own[slot], place_of(slot, content.style), name)
        if ImageSlot.ICON not in images:
            if ImageSlot.LOGO in images:
                out += await self._variants(scope, images[ImageSlot.LOGO], SLOTS["icon"], "icon")
            else:
                for scale in (1, 2, 3):
                    drawn = await self._draw(initials(content), content.background_color, 38 * scale)
                    out.append((_file_name("icon", scale), *drawn))
        return tuple(out)

    async def _variants(self, scope: Scope, hash_: str, slot: Slot, name: str) -> list[tuple[str, str, bytes]]:
        image = await self._ready(scope, hash_, slot.name)
        out = []
        for box in slot.boxes:
            variant = image.variants[f"{slot.name}@{box.scale}x"]
            data = await self._blobs.get(variant)
            if data is not None:
                out.append((_file_name(name, box.scale), variant, data))
        return out

    async def _ready(self, scope: Scope, hash_: str, slot: str) -> StoredImage:
        image = await self._image(scope, hash_)
        assert image is not None, "a stored content's pictures are on the shelf"
        return image if f"{slot}@1x" in image.variants else await self._add(image, (slot,))

    async def pictures(self, scope: Scope, content: Content, language: str, wallet: str = "apple") -> dict[ImageSlot, bytes]:
        given = content.localized_images if wallet == "apple" else {}  # Google has one picture for all languages
        own = given.get(language.partition("-")[0], {}) | given.get(language, {})
        own.pop(ImageSlot.ICON, None)  # it stands at the root, for all languages
        images = content.images | own
        found: dict[ImageSlot, bytes] = {}
        for slot, hash_ in images.items():
            if made := await self._variants(scope, hash_, place_of(slot, content.style), slot.value):
                found[slot] = made[-1][2]
        if wallet == "google":
            public = await self.public(scope, content)
            fetched = {ImageSlot.LOGO: public.logo, ImageSlot.STRIP: public.hero, ImageSlot.THUMBNAIL: public.module}
            for slot, shown in fetched.items():
                if shown and (data := await self._blobs.get(shown)) is not None:
                    found[slot] = data
        elif content.stamps is not None:
            (drawn,) = await self.stamps(scope, spec_of(content), place_of(ImageSlot.STRIP, content.style).boxes[-1:])
            found[ImageSlot.STRIP] = drawn.png
        if ImageSlot.ICON not in found:
            logo = content.images.get(ImageSlot.LOGO)
            made = await self._variants(scope, logo, SLOTS["icon"], "icon") if logo else []
            drawn_icon = (await self._draw(initials(content), content.background_color, 114))[1]
            found[ImageSlot.ICON] = made[-1][2] if made else drawn_icon
        return found

    async def public(self, scope: Scope, content: Content) -> PublicPictures:
        given: dict[ImageSlot, str] = {}
        for slot, hash_ in content.images.items():
            if slot in PUBLIC_SLOT:
                given[slot] = await self.public_hash(scope, slot, hash_)
        hero = given.get(ImageSlot.STRIP)
        if content.stamps is not None:
            (drawn,) = await self.stamps(scope, spec_of(content), SLOTS["google_hero"].boxes)
            hero = drawn.hash
        logo = given.get(ImageSlot.LOGO) or (await self._draw(initials(content), content.background_color, 660))[0]
        return PublicPictures(logo, given.get(ImageSlot.WIDE_LOGO), hero, given.get(ImageSlot.THUMBNAIL))

    async def public_hash(self, scope: Scope, slot: ImageSlot, hash_: str) -> str:
        name = PUBLIC_SLOT.get(slot, slot.value)
        image = await self._ready(scope, hash_, name)
        return image.variants[f"{name}@{SLOTS[name].largest.scale}x"]

    async def findings(self, scope: Scope, content: Content) -> tuple[Finding, ...]:
        """What is worth saying about a content's pictures, from what was measured when they came in."""
        records = {hash_: await self._record(scope, hash_) for hash_ in {*content.images.values()}}
        found = lint.judge(content, {slot: records[hash_] for slot, hash_ in content.images.items()}, "images")
        for language, images in content.localized_images.items():
            own = {slot: await self._record(scope, hash_) for slot, hash_ in images.items()}
            found += lint.judge(content, own, f"localized_images.{language}")
        return found + lint.stamps(content)

    async def _record(self, scope: Scope, hash_: str) -> Record:
        key = (scope, hash_)
        record = self._records.get(key)
        if record is None:
            image = await self._image(scope, hash_)
            record = facts.decode(image.record) if image else Record(hash_)
            self._records[key] = record
            while len(self._records) > _RECORDS_MAX:
                self._records.popitem(last=False)
        return record

    # --- drawn pictures -----------------------------------------------------------------------------------------------------------

    async def stamps(self, scope: Scope, spec: StampSpec, boxes: Sequence[Box]) -> tuple[DrawnPicture, ...]:
        """A stamp card at each size, kept as blobs. The same spec gives the same hashes."""
        key = (spec, tuple(boxes))
        found = self._stamps.get(key)
        if found is None:
            found = self._stamps[key] = await self._draw_stamps(scope, spec, boxes)
            while len(self._stamps) > _CACHE_SIZE:
                self._stamps.popitem(last=False)
        else:
            self._stamps.move_to_end(key)
        return found

    async def _draw_stamps(self, scope: Scope, spec: StampSpec, boxes: Sequence[Box]) -> tuple[DrawnPicture, ...]:
        if spec.picture is None:
            pngs = await asyncio.to_thread(lambda: [stamp_png(spec, box.width, box.height) for box in boxes])
        else:
            image = await self._ready(scope, spec.picture, "stamp")
            data = await self._blobs.get(image.variants["stamp@1x"])
            assert data is not None, "what is on the shelf is there"
            pngs = [one.png for one in await self._workshop.stamps(data, spec, boxes)]
        return tuple([DrawnPicture(box.scale, await self._blobs.put(png), png) for box, png in zip(boxes, pngs, strict=True)])

    async def _draw(self, letters: str, color: str, size: int) -> tuple[str, bytes]:
        """(hash, PNG) of the icon drawn for whoever sends none."""
        key = (letters, color, size)
        if key not in self._drawn:
            if len(self._drawn) > _CACHE_SIZE:
                self._drawn.clear()
            png = await asyncio.to_thread(defaults.default_icon, color, letters, size)
            self._drawn[key] = (await self._blobs.put(png), png)
        return self._drawn[key]


def spec_of(content: Content) -> StampSpec:
    """What is drawn for a content's stamp card: colours that are not given are taken from the pass, odd counts to the nearest."""
    card = content.stamps
    assert card is not None, "asked of a content with stamps"
    total = min(max(lint.count_of(card.total, 1), 1), STAMPS_MAX)
    ground = card.ground_color or content.background_color
    return StampSpec(
        filled=min(max(lint.count_of(card.filled, 0), 0), total),
        total=total,
        icon=card.icon if card.icon in ICONS else "star",
        stamp_color=card.stamp_color or content.foreground_color,
        empty_color=card.empty_color or blended(ground, content.foreground_color, 0.45),
        ground_color=ground,
        reward=card.reward if card.reward in ICONS else None,
        picture=card.stamp_image,
    )


def _part_of(root: str, frame: Frame) -> str:
    return hashlib.sha256(f"{root}#{frame.text()}".encode()).hexdigest()


def _key(scope: Scope, content: Content) -> tuple[object, ...]:
    """What the files of a content depend on."""
    drawn = content.images.keys() & {ImageSlot.ICON, ImageSlot.LOGO}
    localized = tuple((language, tuple(sorted(own.items()))) for language, own in sorted(content.localized_images.items()))
    return (
        scope,
        content.style,
        tuple(sorted(content.images.items())),
        (localized, texts.languages(content)) if localized else None,
        spec_of(content) if content.stamps is not None else None,
        None if drawn else (initials(content), content.background_color),
    )


def _file_name(name: str, scale: int) -> str:
    return f"{name}.png" if scale == 1 else f"{name}@{scale}x.png"


def _unusable(refused: ImageRefused, path: str) -> Invalid:
    return Invalid(FieldProblem(path, refused.reason.value, "the picture cannot be used", refused.hint))

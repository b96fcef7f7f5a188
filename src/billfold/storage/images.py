"""Which pictures there are, by content hash, and which address gave which. The bytes are in blobs.py. May not enter: decoding."""

import msgspec
from sqlalchemy import select, update

from billfold.domain.ids import Scope
from billfold.ports import StoredImage
from billfold.storage.schema import image, image_source
from billfold.storage.statements import Session, Statement, own, string, upsert

FIND = Statement(
    select(image.c.width, image.c.height, image.c.variants, image.c.created_at_ms, image.c.record).where(
        own(image), image.c.hash == string("hash")
    )
)
ENSURE = upsert(image, ("workspace", "environment", "hash"), lambda new: {})
LOCK = Statement(select(image.c.variants).where(own(image), image.c.hash == string("hash")).with_for_update())
CHANGE = Statement(
    update(image).where(own(image), image.c.hash == string("hash")).values(variants=string("made"), record=string("noted"))
)
SOURCE = Statement(
    select(image_source.c.hash, image_source.c.fetched_at_ms).where(own(image_source), image_source.c.url == string("url"))
)
PUT_SOURCE = upsert(
    image_source, ("workspace", "environment", "url"), lambda new: {"hash": new.hash, "fetched_at_ms": new.fetched_at_ms}
)

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(dict[str, str]).decode


class ImageRows:
    def __init__(self, session: Session) -> None:
        self._db = session

    def find(self, scope: Scope, hash: str) -> StoredImage | None:
        row = self._db.one(FIND, scope, hash=hash)
        if row is None:
            return None
        width, height, variants, created, record = row
        return StoredImage(scope, hash, width, height, _decode(variants), created, record)

    def put(self, image: StoredImage) -> None:
        made = self._db.count(
            ENSURE,
            image.scope,
            hash=image.hash,
            width=image.width,
            height=image.height,
            variants=_encode(image.variants).decode(),
            created_at_ms=image.created_at_ms,
            record=image.record,
        )
        if made:
            return
        # The same picture may be taken for another slot at this moment: the row is there by now, and nobody else changes it.
        row = self._db.one(LOCK, image.scope, hash=image.hash)
        assert row is not None
        self._db.run(
            CHANGE, image.scope, hash=image.hash, made=_encode(_decode(row[0]) | image.variants).decode(), noted=image.record
        )

    def source(self, scope: Scope, url: str) -> tuple[str, int] | None:
        row = self._db.one(SOURCE, scope, url=url)
        return (str(row[0]), int(row[1])) if row else None

    def put_source(self, scope: Scope, url: str, hash: str, at_ms: int) -> None:
        self._db.run(PUT_SOURCE, scope, url=url, hash=hash, fetched_at_ms=at_ms)

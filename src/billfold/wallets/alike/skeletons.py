"""A mould's document but for what differs from pass to pass: its bytes, cut where texts go. A filled skeleton equals what is
written of the whole document, byte for byte.

It is found by writing the document of a content that has marks for values, so that a wallet's own modules alone know how one is
made. May not enter: members of a document by name."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter

import orjson
from msgspec.structs import replace

from billfold.domain.content import Barcode, Content, Field
from billfold.wallets.alike.moulds import shown

MESSAGE, ENCODING, ALT_TEXT, EXPIRES_AT, VALUES = range(5)
"""Places of the texts: the code's, the day of expiry, then the fields' values, then what is the wallet's own (`own_mark`)."""
_BETWEEN, _BETWEEN_BYTES = "\x7f", b"\x7f"
"""Hardly in any text, and written as it is."""
_MARK_START = "\ue000".encode()
_MARK = re.compile(_MARK_START + rb"([0-9]{15})")


def mark(at: int) -> str:
    """Stands for a text. As long as a pass's token must be."""
    return f"\ue000{at:015}"


def own_mark(content: Content, at: int) -> str:
    return mark(VALUES + len(shown(content)) + at)


def marked(content: Content, mark: Callable[[int], str] = mark) -> Content:
    """With marks for values, and without formats."""
    numbers = iter(range(VALUES, 1 << 30))

    def of(fields: tuple[Field, ...]) -> tuple[Field, ...]:
        return tuple([replace(one, value=mark(next(numbers)), format=None) for one in fields])

    shown = [of(one) for one in (content.header, content.primary, content.secondary, content.auxiliary, content.back)]
    header, primary, secondary, auxiliary, back = shown
    code = content.barcode
    if code is not None:
        alt_text = mark(ALT_TEXT) if code.alt_text is not None else None
        code = Barcode(code.format, mark(MESSAGE), alt_text, mark(ENCODING))
    return replace(content, header=header, primary=primary, secondary=secondary, auxiliary=auxiliary, back=back, barcode=code)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """`pieces`: bytes, and a place for each text between two of them. `order`: the texts in the order of the places."""

    pieces: list[bytes]
    order: Callable[[list[bytes]], tuple[bytes, ...]]

    def filled(self, texts: list[bytes]) -> bytes:
        """`texts`: as `encoded` gives them. On the hot path: all are put in by one assignment."""
        pieces = self.pieces.copy()
        pieces[1::2] = self.order(texts)
        return b"".join(pieces)


def cut(document: bytes, bare: frozenset[int] = frozenset()) -> Skeleton:
    """`document`: JSON of a content as `marked` gives it. `bare`: places where no text stands, so without quotes around them."""
    found = _MARK.split(document)
    pieces, places = found[::2], [int(one) for one in found[1::2]]
    for at in bare:
        place = places.index(at)
        pieces[place] = pieces[place].removesuffix(b'"')
        pieces[place + 1] = pieces[place + 1].removeprefix(b'"')
    found[::2] = pieces
    return Skeleton(found, itemgetter(*places))


def is_markable(document: bytes) -> bool:
    """Whether no text in it looks like a mark. `document`: of a content with nothing for values."""
    return _MARK_START not in document


def encoded(texts: tuple[str, ...]) -> list[bytes]:
    """Each as JSON has it, without its quotes; all in one call."""
    found = orjson.dumps(_BETWEEN.join(texts))[1:-1].split(_BETWEEN_BYTES)
    return found if len(found) == len(texts) else [orjson.dumps(one)[1:-1] for one in texts]

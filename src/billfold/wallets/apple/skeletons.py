"""A mould's pass.json but for what differs from pass to pass: its bytes, cut where values go. Pure: a filled skeleton equals what
is written of the whole document, byte for byte.

It is found by writing the document of a content that has marks for values, so that pass_json.py alone knows how one is made.
May not enter: members of pass.json by name, but for the one that is no text in a content."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter

import orjson
from msgspec.structs import replace

from billfold.domain.content import Barcode, Content, Field, JsonObject
from billfold.wallets.apple.codes import encoding_of
from billfold.wallets.apple.dates import EXPIRATION, date_text
from billfold.wallets.apple.fields import Group, listed
from billfold.wallets.apple.moulds import Values, shown

OWN = 5
"""Texts that are the pass's and its issuer's: they come first."""
_MESSAGE, _ENCODING, _ALT_TEXT, _EXPIRES_AT, _VALUES = range(OWN, OWN + 5)
_BETWEEN, _BETWEEN_BYTES = "\x7f", b"\x7f"
"""Hardly in any text, and written as it is."""
_MARK_START = "\ue000".encode()
_MARK = re.compile(_MARK_START + rb"([0-9]{15})")


def mark(at: int) -> str:
    """Stands for a text. As long as a pass's token must be."""
    return f"\ue000{at:015}"


def marked(content: Content, mark: Callable[[int], str] = mark) -> Content:
    """With marks for values. A value that a phone writes itself gets its mark in `cut`."""
    numbers = iter(range(_VALUES, 1 << 30))

    def of(fields: tuple[Field, ...]) -> tuple[Field, ...]:
        return tuple([replace(one, value=mark(next(numbers)), format=None) for one in fields])

    shown = [of(one) for one in (content.header, content.primary, content.secondary, content.auxiliary, content.back)]
    header, primary, secondary, auxiliary, back = shown
    code = content.barcode
    if code is not None:
        alt_text = mark(_ALT_TEXT) if code.alt_text is not None else None
        code = Barcode(code.format, mark(_MESSAGE), alt_text, mark(_ENCODING))
    return replace(content, header=header, primary=primary, secondary=secondary, auxiliary=auxiliary, back=back, barcode=code)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """`pieces`: bytes, and a place for each value between two of them. `order`: the texts in the order of the places. `written`:
    (place among the values, group) of those that a phone writes itself."""

    pieces: list[bytes]
    order: Callable[[list[bytes]], tuple[bytes, ...]]
    written: tuple[tuple[int, Group], ...]

    def filled(self, own: tuple[str, ...], content: Content, values: Values) -> bytes:
        """`own`: OWN texts. On the hot path: all texts are encoded in one call, and put in by one assignment."""
        message = encoding = alt_text = expires_at = ""
        if (code := content.barcode) is not None:
            message, encoding, alt_text = code.message, encoding_of(code), code.alt_text or ""
        if content.expires_at is not None:
            expires_at = date_text(content.expires_at)
        texts = _encoded((*own, message, encoding, alt_text, expires_at, *values))
        if self.written:
            self._write(texts, content)
        pieces = self.pieces.copy()
        pieces[1::2] = self.order(texts)
        return b"".join(pieces)

    def _write(self, texts: list[bytes], content: Content) -> None:
        fields = shown(content)
        for at, group in self.written:
            texts[_VALUES + at] = orjson.dumps(listed((fields[at],), group)[0])


def cut(document: JsonObject, style: JsonObject, example: Content, groups: list[Group]) -> Skeleton:
    """`document`: of a content as `marked` gives it; `style`: the dictionary of field groups in it; `groups`: of each field of the
    mould's `example`."""
    written = tuple([(at, group) for at, (one, group) in enumerate(zip(shown(example), groups, strict=True)) if one.format])
    for at, group in written:
        _mark_whole(style[group.key], mark(_VALUES + at))
    if example.expires_at is not None:
        document[EXPIRATION] = mark(_EXPIRES_AT)
    found = _MARK.split(orjson.dumps(document))
    pieces, places = found[::2], [int(one) for one in found[1::2]]
    for at, _ in written:  # what stands there is no text, so it has no quotes around it
        place = places.index(_VALUES + at)
        pieces[place] = pieces[place].removesuffix(b'"')
        pieces[place + 1] = pieces[place + 1].removeprefix(b'"')
    found[::2] = pieces
    return Skeleton(found, itemgetter(*places), written)


def is_markable(document: JsonObject) -> bool:
    """Whether no text in it looks like a mark. `document`: of a content with nothing for values."""
    return _MARK_START not in orjson.dumps(document)


def _mark_whole(fields: object, mark_: str) -> None:
    """Puts the mark of a field's value in place of the field."""
    assert isinstance(fields, list)
    [at] = [at for at, one in enumerate(fields) if isinstance(one, dict) and one["value"] == mark_]
    fields[at] = mark_


def _encoded(texts: tuple[str, ...]) -> list[bytes]:
    """Each as JSON has it, without its quotes."""
    encoded = orjson.dumps(_BETWEEN.join(texts))[1:-1].split(_BETWEEN_BYTES)
    return encoded if len(encoded) == len(texts) else [orjson.dumps(one)[1:-1] for one in texts]

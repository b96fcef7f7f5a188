"""A mould's pass.json but for what differs from pass to pass (alike/skeletons.py). Pure.

May not enter: members of pass.json by name, but for the one that is no text in a content."""

from dataclasses import dataclass

import orjson

from billfold.domain.content import Content, JsonObject
from billfold.wallets.alike import skeletons
from billfold.wallets.alike.moulds import Values, shown
from billfold.wallets.alike.skeletons import EXPIRES_AT, VALUES, encoded, mark
from billfold.wallets.apple.codes import encoding_of
from billfold.wallets.apple.dates import EXPIRATION, date_text
from billfold.wallets.apple.fields import Group, listed


@dataclass(frozen=True, slots=True)
class Skeleton:
    """`written`: (place among the values, group) of those that a phone writes itself."""

    whole: skeletons.Skeleton
    written: tuple[tuple[int, Group], ...]

    def filled(self, own: tuple[str, ...], content: Content, values: Values) -> bytes:
        """`own`: the texts of own marks. On the hot path."""
        message = encoding = alt_text = expires_at = ""
        if (code := content.barcode) is not None:
            message, encoding, alt_text = code.message, encoding_of(code), code.alt_text or ""
        if content.expires_at is not None:
            expires_at = date_text(content.expires_at)
        texts = encoded((message, encoding, alt_text, expires_at, *values, *own))
        if self.written:
            fields = shown(content)
            for at, group in self.written:
                texts[VALUES + at] = orjson.dumps(listed((fields[at],), group)[0])
        return self.whole.filled(texts)


def cut(document: JsonObject, style: JsonObject, example: Content, groups: list[Group]) -> Skeleton:
    """`document`: of a content as `marked` gives it; `style`: the dictionary of field groups in it; `groups`: of each field of the
    mould's `example`."""
    written = tuple([(at, group) for at, (one, group) in enumerate(zip(shown(example), groups, strict=True)) if one.format])
    for at, group in written:
        _mark_whole(style[group.key], mark(VALUES + at))
    if example.expires_at is not None:
        document[EXPIRATION] = mark(EXPIRES_AT)
    return Skeleton(skeletons.cut(orjson.dumps(document), frozenset({VALUES + at for at, _ in written})), written)


def _mark_whole(fields: object, mark_: str) -> None:
    """Puts the mark of a field's value in place of the field."""
    assert isinstance(fields, list)
    [at] = [at for at, one in enumerate(fields) if isinstance(one, dict) and one["value"] == mark_]
    fields[at] = mark_

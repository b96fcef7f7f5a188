"""A generic object of a mould but for what differs from pass to pass (alike/skeletons.py), since each pass that is issued needs one
for its save link. Pure: equal, byte for byte, to what objects.py makes and msgspec writes.

May not enter: what has members of its own for a value (verticals, overrides), translations, values that are left away: such objects
are made as a whole."""

from dataclasses import dataclass
from functools import lru_cache

import msgspec
from msgspec.structs import replace

from billfold.domain.content import Content, Kind
from billfold.domain.formatting import display
from billfold.domain.passes import Pass
from billfold.wallets.alike import skeletons
from billfold.wallets.alike.moulds import MOULDS_MAX, Mould, Values, cast_of, shown
from billfold.wallets.alike.skeletons import EXPIRES_AT, encoded, is_markable, mark, marked, own_mark
from billfold.wallets.google.look import PublicImages, look_of
from billfold.wallets.google.modules import front_groups, layout
from billfold.wallets.google.objects import generic, interval, iso_date, object_id, state_of
from billfold.wallets.google.shapes import GenericObject
from billfold.wallets.google.words import LANGUAGE

_JSON = msgspec.json.Encoder()
_Given = tuple[bool, bool, bool]
"""Whether there is a hero, a thumbnail, a wide logo."""
_OWN = 7
"""Texts that are the pass's own: id, class, state, four pictures."""
_BACKS_MAX = 16
"""Backs with links for which a mould has skeletons."""


@dataclass(frozen=True, slots=True)
class _Skeleton:
    """`formatted`: places of values that are written in the content's language."""

    whole: skeletons.Skeleton
    language: str
    formatted: tuple[int, ...]


def object_json(pass_: Pass, content: Content, class_id: str, images: PublicImages) -> bytes | None:
    """The whole object. None where it has to be made as a whole. On the hot path."""
    cast = cast_of(content)
    if cast is None or not images.logo:
        return None
    mould, values = cast
    linked = values[len(values) - len(content.back) :]
    if ":" not in "".join(linked):
        linked = ()
    elif not _few(mould, linked):
        return None
    skeleton = _skeleton(mould, (images.hero is not None, images.thumbnail is not None, images.wide_logo is not None), linked)
    if skeleton is None:
        return None
    if skeleton.formatted:
        values = _written(values, content, skeleton)
    message = alt_text = expires_at = ""
    if (code := content.barcode) is not None:
        message, alt_text = code.message, code.alt_text or ""
        if not message or code.alt_text == "":
            return None
    if not all(values):
        return None
    if content.expires_at is not None:
        expires_at = iso_date(content.expires_at)
    own = (object_id(pass_.issuer_id, pass_.id), class_id, state_of(pass_, content))
    pictures = (images.logo, images.hero or "", images.thumbnail or "", images.wide_logo or "")
    return skeleton.whole.filled(encoded((message, "", alt_text, expires_at, *values, *own, *pictures)))


def _written(values: Values, content: Content, skeleton: _Skeleton) -> Values:
    """With those that have a format as a holder reads them."""
    fields, written = shown(content), list(values)
    for at in skeleton.formatted:
        written[at] = values[at] and display(fields[at], skeleton.language)
    return tuple(written)


def _few(mould: Mould, linked: Values) -> bool:
    """Links stand apart from their texts, so values with links are no values of a skeleton but part of it. Most issuers have the
    same few on the back of all passes; where they do not, a skeleton for each would cost more than it spares."""
    known, number = _backs(mould), hash(linked)  # texts may be long, and two of one number do no harm
    if len(known) < _BACKS_MAX:
        known.add(number)
    return number in known


@lru_cache(maxsize=MOULDS_MAX)
def _backs(mould: Mould) -> set[int]:
    return set()


@lru_cache(maxsize=MOULDS_MAX)
def _skeleton(mould: Mould, given: _Given, linked: Values) -> _Skeleton | None:
    """`linked`: the values of the back, where any of them holds a link."""
    example = mould.example
    if example.kind not in (None, Kind.GENERIC) or example.translations:
        return None
    if linked and any(one.format for one in example.back):
        return None
    groups = front_groups(example)
    if sum(layout(groups)) < sum(map(len, groups)):
        return None  # what the card has no room for stands in the details, links apart
    if not is_markable(_JSON.encode(_made(_with(marked(example, lambda _: ""), linked), [""] * _OWN, given, None))):
        return None
    expires_at = mark(EXPIRES_AT) if example.expires_at is not None else None
    document = _made(_with(marked(example), linked), [own_mark(example, at) for at in range(_OWN)], given, expires_at)
    formatted = tuple([at for at, one in enumerate(shown(example)) if one.format is not None])
    return _Skeleton(skeletons.cut(_JSON.encode(document)), example.language or LANGUAGE, formatted)


def _with(content: Content, linked: Values) -> Content:
    if not linked:
        return content
    back = tuple([replace(one, value=value) for one, value in zip(content.back, linked, strict=True)])
    return replace(content, back=back)


def _made(content: Content, own: list[str], given: _Given, expires_at: str | None) -> GenericObject:
    id, class_id, state, *pictures = own
    logo, hero, thumbnail, wide_logo = [one if is_given else None for one, is_given in zip(pictures, (True, *given), strict=True)]
    look = look_of(content, PublicImages(logo, hero, thumbnail, wide_logo))
    return replace(generic(look, id, class_id, state), valid_time_interval=interval(None, expires_at))

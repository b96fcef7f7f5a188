"""Contents that differ in their values alone have one mould, and what is worked out of a mould is kept with it: what the rules say
of it, its pass.json but for the values, where its translations go. Passes of a template, and of a caller who sends the same shape
again, share one. Pure: what is kept never decides what comes out, only how fast.

Values are the fields' own, the barcode's message and text, the moment of expiry, and a pass's identity. Everything else is the
mould's key. A member that few contents have keeps a content out of all moulds, and so does a new member, until it is named here.
May not enter: what is kept (rules.py, skeletons.py, languages.py say it)."""

from dataclasses import dataclass, field

from msgspec.structs import astuple

from billfold.domain.content import Content
from billfold.domain.content import Field as ContentField
from billfold.ports import Finding
from billfold.wallets.apple.phrasebooks import Phrasebook, phrasebook

Files = tuple[tuple[str, bytes], ...]
"""(name in the bundle, bytes)."""
Values = tuple[str, ...]
"""Of the fields of a content, in the order of `shown`."""

MOULDS_MAX = 256
_NEAR_MAX = 8
_ONCE_MAX = 4096
_RARE = Content.__struct_fields__.index("localized_images")
_NOTHING_RARE = astuple(Content("", ""))[_RARE:]
_Near = tuple[object, ...]
_moulds: dict[_Near, list["Mould"]] = {}
"""By issuer and the keys of all fields, which tells most of them apart."""
_once: set[int] = set()
"""What was asked for once: a mould is made for what comes again."""
_VAIN_MAX, _AGAIN = 32, 64
_vain: dict[str, int] = {}
"""Issuer → contents in a row without a mould."""


@dataclass(slots=True, eq=False)
class Mould:
    """`rest`: all that a content has besides values. `example`: a content that has it. `findings`: of contents with nothing to say
    about their values (rules.py). `strings`: values that are translated → (keys of the strings files, the files) (languages.py)."""

    rest: tuple[object, ...]
    example: Content
    book: Phrasebook | None
    findings: tuple[Finding, ...] | None = None
    strings: dict[Values, tuple[frozenset[str], Files]] = field(default_factory=dict)


Cast = tuple[Mould, Values]
"""What a content is made of, when it is one that has a mould."""
_last: tuple[Content | None, Cast | None] = (None, None)
"""Of the last content: it is asked for when a pass is judged and again when it is written."""


def shown(content: Content) -> tuple[ContentField, ...]:
    """The fields that a mould has values of."""
    return content.header + content.primary + content.secondary + content.auxiliary + content.back


def cast_of(content: Content) -> Cast | None:
    """None for a content that has something rare, or a mould that was not seen before. On the hot path: whole rows are compared."""
    global _last
    last = _last  # another thread may put its own there meanwhile
    if last[0] is not content:
        found = _found(content) if not _vain or _is_worth_it(content.organization_name) else None
        if found is None:
            _vain[content.organization_name] = _vain.get(content.organization_name, 0) + 1
        elif _vain:
            _vain.pop(content.organization_name, None)
        last = _last = (content, found)
    return last[1]


def _is_worth_it(issuer: str) -> bool:
    """Mostly not where an issuer's contents never have the same mould: looking for it costs as much as half of judging them."""
    if len(_vain) > _ONCE_MAX:
        _vain.clear()
    vain = _vain.get(issuer, 0)
    return vain < _VAIN_MAX or not vain % _AGAIN


def _found(content: Content) -> Cast | None:
    members = astuple(content)
    header, primary, secondary, auxiliary, back, code = members[4:10]
    fields = header + primary + secondary + auxiliary + back
    if not fields or members[_RARE:] != _NOTHING_RARE:
        return None
    keys, values, labels, messages, formats, roles, alignments, rows, rich, detectors, tags = zip(
        *map(astuple, fields), strict=False
    )
    if any(tags):
        return None
    images, places, sharing, expires_at, relevant_at, voided, transit, grouping, _kind, language, translations = members[13:_RARE]
    try:
        book = phrasebook(content) if translations else None
    except UnicodeEncodeError:
        return None
    rest = (
        *(book, labels, messages, members[1:4], members[10:13], len(header), len(primary), len(secondary), len(auxiliary)),
        *((None, None, None) if code is None else (code.format, code.alt_text is None, code.encoding)),
        *(tuple(images), places, sharing, expires_at is None, relevant_at, voided, transit, grouping, language),
        *(formats, roles, alignments, rows, rich, detectors),
    )
    near = (members[0], keys)
    for mould in _moulds.get(near, ()):
        if mould.rest == rest:
            return mould, values
    made = _made(content, near, rest, book)
    return None if made is None else (made, values)


def _made(content: Content, near: _Near, rest: tuple[object, ...], book: Phrasebook | None) -> Mould | None:
    number = hash((near, rest))
    if number not in _once:
        if len(_once) >= _ONCE_MAX:
            _once.clear()
        _once.add(number)
        return None
    if any(not place.latitude or not place.longitude for place in content.locations):
        return None  # 0 and -0 are equal and written differently
    if sum(map(len, _moulds.values())) >= MOULDS_MAX:
        _moulds.clear()
    mould = Mould(rest, content, book)
    _moulds[near] = [mould, *_moulds.get(near, ())][:_NEAR_MAX]
    return mould


def forget() -> None:
    """Everything that is kept, as after a start."""
    global _last
    _moulds.clear()
    _once.clear()
    _vain.clear()
    _last = (None, None)

"""Contents that differ in their values alone have one mould, and what is worked out of a mould is kept with it: what a wallet's
rules say of it, its document but for the values, where its translations go. Passes of a template share one, and those of a caller
who sends the same shape again.

Values are the fields' own, the barcode's message and text, the moment of expiry, the pictures' hashes, and a pass's identity.
Everything else is the mould's key. A member that few contents have keeps a content out of all moulds, and so does a new member,
until it is named here. May not enter: what is kept (the wallets say it), a pass."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import msgspec
from msgspec.structs import astuple

from billfold.domain.content import Content
from billfold.domain.content import Field as ContentField
from billfold.domain.findings import Finding

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
    """`rest`: all that a content has besides values. `example`: a content that has it. `said`: what `findings` keeps."""

    rest: tuple[object, ...]
    example: Content
    said: dict[Hashable, tuple[Finding, ...]] = field(default_factory=dict)

    def findings(self, rules: Hashable, content: Content, judged: Callable[[Content], tuple[Finding, ...]]) -> tuple[Finding, ...]:
        """What `judged` says of each content of the mould whose values give it nothing to say, as those of `content`. `rules`:
        whose they are, and what else they answer by."""
        found = self.said.get(rules)
        if found is None:
            found = self.said[rules] = judged(content)
        return found


Cast = tuple[Mould, Values]
"""What a content is made of, when it is one that has a mould."""
_last: tuple[Content | None, Cast | None] = (None, None)
"""Of the last content: both wallets ask for it, when a pass is judged and again when it is written."""
_encode = msgspec.json.Encoder().encode
_newest: tuple[object, bytes] = (None, b"")
"""Translations, and the same encoded: the next pass of a template has the same ones."""


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
    images, places, sharing, expires_at, relevant_at, voided, transit, grouping, kind, language, translations = members[13:_RARE]
    try:
        words = _encoded(translations) if translations else b""  # compares faster than the objects
    except UnicodeEncodeError:
        return None
    rest = (
        *(words, labels, messages, members[1:4], members[10:13], len(header), len(primary), len(secondary), len(auxiliary)),
        *((None, None, None) if code is None else (code.format, code.alt_text is None, code.encoding)),
        *(tuple(images), places, sharing, expires_at is None, relevant_at, voided, transit, grouping, kind, language),
        *(formats, roles, alignments, rows, rich, detectors),
    )
    near = (members[0], keys)
    for mould in _moulds.get(near, ()):
        if mould.rest == rest:
            return mould, values
    made = _made(content, near, rest)
    return None if made is None else (made, values)


def _made(content: Content, near: _Near, rest: tuple[object, ...]) -> Mould | None:
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
    mould = Mould(rest, content)
    _moulds[near] = [mould, *_moulds.get(near, ())][:_NEAR_MAX]
    return mould


def _encoded(translations: dict[str, dict[str, str]]) -> bytes:
    """Raises UnicodeEncodeError for half a character."""
    global _newest
    newest = _newest  # another thread may put its own there meanwhile
    if newest[0] is not translations:
        newest = _newest = (translations, _encode(translations))
    return newest[1]


def forget() -> None:
    """Everything that is kept, as after a start."""
    global _last
    _moulds.clear()
    _once.clear()
    _vain.clear()
    _last = (None, None)

"""Where fields stand: the card's rows, text modules and links. Common to all verticals.

Card rows address text modules by place (`r1c2`), not by field key, so that passes whose fields have other names can share a class.
May not enter: members that only one vertical has. Source: reference/google-wallet.md sections 1.10 and 1.12."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from billfold.domain.content import Content, Field
from billfold.wallets.google.look import IN_TITLE
from billfold.wallets.google.shapes import (
    CardTemplate,
    ClassTemplate,
    FieldReference,
    FieldSelector,
    Item,
    OneItem,
    Row,
    TextModule,
    ThreeItems,
    TwoItems,
    Uri,
)
from billfold.wallets.google.words import Words, base_of, twin

ROWS_MAX: Final = 3
ITEMS_MAX: Final = 3
LINKS_MAX: Final = 10

_LINK: Final = re.compile(
    r"https://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::[0-9]{1,5})?(?:[/?#][A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?"
    r"|mailto:[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+|tel:\+?[0-9()-]+"
)
_NO_PLACES: Final[Mapping[str, str]] = {}

Groups = tuple[tuple[Field, ...], tuple[Field, ...], tuple[Field, ...]]


def front_groups(content: Content, places: Mapping[str, str] | None = None) -> Groups:
    """The fields of the card's rows by kind: header; primary and secondary; auxiliary. Without `places` (a generic pass) the first
    primary field is the card's title."""
    if places is None:
        return content.header, content.primary[1:] + content.secondary, content.auxiliary
    shown = {one.key for one in content.fields() if places.get(one.key) != IN_TITLE}
    header, middle, last = content.header, content.primary + content.secondary, content.auxiliary
    if len(shown) == len(content.fields()):
        return header, middle, last
    return _only(header, shown), _only(middle, shown), _only(last, shown)


def _only(fields: tuple[Field, ...], keys: set[str]) -> tuple[Field, ...]:
    return tuple(one for one in fields if one.key in keys)


def layout(groups: Groups) -> tuple[int, ...]:
    """How many fields stand in each card row, at most three rows of three.

    Each kind of field begins a row of its own while rows suffice; when they do not, the fields follow each other without gaps, so
    that as many as possible stay on the front."""
    header, middle, last = groups
    return _layout((len(header), len(middle), len(last)))


@lru_cache(maxsize=1024)
def _layout(kinds: tuple[int, ...]) -> tuple[int, ...]:
    """Passes are many, layouts few."""
    rows = [min(ITEMS_MAX, count - start) for count in kinds for start in range(0, count, ITEMS_MAX)]
    if len(rows) > ROWS_MAX:
        total = min(sum(kinds), ROWS_MAX * ITEMS_MAX)
        rows = [min(ITEMS_MAX, total - start) for start in range(0, total, ITEMS_MAX)]
    return tuple(rows)


@lru_cache(maxsize=1024)
def layout_name(rows: tuple[int, ...]) -> str:
    """For ids: `13` is one field above three."""
    return "".join(map(str, rows)) or "0"


@lru_cache(maxsize=1024)
def slots(rows: tuple[int, ...]) -> tuple[str, ...]:
    return tuple([f"r{row}c{column}" for row, count in enumerate(rows, 1) for column in range(1, count + 1)])


def card_rows(groups: Groups, places: Mapping[str, str] = _NO_PLACES) -> ClassTemplate | None:
    """The class's layout: each place shows the member that has the field, or the text module of that place."""
    rows = layout(groups)
    front = [one for group in groups for one in group]
    paths = [places.get(one.key) or f"object.textModulesData['{slot}']" for slot, one in zip(slots(rows), front, strict=False)]
    return _card(rows, tuple(paths))


@lru_cache(maxsize=1024)
def _card(rows: tuple[int, ...], paths: tuple[str, ...]) -> ClassTemplate | None:
    made, at = [], 0
    for count in rows:
        made.append(_row([Item(FieldSelector((FieldReference(path),))) for path in paths[at : at + count]]))
        at += count
    return ClassTemplate(CardTemplate(tuple(made))) if made else None


def _row(items: list[Item]) -> Row:
    if len(items) == 1:
        return Row(one_item=OneItem(items[0]))
    if len(items) == 2:
        return Row(two_items=TwoItems(items[0], items[1]))
    return Row(three_items=ThreeItems(items[0], items[1], items[2]))


def modules(
    content: Content, words: Words, groups: Groups, rows: tuple[int, ...], places: Mapping[str, str] = _NO_PLACES
) -> tuple[tuple[TextModule, ...], tuple[Uri, ...]]:
    """Text modules (front rows by place, the rest by field key) and links. A field that is only an address becomes a link, a field
    that has a member of its own (`places`) nothing."""
    header, middle, last = groups
    front, names = header + middle + last, slots(rows)
    made = [_module(slot, one, words) for slot, one in zip(names, front, strict=False) if one.key not in places]
    links: tuple[Uri, ...] = ()
    if details := front[len(names) :] + content.additional + content.back:
        texts, links = _details(details, words, set(names), places)
        made += texts
    return tuple([one for one in made if one.header or one.body]), links


def _details(
    fields: tuple[Field, ...], words: Words, taken: set[str], places: Mapping[str, str]
) -> tuple[list[TextModule], tuple[Uri, ...]]:
    made: list[TextModule] = []
    links: list[Uri] = []
    for one in fields:
        if one.key in places:
            continue
        found = links_in(one.value if one.rich_text is None else f"{one.value} {one.rich_text}")
        name = _module_id(one.key, taken)
        label = words.label(one) if found else None
        links += [Uri(name if n == 0 else f"{name}-{n + 1}", uri, base_of(label), twin(label)) for n, uri in enumerate(found)]
        if found != (one.value.strip(),):
            made.append(_module(name, one, words))
    return made, tuple(links[:LINKS_MAX])


def _module(name: str, one: Field, words: Words) -> TextModule:
    if words.alone:
        return TextModule(name, one.label or None, words.text(one) if one.value else None)
    label, value = words.label(one), words.value(one)
    return TextModule(name, base_of(label), base_of(value), twin(label), twin(value))


def links_in(text: str) -> tuple[str, ...]:
    """The https, mailto and tel addresses in a text; the only schemes that a pass may lead to."""
    return tuple(dict.fromkeys(found.rstrip(".,;:!?)'") for found in _LINK.findall(text)))


def _module_id(key: str, taken: set[str]) -> str:
    """A field key in the letters that Google allows in a module id, unique in the object."""
    name = plain = re.sub(r"[^A-Za-z0-9_-]", "_", key) or "_"
    number = 2
    while name in taken:
        name, number = f"{plain}-{number}", number + 1
    taken.add(name)
    return name

"""A content's translations by the places that they are for, as most passes of a template share them. Pure.

May not enter: files and keys of a language's folder (languages.py), judging (rules_languages.py)."""

from dataclasses import dataclass
from functools import lru_cache

import msgspec

from billfold.domain import texts
from billfold.domain.content import Content
from billfold.wallets.apple.vocabulary import vocabulary

ALT_TEXT = "barcode.alt_text"
"""Shown as it stands: Apple calls no `altText` localizable."""


NAMES = ("organization_name", "description", "logo_text")
_CODEC = msgspec.json.Encoder()
Words = tuple[str | None, ...]
"""A text in each folder but the base's; None: the base text."""
Places = tuple[tuple[tuple[int, Words], ...], tuple[int, ...]]
"""Of some parts in a row: (place, its words) of those that are translated, places of the others."""
_BOOKS_MAX = 256
_books: dict[tuple[str | None, bytes, tuple[str, ...]], "Phrasebook"] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Phrasebook:
    """Translations by place. `folders`: languages, the base first; `words`: path → text or None for each of the others.

    The same again for the usual places, by what they are looked up with: `names` (those of the content itself), `fields` (key →
    label, value, change message, rich text). `usual`: there are no other places. `writable`: no text holds a NUL. `lost`:
    (language, path) of words at places that phones show as they stand."""

    folders: tuple[str, ...]
    words: dict[str, Words]
    names: Places
    fields: dict[str, Places]
    usual: bool
    writable: bool
    lost: tuple[tuple[str, str], ...]


_newest: tuple[Content | None, Phrasebook | None] = (None, None)
"""A content and its book: the next pass of the same template has the same translations, and each is looked up twice."""


def phrasebook(content: Content) -> Phrasebook:
    """Kept, since most passes of a template have the same. Raises UnicodeEncodeError for half a character."""
    global _newest
    known, book = _newest  # another thread may put its own there meanwhile
    if (
        known is not None
        and known.translations is content.translations
        and known.language == content.language
        and known.localized_images == content.localized_images
    ):
        assert book is not None
        return book
    translations = _CODEC.encode(content.translations)  # hashes faster than the objects
    key = (content.language, translations, tuple(content.localized_images))
    book = _books.get(key)
    if book is None:
        if len(_books) >= _BOOKS_MAX:
            _books.clear()
        book = _books[key] = _compiled(content, writable=b"\\u0000" not in translations)
    _newest = (content, book)
    return book


@lru_cache(maxsize=4096)
def is_translated(path: str) -> bool:
    """Whether phones look for a text of this place among the translations. Of semantic tags: those that Apple calls localizable."""
    name = texts.tag_of(path)
    if name is None:
        return path != ALT_TEXT
    rule = vocabulary().dictionaries["semantics"].keys.get(name)
    return rule is not None and rule.kind == "localized" and not rule.listed


def _compiled(content: Content, *, writable: bool) -> Phrasebook:
    folders = texts.languages(content)
    tables = [texts.translation(content, other) for other in folders[1:]]
    words: dict[str, Words] = {}
    for table in tables:
        for path in table:
            if path not in words:
                words[path] = tuple([other.get(path) for other in tables])
    words = {path: found for path, found in words.items() if is_translated(path)}
    lost = tuple([(language, path) for language, said in content.translations.items() for path in said if not is_translated(path)])
    names: list[Words | None] = [None] * len(NAMES)
    fields: dict[str, list[Words | None]] = {}
    usual = True
    for path, found in words.items():
        key, at = _place_of(path)
        if at < 0:
            usual = False
        elif key is None:
            names[at] = found
        else:
            fields.setdefault(key, [None] * len(texts.FIELD_PARTS))[at] = found
    return Phrasebook(folders, words, _places(names), {key: _places(parts) for key, parts in fields.items()}, usual, writable, lost)


@lru_cache(maxsize=4096)
def _place_of(path: str) -> tuple[str | None, int]:
    """(the key of a field, which part of it), (None, which name of the content), or -1 for the part at other places."""
    if path in NAMES:
        return None, NAMES.index(path)
    start, _, rest = path.partition(".")
    key, _, part = rest.rpartition(".")
    return (key, texts.FIELD_PARTS.index(part)) if start == "fields" and part in texts.FIELD_PARTS else (None, -1)


def _places(found: list[Words | None]) -> Places:
    translated = tuple([(at, words) for at, words in enumerate(found) if words is not None])
    return translated, tuple([at for at, words in enumerate(found) if words is None])

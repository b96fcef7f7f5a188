"""A content's translations → `<language>.lproj/pass.strings`, and the content whose texts are their keys. Pure.

A key is the literal text of pass.json. Where one text has different words at different places, those places get a key of their own,
which holds the text, so that a new value is a new key: phones tell a change by it. There is no fallback file, so the base language
has its folder too, and all folders have the same keys. Source: reference/apple-wallet.md section 1.4.
May not enter: pictures of a language (images), formats of numbers and dates (the phone's own), judging (rules_languages.py)."""

from dataclasses import dataclass
from functools import lru_cache

import msgspec

from billfold.domain import texts
from billfold.domain.content import Content

Files = tuple[tuple[str, bytes], ...]
"""(name in the bundle, bytes)."""

NOT_TRANSLATED_BY_APPLE = frozenset({"barcode.alt_text"})
"""Places that phones show as they stand: Apple calls no `altText` localizable."""

_NAMES = ("organization_name", "description", "logo_text")
_CODEC = msgspec.json.Encoder()
_Words = tuple[str | None, ...]
"""A text in each folder but the base's; None: the base text."""
_Places = tuple[tuple[tuple[int, _Words], ...], tuple[int, ...]]
"""Of some parts in a row: (place, its words) of those that are translated, places of the others."""
_Simple = tuple[dict[str, tuple[str, ...]], int]
_last: tuple[Content | None, _Simple | None] = (None, None)
"""What was found of the last content: it is asked for twice, when a pass is judged and when it is written."""
_Row = tuple[str, tuple[str, ...]]
"""A key, and its text in each folder."""


@dataclass(frozen=True, slots=True, eq=False)
class Phrasebook:
    """Translations by place. `folders`: languages, the base first; `words`: path → text or None for each of the others.

    The same again for the usual places, by what they are looked up with: `names` (those of the content itself), `fields` (key →
    label, value, change message, rich text). `usual`: there are no other places. `writable`: no text holds a NUL."""

    folders: tuple[str, ...]
    words: dict[str, _Words]
    names: _Places
    fields: dict[str, _Places]
    usual: bool
    writable: bool


def localized(content: Content) -> tuple[Content, Files]:
    """(the content whose texts are keys, the strings files). A content without translations has none and stays as it is."""
    if not content.translations:
        return content, ()
    book = phrasebook(content)
    simple = _simple_rows(content, book)
    if simple is not None:
        rows = tuple(simple[0].items())
    else:
        rows, own = _rows(content, book)
        if own:
            content = texts.rewrite(content, own.get)
    return content, _files(book.folders, rows) if rows else ()


def phrasebook(content: Content) -> Phrasebook:
    """Raises UnicodeEncodeError for half a character."""
    return _phrasebook(content.language, _CODEC.encode(content.translations), tuple(content.localized_images))


def all_name_texts(content: Content, book: Phrasebook) -> bool:
    """Whether each place in the book is one of the content. May say no where the answer is yes, never the other way round."""
    simple = _simple_rows(content, book)
    return simple is not None and simple[1] == len(book.words)


@lru_cache(maxsize=256)
def _phrasebook(language: str | None, translations: bytes, with_images: tuple[str, ...]) -> Phrasebook:
    """Kept, since all passes of a template have the same. `translations` as JSON, which hashes fast."""
    given = msgspec.json.decode(translations, type=dict[str, dict[str, str]])
    content = Content("", "", language=language, translations=given, localized_images={name: {} for name in with_images})
    folders = texts.languages(content)
    tables = [texts.translation(content, other) for other in folders[1:]]
    paths = dict.fromkeys(path for table in tables for path in table if path not in NOT_TRANSLATED_BY_APPLE)
    words = {path: tuple([table.get(path) for table in tables]) for path in paths}
    keys = dict.fromkeys(path.split(".", 1)[1].rpartition(".")[0] for path in words if path.startswith("fields."))
    fields = {key: _places([words.get(f"fields.{key}.{part}") for part in texts.FIELD_PARTS]) for key in keys}
    names = _places([words.get(name) for name in _NAMES])
    usual = sum(len(translated) for translated, _ in (names, *fields.values())) == len(words)
    return Phrasebook(folders, words, names, fields, usual, b"\\u0000" not in translations)


def _simple_rows(content: Content, book: Phrasebook) -> _Simple | None:
    """(key → its texts, base first; how many places of the book are in the content) where every text is its own key and stands at
    usual places; else None. On the hot path: most translated passes are such, and each is judged and then written."""
    global _last
    if _last[0] is not content:
        _last = (content, _find_simple_rows(content, book))
    return _last[1]


def _find_simple_rows(content: Content, book: Phrasebook) -> _Simple | None:
    if not book.usual or content.poster is not None or content.beacons:
        return None
    names = (content.organization_name, content.description, content.logo_text)
    places: list[tuple[_Words, _Places]] = [(names, book.names)]
    plain: list[str | None] = [one.relevant_text for one in content.locations]
    by_key = book.fields
    for one in content.fields():
        parts = (one.label, one.value if one.format is None else None, one.change_message, one.rich_text)
        if (found := by_key.get(one.key)) is None:
            plain += parts
        else:
            places.append((parts, found))
    rows: dict[str, tuple[str, ...]] = {}
    used = 0
    for parts_, (translated, rest) in places:
        for at, words in translated:
            text = parts_[at]
            if text is not None:
                used += 1
                row = (text, *_wording(text, words))
                if not text or rows.setdefault(text, row) != row:
                    return None
        for at in rest:
            plain.append(parts_[at])
    return (rows, used) if rows.keys().isdisjoint(plain) else None


def _places(found: list[_Words | None]) -> _Places:
    translated = tuple([(at, words) for at, words in enumerate(found) if words is not None])
    return translated, tuple([at for at, words in enumerate(found) if words is None])


def _rows(content: Content, book: Phrasebook) -> tuple[tuple[_Row, ...], dict[str, str]]:
    """(key and texts of each, path → key of its own). The first place with a text has the text itself as its key."""
    rows: list[_Row] = []
    owners: dict[str, tuple[str, ...]] = {}
    own: dict[str, str] = {}
    places = texts.paths(content)
    for path in NOT_TRANSLATED_BY_APPLE & places.keys():
        del places[path]
    for path, words in book.words.items():
        text = places.get(path)
        if text and text not in owners:
            owners[text] = _wording(text, words)
            rows.append((text, (text, *owners[text])))
    untranslated = (None,) * (len(book.folders) - 1)
    for path, text in places.items():
        wording = _wording(text, book.words.get(path, untranslated))
        if text not in owners and (text or not any(wording)):  # "" is no key
            continue
        if wording == owners.get(text):
            continue
        key = f"{text} [{path}]"
        while key in places.values() or key in own.values():
            key += "]"
        own[path] = key
        rows.append((key, (text, *wording)))
    return tuple(rows), own


def _wording(text: str, words: _Words) -> tuple[str, ...]:
    if None not in words:
        return words  # type: ignore[return-value]
    return tuple([text if word is None else word for word in words])


@lru_cache(maxsize=1024)
def _files(folders: tuple[str, ...], rows: tuple[_Row, ...]) -> Files:
    return tuple((f"{folder}.lproj/pass.strings", _table(rows, place)) for place, folder in enumerate(folders))


def _table(rows: tuple[_Row, ...], place: int) -> bytes:
    """Always UTF-16 with a byte order mark, big end first: Apple asks for it beyond ASCII, KDE's reader takes no other order, and
    GNOME Passes takes every second file in UTF-8 or ASCII for UTF-16 (tests/wallets/apple/test_apple_peers.py)."""
    text = "".join([f'"{_escaped(key)}" = "{_escaped(wording[place])}";\n' for key, wording in rows])
    return b"\xfe\xff" + text.encode("utf-16-be")


def _escaped(text: str) -> str:
    if '"' not in text and "\\" not in text and "\n" not in text and "\r" not in text:
        return text
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")

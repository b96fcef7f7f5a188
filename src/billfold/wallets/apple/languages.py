"""A content's translations → `<language>.lproj/pass.strings`, and the content whose texts are their keys. Pure.

A key is the literal text of pass.json. Where one text has different words at different places, those places get a key of their own,
which holds the text, so that a new value is a new key: phones tell a change by it. The text of a semantic tag that nobody
translates is no key: what a phone looks up by it (an airport, a venue) must stay. There is no fallback file, so the base language
has its folder too, and all folders have the same keys. Source: reference/apple-wallet.md section 1.4.
May not enter: pictures of a language (images), formats of numbers and dates (the phone's own), judging (rules_languages.py)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import TypeGuard

from billfold.domain import texts
from billfold.domain.content import Content
from billfold.wallets.alike.moulds import MOULDS_MAX, Mould, Values, cast_of, shown
from billfold.wallets.apple.phrasebooks import ALT_TEXT, Phrasebook, Words, phrasebook

_VALUE = texts.FIELD_PARTS.index("value")
_STRINGS_MAX = 64
Files = tuple[tuple[str, bytes], ...]
"""(name in the bundle, bytes)."""
_Pick = Callable[[Values], Values]
_Row = tuple[str, tuple[str, ...]]
"""A key, and its text in each folder."""


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    """What the strings files hold, each text its own key: the same in all languages' folders. `used`: how many places of the book
    the content has."""

    folders: tuple[str, ...]
    rows: tuple[_Row, ...]
    keys: frozenset[str]
    used: int


_last: tuple[Content | None, _Sheet | None] = (None, None)
"""What was found of the last content: it is asked for twice, when a pass is judged and when it is written."""


def localized(content: Content) -> tuple[Content, Files]:
    """(the content whose texts are keys, the strings files). A content without translations has none and stays as it is."""
    if not content.translations:
        return content, ()
    cast = cast_of(content)
    if cast is None:
        return keyed(content)
    if (known := _known(*cast)) is not None:
        return content, known
    made, files = keyed(content)
    if made is content and (sheet := _simple_sheet(content, phrasebook(content))) is not None:
        _keep(*cast, sheet.keys, files)
    return made, files


def keyed(content: Content) -> tuple[Content, Files]:
    """The same, whatever is known of its mould."""
    book = phrasebook(content)
    sheet = _simple_sheet(content, book)
    if sheet is not None:
        return content, _files_of(sheet)
    rows, own = _rows(content, book)
    if own:
        content = texts.rewrite(content, own.get)
    return content, _files(book.folders, rows) if rows else ()


@lru_cache(maxsize=MOULDS_MAX)
def _sides(mould: Mould) -> tuple[_Pick, _Pick]:
    """What picks of a mould's values those that are translated, and those that must be no key of a strings file."""
    book = phrasebook(mould.example)
    texts_ = [(at, book.fields.get(one.key)) for at, one in enumerate(shown(mould.example)) if one.format is None]
    translated = [at for at, found in texts_ if found is not None and _VALUE in dict(found[0])]
    return _pick(translated), _pick([at for at, _ in texts_ if at not in translated])


def _pick(places: list[int]) -> _Pick:
    match places:
        case []:
            return lambda values: ()
        case [only]:
            return lambda values: values[only : only + 1]
        case _:
            return itemgetter(*places)


@lru_cache(maxsize=MOULDS_MAX)
def _strings(mould: Mould) -> dict[Values, tuple[frozenset[str], Files]]:
    """Values that are translated → (keys of the strings files, the files), of earlier passes of the mould."""
    return {}


def _known(mould: Mould, values: Values) -> Files | None:
    """The files of an earlier pass of the mould with the same texts to translate, unless a value of this one is a key in them."""
    translated, plain = _sides(mould)
    found = _strings(mould).get(translated(values))
    return found[1] if found is not None and found[0].isdisjoint(plain(values)) else None


def _keep(mould: Mould, values: Values, keys: frozenset[str], files: Files) -> None:
    strings = _strings(mould)
    if len(strings) >= _STRINGS_MAX:
        strings.clear()
    strings[_sides(mould)[0](values)] = keys, files


def all_name_texts(content: Content, book: Phrasebook) -> bool:
    """Whether each place in the book is one of the content. May say no where the answer is yes, never the other way round."""
    sheet = _simple_sheet(content, book)
    return sheet is not None and sheet.used == len(book.words)


def _simple_sheet(content: Content, book: Phrasebook) -> _Sheet | None:
    """What `_find_simple_sheet` finds. On the hot path: most translated passes are such, and each is judged and then written."""
    global _last
    last = _last  # another thread may put its own there meanwhile
    if last[0] is not content:
        last = _last = (content, _find_simple_sheet(content, book))
    return last[1]


def _find_simple_sheet(content: Content, book: Phrasebook) -> _Sheet | None:
    """The sheet of a content where every text is its own key and stands at usual places; else None."""
    if not book.usual or content.poster is not None or content.beacons or content.sign_up is not None:
        return None
    plain: list[str | None] = [one.relevant_text for one in content.locations]
    plain += filter(_is_text, content.semantics.values())
    names = (content.organization_name, content.description, content.logo_text)
    said = [names[at] for at, _ in book.names[0]]
    plain += [names[at] for at in book.names[1]]
    keys: list[str] = []
    by_key = book.fields
    for one in content.fields():
        parts = (one.label, one.value if one.format is None else None, one.change_message, one.rich_text)
        if (found := by_key.get(one.key)) is None:
            plain += parts
        else:
            keys.append(one.key)
            for at, _ in found[0]:
                said.append(parts[at])
            for at in found[1]:
                plain.append(parts[at])
        if one.semantics:
            plain += filter(_is_text, one.semantics.values())
    sheet = _sheet(book, tuple(keys), tuple(said))
    return sheet if sheet is not None and sheet.keys.isdisjoint(plain) else None


@lru_cache(maxsize=4096)
def _sheet(book: Phrasebook, fields: tuple[str, ...], said: tuple[str | None, ...]) -> _Sheet | None:
    """Kept, since passes of a template mostly say the same where there is something to translate. `said`: the texts at the book's
    places, those of the content itself before those of these fields; None where one text would need two translations."""
    translated = [words for _, words in book.names[0]]
    translated += [words for key in fields for _, words in book.fields[key][0]]
    rows: dict[str, tuple[str, ...]] = {}
    used = 0
    for text, words in zip(said, translated, strict=True):
        if text is not None:
            used += 1
            row = (text, *_wording(text, words))
            if not text or rows.setdefault(text, row) != row:
                return None
    return _Sheet(book.folders, tuple(rows.items()), frozenset(rows), used)


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str)


def _rows(content: Content, book: Phrasebook) -> tuple[tuple[_Row, ...], dict[str, str]]:
    """(key and texts of each, path → key of its own). The first place with a text has the text itself as its key, a tag before
    others, and nobody that of a tag without translations."""
    rows: list[_Row] = []
    owners: dict[str, tuple[str, ...]] = {}
    own: dict[str, str] = {}
    places = texts.paths(content)
    fixed = {text for path, text in texts.tags(content).items() if path not in book.words}
    places = {
        path: text for path, text in places.items() if path in book.words or (path != ALT_TEXT and texts.tag_of(path) is None)
    }
    for path, words in sorted(book.words.items(), key=lambda one: texts.tag_of(one[0]) is None):
        text = places.get(path)
        if text and text not in owners and text not in fixed:
            owners[text] = _wording(text, words)
            rows.append((text, (text, *owners[text])))
    untranslated = (None,) * (len(book.folders) - 1)
    for path, text in places.items():
        wording = _wording(text, book.words.get(path, untranslated))
        if wording == owners.get(text, (text,) * len(wording)):  # nobody's key, and nobody needs one
            continue
        key = f"{text} [{path}]"
        while key in places.values() or key in own.values() or key in fixed:
            key += "]"
        own[path] = key
        rows.append((key, (text, *wording)))
    return tuple(rows), own


def _wording(text: str, words: Words) -> tuple[str, ...]:
    if None not in words:
        return words  # type: ignore[return-value]
    return tuple([text if word is None else word for word in words])


@lru_cache(maxsize=4096)
def _files_of(sheet: _Sheet) -> Files:
    return _files(sheet.folders, sheet.rows) if sheet.rows else ()


@lru_cache(maxsize=1024)
def _files(folders: tuple[str, ...], rows: tuple[_Row, ...]) -> Files:
    """Always UTF-16 with a byte order mark, big end first: Apple asks for it beyond ASCII, KDE's reader takes no other order, and
    GNOME Passes takes every second file in UTF-8 or ASCII for UTF-16 (tests/wallets/apple/test_apple_peers.py)."""
    columns = zip(*[_lines(key, wording) for key, wording in rows], strict=True)
    tables = zip(folders, columns, strict=True)
    return tuple([(f"{folder}.lproj/pass.strings", b"\xfe\xff" + b"".join(lines)) for folder, lines in tables])


@lru_cache(maxsize=8192)
def _lines(key: str, wording: tuple[str, ...]) -> tuple[bytes, ...]:
    """One row in each folder. Kept, since passes differ in few of theirs."""
    start = f'"{_escaped(key)}" = "'
    return tuple([f'{start}{_escaped(text)}";\n'.encode("utf-16-be") for text in wording])


def _escaped(text: str) -> str:
    if '"' not in text and "\\" not in text and "\n" not in text and "\r" not in text:
        return text
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")

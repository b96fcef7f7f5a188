"""What Apple requires of languages: rows 18, 19, 45 and 46 of reference/apple-wallet.md section 9.

A book of translations is judged once and remembered, since all passes of a template have the same; only whether its paths name
texts is asked of each content. May not enter: files (languages.py), pictures."""

import contextlib
import re
from functools import lru_cache

from billfold.domain import texts
from billfold.domain.content import Content
from billfold.ports import Finding
from billfold.wallets.apple import predicates
from billfold.wallets.apple.languages import all_name_texts
from billfold.wallets.apple.phrasebooks import ALT_TEXT, Phrasebook, phrasebook
from billfold.wallets.apple.verdicts import ERROR, WARNING, error, of_fault, warning

_PLAIN = re.compile(r"[A-Za-z0-9_.\[\]-]{1,100}\Z")


def judge_languages(content: Content, found: list[Finding]) -> None:
    tags = _tags(content.language, tuple(content.translations), tuple(content.localized_images))
    found += tags
    if not content.translations or any(one.severity == ERROR for one in tags):
        return
    book = _readable(content, found)
    if book is None:
        return
    found += _words(book)
    if (long := _long(book)) and (fronts := _fronts(content)):
        found += [
            of_fault(WARNING, where, predicates.text_too_long(longest))
            for path, where, length in long
            if (longest := fronts.get(path, length)) < length
        ]
    if not all_name_texts(content, book):
        _judge_paths(content, book, found)


def _readable(content: Content, found: list[Finding]) -> Phrasebook | None:
    """Row 1."""
    with contextlib.suppress(UnicodeEncodeError):
        book = phrasebook(content)
        if book.writable:
            return book
    wrong = [
        of_fault(ERROR, f"translations.{language}", predicates.UNWRITABLE)
        for language, words in content.translations.items()
        if not predicates.is_writable("".join(words) + "".join(words.values()))
    ]
    found += wrong
    return None if wrong else phrasebook(content)


def _judge_paths(content: Content, book: Phrasebook, found: list[Finding]) -> None:
    for path in book.words.keys() - texts.paths(content).keys():
        for language, words in content.translations.items():
            if path in words:
                text, mend = "it names no text of this pass", "name a text by its place, like fields.points.label"
                where = f"translations.{language}.{path}" if _PLAIN.match(path) else f"translations.{language}"
                found.append(warning("translation_of_nothing", where, text, mend, "it is left out"))


@lru_cache(maxsize=256)
def _words(book: Phrasebook) -> tuple[Finding, ...]:
    """Rows 18 and 19, for the words themselves, and which of them no phone shows. Remembered by the book's identity, which
    languages.py keeps."""
    found = [_lost(language, path) for language, path in book.lost]
    for path, words in book.words.items():
        for language, word in zip(book.folders[1:], words, strict=True):
            if word is None:
                continue
            where = f"translations.{language}.{path}"
            if path.endswith(".change_message") and predicates.is_generic_change_message(word):
                found.append(of_fault(WARNING, where, predicates.CHANGE_MESSAGE_GENERIC))
            if path.endswith(".rich_text") and (fault := predicates.attributed_fault(word)) is not None:
                found.append(of_fault(WARNING, where, fault))
    return tuple(found)


@lru_cache(maxsize=256)
def _long(book: Phrasebook) -> tuple[tuple[str, str, int], ...]:
    """Path of a text, where its translation stands, and its characters: of those that the front of a pass may have no room for."""
    return tuple(
        (path, f"translations.{language}.{path}", len(word))
        for path, words in book.words.items()
        if path.startswith("fields.") and path.endswith((".value", ".label"))
        for language, word in zip(book.folders[1:], words, strict=True)
        if word is not None and len(word) > predicates.FRONT_TEXT_MAX and _PLAIN.match(path)
    )


def _fronts(content: Content) -> dict[str, int]:
    """Row 17: paths of the texts of the front, and how many characters of each a phone shows."""
    found: dict[str, int] = {}
    for group, longest in (
        (content.header + content.secondary + content.auxiliary, predicates.FRONT_TEXT_MAX),
        (content.primary, predicates.PRIMARY_TEXT_MAX),
    ):
        for one in group:
            found[f"fields.{one.key}.label"] = longest
            if one.format is None:
                found[f"fields.{one.key}.value"] = longest
    return found


def _lost(language: str, path: str) -> Finding:
    text, mend = "Apple shows this tag as it stands", "leave it away: phones write dates by themselves, and look codes up"
    if path == ALT_TEXT:
        text, mend = "Apple shows the text beside a code as it stands", "write it so that everybody reads it"
    where = f"translations.{language}.{path}" if _PLAIN.match(path) else f"translations.{language}"
    return warning("translation_lost", where, text, mend, "the base text is shown")


@lru_cache(maxsize=256)
def _tags(language: str | None, translations: tuple[str, ...], localized_images: tuple[str, ...]) -> tuple[Finding, ...]:
    """Row 46."""
    found: list[Finding] = []
    if language is not None and not predicates.is_language(language):
        found.append(_malformed("language"))
    for name, languages in (("translations", translations), ("localized_images", localized_images)):
        found += [_malformed(name) for one in languages if not predicates.is_language(one)]
    base = language or "en"
    if base in translations:
        text = "this is the language of the pass's own texts"
        mend = "leave it away, or say the pass's language"
        found.append(warning("translation_of_base", f"translations.{base}", text, mend, "it is left out"))
    return tuple(found)


def _malformed(path: str) -> Finding:
    mend = "write it as de, pt-BR or zh-Hans"
    return error("language_malformed", path, "this is no tag of a language", mend, "no phone finds its texts")

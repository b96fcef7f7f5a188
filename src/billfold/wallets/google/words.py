"""A content's texts as Google takes them: the base text with the translations that differ; values as each language writes them.

May not enter: where a text stands. Source: reference/google-wallet.md section 1.14."""

from collections.abc import Mapping
from typing import Final

from billfold.domain import texts
from billfold.domain.content import Content, Field
from billfold.domain.formatting import display
from billfold.wallets.google.shapes import LocalizedString, TranslatedString

LANGUAGE: Final = "en"
"""Google wants a language tag on each text. Where a content does not say its language, the one text is shown anyway."""


class Words:
    """The texts of one content. Cheap where it has one language (`alone`)."""

    __slots__ = ("_languages", "_translations", "alone", "base")

    def __init__(self, content: Content) -> None:
        self.base = content.language or LANGUAGE
        self._languages: tuple[str, ...] = ()
        self._translations: dict[str, dict[str, str]] = {}
        if content.translations:
            self._languages = tuple(one for one in texts.languages(content)[1:] if one in content.translations)
            self._translations = {one: texts.translation(content, one) for one in self._languages}
        self.alone = not self._languages

    def plain(self, text: str) -> LocalizedString:
        """A text that no translation names."""
        return LocalizedString(TranslatedString(self.base, text))

    def brought(self, text: str, others: Mapping[str, str]) -> LocalizedString:
        """A text that brings its translations along: language → text."""
        return self._with(text, dict(others))

    def at(self, path: str, text: str) -> LocalizedString:
        """A text by its path in domain/texts.py."""
        if self.alone:
            return LocalizedString(TranslatedString(self.base, text))
        return self._with(text, {one: words.get(path) or text for one, words in self._translations.items()})

    def label(self, field: Field) -> LocalizedString | None:
        return self.at(f"fields.{field.key}.label", field.label) if field.label else None

    def value(self, field: Field) -> LocalizedString | None:
        """What the holder reads, None where that is nothing."""
        if field.format is None:
            return self.at(f"fields.{field.key}.value", field.value) if field.value else None
        if not field.value:
            return None
        return self._with(display(field, self.base), {one: display(field, one) for one in self._languages})

    def text(self, field: Field) -> str:
        """The value in the base language."""
        return field.value if field.format is None else display(field, self.base)

    def _with(self, text: str, others: dict[str, str]) -> LocalizedString:
        translated = tuple(TranslatedString(language, other) for language, other in others.items() if other != text)
        return LocalizedString(TranslatedString(self.base, text), translated or None)


def twin(text: LocalizedString | None) -> LocalizedString | None:
    """The localized member beside a plain one: only where it says more."""
    return text if text is not None and text.translated_values else None


def base_of(text: LocalizedString | None) -> str | None:
    return text.default_value.value if text is not None else None

"""What pages say, one TOML file for each language in a room's `texts/`: `en.toml` is complete, others need not be.

The table `[script]` is what modules in the browser say. May not enter: texts of passes (domain/texts.py), HTML."""

import tomllib
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

DEFAULT = "en"
SCRIPT = "script."
Say = Callable[..., str]


def _flat(table: dict[str, object], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, str(value)


class Texts:
    """The texts of one room over those that all pages share."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders

    @cached_property
    def _by_language(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {DEFAULT: {}}
        for folder in self._folders:
            for path in sorted(folder.glob("*.toml")):
                found.setdefault(path.stem, {}).update(_flat(tomllib.loads(path.read_text(encoding="utf-8"))))
        return found

    @property
    def languages(self) -> tuple[str, ...]:
        """English first."""
        return tuple(self._by_language)

    def keys(self) -> frozenset[str]:
        return frozenset(self._by_language[DEFAULT])

    def speaker(self, language: str) -> Say:
        """`say("people.invited", name="Ada")` → the text, its `{name}` filled in. Raises KeyError for a text that nobody wrote."""
        own, default = self._by_language[language], self._by_language[DEFAULT]

        def say(key: str, **values: object) -> str:
            text = own.get(key) or default[key]
            for name, value in values.items():
                text = text.replace(f"{{{name}}}", str(value))
            return text

        return say

    def for_scripts(self, language: str) -> dict[str, str]:
        own = self._by_language[language]
        return {
            key.removeprefix(SCRIPT): own.get(key) or text
            for key, text in self._by_language[DEFAULT].items()
            if key.startswith(SCRIPT)
        }

"""The texts of a language folder, as a phone reads them. May not enter: which texts a pass has."""

import re
from collections.abc import Mapping

_NAME = ".lproj/pass.strings"
_ENTRY = re.compile(r'"((?:[^"\\]|\\.)*)"\s*=\s*"((?:[^"\\]|\\.)*)"\s*;', re.S)
_COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|("(?:[^"\\]|\\.)*")', re.S)


def tables_of(files: Mapping[str, bytes]) -> dict[str, str]:
    """Language → file."""
    return {name.removesuffix(_NAME): name for name in sorted(files) if name.endswith(_NAME)}


def strings_for(files: Mapping[str, bytes], language: str) -> dict[str, str]:
    """Key → text in the phone's language, its main language, English, or whatever there is: there is no fallback file."""
    tables = tables_of(files)
    if not tables:
        return {}
    wanted = (language, language.partition("-")[0], "en")
    chosen = next((tables[one] for one in wanted if one in tables), next(iter(tables.values())))
    return parse_strings(files[chosen])


def parse_strings(data: bytes) -> dict[str, str]:
    """A pass.strings file, UTF-16 with byte order mark or UTF-8."""
    return {_unescape(key): _unescape(value) for key, value in _ENTRY.findall(_readable(data))}


def is_whole(data: bytes) -> bool:
    """Whether nothing but entries and comments is in it."""
    return not _ENTRY.sub("", _readable(data)).strip("\ufeff \t\r\n")


def _readable(data: bytes) -> str:
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace")
    return _COMMENT.sub(lambda match: match[1] or " ", text)


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t", "r": "\r"}.get(match[1], match[1]), text, flags=re.S)

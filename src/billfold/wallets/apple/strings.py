"""Reads pass.strings: `"key" = "text";` lines with comments, in UTF-16 or UTF-8, as a phone's language folder holds them.

Never raises. May not enter: which texts are translated (document_rules/). Source: reference/apple-wallet.md section 1.4."""

import re

from billfold.wallets.apple.archive import Limits
from billfold.wallets.apple.findings import Findings
from billfold.wallets.apple.lenient_json import decode

_OTHERWISE = "holders see the raw keys"
_PAIR = re.compile(
    r"\s*+(?:/\*(?:[^*]++|\*(?!/))*+(?:\*/)?|//[^\n]*+"
    r'|(?P<key>"(?:[^"\\]++|\\.)*+"|[A-Za-z0-9_.-]++)\s*+=\s*+(?P<value>"(?:[^"\\]++|\\.)*+"|[A-Za-z0-9_.-]++)\s*+;)',
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:[uU]([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_SIGNS = {"n": "\n", "r": "\r", "t": "\t"}
_STEPS_MAX = 20_000


def read_strings(data: bytes, path: str, limits: Limits, found: Findings) -> dict[str, str]:
    """Key → text, as far as it can be read. Row 46."""
    if len(data) > limits.json_bytes_max:
        found.error(path, "strings_unreadable", "the file is too large", "keep the texts of a pass alone in it", _OTHERWISE)
        return {}
    if data.startswith(b"bplist"):
        mend = 'write it as text: lines like "key" = "text";'
        found.warning(path, "strings_binary", "the file is a binary property list, which is not read here", mend)
        return {}
    text = decode(data)
    if text.damaged:
        mend = "write it as UTF-16 with a byte order mark, or as UTF-8"
        found.error(path, "strings_unreadable", "the file is neither UTF-16 nor UTF-8", mend, _OTHERWISE)
    elif text.encoding.startswith("utf-16") and not text.marked:
        what = "the file is UTF-16 without a byte order mark"
        found.warning(
            path, "strings_no_mark", what, "begin it with the mark, or write UTF-8", "whether Wallet reads it is not documented"
        )
    made: dict[str, str] = {}
    at, doubled, steps = 0, False, 0
    while (match := _PAIR.match(text.text, at)) and (steps := steps + 1) <= _STEPS_MAX:
        at = match.end()
        if match["key"] is not None:
            key = _unescaped(match["key"])
            doubled |= key in made
            made[key] = _unescaped(match["value"])
    if doubled:
        found.warning(
            path, "strings_key_twice", "a text has two translations", "write each key once", "which of the two counts is chance"
        )
    if text.text[at:].strip("\ufeff \t\r\n\0"):
        line = text.text.count("\n", 0, at) + 1
        mend = 'write lines like "key" = "text"; and put \\ before " and \\ inside texts'
        found.error(path, "strings_unreadable", f"the file cannot be read from line {line} on", mend, _OTHERWISE)
    return made


def _unescaped(token: str) -> str:
    if not token.startswith('"'):
        return token
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else _SIGNS.get(match[2], match[2]), token[1:-1])

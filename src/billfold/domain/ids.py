"""The shapes of our identifiers. Whatever leaves the system carries the short name of its scope, so that a request finds its
workspace without a global index.

    workspace      d3m0ab                       6 of a-z 0-9
    scope          d3m0abt                      workspace + t (test) or l (live)
    pass id        d3m0abt-1nK...(22)           scope + time of issue + 88 random bits; Apple's serial number, the share link,
                                                Google's suffix
    template id    tpl_d3m0abt_...(16)
    access key     bf_test_d3m0ab + 10 (id) + 33 (secret, 196 bits) + 6 (checksum)

May not enter: randomness (it comes as bytes), lookup, hashing of secrets (domain/keys.py)."""

import re
from enum import StrEnum
from typing import NewType

import msgspec

PassId = NewType("PassId", str)
TemplateId = NewType("TemplateId", str)

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_WORKSPACE = re.compile(r"[a-z0-9]{6}\Z")
_PASS_ID = re.compile(r"([a-z0-9]{6}[tl])-[0-9A-Za-z]{22}\Z")
_TEMPLATE_ID = re.compile(r"tpl_([a-z0-9]{6}[tl])_[0-9A-Za-z]{16}\Z")


class Environment(StrEnum):
    TEST = "test"
    LIVE = "live"


_LETTERS = {one.value[0]: one for one in Environment}


class Scope(msgspec.Struct, frozen=True):
    """Whose rows: a workspace (tenant) and one of its two environments. Every row and every query has one, and much that is
    kept in memory is kept by it."""

    workspace: str
    environment: Environment

    def __post_init__(self) -> None:
        assert _WORKSPACE.match(self.workspace), "a workspace id is 6 of a-z 0-9"

    @property
    def code(self) -> str:
        return self.workspace + self.environment[0]

    @classmethod
    def parse(cls, code: str) -> "Scope | None":
        """The scope named by its 7-character code, or None. Says nothing about whether it exists."""
        if len(code) != 7 or not _WORKSPACE.match(code[:6]) or code[6] not in _LETTERS:
            return None
        return cls(code[:6], _LETTERS[code[6]])


_PAIRS = [high + low for high in ALPHABET for low in ALPHABET]


def base62(number: int, width: int) -> str:
    """`number` in base 62, left-padded with zeros to `width` characters."""
    pairs = []  # two digits at a time: ids are made on the hot path
    for _ in range((width + 1) // 2):
        number, pair = divmod(number, 3844)
        pairs.append(_PAIRS[pair])
    text = "".join(reversed(pairs))
    assert number == 0, "width too small for the number"
    assert len(text) == width or text[0] == "0", "width too small for the number"
    return text[-width:]


def pass_id(scope: Scope, entropy: bytes) -> PassId:
    """`entropy` is 16 random bytes."""
    return PassId(f"{scope.code}-{base62(int.from_bytes(entropy[:16], 'big'), 22)}")


def new_pass_id(scope: Scope, at_ms: int, random: bytes) -> PassId:
    """`random` is 11 random bytes. What is issued together stands together in every table (ADR 18)."""
    return pass_id(scope, (at_ms & 0xFF_FFFF_FFFF).to_bytes(5, "big") + random)


def template_id(scope: Scope, entropy: bytes) -> TemplateId:
    """`entropy` is at least 11 random bytes (95 bits are used)."""
    return TemplateId(f"tpl_{scope.code}_{base62(int.from_bytes(entropy[:11], 'big') >> 1, 16)}")


def scope_of_pass(text: str) -> Scope | None:
    """The scope that a pass id names, None when the text is no pass id."""
    match = _PASS_ID.match(text)
    return Scope.parse(match[1]) if match else None


def scope_of_template(text: str) -> Scope | None:
    match = _TEMPLATE_ID.match(text)
    return Scope.parse(match[1]) if match else None

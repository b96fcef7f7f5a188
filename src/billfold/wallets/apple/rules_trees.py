"""What Apple requires of what somebody gave in its own words: tags, and members of pass.json. Rows 1, 40 and 41 of
reference/apple-wallet.md section 9, and through the document's rules all others.

May not enter: any key by name (vocabulary.toml knows them), what two keys mean together (document_rules.py)."""

import datetime
import math
from typing import cast

from msgspec.structs import replace

from billfold.domain.content import Content, JsonObject, Style
from billfold.ports import Finding
from billfold.wallets.apple import predicates
from billfold.wallets.apple.document_rules import judge_document
from billfold.wallets.apple.document_shape import judge_shape
from billfold.wallets.apple.findings import Findings
from billfold.wallets.apple.lenient_json import Json
from billfold.wallets.apple.overrides import PROTECTED
from billfold.wallets.apple.pass_json import IssuingFacts, document_of
from billfold.wallets.apple.verdicts import CLOSED, ERROR, error, of_fault

DEPTH_MAX = 32
_INTEGER_MAX = 2**63
_STAND_IN = IssuingFacts("pass.example.pass", "ABCDE12345", "https://wallet.example/apple", "x" * 32, has_nfc=True)
_NEVER = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
"""Whether a date has passed is asked where there is a clock."""


def judge_tags(tags: JsonObject, path: str, style: Style, found: list[Finding]) -> None:
    """Row 40: known tags, of the right type, in a style that has them."""
    if not _is_writable(tags, path, found):
        return
    about = Findings()
    judge_shape(cast(dict[str, Json], tags), about, "semantics", path, frozenset({style.value}))
    found += about.all()


def judge_overrides(content: Content, given: JsonObject, found: list[Finding]) -> None:
    """What the pass would have against it that it has not without these members."""
    for name in PROTECTED & given.keys():
        text = "a pass's identity and our own address and token stay as they are"
        found.append(error("override_protected", f"overrides.apple.{name}", text, "leave it away", "the pass would be another"))
    if not _is_writable(given, "overrides.apple", found):
        return
    without = replace(content, overrides=None)
    before = {(one.code, one.path) for one in _judged(without)}
    for one in _judged(content):
        if (one.code, one.path) not in before:
            path = f"overrides.apple.{one.path}" if one.path else "overrides.apple"
            found.append(Finding(one.code, one.severity, path, one.message, one.mend, one.otherwise))


def _judged(content: Content) -> tuple[Finding, ...]:
    about = Findings()
    judge_document(cast(dict[str, Json], document_of("1", content, _STAND_IN)), {}, _NEVER, about)
    return about.all()


def _is_writable(value: object, path: str, found: list[Finding]) -> bool:
    """Row 1: whether strict JSON can carry it."""
    before = len(found)
    _judge_writable(value, path, found, 0)
    return len(found) == before


def _judge_writable(value: object, path: str, found: list[Finding], depth: int) -> None:
    if depth > DEPTH_MAX:
        text = f"objects stand in each other {DEPTH_MAX} times and more"
        found.append(error("value_too_deep", path, text, "make it flatter", CLOSED))
    elif isinstance(value, str):
        if not predicates.is_writable(value):
            found.append(of_fault(ERROR, path, predicates.UNWRITABLE))
    elif isinstance(value, dict):
        for name, one in value.items():
            if not predicates.is_writable(name):
                found.append(of_fault(ERROR, path, predicates.UNWRITABLE))
            else:
                _judge_writable(one, f"{path}.{name}" if name.isidentifier() else path, found, depth + 1)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            _judge_writable(one, f"{path}[{number}]", found, depth + 1)
    elif not _is_number_or_constant(value):
        mend = "write texts, numbers of 64 bits, true or false"
        found.append(error("value_not_writable", path, "JSON has no such value", mend, CLOSED))


def _is_number_or_constant(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):
        return -_INTEGER_MAX <= value < _INTEGER_MAX
    return value is None

"""Whether a pass's own values give the rules anything to say. Where not, what is said of a pass is what is said of its mould.

Judges nothing itself: it may say no where the rules have no word about it, never the other way round. Of each row of
reference/apple-wallet.md section 9 that reads a value: 1, 13, 14, 17, 22 to 24, 27, 30, 31; 52 apart.
May not enter: findings, what does not differ from pass to pass."""

import sys
from functools import lru_cache
from operator import gt
from typing import NamedTuple

from billfold.domain.content import Content, Field
from billfold.ports import Finding
from billfold.wallets.alike.moulds import MOULDS_MAX, Mould, Values, shown
from billfold.wallets.apple import predicates
from billfold.wallets.apple.predicates import DATE_MAX, FRONT_TEXT_MAX, PRIMARY_TEXT_MAX
from billfold.wallets.apple.rules_codes import judge_code
from billfold.wallets.apple.rules_fields import judge_format


class _Room(NamedTuple):
    """`longest`: characters for each value of the front; `formatted`: places of values that a phone writes itself."""

    longest: tuple[int, ...]
    formatted: tuple[int, ...]


@lru_cache(maxsize=MOULDS_MAX)
def _room(mould: Mould) -> _Room:
    content, fields = mould.example, shown(mould.example)
    groups = [(content.header, FRONT_TEXT_MAX), (content.primary, PRIMARY_TEXT_MAX)]
    groups += [(content.secondary, FRONT_TEXT_MAX), (content.auxiliary, FRONT_TEXT_MAX)]
    return _Room(
        tuple([most if one.format is None else sys.maxsize for group, most in groups for one in group]),
        tuple([at for at, one in enumerate(fields) if one.format is not None]),
    )


def in_order(content: Content, mould: Mould, values: Values) -> bool:
    longest, formatted = _room(mould)
    front, back = "\n".join(values[: len(longest)]), "\n".join(values[len(longest) :])
    found: list[Finding] = []
    if (code := content.barcode) is not None:
        judge_code(code, "barcode", found)
        front += code.message + (code.alt_text or "")
    if (expires_at := content.expires_at) is not None and not max(content.relevant_at or 0, 0) <= expires_at <= DATE_MAX:
        return False
    if formatted:
        _formats(shown(content), formatted, found)
    return not (
        found or any(map(gt, map(len, values), longest)) or not predicates.is_writable(front) or not predicates.is_writable(back)
    )


def names_contact(mould: Mould, values: Values) -> bool:
    """Row 52, which most passes of a mould answer alike: both answers are known of a mould."""
    back = values[len(_room(mould).longest) :]
    return bool(back) and predicates.names_contact("\n".join(back))


def _formats(fields: tuple[Field, ...], formatted: tuple[int, ...], found: list[Finding]) -> None:
    for at in formatted:
        judge_format(fields[at], "", found)

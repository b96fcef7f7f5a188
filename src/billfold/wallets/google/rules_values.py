"""Whether a pass's own values give the rules anything to say. Where not, what is said of a pass is what is said of its mould.

Judges nothing itself: it may say no where the rules have no word about it, never the other way round.
May not enter: findings, what does not differ from pass to pass."""

from functools import lru_cache
from typing import Final

from billfold.domain.content import Content
from billfold.wallets.alike.moulds import MOULDS_MAX, Mould, Values, shown
from billfold.wallets.google.document_rules import sound_digits
from billfold.wallets.google.modules import LINKS_MAX

VALUE_ADVISED: Final = 500
LINK_TEXT_ADVISED: Final = 20


@lru_cache(maxsize=MOULDS_MAX)
def _back(mould: Mould) -> int | None:
    """Place of the first value that may hold links. None for a mould whose values decide more than texts (a kind's members), or
    where a link would be judged by its field."""
    example = mould.example
    if example.kind is not None or any(len(one.label or "") > LINK_TEXT_ADVISED for one in example.back):
        return None
    return len(shown(example)) - len(example.back)


def in_order(content: Content, mould: Mould, values: Values) -> bool:
    back = _back(mould)
    if back is None or max(map(len, values)) > VALUE_ADVISED:
        return False
    if (code := content.barcode) is not None and not (code.message.isascii() and sound_digits(code.format, code.message)):
        return False
    return (code is None or bool(code.message)) and (back == len(values) or "".join(values[back:]).count(":") <= LINKS_MAX)

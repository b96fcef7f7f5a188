"""Starters as templates of the till: what they ask a caller for comes from the card, its member and the ledger instead.

May not enter: what a card shows by which name (domain/card_values.py says it)."""

import json
from collections.abc import Mapping

from billfold.domain.content import JsonObject
from billfold.starters import catalogue

FROM: Mapping[str, Mapping[str, str]] = {
    "cafe-stamps": {
        "member.number": "card.code",
        "stamps.collected": "balances.stamps",
        "stamps.total": "card.stamps_goal",
        "member.name": "member.name",
    },
    "retail-points": {
        "member.number": "card.code",
        "points": "balances.points",
        "member.name": "member.name",
        "member.tier": "member.tier",
    },
    "coupon": {"code": "card.code", "customer.name": "member.name", "valid_until": "card.expires_at"},
}
"""Starter → name that its texts read → where the till has it."""
BARCODE = "{{ card.signed_code }}"
"""What a till verifies also without a network. What a person reads below it stays short."""
_INSTEAD: Mapping[str, Mapping[str, JsonObject]] = {
    "retail-points": {
        "since": {
            "key": "balance",
            "label": "BALANCE",
            "value": "{{ balances.EUR }}",
            "change_message": "Your balance is %@ now.",
            "format": {"type": "money", "currency": "EUR"},
            "role": "balance",
            "alignment": "right",
        }
    },
    "coupon": {"offer": {"key": "offer", "label": "FOR YOU", "value": "{{ card.title }}", "role": "offer_title"}},
}
"""Starter → field that the till has nothing for → the one in its place."""


def body(starter: str) -> JsonObject:
    """A body of `POST /v1/templates`, pictures in it, whose schema asks callers for nothing. Raises NotFound."""
    text = json.dumps(catalogue.load(starter).body(), ensure_ascii=False)
    for name, ours in FROM[starter].items():
        text = text.replace(f"{{{{ {name} }}}}", f"{{{{ {ours} }}}}")
    made: JsonObject = json.loads(text)
    content = made["content"]
    assert isinstance(content, dict)
    for old, field in _INSTEAD.get(starter, {}).items():
        for group in ("header", "primary", "secondary", "auxiliary"):
            content[group] = [field if one["key"] == old else one for one in content.get(group) or []]
        for words in content.get("translations", {}).values():
            for path in [one for one in words if one.startswith(f"fields.{old}.")]:
                del words[path]
    barcode = content["barcode"]
    assert isinstance(barcode, dict)
    barcode["message"] = BARCODE
    return made | {"schema": []}

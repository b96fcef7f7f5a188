"""Starters as templates of the till: what they ask a caller for comes from the card, its member and the ledger instead. Their
schema names these values too, with the starter's first person as the example, so that previews show somebody's card. All of them
are one shop's, whatever shop a starter was drawn for.

May not enter: what a card shows by which name (domain/card_values.py says it)."""

import json
from collections.abc import Iterator, Mapping

from billfold.domain.content import JsonObject
from billfold.domain.templates import lookup
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
_SCHEMA: Mapping[str, tuple[str, str]] = {
    "card.code": ("text", "Card number"),
    "card.signed_code": ("text", "Code for the till"),
    "card.title": ("text", "Offer"),
    "card.stamps_goal": ("integer", "Stamps of a full card"),
    "card.expires_at": ("date", "Valid until"),
    "balances.points": ("text", "Points"),
    "balances.stamps": ("text", "Stamps"),
    "balances.EUR": ("text", "Balance"),
    "member.name": ("text", "Member"),
    "member.tier": ("text", "Tier"),
}
"""What the till has → its type and what people call it. Balances are texts, as the ledger writes them."""
SHOP = "cafe-stamps"
"""The starter whose shop it is."""
_LOOK = ("organization_name", "logo_text", "background_color", "foreground_color", "label_color", "images")
"""What of a content is the shop's. A picture behind the fields shows what another sells, so it goes."""
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
    "coupon": {
        "offer": {"key": "offer", "label": "FOR YOU", "value": "{{ card.title }}", "role": "offer_title"},
        "terms": {
            "key": "terms",
            "label": "Terms",
            "value": "Once for each customer, in the shop, not with other offers.",
            "role": "fine_print",
        },
    },
}
"""Starter → field that the till has nothing for, or that speaks of another shop's goods → the one in its place."""
_MORE: Mapping[str, tuple[JsonObject, ...]] = {
    "cafe-stamps": (
        {
            "key": "balance",
            "label": "Balance",
            "value": "{{ balances.EUR }}",
            "change_message": "Your balance is %@ now.",
            "format": {"type": "money", "currency": "EUR"},
            "role": "balance",
        },
        {"key": "points", "label": "Points", "value": "{{ balances.points }}", "change_message": "You have %@ points now."},
    ),
}
"""Starter → what its card holds beside what it was drawn for, on its back before the contact."""
_WORDS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "cafe-stamps": {
        "de": {
            "fields.balance.label": "Guthaben",
            "fields.balance.change_message": "Dein Guthaben beträgt jetzt %@.",
            "fields.points.label": "Punkte",
            "fields.points.change_message": "Du hast jetzt %@ Punkte.",
        },
        "fr": {
            "fields.balance.label": "Solde",
            "fields.balance.change_message": "Votre solde est maintenant de %@.",
            "fields.points.label": "Points",
            "fields.points.change_message": "Vous avez maintenant %@ points.",
        },
    },
    "retail-points": {
        "de": {"fields.balance.label": "GUTHABEN", "fields.balance.change_message": "Dein Guthaben beträgt jetzt %@."},
        "fr": {"fields.balance.label": "SOLDE", "fields.balance.change_message": "Votre solde est maintenant de %@."},
    },
    "coupon": {
        "de": {
            "fields.offer.label": "FÜR DICH",
            "fields.terms.label": "Bedingungen",
            "fields.terms.value": "Einmal pro Kunde, im Laden, nicht mit anderen Angeboten.",
        },
        "fr": {
            "fields.offer.label": "POUR VOUS",
            "fields.terms.label": "Conditions",
            "fields.terms.value": "Une fois par client, en boutique, hors autres offres.",
        },
    },
}
"""Of those fields, in the starters' other languages."""
_EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "cafe-stamps": {"balances.EUR": "20.00", "balances.points": "40"},
    "retail-points": {"balances.EUR": "12.50"},
    "coupon": {"card.title": "A coffee on us"},
}
"""Of the values that only those fields show."""


def body(starter: str) -> JsonObject:
    """A body of `POST /v1/templates`, pictures in it, whose schema requires nothing of callers. Raises NotFound."""
    text = json.dumps(catalogue.load(starter).body(), ensure_ascii=False)
    for theirs, ours in zip(_names(starter), _names(SHOP), strict=True):
        text = text.replace(theirs, ours)
    for name, ours in FROM[starter].items():
        text = text.replace(f"{{{{ {name} }}}}", f"{{{{ {ours} }}}}")
    made: JsonObject = json.loads(text)
    content, shop = made["content"], catalogue.load(SHOP).body()["content"]
    assert isinstance(content, dict)
    assert isinstance(shop, dict)
    content |= {name: shop[name] for name in _LOOK}
    for old, field in _INSTEAD.get(starter, {}).items():
        for group in ("header", "primary", "secondary", "auxiliary", "back"):
            content[group] = [field if one["key"] == old else one for one in content.get(group) or []]
        for words in content.get("translations", {}).values():
            for path in [one for one in words if one.startswith(f"fields.{old}.")]:
                del words[path]
    back = content["back"]
    assert isinstance(back, list)
    back[-1:-1] = _MORE.get(starter, ())
    for language, words in _WORDS.get(starter, {}).items():
        content["translations"][language] |= words
    barcode = content["barcode"]
    assert isinstance(barcode, dict)
    barcode["message"] = BARCODE
    return made | {"schema": list(_schema(starter))}


def _names(starter: str) -> tuple[str, str]:
    """Its shop's name and how to reach it, as they stand in JSON."""
    content = catalogue.load(starter).template["content"]
    assert isinstance(content, dict)
    (contact,) = [one["value"] for one in content["back"] if one["key"] == "contact"]
    name, reached = [json.dumps(one, ensure_ascii=False)[1:-1] for one in (content["organization_name"], contact)]
    return name, reached


def _schema(starter: str) -> Iterator[JsonObject]:
    values = catalogue.load(starter).samples[0].values
    examples = {ours: lookup(values, name) for name, ours in FROM[starter].items()}
    examples |= {"card.signed_code": examples["card.code"], **_EXAMPLES.get(starter, {})}
    for name, example in examples.items():
        kind, label = _SCHEMA[name]
        yield {"name": name, "type": kind, "label": label, "example": str(example) if kind == "text" else example}

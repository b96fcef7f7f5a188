"""What a card's template may show of its card, its member, its brand and its balances: names that no caller gives.

    {{ card.code }} {{ card.signed_code }} {{ card.status }} {{ card.title }} {{ card.starts_at }} {{ card.expires_at }}
    {{ card.stamps_goal }}
    {{ member.name }} and each of the member's attributes, {{ member.tier }}
    {{ brand.name }} {{ brand.website }}
    {{ balances.EUR }} {{ balances.points }} {{ balances.stamps }}: decimal texts, kept by the ledger

A member's e-mail address is not among them: what stands in a pass is on a phone that others see.
May not enter: storage, wallets."""

import datetime

from billfold.domain.content import JsonObject
from billfold.domain.errors import FieldProblem, Invalid
from billfold.domain.ledger import decimal_text
from billfold.domain.loyalty import Brand, Card, Member, Programme

RESERVED = ("card", "member", "brand", "balances")


def refuse_reserved(values: JsonObject) -> None:
    """Raises Invalid."""
    mend = "leave it out; it comes from the card, its member, its brand and the ledger"
    if wrong := [
        FieldProblem(f"values.{name}", "reserved", "is not given by callers", mend) for name in RESERVED if name in values
    ]:
        raise Invalid(*wrong)


def units_of(programme: Programme) -> tuple[str, ...]:
    """What the ledger keeps for a card of the programme."""
    money = (programme.currency,) if programme.currency else ()
    return (*money, *(("points",) if programme.points else ()), *(("stamps",) if programme.stamps_goal is not None else ()))


def values_of(
    own: JsonObject, card: Card, programme: Programme, brand: Brand | None, member: Member | None, signed_code: str
) -> JsonObject:
    """`own`: what the pass has already; its balances and what a caller gave stay. `signed_code`: the code that a device verifies
    without a network."""
    kept = {name: value for name, value in own.items() if name not in ("card", "member", "brand")}
    shown = kept.get("balances")
    balances = {unit: decimal_text(0, unit) for unit in units_of(programme)} | (shown if isinstance(shown, dict) else {})
    return kept | {
        "card": _card(card, programme) | {"signed_code": signed_code},
        "member": {} if member is None else dict(member.attributes) | {"name": member.name},
        "brand": {} if brand is None else {"name": brand.name, "website": brand.website},
        "balances": balances,
    }


def _card(card: Card, programme: Programme) -> JsonObject:
    shown: JsonObject = {
        "code": card.code,
        "status": card.status.value,
        "title": card.title or programme.title,
        "starts_at": _moment(card.starts_at_ms),
        "expires_at": _moment(card.expires_at_ms),
        "stamps_goal": programme.stamps_goal,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _moment(at_ms: int | None) -> str | None:
    if at_ms is None:
        return None
    return datetime.datetime.fromtimestamp(at_ms // 1000, datetime.UTC).isoformat().replace("+00:00", "Z")

"""What a scanner is shown of a card, and how what it read leads to one: a pass id, a barcode's text, a signed or a rotating code.

May not enter: changing anything."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from billfold.domain import offline, totp
from billfold.domain.content import RotatingBarcode
from billfold.domain.ids import PassId, Scope
from billfold.domain.loyalty import Brand, Card, Member, Product, Programme
from billfold.domain.passes import content_of
from billfold.domain.scan_errors import CodeUnknown
from billfold.loyalty_ports import CardFacts
from billfold.ports import Services, Tx

CODE_MAX = 512
TOKENS_MAX = 8
_TOKEN = re.compile(r"[0-9A-Za-z_-]{4,64}")


@dataclass(frozen=True, slots=True)
class CardView:
    """A card with all that a cashier looks at. `balances`: unit → minor units, every unit that its programme counts."""

    card: Card
    programme: Programme
    brand: Brand | None
    member: Member | None
    balances: Mapping[str, int]
    allowed: tuple[Product, ...]
    voided: bool


@dataclass(frozen=True, slots=True)
class Found:
    """`step`: of the rotating code that led here, which counts once; None: it was no such code."""

    cards: tuple[Card, ...]
    step: int | None = None


def by_code(services: Services, tx: Tx, scope: Scope, text: str, now_ms: int) -> Found:
    """What a code leads to, several where a barcode is shared. Raises CodeUnknown, also for a signed code that is forged, expired
    or another scope's: whoever tries hears no more than that."""
    if len(text) > CODE_MAX:
        raise CodeUnknown
    if text.startswith("BF1."):
        card = _signed(services, tx, scope, text, now_ms)
        return Found((card,))
    plain = tx.cards.by_code(scope, text)
    if plain:
        return Found(tuple(plain))
    rotating = _rotating(services, tx, scope, text, now_ms)
    if rotating is None:
        raise CodeUnknown
    return rotating


def _signed(services: Services, tx: Tx, scope: Scope, text: str, now_ms: int) -> Card:
    code = offline.read_code(text)
    if code is None or code.scope != scope or not services.scanning.codes.verify(scope, code.signed, code.signature):
        raise CodeUnknown
    card = tx.cards.find(scope, code.pass_id)
    if card is None or (code.expires_s and code.expires_s * 1000 <= now_ms):
        raise CodeUnknown
    return card


def _rotating(services: Services, tx: Tx, scope: Scope, text: str, now_ms: int) -> Found | None:
    """A rotating code holds something that names the card, its id or its plain code, beside what changes."""
    for token in dict.fromkeys(_TOKEN.findall(text)[:TOKENS_MAX]):
        for card in tx.cards.by_code(scope, token, 1):
            rotating = _barcode(tx, card)
            if rotating is None:
                continue
            secret = services.secrets.code_secret(scope, card.pass_id)
            step = totp.verify(rotating, secret, text, now_ms)
            if step is not None:
                return Found((card,), step)
    return None


def _barcode(tx: Tx, card: Card) -> RotatingBarcode | None:
    found = tx.passes.find(card.scope, card.pass_id)
    assert found is not None, "a card is a pass"
    template = tx.templates.find(card.scope, found.template_id) if found.template_id else None
    return content_of(found, template).rotating_barcode


def facts_of(tx: Tx, scope: Scope, pass_id: PassId) -> CardFacts:
    """Raises CodeUnknown."""
    facts = tx.cards.facts(scope, pass_id)
    if facts is None:
        raise CodeUnknown
    return facts


def view_of(tx: Tx, card: Card) -> CardView:
    """Reads what else a scanner shows of a card."""
    facts = facts_of(tx, card.scope, card.pass_id)
    return viewed(card, facts, balances(tx, card), allowed_products(tx, facts.programme))


def viewed(card: Card, facts: CardFacts, held: Mapping[str, int], allowed: tuple[Product, ...]) -> CardView:
    """`held`: unit → minor units."""
    programme = facts.programme
    shown = dict.fromkeys(units(programme), 0) | dict(held)
    return CardView(card, programme, facts.brand, facts.member, shown, allowed, facts.voided)


def balances(tx: Tx, card: Card) -> dict[str, int]:
    return {one.key.unit: one.balance for one in tx.ledger.accounts(card.scope, card.pass_id)}


def units(programme: Programme) -> tuple[str, ...]:
    """What its cards count."""
    counted = (programme.currency, "points" if programme.points else "", "stamps" if programme.stamps_goal else "")
    return tuple(one for one in counted if one)


def allowed_products(tx: Tx, programme: Programme) -> tuple[Product, ...]:
    found = (tx.products.find(programme.scope, one) for one in programme.allowed_products)
    return tuple(one for one in found if one)


def card_of(tx: Tx, scope: Scope, pass_id: str) -> Card:
    """Locked until commit. Raises CodeUnknown."""
    card = tx.cards.find_locked(scope, PassId(pass_id))
    if card is None:
        raise CodeUnknown
    return card

"""What a scan means, decided on values: which product is sold, whether the card may pay for it, what is posted, what is recorded.

The order in which a product is found is source S2's: the description, the terminal's own product, a match by price (S2-44).
Pure. May not enter: storage, HTTP, the ledger's own rules (domain/ledger.py)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from billfold.domain.ledger import Kind, exponent_of
from billfold.domain.loyalty import Product, Programme

DESCRIPTION_MAX = 191
REFERENCE_MAX = 64
POINTS, STAMPS, ENTRIES = "points", "stamps", "entries"


class Action(StrEnum):
    """What a cashier does. The action says the sign: amounts are positive. MODIFY takes signed ones, as source S2 sends them."""

    CHARGE = "charge"
    EARN = "earn"
    TOP_UP = "top_up"
    STAMP = "stamp"
    REDEEM = "redeem"
    CHECK_IN = "check_in"
    MODIFY = "modify"
    UNDO = "undo"


SIGNS = {Action.CHARGE: -1, Action.EARN: 1, Action.TOP_UP: 1, Action.STAMP: 1, Action.MODIFY: 1}
RESTRICTED = frozenset({Action.CHARGE, Action.EARN, Action.STAMP, Action.MODIFY})
"""Actions that a card which takes some products only allows for those alone."""


class ResolvedBy(StrEnum):
    """How the product was found; the last two: there is none, and what the recorded text names instead."""

    DESCRIPTION = "description"
    TERMINAL = "terminal"
    PRICE = "price"
    NONE = "none"
    TERMINAL_NAME = "terminal_name"


@dataclass(frozen=True, slots=True)
class Sale:
    """`changes`: unit → signed minor units. `terminal`: its name, "" where there is none."""

    action: Action
    changes: Mapping[str, int]
    description: str = ""
    terminal: str = ""


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the catalogue says to a sale, looked up in this order. `named`: by the description; `configured`: the terminal's own;
    `priced`: all that cost what is charged."""

    named: Product | None = None
    configured: Product | None = None
    priced: Sequence[Product] = ()


@dataclass(frozen=True, slots=True)
class Resolved:
    """`text`: what the card's history says (S2-31, S2-32)."""

    product: Product | None
    by: ResolvedBy
    text: str


@dataclass(frozen=True, slots=True)
class Denied:
    """A restricted card does not take this (S2-45, S2-47, S2-48). `code`: product_not_allowed, cannot_validate_restriction."""

    code: str
    message: str
    allowed: tuple[str, ...]
    resolved: Resolved


@dataclass(frozen=True, slots=True)
class Part:
    """One operation of the ledger: changes that go one way."""

    kind: Kind
    amounts: dict[str, int]


def price_asked(sale: Sale) -> tuple[str, int] | None:
    """By which amount the catalogue is searched: the money, where money moves, else the points. None: nothing to search by."""
    for unit, amount in sale.changes.items():
        if unit not in (POINTS, STAMPS, ENTRIES) and amount:
            return unit, abs(amount)
    points = sale.changes.get(POINTS)
    return (POINTS, abs(points)) if points else None


def resolve(sale: Sale, found: Candidates) -> Resolved:
    """Several products at one price are no match: a guess would be written into somebody's history."""
    if found.named:
        return Resolved(found.named, ResolvedBy.DESCRIPTION, sale.description)
    text = sale.description or (f"Charged at: {sale.terminal}" if sale.terminal else "")
    if found.configured:
        return Resolved(found.configured, ResolvedBy.TERMINAL, sale.description or found.configured.name)
    if len(found.priced) == 1:
        return Resolved(found.priced[0], ResolvedBy.PRICE, sale.description or found.priced[0].name)
    return Resolved(None, ResolvedBy.NONE if sale.description or not sale.terminal else ResolvedBy.TERMINAL_NAME, text)


def is_top_up(sale: Sale) -> bool:
    """Money that goes onto a card: no restriction asks what it was for (S2-46)."""
    return any(amount > 0 for unit, amount in sale.changes.items() if unit not in (POINTS, STAMPS, ENTRIES))


def restriction(programme: Programme, allowed: Sequence[Product], sale: Sale, resolved: Resolved) -> Denied | None:
    """`allowed`: the products that the programme names. None where the scan may go on."""
    if not programme.allowed_products or sale.action not in RESTRICTED or is_top_up(sale):
        return None
    names = tuple(one.name for one in allowed)
    if resolved.product is None:
        message = (
            "This card is restricted to specific products. The device did not provide enough information to validate the scan — "
            "set a description or transaction_reference on the request."
        )
        return Denied("cannot_validate_restriction", message, names, resolved)
    if resolved.product.id in programme.allowed_products:
        return None
    message = f'Product "{resolved.text}" is not allowed on this storecard. The card is restricted to: {", ".join(names)}.'
    return Denied("product_not_allowed", message, names, resolved)


def vat_bp(given_bp: int | None, product: Product | None) -> int | None:
    """The rate that a sale names: the one sent, else the product's. None: that of the organisation holds."""
    if given_bp is not None:
        return given_bp
    return product.vat_bp if product else None


def earned_points(programme: Programme, charged: Mapping[str, int], multiplier_percent: int) -> int:
    """Points that a charge earns: so many for each whole unit of currency, times the terminal's multiplier; rounded down twice."""
    money = -charged.get(programme.currency, 0) if programme.currency else 0
    if money <= 0 or not programme.points:
        return 0
    whole = money // int(10 ** exponent_of(programme.currency))
    return whole * programme.earn_points_per_unit * multiplier_percent // 100


def parts(action: Action, changes: Mapping[str, int]) -> tuple[Part, ...]:
    """The ledger's operations of a scan: first what is taken, so that nothing is given where that is declined.

    Each kind has its own other side in the books: what is taken is a sale, money that comes is funding, points are issued."""
    taken = {unit: amount for unit, amount in changes.items() if amount < 0}
    money = {unit: amount for unit, amount in changes.items() if amount > 0 and unit not in (POINTS, STAMPS, ENTRIES)}
    given = {unit: amount for unit, amount in changes.items() if amount > 0 and unit not in money}
    kind = Kind.REDEEM if action in (Action.REDEEM, Action.CHECK_IN) else Kind.CHARGE
    made = ((kind, taken), (Kind.TOP_UP, money), (Kind.EARN, given))
    return tuple(Part(kind, amounts) for kind, amounts in made if amounts)


def reward_reached(stamps_goal: int | None, stamps: int | None, added: int) -> bool:
    """Whether these stamps filled the card, once more or for the first time."""
    if not stamps_goal or stamps is None or added <= 0:
        return False
    return stamps // stamps_goal > (stamps - added) // stamps_goal

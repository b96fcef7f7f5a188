"""Which product a scan is about, and whether the card may pay for it: source S2's rules as a table."""

from dataclasses import replace

import pytest

from billfold.domain.ids import Environment, Scope, TemplateId
from billfold.domain.ledger import Kind
from billfold.domain.loyalty import Category, Product, Programme, ProgrammeKind
from billfold.domain.scanning import (
    Action,
    Candidates,
    Part,
    ResolvedBy,
    Sale,
    earned_points,
    parts,
    price_asked,
    resolve,
    restriction,
    reward_reached,
    vat_bp,
)

MINE = Scope("mine00", Environment.TEST)
LATTE = Product("p-latte", MINE, 42, "Latte macchiato", 0, 0, price_minor=550, vat_bp=900)
ESPRESSO = Product("p-espresso", MINE, 1, "Espresso", 0, 0, price_minor=250, price_points=25)
CAPPUCCINO = Product("p-cappuccino", MINE, 2, "Cappuccino", 0, 0, price_minor=350)
CARD = Programme(
    "prog", MINE, "brand", ProgrammeKind.STORECARD, "Card", TemplateId("tpl_mine00t_" + "0" * 16), 0, 0, Category.POSTPAID, "EUR"
)
RESTRICTED = replace(CARD, allowed_products=(ESPRESSO.id, CAPPUCCINO.id))
PAID = {"EUR": -550}
NOTHING = Candidates()


def sale(
    changes: dict[str, int] = PAID, description: str = "", terminal: str = "Counter-01", action: Action = Action.MODIFY
) -> Sale:
    return Sale(action, changes, description, terminal)


@pytest.mark.requirement("S2-44", "S2-31", "S2-32")
@pytest.mark.parametrize(
    ("given", "found", "product", "by", "text"),
    [
        (sale(description="Latte"), Candidates(LATTE, ESPRESSO, (CAPPUCCINO,)), LATTE, "description", "Latte"),
        (sale(), Candidates(None, ESPRESSO, (CAPPUCCINO,)), ESPRESSO, "terminal", "Espresso"),
        (sale(description="Cake"), Candidates(None, ESPRESSO, (CAPPUCCINO,)), ESPRESSO, "terminal", "Cake"),
        (sale(), Candidates(None, None, (CAPPUCCINO,)), CAPPUCCINO, "price", "Cappuccino"),
        (sale(description="Cake"), Candidates(None, None, (CAPPUCCINO,)), CAPPUCCINO, "price", "Cake"),
        (sale(), Candidates(None, None, (CAPPUCCINO, LATTE)), None, "terminal_name", "Charged at: Counter-01"),
        (sale(), NOTHING, None, "terminal_name", "Charged at: Counter-01"),
        (sale(description="Cake"), NOTHING, None, "none", "Cake"),
        (sale(terminal=""), NOTHING, None, "none", ""),
    ],
)
def test_description_then_terminal_then_price(given: Sale, found: Candidates, product: Product | None, by: str, text: str) -> None:
    resolved = resolve(given, found)
    assert (resolved.product, resolved.by, resolved.text) == (product, ResolvedBy(by), text)


@pytest.mark.requirement("S2-32", "S2-41")
@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"EUR": -550}, ("EUR", 550)),
        ({"points": -25}, ("points", 25)),
        ({"points": 1}, ("points", 1)),
        ({"points": 5, "EUR": -550}, ("EUR", 550)),
        ({"stamps": 1}, None),
    ],
)
def test_the_catalogue_is_searched_by_what_was_charged(changes: dict[str, int], asked: tuple[str, int] | None) -> None:
    assert price_asked(sale(changes)) == asked


@pytest.mark.requirement("S2-43", "S2-45", "S2-47")
def test_a_restricted_card_refuses_another_product_in_the_documents_words() -> None:
    resolved = resolve(sale(description="Latte macchiato"), Candidates(LATTE))
    denied = restriction(RESTRICTED, [ESPRESSO, CAPPUCCINO], sale(description="Latte macchiato"), resolved)
    assert denied
    assert denied.code == "product_not_allowed"
    assert denied.message == (
        'Product "Latte macchiato" is not allowed on this storecard. The card is restricted to: Espresso, Cappuccino.'
    )
    assert denied.allowed == ("Espresso", "Cappuccino")
    assert denied.resolved.product == LATTE


@pytest.mark.requirement("S2-48")
def test_a_restricted_card_asks_for_more_where_no_product_was_found() -> None:
    denied = restriction(RESTRICTED, [ESPRESSO, CAPPUCCINO], sale(), resolve(sale(), NOTHING))
    assert denied
    assert denied.code == "cannot_validate_restriction"
    assert denied.message == (
        "This card is restricted to specific products. The device did not provide enough information to validate the scan — "
        "set a description or transaction_reference on the request."
    )
    assert denied.resolved.text == "Charged at: Counter-01"


@pytest.mark.requirement("S2-45", "S2-46")
@pytest.mark.parametrize(
    ("programme", "changes", "found"),
    [
        (RESTRICTED, PAID, Candidates(None, ESPRESSO)),
        (RESTRICTED, {"EUR": 2_000}, NOTHING),
        (RESTRICTED, {"EUR": 2_000, "points": 1}, Candidates(LATTE)),
        (CARD, PAID, Candidates(LATTE)),
    ],
)
def test_what_goes_on(programme: Programme, changes: dict[str, int], found: Candidates) -> None:
    given = sale(changes)
    assert restriction(programme, [ESPRESSO, CAPPUCCINO], given, resolve(given, found)) is None


@pytest.mark.requirement("S2-46")
def test_points_alone_are_no_top_up() -> None:
    given = sale({"points": 1})
    assert restriction(RESTRICTED, [ESPRESSO, CAPPUCCINO], given, resolve(given, NOTHING))


@pytest.mark.requirement("S2-37", "S2-50")
def test_vat_is_what_was_sent_else_the_products_else_nobody_named_it() -> None:
    assert vat_bp(2_100, LATTE) == 2_100
    assert vat_bp(0, LATTE) == 0
    assert vat_bp(None, LATTE) == 900
    assert vat_bp(None, ESPRESSO) is None
    assert vat_bp(None, None) is None


@pytest.mark.parametrize(
    ("charged", "per_unit", "percent", "points"), [(-550, 1, 100, 5), (-550, 2, 150, 15), (-99, 3, 100, 0), (550, 3, 100, 0)]
)
def test_points_for_each_whole_unit_rounded_down(charged: int, per_unit: int, percent: int, points: int) -> None:
    earning = replace(CARD, points=True, earn_points_per_unit=per_unit)
    assert earned_points(earning, {"EUR": charged}, percent) == points


@pytest.mark.requirement("S2-27")
def test_each_way_is_an_operation_of_its_own_and_what_is_taken_comes_first() -> None:
    assert parts(Action.MODIFY, {"points": 1, "EUR": -550}) == (Part(Kind.CHARGE, {"EUR": -550}), Part(Kind.EARN, {"points": 1}))
    assert parts(Action.MODIFY, {"points": 1, "EUR": 550}) == (Part(Kind.TOP_UP, {"EUR": 550}), Part(Kind.EARN, {"points": 1}))
    assert parts(Action.CHARGE, {"points": -1, "EUR": -550}) == (Part(Kind.CHARGE, {"points": -1, "EUR": -550}),)
    assert parts(Action.REDEEM, {"stamps": -10}) == (Part(Kind.REDEEM, {"stamps": -10}),)


@pytest.mark.parametrize(("stamps", "added", "reached"), [(9, 1, 0), (10, 1, 1), (11, 1, 0), (20, 3, 1), (5, 0, 0)])
def test_a_card_is_full_once_for_each_goal(stamps: int, added: int, reached: int) -> None:
    assert reward_reached(10, stamps, added) is bool(reached)
    assert reward_reached(None, stamps, added) is False

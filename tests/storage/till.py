"""What tests of the till are made of: a brand, its members, programmes, cards, products, terminals. May not enter: fixtures."""

from dataclasses import replace

from billfold.domain.ids import PassId, Scope
from billfold.domain.loyalty import Brand, Card, Member, Product, Programme, ProgrammeKind, Terminal
from billfold.ports import Tx
from storage.material import NOW, OURS, a_pass, a_template, pass_id, template_id


def uuid(nth: int) -> str:
    return f"00000000-0000-7000-8000-{nth:012}"


def a_brand(nth: int = 1, /, scope: Scope = OURS, **changes: object) -> Brand:
    return replace(Brand(uuid(nth), scope, f"Brand {nth}", "#3b2417", NOW, NOW), **changes)  # type: ignore[arg-type]


def a_member(nth: int = 1, /, scope: Scope = OURS, **changes: object) -> Member:
    made = Member(uuid(nth), scope, uuid(1), f"person{nth}@example.com", f"Person {nth}", NOW, NOW)
    return replace(made, **changes)  # type: ignore[arg-type]


def a_product(nth: int = 1, /, scope: Scope = OURS, **changes: object) -> Product:
    return replace(Product(uuid(nth), scope, nth, f"Product {nth}", NOW, NOW), **changes)  # type: ignore[arg-type]


def a_programme(nth: int = 1, /, scope: Scope = OURS, **changes: object) -> Programme:
    made = Programme(uuid(nth), scope, uuid(1), ProgrammeKind.STORECARD, "Card", template_id(1, scope), NOW, NOW)
    return replace(made, **changes)  # type: ignore[arg-type]


def a_terminal(nth: int = 1, /, scope: Scope = OURS, **changes: object) -> Terminal:
    return replace(Terminal(uuid(nth), scope, f"Counter {nth}", NOW, NOW), **changes)  # type: ignore[arg-type]


def a_card(nth: int = 1, /, scope: Scope = OURS, **changes: object) -> Card:
    held: PassId = pass_id(nth, scope)
    return replace(Card(held, scope, uuid(1), uuid(1), held, NOW, NOW), **changes)  # type: ignore[arg-type]


def open_shop(tx: Tx, scope: Scope = OURS) -> None:
    """What members and cards hang on: a template, a brand, a programme."""
    tx.templates.add(a_template(1, scope))
    tx.brands.add(a_brand(1, scope))
    tx.programmes.add(a_programme(1, scope))


def hand_out(tx: Tx, *cards: Card) -> None:
    """Each with its pass."""
    for one in cards:
        tx.passes.add(a_pass(0, one.scope, id=one.pass_id, content=None, template_id=template_id(1, one.scope)), "key")
        tx.cards.add(one)

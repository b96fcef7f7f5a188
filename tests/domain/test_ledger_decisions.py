"""Decisions of the ledger, as values."""

import pytest

from billfold.domain.errors import Invalid
from billfold.domain.ledger import (
    AMOUNT_MAX,
    BALANCE_MAX,
    Account,
    AccountKey,
    Kind,
    Move,
    Order,
    check,
    decide,
    decimal_text,
    excessive,
    legs,
    undoing,
)

CARD, OTHER = AccountKey("card", "EUR"), AccountKey("other", "EUR")


def order(kind: Kind, *moves: Move, reverses: str | None = None) -> Order:
    return Order("op", kind, moves, "f", "key:k", 1, 1, reverses)


def accounts(asked: Order, **balances: int) -> dict[AccountKey, Account]:
    keys = [move.key for move in legs(asked)]
    return {key: Account(key, balances.get(key.owner, 0), floor=None if key.system else 0) for key in keys}


def test_every_kind_sums_to_zero_and_names_its_other_side() -> None:
    for kind in (Kind.CHARGE, Kind.EARN, Kind.TOP_UP, Kind.REDEEM, Kind.EXPIRE, Kind.ADJUST, Kind.OPENING):
        asked = order(kind, Move(CARD, 100), Move(AccountKey("card", "points"), -3))
        by_unit: dict[str, int] = {}
        for leg in legs(asked):
            by_unit[leg.key.unit] = by_unit.get(leg.key.unit, 0) + leg.amount
        assert set(by_unit.values()) == {0}
    assert legs(order(Kind.TRANSFER, Move(CARD, -5), Move(OTHER, 5))) == (Move(CARD, -5), Move(OTHER, 5))


def test_two_operations_lock_in_one_order() -> None:
    one = [move.key for move in legs(order(Kind.TRANSFER, Move(OTHER, 5), Move(CARD, -5)))]
    other = [move.key for move in legs(order(Kind.TRANSFER, Move(CARD, 5), Move(OTHER, -5)))]
    assert one == other == [CARD, OTHER]


def test_what_would_fall_below_the_floor_posts_nothing_at_all() -> None:
    asked = order(Kind.ADJUST, Move(CARD, -101), Move(AccountKey("card", "points"), 5))
    operation, after = decide(asked, accounts(asked, card=100))
    assert (operation.declined, operation.postings) == ("insufficient_balance", ())
    assert after == accounts(asked, card=100)


def test_a_balance_stays_where_javascript_is_exact() -> None:
    asked = order(Kind.TOP_UP, Move(CARD, 10))
    assert decide(asked, accounts(asked, card=BALANCE_MAX - 5))[0].declined == "balance_limit"


def test_a_void_turns_every_posting_round() -> None:
    asked = order(Kind.CHARGE, Move(CARD, -100))
    operation, _ = decide(asked, accounts(asked, card=100))
    undo = order(Kind.VOID, *undoing(operation), reverses="op")
    back, _ = decide(undo, accounts(undo))
    assert back.balances() == {CARD: 100}
    assert {one.key.owner.partition(":")[0] for one in back.postings} == {"card", "system"}


def test_refunds_never_pass_what_was_taken() -> None:
    asked = order(Kind.CHARGE, Move(CARD, -100))
    operation, _ = decide(asked, accounts(asked, card=100))
    assert excessive(operation, {CARD: 60}, (Move(CARD, 40),)) == ""
    assert excessive(operation, {CARD: 60}, (Move(CARD, 41),)) == "refund_too_large"
    assert excessive(operation, {}, (Move(OTHER, 1),)) == "refund_too_large"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (order(Kind.CHARGE), "missing"),
        (order(Kind.CHARGE, Move(CARD, 0)), "zero"),
        (order(Kind.CHARGE, Move(CARD, 5)), "wrong_sign"),
        (order(Kind.TOP_UP, Move(CARD, -5)), "wrong_sign"),
        (order(Kind.ADJUST, Move(CARD, AMOUNT_MAX + 1)), "out_of_range"),
        (order(Kind.ADJUST, Move(CARD, 1), Move(CARD, 1)), "repeated"),
        (order(Kind.TRANSFER, Move(CARD, -5), Move(OTHER, 4)), "unbalanced"),
        (order(Kind.REFUND, Move(CARD, 5)), "misplaced"),
        (order(Kind.CHARGE, Move(CARD, -5), reverses="other"), "misplaced"),
    ],
)
def test_an_order_that_cannot_be_is_named(asked: Order, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        check(asked)
    assert code in {one.code for one in refused.value.problems}


def test_money_is_written_with_the_decimals_of_its_currency() -> None:
    assert [decimal_text(-5, "EUR"), decimal_text(123456, "EUR"), decimal_text(7, "JPY"), decimal_text(1234, "KWD")] == [
        "-0.05",
        "1234.56",
        "7",
        "1.234",
    ]
    assert decimal_text(-12, "points") == "-12"

"""Decimal numbers become minor units exactly, or are refused: never rounded, never by way of a float."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.domain.decimals import exact, minor_units, number_of
from billfold.domain.errors import Invalid
from billfold.domain.ledger import AMOUNT_MAX, decimal_text


@pytest.mark.requirement("S2-27")
@pytest.mark.parametrize(
    ("text", "unit", "minor"),
    [
        ("5.50", "EUR", 550),
        ("-5.5", "EUR", -550),
        ("0.1", "EUR", 10),
        ("0.30", "EUR", 30),
        ("5.5e0", "EUR", 550),
        ("1E2", "EUR", 10_000),
        ("1.000", "EUR", 100),
        ("1", "points", 1),
        ("1.0", "points", 1),
        ("100", "JPY", 100),
        ("1.234", "KWD", 1_234),
        ("10000000000.00", "EUR", AMOUNT_MAX),
        ("-1000000000000", "points", -AMOUNT_MAX),
    ],
)
def test_what_is_written_is_what_counts(text: str, unit: str, minor: int) -> None:
    assert minor_units(exact(text), unit, "balance") == minor


@pytest.mark.parametrize(
    ("text", "unit", "code"),
    [
        ("0", "EUR", "zero"),
        ("-0", "EUR", "zero"),
        ("-0.00", "EUR", "zero"),
        ("0e400", "EUR", "zero"),
        ("5.505", "EUR", "too_many_decimals"),
        ("0.30000000000000004", "EUR", "too_many_decimals"),
        ("1.5", "points", "too_many_decimals"),
        ("0.5", "JPY", "too_many_decimals"),
        ("1e-400", "EUR", "too_many_decimals"),
        ("1e400", "EUR", "out_of_range"),
        ("-1e400", "EUR", "out_of_range"),
        ("1e99999999999999999999", "EUR", "out_of_range"),
        ("9223372036854775808", "points", "out_of_range"),
        ("10000000000.01", "EUR", "out_of_range"),
    ],
)
def test_what_cannot_be_exact_is_refused_by_name(text: str, unit: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        minor_units(exact(text), unit, "balance")
    (problem,) = refused.value.problems
    assert (problem.path, problem.code) == ("balance", code)


@pytest.mark.parametrize("value", ["5", "", True, False, None, [], {}, 5.5])
def test_only_numbers_are_numbers(value: object) -> None:
    with pytest.raises(Invalid):
        number_of(value, "points")


@given(st.integers(-AMOUNT_MAX, AMOUNT_MAX).filter(bool), st.sampled_from(["EUR", "JPY", "KWD", "points"]))
def test_there_and_back(minor: int, unit: str) -> None:
    assert minor_units(exact(decimal_text(minor, unit)), unit, "balance") == minor

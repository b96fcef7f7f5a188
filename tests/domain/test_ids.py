"""Ids of new passes stand in the order of their making."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.domain.ids import Environment, Scope, new_pass_id, scope_of_pass

SHOP = Scope("d3m0ab", Environment.TEST)
NOW_MS = 1_795_694_400_000
RANDOM = st.binary(min_size=11, max_size=11)


@given(st.lists(st.tuples(st.integers(0, 10**9), RANDOM), min_size=2, max_size=20))
def test_passes_issued_later_stand_behind_those_of_before(made: list[tuple[int, bytes]]) -> None:
    ids = [(after_ms, new_pass_id(SHOP, NOW_MS + after_ms, random)) for after_ms, random in made]
    by_id = sorted(ids, key=lambda one: one[1])
    assert [after_ms for after_ms, _ in by_id] == sorted(after_ms for after_ms, _ in ids)


@given(RANDOM, RANDOM)
def test_all_that_is_random_is_in_the_id(first: bytes, second: bytes) -> None:
    assert (new_pass_id(SHOP, NOW_MS, first) == new_pass_id(SHOP, NOW_MS, second)) == (first == second)


@pytest.mark.parametrize("at_ms", [0, 1, 2**40 - 1, 2**40, 2**53, -1])
def test_an_id_of_any_time_is_one(at_ms: int) -> None:
    assert scope_of_pass(new_pass_id(SHOP, at_ms, b"\xff" * 11)) == SHOP

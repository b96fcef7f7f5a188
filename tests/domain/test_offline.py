"""What a device may do without a network, what its clock and its numbers are worth: tables after reliability-security.md 3.8."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.domain.ids import Environment, PassId, Scope
from billfold.domain.offline import (
    MISSING_AFTER_MS,
    Gap,
    Grant,
    Heard,
    Times,
    code_text,
    over_budget,
    read_code,
    times,
)
from billfold.domain.schedules import HOUR_MS, MINUTE_MS

NOW = 1_795_000_000_000
GRACE = 72 * HOUR_MS
PASS = PassId("mine00t-" + "A" * 22)


@pytest.mark.parametrize(
    ("claimed", "sent", "expected"),
    [
        (None, None, Times(NOW, NOW, skewed=False)),
        (NOW - HOUR_MS, None, Times(NOW - HOUR_MS, NOW - HOUR_MS, skewed=False)),
        (NOW - HOUR_MS, NOW, Times(NOW - HOUR_MS, NOW - HOUR_MS, skewed=False)),
        (NOW + 4 * MINUTE_MS, NOW, Times(NOW, NOW, skewed=False)),
        (NOW + 6 * MINUTE_MS, NOW, Times(NOW, NOW, skewed=True)),
        (NOW + 2 * HOUR_MS, NOW + 3 * HOUR_MS, Times(NOW - HOUR_MS, NOW - HOUR_MS, skewed=True)),
        (NOW - 4 * HOUR_MS, NOW - 3 * HOUR_MS, Times(NOW - HOUR_MS, NOW - HOUR_MS, skewed=True)),
        (NOW - GRACE - 1, NOW, Times(NOW - GRACE - 1, NOW, skewed=False)),
    ],
)
def test_a_clock_that_is_wrong_is_put_right_and_flagged(claimed: int | None, sent: int | None, expected: Times) -> None:
    assert times(claimed, sent, NOW, GRACE) == expected


def test_numbers_that_were_jumped_over_are_missing_until_they_come() -> None:
    heard = Heard().with_seq(1, NOW).with_seq(5, NOW)
    assert heard.gaps == (Gap(2, 4, NOW),)
    heard = heard.with_seq(3, NOW)
    assert heard.gaps == (Gap(2, 2, NOW), Gap(4, 4, NOW))
    assert not heard.knows(2)
    assert heard.knows(3)
    assert heard.missing(NOW + MISSING_AFTER_MS - 1) == (heard, ())
    told, missing = heard.missing(NOW + MISSING_AFTER_MS)
    assert missing == (Gap(2, 2, NOW), Gap(4, 4, NOW))
    assert told.missing(NOW + 2 * MISSING_AFTER_MS) == (told, ())
    assert told.with_seq(2, NOW).with_seq(4, NOW).gaps == ()


@given(st.permutations(range(1, 9)))
def test_in_whatever_order_they_come_nothing_is_missing_at_the_end(order: list[int]) -> None:
    heard = Heard()
    for seq in order:
        assert not heard.knows(seq)
        heard = heard.with_seq(seq, NOW)
        assert heard.knows(seq)
    assert (heard.last_seq, heard.gaps) == (8, ())


def test_a_grant_bounds_how_many_and_how_much_in_each_currency() -> None:
    grant = Grant("t", 3, {"EUR": 1_000}, 10, NOW)
    heard = Heard(spent_after=4, spent={"EUR": 5_000})
    assert not over_budget(grant, heard)
    heard = heard.spending(grant, {"EUR": -600})
    assert not over_budget(grant, heard)
    second = heard.spending(grant, {"points": -9_999, "EUR": 500})
    assert not over_budget(grant, second)
    assert over_budget(grant, heard.spending(grant, {"EUR": -401}))
    third = second.spending(grant, {}).with_seq(900, NOW)
    assert not over_budget(grant, third), "what was heard at once has numbers too, and takes nothing of a grant"
    assert over_budget(grant, third.spending(grant, {}))


def test_a_signed_code_is_read_by_its_form_alone() -> None:
    signature = "A" * 86
    text = f"{code_text(PASS, 1_900_000_000_999)}.{signature}"
    found = read_code(text)
    assert found
    assert (found.pass_id, found.expires_s, found.signature) == (PASS, 1_900_000_000, signature)
    assert found.scope == Scope("mine00", Environment.TEST)
    assert found.signed == text[:-87].encode()
    for wrong in (text[:-1], text + "A", text.replace("BF1", "BF2"), text.replace(PASS, "x"), "", "BF1...", text + "\n"):
        assert read_code(wrong) is None

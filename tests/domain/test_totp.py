"""Rotating codes: the vectors of RFC 6238 appendix B, and what a scanner takes and refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.domain.content import BarcodeFormat, RotatingBarcode
from billfold.domain.totp import code, message, step_at, verify

SECRET = b"12345678901234567890"
CODE = RotatingBarcode(BarcodeFormat.QR, "T-{totp_timestamp_seconds}-{totp_value_0}")
NOW_MS = 1_795_176_000_000


@pytest.mark.parametrize(
    ("seconds", "value"),
    [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ],
)
def test_the_vectors_of_the_rfc(seconds: int, value: str) -> None:
    assert code(SECRET, step_at(seconds * 1000, 30), 8) == value


def test_a_code_reads_as_its_pattern_says() -> None:
    assert message(CODE, SECRET, 59_000) == "T-59-94287082"
    assert verify(CODE, SECRET, "T-59-94287082", 59_000) == 1


@given(st.integers(0, 2**42), st.integers(-1, 1), st.integers(1, 3600), st.integers(4, 10))
def test_a_clock_that_is_one_period_off_is_taken(at_ms: int, off: int, period: int, digits: int) -> None:
    rotating = RotatingBarcode(BarcodeFormat.QR, "{totp_value_0}", period, digits)
    shown_ms = max(0, at_ms + off * period * 1000)
    found = verify(rotating, SECRET, message(rotating, SECRET, shown_ms), at_ms)
    assert found is not None
    assert abs(found - step_at(at_ms, period)) <= 1


@pytest.mark.parametrize("periods", [-10, -2, 2, 10])
def test_an_old_code_or_one_from_the_future_is_refused(periods: int) -> None:
    shown = message(CODE, SECRET, NOW_MS + periods * 30_000)
    assert verify(CODE, SECRET, shown, NOW_MS) is None


@pytest.mark.parametrize("scanned", ["", "T-59-", "T-59-94287083", "94287082", "T-59-94287082 ", "T-५९-94287082", "T-60-94287082"])
def test_anything_else_is_refused(scanned: str) -> None:
    assert verify(CODE, SECRET, scanned, 59_000) is None


def test_a_copied_code_with_a_newer_time_is_refused() -> None:
    copied = message(CODE, SECRET, NOW_MS).replace(str(NOW_MS // 1000), str(NOW_MS // 1000 + 30))
    assert verify(CODE, SECRET, copied, NOW_MS) is None


def test_another_pass_s_secret_makes_other_codes() -> None:
    assert verify(CODE, SECRET, message(CODE, b"another secret 12345", NOW_MS), NOW_MS) is None

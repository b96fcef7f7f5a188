"""Values as each language writes them. Expected texts are CLDR's, as any phone shows them."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.domain.content import DateFormat, DateStyle, Field, MoneyFormat, NumberFormat, NumberStyle, ValueFormat
from billfold.domain.formatting import display

EVENING = "2026-12-31T18:00+01:00"
LANGUAGES = ("en", "de", "fr-CA", "ja", "ar", "zh-Hant", "pt-BR", "xx-YY")


@pytest.mark.parametrize(
    ("value", "format", "language", "text"),
    [
        ("1234567.5", NumberFormat(), "en", "1,234,567.5"),
        ("1234567.5", NumberFormat(), "de", "1.234.567,5"),
        ("-3", NumberFormat(), "en", "-3"),
        ("0.25", NumberFormat(NumberStyle.PERCENT), "de", "25\xa0%"),
        ("1500", NumberFormat(NumberStyle.SCIENTIFIC), "en", "1.5E3"),
        ("12.5", MoneyFormat("EUR"), "en", "€12.50"),
        ("12.5", MoneyFormat("EUR"), "de", "12,50\xa0€"),
        ("1200", MoneyFormat("JPY"), "ja", "￥1,200"),  # no decimals where the currency has none
        ("9" * 18, NumberFormat(NumberStyle.PERCENT), "en", "99,999,999,999,999,999,900%"),
        (EVENING, DateFormat(), "en", "Dec 31, 2026"),
        (EVENING, DateFormat(), "de", "31.12.2026"),
        (EVENING, DateFormat(DateStyle.LONG, DateStyle.SHORT), "fr", "31 décembre 2026, 18:00"),
        (EVENING, DateFormat(DateStyle.NONE, DateStyle.SHORT), "en", "6:00\u202fPM"),
        (EVENING, DateFormat(relative=True), "de", "31.12.2026"),  # a stored text cannot say "tomorrow"
        ("2026-12-31T18:00Z", DateFormat(DateStyle.NONE, DateStyle.NONE), "en", "Dec 31, 2026"),
    ],
)
def test_a_value_is_written_as_its_language_writes_it(value: str, format: ValueFormat, language: str, text: str) -> None:
    assert display(Field("f", value, format=format), language) == text


def test_a_language_without_data_is_written_as_its_main_language_or_as_english() -> None:
    money = Field("f", "12.5", format=MoneyFormat("EUR"))
    assert display(money, "de-XX") == display(money, "de")
    assert display(money, "xx") == display(money, "en")


@pytest.mark.parametrize("format", [NumberFormat(), MoneyFormat("EUR"), DateFormat()])
@pytest.mark.parametrize(
    "value", ["", "soon", "1,250", "NaN", "1_0", "1e9", "9" * 19, "{{ points }}", "2026-12-31", "2026-12-31T18:00"]
)
def test_a_value_that_is_not_what_its_format_needs_is_shown_as_it_is(format: ValueFormat, value: str) -> None:
    assert display(Field("f", value, format=format), "de") == value


def test_a_value_without_a_format_is_never_touched() -> None:
    assert display(Field("f", "1250"), "de") == "1250"


@given(
    st.one_of(
        st.text(max_size=60),
        st.from_regex(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?", fullmatch=True),
        st.datetimes(timezones=st.timezones()).map(str),
    ),
    st.sampled_from([NumberFormat(style) for style in NumberStyle] + [DateFormat(a, b) for a in DateStyle for b in DateStyle]),
    st.sampled_from(LANGUAGES),
)
def test_whatever_stands_there_becomes_a_text(value: str, format: ValueFormat, language: str) -> None:
    assert isinstance(display(Field("f", value, format=format), language), str)


def test_the_data_of_languages_is_not_read_before_it_is_needed() -> None:
    code = "import billfold.domain.formatting, sys; raise SystemExit('babel' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

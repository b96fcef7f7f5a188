"""A field's value as a language writes it: numbers, money and dates by CLDR (Unicode's locale data, through Babel).

An iPhone does this by itself; a wallet without formats, a preview, a list and a mail need the text. Babel reads a language's data
when that language is first asked for, and nothing of it when no value has a format.
May not enter: the clock (a relative date is written in full), translations (texts.py), layout."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from billfold.domain.content import DateFormat, DateStyle, Field, MoneyFormat, NumberFormat, NumberStyle, ValueFormat

if TYPE_CHECKING:
    from babel import Locale

FALLBACK = "en"
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def display(field: Field, language: str) -> str:
    """What the holder reads. The value itself where it has no format, or is not what its format needs. `language`: BCP 47.

    Dates are written in the value's own offset, since whose phone will show them is not known. SPELL_OUT comes out as digits."""
    return field.value if field.format is None else write(field.value, field.format, language)


@lru_cache(maxsize=4096)
def write(value: str, format: ValueFormat, language: str) -> str:
    """`value` by its format. Cached: the same amounts and dates come again and again."""
    match format:
        case DateFormat():
            moment = moment_of(value)
            return value if moment is None else _date(moment, format, language)
        case MoneyFormat():
            amount = number_of(value)
            return value if amount is None else _money(amount, format.currency, language)
        case NumberFormat():
            number = number_of(value)
            return value if number is None else _number(number, format.style, language)


def number_of(value: str) -> Decimal | None:
    """The number that a value with a format holds (`-1250.5`, at most 18 digits before and after); None for anything else."""
    return Decimal(value) if _NUMBER.fullmatch(value) else None


def moment_of(value: str) -> datetime | None:
    """The moment that a value with a date format holds, with its offset; None for anything else."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _number(number: Decimal, style: NumberStyle, language: str) -> str:
    from babel import numbers

    locale = locale_of(language)
    if style is NumberStyle.PERCENT:
        return numbers.format_percent(number, locale=locale)
    if style is NumberStyle.SCIENTIFIC:
        return numbers.format_scientific(number, locale=locale)
    return numbers.format_decimal(number, locale=locale)


def _money(amount: Decimal, currency: str, language: str) -> str:
    from babel import numbers

    return numbers.format_currency(amount, currency, locale=locale_of(language))


def _date(moment: datetime, format: DateFormat, language: str) -> str:
    from babel import dates

    locale = locale_of(language)
    days, hours = format.date, format.time
    if days is DateStyle.NONE and hours is DateStyle.NONE:
        days = DateStyle.MEDIUM
    if hours is DateStyle.NONE:
        return dates.format_date(moment, format=days.value, locale=locale)
    zone = moment.tzinfo
    time = dates.format_time(moment, format=hours.value, tzinfo=zone, locale=locale)
    if days is DateStyle.NONE:
        return time
    pattern = str(locale.datetime_formats[days.value]).replace("'", "")
    return pattern.replace("{0}", time).replace("{1}", dates.format_date(moment, format=days.value, locale=locale))


@lru_cache(maxsize=256)
def locale_of(language: str) -> "Locale":
    """CLDR's data for `language` (`de`, `fr-CA`, `zh-Hant`); what is not known is written as its main language, else as English."""
    from babel import Locale, UnknownLocaleError

    main = language.partition("-")[0]
    for candidate in (language, main):
        try:
            return Locale.parse(candidate, sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    return Locale.parse(FALLBACK)


def fixed(value: str, decimals: int, language: str) -> str:
    """A number with so many digits after the point; the value itself where it is none."""
    number = number_of(value)
    if number is None:
        return value
    from babel import numbers

    pattern = "#,##0." + "0" * decimals if decimals else "#,##0"
    return numbers.format_decimal(number, format=pattern, locale=locale_of(language))


def plural(value: str, language: str) -> str:
    """Which of CLDR's forms (zero, one, two, few, many, other) a language uses for a number."""
    number = number_of(value)
    return "other" if number is None else str(locale_of(language).plural_form(abs(number)))


def as_moment(value: object) -> str:
    """What DateFormat takes, from a day (its beginning, UTC), seconds since 1970 or a text that is one already."""
    if isinstance(value, str):
        return value + "T00:00:00+00:00" if _DAY.fullmatch(value) else value
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 253_402_300_799:
        return datetime.fromtimestamp(value, UTC).isoformat(timespec="seconds")
    return str(value)

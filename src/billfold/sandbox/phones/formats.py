"""Values as a phone writes them in its language: dates, times, money, numbers. Pure; the clock is given.

A small table of the phones' own, so that nothing of what is judged helps to judge it. Languages without a row read as English.
Source: Unicode CLDR (patterns), reference/apple-wallet.md section 2.5. May not enter: pass.json's structure (content.py)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

_NBSP, _NARROW = "\u00a0", "\u202f"
_CURRENCY_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
_WITHOUT_CENTS = ("JPY", "KRW", "CLP", "VND")


@dataclass(frozen=True)
class Language:
    """`dates`: short, medium, long, full. `money`: where sign and amount go. `relative`: yesterday, today, tomorrow."""

    months: tuple[str, ...]
    short_months: tuple[str, ...]
    weekdays: tuple[str, ...]
    dates: tuple[str, str, str, str]
    relative: tuple[str, str, str]
    changed: str
    decimal: str = ","
    group: str = "."
    money: str = "{amount}" + _NBSP + "{sign}"
    percent: str = "{number}" + _NBSP + "%"
    short_time: str = "{hour:02}:{minute:02}"
    medium_time: str = "{hour:02}:{minute:02}:{second:02}"


def _row(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ENGLISH = Language(
    _row("January February March April May June July August September October November December"),
    _row("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"),
    _row("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
    ("{month_number}/{day}/{year2:02}", "{short_month} {day}, {year}", "{month} {day}, {year}", "{weekday}, {month} {day}, {year}"),
    ("yesterday", "today", "tomorrow"),
    "Your pass has changed",
    ".",
    ",",
    "{sign}{amount}",
    "{number}%",
    "{hour12}:{minute:02} {half}",
    "{hour12}:{minute:02}:{second:02} {half}",
)
LANGUAGES: Mapping[str, Language] = {
    "en": _ENGLISH,
    "de": Language(
        _row("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
        _row("Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez."),
        _row("Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag"),
        (
            "{day:02}.{month_number:02}.{year2:02}",
            "{day:02}.{month_number:02}.{year}",
            "{day}. {month} {year}",
            "{weekday}, {day}. {month} {year}",
        ),
        ("gestern", "heute", "morgen"),
        "Deine Karte wurde geändert",
    ),
    "fr": Language(
        _row("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
        _row("janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc."),
        _row("lundi mardi mercredi jeudi vendredi samedi dimanche"),
        (
            "{day:02}/{month_number:02}/{year}",
            "{day} {short_month} {year}",
            "{day} {month} {year}",
            "{weekday} {day} {month} {year}",
        ),
        ("hier", "aujourd’hui", "demain"),
        "Votre carte a été modifiée",
        group=_NARROW,
        percent="{number}" + _NARROW + "%",
    ),
    "es": Language(
        _row("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
        _row("ene feb mar abr may jun jul ago sept oct nov dic"),
        _row("lunes martes miércoles jueves viernes sábado domingo"),
        (
            "{day}/{month_number}/{year2:02}",
            "{day} {short_month} {year}",
            "{day} de {month} de {year}",
            "{weekday}, {day} de {month} de {year}",
        ),
        ("ayer", "hoy", "mañana"),
        "Tu pase ha cambiado",
        short_time="{hour}:{minute:02}",
        medium_time="{hour}:{minute:02}:{second:02}",
    ),
    "it": Language(
        _row("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"),
        _row("gen feb mar apr mag giu lug ago set ott nov dic"),
        _row("lunedì martedì mercoledì giovedì venerdì sabato domenica"),
        (
            "{day:02}/{month_number:02}/{year2:02}",
            "{day} {short_month} {year}",
            "{day} {month} {year}",
            "{weekday} {day} {month} {year}",
        ),
        ("ieri", "oggi", "domani"),
        "La tua carta è cambiata",
        percent="{number}%",
    ),
    "nl": Language(
        _row("januari februari maart april mei juni juli augustus september oktober november december"),
        _row("jan feb mrt apr mei jun jul aug sep okt nov dec"),
        _row("maandag dinsdag woensdag donderdag vrijdag zaterdag zondag"),
        (
            "{day:02}-{month_number:02}-{year}",
            "{day} {short_month} {year}",
            "{day} {month} {year}",
            "{weekday} {day} {month} {year}",
        ),
        ("gisteren", "vandaag", "morgen"),
        "Je pas is gewijzigd",
        money="{sign}" + _NBSP + "{amount}",
        percent="{number}%",
    ),
}


def language_of(tag: str) -> Language:
    """By the main language of a tag like `de-AT`."""
    return LANGUAGES.get(tag.replace("_", "-").partition("-")[0].lower(), _ENGLISH)


def format_number(value: float, style: str, tag: str) -> str:
    """`style`: the end of PKNumberStyle..., or "" for the digits as they stand."""
    language = language_of(tag)
    match style:
        case "Decimal":
            return _grouped(value, None, language)
        case "Percent":
            return language.percent.format(number=_grouped(round(value * 100), 0, language))
        case "Scientific":
            return f"{value:E}".replace(".", language.decimal)
        case _:
            return str(value)


def format_money(value: float, currency: str, tag: str) -> str:
    language = language_of(tag)
    sign = _CURRENCY_SIGNS.get(currency)
    amount = _grouped(abs(value), 0 if currency in _WITHOUT_CENTS else 2, language)
    spaced = language.money if sign or _NBSP in language.money else "{sign} {amount}"
    return ("-" if value < 0 else "") + spaced.format(sign=sign or currency, amount=amount)


def _grouped(value: float, digits: int | None, language: Language) -> str:
    text = f"{value:,}" if digits is None else f"{value:,.{digits}f}"
    whole, point, rest = text.partition(".")
    return whole.replace(",", language.group) + (language.decimal + rest if point else "")


def format_date(value: str, date: str, time: str, tag: str, *, own_zone: bool, relative_to: datetime | None) -> str:
    """`date`, `time`: the ends of PKDateStyle..., or "". `relative_to`: now, where words like "tomorrow" are wanted."""
    moment = datetime.fromisoformat(value)
    if not own_zone:
        moment = moment.astimezone()
    language = language_of(tag)
    parts = []
    styles = ("Short", "Medium", "Long", "Full")
    if date in styles:
        shown = language.dates[styles.index(date)]
        parts.append(_relative(moment, relative_to, language) or shown.format(**_pieces(moment, language)))
    if time in styles:
        text = (language.short_time if time == "Short" else language.medium_time).format(**_pieces(moment, language))
        parts.append(f"{text} {moment:%Z}" if time in ("Long", "Full") else text)
    return ", ".join(parts)


def _relative(moment: datetime, now: datetime | None, language: Language) -> str | None:
    if now is None:
        return None
    days = (moment.date() - now.astimezone(moment.tzinfo).date()).days
    return language.relative[days + 1] if -1 <= days <= 1 else None


def _pieces(moment: datetime, language: Language) -> dict[str, str | int]:
    return {
        "day": moment.day,
        "month_number": moment.month,
        "month": language.months[moment.month - 1],
        "short_month": language.short_months[moment.month - 1],
        "weekday": language.weekdays[moment.weekday()],
        "year": moment.year,
        "year2": moment.year % 100,
        "hour": moment.hour,
        "hour12": moment.hour % 12 or 12,
        "half": "AM" if moment.hour < 12 else "PM",
        "minute": moment.minute,
        "second": moment.second,
    }

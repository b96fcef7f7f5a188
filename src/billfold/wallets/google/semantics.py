"""Semantic tags, read with care: those of a content and of its fields as one table, by Apple's names.

Tags are JSON of the caller's; what has not the form that a reader asks for counts as absent, and rules.py says so.
May not enter: Google's members. Source: reference/apple-wallet.md section 2.7."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from billfold.domain.content import Content, JsonObject
from billfold.domain.formatting import moment_of, number_of
from billfold.wallets.google.shapes import Money

_NAME_PARTS = ("namePrefix", "givenName", "middleName", "familyName", "nameSuffix")


@dataclass(frozen=True)
class Tags:
    """`by_field`: tag → key of the field that carries it, so that what it says is not shown twice. `own`: those of the
    content, which stand over those of fields."""

    values: JsonObject
    by_field: dict[str, str] = field(default_factory=dict)
    own: JsonObject = field(default_factory=dict)

    def text(self, *names: str) -> str | None:
        """The first of the names that holds a text, or a number, as text."""
        found = self.named(*names)
        return found[1] if found else None

    def named(self, *names: str) -> tuple[str, str] | None:
        """The same with its name."""
        for name in names:
            value = self.values.get(name)
            if isinstance(value, str) and value.strip():
                return name, value.strip()
            if isinstance(value, int) and not isinstance(value, bool):
                return name, str(value)
        return None

    def path(self, name: str) -> str:
        """How a translation names the tag."""
        key = self.by_field.get(name)
        return f"semantics.{name}" if key is None or name in self.own else f"fields.{key}.semantics.{name}"

    def moment(self, *names: str) -> datetime | None:
        """The first of the names that holds a date and time with offset."""
        for name in names:
            value = self.values.get(name)
            if isinstance(value, dict):  # EventDateInfo
                value = value.get("date")
            if isinstance(value, str) and (moment := moment_of(value)) is not None:
                return moment
        return None

    def local(self, zone: str, *names: str) -> str | None:
        """The same as the clock on the wall shows it, without offset: in the zone that the tag `zone` names, else as written."""
        moment = self.moment(*names)
        if moment is None:
            return None
        name = self.text(zone)
        if name is not None:
            try:
                moment = moment.astimezone(ZoneInfo(name))
            except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError: below
                pass
            except KeyError:
                pass
        return moment.strftime("%Y-%m-%dT%H:%M:%S")

    def iso(self, *names: str) -> str | None:
        moment = self.moment(*names)
        return moment.isoformat(timespec="seconds") if moment is not None else None

    def money(self, name: str) -> Money | None:
        value = self.values.get(name)
        if not isinstance(value, dict):
            return None
        amount, currency = value.get("amount"), value.get("currencyCode")
        number = number_of(str(amount)) if isinstance(amount, str | int | float) and not isinstance(amount, bool) else None
        return money(number, currency) if number is not None and isinstance(currency, str) and len(currency) == 3 else None

    def person(self, name: str) -> str | None:
        value = self.values.get(name)
        if isinstance(value, str):
            return value.strip() or None
        if not isinstance(value, dict):
            return None
        parts = [str(value[part]).strip() for part in _NAME_PARTS if isinstance(value.get(part), str)]
        return " ".join(filter(None, parts)) or (str(value.get("nickname") or "") or None)

    @cached_property
    def seats(self) -> tuple["Tags", ...]:
        value = self.values.get("seats")
        return tuple(Tags(one) for one in value if isinstance(one, dict)) if isinstance(value, list) else ()


def tags_of(content: Content) -> Tags:
    """The content's own tags stand over those of its fields."""
    values: JsonObject = {}
    by_field: dict[str, str] = {}
    for one in content.fields():
        for name, value in one.semantics.items():
            if name not in values:
                values[name] = value
                by_field[name] = one.key
    return Tags(values | content.semantics, by_field, content.semantics)


def money(amount: Decimal, currency: str) -> Money:
    """Millionths of the main unit, for every currency."""
    return Money(currency, str(int((amount * 1_000_000).to_integral_value())))

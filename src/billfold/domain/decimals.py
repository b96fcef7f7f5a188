"""Decimal numbers as callers write them → whole minor units, exactly: no float on the way, nothing rounded.

Pure. May not enter: what an amount is for, HTTP."""

from decimal import Decimal, InvalidOperation

from billfold.domain.errors import FieldProblem, Invalid
from billfold.domain.ledger import AMOUNT_MAX, exponent_of

_MEND = "send a number like 5.50 or -5.50, without quotes"
INFINITE = Decimal("Infinity")
"""What `exact` makes of a number that no decimal can hold."""


def exact(text: str) -> Decimal:
    """A JSON number as it is written; INFINITE beyond all exponents. Never raises for what JSON calls a number."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return INFINITE


def minor_units(value: Decimal, unit: str, path: str) -> int:
    """5.50 EUR → 550. Raises Invalid for zero, for more decimals than the unit has, and beyond 10^12 minor units."""
    places = exponent_of(unit)
    if value == 0:
        raise Invalid(FieldProblem(path, "zero", "is zero, which changes nothing", "leave it out"))
    if not value.is_finite() or abs(value) > Decimal(AMOUNT_MAX).scaleb(-places):
        raise Invalid(FieldProblem(path, "out_of_range", "is beyond 10^12 minor units", "send a smaller amount"))
    digits, exponent = value.normalize().as_tuple()[1:]
    assert isinstance(exponent, int), "a finite number has an exponent"
    if exponent < -places:
        most = f"at most {places} decimals" if places else "a whole number"
        raise Invalid(FieldProblem(path, "too_many_decimals", f"has more decimals than {unit} has", f"send {most}"))
    whole = int("".join(map(str, digits))) * int(10 ** (exponent + places))
    return -whole if value < 0 else whole


def number_of(value: object, path: str) -> Decimal:
    """A number of a JSON body or a bare one of an address. Raises Invalid for texts, truths and everything else."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    raise Invalid(FieldProblem(path, "not_a_number", "must be a number", _MEND))

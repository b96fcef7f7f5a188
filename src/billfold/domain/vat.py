"""Value added tax inside an amount: split once, by one rule, kept with the operation, and copied by whatever gives it back.

The rule: tax is contained in the gross amount; it is rounded to whole minor units, half away from zero, once for each operation.
Source: reference/reliability-security.md sections 3.2 and 3.3. Bookkeeping, no advice on taxes.
May not enter: which rate applies (a shop's rules), accounts."""

from dataclasses import dataclass
from enum import StrEnum

RATE_BP_MAX = 10_000
"""Basis points: 2,100 is 21 %."""


class VatTreatment(StrEnum):
    """When the tax on a card's money is due: where rate and place are known as it is sold, with the money that goes onto it; else
    with what is bought for it. Once, whichever. Source: reference section 3.3."""

    MULTI_PURPOSE = "multi_purpose"
    SINGLE_PURPOSE = "single_purpose"


@dataclass(frozen=True, slots=True)
class Vat:
    """What is owed: `net` + `vat` = `gross`, in minor units of the currency `unit`. Negative where it is given back. All zero, with
    unit "", where points or stamps paid: then only the rate is known."""

    unit: str
    rate_bp: int
    net: int
    vat: int
    gross: int


def contained(unit: str, gross: int, rate_bp: int) -> Vat:
    """The tax in a gross amount of either sign."""
    tax = _half_away(gross * rate_bp, 10_000 + rate_bp)
    return Vat(unit, rate_bp, gross - tax, tax, gross)


def given_back(original: Vat, before: int, amount: int) -> Vat:
    """Of a refund of `amount` after refunds of `before` in all, at the original's rate: negative. However it is cut in parts, the
    tax of all parts together is the tax of what they give back."""
    earlier, now = contained(original.unit, before, original.rate_bp), contained(original.unit, before + amount, original.rate_bp)
    return Vat(original.unit, original.rate_bp, earlier.net - now.net, earlier.vat - now.vat, -amount)


def undone(original: Vat) -> Vat:
    """Of a void: all of it."""
    return Vat(original.unit, original.rate_bp, -original.net, -original.vat, -original.gross)


def members(vat: Vat | None) -> tuple[str | int | None, ...]:
    """As they are stored and sealed."""
    return (None,) * 5 if vat is None else (vat.unit, vat.rate_bp, vat.net, vat.vat, vat.gross)


def _half_away(numerator: int, denominator: int) -> int:
    whole = (2 * abs(numerator) + denominator) // (2 * denominator)
    return whole if numerator >= 0 else -whole

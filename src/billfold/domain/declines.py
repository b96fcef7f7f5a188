"""Why an operation was declined, in words, and which error says it. A decline is kept: the same id is declined for ever.

May not enter: HTTP, deciding (domain/ledger.py)."""

from collections.abc import Mapping

from billfold.domain.errors import Declined, InsufficientBalance, Overtaken

INSUFFICIENT = "insufficient_balance"
LIMIT = "balance_limit"
TOO_LARGE = "refund_too_large"
VOIDED = "already_voided"
REFUNDED = "already_refunded"
SPENT = "already_spent"
SETTLED = "already_settled"

REASONS: dict[str, tuple[type[Declined], str]] = {
    INSUFFICIENT: (InsufficientBalance, "the balance does not suffice; nothing was taken"),
    LIMIT: (Declined, "the balance would pass 9,000,000,000,000,000 minor units"),
    TOO_LARGE: (Declined, "more would be given back than was taken"),
    VOIDED: (Declined, "the operation was voided before"),
    REFUNDED: (Declined, "part of the operation was refunded before; refund the rest"),
    SETTLED: (Declined, "the reservation was confirmed or released before"),
    SPENT: (Overtaken, "what it credited is spent already; a key with the scope ledger:overdraft may still undo it"),
}


def error_of(reason: str, shown: Mapping[str, object]) -> Declined:
    """`shown`: the declined operation, as answers show one."""
    kind, message = REASONS[reason]
    return kind(reason, message, shown)

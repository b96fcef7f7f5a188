"""What else commits with something new: an answer kept under an idempotency key. May not enter: what is new."""

from collections.abc import Callable
from typing import TypeVar

from billfold.ports import Tx

T = TypeVar("T")
After = Callable[[Tx, T], None]


def kept(tx: Tx, made: T, after: After[T] | None) -> T:
    if after:
        after(tx, made)
    return made

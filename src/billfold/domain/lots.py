"""Parts of a balance that are limited in time: pending (earned, not yet to be spent) or expiring. Decisions within one account.

What an account holds beyond its lots is plain and has no limits. Whoever spends takes what expires first; lots without an expiry
come after those with one, the plain rest comes last. Whether a lot may be spent is told by its times, not by whether a job has run.
May not enter: accounts and postings (ledger.py), the clock."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace

NEVER = 2**62


@dataclass(frozen=True, slots=True)
class Limits:
    """When what is credited may be spent, and until when."""

    available_at_ms: int | None = None
    expires_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Lot:
    """`id`: the sequence of the posting that made it, with a number behind a dot where that one made several."""

    id: str
    operation: str
    amount: int
    left: int
    available_at_ms: int | None = None
    expires_at_ms: int | None = None

    @property
    def order(self) -> tuple[int, int, int]:
        """In which lots are spent: the same for everybody who computes it."""
        sequence, _, part = self.id.partition(".")
        return (NEVER if self.expires_at_ms is None else self.expires_at_ms, int(sequence), int(part or 0))

    def pending(self, now_ms: int) -> bool:
        return self.available_at_ms is not None and self.available_at_ms > now_ms

    def expired(self, now_ms: int) -> bool:
        return self.expires_at_ms is not None and self.expires_at_ms <= now_ms

    def due_at_ms(self, now_ms: int) -> int | None:
        """When somebody has to look at it next."""
        return self.available_at_ms if self.pending(now_ms) else self.expires_at_ms


@dataclass(frozen=True, slots=True)
class Use:
    """So much was taken from a lot (negative) or given back to it by an operation; `left` after it."""

    lot: str
    amount: int
    left: int


def spendable(balance: int, lots: Iterable[Lot], now_ms: int, unlocked: Set[str] = frozenset()) -> int:
    """Of a balance: without what is pending, and without what has expired and is not yet booked out. `unlocked`: lots that may be
    taken all the same, by what undoes their making or books them out."""
    return balance - sum(one.left for one in lots if one.id not in unlocked and (one.pending(now_ms) or one.expired(now_ms)))


def take(lots: Iterable[Lot], amount: int, now_ms: int, unlocked: Set[str] = frozenset()) -> list[Use]:
    """From which lots `amount` comes; what they do not give comes from the plain rest."""
    uses = []
    for one in sorted(lots, key=lambda lot: (lot.id not in unlocked, lot.order)):
        locked = one.id not in unlocked and (one.pending(now_ms) or one.expired(now_ms))
        part = 0 if locked else min(one.left, amount)
        if part:
            uses.append(Use(one.id, -part, one.left - part))
            amount -= part
    return uses


def give_back(lots: Iterable[Lot], taken: Mapping[str, int], plain: int, amount: int) -> list[Use]:
    """To which of the lots that an operation took from `amount` goes back, in the opposite order: the plain rest first, then the
    lot that was taken last. `taken`, `plain`: what is still out, of each lot and of the rest. What was taken from a lot that is no
    longer there becomes plain."""
    there = {one.id: one for one in lots}
    uses = []
    amount -= min(plain, amount)
    for one in sorted(there.values(), key=lambda lot: lot.order, reverse=True):
        part = min(taken.get(one.id, 0), amount)
        if part > 0:
            uses.append(Use(one.id, part, one.left + part))
            amount -= part
    return uses


def changed(lots: Iterable[Lot], uses: Iterable[Use], made: Iterable[Lot]) -> tuple[Lot, ...]:
    """The account's lots after it."""
    after = {one.lot: one.left for one in uses}
    return (*(replace(one, left=after.get(one.id, one.left)) for one in lots), *made)

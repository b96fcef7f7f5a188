"""What the checker of the books collects: findings, and what it remembers of accounts and operations. May not enter: SQL, rules."""

from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, str, str, str]
"""Workspace, environment, owner, unit."""
DRIFTS_SHOWN = 100


@dataclass
class Report:
    """What was read, and what is wrong: (invariant, where, what)."""

    accounts: int = 0
    operations: int = 0
    postings: int = 0
    lots: int = 0
    anchors: int = 0
    drifts: list[tuple[str, str, str]] = field(default_factory=list)
    more: int = 0

    @property
    def good(self) -> bool:
        return not self.drifts

    def add(self, invariant: str, where: str, what: str) -> None:
        if len(self.drifts) < DRIFTS_SHOWN:
            self.drifts.append((invariant, where, what))
        else:
            self.more += 1


@dataclass(frozen=True, slots=True)
class Operation:
    """`seal`: hash over what the row says; "" of before operations were sealed. `tax`: unit, rate, net, tax, gross. `rules`: the
    version of those by which it was decided; from 2 on all tax is booked, before that of sales."""

    kind: str
    declined: str
    reverses: str | None
    seal: str
    tax: tuple[Any, ...]
    flags: tuple[str, ...]
    rules: int


Operations = dict[tuple[str, str, str], Operation]


@dataclass(slots=True)
class Account:
    balance: int = 0
    sequence: int = 0
    hash: bytes = bytes(32)
    overdrawn: bool = False


def place(key: Key) -> str:
    return f"{key[0]}/{key[1]} {key[2]} {key[3]}"

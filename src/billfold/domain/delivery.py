"""What a phone or a wallet should have, what it has, and what an attempt gave: the values of level-triggered delivery.

A row says "wanted 17, delivered 15". Work is the query "delivered < wanted", so there is no message to lose. On Apple's channel a
row is a device (its push token and pass type), since one push tells a device of all its passes; on Google's, a pass's object.
May not enter: the database, the network, the clock."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from billfold.domain.ids import PassId, Scope


class Channel(StrEnum):
    APPLE = "apple"
    GOOGLE = "google"


class Priority:
    """Lower goes first."""

    INTERACTIVE = 0
    NEW = 1
    BROADCAST = 2


BUCKETS = {Channel.APPLE: 8, Channel.GOOGLE: 1}
"""Slices per workspace and environment. Google's has one owner, so that its 20 requests a second are one local token bucket."""


class Due(NamedTuple):
    """A row that wants work, as claimed. (A tuple: there are ten thousand a second, and it costs a quarter of a frozen dataclass.)

    `address` is the push token (hex) on Apple's channel, "" on Google's. `target` is `<pass type>/<device library identifier>` for
    Apple, the pass id for Google. `priority`: of the most urgent wish that waits."""

    scope: Scope
    channel: Channel
    bucket: int
    target: str
    address: str
    wanted: int
    delivered: int
    attempts: int
    priority: int = Priority.INTERACTIVE


@dataclass(frozen=True, slots=True)
class Delivered:
    """The wallet has what was wanted when the row was claimed."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The address is dead since `since_ms` (None: since for ever). Registrations made later stay."""

    reason: str
    since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Not now. `after_seconds` is what the other side asked for, None: our own back-off."""

    reason: str
    after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Parked:
    """It cannot succeed as it is: kept with its reason where people see it, tried again at the next change."""

    reason: str


@dataclass(frozen=True, slots=True)
class CredentialRejected:
    """Nothing is wrong with this row: the certificate or account was refused. The whole credential waits; no attempt is counted."""

    reason: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """Of one channel, over all scopes: rows that wait, rows that are parked, when the oldest waiting one was due, and how many
    there are to keep current (registrations; passes that a Google account holds)."""

    pending: int
    parked: int
    oldest_due_ms: int | None
    holders: int


@dataclass(frozen=True, slots=True)
class HolderPage:
    """What a wallet's own side says of some passes: whether anybody holds each. `token` asks for the next ones; None at the end."""

    holders: tuple[tuple[PassId, bool], ...]
    token: str | None


Outcome = Delivered | Gone | RetryLater | Parked | CredentialRejected


def backoff_ms(attempts: int, jitter: float) -> int:
    """Milliseconds to wait after the `attempts`-th failure (1, 2, ...), times `jitter` (0.5 to 1).

    1 s doubling to 30 s, so that every phone is current within a minute of the fault's end."""
    return int(min(1000 * 2 ** min(attempts - 1, 10), 30_000) * jitter)

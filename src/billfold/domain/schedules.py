"""When work that comes again is due next, and how long what is kept for a while is kept: pure arithmetic on milliseconds.

A schedule is a job row whose `due_at` lies in the future; each run ends by naming the next (design, section 6). May not enter: the
clock, settings, what the work is."""

import zlib
from dataclasses import dataclass
from enum import StrEnum

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


def next_due_ms(now_ms: int, every_ms: int, name: str, at_ms: int = 0, spread_ms: int | None = None) -> int:
    """The next time after `now_ms`, `at_ms` into a period of `every_ms` (periods begin at midnight UTC where they divide a day).

    `name` puts each one at its own place within `spread_ms` (the whole period when not given), so that not all run at once; the
    same in every process."""
    offset = at_ms + zlib.crc32(name.encode()) % max(1, every_ms if spread_ms is None else spread_ms)
    return ((now_ms - offset) // every_ms + 1) * every_ms + offset


@dataclass(frozen=True, slots=True)
class JobFigures:
    """Of the jobs of one kind and state, over all scopes. `due_at_ms`: of the one that is due first."""

    kind: str
    state: str
    count: int
    done: int
    due_at_ms: int


class Kept(StrEnum):
    """What is kept for a while and then removed."""

    IDEMPOTENCY = "idempotency"
    CALLBACK = "callback"
    JOB = "job"
    LEASE = "lease"
    IMAGE_SOURCE = "image_source"
    DEVICE_LOG = "device_log"
    MAIL = "mail"
    MAIL_ADDRESS = "mail_address"
    """To whom a mail went: the mail stays, the address goes."""
    MAIL_COUNT = "mail_count"
    PLAYGROUND_KEY = "playground_key"
    """A key that the Playground was lent for a quarter of an hour. Others stay when they have ended: people look them up."""


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long each is kept, in milliseconds, and how often it is looked for what is older."""

    idempotency_ms: int = 72 * HOUR_MS
    callback_ms: int = 30 * DAY_MS
    job_ms: int = 30 * DAY_MS
    lease_ms: int = DAY_MS
    image_source_ms: int = DAY_MS
    device_log_ms: int = 90 * DAY_MS
    mail_ms: int = 400 * DAY_MS
    mail_address_ms: int = 30 * DAY_MS
    mail_count_ms: int = 2 * DAY_MS
    playground_key_ms: int = 30 * DAY_MS
    every_ms: int = HOUR_MS

    def before_ms(self, kept: Kept, now_ms: int) -> int:
        """What is older than this may go."""
        spans = {
            Kept.IDEMPOTENCY: self.idempotency_ms,
            Kept.CALLBACK: self.callback_ms,
            Kept.JOB: self.job_ms,
            Kept.LEASE: self.lease_ms,
            Kept.IMAGE_SOURCE: self.image_source_ms,
            Kept.DEVICE_LOG: self.device_log_ms,
            Kept.MAIL: self.mail_ms,
            Kept.MAIL_ADDRESS: self.mail_address_ms,
            Kept.MAIL_COUNT: self.mail_count_ms,
            Kept.PLAYGROUND_KEY: self.playground_key_ms,
        }
        return now_ms - spans[kept]

"""Why a phone shows what it shows: from what is wanted and delivered to steps that a person can follow. Pure, on values.

Each step says what happened, or where it stopped; the last one is the answer. May not enter: words (a page's), storage, clocks."""

from dataclasses import dataclass
from enum import StrEnum

PATIENCE_MS = 2 * 60_000
"""How long a phone that was told may take before its silence is something to look at."""
NOTICES_MAX, NOTICES_MS = 3, 24 * 3_600_000
"""Google shows a holder so many notifications of one pass in a day. Source: reference/google-wallet.md."""


class State(StrEnum):
    GOOD = "good"
    WAIT = "wait"
    BAD = "bad"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Step:
    """`code`: which sentence. `at_ms`: when it was, or will be. `text`: the other side's own word, `count`: tries."""

    code: str
    state: State
    at_ms: int | None = None
    text: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """A row of the delivery table: what a phone or an object should have, and what it has. Times: ms since 1970."""

    wanted: int
    delivered: int
    attempts: int = 0
    parked: bool = False
    due_at_ms: int = 0
    sent_at_ms: int = 0
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """The pass as its holder should see it. `version`: its number, `changed`: whether it is another than was issued, since when.
    `announced`: whether any of its fields has a sentence for the lock screen. `fetched`: (version, when) that a phone got last."""

    version: int
    changed: bool
    changed_at_ms: int
    announced: bool
    fetched: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """When something last happened with the link and the phones of a pass; None: never."""

    opened_at_ms: int | None = None
    downloaded_at_ms: int | None = None
    removed_at_ms: int | None = None
    gone_at_ms: int | None = None


def of_phone(shown: Shown, wish: Wish | None, registered_at_ms: int, now_ms: int, phones: int = 1) -> tuple[Step, ...]:
    """Of a device that holds the pass. `phones`: how many do; which of them fetched is not told by the protocol."""
    steps = [Step("registered", State.GOOD, registered_at_ms)]
    if not shown.changed:
        return (*steps, Step("unchanged", State.NOTE))
    steps.append(Step("changed", State.GOOD, shown.changed_at_ms))
    fetched = shown.fetched if shown.fetched and shown.fetched[0] >= shown.version else None
    if fetched and phones == 1:
        told = [Step("told", State.GOOD, wish.sent_at_ms)] if wish and wish.sent_at_ms and wish.delivered >= shown.version else []
        return (*steps, *told, Step("fetched", State.GOOD, fetched[1]), *_silent(shown))
    if registered_at_ms >= shown.changed_at_ms and (wish is None or wish.wanted == 0):
        return (*steps, Step("installed_current", State.GOOD, registered_at_ms))
    stopped = _told(shown.version, wish, now_ms)
    if stopped.code != "told":
        return (*steps, stopped)
    if fetched:
        return (*steps, stopped, Step("some_fetched", State.GOOD, fetched[1], count=phones), *_silent(shown))
    late = stopped.at_ms is not None and now_ms - stopped.at_ms > PATIENCE_MS
    return (*steps, stopped, Step("silent_phone" if late else "not_asked_yet", State.BAD if late else State.WAIT))


def of_google(shown: Shown, wish: Wish | None, held: bool, notified_ms: tuple[int, ...], now_ms: int) -> tuple[Step, ...]:
    """Of the object that Google keeps and brings to its holder's phones by itself."""
    if not held:
        return (Step("not_saved", State.NOTE),)
    steps = [Step("saved", State.GOOD)]
    if not shown.changed:
        return (*steps, Step("unchanged", State.NOTE))
    steps.append(Step("changed", State.GOOD, shown.changed_at_ms))
    told = _told(shown.version, wish, now_ms)
    if told.code != "told":
        return (*steps, told)
    steps.append(Step("written", State.GOOD, told.at_ms))
    if len([at for at in notified_ms if at > now_ms - NOTICES_MS]) >= NOTICES_MAX:
        steps.append(Step("google_quota", State.NOTE, count=NOTICES_MAX))
    return (*steps, Step("google_brings", State.NOTE), *_silent(shown))


def of_nobody(trace: Trace) -> tuple[Step, ...]:
    """Of a pass that no Apple device holds."""
    steps = [Step("opened", State.GOOD, trace.opened_at_ms)] if trace.opened_at_ms else [Step("never_opened", State.NOTE)]
    if trace.downloaded_at_ms:
        steps.append(Step("downloaded", State.GOOD, trace.downloaded_at_ms))
    left = max(trace.removed_at_ms or 0, trace.gone_at_ms or 0)
    if left and left >= (trace.downloaded_at_ms or 0):
        return (*steps, Step("gone" if left == trace.gone_at_ms else "removed", State.BAD, left))
    if trace.downloaded_at_ms:
        steps.append(Step("never_registered", State.BAD))
    return tuple(steps)


def _told(version: int, wish: Wish | None, now_ms: int) -> Step:
    """Whether the wallet's own side has been told, else what is in the way."""
    if wish is None or wish.wanted < version:
        return Step("not_wanted_yet", State.WAIT)
    if wish.delivered >= version:
        return Step("told", State.GOOD, wish.sent_at_ms or None)
    if wish.parked:
        return Step("parked", State.BAD, wish.sent_at_ms, wish.last_error, wish.attempts)
    if wish.last_error and not wish.attempts:  # the delivery table counts no attempt where the credential was refused
        return Step("credential", State.BAD, wish.due_at_ms, wish.last_error)
    if wish.last_error:
        return Step("retrying", State.BAD, wish.due_at_ms, wish.last_error, wish.attempts)
    return Step("queued", State.WAIT, max(wish.due_at_ms, now_ms))


def _silent(shown: Shown) -> tuple[Step, ...]:
    return () if shown.announced else (Step("unannounced", State.NOTE),)

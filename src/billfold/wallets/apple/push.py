"""One push to one phone: the request's headers and body, and what each answer of APNs means. Pure.

A pass push carries nothing; the phone comes and asks. Source: reference/apple-wallet.md section 5, Apple's "Handling notification
responses from APNs", reference/reliability-security.md section 4.3. May not enter: connections, storage, the clock."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Protocol

import msgspec

from billfold.domain.delivery import CredentialRejected, Delivered, Gone, Outcome, Parked, RetryLater

BODY = b"{}"
HOLD_SECONDS = 20.0
"""How long a phone that APNs calls overloaded is left alone when APNs names no time: it must still be current within a minute."""
RETRY_AFTER_MAX_SECONDS = 3600.0

_TOKEN = re.compile(r"[0-9A-Fa-f]{2,400}\Z")
_DEAD = frozenset({"BadDeviceToken", "DeviceTokenNotForTopic"})
_OUR_IDENTITY = frozenset({"MissingTopic", "BadTopic", "TopicDisallowed", "BadCertificate", "BadCertificateEnvironment"})
_PASSING = frozenset({"IdleTimeout"})


@dataclass(frozen=True, slots=True)
class PushOptions:
    """How pushes are sent. Apple documents no push type for passes; `background` with priority 5 is what others see working.

    `expiration_seconds`: how long APNs keeps a push for a phone that is off."""

    url: str = "https://api.push.apple.com"
    push_type: str = "background"
    priority: int = 5
    expiration_seconds: int = 7 * 86_400


@dataclass(frozen=True, slots=True)
class PushRequest:
    """POST `path` with header lines and body. Requests of one batch share the very same `headers` tuple."""

    path: str
    headers: tuple[bytes, ...]
    body: bytes = BODY


class PushAnswer(Protocol):
    """As it came. Header names in lower case."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


def header_lines(options: PushOptions, topic: str, now: int) -> tuple[bytes, ...]:
    """The headers of every push of one batch. `now`: seconds since 1970."""
    return (
        f"apns-topic: {topic}".encode(),
        f"apns-push-type: {options.push_type}".encode(),
        f"apns-priority: {options.priority}".encode(),
        f"apns-expiration: {now + options.expiration_seconds}".encode(),
    )


def path(push_token: str) -> str | None:
    """The request path for a push token (hex), None when the text can be no token; no length is assumed."""
    return f"/3/device/{push_token}" if _TOKEN.match(push_token) else None


class _ErrorBody(msgspec.Struct):
    reason: str = ""
    timestamp: int | None = None


_ERROR_BODY = msgspec.json.Decoder(_ErrorBody)
_DELIVERED = Delivered()


def read(answer: PushAnswer, now: int) -> Outcome:
    """What one answer means. The body is foreign input: one that is no error body counts as one without a reason."""
    if answer.status == 200:
        return _DELIVERED
    try:
        error = _ERROR_BODY.decode(answer.body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        error = _ErrorBody()
    reason = "".join(letter for letter in error.reason[:60] if letter.isascii() and letter.isalnum())
    return outcome_of(answer.status, reason, error.timestamp, retry_after_seconds(answer.headers.get("retry-after"), now))


def outcome_of(status: int, reason: str, timestamp_ms: int | None, retry_after: float | None) -> Outcome:
    """The table of both references. `timestamp_ms`: since when the token is dead; `retry_after`: seconds, as APNs asked."""
    why = f"{status} {reason}".strip()
    if status == 200:
        return _DELIVERED
    if status == 410:
        return Gone(why, timestamp_ms)
    if status == 400 and reason in _DEAD:
        return Gone(why, timestamp_ms)
    if status in (401, 403) or (status == 400 and reason in _OUR_IDENTITY) or reason == "TooManyProviderTokenUpdates":
        return CredentialRejected(why)
    if status == 429:
        return RetryLater(why, HOLD_SECONDS if retry_after is None else retry_after)
    if status >= 500 or (status == 400 and reason in _PASSING):
        return RetryLater(why, retry_after)
    if 400 <= status < 500:
        return Parked(why)  # our request is wrong: sending it again changes nothing
    return RetryLater(f"{why} is no answer of APNs", retry_after)


def retry_after_seconds(value: str | None, now: int) -> float | None:
    """Retry-After as seconds or HTTP date → seconds from `now`, between 0 and an hour; None when absent or unreadable."""
    if value is None:
        return None
    try:
        wait = float(int(value)) if value.strip().isdigit() else parsedate_to_datetime(value).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return min(max(wait, 0.0), RETRY_AFTER_MAX_SECONDS)

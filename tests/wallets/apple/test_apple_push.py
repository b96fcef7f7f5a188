"""What each answer of APNs means, as the table says; and when a credential's circuit opens and closes."""

from dataclasses import dataclass, field

import pytest

from billfold.domain.delivery import CredentialRejected, Delivered, Gone, Outcome, Parked, RetryLater
from billfold.wallets.apple.circuit import ERRORS_MAX, OPEN_MS, PROBE_MS, SILENCE_MS, Circuit
from billfold.wallets.apple.push import (
    BODY,
    HOLD_SECONDS,
    RETRY_AFTER_MAX_SECONDS,
    PushOptions,
    header_lines,
    outcome_of,
    path,
    read,
    retry_after_seconds,
)

NOW = 1_795_176_000


@dataclass
class Answer:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@pytest.mark.requirement("S0-39", "S3-27")
@pytest.mark.parametrize(
    ("status", "reason", "expected"),
    [
        (200, "", Delivered()),
        (400, "BadDeviceToken", Gone("400 BadDeviceToken")),
        (400, "DeviceTokenNotForTopic", Gone("400 DeviceTokenNotForTopic")),
        (400, "MissingTopic", CredentialRejected("400 MissingTopic")),
        (400, "BadTopic", CredentialRejected("400 BadTopic")),
        (400, "TopicDisallowed", CredentialRejected("400 TopicDisallowed")),
        (400, "BadExpirationDate", Parked("400 BadExpirationDate")),
        (400, "BadPriority", Parked("400 BadPriority")),
        (400, "BadMessageId", Parked("400 BadMessageId")),
        (400, "BadCollapseId", Parked("400 BadCollapseId")),
        (400, "InvalidPushType", Parked("400 InvalidPushType")),
        (400, "DuplicateHeaders", Parked("400 DuplicateHeaders")),
        (400, "PayloadEmpty", Parked("400 PayloadEmpty")),
        (400, "MissingDeviceToken", Parked("400 MissingDeviceToken")),
        (400, "", Parked("400")),
        (400, "IdleTimeout", RetryLater("400 IdleTimeout")),
        (401, "", CredentialRejected("401")),
        (403, "BadCertificate", CredentialRejected("403 BadCertificate")),
        (403, "BadCertificateEnvironment", CredentialRejected("403 BadCertificateEnvironment")),
        (403, "Forbidden", CredentialRejected("403 Forbidden")),
        (403, "MissingProviderToken", CredentialRejected("403 MissingProviderToken")),
        (403, "ExpiredProviderToken", CredentialRejected("403 ExpiredProviderToken")),
        (404, "BadPath", Parked("404 BadPath")),
        (405, "MethodNotAllowed", Parked("405 MethodNotAllowed")),
        (410, "Unregistered", Gone("410 Unregistered")),
        (410, "ExpiredToken", Gone("410 ExpiredToken")),
        (413, "PayloadTooLarge", Parked("413 PayloadTooLarge")),
        (429, "TooManyRequests", RetryLater("429 TooManyRequests", HOLD_SECONDS)),
        (429, "TooManyProviderTokenUpdates", CredentialRejected("429 TooManyProviderTokenUpdates")),
        (500, "InternalServerError", RetryLater("500 InternalServerError")),
        (502, "", RetryLater("502")),
        (503, "ServiceUnavailable", RetryLater("503 ServiceUnavailable")),
        (503, "Shutdown", RetryLater("503 Shutdown")),
        (302, "", RetryLater("302 is no answer of APNs")),
    ],
)
def test_each_answer_has_one_meaning(status: int, reason: str, expected: Outcome) -> None:
    assert outcome_of(status, reason, None, None) == expected


def test_a_dead_token_is_dead_since_the_time_in_the_answer() -> None:
    answer = Answer(410, b'{"reason": "Unregistered", "timestamp": 1795000000123}')
    assert read(answer, NOW) == Gone("410 Unregistered", 1_795_000_000_123)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_wait_that_the_server_asks_for_is_kept(status: int) -> None:
    answer = Answer(status, b'{"reason": "X"}', {"retry-after": "7"})
    assert read(answer, NOW) == RetryLater(f"{status} X", 7.0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("30", 30.0),
        ("Fri, 20 Nov 2026 12:01:00 GMT", 60.0),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0.0),
        ("99999999999999999999", RETRY_AFTER_MAX_SECONDS),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("²", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_never_above_an_hour(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"\xff",
        b'{"reason": 5}',
        b'{"reason": "x", "timestamp": "y"}',
        b'{"reason": null}',
        b'{"reason": "\\ud800"}',
        b"[" * 100_000,
    ],
)
def test_a_body_that_is_no_error_body_counts_as_one_without_reason(body: bytes) -> None:
    assert read(Answer(503, body), NOW) in (RetryLater("503"), RetryLater("503 x"))


def test_a_reason_cannot_forge_a_log_line() -> None:
    outcome = read(Answer(400, b'{"reason": "Bad\\nDevice\\u001b[31m' + b"x" * 500 + b'"}'), NOW)
    assert isinstance(outcome, Parked)
    assert outcome.reason.isprintable()
    assert len(outcome.reason) < 80


def test_the_headers_are_those_that_apns_wants_and_the_body_is_an_empty_object() -> None:
    lines = header_lines(PushOptions(expiration_seconds=60), "pass.org.example.card", NOW)
    assert lines == (
        b"apns-topic: pass.org.example.card",
        b"apns-push-type: background",
        b"apns-priority: 5",
        b"apns-expiration: 1795176060",
    )
    assert BODY == b"{}"


@pytest.mark.parametrize("token", ["", "a", "../secret", "ab\r\n", "ab cd", "ä" * 64, "ab/cd", "zz", "a" * 401, "ab\n"])
def test_a_text_that_is_no_push_token_gets_no_path(token: str) -> None:
    assert path(token) is None


@pytest.mark.parametrize("token", ["ab", "AB01" * 16, "0" * 160])
def test_no_length_of_a_push_token_is_assumed(token: str) -> None:
    assert path(token) == f"/3/device/{token}"


# --- circuit ----------------------------------------------------------------------------------------------------------------------

REFUSED = CredentialRejected("403 BadCertificate")
MANY = 1000


def test_a_credential_refused_five_times_in_a_row_rests_and_then_sends_one_probe() -> None:
    circuit = Circuit()
    circuit.record([REFUSED] * (ERRORS_MAX - 1), [True] * (ERRORS_MAX - 1), 0)
    assert circuit.allowance(0) > MANY
    circuit.record([REFUSED], [True], 0)
    assert circuit.allowance(OPEN_MS - 1) == 0
    assert circuit.reason == "403 BadCertificate"
    assert circuit.allowance(OPEN_MS) == 1


def test_a_good_probe_closes_the_circuit_and_a_refused_one_opens_it_again() -> None:
    circuit = Circuit()
    circuit.record([REFUSED] * ERRORS_MAX, [True] * ERRORS_MAX, 0)
    circuit.record([REFUSED], [True], OPEN_MS)
    assert circuit.allowance(2 * OPEN_MS - 1) == 0
    circuit.record([Delivered()], [True], 2 * OPEN_MS)
    assert circuit.allowance(2 * OPEN_MS) > MANY


def test_an_answer_in_between_starts_the_count_again() -> None:
    circuit = Circuit()
    for _ in range(10):
        circuit.record([REFUSED] * (ERRORS_MAX - 1) + [Gone("410")], [True] * ERRORS_MAX, 0)
    assert circuit.allowance(0) > MANY


def test_one_probe_at_a_time_and_one_that_nobody_answers_is_soon_followed_by_another() -> None:
    circuit = Circuit()
    circuit.record([REFUSED] * ERRORS_MAX, [True] * ERRORS_MAX, 0)
    assert [circuit.allowance(OPEN_MS) for _ in range(3)] == [1, 0, 0]
    circuit.record([RetryLater("unreachable")], [False], OPEN_MS)
    assert circuit.allowance(OPEN_MS + PROBE_MS - 1) == 0
    assert circuit.allowance(OPEN_MS + PROBE_MS) == 1


def test_after_a_while_of_silence_the_connections_are_to_be_dropped() -> None:
    circuit, unknown = Circuit(), [RetryLater("unreachable")] * 2
    assert not circuit.record(unknown, [False, False], 0)
    assert not circuit.record(unknown, [False, False], SILENCE_MS - 1)
    assert circuit.record(unknown, [False, False], SILENCE_MS)
    assert not circuit.record(unknown, [False, False], SILENCE_MS + 1)
    assert not circuit.record([Delivered(), unknown[0]], [True, False], 10 * SILENCE_MS)
    assert not circuit.record(unknown, [False, False], 20 * SILENCE_MS)

"""What the push stand-in answers to libcurl: reference/apple-wallet.md section 5.1, row by row."""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pycurl
import pytest

from billfold.sandbox.apns.server import PushServer, PushSettings
from billfold.sandbox.authority import IssuedCertificate, SandboxAuthority
from sandbox.apns.conftest import MovingClock
from sandbox.apns.sender import TOKEN, TOPIC, Sender

MakeSender = Callable[[IssuedCertificate | None], Sender]


@pytest.mark.requirement("S3-27")
async def test_a_proper_push_is_accepted_with_an_id_and_no_body(sender: Sender, push_server: PushServer) -> None:
    answered = await sender.push()
    assert (answered.status, answered.body) == (200, b"")
    assert re.fullmatch("[0-9A-F-]{36}", answered.headers["apns-id"])
    assert push_server.counters.as_json()["received"] == 1


async def test_the_senders_own_id_is_echoed(sender: Sender) -> None:
    apns_id = "11111111-2222-4333-8444-555555555555"
    assert (await sender.push(headers={"apns-id": apns_id})).headers["apns-id"] == apns_id


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"token": "xyz"}, 400, "BadDeviceToken"),
        ({"token": "abc"}, 400, "BadDeviceToken"),
        ({"path": "/3/device/"}, 400, "MissingDeviceToken"),
        ({"path": "/4/device/" + TOKEN}, 404, "BadPath"),
        ({"method": "PUT"}, 405, "MethodNotAllowed"),
        ({"headers": {"apns-topic": "pass.com.example.other"}}, 400, "TopicDisallowed"),
        ({"headers": {"apns-topic": None}, "more_headers": ["apns-topic;"]}, 400, "BadTopic"),
        ({"headers": {"apns-priority": "7"}}, 400, "BadPriority"),
        ({"headers": {"apns-priority": "10"}}, 400, "BadPriority"),
        ({"headers": {"apns-expiration": "soon"}}, 400, "BadExpirationDate"),
        ({"headers": {"apns-push-type": "wallet"}}, 400, "InvalidPushType"),
        ({"headers": {"apns-id": "7"}}, 400, "BadMessageId"),
        ({"headers": {"apns-collapse-id": "x" * 65}}, 400, "BadCollapseId"),
        ({"more_headers": ["apns-topic: " + TOPIC]}, 400, "DuplicateHeaders"),
        ({"body": b""}, 400, "PayloadEmpty"),
        ({"body": b"{}" + b" " * 4095}, 413, "PayloadTooLarge"),
        ({"body": b"[]"}, 400, "BadPayload"),
        ({"body": b"{"}, 400, "BadPayload"),
    ],
)
async def test_what_breaks_a_rule_is_refused_with_apples_reason(
    sender: Sender, changes: dict[str, object], status: int, reason: str
) -> None:
    answered = await sender.push(**changes)  # type: ignore[arg-type]
    assert (answered.status, answered.reason) == (status, reason)
    assert answered.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "changes",
    [
        {"body": b'{"aps":""}'},
        {"body": b"{}" + b" " * 4094},
        {"headers": {"apns-push-type": None, "apns-priority": None, "apns-expiration": None, "apns-topic": None}},
        {"headers": {"apns-push-type": "alert", "apns-priority": "10"}},
        {"token": "ab" * 50},
    ],
)
async def test_what_senders_in_the_field_do_is_accepted(sender: Sender, changes: dict[str, object]) -> None:
    assert (await sender.push(**changes)).status == 200  # type: ignore[arg-type]


async def test_a_retired_token_is_answered_410_with_the_time_it_died(
    sender: Sender, push_server: PushServer, seconds: MovingClock
) -> None:
    device = push_server.issue_token(TOPIC)
    assert (await sender.push(device.push_token)).status == 200
    push_server.retire_token(device.push_token)
    died_at, seconds.now = seconds.now, seconds.now + 60
    answered = await sender.push(device.push_token)
    assert (answered.status, answered.reason) == (410, "Unregistered")
    assert f'"timestamp":{int(died_at * 1000)}'.encode() in answered.body


async def test_a_token_of_another_pass_type_is_refused(sender: Sender, push_server: PushServer) -> None:
    device = push_server.issue_token("pass.com.example.other")
    answered = await sender.push(device.push_token)
    assert (answered.status, answered.reason) == (400, "DeviceTokenNotForTopic")


class TestUnknownTokensRefused:
    @pytest.fixture
    def push_settings(self) -> PushSettings:
        return PushSettings(accept_unknown_tokens=False)

    async def test_a_well_formed_token_that_nobody_was_given_is_bad(self, sender: Sender, push_server: PushServer) -> None:
        answered = await sender.push()
        assert (answered.status, answered.reason) == (400, "BadDeviceToken")
        assert (await sender.push(push_server.issue_token(None).push_token)).status == 200


class TestFlooding:
    @pytest.fixture
    def push_settings(self) -> PushSettings:
        return PushSettings(flood_pushes_max=3, flood_window_seconds=10)

    async def test_too_many_pushes_to_one_token_are_answered_429_for_a_while(self, sender: Sender, seconds: MovingClock) -> None:
        statuses = [(await sender.push()).status for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        assert (await sender.push()).reason == "TooManyRequests"
        assert (await sender.push("cd" * 32)).status == 200
        seconds.now += 10
        assert (await sender.push()).status == 200


async def test_without_a_client_certificate_the_handshake_fails(make_sender: MakeSender, push_server: PushServer) -> None:
    answered = await make_sender(None).push()
    assert answered.error != 0
    assert push_server.counters.received == 0


async def test_a_certificate_of_a_foreign_authority_is_refused_in_the_handshake(
    make_sender: MakeSender, push_server: PushServer, tmp_path: Path
) -> None:
    foreign = SandboxAuthority.open(tmp_path / "foreign").issue_pass_certificate(TOPIC, "A1B2C3D4E5")
    assert (await make_sender(foreign).push()).error != 0
    assert push_server.counters.received == 0


async def test_an_expired_certificate_is_refused_in_the_handshake(
    make_sender: MakeSender, push_server: PushServer, authority: SandboxAuthority
) -> None:
    ended = datetime.now(UTC) - timedelta(days=1)
    assert (await make_sender(authority.issue_pass_certificate(TOPIC, "A1B2C3D4E5", not_after=ended)).push()).error != 0
    assert push_server.counters.received == 0


async def test_a_certificate_that_is_no_pass_certificate_gets_no_further_than_the_handshake(
    make_sender: MakeSender, push_server: PushServer, authority: SandboxAuthority
) -> None:
    answered = await make_sender(authority.issue_server_certificate(("localhost",))).push()
    assert answered.error != 0  # it is for servers; the handshake sees that
    assert push_server.counters.received == 0


async def test_one_connection_carries_many_pushes_at_once(sender: Sender, push_server: PushServer) -> None:
    await sender.push()  # opens the connection
    answers = await sender.push_many([(f"{number:064x}", {}) for number in range(300)])
    assert {answered.status for answered in answers} == {200}
    assert push_server.counters.connections_opened == 1
    assert push_server.counters.duplicates == 0


async def test_a_second_push_to_a_token_is_counted_as_a_duplicate(sender: Sender, push_server: PushServer) -> None:
    for token in (TOKEN, TOKEN, "cd" * 32):
        await sender.push(token)
    counted = push_server.counters.as_json()
    assert (counted["accepted"], counted["distinctTokens"], counted["duplicates"]) == (3, 2, 1)
    assert push_server.counters.per_token[TOKEN] == 2


async def test_a_server_that_speaks_no_http2_is_not_what_apple_offers(sender: Sender, push_server: PushServer) -> None:
    handle = pycurl.Curl()
    handle.setopt(pycurl.URL, f"https://127.0.0.1:{push_server.port}/3/device/{TOKEN}")
    handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    handle.setopt(pycurl.CAINFO, str(sender.folder / "root.pem"))
    handle.setopt(pycurl.SSLCERT, str(sender.folder / "chain.pem"))
    handle.setopt(pycurl.SSLKEY, str(sender.folder / "key.pem"))
    handle.setopt(pycurl.TIMEOUT, 20)

    with pytest.raises(pycurl.error):
        await asyncio.to_thread(handle.perform)
    assert push_server.counters.received == 0

"""Each fault that can be asked for, as libcurl meets it, and that it heals."""

from collections.abc import Callable

import pycurl
import pytest

from billfold.sandbox.apns.faults import Fault
from billfold.sandbox.apns.server import PushServer
from billfold.sandbox.authority import IssuedCertificate
from sandbox.apns.conftest import MovingClock
from sandbox.apns.sender import TOPIC, Sender

_STREAM_ERROR = 92  # CURLE_HTTP2_STREAM, which pycurl does not name
TOKENS = [f"{number:064x}" for number in range(20)]


async def test_the_next_n_answers_are_those_asked_for(sender: Sender, push_server: PushServer) -> None:
    push_server.add_fault(Fault(kind="answer", count=2, status=500, reason="InternalServerError"))
    answers = [await sender.push() for _ in range(3)]
    assert [(answered.status, answered.reason) for answered in answers] == [
        (500, "InternalServerError"),
        (500, "InternalServerError"),
        (200, None),
    ]
    assert push_server.counters.accepted == 1


async def test_an_outage_answers_all_with_503_until_its_time_is_up(
    sender: Sender, push_server: PushServer, seconds: MovingClock
) -> None:
    push_server.add_fault(Fault(kind="answer", status=503, retry_after_seconds=30, lasts_seconds=60))
    refused = await sender.push()
    assert (refused.status, refused.reason) == (503, "ServiceUnavailable")
    assert refused.headers["retry-after"] == "30"
    seconds.now += 60
    assert (await sender.push()).status == 200


async def test_a_fault_can_let_some_pushes_pass_first(sender: Sender, push_server: PushServer) -> None:
    push_server.add_fault(Fault(kind="answer", after=2, count=1, status=429, reason="TooManyRequests"))
    assert [(await sender.push()).status for _ in range(4)] == [200, 200, 429, 200]


async def test_a_refused_certificate_is_403_while_it_lasts(sender: Sender, push_server: PushServer) -> None:
    push_server.add_fault(Fault(kind="answer", status=403, reason="BadCertificate"))
    assert (await sender.push()).reason == "BadCertificate"
    push_server.heal()
    assert (await sender.push()).status == 200


async def test_a_reset_stream_fails_alone(sender: Sender, push_server: PushServer) -> None:
    await sender.push()
    push_server.add_fault(Fault(kind="reset_stream", count=1, error_code=2))
    assert (await sender.push()).error == _STREAM_ERROR
    assert (await sender.push()).status == 200
    assert push_server.counters.connections_opened == 1


async def test_a_black_hole_never_answers(sender: Sender, push_server: PushServer) -> None:
    push_server.add_fault(Fault(kind="silence", count=1))
    assert (await sender.push(seconds=0.3)).error == pycurl.E_OPERATION_TIMEDOUT
    assert push_server.counters.received == 1
    assert push_server.counters.accepted == 0
    assert (await sender.push()).status == 200


async def test_slow_answers_come_late_but_come(sender: Sender, push_server: PushServer) -> None:
    push_server.add_fault(Fault(kind="slow", count=1, delay_seconds=0.3))
    assert (await sender.push(seconds=0.1)).error == pycurl.E_OPERATION_TIMEDOUT
    push_server.add_fault(Fault(kind="slow", count=1, delay_seconds=0.05))
    assert (await sender.push()).status == 200


async def test_a_tcp_reset_ends_the_connection_without_a_word(sender: Sender, push_server: PushServer) -> None:
    await sender.push()
    push_server.add_fault(Fault(kind="reset_connection", count=2))  # libcurl repeats a request on a reused connection once
    assert (await sender.push()).error != 0
    assert push_server.counters.accepted == 1
    push_server.heal()
    assert (await sender.push()).status == 200


async def test_a_lost_answer_was_a_push_delivered(sender: Sender, push_server: PushServer) -> None:
    push_server.add_fault(Fault(kind="lose_answer", count=1))
    assert (await sender.push()).error != 0
    assert push_server.counters.accepted == 1
    assert (await sender.push()).status == 200
    assert push_server.counters.duplicates == 1


async def test_goaway_serves_what_it_names_and_the_rest_moves_to_a_new_connection(sender: Sender, push_server: PushServer) -> None:
    await sender.push("ff" * 32)
    push_server.add_fault(Fault(kind="goaway", after=5, count=1))
    answers = await sender.push_many([(token, {}) for token in TOKENS])
    served = [answered for answered in answers if answered.status == 200]
    assert len(served) >= 6  # those up to the one that GOAWAY names; libcurl repeats some of the others by itself
    left = [token for token, answered in zip(TOKENS, answers, strict=True) if answered.status != 200]
    again = [await sender.push(token) for token in left]
    assert {answered.status for answered in again} <= {200}
    assert push_server.counters.as_json()["distinctTokens"] == 21
    assert push_server.counters.duplicates == 0
    assert push_server.counters.connections_opened >= 2


async def test_goaway_with_close_leaves_no_answer_behind(sender: Sender, push_server: PushServer) -> None:
    await sender.push("ff" * 32)
    push_server.add_fault(Fault(kind="silence", count=3))
    push_server.add_fault(Fault(kind="goaway_close", count=1))
    answers = await sender.push_many([(token, {"seconds": 5}) for token in TOKENS[:4]])
    assert sum(answered.status == 200 for answered in answers) <= 4
    assert push_server.counters.connections_opened >= 1
    assert (await sender.push("ee" * 32)).status == 200
    assert push_server.counters.connections_opened >= 2


async def test_goaway_now_reaches_idle_connections(sender: Sender, push_server: PushServer) -> None:
    await sender.push()
    push_server.go_away()
    assert (await sender.push()).status == 200
    assert push_server.counters.connections_opened == 2


async def test_refused_tls_is_an_alert_in_the_handshake(
    make_sender: Callable[[IssuedCertificate | None], Sender],
    pass_certificate: IssuedCertificate,
    push_server: PushServer,
) -> None:
    push_server.refuse_tls()
    assert (await make_sender(pass_certificate).push()).error == pycurl.E_SSL_CONNECT_ERROR
    push_server.heal()
    assert (await make_sender(pass_certificate).push()).status == 200


async def test_a_pause_refuses_connections_and_the_port_comes_back(sender: Sender, push_server: PushServer) -> None:
    await sender.push()
    await push_server.pause()
    assert (await sender.push()).error != 0  # the old connection turns out to be dead
    assert (await sender.push()).error == pycurl.E_COULDNT_CONNECT
    await push_server.resume()
    assert (await sender.push()).status == 200


async def test_the_stream_limit_changes_on_the_open_connection(sender: Sender, push_server: PushServer) -> None:
    await sender.push()
    push_server.change_max_concurrent_streams(2)
    await sender.push()  # by its end the new limit has been read and acknowledged
    push_server.add_fault(Fault(kind="slow", delay_seconds=0.01))
    answers = await sender.push_many([(token, {}) for token in TOKENS])
    assert {answered.status for answered in answers} == {200}  # more than two at once would have ended the connection
    assert push_server.counters.connections_opened == 1


async def test_of_several_faults_the_oldest_comes_first(sender: Sender, push_server: PushServer) -> None:
    push_server.add_fault(Fault(kind="answer", count=1, status=429, reason="TooManyRequests"))
    push_server.add_fault(Fault(kind="answer", count=1, status=500, reason="InternalServerError"))
    assert [(await sender.push()).status for _ in range(3)] == [429, 500, 200]


async def test_a_restart_keeps_tokens_retired_ones_and_stored_pushes(sender: Sender, push_server: PushServer) -> None:
    alive, retired = push_server.issue_token(TOPIC), push_server.issue_token(TOPIC)
    push_server.retire_token(retired.push_token)
    await sender.push(alive.push_token)
    port = push_server.port
    await push_server.stop()
    await push_server.start("127.0.0.1", port)
    assert (await sender.push(retired.push_token)).status == 410
    async with push_server.listen(alive.push_token) as line:
        push = await line.next_push(1)
    assert push is not None
    assert push.topic == TOPIC


@pytest.mark.parametrize("expiration", ["0", "1795176000"])
async def test_a_push_that_may_not_wait_is_not_kept(sender: Sender, push_server: PushServer, expiration: str) -> None:
    device = push_server.issue_token(TOPIC)
    assert (await sender.push(device.push_token, headers={"apns-expiration": expiration})).status == 200
    async with push_server.listen(device.push_token) as line:
        assert line.untaken() == []


async def test_a_stored_push_dies_when_its_time_is_up(sender: Sender, push_server: PushServer, seconds: MovingClock) -> None:
    device = push_server.issue_token(TOPIC)
    await sender.push(device.push_token, headers={"apns-expiration": str(int(seconds.now) + 60)})
    seconds.now += 61
    async with push_server.listen(device.push_token) as line:
        assert line.untaken() == []


async def test_of_many_pushes_to_a_phone_that_is_off_one_is_kept(sender: Sender, push_server: PushServer) -> None:
    device = push_server.issue_token(TOPIC)
    for _ in range(3):
        await sender.push(device.push_token)
    async with push_server.listen(device.push_token) as line:
        assert len(line.untaken()) == 1
    assert push_server.counters.as_json()["coalesced"] == 2

"""HttpTwoPool against real TLS HTTP/2 servers: one connection, order, back-pressure, and every way to fail."""

import asyncio
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import uvloop

from billfold.outgoing.errors import OutgoingError, TimedOut, TooLarge, Unreachable
from billfold.outgoing.push_pool import HttpTwoPool, Outcome, PoolAnswer, PushRequest
from judges import judge
from outgoing.h2_server import Behave, Connection, H2Server, Push, h2_server
from outgoing.servers import certificate

SERVER = certificate("localhost", "127.0.0.1")
CLIENT = certificate("pass.com.example")
TOPIC = (b"apns-topic: pass.com.example",)


def fine(connection: Connection, stream: int, push: Push) -> None:
    connection.answer(stream, 200, b"", apns_id=push.path.rpartition("/")[2])


@asynccontextmanager
async def served(
    folder: Path,
    behave: Behave = fine,
    *,
    server_streams: int = 1_000,
    client_roots: bytes | None = None,
    streams_max: int = 500,
    connections_max: int = 1,
    timeout_seconds: float = 30,
) -> AsyncIterator[tuple[H2Server, HttpTwoPool]]:
    async with h2_server(SERVER, folder, behave, streams_max=server_streams, client_roots=client_roots) as server:
        pool = HttpTwoPool(
            f"https://127.0.0.1:{server.port}",
            CLIENT.pem,
            CLIENT.key_pem,
            SERVER.pem,
            streams_max,
            connections_max,
            timeout_seconds=timeout_seconds,
        )
        try:
            yield server, pool
        finally:
            await pool.close()


def pushes(count: int) -> list[PushRequest]:
    return [PushRequest(f"/3/device/{n:064x}", TOPIC, b"{}") for n in range(count)]


def statuses(outcomes: list[Outcome]) -> list[int]:
    return [outcome.status if isinstance(outcome, PoolAnswer) else 0 for outcome in outcomes]


async def test_a_batch_goes_over_one_connection_and_comes_back_in_order(tmp_path: Path) -> None:
    def echo(connection: Connection, stream: int, push: Push) -> None:
        connection.answer(stream, 200, push.path.rpartition("/")[2].encode())

    async with served(tmp_path, echo) as (server, pool):
        outcomes = await pool.post_many(pushes(2_000))
        assert [outcome.body for outcome in outcomes if isinstance(outcome, PoolAnswer)] == [b"%064x" % n for n in range(2_000)]
        assert server.connections == 1
        assert {push.body for push in server.pushes} == {b"{}"}
        assert server.pushes[0].headers["apns-topic"] == "pass.com.example"
        assert {"content-type", "expect", "accept", "accept-encoding", "cookie"}.isdisjoint(server.pushes[0].headers)


async def test_status_body_and_headers_of_each_push_are_its_own(tmp_path: Path) -> None:
    def by_token(connection: Connection, stream: int, push: Push) -> None:
        number = int(push.path.rpartition("/")[2], 16)
        if number % 3 == 0:
            connection.answer(stream, 410, b'{"reason":"Unregistered","timestamp":1}')
        else:
            connection.answer(stream, 200 + number % 3, b"", retry_after=str(number))

    async with served(tmp_path, by_token, streams_max=7) as (_, pool):
        outcomes = await pool.post_many(pushes(100))
        for number, outcome in enumerate(outcomes):
            assert isinstance(outcome, PoolAnswer)
            if number % 3 == 0:
                assert (outcome.status, outcome.body) == (410, b'{"reason":"Unregistered","timestamp":1}')
                assert "retry-after" not in outcome.headers
            else:
                assert (outcome.status, outcome.body) == (200 + number % 3, b"")
                assert outcome.headers["retry-after"] == str(number)


async def test_a_date_to_wait_for_is_counted_from_now(tmp_path: Path) -> None:
    answers = iter(["Fri, 01 Jan 2100 00:00:00 GMT", "Fri, 01 Jan 2010 00:00:00 GMT", "whenever"])

    def busy(connection: Connection, stream: int, _push: Push) -> None:
        connection.answer(stream, 503, b"", retry_after=next(answers))

    async with served(tmp_path, busy, streams_max=1) as (_, pool):
        far, past, unreadable = [await pool.post("/x", TOPIC, b"{}") for _ in range(3)]
        assert far.retry_after_seconds > 3_600
        assert (past.retry_after_seconds, unreadable.headers) == (0, {})


async def test_headers_and_bodies_may_change_from_push_to_push(tmp_path: Path) -> None:
    async with served(tmp_path, streams_max=1) as (server, pool):
        await pool.post("/a", (b"apns-topic: one", b"apns-priority: 5"), b'{"n":1}')
        await pool.post("/b", [b"apns-topic: two", b"content-type: application/json"], b'{"n":2}')
        first, second = server.pushes
        assert (first.headers["apns-topic"], first.headers["apns-priority"], first.body) == ("one", "5", b'{"n":1}')
        assert (second.headers["apns-topic"], second.body) == ("two", b'{"n":2}')
        assert second.headers["content-type"] == "application/json"
        assert "apns-priority" not in second.headers


async def test_no_more_than_the_allowed_streams_are_in_flight(tmp_path: Path) -> None:
    held: list[tuple[Connection, int]] = []
    full = asyncio.Event()

    def hold(connection: Connection, stream: int, _push: Push) -> None:
        held.append((connection, stream))
        if len(held) == 20:
            full.set()

    async with served(tmp_path, streams_max=20) as (server, pool):
        await pool.post("/first", TOPIC, b"{}")
        server.behave = hold
        batch = asyncio.ensure_future(pool.post_many(pushes(30)))
        await full.wait()
        assert pool.in_flight == 20
        server.behave = fine
        for connection, stream in held:
            connection.answer(stream)
            connection.flush()
        assert statuses(await batch) == [200] * 30
        assert server.streams_open_max == 20
        assert pool.in_flight == 0


async def test_a_server_that_allows_fewer_streams_is_obeyed(tmp_path: Path) -> None:
    def late(connection: Connection, stream: int, _push: Push) -> None:
        def answer() -> None:
            connection.answer(stream)
            connection.flush()

        asyncio.get_running_loop().call_later(0.002, answer)

    async with served(tmp_path, late, server_streams=10) as (server, pool):
        assert statuses(await pool.post_many(pushes(200))) == [200] * 200
        assert server.connections == 1
        assert server.streams_open_max == 10


async def test_callers_share_the_connection(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, pool):
        await asyncio.gather(*(pool.post_many(pushes(50)) for _ in range(5)), pool.post("/x", TOPIC, b"{}"))
        await pool.post("/later", TOPIC, b"{}")
        assert len(server.pushes) == 252
        assert server.connections == 1


# --- identity ---------------------------------------------------------------------------------------------------------


async def test_the_client_certificate_is_shown(tmp_path: Path) -> None:
    async with served(tmp_path, client_roots=CLIENT.pem) as (_, pool):
        assert (await pool.post("/3/device/aa", TOPIC, b"{}")).status == 200


async def test_a_refused_certificate_is_unreachable(tmp_path: Path) -> None:
    async with served(tmp_path, client_roots=certificate("somebody else").pem) as (server, pool):
        with pytest.raises(Unreachable):
            await pool.post("/3/device/aa", TOPIC, b"{}")
        assert server.pushes == []


async def test_a_server_without_the_expected_root_gets_nothing(tmp_path: Path) -> None:
    async with h2_server(SERVER, tmp_path, fine) as server:
        pool = HttpTwoPool(f"https://127.0.0.1:{server.port}", CLIENT.pem, CLIENT.key_pem, certificate("127.0.0.1").pem)
        with pytest.raises(Unreachable):
            await pool.post("/3/device/aa", TOPIC, b"{}")
        await pool.close()
        assert server.pushes == []


async def test_dropped_connections_are_replaced_and_those_in_flight_finish(tmp_path: Path) -> None:
    held: list[tuple[Connection, int]] = []
    asked = asyncio.Event()

    def hold(connection: Connection, stream: int, _push: Push) -> None:
        held.append((connection, stream))
        asked.set()

    async with served(tmp_path, hold) as (server, pool):
        waiting = asyncio.ensure_future(pool.post("/old", TOPIC, b"{}"))
        await asked.wait()
        pool.drop_connections()
        pool.drop_connections()
        server.behave = fine
        assert (await pool.post("/new", TOPIC, b"{}")).status == 200
        assert server.connections == 2
        (connection, stream) = held[0]
        connection.answer(stream, 201)
        connection.flush()
        assert (await waiting).status == 201
        pool.drop_connections()
        assert (await pool.post("/newer", TOPIC, b"{}")).status == 200
        assert server.connections == 3


async def test_the_first_push_of_a_connection_goes_alone(tmp_path: Path) -> None:
    held: list[tuple[Connection, int]] = []
    asked = asyncio.Event()

    def hold(connection: Connection, stream: int, _push: Push) -> None:
        held.append((connection, stream))
        asked.set()

    async with served(tmp_path, hold) as (server, pool):
        batch = asyncio.ensure_future(pool.post_many(pushes(10)))
        await asked.wait()
        assert pool.in_flight == 1
        server.behave = fine
        connection, stream = held[0]
        connection.answer(stream)
        connection.flush()
        assert statuses(await batch) == [200] * 10
        assert len(held) == 1


# --- failures ---------------------------------------------------------------------------------------------------------


async def test_a_reset_stream_fails_alone(tmp_path: Path) -> None:
    def reset_one(connection: Connection, stream: int, push: Push) -> None:
        connection.reset(stream) if push.path.endswith("5") else fine(connection, stream, push)

    async with served(tmp_path, reset_one) as (server, pool):
        outcomes = await pool.post_many(pushes(10))
        assert statuses(outcomes) == [200] * 5 + [0] + [200] * 4
        assert isinstance(outcomes[5], Unreachable)
        assert server.connections == 1


@pytest.mark.parametrize("end", [Connection.cut, Connection.go_away], ids=["reset", "GOAWAY"])
async def test_a_lost_connection_settles_everything_and_the_next_batch_works(tmp_path: Path, end: object) -> None:
    def end_at_ten(connection: Connection, stream: int, push: Push) -> None:
        if len(server.pushes) == 10:
            assert callable(end)
            end(connection)
        else:
            fine(connection, stream, push)

    async with served(tmp_path, end_at_ten, streams_max=50) as (server, pool):
        outcomes = await pool.post_many(pushes(50))
        assert len(outcomes) == 50
        assert all(isinstance(outcome, PoolAnswer | Unreachable) for outcome in outcomes)
        assert server.connections >= 1
        assert statuses(await pool.post_many(pushes(50))) == [200] * 50
        assert pool.in_flight == 0


async def test_no_answer_in_time_is_timed_out_and_the_pool_goes_on(tmp_path: Path) -> None:
    def silent(_connection: Connection, _stream: int, _push: Push) -> None:
        return

    async with served(tmp_path, silent, timeout_seconds=0.3) as (server, pool):
        outcomes = await pool.post_many(pushes(3))
        assert [type(outcome) for outcome in outcomes] == [TimedOut] * 3
        server.behave = fine
        pool._timeout_ms = 30_000
        pool.drop_connections()
        assert (await pool.post("/x", TOPIC, b"{}")).status == 200


async def test_an_endless_answer_is_cut_off(tmp_path: Path) -> None:
    def too_long(connection: Connection, stream: int, _push: Push) -> None:
        connection.state.send_headers(stream, [(":status", "200")])
        for _ in range(5):
            connection.state.send_data(stream, b"x" * 16_000)

    async with served(tmp_path, too_long) as (_, pool):
        with pytest.raises(TooLarge):
            await pool.post("/x", TOPIC, b"{}")


async def test_nobody_listening_is_unreachable_for_every_push(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, _):
        port = server.port
        pool_to_nobody = HttpTwoPool(f"https://127.0.0.1:{port}", None, None, SERVER.pem)
    outcomes = await pool_to_nobody.post_many(pushes(20))
    assert [type(outcome) for outcome in outcomes] == [Unreachable] * 20
    await pool_to_nobody.close()


async def test_closing_settles_what_is_in_flight_and_what_waits(tmp_path: Path) -> None:
    asked = asyncio.Event()

    def silent(_connection: Connection, _stream: int, _push: Push) -> None:
        asked.set()

    async with served(tmp_path, silent, streams_max=2) as (_, pool):
        batch = asyncio.ensure_future(pool.post_many(pushes(10)))
        await asked.wait()
        await pool.close()
        outcomes = await batch
        assert [type(outcome) for outcome in outcomes] == [Unreachable] * 10
        with pytest.raises(OutgoingError):
            await pool.post("/x", TOPIC, b"{}")
        await pool.close()


async def test_a_cancelled_caller_leaves_nothing_waiting(tmp_path: Path) -> None:
    held: list[tuple[Connection, int]] = []
    asked = asyncio.Event()

    def hold(connection: Connection, stream: int, _push: Push) -> None:
        held.append((connection, stream))
        asked.set()

    async with served(tmp_path, hold, streams_max=1) as (server, pool):
        batch = asyncio.ensure_future(pool.post_many(pushes(10)))
        await asked.wait()
        batch.cancel()
        with pytest.raises(asyncio.CancelledError):
            await batch
        server.behave = fine
        connection, stream = held[0]
        connection.answer(stream)
        connection.flush()
        assert (await pool.post("/x", TOPIC, b"{}")).status == 200
        assert [push.path for push in server.pushes] == [f"/3/device/{0:064x}", "/x"]


async def test_nothing_to_send_needs_no_connection(tmp_path: Path) -> None:
    async with served(tmp_path) as (server, pool):
        assert await pool.post_many([]) == []
        assert server.connections == 0


@pytest.mark.parametrize(
    ("path", "headers"), [("no-slash", TOPIC), ("/ü", TOPIC), ("/x", (b"a: b\r\nc: d",)), ("/x", (b"a: \x00",))]
)
async def test_what_is_not_http_is_the_callers_mistake(tmp_path: Path, path: str, headers: tuple[bytes, ...]) -> None:
    async with served(tmp_path) as (server, pool):
        with pytest.raises(ValueError):
            await pool.post(path, headers, b"{}")
        assert server.pushes == []


# --- another implementation -------------------------------------------------------------------------------------------


def started(before: list[str], after: list[str]) -> tuple["subprocess.Popen[bytes]", int]:
    """A server that takes its port between these arguments, listening; on another port when somebody else took the first."""
    while True:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        process = subprocess.Popen([*before, str(port), *after], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                return process, port
            time.sleep(0.02)
        said = process.communicate()[1]
        assert b"bind" in said.lower() or b"in use" in said.lower(), said


@pytest.mark.parametrize("runner", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize(("server_streams", "connections_max"), [(1_000, 1), (10, 1), (10, 3)])
def test_nghttpd_answers_every_push_of_a_large_batch(
    tmp_path: Path, runner: Callable[[Coroutine[None, None, None]], None], server_streams: int, connections_max: int
) -> None:
    """libcurl gives a request up whose stream a server refused five times; whoever delivers asks again, and so does this."""
    program = judge("nghttpd")
    own, key = SERVER.write(tmp_path)
    process, port = started([program, "-a", "127.0.0.1", "-m", str(server_streams), "-d", str(tmp_path)], [str(key), str(own)])

    async def push() -> None:
        base = f"https://127.0.0.1:{port}"
        pool = HttpTwoPool(base, CLIENT.pem, CLIENT.key_pem, SERVER.pem, connections_max=connections_max)
        answers = statuses(await pool.post_many(pushes(2_000)))
        refused = answers.count(0)
        assert refused <= 20
        answers += statuses(await pool.post_many(pushes(refused))) if refused else []
        assert answers.count(404) == 2_000
        await pool.close()

    try:
        runner(push())
    finally:
        process.kill()
        process.wait()

"""Saves and removals: the stand-in signs and sends its callbacks to a receiver, and each has its effect once."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from billfold.domain.content import Content
from billfold.domain.delivery import Delivered
from billfold.domain.errors import Unavailable
from billfold.domain.events import EventKind
from billfold.domain.ids import Environment, Scope
from billfold.domain.passes import Pass
from billfold.domain.schedules import Kept
from billfold.wallets.google.adapter import HolderChange
from billfold.wallets.google.callbacks import CallbackRefused
from wallets.google.cards import FLIGHT, LOYALTY
from wallets.google.material import COFFEE, ISSUER, SCOPE
from wallets.offers import given_out


@dataclass
class Receiver:
    """Where callbacks arrive; each body waits to be looked at."""

    url: str
    bodies: "asyncio.Queue[bytes]" = field(default_factory=asyncio.Queue)

    async def next(self) -> bytes:
        return await asyncio.wait_for(self.bodies.get(), 20)


@pytest.fixture
async def receiver(world: Any) -> AsyncIterator[Receiver]:
    loop = asyncio.get_running_loop()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            loop.call_soon_threadsafe(made.bodies.put_nowait, body)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """The test's output stays quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Receiver(f"http://127.0.0.1:{server.server_port}/callback")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    world.callback_url, world.plain_callbacks = made.url, True
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


KINDS = pytest.mark.parametrize("content", [COFFEE, LOYALTY, FLIGHT], ids=["generic", "loyalty", "flight"])


async def published(world: Any, content: Content = COFFEE) -> Pass:
    made: Pass = await world.issue(content)
    assert await world.publish(made) == [Delivered()]
    return made


async def save(world: Any, made: Pass, account: str = "tester@example.com") -> None:
    link = (await given_out(world.wallet.prepare(made, made.content))).save_url
    answer = await asyncio.to_thread(world.google.save, link.rpartition("/")[2], account)
    assert answer.status == 200, answer.raw


async def remove(world: Any, made: Pass, account: str = "tester@example.com") -> None:
    path = f"/wallet/{account}/remove/{ISSUER}.{made.id}"
    answer = await asyncio.to_thread(world.google.http, "POST", path)
    assert answer.status == 200, answer.raw


async def heard(world: Any, body: bytes, record: Any = None) -> HolderChange | None:
    found: HolderChange | None = await world.wallet.refresh_from_callback(
        SCOPE, await world.wallet.verified_callback(SCOPE, body), record
    )
    return found


@KINDS
async def test_a_save_and_a_removal_are_heard_and_remembered(world: Any, receiver: Receiver, content: Content) -> None:
    made = await published(world, content)
    await save(world, made)
    assert await heard(world, await receiver.next()) == HolderChange(made.id, EventKind.PASS_INSTALLED, True)
    assert (await world.remembered(made)).has_users is True
    await remove(world, made)
    assert await heard(world, await receiver.next()) == HolderChange(made.id, EventKind.PASS_REMOVED, False)
    assert (await world.remembered(made)).has_users is False


@KINDS
async def test_whoever_saves_a_pass_before_its_class_was_made_is_heard_too(
    world: Any, receiver: Receiver, content: Content
) -> None:
    made = await world.issue(content)
    await save(world, made)
    assert await heard(world, await receiver.next()) == HolderChange(made.id, EventKind.PASS_INSTALLED, True)


@KINDS
async def test_who_holds_what_is_asked_page_by_page_and_object_by_object(
    world: Any, receiver: Receiver, monkeypatch: Any, content: Content
) -> None:
    monkeypatch.setattr("billfold.wallets.google.adapter.PAGE_SECONDS", 0)
    made = [await world.issue(content, seed=bytes([65 + nth]) * 16) for nth in range(3)]
    assert await world.publish(*made) == [Delivered()] * 3
    await save(world, made[1])
    class_id = await world.store.read(lambda tx: tx.google.next_class(SCOPE, ""))
    page = await world.wallet.holders(SCOPE, class_id, None)
    assert dict(page.holders) == {made[0].id: False, made[1].id: True, made[2].id: False}
    assert page.token is None
    assert [await world.wallet.is_held(SCOPE, class_id, one.id) for one in made] == [False, True, False]
    assert (await world.wallet.holders(SCOPE, f"{ISSUER}.nothing", None)).holders == ()
    world.google.control("POST", "/faults", {"status": 503, "count": 1, "path": "Object"})
    with pytest.raises(Unavailable):
        await world.wallet.holders(SCOPE, class_id, None)


async def test_a_callback_is_remembered_until_it_has_expired(world: Any, receiver: Receiver) -> None:
    """Housekeeping counts from there: a callback that still holds is never taken twice."""
    made = await published(world)
    await save(world, made)
    body = await receiver.next()
    await heard(world, body)
    expires = int(json.loads(json.loads(body)["signedMessage"])["expTimeMillis"])
    remove_older = world.store.write
    assert await remove_older(lambda tx: tx.pruning.remove_older(SCOPE, Kept.CALLBACK, expires, 10)) == 0
    assert await remove_older(lambda tx: tx.pruning.remove_older(SCOPE, Kept.CALLBACK, expires + 1, 10)) == 1


async def test_a_callback_that_comes_twice_has_one_effect(world: Any, receiver: Receiver) -> None:
    world.google.control("POST", "/settings", {"callbacks_duplicate": 1})
    made = await published(world)
    await save(world, made)
    recorded: list[HolderChange] = []
    for _ in range(2):
        await heard(world, await receiver.next(), lambda tx, change: recorded.append(change))
    assert recorded == [HolderChange(made.id, EventKind.PASS_INSTALLED, True)]


async def test_what_is_recorded_stands_or_falls_with_the_mark_that_the_callback_was_seen(world: Any, receiver: Receiver) -> None:
    made = await published(world)
    await save(world, made)
    body = await receiver.next()

    def fail(tx: Any, change: HolderChange) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await heard(world, body, fail)
    assert await heard(world, body) is not None


async def test_a_callback_never_counts_as_state(world: Any, receiver: Receiver) -> None:
    """A removal that arrives after the pass was saved again: Google's present answer wins."""
    made = await published(world)
    await save(world, made)
    await receiver.next()
    await remove(world, made)
    late = await receiver.next()
    await save(world, made)
    assert await heard(world, late) == HolderChange(made.id, EventKind.PASS_REMOVED, True)
    assert (await world.remembered(made)).has_users is True


async def test_a_save_before_the_worker_came_is_remembered_and_the_pass_is_still_completed(world: Any, receiver: Receiver) -> None:
    await published(world)  # the class with its callback address
    early = await world.issue(seed=b"another pass 123")
    await save(world, early)
    assert await heard(world, await receiver.next()) == HolderChange(early.id, EventKind.PASS_INSTALLED, True)
    assert (await world.remembered(early)).has_users is True
    assert await world.publish(early) == [Delivered()]
    assert (await world.remembered(early)).values["points"] == "1,250"
    assert "messages" not in world.object(early)


async def test_while_google_cannot_be_asked_the_callback_must_come_again(world: Any, receiver: Receiver) -> None:
    made = await published(world)
    await save(world, made)
    body = await receiver.next()
    world.fault(503)
    with pytest.raises(Unavailable):
        await heard(world, body)
    assert await heard(world, body) == HolderChange(made.id, EventKind.PASS_INSTALLED, True)


@pytest.mark.parametrize(
    "scope", [Scope("d3m0ab", Environment.LIVE), Scope("0ther1", Environment.TEST)], ids=["live", "another workspace"]
)
async def test_another_scope_s_callback_is_refused(world: Any, receiver: Receiver, scope: Scope) -> None:
    made = await published(world)
    await save(world, made)
    with pytest.raises(CallbackRefused, match="not our issuer"):
        await world.wallet.verified_callback(scope, await receiver.next())


async def test_an_object_that_is_no_pass_of_ours_is_passed_over(world: Any, receiver: Receiver) -> None:
    made = await published(world)
    await save(world, made)
    callback = await world.wallet.verified_callback(SCOPE, await receiver.next())
    for suffix in (f"0ther1t-{made.id[8:]}", f"d3m0abt-{'0' * 22}", "something", ""):
        assert await world.wallet.refresh_from_callback(SCOPE, replace(callback, object_id=f"{ISSUER}.{suffix}")) is None


# --- root keys --------------------------------------------------------------------------------------------------------------------


def asked(world: Any) -> int:
    return sum(path == "keys" for _, path in world.wire.seen)


async def bodies(world: Any, receiver: Receiver, count: int) -> list[bytes]:
    """Callbacks signed with the stand-in's keys of now."""
    made = await published(world)
    found = []
    for _ in range(count):
        await save(world, made)
        found.append(await receiver.next())
        await remove(world, made)
        await receiver.next()
    return found


async def test_root_keys_are_fetched_once_and_renewed_at_half_of_their_age(world: Any, receiver: Receiver) -> None:
    [body] = await bodies(world, receiver, 1)
    answer = world.google.http("GET", "/gp/m/issuer/keys")
    age = int(answer.headers["cache-control"].rpartition("=")[2])
    for _ in range(5):
        await world.wallet.verified_callback(SCOPE, body)
    assert asked(world) == 1
    world.clock.advance(seconds=min(age, 86_400) / 2 - 1)
    await world.wallet.verified_callback(SCOPE, body)
    assert asked(world) == 1
    world.clock.advance(seconds=1)
    await world.wallet.verified_callback(SCOPE, body)
    assert asked(world) == 2


async def test_a_new_root_is_looked_for_at_a_bad_signature_and_at_most_once_a_minute(world: Any, receiver: Receiver) -> None:
    [old] = await bodies(world, receiver, 1)
    await world.wallet.verified_callback(SCOPE, old)
    world.google.control("POST", "/callbacks/rotate", {"keys": ["root"]})
    made = await world.issue(seed=b"another pass 123")
    await save(world, made)
    new = await receiver.next()
    for _ in range(20):
        with pytest.raises(CallbackRefused, match="intermediate signature"):
            await world.wallet.verified_callback(SCOPE, new)
    assert asked(world) == 1  # the minute since the first look is not over
    world.clock.advance(seconds=60)
    assert (await world.wallet.verified_callback(SCOPE, new)).event_type == "save"
    for _ in range(20):
        with pytest.raises(CallbackRefused):
            await world.wallet.verified_callback(SCOPE, old)
    assert asked(world) == 2


async def test_old_keys_serve_on_while_new_ones_cannot_be_fetched(world: Any, receiver: Receiver) -> None:
    [body] = await bodies(world, receiver, 1)
    await world.wallet.verified_callback(SCOPE, body)
    world.google.control("POST", "/faults", {"status": 503, "path": "/gp/m/issuer/keys", "count": 100})
    world.clock.advance(days=0.9)
    with pytest.raises(CallbackRefused, match="message expired"):  # told only after both signatures were found good
        await world.wallet.verified_callback(SCOPE, body)
    assert asked(world) == 2


async def test_without_any_keys_google_is_asked_to_send_again(world: Any, receiver: Receiver) -> None:
    [body] = await bodies(world, receiver, 1)
    world.google.control("POST", "/faults", {"status": 503, "path": "/gp/m/issuer/keys"})
    for _ in range(2):
        with pytest.raises(Unavailable):
            await world.wallet.verified_callback(SCOPE, body)
    assert asked(world) == 1
    world.clock.advance(seconds=60)
    assert (await world.wallet.verified_callback(SCOPE, body)).event_type == "save"


async def test_a_body_that_names_no_issuer_is_refused_without_asking_anybody(world: Any) -> None:
    for body in (b"", b"{}", json.dumps({"signedMessage": "{}"}).encode()):
        with pytest.raises(CallbackRefused):
            await world.wallet.verified_callback(SCOPE, body)
    assert world.wire.seen == []

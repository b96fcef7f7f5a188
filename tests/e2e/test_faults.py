"""After each fault heals every phone is current and dead registrations are gone.

The faults are those of reference/apple-wallet.md section 5 and reference/google-wallet.md: asked of the stand-ins, acted out on
real sockets. A test waits for the state, up to the promised minute; it never measures how fast. What only waits for long, and is
the same to either engine, runs on one. May not enter: Billfold's own code."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from billfold.sandbox.phones.android import VirtualAndroid
from billfold.sandbox.phones.events import Complained, Notified
from billfold.sandbox.phones.iphone import VirtualIphone
from e2e.conftest import ROOT, SAMPLE, Answer, Billfold, ask, running
from servers import Started

pytestmark = pytest.mark.xdist_group("faults")  # five minutes of waiting: one worker waits, the other works

CURRENT_SECONDS = 60.0
"""What issue and requirement promise, counted from the moment when the fault is healed."""
Json = dict[str, object]


async def until(true: Callable[[], Awaitable[bool]], what: str, seconds: float = CURRENT_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not await true():
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        await asyncio.sleep(0.05)


@dataclass
class Fleet:
    """Three iPhones, each with a pass of its own and all with one in common; an Android phone with the latter."""

    billfold: Billfold
    iphones: list[VirtualIphone]
    android: VirtualAndroid | None = None
    serials: list[str] = field(default_factory=list)
    value: int = 0

    async def change(self) -> None:
        """Every pass gets a new value."""
        self.value += 1
        body = SAMPLE | {"headerFields": [{"label": "POINTS", "value": f"{self.value} points", "changeMessage": "Now %@"}]}
        for serial in self.serials:
            changed = await asyncio.to_thread(self.billfold.change, serial, body)
            assert not changed["unchanged"]

    async def _shown(self) -> list[tuple[str, list[str]]]:
        held = [("iphone", pass_.opened.content.card) for phone in self.iphones for pass_ in phone.passes]
        held += [("android", pass_.card) for pass_ in self.android.passes] if self.android else []
        return [(kind, [one.value for one in card.fields]) for kind, card in held]

    async def current(self) -> None:
        """Waits until each phone shows the newest value of each pass, and nothing is left to be delivered."""

        async def all_shown() -> bool:
            return all(f"{self.value} points" in values for _, values in await self._shown())

        await until(all_shown, f"every phone shows {self.value} points")
        await until(self.settled, "nothing waits to be delivered")

    async def settled(self) -> bool:
        rows = [one for serial in self.serials for one in await self.delivery(serial)]
        return all(one["current"] for one in rows)

    async def delivery(self, serial: str) -> list[Json]:
        answer = await asyncio.to_thread(self.billfold.api, "GET", f"/v1/passes/{serial}")
        assert answer.status == 200, answer.body
        return answer.json["delivery"]

    async def devices(self, serial: str) -> int:
        return len([one for one in await self.delivery(serial) if one["channel"] == "apple"])

    async def push(self, path: str, body: object | None = None, method: str = "POST") -> Json:
        answer = await asyncio.to_thread(self.billfold.push_control, path, body, method)
        assert answer.status == 200, answer.body
        return answer.json

    async def google(self, path: str, body: object | None = None, method: str = "POST") -> Json:
        answer = await asyncio.to_thread(self.billfold.google_control, path, body, method)
        assert answer.status == 200, answer.body
        return answer.json

    async def pushes_seen(self) -> int:
        return int((await self.push("counters", method="GET"))["received"])

    def complaints(self) -> list[str]:
        return [event.text for phone in self.iphones for event in phone.history if isinstance(event, Complained)]


async def add(fleet: Fleet, serial: str, *phones: VirtualIphone | VirtualAndroid) -> None:
    for phone in phones:
        await phone.add(f"{fleet.billfold.url}/p/{serial}")


@contextlib.asynccontextmanager
async def fleet_of(billfold: Billfold, iphones: int = 3, android: bool = False) -> AsyncIterator[Fleet]:
    async with contextlib.AsyncExitStack() as stack:
        phones = [await stack.enter_async_context(VirtualIphone(openssl=None)) for _ in range(iphones)]
        other = await stack.enter_async_context(VirtualAndroid()) if android else None
        fleet = Fleet(billfold, phones, other)
        for _ in range(iphones + 1):
            fleet.serials.append((await asyncio.to_thread(billfold.make))["serialNumber"])
        for phone, own in zip(phones, fleet.serials, strict=False):
            await add(fleet, own, phone)
        await add(fleet, fleet.serials[-1], *phones, *([other] if other else []))
        yield fleet


# --- pushes -----------------------------------------------------------------------------------------------------------------------


def answered(status: int, reason: str, **more: object) -> Json:
    return {"kind": "answer", "status": status, "reason": reason, **more}


PASSING: dict[str, Json] = {
    "429 with a time to wait": answered(429, "TooManyRequests", retryAfterSeconds=1, count=3),
    "429 as Apple sends it": answered(429, "TooManyRequests", count=1),
    "500": answered(500, "InternalServerError", count=4),
    "503 with a time to wait": answered(503, "ServiceUnavailable", retryAfterSeconds=1, count=3),
    "503 Shutdown": answered(503, "Shutdown", count=3),
    "idle connection": answered(400, "IdleTimeout", count=3),
    "GOAWAY, then answers": {"kind": "goaway", "count": 2},
    "GOAWAY and closed": {"kind": "goaway_close", "count": 2},
    "refused stream": {"kind": "reset_stream", "count": 3, "errorCode": 7},
    "stream broken off": {"kind": "reset_stream", "count": 3, "errorCode": 2},
    "TCP reset": {"kind": "reset_connection", "count": 2},
    "delivered, answer lost": {"kind": "lose_answer", "count": 2},
    "slow": {"kind": "slow", "count": 3, "delaySeconds": 0.5},
    "an answer that is none of Apple's": answered(599, "Teapot", count=2),
    "a redirect": answered(302, "Elsewhere", count=2),
}
"""Faults that befall so many pushes and are over."""


@pytest.mark.requirement("S0-39", "S3-27", "S1-11")
async def test_every_phone_is_current_after_a_passing_fault(billfold: Billfold, subtests: pytest.Subtests) -> None:
    async with fleet_of(billfold) as fleet:
        for name, fault in PASSING.items():
            with subtests.test(name):
                await fleet.push("faults", fault)
                before = await fleet.pushes_seen()
                await fleet.change()
                await fleet.current()
                assert await fleet.pushes_seen() > before
                assert (await fleet.push("faults", method="GET")) == [], "the fault did not come to pass"
        assert [await fleet.devices(serial) for serial in fleet.serials] == [1, 1, 1, 3]
        assert fleet.complaints() == []


@pytest.mark.requirement("S0-39", "S3-27", "S1-11")
@pytest.mark.parametrize("engine", ["sqlite"])
async def test_every_phone_is_current_after_the_push_service_was_away(billfold: Billfold, subtests: pytest.Subtests) -> None:
    """Not to be reached, a black hole, refusing our certificate by TLS or by answer: healed by hand after two seconds or so."""
    async with fleet_of(billfold) as fleet:
        for name, (path, fault, healed) in {
            "connection refused": ("server", {"listening": False}, ("server", {"listening": True}, "POST")),
            "TLS refused": ("server", {"refuseTls": True, "now": "reset_connections"}, ("faults", None, "DELETE")),
            "black hole": ("faults", {"kind": "silence"}, ("faults", None, "DELETE")),
            "certificate refused": ("faults", answered(403, "BadCertificate"), ("faults", None, "DELETE")),
        }.items():
            with subtests.test(name):
                await fleet.push(path, fault)
                await fleet.change()
                await asyncio.sleep(2)
                assert not await fleet.settled()
                await fleet.push(*healed)
                await fleet.current()
        assert [await fleet.devices(serial) for serial in fleet.serials] == [1, 1, 1, 3]


@pytest.mark.requirement("S0-39")
async def test_an_idle_connection_that_was_ended_is_replaced(billfold: Billfold, subtests: pytest.Subtests) -> None:
    async with fleet_of(billfold, iphones=1) as fleet:
        for ending in ("goaway", "goaway_close", "reset_connections", "hang_up"):
            with subtests.test(ending):
                await fleet.push("server", {"now": ending})
                await fleet.change()
                await fleet.current()
        await fleet.push("server", {"maxConcurrentStreams": 1})
        await fleet.change()
        await fleet.current()


# --- dead registrations -----------------------------------------------------------------------------------------------------------


async def register(fleet: Fleet, serial: str, device: str, push_token: str) -> Answer:
    """By hand, as a phone would that is none of ours: for tokens that a phone of ours never has."""
    phone = next(one for one in fleet.iphones if any(held.key[1] == serial for held in one.passes))
    content = next(held.opened.content for held in phone.passes if held.key[1] == serial)
    path = f"/v1/devices/{device}/registrations/{content.pass_type_identifier}/{quote(serial)}"
    headers = {"Authorization": f"ApplePass {content.authentication_token}", "Content-Type": "application/json"}
    return await asyncio.to_thread(ask, "POST", content.web_service_url + path, {"pushToken": push_token}, headers)


async def new_token(fleet: Fleet, topic: str | None) -> str:
    path = f"{fleet.billfold.url}/sandbox/apns/devices"
    answer = await asyncio.to_thread(ask, "POST", path, {"topic": topic}, {"Content-Type": "application/json"})
    assert answer.status == 201, answer.body
    return answer.json["pushToken"]


@pytest.mark.requirement("S0-39", "S0-09")
async def test_dead_registrations_go_and_live_ones_stay(billfold: Billfold) -> None:
    """410 for a phone that was erased, BadDeviceToken, DeviceTokenNotForTopic: each registration goes with its first push."""
    async with fleet_of(billfold) as fleet:
        shared = fleet.serials[-1]
        topic = fleet.iphones[0].passes[0].opened.content.pass_type_identifier
        assert (await register(fleet, shared, "malformed", "ab" * 5)).status == 201
        assert (await register(fleet, shared, "elsewhere", await new_token(fleet, "pass.com.example.other"))).status == 201
        assert (await register(fleet, shared, "asleep", await new_token(fleet, topic))).status == 201
        erased = fleet.iphones.pop(0)
        await erased.wipe()
        assert await fleet.devices(shared) == 6
        await fleet.change()
        await fleet.current()
        assert await fleet.devices(shared) == 3  # two phones and the one that sleeps
        assert await fleet.devices(fleet.serials[0]) == 0
        answers = (await fleet.push("counters", method="GET"))["answers"]
        assert {"410 Unregistered", "400 BadDeviceToken", "400 DeviceTokenNotForTopic"} <= set(answers)
        await fleet.push("counters", method="DELETE")
        await fleet.change()
        await fleet.current()
        assert set((await fleet.push("counters", method="GET"))["answers"]) == {"200"}


@pytest.mark.requirement("S0-09", "S0-39")
async def test_a_phone_with_a_new_push_token_is_reached_and_the_old_one_left_alone(billfold: Billfold) -> None:
    async with fleet_of(billfold, iphones=1) as fleet:
        (phone,) = fleet.iphones
        topic = phone.passes[0].opened.content.pass_type_identifier
        old = phone.push_token(topic)
        await asyncio.to_thread(ask, "DELETE", f"{billfold.url}/sandbox/apns/devices/{old}")

        async def registered_anew() -> bool:
            return phone.push_token(topic) not in (None, old)

        await until(registered_anew, "the phone has a new token")
        await fleet.change()
        await fleet.current()
        assert [await fleet.devices(serial) for serial in fleet.serials] == [1, 1]


@pytest.mark.requirement("S0-09", "S0-39")
async def test_a_410_older_than_the_registration_forgets_nothing(billfold: Billfold) -> None:
    """Apple says since when a token is dead; who registered with it after that is kept, tried again now and then, and reached as
    soon as it registers with a token that lives."""
    async with fleet_of(billfold, iphones=1) as fleet:
        shared = fleet.serials[-1]
        topic = fleet.iphones[0].passes[0].opened.content.pass_type_identifier
        dead = await new_token(fleet, topic)
        await asyncio.to_thread(ask, "DELETE", f"{billfold.url}/sandbox/apns/devices/{dead}")
        await asyncio.sleep(0.01)  # both times are whole milliseconds
        assert (await register(fleet, shared, "came-back", dead)).status == 201
        await fleet.push("counters", method="DELETE")
        await fleet.change()

        async def tried_twice() -> bool:
            return any(one["attempts"] >= 2 for one in await fleet.delivery(shared))

        await until(tried_twice, "the dead token is tried again")
        answers = (await fleet.push("counters", method="GET"))["answers"]
        assert answers["410 Unregistered"] <= 4, "it is asked without a pause"
        assert await fleet.devices(shared) == 2
        alive = await new_token(fleet, topic)
        assert (await register(fleet, shared, "came-back", alive)).status == 200
        await fleet.current()
        seen = await asyncio.to_thread(ask, "GET", f"{billfold.url}/sandbox/apns/control/tokens/{alive}")
        assert seen.json["pushes"] >= 1


# --- Google -----------------------------------------------------------------------------------------------------------------------

OBJECT = "genericObject"
GOOGLE_FAULTS: dict[str, Json] = {
    "500": {"status": 500, "count": 2, "path": OBJECT},
    "503": {"status": 503, "count": 2, "path": OBJECT},
    "429": {"status": 429, "count": 2, "path": OBJECT},
    "403": {"status": 403, "count": 1, "path": OBJECT},
    "carried out, answer lost": {"status": 503, "count": 1, "path": OBJECT, "after": True},
    "the object is gone": {"status": 404, "count": 1, "path": OBJECT, "method": "PATCH"},
    "the object is there already": {"status": 409, "count": 1, "path": OBJECT, "method": "PATCH"},
    "no access token": {"status": 500, "count": 1, "path": "token"},
    "late": {"status": 0, "count": 2, "path": OBJECT, "delay_ms": 500},
}


@pytest.mark.requirement("S0-39", "S3-27")
@pytest.mark.parametrize("engine", ["postgresql"])
async def test_the_android_phone_is_current_after_each_fault_of_google(billfold: Billfold, subtests: pytest.Subtests) -> None:
    async with fleet_of(billfold, iphones=0, android=True) as fleet:
        await until(fleet.settled, "the object is made")
        for name, fault in GOOGLE_FAULTS.items():
            with subtests.test(name):
                if fault["path"] == "token":
                    await fleet.google("tokens/expire", {})
                await fleet.google("faults", fault)
                await fleet.change()
                await fleet.current()
                left = [one["remaining"] for one in (await fleet.google("faults", method="GET"))["faults"]]
                assert not any(left), "the fault did not come to pass"
        with subtests.test("all access tokens expired"):
            await fleet.google("tokens/expire", {})
            await fleet.change()
            await fleet.current()


@pytest.mark.requirement("S0-39", "S3-27", "S0-40")
async def test_a_change_while_google_never_had_the_pass_is_announced_when_it_is_back(billfold: Billfold) -> None:
    """The save link carries the pass, so a holder may have it before Google has heard of it from us."""
    await asyncio.to_thread(billfold.google_control, "faults", {"status": 503, "count": 100_000, "path": OBJECT})
    async with fleet_of(billfold, iphones=0, android=True) as fleet:
        await fleet.change()
        await fleet.change()
        await fleet.google("faults", method="DELETE")
        await fleet.current()
        assert fleet.android

        async def announced() -> bool:
            return fleet.android is not None and any(isinstance(one, Notified) for one in fleet.android.history)

        await until(announced, "the holder is told")


@pytest.mark.requirement("S0-39", "S3-27")
async def test_an_object_is_made_once_though_its_first_answer_was_lost(billfold: Billfold) -> None:
    await asyncio.to_thread(
        billfold.google_control, "faults", {"status": 503, "count": 1, "path": OBJECT, "method": "POST", "after": True}
    )
    async with fleet_of(billfold, iphones=0, android=True) as fleet:
        await until(fleet.settled, "the object is known")
        await fleet.change()
        await fleet.current()


# --- our own death ----------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("S0-39", "S3-27")
async def test_what_was_due_when_the_server_was_killed_is_delivered_after_its_restart(tmp_path: Path, database_url: str) -> None:
    """The dead process held leases; they run out by themselves."""
    async with contextlib.AsyncExitStack() as stack:
        billfold = stack.enter_context(running(tmp_path, database_url, lease_seconds="3"))
        fleet = await stack.enter_async_context(fleet_of(billfold, android=True))
        await fleet.push("server", {"listening": False})
        await fleet.google("faults", {"status": 503, "count": 1000})
        await fleet.change()
        assert not await fleet.settled()
        billfold.kill()
        await asyncio.to_thread(billfold.start)
        await fleet.google("faults", method="DELETE")
        await fleet.current()


@contextlib.contextmanager
def worker(billfold: Billfold) -> Iterator[Started]:
    """`billfold work` in its own process, beside the server."""
    environment = billfold.environment | {"BILLFOLD_PUBLIC_URL": billfold.url}
    process = Started(["work", "--data", str(billfold.data)], environment, ROOT, billfold.data.parent / "worker.log")
    try:
        assert "Working" in process.line()
        yield process
    finally:
        process.stop()


@pytest.mark.requirement("S1-11", "S0-39")
@pytest.mark.parametrize("engine", ["postgresql"])
async def test_one_of_two_workers_is_killed_and_no_phone_is_left_out(tmp_path: Path, database_url: str) -> None:
    """2,000 phones are due; slow answers keep the work going while one of both workers dies by SIGKILL."""
    phones = 2000
    settings = {"workers_inside": "false", "devices_per_pass_max": "5000", "lease_seconds": "3"}
    with running(tmp_path, database_url, **settings) as billfold, worker(billfold) as first, worker(billfold) as second:
        async with fleet_of(billfold, iphones=1) as fleet:
            serial = fleet.serials[0]
            loop = asyncio.get_running_loop()
            with ThreadPoolExecutor(8) as threads:
                made = [
                    loop.run_in_executor(threads, asyncio.run, register(fleet, serial, f"device-{nth}", f"{nth:064x}"))
                    for nth in range(phones)
                ]
                assert {one.status for one in await asyncio.gather(*made)} == {201}
            await fleet.push("counters", method="DELETE")
            await fleet.push("faults", {"kind": "slow", "delaySeconds": 0.3})
            await fleet.change()

            async def some_are_through() -> bool:
                return await fleet.pushes_seen() >= 200

            await until(some_are_through, "pushes go out")
            waiting = [one for one in await fleet.delivery(serial) if not one["current"]]
            victim = first if len(waiting) % 2 else second
            victim.kill()
            assert waiting
            await fleet.push("faults", method="DELETE")
            await fleet.current()
            counters = await fleet.push("counters", method="GET")
            assert counters["distinctTokens"] == phones + 1
            assert len(await fleet.delivery(serial)) == phones + 2  # and the phone, and Google's object
    assert counters["answers"] == {"200": counters["received"]}

"""Wrong keys are limited, by where they come from and by the key that they are meant for; a good key never is. Threat T5."""

import http.client
import os
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.requests import Request

from api.client import Client
from api.conftest import FACADE_CARD, MINE, World, on_sqlite, open_world, settings_for
from billfold.api.sign_in import source_of
from billfold.domain import keys
from billfold.domain.ids import base62
from billfold.limits import TokenBuckets
from servers import serving

pytestmark = on_sqlite


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def limited(migrated_url: str, tmp_path: Path, time: Time) -> AsyncIterator[World]:
    """Ten wrong ones a minute, as shipped."""
    limits = TokenBuckets(10 / 60, 10, time, policy="sign_in", message="too many wrong keys")
    async with open_world(settings_for(tmp_path, migrated_url), failed_sign_ins=limits) as world:
        yield world


def wrong_secret(world: World, nth: int = 1) -> Client:
    """The id of the good key, another secret, a checksum that fits."""
    good = keys.parse(str(world.client.key))
    entropy = bytes([nth]) * 33
    _, text = keys.mint(good.scope, entropy)
    head = len("bf_test_") + 6
    body = text[:head] + good.id + text[head + 10 : -6]
    return world.client.with_key(body + base62(zlib.crc32(body.encode()), 6))


def unknown(world: World, nth: int) -> Client:
    return world.client.with_key(keys.mint(MINE, nth.to_bytes(2, "big") * 16 + b"x")[1])


async def statuses(client: Client, count: int, path: str = "/v1/passes") -> list[int]:
    return [(await client.get(path)).status for _ in range(count)]


async def test_the_eleventh_wrong_key_from_one_address_is_told_when_to_come_back(limited: World, time: Time) -> None:
    assert [(await unknown(limited, n).get("/v1/passes")).status for n in range(12)] == [401] * 10 + [429] * 2
    refused = await unknown(limited, 99).get("/v1/passes")
    assert (refused.problem, refused.json["policy"]) == ("too-many", "sign_in")
    time.now += int(refused.headers["retry-after"])
    assert await statuses(unknown(limited, 100), 2) == [401, 429], "who waits as long as told is heard again"


async def test_a_good_key_is_never_locked_out(limited: World) -> None:
    """Not from the same address, and not by guesses at its own secret from everywhere."""
    for n in range(40):
        await unknown(limited, n).get("/v1/passes")
        await wrong_secret(limited, n).at(f"198.51.100.{n}").get("/v1/passes")
    assert await statuses(limited.client, 5) == [200] * 5
    assert (await limited.client.post("/api/passes", FACADE_CARD)).status == 200


async def test_guesses_at_one_key_are_limited_wherever_they_come_from(limited: World) -> None:
    found = [(await wrong_secret(limited, n).at(f"198.51.100.{n}").get("/v1/passes")).status for n in range(14)]
    assert found == [401] * 10 + [429] * 4
    assert await statuses(unknown(limited, 1).at("192.0.2.1"), 1) == [401], "others are not concerned"


async def test_one_limit_holds_for_every_surface(limited: World) -> None:
    """Who used his ten on one gets 429 on each: a surface that did not count would be the one to guess at."""
    made = await limited.client.post("/api/passes", FACADE_CARD)
    serial = made.json["serialNumber"]
    for n in range(10):
        await unknown(limited, n).get("/v1/passes")
    facade = await unknown(limited, 11).put(f"/api/passes/{serial}", FACADE_CARD)
    assert (facade.status, set(facade.json)) == (429, {"error"})
    assert int(facade.headers["retry-after"]) >= 1
    device = await limited.client.with_key(None).ask(
        "GET", f"/apple/mine00t/v1/passes/pass.x/{serial}", headers={"Authorization": "ApplePass " + "a" * 32}
    )
    assert device.status == 429
    assert int(device.headers["retry-after"]) >= 1


async def test_who_presents_nothing_guesses_nothing(limited: World) -> None:
    assert await statuses(limited.client.with_key(None), 30) == [401] * 30
    assert await statuses(unknown(limited, 1), 1) == [401]


async def test_malformed_keys_count_too(limited: World) -> None:
    assert await statuses(limited.client.with_key("bf_test_nonsense"), 11) == [401] * 10 + [429]


async def test_failures_are_counted_for_the_operator(limited: World) -> None:
    await statuses(unknown(limited, 1), 11)
    await wrong_secret(limited).at("192.0.2.9").get("/api/auth/usage")
    page = (await limited.client.get("/metrics")).body.decode()
    assert 'auth_failures_total{kind="v1",reason="unknown"} 10.0' in page
    assert 'auth_failures_total{kind="v1",reason="throttled"} 1.0' in page
    assert 'auth_failures_total{kind="api",reason="unknown"} 1.0' in page


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_what_one_subscriber_has_is_one_source(engine: str, address: str, source: str) -> None:
    assert source_of(Request({"type": "http", "client": (address, 1), "headers": []})) == source


def test_behind_a_proxy_the_source_is_whom_the_proxy_names(engine: str, tmp_path: Path) -> None:
    """The server as it ships: a trusted proxy's X-Forwarded-For counts; whoever else sends one is taken for who he is."""

    def answers(trusted: str) -> list[int]:
        environment = os.environ | {"BILLFOLD_TRUSTED_PROXIES": trusted, "BILLFOLD_FAILED_SIGN_INS_PER_MINUTE": "3"}
        with serving(tmp_path, environment, f"data-{trusted[:3]}") as ready:
            found = []
            for nth in range(6):
                connection = http.client.HTTPConnection(ready["url"].removeprefix("http://"))
                sent = {"Authorization": "Bearer nonsense", "X-Forwarded-For": f"6.6.6.6, 198.51.100.{nth}"}
                connection.request("GET", "/v1/passes", headers=sent)
                found.append(connection.getresponse().status)
                connection.close()
            return found

    assert answers("127.0.0.0/8") == [401] * 6
    assert answers("192.0.2.1") == [401] * 3 + [429] * 3

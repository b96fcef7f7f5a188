"""The guarded client against real listeners: what it refuses, where it connects, how much it reads."""

import asyncio
import os
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path

import pycurl
import pytest

from billfold.outgoing.client import OutgoingClient, _pin, _Receiver
from billfold.outgoing.errors import REFUSED_TEXT, OutgoingError, Refused, TimedOut, TooLarge, Unreachable
from billfold.outgoing.guard import PORTS_UNTRUSTED, IPAddress, Role, Target
from outgoing.payloads import OWN_NETWORKS, PAYLOADS, REDIRECTS, ZONES
from outgoing.servers import answer, certificate, honeypot, http_server

UNROUTED = "2d00::1"  # in no registry of special addresses, and assigned to nobody


async def by_zone(host: str) -> Sequence[IPAddress]:
    """The fake resolver: answers by the longest suffix it knows; other names do not exist."""
    for suffix, texts in ZONES.items():
        if host == suffix or host.endswith("." + suffix):
            return [ip_address(text) for text in texts]
    raise OSError("no such name")


def client(*ports: int, **options: object) -> OutgoingClient:
    settings: dict[str, object] = {
        "resolver": by_zone,
        "refusal_bucket_seconds": 0,
        "ports_untrusted": PORTS_UNTRUSTED | set(ports),
        "own_networks": [ip_network(text) for text in OWN_NETWORKS],
    }
    return OutgoingClient(**(settings | options))  # type: ignore[arg-type]


def test_the_payloads_are_at_least_as_many_as_the_goal_asks_for() -> None:
    assert sum(map(len, PAYLOADS.values())) + len(REDIRECTS) >= 120
    assert len(PAYLOADS) == 11  # class 11, redirects, has a table of its own


@pytest.mark.parametrize("kind", PAYLOADS)
async def test_a_payload_is_refused_before_any_connection(kind: str) -> None:
    async with honeypot() as pot:
        asking = client(pot.port)
        for payload in PAYLOADS[kind]:
            with pytest.raises(Refused) as caught:
                await asking.request("GET", payload.replace("{port}", str(pot.port)), role=Role.UNTRUSTED)
            assert str(caught.value) == REFUSED_TEXT, payload
        await asking.close()
        assert pot.connections == 0


async def test_the_honeypot_does_count() -> None:
    async with honeypot() as pot:
        asking = client()
        with pytest.raises(Unreachable):
            await asking.request("GET", f"http://127.0.0.1:{pot.port}/", role=Role.TRUSTED)
        await asking.close()
        assert pot.connections == 1


async def test_the_systems_resolver_is_not_believed_either() -> None:
    """`localhost.localdomain` and names of the hosts file reach loopback on many machines; absent names exist nowhere."""
    async with honeypot() as pot:
        asking = OutgoingClient(ports_untrusted=frozenset({pot.port}), refusal_bucket_seconds=0)
        for host in ("ip6-localhost.localdomain", "localhost.localdomain", "no-such-name.invalid.test"):
            with pytest.raises(Refused):
                await asking.request("GET", f"https://{host}:{pot.port}/", role=Role.UNTRUSTED)
        await asking.close()
        assert pot.connections == 0


# --- 11: redirects ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_checked_like_a_first_address(status: int) -> None:
    async with honeypot() as pot, http_server({}) as server:
        asking = client(pot.port, allow_untrusted=frozenset({("127.0.0.1", server.port)}))
        for location in REDIRECTS:
            server.routes["/"] = answer(status, location=location.replace("{port}", str(pot.port)))
            for method in ("GET", "HEAD"):
                with pytest.raises(Refused) as caught:
                    await asking.request(method, f"http://127.0.0.1:{server.port}/", role=Role.UNTRUSTED, redirects_max=3)
                assert str(caught.value) == REFUSED_TEXT
        await asking.close()
        assert pot.connections == 0
        assert server.connections == 2 * len(REDIRECTS)


async def test_a_chain_longer_than_allowed_is_refused_and_a_shorter_one_is_followed() -> None:
    async with http_server({f"/{n}": answer(302, location=f"/{n + 1}") for n in range(10)}) as server:
        server.routes["/10"] = answer(200, b"end")
        base = f"http://127.0.0.1:{server.port}"
        asking = client(allow_untrusted=frozenset({("127.0.0.1", server.port)}))
        with pytest.raises(Refused):
            await asking.request("GET", f"{base}/0", role=Role.UNTRUSTED, redirects_max=3)
        assert server.lines == [f"GET /{n} HTTP/1.1" for n in range(4)]
        assert (await asking.request("GET", f"{base}/7", role=Role.UNTRUSTED, redirects_max=3)).body == b"end"
        await asking.close()


async def test_without_redirects_the_redirect_itself_is_the_answer() -> None:
    async with http_server({"/": answer(302, location="https://127.0.0.1/")}) as server:
        asking = client(allow_untrusted=frozenset({("127.0.0.1", server.port)}))
        got = await asking.request("POST", f"http://127.0.0.1:{server.port}/", role=Role.UNTRUSTED, body=b"{}")
        assert (got.status, got.headers["location"]) == (302, "https://127.0.0.1/")
        await asking.close()


async def test_trust_and_secrets_end_at_the_trusted_origin() -> None:
    async with http_server({"/": answer(200, b"seen")}) as other, http_server({}) as trusted:
        trusted.routes["/away"] = answer(307, location=f"http://127.0.0.1:{other.port}/")
        trusted.routes["/stay"] = answer(307, location="/end")
        trusted.routes["/end"] = answer(200, b"end")
        base, secret = f"http://127.0.0.1:{trusted.port}", {"Authorization": "Bearer s", "X-Other": "o"}
        asking = client()
        with pytest.raises(Refused):
            await asking.request("GET", f"{base}/away", role=Role.TRUSTED, headers=secret, redirects_max=1)
        assert other.connections == 0
        got = await asking.request("GET", f"{base}/stay", role=Role.TRUSTED, headers=secret, redirects_max=1)
        assert got.body == b"end"
        assert trusted.requests[-1].headers["authorization"] == "Bearer s"
        await asking.close()

        asking = client(allow_untrusted=frozenset({("127.0.0.1", other.port)}))
        got = await asking.request("GET", f"{base}/away", role=Role.TRUSTED, headers=secret, redirects_max=1)
        assert got.body == b"seen"
        assert "authorization" not in other.requests[-1].headers
        assert other.requests[-1].headers["x-other"] == "o"
        await asking.close()


# --- 12: rebinding, proxies -------------------------------------------------------------------------------------------


async def test_a_name_is_looked_up_once_and_the_checked_address_is_the_one_connected_to() -> None:
    """The second look-up would answer loopback: it must never be made for the same request."""
    asked: list[str] = []

    async def rebinding(host: str) -> Sequence[IPAddress]:
        asked.append(host)
        return [ip_address(UNROUTED if len(asked) == 1 else "127.0.0.1")]

    async with honeypot() as pot:
        asking = client(pot.port, resolver=rebinding)
        url = f"https://rebind.example:{pot.port}/"
        with pytest.raises((Unreachable, TimedOut)):
            await asking.request("GET", url, role=Role.UNTRUSTED, timeout_seconds=0.3)
        assert asked == ["rebind.example"]
        with pytest.raises(Refused):
            await asking.request("GET", url, role=Role.UNTRUSTED)
        await asking.close()
        assert pot.connections == 0


async def test_every_hop_to_the_same_name_is_looked_up_again() -> None:
    answers = ["127.0.0.1", "127.0.0.1", "10.0.0.1"]

    async def resolver(_host: str) -> Sequence[IPAddress]:
        return [ip_address(answers.pop(0))]

    async with http_server({"/": answer(302, location="/2"), "/2": answer(302, location="/3")}) as server:
        asking = client(resolver=resolver, allow_untrusted=frozenset({("a.example", server.port)}))
        with pytest.raises((Unreachable, TimedOut)):
            await asking.request(
                "GET", f"http://a.example:{server.port}/", role=Role.UNTRUSTED, redirects_max=3, timeout_seconds=0.5
            )
        assert answers == []
        assert [request.headers["host"] for request in server.requests] == [f"a.example:{server.port}"] * 2
        await asking.close()


async def test_a_connection_that_would_lead_elsewhere_is_not_even_opened() -> None:
    """The second wall: were libcurl told to go elsewhere after the check, the socket is refused."""
    async with honeypot() as pot:
        curl, receiver = pycurl.Curl(), _Receiver(1_000)
        _pin(curl, Target("https", "a.example", pot.port, "/", None), ip_address(UNROUTED), receiver)
        curl.setopt(pycurl.URL, f"https://a.example:{pot.port}/")
        curl.setopt(pycurl.CONNECT_TO, [f"::127.0.0.1:{pot.port}"])
        async with pycurl.AsyncCurlMulti() as multi:
            with pytest.raises(pycurl.error):
                await multi.perform(curl)
        assert receiver.strayed
        assert pot.connections == 0


async def test_the_environments_proxies_are_ignored() -> None:
    names = ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    before = {name: os.environ.get(name) for name in names}
    async with honeypot() as pot, http_server({"/": answer(200, b"direct")}) as server:
        try:
            os.environ.update(dict.fromkeys(names, f"http://127.0.0.1:{pot.port}"))
            asking = client(allow_untrusted=frozenset({("a.example", server.port)}), resolver=_loopback)
            for url, role in (
                (f"http://a.example:{server.port}/", Role.UNTRUSTED),
                (f"http://127.0.0.1:{server.port}/", Role.TRUSTED),
            ):
                assert (await asking.request("GET", url, role=role)).body == b"direct"
            await asking.close()
        finally:
            for name, value in before.items():
                os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        assert pot.connections == 0


async def _loopback(_host: str) -> Sequence[IPAddress]:
    return [ip_address("127.0.0.1")]


# --- TLS --------------------------------------------------------------------------------------------------------------


async def test_the_checked_address_must_prove_the_original_name(tmp_path: Path) -> None:
    own = certificate("images.example")
    async with http_server({"/a": answer(200, b"picture")}, own.context(tmp_path)) as server:
        listed = frozenset({("images.example", server.port), ("other.example", server.port)})
        asking = client(resolver=_loopback, allow_untrusted=listed, ca_pem=own.pem)
        got = await asking.request("GET", f"https://images.example:{server.port}/a", role=Role.UNTRUSTED)
        assert got.body == b"picture"
        assert server.requests[-1].headers["host"] == f"images.example:{server.port}"
        with pytest.raises(Unreachable):
            await asking.request("GET", f"https://other.example:{server.port}/a", role=Role.UNTRUSTED)
        await asking.close()


async def test_a_root_may_be_given_for_one_trusted_request(tmp_path: Path) -> None:
    own = certificate("localhost", "127.0.0.1")
    async with http_server({"/": answer(200, b"ok")}, own.context(tmp_path)) as server:
        url = f"https://127.0.0.1:{server.port}/"
        asking = client()
        with pytest.raises(Unreachable):
            await asking.request("GET", url, role=Role.TRUSTED)
        assert (await asking.request("GET", url, role=Role.TRUSTED, ca_pem=own.pem)).body == b"ok"
        with pytest.raises(Unreachable):
            await asking.request("GET", url, role=Role.TRUSTED, ca_pem=certificate("localhost").pem)
        await asking.close()


# --- size, time, shape ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("role", Role)
async def test_an_answer_larger_than_allowed_is_cut_off(announced: bool, role: Role) -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        length = "Content-Length: 900000000\r\n" if announced else "Transfer-Encoding: chunked\r\n"
        writer.write(f"HTTP/1.1 200 OK\r\n{length}\r\n".encode())
        while True:
            writer.write(b"x" * 10_000 if announced else b"2710\r\n" + b"x" * 10_000 + b"\r\n")
            await writer.drain()
            sent += 10_000

    async with http_server({"/": endless, "/fits": answer(200, b"x" * 100_000)}) as server:
        asking = client(allow_untrusted=frozenset({("127.0.0.1", server.port)}))
        url = f"http://127.0.0.1:{server.port}"
        with pytest.raises(TooLarge):
            await asking.request("GET", f"{url}/", role=role, max_bytes=100_000)
        assert len((await asking.request("GET", f"{url}/fits", role=role, max_bytes=100_000)).body) == 100_000
        await asking.close()
        assert sent < 20_000_000  # what fits in the sockets' buffers, not the announced 900 MB


async def test_endless_headers_are_cut_off() -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-Padding: " + b"x" * 1_000 + b"\r\n")
            await writer.drain()

    async with http_server({"/": endless}) as server:
        asking = client(allow_untrusted=frozenset({("127.0.0.1", server.port)}))
        with pytest.raises((TooLarge, Unreachable)):
            await asking.request("GET", f"http://127.0.0.1:{server.port}/", role=Role.UNTRUSTED)
        await asking.close()


async def test_an_answer_that_drips_is_given_up() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with http_server({"/": drip}) as server:
        asking = client(allow_untrusted=frozenset({("127.0.0.1", server.port)}))
        for role in Role:
            with pytest.raises(TimedOut):
                await asking.request("GET", f"http://127.0.0.1:{server.port}/", role=role, timeout_seconds=0.3)
        await asking.close()


async def test_a_slow_name_server_counts_against_the_time_too() -> None:
    async def never(_host: str) -> Sequence[IPAddress]:
        await asyncio.sleep(3_600)
        return []

    asking = client(resolver=never)
    with pytest.raises(TimedOut):
        await asking.request("GET", "https://slow.example/", role=Role.UNTRUSTED, timeout_seconds=0.05)
    await asking.close()


async def test_bytes_are_handed_over_as_sent_and_no_cookie_is_kept() -> None:
    zipped = b"\x1f\x8b not decoded"
    async with http_server({"/": answer(200, zipped, Content_Encoding="gzip", Set_Cookie="a=b")}) as server:
        asking = client(allow_untrusted=frozenset({("127.0.0.1", server.port)}))
        for _ in range(2):
            got = await asking.request("GET", f"http://127.0.0.1:{server.port}/", role=Role.UNTRUSTED)
            assert got.body == zipped
        assert server.requests[1].headers.get("accept-encoding") == "identity"
        assert "cookie" not in server.requests[1].headers
        assert server.connections == 2  # a stranger's connection is never used again
        await asking.close()


async def test_a_trusted_host_keeps_its_connection_and_gets_every_method() -> None:
    async with http_server({"/x": answer(200, b"ok", X_Two="1", x_two="2"), "/h": answer(204)}) as server:
        asking, url = client(), f"http://127.0.0.1:{server.port}/x"
        await asking.request("GET", url, role=Role.TRUSTED)
        sent = {"Content-Type": "application/json", "X-Empty": ""}
        for method in ("POST", "PUT", "PATCH"):
            await asking.request(method, url, role=Role.TRUSTED, headers=sent, body=b'{"a":1}')
            assert server.requests[-1].body == b'{"a":1}'
            assert server.requests[-1].headers["content-type"] == "application/json"
            assert server.requests[-1].headers["x-empty"] == ""
        await asking.request("POST", url, role=Role.TRUSTED)
        assert server.requests[-1].headers["content-length"] == "0"
        got = await asking.request("DELETE", url, role=Role.TRUSTED)
        assert (got.status, got.headers["x-two"], got.body) == (200, "1, 2", b"ok")
        head = await asking.request("HEAD", f"http://127.0.0.1:{server.port}/h", role=Role.TRUSTED)
        assert (head.status, head.body) == (204, b"")
        assert [line.split(" ")[0] for line in server.lines] == ["GET", "POST", "PUT", "PATCH", "POST", "DELETE", "HEAD"]
        assert server.connections == 1
        await asking.close()


async def test_a_closed_port_and_a_closed_client_are_unreachable() -> None:
    async with http_server({}) as server:
        port = server.port
    asking = client()
    with pytest.raises(Unreachable):
        await asking.request("GET", f"http://127.0.0.1:{port}/", role=Role.TRUSTED)
    await asking.close()
    with pytest.raises(OutgoingError):
        await asking.request("GET", f"http://127.0.0.1:{port}/", role=Role.TRUSTED)


async def test_closing_ends_open_requests_and_cancelling_one_leaves_the_others() -> None:
    both_asked = asyncio.Barrier(3)

    async def silent(_writer: asyncio.StreamWriter) -> None:
        await both_asked.wait()
        await asyncio.sleep(3_600)

    async with http_server({"/silent": silent, "/": answer(200, b"ok")}) as server:
        asking, base = client(), f"http://127.0.0.1:{server.port}"
        first, second = (asyncio.ensure_future(asking.request("GET", f"{base}/silent", role=Role.TRUSTED)) for _ in range(2))
        await both_asked.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert (await asking.request("GET", f"{base}/", role=Role.TRUSTED)).body == b"ok"
        await asking.close()
        with pytest.raises(Unreachable):
            await second


@pytest.mark.parametrize(
    ("method", "headers"),
    [("get", {}), ("GE T", {}), ("GET", {"A b": "c"}), ("GET", {"A": "b\r\nC: d"}), ("GET", {"": "x"}), ("GET", {"A": "ü"})],
)
async def test_what_is_not_http_is_the_callers_mistake(method: str, headers: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        await client().request(method, "https://images.public.example/", role=Role.UNTRUSTED, headers=headers)

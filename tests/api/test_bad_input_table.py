"""The bad input that the product is known by, case by case, against each request that could carry it: POST and PUT of the facade,
the older path, and `/v1`. Every refusal names the field; nothing is half-written; odd addresses are met likewise."""

import asyncio
import base64
import http.client
import json
import socket
from typing import Any

import pytest

from api.conftest import CARD, FACADE_CARD, MINE, Product, World, on_sqlite
from api.test_bad_input import SECRET, WRONG, everything, png
from billfold.api import middleware

NO_IMAGE = "data:image/png;base64," + base64.b64encode(b"no picture at all").decode()

FACADE_WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "unknown field": ({"logoTxt": "a"}, "logoTxt"),
    "unknown field inside": ({"headerFields": [{"label": "a", "value": "b", "valeu": "c"}]}, "headerFields[0].valeu"),
    "number for a text": ({"logoText": 5}, "logoText"),
    "true for a number": ({"expirationDays": True}, "expirationDays"),
    "object for a list": ({"headerFields": {}}, "headerFields"),
    "11 locations": ({"locations": [{"latitude": 1, "longitude": 1}] * 11}, "locations"),
    "latitude 91": ({"locations": [{"latitude": 91, "longitude": 0}]}, "locations[0].latitude"),
    "longitude 181": ({"locations": [{"latitude": 0, "longitude": 181}]}, "locations[0].longitude"),
    "0 days": ({"expirationDays": 0}, "expirationDays"),
    "3651 days": ({"expirationDays": 3651}, "expirationDays"),
    "1.5 days": ({"expirationDays": 1.5}, "expirationDays"),
    "a colour by name": ({"color": "teal"}, "color"),
    "a colour of five digits": ({"color": "#12345"}, "color"),
    "an unknown barcode": ({"barcodeFormat": "EAN-13"}, "barcodeFormat"),
    "a picture that is none": ({"logoURL": NO_IMAGE}, "logoURL"),
    "a picture of 20,000 by 20,000": ({"stripURL": "data:image/png;base64,BOMB"}, "stripURL"),
    "a picture from the local network": ({"logoURL": "https://169.254.169.254/latest"}, "logoURL"),
}


async def facade_writes(world: World) -> list[tuple[str, str]]:
    serial = (await world.client.post("/api/passes", FACADE_CARD)).json["serialNumber"]
    return [("POST", "/api/passes"), ("PUT", f"/api/passes/{serial}"), ("POST", "/api/pkpass")]


@on_sqlite
@pytest.mark.requirement("S3-23")
async def test_a_parameter_that_the_facade_does_not_read_is_refused(world: World) -> None:
    """Who misspells the format would get JSON, and a pass that nobody knows of."""
    serial = (await world.client.post("/api/passes?format=json", FACADE_CARD)).json["serialNumber"]
    before = await everything(world)
    for method, path, said in (
        ("POST", "/api/passes?formt=pkpass", "formt: unknown parameter; did you mean format?"),
        ("POST", f"/api/passes?%3C{SECRET}%3E=1", "(a name with odd characters): unknown parameter; known are format"),
        ("POST", f"/api/passes?format={SECRET}", "format: there is no such form of the answer; send json or pkpass"),
        ("POST", "/api/pkpass?format=json", "format: unknown parameter; this operation takes none"),
        ("PUT", f"/api/passes/{serial}?silent=true", "silent: unknown parameter; this operation takes none"),
        ("GET", "/api/auth/usage?month=2026-11", "month: unknown parameter; this operation takes none"),
    ):
        answer = await world.client.ask(method, path, None if method == "GET" else FACADE_CARD | {"logoText": "Other"})
        assert (answer.status, answer.json) == (400, {"error": said}), path
    assert await everything(world) == before
    assert (await world.client.post("/api/passes?format=pkpass", FACADE_CARD)).body.startswith(b"PK")


@on_sqlite
@pytest.mark.requirement("S3-23", "S3-29")
async def test_each_case_against_each_request_of_the_facade(world: World) -> None:
    writes = await facade_writes(world)
    before = await everything(world)
    bomb = base64.b64encode(png(20_000, 20_000)).decode()
    for name, (change, path) in FACADE_WRONG.items():
        body = json.loads(json.dumps(FACADE_CARD | change).replace("BOMB", bomb))
        for method, address in writes:
            answer = await world.client.ask(method, address, body)
            assert (answer.status, set(answer.json)) == (400, {"error"}), (name, method, answer.body)
            assert path in answer.json["error"], (name, method, answer.json["error"])
    assert await everything(world) == before


@on_sqlite
async def test_each_case_against_the_puts_of_v1(world: World) -> None:
    pass_ = (await world.client.post("/v1/passes", {"content": CARD})).json["id"]
    template = (await world.client.post("/v1/templates", {"name": "T", "content": CARD})).json["id"]
    before = await everything(world)
    for name, (change, path) in WRONG.items():
        assert isinstance(change, dict)
        content = {"content": CARD | change}
        for address, body in ((f"/v1/passes/{pass_}", content), (f"/v1/templates/{template}", {"name": "T"} | content)):
            answer = await world.client.put(address, body)
            assert (answer.status, answer.problem) == (422, "invalid-input"), (name, address, answer.body)
            assert path in answer.paths, (name, address, answer.body)
    assert await everything(world) == before


LOCAL = (
    *("https://127.0.0.1/a", "https://127.1/a", "https://127.0.1/a", "https://2130706433/a", "https://0x7f000001/a"),
    *("https://0x7f.1/a", "https://0177.0.0.1/a", "https://017700000001/a", "https://0/a", "https://0.0.0.0/a"),
    *("https://１２７.０.０.１/a", "https://①②⑦.⓪.⓪.①/a", "https://127。0。0。1/a", "https://[::1]/a", "https://[::]/a"),
    *("https://[::ffff:127.0.0.1]/a", "https://[::127.0.0.1]/a", "https://[::ffff:0:127.0.0.1]/a", "https://[64:ff9b::7f00:1]/a"),
    *("https://[2002:7f00:1::]/a", "https://[fec0::1]/a", "https://[fd00:ec2::254]/a", "https://[fe80::1%25eth0]/a"),
    *("https://10.0.0.1/a", "https://172.16.0.1/a", "https://192.168.1.1/a", "https://100.64.0.1/a", "https://169.254.169.254/a"),
    *("https://localhost/a", "https://LOCALHOST/a", "https://localhost./a", "https://printer.local/a", "https://db.internal/a"),
    *("https://public.example@127.0.0.1/a", "https://127.0.0.1#public.example/a", "https://127.0.0.1\\@public.example/a"),
    *("http://127.0.0.1/a", "https://192.0.0.8:443/a", "https://127.0.0.1:5432/a", "file:///etc/passwd", "gopher://127.0.0.1/a"),
    *("ftp://127.0.0.1/a", "https:127.0.0.1/a", "//127.0.0.1/a", "unix:///run/postgresql", "https://255.255.255.255/a"),
)


@on_sqlite
@pytest.mark.requirement("S3-17")
async def test_the_local_network_in_any_spelling_is_refused_in_the_same_words(world: World) -> None:
    """Nothing is asked: a listener on this machine hears of none, and no text tells one refusal from another."""
    with socket.create_server(("127.0.0.1", 0)) as honeypot:
        honeypot.setblocking(False)
        addresses = (
            *LOCAL,
            *(f"https://{host}:{honeypot.getsockname()[1]}/a" for host in ("127.0.0.1", "127.1", "localhost", "[::1]")),
        )
        writes = await facade_writes(world)
        errors = set()
        for address in addresses:
            for method, path in writes:
                answer = await world.client.ask(method, path, FACADE_CARD | {"logoURL": address})
                assert answer.status == 400, (address, method, answer.body)
                errors.add(answer.json["error"])
            answer = await world.client.post("/v1/passes", {"content": CARD | {"images": {"logo": address}}})
            assert (answer.status, answer.paths) == (422, {"content.images.logo"}), (address, answer.body)
        assert all(one.startswith("logoURL: ") for one in errors)
        assert len(errors) <= 2, errors  # an address that is none, and one that must not be fetched
        with pytest.raises(BlockingIOError):
            honeypot.accept()


@on_sqlite
@pytest.mark.requirement("S3-29")
async def test_anothers_serial_and_one_that_is_nobodys(world: World) -> None:
    theirs = (await world.other.post("/api/passes", FACADE_CARD)).json["serialNumber"]
    nobodys = f"{MINE.code}-" + "0" * 22
    assert (await world.client.put(f"/api/passes/{theirs}", FACADE_CARD)).status == 403
    assert (await world.client.put(f"/api/passes/{nobodys}", FACADE_CARD)).status == 404
    for serial in (theirs, nobodys):
        answers = [
            await world.client.get(f"/v1/passes/{serial}"),
            await world.client.put(f"/v1/passes/{serial}", {"content": CARD}),
            await world.client.post(f"/v1/passes/{serial}/void"),
        ]
        assert [(one.status, one.problem) for one in answers] == [(404, "not-found")] * 3


@on_sqlite
async def test_a_body_that_does_not_come_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "BODY_SECONDS", 0.05)
    answered: list[dict[str, Any]] = []

    async def never() -> dict[str, Any]:
        await asyncio.sleep(30)
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        answered.append(message)

    for path, status in (("/v1/passes", 408), ("/api/passes", 400)):
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"authorization", f"Bearer {world.client.key}".encode()), (b"content-type", b"application/json")],
            "client": ("203.0.113.7", 1),
            "server": ("127.0.0.1", 8000),
            "scheme": "http",
            "root_path": "",
        }
        answered.clear()
        await world.app(scope, never, send)
        assert answered[0]["status"] == status, answered


ODD = (
    *("/%", "/%zz", "/%00", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc", "/p/%ff%fe", "/p/%ED%A0%80", "/p/" + "%41" * 3000),
    *(
        "/i/mine00t/%00.png",
        "/i/mine00t/" + "0" * 64 + ".png%00",
        "/i/%2e%2e/x.png",
        "/v1/passes/%F0%9F%98%80",
        "/v1/%2e%2e/v1/keys",
    ),
    *(
        "/apple/demo00t/v1/passes/%00/%00",
        "/apple/%2f/v1/log",
        "/apple/demo00t/v1/devices/%0d%0a/registrations/a",
        "/docs/assets/..%2f..%2f",
    ),
    *(
        "/p/a?%00=%ff&x=%",
        "/v1/passes?limit=%ff",
        "/v1/events?subject=%ED%A0%80",
        "//",
        "/;/",
        "/%E0%80%AF",
        "/p/" + SECRET + "%0d%0aX: y",
    ),
)


async def test_odd_addresses_big_bodies_and_broken_requests_on_the_wire(product: Product) -> None:
    """The server as it ships, over a socket: no 5xx, and it serves on."""

    def exchanged() -> list[tuple[str, int]]:
        found = []
        host = product.url.removeprefix("http://")
        for method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS"):
            for path in ODD:
                connection = http.client.HTTPConnection(host, timeout=20)
                connection.putrequest(method, path.replace(" ", ""), skip_accept_encoding=True)
                connection.putheader("Authorization", f"Bearer {product.key}")
                connection.endheaders()
                answer = connection.getresponse()
                answer.read()
                found.append((f"{method} {path[:40]}", answer.status))
                connection.close()
        return found

    answers = await asyncio.to_thread(exchanged)
    assert [one for one in answers if not 200 <= one[1] < 500] == []

    def raw(sent: bytes, waits: bool = False) -> bytes:
        """All that is answered; the caller ends its side at once unless it `waits`."""
        name, _, port = product.url.removeprefix("http://").partition(":")
        with socket.create_connection((name, int(port)), timeout=20) as line:
            try:
                line.sendall(sent)
                if not waits:
                    line.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            answer = b""
            try:
                while data := line.recv(65536):
                    answer += data
            except OSError:
                pass
            return answer

    key = f"Authorization: Bearer {product.key}\r\nContent-Type: application/json\r\n".encode()
    big = b'{"logoText": "' + b"x" * 12_000_000 + b'"}'
    refused = await asyncio.to_thread(
        raw, b"POST /api/passes HTTP/1.1\r\nHost: x\r\n" + key + b"Content-Length: %d\r\n\r\n" % len(big) + big
    )
    assert refused.startswith(b"HTTP/1.1 400") or refused == b""
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (big[at : at + 60_000] for at in range(0, len(big), 60_000)))
    sent = b"POST /v1/passes HTTP/1.1\r\nHost: x\r\n" + key + b"Transfer-Encoding: chunked\r\n\r\n" + chunked + b"0\r\n\r\n"
    assert (await asyncio.to_thread(raw, sent)).startswith((b"HTTP/1.1 413", b""))
    broken = (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS to a plain port
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET http://elsewhere.example/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST /api/passes HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
        b"POST /api/passes HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /api/passes HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: a\nb: c\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\r\n\r\n\r\n",
    )
    for one in broken:
        answer = await asyncio.to_thread(raw, one)
        assert not answer.startswith(b"HTTP/1.1 5"), (one, answer[:100])
    made = b"POST /api/passes HTTP/1.1\r\nHost: x\r\n" + key
    body = json.dumps(FACADE_CARD).encode()
    twice = made + b"Content-Length: %d\r\n\r\n" % len(body) + body
    last = made + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    assert (await asyncio.to_thread(raw, twice * 3 + last, waits=True)).count(b'"serialNumber"') == 4, (
        "sent at once, each is answered"
    )
    assert "Traceback" not in product.log.read_text()

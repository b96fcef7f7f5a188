"""What surrounds every request: its id, safe headers, rates, quotas, figures; health, and the documents about the API."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from api.conftest import CARD, FACADE_CARD, World, on_sqlite, open_world, settings_for
from billfold.api import meta
from billfold.domain.signing import Pending, ToSign
from billfold.limits import TokenBuckets
from billfold.ports import Store
from billfold.signers.threads import SigningThreads

pytestmark = on_sqlite


async def test_every_answer_has_an_id_and_safe_headers(world: World) -> None:
    ids = set()
    for path in ("/v1/passes", "/v1/nothing", "/nothing", "/api/auth/usage", "/healthz", "/docs", "/p/nothing"):
        answer = await world.client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["referrer-policy"] == "no-referrer", path
        ids.add(answer.headers["x-request-id"])
    assert len(ids) == 7
    given = await world.client.get("/v1/passes", headers={"X-Request-Id": "shop-7f3a.2026"})
    assert given.headers["x-request-id"] == "shop-7f3a.2026"
    forged = await world.client.get("/v1/passes", headers={"X-Request-Id": 'a" level="error'})
    assert '"' not in forged.headers["x-request-id"]


@pytest.mark.requirement("S3-23")
async def test_an_address_or_a_method_that_is_not_there_is_told_in_the_shape_of_its_neighbours(world: World) -> None:
    for method, path, allowed in (
        ("GET", "/api/passes", "POST"),
        ("DELETE", "/api/passes/mine00t-1", "PUT"),
        ("GET", "/api/pkpass", "POST"),
        ("POST", "/api/auth/usage", "GET, HEAD"),
    ):
        answer = await world.client.ask(method, path)
        assert (answer.status, answer.headers["allow"], list(answer.json)) == (405, allowed, ["error"]), path
        assert allowed.split(",")[0] in answer.json["error"]
    nothing = await world.client.get("/api/nothing")
    assert (nothing.status, list(nothing.json)) == (404, ["error"])
    assert "PUT /api/passes/<serialNumber>" in nothing.json["error"]
    for path in ("/nothing", "/v1/nothing"):
        assert (await world.client.get(path)).problem == "no-such-address", path
    unknown = await world.client.put("/api/passes/mine00t-" + "0" * 22, FACADE_CARD)
    assert (unknown.status, "the serialNumber that POST /api/passes answered" in unknown.json["error"]) == (404, True)
    refused = await world.client.post("/api/passes", FACADE_CARD | {"barcodeFormat": "Code128", "barcodeValue": "ü"})
    assert (refused.status, refused.json["error"].partition(":")[0]) == (400, "barcodeValue")


async def test_what_a_key_may_see_is_kept_by_no_cache(world: World) -> None:
    made = await world.client.post("/v1/passes", {"content": CARD})
    for path in ("/v1/passes", f"/v1/passes/{made.json['id']}", f"/v1/passes/{made.json['id']}/apple", "/v1/keys"):
        assert (await world.client.get(path)).headers["cache-control"] == "no-store"


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.requirement("S3-23")
async def test_a_key_that_asks_too_often_is_told_when_to_come_back(migrated_url: str, tmp_path: Path) -> None:
    time = Time()
    async with open_world(settings_for(tmp_path, migrated_url), limits=TokenBuckets(1, 3, time)) as world:
        left = [(await world.client.get("/v1/usage")).headers["ratelimit"] for _ in range(3)]
        assert left == ['"key";r=2;t=1', '"key";r=1;t=2', '"key";r=0;t=3']
        refused = await world.client.get("/v1/usage")
        assert (refused.status, refused.problem, refused.json["policy"]) == (429, "too-many", "rate")
        assert refused.headers["retry-after"] == "1"
        assert refused.headers["ratelimit-policy"] == '"key";q=3;w=3'
        simple = await world.client.get("/api/auth/usage")
        assert (simple.status, simple.headers["retry-after"], list(simple.json)) == (429, "1", ["error"])
        assert (await world.other.get("/v1/usage")).status == 200
        time.now += 1
        assert (await world.client.get("/v1/usage")).status == 200


@pytest.mark.requirement("S3-49")
async def test_a_used_up_quota_refuses_new_work_but_no_reading_and_no_equal_update(migrated_url: str, tmp_path: Path) -> None:
    async with open_world(settings_for(tmp_path, migrated_url), quota_month=2) as world:
        serial = (await world.client.post("/v1/passes", {"content": CARD})).json["id"]
        assert (await world.client.put(f"/v1/passes/{serial}", {"content": CARD | {"logo_text": "a"}})).status == 200
        refused = await world.client.post("/v1/passes", {"content": CARD})
        assert (refused.status, refused.json["policy"]) == (429, "quota")
        assert int(refused.headers["retry-after"]) > 0
        assert (await world.client.put(f"/v1/passes/{serial}", {"content": CARD | {"logo_text": "b"}})).status == 429
        equal = await world.client.put(f"/v1/passes/{serial}", {"content": CARD | {"logo_text": "a"}})
        assert (equal.status, equal.json["unchanged"]) == (200, True)
        usage = (await world.client.get("/v1/usage")).json
        assert (usage["total"], usage["limit"], usage["remaining"]) == (2, 2, 0)
        assert len((await world.client.get("/v1/passes")).json["items"]) == 1


async def test_health_is_a_word(world: World) -> None:
    assert [(await world.client.get(path)).body for path in ("/livez", "/healthz", "/readyz")] == [b"ok", b"ok", b"ready"]


class Broken:
    """A store whose disk is full."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def write(self, _fn: object) -> None:
        raise OSError(28, "No space left on device: /secret/place")

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


async def test_a_server_that_cannot_write_is_alive_but_not_ready_and_says_no_more(world: World, tmp_path: Path) -> None:
    from dataclasses import replace

    from api.client import Client
    from billfold.api.app import create_app

    services = replace(world.services, store=Broken(world.services.store))  # type: ignore[arg-type]
    client = Client(create_app(services, None, body_bytes_max=1000), world.client.key)  # type: ignore[arg-type]
    assert (await client.get("/livez")).status == 200
    not_ready = await client.get("/readyz")
    assert (not_ready.status, not_ready.body) == (503, b"not ready")
    for path in ("/v1/passes", "/api/passes"):
        failed = await client.post(
            path, {"content": CARD} if path.startswith("/v1") else {"barcodeValue": "1", "barcodeFormat": "QR", "logoText": "a"}
        )
        assert failed.status == 500
        assert b"secret" not in failed.body
        assert failed.headers["x-request-id"]
    assert (await client.post("/v1/passes", {"content": CARD})).problem == "internal"


async def test_figures_name_routes_never_ids(world: World) -> None:
    serial = (await world.client.post("/v1/passes", {"content": CARD})).json["id"]
    await world.client.get(f"/v1/passes/{serial}")
    await world.client.get("/v1/passes/nothing-7f3a")
    await world.client.get(f"/p/{serial}")
    await world.client.ask("BREW", "/nothing-7f3a")
    text = (await world.client.get("/metrics")).body.decode()
    assert 'http_requests_total{method="GET",route="/v1/passes/{pass_id}",status_class="2xx"} 1.0' in text
    assert 'http_requests_total{method="GET",route="/v1/passes/{pass_id}",status_class="4xx"} 1.0' in text
    assert 'http_requests_total{method="GET",route="/p/{serial}",status_class="2xx"} 1.0' in text
    assert 'http_requests_total{method="other",route="none",status_class="4xx"} 1.0' in text
    assert 'push_pending{channel="google"} 1.0' in text
    for name in (
        "push_oldest_seconds",
        "push_parked",
        "registrations",
        "http_request_seconds_bucket",
        "process_resident_memory_bytes",
    ):
        assert name in text
    assert serial not in text
    assert "7f3a" not in text


async def test_the_log_names_routes_never_serials_or_keys(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    serial = (await world.client.post("/v1/passes", {"content": CARD})).json["id"]
    await world.client.get(f"/v1/passes/{serial[:-1]}")
    await world.client.get(f"/apple/mine00t/v1/passes/pass.x/{serial}", headers={"Authorization": "ApplePass kohlrabi"})
    out = "".join(capfd.readouterr())
    assert "/v1/passes/{pass_id}" in out
    for secret in (serial[:-1], "kohlrabi", str(world.client.key)[-40:]):
        assert secret not in out


@pytest.mark.requirement("S3-46", "S0-18")
async def test_the_reference_page_comes_whole_from_here(world: World) -> None:
    """Neither the page nor its own scripts name another host; the policy would stop them."""
    page = await world.client.get("/docs")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "script-src 'self';" in page.headers["content-security-policy"]
    named = re.findall(r'(?:src|href)="([^"]+)"', page.body.decode())
    assets = [one for one in named if one.startswith("/docs/assets/")]
    assert len(assets) == 3
    assert all(one.startswith(("/", "data:")) and not one.startswith("//") for one in named)
    for asset in assets:
        plain = await world.client.get(asset)
        packed = await world.client.get(asset, headers={"Accept-Encoding": "br, gzip"})
        assert (plain.status, packed.headers["content-encoding"]) == (200, "gzip")
        assert len(packed.body) < len(plain.body) + 100
        again = await world.client.get(asset, headers={"If-None-Match": plain.headers["etag"]})
        assert (again.status, again.body) == (304, b"")
    script = (await world.client.get("/docs/assets/reference.js")).body.decode()
    assert "validatorUrl: null" in script
    assert "://" not in script
    assert (await world.client.get("/docs/assets/..%2f..%2fapp.py")).status == 404
    for problem in re.findall(r'id="([a-z-]+)"', meta.problems_page()):
        assert f'id="{problem}"' in (await world.client.get("/docs/problems")).body.decode()


def objects(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from objects(one)
    elif isinstance(value, list):
        for one in value:
            yield from objects(one)


@pytest.mark.requirement("S3-45")
async def test_the_docs_for_coding_agents_are_short_and_tell_of_every_operation(world: World) -> None:
    answer = await world.client.get("/llms.txt")
    text = answer.body.decode()
    assert answer.headers["content-type"].startswith("text/plain")
    assert len(text) < 12_000
    document = (await world.client.get("/openapi.json")).json
    for path, entry in document["paths"].items():
        for method in entry:
            assert f"- {method.upper()} {path}: " in text or re.search(rf"^- {path}: .*\b{method.upper()} \(", text, re.MULTILINE)
    for name in (
        *document["components"]["schemas"]["FacadePass"]["properties"],
        *document["components"]["schemas"]["ContentIn"]["properties"],
    ):
        assert re.search(rf"^- {name}\*?: ", text, re.MULTILINE), name


async def test_what_cannot_be_stored_was_being_signed_meanwhile_and_leaves_nothing(migrated_url: str, tmp_path: Path) -> None:
    threads = SigningThreads(1)
    begun: list[int] = []

    def sign(wanted: Sequence[ToSign]) -> Pending:
        begun.append(len(wanted))
        return threads(wanted)

    body = {"barcodeValue": "1", "barcodeFormat": "QR", "logoText": "Coffee"}
    async with open_world(settings_for(tmp_path, migrated_url), quota_month=1, sign=sign) as world:
        answers = [(await world.client.post("/api/passes", body)).status for _ in range(2)]
        assert (answers, begun) == ([200, 429], [2, 2])
        assert len((await world.client.get("/v1/passes")).json["items"]) == 1
    await threads.close()

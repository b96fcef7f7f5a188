"""What comes from `/scan` before anybody scans: headers, what a phone installs, what is kept for later. No browser."""

import hashlib
import json
import re

import pytest
from starlette.routing import Router

from api.client import Client
from billfold.api.middleware import Edge
from billfold.scanner.pages import ROOM, create_routes
from billfold.web.assets import TYPES
from billfold.web.pages import SHARED

STATIC = ROOM.folder / "static"
VENDOR = STATIC / "vendor" / "zxing-wasm"
SCRIPT_BYTES_MAX = 150_000


@pytest.fixture
def client() -> Client:
    """The routes need no services: the page is the same for everybody."""
    return Client(Edge(Router([SHARED.route(), *create_routes(None)]), 1_000))


async def test_the_page_may_use_the_camera_and_workers_and_nothing_else_more(client: Client) -> None:
    answer = await client.ask("GET", "/scan")
    assert answer.status == 200
    policy = {
        name: rest.split()
        for name, _, rest in (one.strip().partition(" ") for one in answer.headers["content-security-policy"].split(";"))
    }
    assert policy["default-src"] == ["'none'"]
    assert policy["worker-src"] == policy["manifest-src"] == policy["connect-src"] == ["'self'"]
    assert not {"'unsafe-inline'", "'unsafe-eval'", "'wasm-unsafe-eval'"} & {*policy["script-src"], *policy["style-src"]}
    assert re.findall(r"(\S+)=\(self\)", answer.headers["permissions-policy"]) == ["camera"]


async def test_a_phone_can_install_it(client: Client) -> None:
    manifest = (await client.ask("GET", "/scan/manifest.webmanifest")).json
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/scan", "/scan", "standalone")
    assert {(one["sizes"], one["purpose"]) for one in manifest["icons"]} == {
        (size, purpose) for size in ("192x192", "512x512") for purpose in ("any", "maskable")
    }
    for icon in manifest["icons"]:
        assert (await client.ask("GET", icon["src"])).body.startswith(b"\x89PNG")


async def test_the_worker_looks_after_the_page_and_keeps_every_file_of_it(client: Client) -> None:
    answer = await client.ask("GET", "/scan/service-worker.js")
    assert answer.headers["service-worker-allowed"] == "/scan"
    assert answer.headers["cache-control"] == "no-cache"
    shell = json.loads(re.match(r"const SHELL = (\[.*?\]);", answer.body.decode())[1])
    assert [path for path in shell if (await client.ask("GET", path)).status != 200] == []
    page = (await client.ask("GET", "/scan")).body.decode()
    named = set(re.findall(r'"(/assets/[^"]+\.\w+)"', page))
    assert named
    assert named - set(shell) == set()
    assert any(path.endswith("zxing_reader.wasm") for path in shell)


def test_all_script_together_is_small() -> None:
    """The wasm file is not counted: it is fetched once, by the worker that keeps the page."""
    own = [path for path in STATIC.rglob("*.js") if path.is_file()]
    shared = [path for path in (SHARED._folder).rglob("*") if path.suffix in (".js", ".mjs")]
    assert sum(path.stat().st_size for path in own + shared) <= SCRIPT_BYTES_MAX


def test_the_decoder_is_what_its_list_says() -> None:
    listed = dict(re.findall(r"^\| `(\S+)` \| `([0-9a-f]{64})` \|$", (VENDOR / "README.md").read_text(), re.MULTILINE))
    there = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.suffix in TYPES
    }
    assert listed == there


def test_every_text_that_a_module_says_is_written() -> None:
    """Also in folders of modules, and where the end of a key is computed: then there is at least one that begins so."""
    known = set(ROOM.texts.for_scripts("en"))
    modules = [path.read_text() for path in STATIC.rglob("*.js") if "vendor" not in path.parts]
    said = {key for text in modules for key in re.findall(r'\bsay\(\s*"([\w.]+)"', text)}
    begun = {key for text in modules for key in re.findall(r"\b(?:say|worded)\(`([\w.]+)\.\$\{", text)}
    assert said
    assert begun
    assert said - known == set()
    assert {one for one in begun if not any(key.startswith(f"{one}.") for key in known)} == set()

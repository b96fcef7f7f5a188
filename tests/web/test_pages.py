"""What comes with every page before anybody looks at it: headers, files, texts. No browser, no database."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest

import billfold
from api.client import Client
from billfold.web.assets import FOR_EVER, TYPES, Assets
from billfold.web.pages import SHARED, PageRoom
from billfold.web.policy import FEATURES, STRICT
from billfold.web.texts import Texts
from web.conftest import ROOM, specimen_app

SOURCE = Path(billfold.__file__).parent
VENDOR = SOURCE / "web" / "static" / "vendor"
PAGE_ROOMS = [ROOM, *(PageRoom(one.parent.name, one.parent) for one in SOURCE.glob("*/texts") if one.parent.name != "web")]
"""Every room that has texts of its own."""


@pytest.fixture
def client() -> Client:
    return Client(specimen_app())


def directives(policy: str) -> dict[str, list[str]]:
    return {name: rest.split() for name, _, rest in (one.strip().partition(" ") for one in policy.split(";"))}


async def test_a_page_may_load_only_our_own(client: Client) -> None:
    answer = await client.get("/")
    policy = directives(answer.headers["content-security-policy"])
    assert policy["default-src"] == ["'none'"]
    assert policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["form-action"] == ["'self'"]
    [nonce] = [one for one in policy["script-src"] if one.startswith("'nonce-")]
    assert set(policy["script-src"]) == {"'self'", nonce}
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
    scripts = re.findall(rb"<script(?![^>]*(?:src=|application/json))[^>]*>", answer.body)
    assert scripts
    assert all(f'nonce="{nonce[7:-1]}"'.encode() in one for one in scripts)
    assert b" style=" not in answer.body
    assert (await client.get("/")).headers["content-security-policy"] != answer.headers["content-security-policy"]


async def test_the_headers_of_a_page(client: Client) -> None:
    headers = (await client.get("/")).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == "private, no-store"
    assert "camera=()" in headers["permissions-policy"]
    assert "strict-transport-security" not in headers


async def test_a_route_opens_what_its_page_needs(client: Client) -> None:
    headers = (await client.get("/opened")).headers
    policy = directives(headers["content-security-policy"])
    assert {"'self'", "'wasm-unsafe-eval'"} < set(policy["script-src"])
    assert policy["worker-src"] == ["'self'"]
    assert "camera=(self)" in headers["permissions-policy"]
    assert "microphone=()" in headers["permissions-policy"]
    assert headers["cache-control"] == "no-cache"


def test_what_is_opened_for_one_page_stays_shut_for_others() -> None:
    opened = STRICT.allowing("camera", default_src="https://a.example", img_src=("https://a.example", "https://b.example"))
    made = directives(opened.headers("n", https=False)["Content-Security-Policy"])
    assert made["default-src"] == ["https://a.example"]
    assert made["img-src"][-2:] == ["https://a.example", "https://b.example"]
    assert "a.example" not in STRICT.headers("n", https=False)["Content-Security-Policy"]
    with pytest.raises(AssertionError):
        STRICT.allowing("cameras")


def test_https_is_kept() -> None:
    assert "max-age=" in STRICT.headers("n", https=True)["Strict-Transport-Security"]
    assert len(STRICT.headers("n", https=True)["Permissions-Policy"].split(", ")) == len(FEATURES)


async def test_what_is_shown_is_escaped(client: Client) -> None:
    answer = await client.get("/?given=%3Cscript%3Ealert(1)%3C/script%3E")
    assert b"<script>alert" not in answer.body
    assert b"&lt;script&gt;alert" in answer.body


async def test_files_are_kept_for_ever_under_their_hash(client: Client) -> None:
    address = SHARED.address("tokens.css")
    answer = await client.get(address)
    assert answer.headers["cache-control"] == FOR_EVER
    assert answer.headers["content-type"].startswith("text/css")
    packed = await client.get(address, headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == answer.body
    assert len(packed.body) < len(answer.body) / 2
    other = await client.get(address.replace(SHARED.base, "/assets/web/0123456789abcdef/"))
    assert (other.status, other.headers["cache-control"], other.body) == (200, "no-store", answer.body)


@pytest.mark.parametrize("name", ["vendor/README.md", "vendor/LICENSE.htm", "../pages.py", "%2e%2e/pages.py", "none.css", ""])
async def test_nothing_else_is_served(client: Client, name: str) -> None:
    assert (await client.get(SHARED.base + name)).status == 404


def test_the_hash_changes_with_any_file(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    first = Assets("a", tmp_path).base
    assert Assets("a", tmp_path).base == first
    (tmp_path / "README.md").write_text("not served")
    assert Assets("a", tmp_path).base == first
    (tmp_path / "a.js").write_text("2")
    assert Assets("a", tmp_path).base != first
    with pytest.raises(KeyError):
        Assets("a", tmp_path).address("b.js")


def test_vendored_files_are_what_their_list_says() -> None:
    listed = dict(re.findall(r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", (VENDOR / "README.md").read_text(), re.MULTILINE))
    there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.iterdir() if path.suffix in TYPES}
    assert listed == there


def test_texts_fall_back_to_english(tmp_path: Path) -> None:
    (tmp_path / "en.toml").write_text('a = "one {n}"\n[people]\nb = "two"\n[script]\nc = "three"\n')
    (tmp_path / "de.toml").write_text('a = "eins {n}"\n')
    texts = Texts(tmp_path)
    say = texts.speaker("de")
    assert (say("a", n=5), say("people.b")) == ("eins 5", "two")
    assert texts.for_scripts("de") == {"c": "three"}
    assert texts.languages == ("en", "de")
    with pytest.raises(KeyError):
        say("none")


@pytest.mark.parametrize("room", PAGE_ROOMS, ids=lambda room: room.name)
def test_every_text_that_a_page_says_is_written(room: PageRoom) -> None:
    """In templates and modules. A key that ends in a point or `_` is the beginning of several."""
    templates = [*(room.folder / "templates").glob("*.html"), *(SOURCE / "web" / "templates").glob("*.html")]
    said = {key for path in templates for key in re.findall(r'\bsay\("([\w.]+)"', path.read_text())}
    modules = [*(room.folder / "static").rglob("*.js"), *(SOURCE / "web" / "static").glob("*.js")]
    said |= {f"script.{key}" for path in modules for key in re.findall(r'^[^/]*\bsay\("([\w.]+)"', path.read_text(), re.MULTILINE)}
    known = room.texts.keys()
    begun = {key for key in said if key[-1] in "._" and any(one.startswith(key) for one in known)}
    assert said - known - begun == set()
    for language in room.texts.languages[1:]:
        assert not set(room.texts._by_language[language]) - room.texts.keys(), f"{language} says what English does not"

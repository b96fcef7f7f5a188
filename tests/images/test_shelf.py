"""Pictures on the shelf: known by their bytes, prepared once, found again for both wallets. Real store, real child process, and for
addresses a real server behind the guarded client."""

import asyncio
import base64
import http.server
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from PIL import Image

from billfold.domain.content import ImageSlot
from billfold.domain.errors import Invalid, TooMany
from billfold.domain.ids import Environment, Scope
from billfold.glue import picture_fetch
from billfold.images.pool import ImageWorkshop
from billfold.images.shelf import FetchRefused, Shelf
from billfold.limits import TokenBuckets
from billfold.outgoing.client import OutgoingClient
from billfold.ports import Workspace
from billfold.storage.blobs import FolderBlobs
from billfold.storage.store import open_store

SCOPE = Scope("d3m0ab", Environment.TEST)


def png(color: str = "navy", size: tuple[int, int] = (400, 120)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "PNG")
    return out.getvalue()


def data_uri(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


@contextmanager
def image_server(pictures: dict[str, bytes]) -> Iterator[tuple[int, list[str]]]:
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = pictures.get(self.path)
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
async def make_shelf(migrated_url, tmp_path, clock):
    store = open_store(migrated_url)
    await store.write(lambda tx: tx.workspaces.add(Workspace(SCOPE.workspace, "Demo", "Bayroast", 0)))
    workshop = ImageWorkshop()

    def make(fetch=None, refusals=None):
        limits = TokenBuckets(0, 1, lambda: 0.0) if refusals is None else refusals
        blobs = FolderBlobs(tmp_path / "blobs")
        return Shelf(store, blobs, workshop, fetch, clock, bytes_max=1_000_000, url_cache_seconds=300, refusals=limits)

    yield make
    await workshop.close()
    await store.close()


@pytest.mark.requirement("S3-17", "S3-19")
async def test_a_logo_is_scaled_for_apple_stands_in_for_the_icon_and_has_a_public_form_for_google(make_shelf):
    shelf = make_shelf()
    hash_ = await shelf.accept(SCOPE, data_uri(png()), ImageSlot.LOGO, "logoURL")
    files = await shelf.files(SCOPE, {ImageSlot.LOGO: hash_}, "B", "#1f2937")
    sizes = {name: Image.open(io.BytesIO(data)).size for name, _, data in files}
    assert sizes["icon.png"] == (38, 38)
    assert sizes["icon@3x.png"] == (114, 114)
    assert sizes["logo.png"][1] <= 50
    assert set(sizes) == {f"{slot}{scale}.png" for slot in ("logo", "icon") for scale in ("", "@2x", "@3x")}
    public = await shelf.public_hash(SCOPE, ImageSlot.LOGO, hash_, "B", "#1f2937")
    assert public is not None
    assert public not in {hash for _, hash, _ in files}


async def test_one_picture_in_two_places_at_once_is_prepared_for_both(make_shelf):
    shelf = make_shelf()
    taken = await asyncio.gather(*(shelf.accept(SCOPE, data_uri(png()), slot, slot) for slot in (ImageSlot.LOGO, ImageSlot.STRIP)))
    files = await shelf.files(SCOPE, dict(zip((ImageSlot.LOGO, ImageSlot.STRIP), taken, strict=True)), "B", "#1f2937")
    assert {"logo.png", "strip.png", "icon.png"} <= {name for name, _, _ in files}


async def test_without_pictures_there_is_still_an_icon_and_a_public_logo(make_shelf):
    shelf = make_shelf()
    files = await shelf.files(SCOPE, {}, "BC", "#1f2937")
    assert [name for name, _, _ in files] == ["icon.png", "icon@2x.png", "icon@3x.png"]
    assert await shelf.public_hash(SCOPE, ImageSlot.LOGO, None, "BC", "#1f2937")
    assert await shelf.public_hash(SCOPE, ImageSlot.STRIP, None, "BC", "#1f2937") is None


@pytest.mark.requirement("S3-30")
async def test_a_picture_is_known_by_its_bytes_however_it_comes(make_shelf):
    with image_server({"/logo.png": png()}) as (port, asked):
        outgoing = OutgoingClient(allow_untrusted=frozenset({("127.0.0.1", port)}), ports_untrusted=frozenset({443, port}))
        shelf = make_shelf(picture_fetch(outgoing, 1_000_000))
        url = f"http://127.0.0.1:{port}/logo.png"
        by_address = await shelf.accept(SCOPE, url, ImageSlot.LOGO, "logoURL")
        assert await shelf.accept(SCOPE, data_uri(png()), ImageSlot.LOGO, "logoURL") == by_address
        assert await shelf.accept(SCOPE, url, ImageSlot.LOGO, "logoURL") == by_address
        assert asked == ["/logo.png"]  # the second time it was remembered
        assert await shelf.accept(SCOPE, data_uri(png("red")), ImageSlot.LOGO, "logoURL") != by_address
        await outgoing.close()


async def test_an_address_is_asked_again_after_its_time(make_shelf, clock):
    pictures = {"/logo.png": png()}
    with image_server(pictures) as (port, asked):
        outgoing = OutgoingClient(allow_untrusted=frozenset({("127.0.0.1", port)}), ports_untrusted=frozenset({443, port}))
        shelf = make_shelf(picture_fetch(outgoing, 1_000_000))
        url = f"http://127.0.0.1:{port}/logo.png"
        first = await shelf.accept(SCOPE, url, ImageSlot.LOGO, "logoURL")
        pictures["/logo.png"] = png("green")
        clock.advance(seconds=301)
        assert await shelf.accept(SCOPE, url, ImageSlot.LOGO, "logoURL") != first
        assert len(asked) == 2
        await outgoing.close()


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("data:image/png;base64,!!!", "not_base64"),
        ("data:text/html;base64,AAAA", "not_a_data_uri"),
        ("data:image/svg+xml;base64,AAAA", "not_a_data_uri"),
        (data_uri(b"no picture at all"), "not_an_image"),
        (data_uri(b"\0" * 1_000_001), "too_large"),
    ],
)
async def test_what_is_no_picture_is_refused_by_name(make_shelf, source, code):
    with pytest.raises(Invalid) as caught:
        await make_shelf().accept(SCOPE, source, ImageSlot.LOGO, "logoURL")
    assert [(one.path, one.code) for one in caught.value.problems] == [("logoURL", code)]
    assert caught.value.problems[0].mend


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/logo.png", "https://10.0.0.1/x.png", "https://[::1]/x.png", "https://localhost/x"]
)
async def test_an_address_on_the_local_network_is_refused(make_shelf, url):
    outgoing = OutgoingClient(refusal_bucket_seconds=0.01)
    with pytest.raises(Invalid) as caught:
        await make_shelf(picture_fetch(outgoing, 1_000_000)).accept(SCOPE, url, ImageSlot.STRIP, "stripURL")
    assert [(one.path, one.code) for one in caught.value.problems] == [("stripURL", "not_fetched")]
    await outgoing.close()


async def test_addresses_that_give_no_picture_are_limited_for_each_workspace(make_shelf):
    """Thirty looks an hour at what is behind an address; pictures that are there, and other workspaces, are not concerned."""
    asked = []

    async def fetch(url):
        asked.append(url)
        if "good" in url:
            return png()
        raise FetchRefused("the address did not answer with a picture")

    seconds = [0.0]
    limits = TokenBuckets(3 / 3600, 3, lambda: seconds[0], policy="fetches", message="too many addresses gave no picture")
    shelf = make_shelf(fetch, limits)
    kept = await shelf.accept(SCOPE, "https://example.com/good.png", ImageSlot.LOGO, "logoURL")
    for n in range(3):
        with pytest.raises(Invalid):
            await shelf.accept(SCOPE, f"https://example.com/{n}.png", ImageSlot.LOGO, "logoURL")
    with pytest.raises(TooMany) as refused:
        await shelf.accept(SCOPE, "https://example.com/4.png", ImageSlot.LOGO, "logoURL")
    assert (refused.value.policy, refused.value.retry_after_seconds) == ("fetches", 1200)
    assert "https://example.com/4.png" not in asked
    assert await shelf.accept(SCOPE, "https://example.com/good.png", ImageSlot.LOGO, "logoURL") == kept, "it is on the shelf"
    other = Scope("other0", Environment.TEST)
    with pytest.raises(Invalid):
        await shelf.accept(other, "https://example.com/4.png", ImageSlot.LOGO, "logoURL")
    seconds[0] += 1200
    await shelf.accept(SCOPE, "https://example.com/good2.png", ImageSlot.LOGO, "logoURL")

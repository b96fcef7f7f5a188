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

from billfold.domain.content import Content, ImageSlot, StampCard, Style
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

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"])
"""For what no engine can change: storage has tests of its own on both."""
SCOPE = Scope("d3m0ab", Environment.TEST)


def card(**members) -> Content:
    return Content("Bayroast Coffee", "Loyalty card", **members)


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
    files = await shelf.files(SCOPE, card(images={ImageSlot.LOGO: hash_}))
    sizes = {name: Image.open(io.BytesIO(data)).size for name, _, data in files}
    assert sizes["icon.png"] == (38, 38)
    assert sizes["icon@3x.png"] == (114, 114)
    assert sizes["logo.png"][1] <= 50
    assert set(sizes) == {f"{slot}{scale}.png" for slot in ("logo", "icon") for scale in ("", "@2x", "@3x")}
    public = (await shelf.public(SCOPE, card(images={ImageSlot.LOGO: hash_}))).logo
    assert public not in {hash for _, hash, _ in files}


async def test_one_picture_in_two_places_at_once_is_prepared_for_both(make_shelf):
    shelf = make_shelf()
    taken = await asyncio.gather(*(shelf.accept(SCOPE, data_uri(png()), slot, slot) for slot in (ImageSlot.LOGO, ImageSlot.STRIP)))
    files = await shelf.files(SCOPE, card(images=dict(zip((ImageSlot.LOGO, ImageSlot.STRIP), taken, strict=True))))
    assert {"logo.png", "strip.png", "icon.png"} <= {name for name, _, _ in files}


async def test_without_pictures_there_is_still_an_icon_and_a_public_logo(make_shelf):
    shelf = make_shelf()
    files = await shelf.files(SCOPE, card())
    assert [name for name, _, _ in files] == ["icon.png", "icon@2x.png", "icon@3x.png"]
    public = await shelf.public(SCOPE, card())
    assert public.logo
    assert (public.hero, public.wide_logo, public.module) == (None, None, None)


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


# --- parts, places and languages --------------------------------------------------------------------------------------------------


def halves() -> bytes:
    """Left half red, right half blue, 1,600 x 288."""
    image = Image.new("RGB", (1_600, 288), "red")
    image.paste("blue", (800, 0, 1_600, 288))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def middle(data: bytes) -> tuple[int, ...]:
    image = Image.open(io.BytesIO(data)).convert("RGB")
    return image.getpixel((image.width // 2, image.height // 2))


async def file_of(shelf, content: Content, name: str) -> bytes:
    return {one: data for one, _, data in await shelf.files(SCOPE, content)}[name]


@on_sqlite
async def test_an_uploaded_picture_is_named_by_its_hash_and_a_part_of_it_is_a_picture_of_its_own(make_shelf):
    shelf = make_shelf()
    whole = await shelf.upload(SCOPE, halves(), "")
    assert (whole.width, whole.height, whole.bytes, whole.frame) == (1_600, 288, len(halves()), None)
    left = await shelf.accept(SCOPE, f"image:{whole.hash}#focus=0.1,0.5", ImageSlot.STRIP, "images.strip")
    right = await shelf.accept(SCOPE, f"{data_uri(halves())}#crop=0.6,0,0.4,1", ImageSlot.STRIP, "images.strip")
    assert len({whole.hash, left, right}) == 3
    assert middle(await file_of(shelf, card(images={ImageSlot.STRIP: left}), "strip@3x.png")) == (255, 0, 0)
    assert middle(await file_of(shelf, card(images={ImageSlot.STRIP: right}), "strip@3x.png")) == (0, 0, 255)
    assert (await shelf.find(SCOPE, right)).frame == "crop=0.6,0,0.4,1"
    again = await shelf.accept(SCOPE, f"image:{right}#focus=0.1,0.5", ImageSlot.STRIP, "images.strip")
    assert again == left  # a part of a part is a part of the whole


@on_sqlite
@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("#focus=1.5,0", "frame_refused"),
        ("#focus=0.5", "frame_refused"),
        ("#crop=0.6,0,0.6,1", "frame_refused"),
        ("#crop=0,0,0,0", "frame_refused"),
        ("#focus=NaN,0", "frame_refused"),
    ],
)
async def test_a_part_that_is_none_is_refused(make_shelf, source, code):
    with pytest.raises(Invalid) as caught:
        await make_shelf().accept(SCOPE, data_uri(png()) + source, ImageSlot.STRIP, "images.strip")
    assert [(one.path, one.code) for one in caught.value.problems] == [("images.strip", code)]


@on_sqlite
async def test_a_picture_of_another_workspace_or_of_none_is_unknown(make_shelf):
    shelf = make_shelf()
    uploaded = await shelf.upload(SCOPE, png(), "")
    other = Scope("d3m0ab", Environment.LIVE)
    for scope, hash_ in ((other, uploaded.hash), (SCOPE, "0" * 64), (SCOPE, "../etc")):
        with pytest.raises(Invalid) as caught:
            await shelf.accept(scope, f"image:{hash_}", ImageSlot.LOGO, "images.logo")
        assert caught.value.problems[0].code == "image_unknown"


@on_sqlite
async def test_a_strip_has_the_shape_of_its_style(make_shelf):
    shelf = make_shelf()
    strip = await shelf.accept(SCOPE, data_uri(png(size=(1_125, 432))), ImageSlot.STRIP, "images.strip")
    for style, size in ((Style.COUPON, (375, 144)), (Style.STORE_CARD, (375, 144)), (Style.EVENT_TICKET, (375, 98))):
        data = await file_of(shelf, card(style=style, images={ImageSlot.STRIP: strip}), "strip.png")
        assert Image.open(io.BytesIO(data)).size == size


@on_sqlite
async def test_a_place_that_nobody_prepared_is_filled_when_it_is_asked_for(make_shelf):
    shelf = make_shelf()
    uploaded = (await shelf.upload(SCOPE, png(size=(1_300, 1_600)), "")).hash
    poster = card(style=Style.EVENT_TICKET, images={ImageSlot.ARTWORK: uploaded, ImageSlot.PRIMARY_LOGO: uploaded})
    sizes = {name: Image.open(io.BytesIO(data)).size for name, _, data in await shelf.files(SCOPE, poster)}
    assert sizes["artwork@3x.png"] == (1_074, 1_344)
    assert sizes["primaryLogo@3x.png"][1] == 90
    fresh = make_shelf()
    assert await fresh.files(SCOPE, poster) == await shelf.files(SCOPE, poster)


@on_sqlite
async def test_a_picture_with_a_version_per_language_stands_in_every_folder_and_not_at_the_root(make_shelf):
    shelf = make_shelf()
    base = await shelf.accept(SCOPE, data_uri(png("navy")), ImageSlot.STRIP, "")
    french = await shelf.accept(SCOPE, data_uri(png("green")), ImageSlot.STRIP, "")
    logo = await shelf.accept(SCOPE, data_uri(png("white")), ImageSlot.LOGO, "")
    content = card(
        language="en",
        images={ImageSlot.STRIP: base, ImageSlot.LOGO: logo},
        localized_images={"fr": {ImageSlot.STRIP: french}},
        translations={"de": {"description": "Kundenkarte"}},
    )
    files = {name: data for name, _, data in await shelf.files(SCOPE, content)}
    assert "strip.png" not in files
    assert "logo.png" in files
    assert {one.partition("/")[0] for one in files if ".lproj" in one} == {"en.lproj", "de.lproj", "fr.lproj"}
    assert middle(files["de.lproj/strip.png"]) == middle(files["en.lproj/strip.png"]) == (0, 0, 128)
    assert middle(files["fr.lproj/strip.png"]) == (0, 128, 0)


@on_sqlite
async def test_a_preview_in_a_language_has_the_pictures_that_phones_get(make_shelf):
    shelf = make_shelf()
    base = await shelf.accept(SCOPE, data_uri(png("navy")), ImageSlot.LOGO, "")
    french = {
        slot: await shelf.accept(SCOPE, data_uri(png(color)), slot, "")
        for slot, color in ((ImageSlot.ICON, "red"), (ImageSlot.LOGO, "green"), (ImageSlot.STRIP, "lime"))
    }
    content = card(language="en", images={ImageSlot.LOGO: base}, localized_images={"fr": french})
    shown = await shelf.pictures(SCOPE, content, "fr-CA")
    assert middle(shown[ImageSlot.LOGO]) == (0, 128, 0)
    assert middle(shown[ImageSlot.ICON]) == (0, 0, 128), "the icon at the root is made of the logo there"
    google = await shelf.pictures(SCOPE, content, "fr-CA", "google")
    assert ImageSlot.STRIP not in google, "Google has the pictures of all languages alone"


# --- stamp cards ------------------------------------------------------------------------------------------------------------------


@on_sqlite
@pytest.mark.requirement("S3-19")
async def test_a_stamp_card_is_drawn_for_both_wallets_and_equal_counts_give_equal_files(make_shelf):
    shelf = make_shelf()
    four = card(style=Style.STORE_CARD, stamps=StampCard("4", "10"), background_color="#3b2417")
    files = {name: (hash_, data) for name, hash_, data in await shelf.files(SCOPE, four)}
    assert [Image.open(io.BytesIO(files[name][1])).size for name in ("strip.png", "strip@2x.png", "strip@3x.png")] == [
        (375, 144),
        (750, 288),
        (1_125, 432),
    ]
    hero = (await shelf.public(SCOPE, four)).hero
    assert hero is not None
    fresh = make_shelf()
    assert {name: (hash_, data) for name, hash_, data in await fresh.files(SCOPE, four)} == files
    assert (await fresh.public(SCOPE, four)).hero == hero
    five = card(style=Style.STORE_CARD, stamps=StampCard("5", "10"), background_color="#3b2417")
    assert (await shelf.public(SCOPE, five)).hero != hero


@on_sqlite
async def test_a_stamp_card_may_have_a_picture_for_its_stamps(make_shelf):
    shelf = make_shelf()
    own = await shelf.accept_stamp(SCOPE, data_uri(png("#e64980", (300, 300))), "stamps.stamp_image")
    content = card(style=Style.STORE_CARD, stamps=StampCard("1", "2", stamp_image=own, reward=None))
    strip = Image.open(io.BytesIO(await file_of(shelf, content, "strip@3x.png"))).convert("RGB")
    assert strip.getpixel((strip.width // 4 + 40, strip.height // 2)) == (0xE6, 0x49, 0x80)
    assert strip.getpixel((strip.width * 3 // 4, strip.height // 2)) != (0xE6, 0x49, 0x80)


@on_sqlite
@pytest.mark.parametrize(("filled", "total"), [("", ""), ("-1", "0"), ("999999999999999999999", "31"), ("nine", "ten"), ("٤", "٥")])
async def test_counts_that_are_none_still_give_a_picture_and_a_finding(make_shelf, filled, total):
    shelf = make_shelf()
    content = card(style=Style.STORE_CARD, stamps=StampCard(filled, total))
    assert "strip.png" in {name for name, _, _ in await shelf.files(SCOPE, content)}
    assert {one.path for one in await shelf.findings(SCOPE, content)} & {"stamps.filled", "stamps.total"}


@on_sqlite
async def test_findings_are_remembered_with_the_picture_and_speak_of_its_place(make_shelf):
    shelf = make_shelf()
    tall = await shelf.accept(SCOPE, data_uri(png(size=(300, 900))), ImageSlot.STRIP, "images.strip")
    content = card(style=Style.COUPON, images={ImageSlot.STRIP: tall})
    found = await make_shelf().findings(SCOPE, content)
    assert {(one.code, one.path) for one in found} == {("image_unsharp", "images.strip"), ("image_cut_off", "images.strip")}
    assert all(one.severity == "warning" and one.message and one.mend for one in found)

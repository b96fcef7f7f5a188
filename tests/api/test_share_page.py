"""The hosted page over HTTP: what each visitor gets, what is kept and asked about again, what is counted, what it says of a
pass that is not good, and what a preview may know."""

import base64
import html
import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
import resvg_py
from PIL import Image
from starlette.applications import Starlette

from api.client import Answer, Client
from api.conftest import CARD, MINE, World, on_sqlite, open_world, settings_for
from api.test_till import Shop
from billfold.api import share_view
from billfold.api.share import SharePages
from billfold.api.visitors import System, app_of, system_of, visitor_of, way_out
from billfold.domain.ids import PassId
from billfold.domain.signing import Signatures
from billfold.ports import Store, Tx
from clocks import FakeClock
from hostile import PAYLOADS
from plugins.peers import Decoded

T = TypeVar("T")

SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/604.1"
CHROME = "Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Mobile Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
IN_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 {}"
IN_ANDROID = (
    "Mozilla/5.0 (Linux; Android 16; Pixel 10; wv) AppleWebKit/537.36 (KHTML) Version/4.0 Chrome/142.0 Mobile Safari/537.36 {}"
)
BOTS = (
    "WhatsApp/2.23.20.0 A",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "facebookexternalhit/1.1;line-poker/1.0",
    "facebookexternalhit/1.1; kakaotalk-scrap/1.0",
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Mozilla/5.0 (Macintosh) AppleWebKit/601.2.4 (KHTML, like Gecko) Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "curl/8.5.0",
    "python-requests/2.32",
)
APPS = {
    IN_IPHONE.format("Instagram 350.0.0.25.93 (iPhone16,1; iOS 26_0)"): "Instagram",
    IN_IPHONE.format("[FBAN/FBIOS;FBAV/480.0.0.30.100;FBDV/iPhone16,1]"): "Facebook",
    IN_IPHONE.format("[FBAN/MessengerForiOS;FBAV/480.0]"): "Messenger",
    IN_IPHONE.format("WhatsApp/2.24.9.78"): "WhatsApp",
    IN_IPHONE.format("Safari Line/14.9.0"): "LINE",
    IN_IPHONE.format("musical_ly_36.1.0 JsSdk/2.0 BytedanceWebview/d8a21c6"): "TikTok",
    IN_IPHONE.format("MicroMessenger/8.0.49(0x18003132) NetType/WIFI"): "WeChat",
    IN_IPHONE.format(""): "",
    IN_ANDROID.format("Instagram 350.1.0.35.109 Android (35/15)"): "Instagram",
    IN_ANDROID.format("[FB_IAB/FB4A;FBAV/480.0.0.37.109;]"): "Facebook",
    IN_ANDROID.format("WhatsApp/2.24.9.78 A"): "WhatsApp",
    IN_ANDROID.format("Line/14.9.0/IAB"): "LINE",
    IN_ANDROID.format("musical_ly_2023601040 trill_360104 BytedanceWebview/d8a21c6"): "TikTok",
    IN_ANDROID.format("MicroMessenger/8.0.49.2600(0x2800313B) WeChat/arm64"): "WeChat",
    IN_ANDROID.format(""): "",
}
FULL = CARD | {
    "logo_text": "Ada's own card",
    "organization_name": "Bayroast Coffee",
    "secondary": [{"label": "MEMBER", "value": "Ada Lovelace"}, {"label": "SINCE", "value": "2019"}],
    "auxiliary": [{"label": "TIER", "value": "Gold " * 200}],
    "back": [{"label": "NOTE", "value": "n" * 3000}],
}
PERSONAL = ("Ada", "Lovelace", "Gold", "1,250", "LOYALTY-98765", "Loyalty card")


def a_logo(color: str = "#1d4ed8") -> str:
    drawn = io.BytesIO()
    Image.new("RGB", (200, 200), color).save(drawn, "PNG")
    return "data:image/png;base64," + base64.b64encode(drawn.getvalue()).decode()


async def issued(world: World, content: dict[str, object] = FULL) -> str:
    made = await world.client.post("/v1/passes", {"content": content})
    assert made.status == 201, made.body
    return str(made.json["id"])


async def seen(world: World, path: str, agent: str = FIREFOX, method: str = "GET", **headers: str) -> Answer:
    return await seen_by(world.client, path, agent, method, **headers)


async def seen_by(client: Client, path: str, agent: str, method: str = "GET", **headers: str) -> Answer:
    return await client.ask(method, path, headers={"User-Agent": agent, **headers})


async def opened(world: World, serial: str) -> list[tuple[str, str, str]]:
    events = (await world.client.get(f"/v1/events?subject={serial}&limit=200")).json["items"]
    kinds = ("link.opened", "pass.downloaded")
    return [(one["kind"], one["wallet"], one["data"]["visitor"]) for one in events if one["kind"] in kinds]


# --- who asks


def test_phones_computers_and_programs_are_told_apart() -> None:
    assert [system_of(one) for one in (SAFARI, CHROME, FIREFOX, "")] == [
        System.IPHONE, System.ANDROID, System.DESKTOP, System.DESKTOP,
    ]  # fmt: skip
    assert {one: system_of(one) for one in BOTS} == dict.fromkeys(BOTS, System.BOT)
    assert (
        system_of("Mozilla/5.0 (Linux; Android 13; CUBOT X70) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36")
        is System.ANDROID
    )
    assert system_of("Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) Safari/604.1") is System.IPHONE


def test_an_apps_own_browser_is_known_and_has_a_way_out() -> None:
    assert {agent: app.name for agent in APPS if (app := app_of(agent))} == APPS
    for agent in (SAFARI, CHROME, FIREFOX, SAFARI.replace("Version/26.0", "CriOS/142.0 Mobile/15E148"), *BOTS):
        assert app_of(agent) is None, agent
    address = "https://pass.example/p/x"
    ways = {name: way_out(visitor_of("GET", {"user-agent": agent}), address) for agent, name in APPS.items() if "iPhone" in agent}
    assert ways["Instagram"] == ways[""] == "x-safari-https://pass.example/p/x"
    assert ways["LINE"] == "https://pass.example/p/x?openExternalBrowser=1"
    assert ways["WeChat"] == ""
    android = way_out(visitor_of("GET", {"user-agent": IN_ANDROID.format("Instagram 350")}), address)
    assert android == "intent://pass.example/p/x#Intent;scheme=https;action=android.intent.action.VIEW;end"


@on_sqlite
@pytest.mark.requirement("S0-05", "S3-36")
async def test_whoever_is_inside_an_app_is_told_how_to_get_out(world: World) -> None:
    serial = await issued(world)
    for agent, name in APPS.items():
        page = (await seen(world, f"/p/{serial}", agent)).body.decode()
        wallet = "apple" if "iPhone" in agent else "google"
        assert f"You are inside {name or 'an app'}" in page
        assert page.index("You are inside") < page.index(f'data-wallet="{wallet}"'), "the button stays, below"
        assert ("x-safari-" in page or "intent://" in page or "openExternal" in page) == (name != "WeChat")
        assert f"You are inside {name or 'an app'}" in (await seen(world, f"/ps/{serial}", agent)).body.decode()
        direct = await seen(world, f"/p/{serial}/go", agent)
        assert (direct.status, direct.headers["location"]) == (302, f"/p/{serial}"), "a download there would be lost"
    assert "You are inside" not in (await seen(world, f"/p/{serial}", SAFARI)).body.decode()


# --- what is kept and asked about again


@on_sqlite
@pytest.mark.requirement("S3-35", "S0-03")
async def test_what_did_not_change_is_not_sent_again(world: World) -> None:
    serial = await issued(world)
    page = f"/p/{serial}"
    first = await seen(world, page, SAFARI)
    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in first.headers["x-robots-tag"]
    assert "User-Agent" in first.headers["vary"]
    policy = first.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy
    picture = re.search(r'<figure[^>]*><img src="([^"]+)"', first.body.decode())[1].replace("&amp;", "&")  # type: ignore[index]
    for path, tag in ((page, first.headers["etag"]), (picture, (await seen(world, picture)).headers["etag"])):
        again = await seen(world, path, SAFARI, **{"If-None-Match": tag})
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == tag
    assert (await seen(world, page, CHROME)).headers["etag"] != first.headers["etag"]
    before = (await seen(world, picture)).headers["etag"]
    await world.client.ask("PUT", f"/v1/passes/{serial}", {"content": FULL | {"header": [{"label": "POINTS", "value": "2"}]}})
    for path, tag in ((page, first.headers["etag"]), (picture, before)):
        assert (await seen(world, path, SAFARI, **{"If-None-Match": tag})).status == 200, path


@on_sqlite
@pytest.mark.requirement("S3-35", "S3-39")
async def test_the_picture_is_the_renderers(world: World) -> None:
    serial = await issued(world)
    for wallet in ("apple", "google"):
        drawn = await seen(world, f"/p/{serial}/picture.svg?wallet={wallet}&language=en")
        assert drawn.headers["content-type"].startswith("image/svg+xml")
        assert "sandbox" in drawn.headers["content-security-policy"]
        assert drawn.body == (await world.client.get(f"/v1/passes/{serial}/preview.svg?wallet={wallet}")).body
    bare = await seen(world, f"/p/{serial}/picture.svg?wallet=apple&code=none")
    assert len(bare.body) < len((await seen(world, f"/p/{serial}/picture.svg?wallet=apple")).body)
    for odd in ("wallet=nokia&language=%3Cscript%3E", "wallet=&language=..%2F", "code=%00"):
        assert (await seen(world, f"/p/{serial}/picture.svg?{odd}")).status == 200
    assert (await seen(world, f"/p/{MINE.code}-{'0' * 22}/picture.svg")).status == 404


@on_sqlite
@pytest.mark.requirement("S3-35")
async def test_the_page_is_small_whatever_a_pass_says(world: World) -> None:
    serial = await issued(world, FULL | {"images": {"logo": a_logo()}})
    for language in ("de", "fr", "en"):
        for agent in (SAFARI, CHROME, FIREFOX, next(iter(APPS))):
            answer = await seen(world, f"/p/{serial}", agent, **{"Accept-Language": language})
            assert len(answer.body) < 30_000
            assert b"<script" not in answer.body


class Counting:
    """A store that counts how often it is read."""

    def __init__(self, store: Store) -> None:
        self._store, self.reads = store, 0

    async def read(self, fn: Callable[[Tx], T]) -> T:
        self.reads += 1
        return await self._store.read(fn)

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


@on_sqlite
async def test_a_look_at_the_page_costs_no_signature_and_one_question(world: World) -> None:
    serial = await issued(world, FULL | {"images": {"logo": a_logo()}})
    signed: list[object] = []
    store = Counting(world.services.store)

    def sign(wanted: Signatures) -> object:
        signed.append(wanted)
        return world.services.sign(wanted)

    pages = SharePages(replace(world.services, sign=sign, store=store))  # type: ignore[arg-type]
    client = replace(world.client, app=Starlette(routes=pages.routes()))
    for agent in (SAFARI, CHROME, FIREFOX, BOTS[0]):
        store.reads = 0
        assert (await seen_by(client, f"/p/{serial}", agent)).status == 200
        assert store.reads == 1, "the pass and what it belongs to; the logo is asked for by the shelf of pictures"
    assert signed == []
    assert (await seen_by(client, f"/p/{serial}/google", CHROME)).status == 302
    assert len(signed) == 1


# --- what is counted


@on_sqlite
@pytest.mark.requirement("S0-12", "S3-35")
async def test_only_people_are_counted(world: World) -> None:
    serial = await issued(world)
    paths = [f"/p/{serial}{one}" for one in ("", "/go", "/google", "/picture.svg", "/qr.png")]
    for path in paths:
        for agent in BOTS:
            assert (await seen(world, path, agent)).status in (200, 302)
    for path in (*paths, f"/p/{serial}/apple", f"/ps/{serial}"):
        for agent in (SAFARI, CHROME, FIREFOX):
            answer = await seen(world, path, agent, "HEAD")
            assert answer.status in (200, 302), path
            assert "/gp/v/save/" not in answer.headers.get("location", ""), "nothing is made at Google for a look"
    for name in ("Sec-Purpose", "Purpose", "X-Moz"):
        await seen(world, f"/p/{serial}", CHROME, **{name: "prefetch"})
    assert await opened(world, serial) == []
    await seen(world, f"/p/{serial}", SAFARI)
    await seen(world, f"/p/{serial}/apple", SAFARI)
    await seen(world, f"/p/{serial}/go", CHROME)
    assert await opened(world, serial) == [
        ("link.opened", "", "iphone"), ("pass.downloaded", "apple", "iphone"), ("link.opened", "google", "android"),
    ]  # fmt: skip


@on_sqlite
@pytest.mark.requirement("S0-05", "S3-38")
async def test_a_program_that_previews_the_link_learns_who_issued_it_and_nothing_of_the_holder(world: World) -> None:
    serial = await issued(world, FULL | {"images": {"logo": a_logo()}})
    for agent in BOTS:
        page = (await seen(world, f"/p/{serial}", agent)).body.decode()
        assert '<meta property="og:title" content="Bayroast Coffee">' in page
        image = re.search(r'og:image" content="([^"]+)"', page)[1]  # type: ignore[index]
        with Image.open(io.BytesIO((await seen(world, image.removeprefix(world.services.addresses.public_url))).body)) as picture:
            assert picture.size == (660, 660)
        assert [word for word in PERSONAL if word in page] == []
        assert "data-wallet" not in page
        assert (await seen(world, f"/p/{serial}/go", agent)).headers["location"] == f"/p/{serial}"
    head = (await seen(world, f"/p/{serial}", SAFARI)).body.decode().partition("</head>")[0]
    assert [word for word in PERSONAL if word in head] == [], "apps that make previews on the sender's phone look like a browser"


@on_sqlite
async def test_a_name_that_each_pass_fills_is_no_issuers_name(world: World) -> None:
    content = {
        "description": "Card",
        "organization_name": "{{ name }} and sons",
        "primary": [{"label": "N", "value": "{{ name }}"}],
    }
    template = (await world.client.post("/v1/templates", {"name": "T", "content": content})).json["id"]
    made = await world.client.post("/v1/passes", {"template_id": template, "values": {"name": "Ada Lovelace"}})
    head = (await seen(world, f"/p/{made.json['id']}", SAFARI)).body.decode().partition("</head>")[0]
    assert "Ada" not in head
    assert "<title>Add to your wallet</title>" in head


# --- what it says of a card


@on_sqlite
@pytest.mark.requirement("S3-37")
async def test_a_card_comes_under_its_brand(world: World) -> None:
    shop = await Shop(world.client).open()
    picture = (await world.client.post("/v1/images", {"source": a_logo("#166534")})).json["id"]
    brand = {"name": "Kettle & Crumb", "color": "#fde047", "logo": picture}
    assert (await world.client.ask("PUT", f"/v1/brands/{shop.brand}", brand)).status == 200
    serial = await shop.card()
    page = (await seen(world, f"/p/{serial}", SAFARI)).body.decode()
    assert "<h1>Kettle &amp; Crumb</h1>" in page
    assert "--brand: #fde047; --on: #000000" in page
    logo = re.search(r'<header class="brand"><img src="([^"]+)"', page)[1]  # type: ignore[index]
    with Image.open(io.BytesIO((await seen(world, logo)).body)) as picture:
        assert picture.convert("RGB").getpixel((330, 330)) == (22, 101, 52)
    for payload in PAYLOADS:
        await world.client.ask("PUT", f"/v1/brands/{shop.brand}", brand | {"name": payload})
        for agent in (SAFARI, FIREFOX, BOTS[0]):
            text = (await seen(world, f"/p/{serial}", agent)).body.decode()
            read = re.search(r"<h1>(.*?)</h1>", text, re.DOTALL)
            assert read
            assert html.unescape(read[1]) == payload
            assert set("<>\"'") & set(read[1]) == set(), payload
            told = re.search(r'og:title" content="([^"]*)"', text)
            assert told
            assert html.unescape(told[1]) == payload
    del brand["logo"]
    assert (await world.client.ask("PUT", f"/v1/brands/{shop.brand}", brand)).status == 200
    assert "<img" not in (await seen(world, f"/p/{serial}", SAFARI)).body.decode().partition("</header>")[0]


@on_sqlite
@pytest.mark.requirement("S3-35", "S0-11")
async def test_each_state_is_said_in_words_and_what_is_over_is_not_offered(migrated_url: str, tmp_path: Path) -> None:
    clock = FakeClock()
    async with open_world(settings_for(tmp_path, migrated_url), clock=clock) as world:
        shop = await Shop(world.client).open()
        good, early = await shop.card(), await shop.card(starts_at="2027-01-01T00:00:00Z")
        cards = {"valid": good, "not_started": early}
        for status in ("blocked", "redeemed", "expired"):
            cards[status] = await shop.card()
            changed = await world.client.ask("PATCH", f"/v1/cards/{cards[status]}", {"status": status})
            assert changed.status == 200, changed.body
        cards["removed"] = await shop.card()
        assert (await world.client.ask("DELETE", f"/v1/cards/{cards['removed']}")).status in (200, 204)
        cards["voided"] = await issued(world)
        assert (await world.client.post(f"/v1/passes/{cards['voided']}/void", None)).status == 200
        for language in share_view.TEXTS.languages:
            say = share_view.TEXTS.speaker(language)
            for state, serial in cards.items():
                page = (await seen(world, f"/p/{serial}?lang={language}", SAFARI)).body.decode()
                words = say(f"state.{state}", issuer="Kettle &amp; Crumb") if state not in ("valid", "not_started") else ""
                assert words in page, state
                assert ('role="status"' in page) == (state != "valid")
                assert ("2027" in page) == (state == "not_started")
                assert ('class="add"' in page) == (state in ("valid", "not_started", "blocked")), state
                assert ("data-wallet" in page) == (state != "removed")
        for path in ("/apple", "/google", "/go"):
            answer = await seen(world, f"/p/{cards['removed']}{path}", SAFARI)
            assert (answer.status, answer.headers["location"]) == (302, f"/p/{cards['removed']}")
        ending = await issued(world, FULL | {"expires_at": "2026-12-01T00:00:00Z"})
        assert "expired" not in (await seen(world, f"/p/{ending}", SAFARI)).body.decode()
        clock.advance(days=30)
        assert "This pass has expired." in (await seen(world, f"/p/{ending}", SAFARI)).body.decode()


# --- what hands it out


@on_sqlite
@pytest.mark.requirement("S0-04", "S3-38")
async def test_the_codes_pictures_are_read_at_every_size_and_margin(
    world: World, decode_barcode: Callable[[bytes], list[Decoded]]
) -> None:
    serial = await issued(world)
    link = world.services.addresses.share(PassId(serial))
    for size, quiet in ((64, 0), (99, 4), (200, 4), (512, 4), (777, 10)):
        picture = await world.client.get(f"/v1/passes/{serial}/qr.png?size={size}&quiet_zone={quiet}")
        assert (picture.status, picture.headers["content-type"]) == (200, "image/png")
        with Image.open(io.BytesIO(picture.body)) as drawn:
            assert drawn.size == (size, size)
            dark = drawn.convert("L").point(lambda one: 255 - one).getbbox()
            assert dark
            assert dark[0] >= quiet * (dark[2] - dark[0]) // 37
        if size >= 99:  # below two pixels a module is for machines that print
            assert {(one.reader, one.text) for one in decode_barcode(picture.body)} == {("zxing", link), ("zbar", link)}, size
        drawing = (await world.client.get(f"/v1/passes/{serial}/qr.svg?size={size}&quiet_zone={quiet}")).body.decode()
        assert f'width="{size}" height="{size}"' in drawing
        assert b"\x89PNG" in _drawn(drawing)
        if size >= 200:
            assert {one.text for one in decode_barcode(_drawn(drawing))} == {link}
    public = await seen(world, f"/p/{serial}/qr.png")
    assert public.headers["cache-control"].startswith("public")
    assert {one.text for one in decode_barcode(public.body)} == {link}
    tag = (await world.client.get(f"/v1/passes/{serial}/qr.png")).headers["etag"]
    assert (await world.client.ask("GET", f"/v1/passes/{serial}/qr.png", headers={"If-None-Match": tag})).status == 304
    for odd in ("size=63", "size=4097", "size=x", "quiet_zone=-1", "quiet_zone=21", "size=64&quiet_zone=20"):
        refused = await world.client.get(f"/v1/passes/{serial}/qr.png?{odd}")
        assert (refused.status, refused.problem) == (422, "invalid-input"), odd
    assert (await world.other.get(f"/v1/passes/{serial}/qr.png")).status == 404


def _drawn(svg: str) -> bytes:
    return bytes(resvg_py.svg_to_bytes(svg_string=svg))


@on_sqlite
@pytest.mark.requirement("S0-04", "S3-38", "S3-59")
async def test_snippets_stand_by_themselves_in_mails_and_pages(world: World) -> None:
    hostile = {"description": "<b>Club</b>\"'", "organization_name": "</td><script>x</script>", "images": {"logo": a_logo()}}
    serial = await issued(world, CARD | hostile)
    for language, button in (("de", "Zur Wallet"), ("fr", "Ajouter"), ("en", "Add to"), ("ja", "Add to")):
        made = (await world.client.get(f"/v1/passes/{serial}/snippets?language={language}")).json
        link = world.services.addresses.share(PassId(serial))
        assert (made["share_url"], made["direct_url"]) == (link, f"{link}/go")
        assert button in made["button_html"]
        assert button in made["mail_html"]
        for markup in (made["button_html"], made["mail_html"]):
            assert f'href="{link}"' in markup
            assert re.findall(r"<(script|b|style|link|svg)\b|\bclass=", markup) == []
        assert "&lt;b&gt;Club&lt;/b&gt;" in made["mail_html"]
        assert set(re.findall(r"<(\w+)", made["mail_html"])) == {"table", "tr", "td", "p", "a", "img"}
        for address in (made["qr_png_url"], made["qr_svg_url"], *re.findall(r'src="([^"]+)"', made["mail_html"])):
            assert (await seen(world, address.removeprefix(world.services.addresses.public_url))).status == 200
    assert (await world.other.get(f"/v1/passes/{serial}/snippets")).status == 404

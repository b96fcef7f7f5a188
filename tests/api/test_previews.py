"""Previews over `/v1`: the right picture of the right pass, for those who may see it."""

import base64
import io

import pytest
from PIL import Image

from api.conftest import CARD, MINE, World, on_sqlite
from billfold.domain.content import ImageSlot
from images import samples

GERMAN = CARD | {"language": "en", "translations": {"de": {"fields.points.label": "PUNKTE"}}}


async def test_a_pass_is_drawn_as_each_wallet_shows_it(world: World) -> None:
    made = (await world.client.post("/v1/passes", {"content": GERMAN})).json["id"]
    for wallet in ("apple", "google"):
        for side in ("front", "back", "lock", "nearby", "watch"):
            answer = await world.client.get(f"/v1/passes/{made}/preview.png?wallet={wallet}&side={side}&scheme=dark")
            assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
            assert Image.open(io.BytesIO(answer.body)).width == 750
    svg = await world.client.get(f"/v1/passes/{made}/preview.svg?language=de")
    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert b"PUNKTE" in svg.body
    assert svg.headers["content-security-policy"].startswith("default-src 'none'")


@on_sqlite
@pytest.mark.parametrize("kind", ["passes", "templates"])
async def test_a_picture_has_a_tag_that_changes_with_what_it_shows(world: World, kind: str) -> None:
    named = {"name": "Card"} if kind == "templates" else {}
    made = (await world.client.post(f"/v1/{kind}", named | {"content": CARD})).json["id"]
    address = f"/v1/{kind}/{made}/preview.svg"
    tag = (await world.client.get(address)).headers["etag"]
    again = await world.client.ask("GET", address, headers={"If-None-Match": tag})
    assert (again.status, again.body) == (304, b"")
    assert (await world.client.get(f"{address}?side=back")).headers["etag"] != tag
    await world.client.ask("PUT", f"/v1/{kind}/{made}", named | {"content": CARD | {"logo_text": "Other"}})
    changed = await world.client.ask("GET", address, headers={"If-None-Match": tag})
    assert changed.status == 200
    assert changed.headers["etag"] != tag


@on_sqlite
@pytest.mark.requirement("S3-39")
async def test_a_content_is_drawn_before_anything_is_issued(world: World) -> None:
    answer = await world.client.post("/v1/previews", {"content": CARD, "wallet": "google", "format": "svg"})
    assert answer.status == 200
    assert b"<svg" in answer.body[:5]
    assert (await world.client.get("/v1/passes")).json["items"] == []
    refused = await world.client.post("/v1/previews", {"content": CARD | {"barcode": {"format": "EAN13", "message": "1"}}})
    assert (refused.status, refused.json["errors"][0]["path"]) == (422, "content.barcode.message")


@on_sqlite
async def test_a_picture_that_google_gets_by_address_is_drawn_where_it_is_ours(world: World) -> None:
    """One of elsewhere is left out, as nobody is asked for it, and so is the content's own, which Google does not show then."""
    strips = [samples.saved(Image.new("RGB", (1032, 336), color), "PNG") for color in ("teal", "plum")]
    sent = {"content-type": "image/png"}
    uploaded = [(await world.client.post("/v1/images", one, headers=sent)).json["id"] for one in strips]
    shown = [await world.services.images.public_hash(MINE, ImageSlot.STRIP, one) for one in uploaded]
    drawn = [base64.b64encode(await world.services.blobs.get(one) or b"") for one in shown]

    def content(hero: object) -> dict[str, object]:
        return CARD | {"images": {"strip": f"image:{uploaded[0]}"}, "overrides": {"google_object": {"heroImage": hero}}}

    def at(address: str) -> dict[str, object]:
        return {"sourceUri": {"uri": address}}

    ours, elsewhere = at(world.services.addresses.image(MINE, shown[1])), at("https://shop.example/i/hero.png")

    async def seen(content: dict[str, object], wallet: str = "google") -> list[bool]:
        answer = await world.client.post("/v1/previews", {"content": content, "wallet": wallet, "format": "svg"})
        assert answer.status == 200, answer.body
        return [one in answer.body for one in drawn]

    assert await seen(content(ours) | {"overrides": None}) == [True, False]
    assert not any(await seen(content(ours), "apple"))
    for hero, expected in ((ours, [False, True]), (elsewhere, [False, False]), (None, [False, False])):
        assert await seen(content(hero)) == expected, hero
        draft = await world.client.post("/v1/templates", {"name": "Card", "content": content(hero), "publish": False})
        told = [one["path"] for one in draft.json["findings"] if one["code"] == "picture_not_drawn"]
        assert told == (["content.overrides.google_object.heroImage"] if hero is elsewhere else [])


@on_sqlite
async def test_odd_questions_are_refused(world: World) -> None:
    made = (await world.client.post("/v1/passes", {"content": CARD})).json["id"]
    for query in ("wallet=nokia", "side=left", "scale=99", "scale=nan", "scale=0", "language=%3Cscript%3E", "scheme=pink"):
        answer = await world.client.get(f"/v1/passes/{made}/preview.png?{query}")
        assert answer.status == 422, query
    assert (await world.other.get(f"/v1/passes/{made}/preview.png")).status == 404


async def test_a_template_is_drawn_with_its_examples_and_its_draft_too(world: World) -> None:
    made = await world.client.post("/v1/templates", {"starter": "cafe-stamps"})
    assert made.status == 201, made.body
    address = f"/v1/templates/{made.json['id']}/preview.png"
    shown = await world.client.get(f"{address}?wallet=google&language=fr")
    draft = await world.client.get(f"{address}?wallet=google&language=fr&draft=true")
    assert (shown.status, shown.headers["content-type"]) == (200, "image/png")
    assert draft.body == shown.body


@on_sqlite
async def test_a_content_is_filled_before_it_is_drawn(world: World) -> None:
    content = CARD | {"primary": [{"label": "MEMBER", "value": "{{ member.name }}"}]}
    body = {"content": content, "values": {"member": {"name": "Ada <Lovelace>"}}, "format": "svg"}
    answer = await world.client.post("/v1/previews", body)
    assert b"Ada &lt;Lovelace&gt;" in answer.body


@on_sqlite
@pytest.mark.requirement("S3-39")
async def test_below_a_card_of_google_stands_what_google_fetches(world: World) -> None:
    """A strip of a ticket is cut lower for an iPhone than Google shows it: to see that cut once more would lose both sides."""
    strip = Image.new("RGB", (1125, 368), (0, 0, 160))
    for left in (0, 1065):
        strip.paste((255, 0, 0), (left, 0, left + 60, 368))
    out = io.BytesIO()
    strip.save(out, "PNG")
    picture = "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
    content = CARD | {"style": "event_ticket", "images": {"strip": picture}}
    answer = await world.client.post("/v1/previews", {"content": content, "wallet": "google", "scale": 1})
    assert answer.status == 200, answer.body
    drawn = Image.open(io.BytesIO(answer.body)).convert("RGB")
    found = [drawn.getpixel((x, drawn.height - 60)) for x in (8, 187, 367)]
    assert found == [(255, 0, 0), (0, 0, 160), (255, 0, 0)]


@on_sqlite
@pytest.mark.requirement("S3-39")
async def test_a_logo_of_letters_stands_whole_in_googles_circle_and_a_wide_one_in_the_place_of_the_name(world: World) -> None:
    letters = Image.new("RGB", (480, 150), (0, 0, 160))
    for left in (0, 440):
        letters.paste((255, 0, 0), (left, 0, left + 40, 150))
    out = io.BytesIO()
    letters.save(out, "PNG")
    picture = "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
    titles = []
    for slot in ("logo", "wide_logo"):
        body = {"content": CARD | {"images": {slot: picture}}, "wallet": "google", "scale": 4}
        drawn = Image.open(io.BytesIO((await world.client.post("/v1/previews", body)).body)).convert("RGB")
        middle = [drawn.getpixel((x, 160)) for x in range(60, 680)]
        titles.append([x for x, color in enumerate(middle) if color[0] > 200 and color[1] < 60])
    in_circle, wide = titles
    assert in_circle[-1] - in_circle[0] < 160, "both ends, within the circle"
    assert in_circle[-1] - in_circle[0] > 80
    assert wide[-1] - wide[0] > 400

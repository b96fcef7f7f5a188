"""Previews over `/v1`: the right picture of the right pass, for those who may see it."""

import base64
import io

import pytest
from msgspec import structs
from PIL import Image

from api.conftest import CARD, MINE, World, on_sqlite
from billfold.api.v1.previews import View, draw
from billfold.domain.content import Content, ImageSlot, Kind, Overrides
from billfold.flows import preview
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


class Painted:
    """A picture of one colour, kept here: where Google gets it, and how it stands in an SVG."""

    def __init__(self, world: World, hash_: str, png: bytes) -> None:
        self.named = {"sourceUri": {"uri": world.services.addresses.image(MINE, hash_)}}
        self.encoded = base64.b64encode(png)


async def painted(world: World, color: str) -> Painted:
    png = samples.saved(Image.new("RGB", (600, 200), color), "PNG")
    return Painted(world, await world.services.blobs.put(png), png)


def nested(path: str, value: object) -> dict[str, object]:
    for step in reversed(path.split(".")):
        value = {step: value}
    assert isinstance(value, dict)
    return value


LOGOS = {
    Kind.GENERIC: ("google_object", "logo", "wideLogo"),
    Kind.LOYALTY: ("google_class", "programLogo", "wideProgramLogo"),
    Kind.GIFT_CARD: ("google_class", "programLogo", "wideProgramLogo"),
    Kind.OFFER: ("google_class", "titleImage", "wideTitleImage"),
    Kind.EVENT_TICKET: ("google_class", "logo", "wideLogo"),
    Kind.TRANSIT: ("google_class", "logo", "wideLogo"),
    Kind.FLIGHT: ("google_class", "flightHeader.carrier.airlineLogo", "flightHeader.carrier.wideAirlineLogo"),
}
"""Where each kind has its logo and wide logo."""
HERO = ("google_class", "heroImage")


async def drawn_of(world: World, content: Content, side: str = "front") -> bytes:
    look = await preview.look_at(world.services, MINE, content, "en", "google")
    return draw(look, View("google", side, "light", 1, "svg"))


@on_sqlite
async def test_a_logo_for_google_is_drawn_where_its_kind_has_it_and_nowhere_else(world: World) -> None:
    """By Google's description; a member that the kind has not is told as unknown, and shows nothing."""
    ours = await painted(world, "teal")
    spellings = {(part, path) for part, *paths in LOGOS.values() for path in paths} | {("google_object", "programLogo"), HERO}
    for kind, (part, *own) in LOGOS.items():
        shown = set()
        for where, path in spellings:
            overrides = Overrides(**{where: nested(path, ours.named)})
            if ours.encoded in await drawn_of(world, Content("Bayroast", "Card", kind=kind, overrides=overrides)):
                shown.add((where, path))
        assert shown == {(part, path) for path in own} | ({HERO} if kind is not Kind.GENERIC else set()), kind


@on_sqlite
async def test_a_class_has_pictures_too_behind_or_beside_the_objects(world: World) -> None:
    """Google shows a class's hero where the object has none, and one picture of each in the details."""
    strip, of_class, of_object = [await painted(world, one) for one in ("black", "teal", "plum")]
    uploaded = samples.saved(Image.new("RGB", (1032, 336), "black"), "PNG")
    kept = (await world.client.post("/v1/images", uploaded, headers={"content-type": "image/png"})).json["id"]
    fetched = await world.services.blobs.get(await world.services.images.public_hash(MINE, ImageSlot.STRIP, kept))
    strip.encoded = base64.b64encode(fetched or b"")
    bare = Content("Bayroast", "Card", kind=Kind.LOYALTY)
    with_strip = Content("Bayroast", "Card", kind=Kind.LOYALTY, images={ImageSlot.STRIP: kept})
    hero, other = {"heroImage": of_class.named}, {"heroImage": of_object.named}
    for content, object_, expected in (
        (bare, {}, of_class),
        (with_strip, {}, strip),
        (bare, other, of_object),
        (with_strip, other, of_object),
        (with_strip, {"heroImage": None}, of_class),
    ):
        made = structs.replace(content, overrides=Overrides(google_class=hero, google_object=object_))
        front = await drawn_of(world, made)
        assert [one for one in (strip, of_class, of_object) if one.encoded in front] == [expected]

    modules = [{"imageModulesData": [{"mainImage": one.named}]} for one in (of_class, of_object)]
    both = Content("Bayroast", "Card", kind=Kind.OFFER, overrides=Overrides(google_class=modules[0], google_object=modules[1]))
    details = await drawn_of(world, both, "back")
    assert of_class.encoded in details
    assert of_object.encoded in details


@on_sqlite
async def test_of_a_picture_for_google_that_no_preview_shows_it_is_said_why(world: World) -> None:
    ours, elsewhere = await painted(world, "teal"), {"sourceUri": {"uri": "https://shop.example/i/hero.png"}}
    nobodys = {"sourceUri": {"uri": world.services.addresses.image(MINE, "0" * 64)}}
    strip = "data:image/png;base64," + base64.b64encode(samples.saved(Image.new("RGB", (1125, 432), "navy"), "PNG")).decode()

    async def told(kind: str, google_class: dict[str, object], **more: object) -> dict[str, str]:
        content = CARD | {"kind": kind, "overrides": {"google_class": google_class}} | more
        answer = await world.client.post("/v1/templates", {"name": "Card", "content": content, "publish": False})
        assert answer.status == 201, answer.body
        found = [one for one in answer.json["findings"] if one["code"] == "picture_not_drawn"]
        return {one["path"].removeprefix("content.overrides.google_class."): one["message"].partition(": ")[2] for one in found}

    of_others, none_there, no_place = "it is at an address of others", "there is none at this address", "they have no place for it"
    assert await told("loyalty", {"heroImage": ours.named, "programLogo": ours.named}) == {}
    assert await told("loyalty", {"heroImage": elsewhere, "programLogo": nobodys}) == {
        "heroImage": of_others,
        "programLogo": none_there,
    }
    assert await told("transit", {"watermark": ours.named, "logo": elsewhere}) == {"watermark": no_place, "logo": of_others}
    assert await told("loyalty", {"heroImage": elsewhere}, images={"strip": strip}) == {}, "Google shows the strip"
    assert "logo" not in await told("loyalty", {"logo": elsewhere}), "a loyalty class has none"


@on_sqlite
async def test_in_the_place_of_a_logo_that_is_not_drawn_stands_no_other(world: World) -> None:
    icon = samples.saved(Image.new("RGB", (114, 114), "teal"), "PNG")
    kept = (await world.client.post("/v1/images", icon, headers={"content-type": "image/png"})).json["id"]
    content = Content("Bayroast", "Card", images={ImageSlot.ICON: kept}, overrides=Overrides(google_object={"logo": None}))
    assert b"<image" not in await drawn_of(world, content)


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

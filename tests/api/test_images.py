"""Pictures on `/v1`: sent in four ways, named in contents, previewed, and refused when they are none."""

import base64
import io
import json

from PIL import Image

from api.client import Answer, Client
from api.conftest import World, on_sqlite

pytestmark = on_sqlite
FORM = 'multipart/form-data; boundary="Xx--yY"'


def picture(color: str = "#e64980", size: tuple[int, int] = (1_125, 432)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "PNG")
    return out.getvalue()


def form(*files: tuple[str, bytes], boundary: str = "Xx--yY") -> bytes:
    made = b""
    for name, data in files:
        made += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'.encode()
        made += b"Content-Type: image/png\r\n\r\n" + data + b"\r\n"
    return made + f"--{boundary}--\r\n".encode()


async def send(client: Client, body: bytes, media_type: str) -> Answer:
    return await client.ask("POST", "/v1/images", body, headers={"Content-Type": media_type})


async def test_a_picture_sent_in_any_way_is_the_same_picture(world: World) -> None:
    data = picture()
    address = "data:image/png;base64," + base64.b64encode(data).decode()
    answers = [
        await send(world.client, data, "image/png"),
        await send(world.client, data, "application/octet-stream"),
        await send(world.client, form(("a.png", data)), FORM),
        await world.client.ask("POST", "/v1/images", {"source": address}),
    ]
    assert [one.status for one in answers] == [201] * 4
    shown = answers[0].json
    assert all(one.json == shown for one in answers)
    assert (shown["width"], shown["height"], shown["bytes"]) == (1_125, 432, len(data))
    assert shown["image"] == f"image:{shown['id']}"
    assert (await world.client.ask("GET", f"/v1/images/{shown['id']}")).json == shown


async def test_an_uploaded_picture_stands_on_a_pass_and_a_part_of_it_on_another(world: World) -> None:
    name = (await send(world.client, picture(), "image/png")).json["image"]
    card = {"description": "Coupon", "style": "coupon", "images": {"strip": f"{name}#focus=0.2,0.5", "logo": name}}
    made = await world.client.ask("POST", "/v1/passes", {"content": card})
    assert made.status == 201, made.body
    bundle = await world.client.ask("GET", f"/v1/passes/{made.json['id']}/apple")
    assert bundle.status == 200
    assert b"strip@3x.png" in bundle.body


async def test_the_preview_shows_what_a_phone_shows(world: World) -> None:
    tall = (await send(world.client, picture(size=(600, 1_200)), "image/png")).json["id"]
    preview = await world.client.ask("GET", f"/v1/images/{tall}/preview.png?slot=strip&style=coupon&focus=0.5,0.2")
    assert preview.headers["content-type"] == "image/png"
    image = Image.open(io.BytesIO(preview.body)).convert("RGB")
    assert image.size == (480, 960)
    shown, cut = image.getpixel((240, 192)), image.getpixel((240, 800))
    assert shown == (0xE6, 0x49, 0x80)
    assert isinstance(cut, tuple)
    assert sum(cut) < sum(shown) / 2
    for slot in ("icon", "logo", "artwork", "thumbnail", "background", "footer", "google_logo", "google_hero", "wide_logo"):
        answer = await world.client.ask("GET", f"/v1/images/{tall}/preview.png?slot={slot}&color=%23204060")
        assert answer.status == 200, slot
        assert max(Image.open(io.BytesIO(answer.body)).size) <= 960


REFUSED_PREVIEWS = {
    "focus=2,2": "focus",
    "crop=0,0,0,0": "crop",
    "focus=0,0&crop=0,0,1,1": "crop",
    "slot=roof": "slot",
    "style=roof": "style",
    "color=red": "color",
}


async def test_a_preview_of_nothing_is_refused_by_name(world: World) -> None:
    known = (await send(world.client, picture(), "image/png")).json["id"]
    for query, path in REFUSED_PREVIEWS.items():
        answer = await world.client.ask("GET", f"/v1/images/{known}/preview.png?{query}")
        assert (answer.status, answer.problem, answer.paths) == (422, "invalid-input", {path}), query


NO_PICTURES: list[tuple[bytes, str, int]] = [
    (b"no picture", "image/png", 422),
    (b"", "image/png", 422),
    (picture(), "text/html", 415),
    (picture(), "", 415),
    (b'{"source": "http://example.com/a.png"}', "application/json", 422),
    (b'{"source": "image:' + b"0" * 64 + b'"}', "application/json", 422),
    (b"{}", "application/json", 422),
    (b'{"source": 1, "source": 2}', "application/json", 400),
    (form(("a.png", picture())), "multipart/form-data", 400),
    (form(("a.png", picture())), "multipart/form-data; boundary=other", 400),
    (form(("a.png", picture()))[:-4], FORM, 400),
    (form(("a.png", picture()), ("b.png", picture())), FORM, 400),
    (form(), FORM, 400),
    (form(("a.png", b"no picture")), FORM, 422),
]


async def test_what_is_no_picture_is_refused_with_a_mend(world: World) -> None:
    for body, media_type, status in NO_PICTURES:
        answer = await send(world.client, body, media_type)
        assert answer.status == status, (media_type, answer.body)
        assert answer.problem
        assert all(one["mend"] for one in answer.json["errors"])


async def test_pictures_stay_in_their_workspace_and_need_their_scope(world: World) -> None:
    known = (await send(world.client, picture(), "image/png")).json["id"]
    for path in (f"/v1/images/{known}", f"/v1/images/{known}/preview.png"):
        assert (await world.other.ask("GET", path)).problem == "not-found"
    card = {"description": "x", "images": {"logo": f"image:{known}"}}
    foreign = await world.other.ask("POST", "/v1/passes", {"content": card})
    assert (foreign.status, foreign.paths) == (422, {"content.images.logo"})
    reader = await world.key("templates:read")
    assert (await send(reader, picture(), "image/png")).problem == "forbidden"
    assert (await reader.ask("GET", f"/v1/images/{known}")).status == 200


async def test_a_stamp_card_needs_a_stamp_that_is_there(world: World) -> None:
    stamp = (await send(world.client, picture(size=(200, 200)), "image/png")).json["id"]
    card = {"description": "x", "style": "store_card", "stamps": {"filled": "2", "total": "6", "stamp_image": stamp}}
    assert (await world.client.ask("POST", "/v1/passes", {"content": card})).status == 201
    card["stamps"] = {"filled": "2", "total": "6", "stamp_image": "0" * 64}
    refused = await world.client.ask("POST", "/v1/passes", {"content": card})
    assert (refused.status, json.loads(refused.body)["errors"][0]["path"]) == (422, "content.stamps.stamp_image")


async def test_a_check_speaks_of_pictures_that_are_known_and_fetches_none(world: World) -> None:
    name = (await send(world.client, picture(size=(300, 300)), "image/png")).json["image"]
    content = {"description": "x", "style": "coupon", "images": {"strip": name, "logo": "https://nowhere.example/a.png"}}
    report = (await world.client.ask("POST", "/v1/checks", {"content": content})).json
    assert {(one["code"], one["path"]) for one in report["findings"]} == {
        ("image_unsharp", "content.images.strip"),
        ("image_cut_off", "content.images.strip"),
    }
    content = {"description": "x", "style": "coupon", "language": "en", "localized_images": {"de": {"strip": name}}}
    report = (await world.client.ask("POST", "/v1/checks", {"content": content})).json
    assert ("image_unsharp", "content.localized_images.de.strip") in {(one["code"], one["path"]) for one in report["findings"]}

"""What a wallet loses of a pass or shows otherwise, as those are told who make or change it."""

import base64
from dataclasses import replace
from typing import Any

from PIL import Image

from api.client import Answer
from api.conftest import CARD, MINE, World, on_sqlite
from billfold.api.v1.content import ContentIn, draft_of
from billfold.domain.content import Content
from billfold.domain.findings import Finding
from billfold.domain.ids import Scope
from billfold.domain.keys import SCOPES, Actor
from billfold.flows import issue, update
from billfold.ports import ImageShelf, Wallet
from images import samples

LOSSY = CARD | {"rotating_barcode": {"format": "QR", "pattern": "{totp_value_0}"}, "grouping": "club"}
LOST = {
    ("rotating_barcode_lost", "warning", "content.rotating_barcode"),
    ("grouping_ignored", "warning", "content.grouping"),
}


def told(answer: Answer) -> set[tuple[str, str, str]]:
    assert answer.status in (200, 201), answer.body
    return {(one["code"], one["severity"], one["path"]) for one in answer.json["findings"]}


class Counted:
    """A wallet, and how often its rules were asked."""

    def __init__(self, wallet: Wallet) -> None:
        self._wallet, self.times = wallet, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wallet, name)

    def check(self, content: Content) -> tuple[Finding, ...]:
        self.times += 1
        return self._wallet.check(content)


@on_sqlite
async def test_what_a_wallet_loses_is_said_to_who_makes_it(world: World) -> None:
    """Of a template, published or not, as of a pass with its own content or a template's; a repeat of the request says it again."""
    client, template = world.client, {"name": "Card", "content": LOSSY}

    async def made(path: str, body: dict[str, object]) -> Any:
        key = {"idempotency-key": f"{path}-{len(body)}-and-what-is-lost-of-it"}
        answer = await client.post(path, body, headers=key)
        assert told(answer) >= LOST, path
        assert (await client.post(path, body, headers=key)).json == answer.json
        return answer.json

    published = await made("/v1/templates", template)
    draft = await made("/v1/templates", template | {"publish": False})
    for one in (published, draft):
        opened = await client.get(f"/v1/templates/{one['id']}/draft")
        assert opened.json["findings"] == one["findings"], "its editor is told the same"
    await made("/v1/passes", {"content": LOSSY})
    await made("/v1/passes", {"template_id": published["id"], "values": {}})


@on_sqlite
async def test_what_a_wallet_loses_is_said_to_who_changes_it(world: World) -> None:
    """Of content and of values, replaced or merged, and again where nothing changes. Who voids a pass is told nothing."""
    client = world.client

    async def changed(method: str, path: str, body: dict[str, object]) -> None:
        for unchanged in (False, True):
            answer = await client.ask(method, path, body)
            assert told(answer) >= LOST, path
            assert answer.json["unchanged"] is unchanged

    own = (await client.post("/v1/passes", {"content": CARD})).json["id"]
    await changed("PUT", f"/v1/passes/{own}", {"content": LOSSY})
    assert not told(await client.put(f"/v1/passes/{own}", {"content": CARD})) & LOST
    template = (await client.post("/v1/templates", {"name": "Card", "content": LOSSY})).json["id"]
    filled = (await client.post("/v1/passes", {"template_id": template, "values": {"name": "Ada"}})).json["id"]
    await changed("PUT", f"/v1/passes/{filled}", {"values": {"name": "Ada King"}})
    await changed("PATCH", f"/v1/passes/{filled}/values", {"values": {"name": "Ada Lovelace"}})
    assert "findings" not in (await client.post(f"/v1/passes/{filled}/void")).json


@on_sqlite
async def test_that_a_pass_is_over_already_is_said(world: World) -> None:
    """Of content and of values, at the issue, at a change, and in a check; a date to come is not."""
    client, over = world.client, ("expired", "warning", "content.expires_at")
    late, to_come = {"expires_at": "2020-01-01T00:00:00Z"}, {"expires_at": "2120-01-01T00:00:00Z"}
    own = await client.post("/v1/passes", {"content": CARD | late})
    assert over in told(own)
    for date, expected in ((late, True), (to_come, False)):
        assert (over in told(await client.put(f"/v1/passes/{own.json['id']}", {"content": CARD | date}))) is expected
        report = (await client.post("/v1/checks", {"content": CARD | date})).json
        assert (over[0] in {one["code"] for one in report["findings"]}) is expected
        assert report["opens"]
    for date, expected in ((late, True), (to_come, False)):
        saved = await client.post("/v1/templates", {"name": "Card", "content": CARD | date})
        assert (over in told(saved)) is expected
    template = {"name": "Card", "content": CARD, "bindings": {"expires_at": "{{ ends }}"}}
    saved = await client.post("/v1/templates", template)
    assert over not in told(saved), "each pass has its own end"
    made = saved.json["id"]
    for ends, expected in (("2020-01-01T00:00:00Z", True), ("2120-01-01T00:00:00Z", False)):
        filled = await client.post("/v1/passes", {"template_id": made, "values": {"ends": ends}})
        assert (over in told(filled)) is expected
        for _ in range(2):
            again = await client.ask("PATCH", f"/v1/passes/{filled.json['id']}/values", {"values": {"ends": ends, "name": "Ada"}})
            assert (over in told(again)) is expected


@on_sqlite
async def test_that_a_linked_pass_is_none_is_said(world: World) -> None:
    client = world.client
    there = (await client.post("/v1/passes", {"content": CARD})).json["id"]
    linked = {"content": CARD | {"linked": [there, "d3m0abt-nobody"]}}
    unknown = {one for one in told(await client.post("/v1/passes", linked)) if one[0] == "linked_unknown"}
    assert unknown == {("linked_unknown", "warning", "content.linked[1]")}
    report = (await client.post("/v1/checks", linked)).json
    assert [one["path"] for one in report["findings"] if one["code"] == "linked_unknown"] == ["content.linked[1]"]


@on_sqlite
async def test_a_wallets_rules_are_asked_once_for_each_content(world: World) -> None:
    """They are a good part of what a request costs, and who refuses the content knows already what else is to be said."""
    wallets = apple, google = Counted(world.services.apple), Counted(world.services.google)
    services = replace(world.services, apple=apple, google=google)
    actor, draft = Actor(MINE, "key", frozenset(SCOPES)), draft_of(ContentIn.model_validate(LOSSY))
    made = await issue.store_pass(services, actor, draft)
    assert "rotating_barcode_lost" in {one.code for one in made.findings}
    assert [one.times for one in wallets] == [1, 1]
    await issue.issue_pass(services, actor, draft)
    assert [one.times for one in wallets] == [2, 2]
    await update.replace_pass(services, actor, made.pass_, draft_of(ContentIn.model_validate(CARD)))
    assert [one.times for one in wallets] == [3, 3]


class CountedShelf:
    """The pictures, and how often it was asked what is to be said of them."""

    def __init__(self, shelf: ImageShelf) -> None:
        self._shelf, self.times = shelf, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shelf, name)

    async def findings(self, scope: Scope, content: Content) -> tuple[Finding, ...]:
        self.times += 1
        return await self._shelf.findings(scope, content)


def white_mark() -> str:
    """A logo that is small, and seen on dark grounds alone."""
    picture = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    picture.paste((255, 255, 255, 255), (0, 0, 100, 60))
    picture.paste((255, 255, 255, 255), (0, 60, 60, 100))
    return "data:image/png;base64," + base64.b64encode(samples.saved(picture, "PNG")).decode()


ELSEWHERE = "https://shop.example/i/hero.png"
HERO = {"heroImage": {"sourceUri": {"uri": "{{ hero }}"}}}
PICTURED: dict[str, object] = {
    "name": "Card",
    "content": CARD
    | {
        "style": "store_card",
        "kind": "generic",
        "primary": [],
        "background_color": "#102030",
        "images": {"logo": white_mark()},
        "stamps": {"filled": "{{ stamps }}", "total": "10"},
        "overrides": {"google_object": HERO},
    },
    "bindings": {"background_color": "{{ color }}"},
    "schema": [{"name": "color", "type": "color", "example": "#102030"}, {"name": "stamps", "type": "integer", "example": 4}],
}
OF_PICTURES = {
    ("logo_hard_to_see", "warning", "content.images.logo"),
    ("stamps_hard_to_see", "warning", "content.stamps.stamp_color"),
    ("stamps_too_many", "warning", "content.stamps.filled"),
    ("picture_not_drawn", "warning", "content.overrides.google_object.heroImage"),
}
UNSHARP = ("image_unsharp", "warning", "content.images.logo")
BAD: dict[str, object] = {"color": "#fafafa", "stamps": 11, "hero": ELSEWHERE}


@on_sqlite
async def test_a_pass_is_told_what_its_values_make_of_its_templates_pictures(world: World) -> None:
    """When it is made and when it is changed, also where nothing changes. What is wrong whatever they are, the template is told."""
    client = world.client
    ours = await world.services.blobs.put(samples.saved(Image.new("RGB", (1032, 336), "teal"), "PNG"))
    fine: dict[str, object] = {"color": "#0a1420", "stamps": 3, "hero": world.services.addresses.image(MINE, ours)}
    template = await client.post("/v1/templates", PICTURED)
    assert UNSHARP in told(template)
    assert not told(template) & OF_PICTURES

    async def made(values: dict[str, object]) -> Answer:
        return await client.post("/v1/passes", {"template_id": template.json["id"], "values": values})

    found = told(await made(BAD))
    assert found >= OF_PICTURES
    assert UNSHARP not in found
    good = await made(fine)
    assert not told(good) & OF_PICTURES
    key = {"idempotency-key": "what-is-said-of-pictures"}
    body = {"template_id": template.json["id"], "values": BAD}
    answers = [await client.post("/v1/passes", body, headers=key) for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert told(answers[1]) >= OF_PICTURES

    address = f"/v1/passes/{good.json['id']}"
    for method, path, values in (
        ("PATCH", f"{address}/values", {"color": "#fafafa"}),
        ("PUT", address, BAD),
        ("PUT", address, BAD),
        ("PATCH", f"{address}/values", {"stamps": 12}),
    ):
        found = told(await client.ask(method, path, {"values": values})) & OF_PICTURES
        assert found == (OF_PICTURES if values != {"color": "#fafafa"} else {one for one in OF_PICTURES if "hard" in one[0]})
    assert not told(await client.put(address, {"values": fine})) & OF_PICTURES


@on_sqlite
async def test_a_pass_with_content_of_its_own_is_told_which_pictures_for_google_no_preview_shows(world: World) -> None:
    lost = ("picture_not_drawn", "warning", "content.overrides.google_object.heroImage")
    content = CARD | {"overrides": {"google_object": {"heroImage": {"sourceUri": {"uri": ELSEWHERE}}}}}
    made = await world.client.post("/v1/passes", {"content": content})
    assert lost in told(made)
    assert lost in told(await world.client.put(f"/v1/passes/{made.json['id']}", {"content": content}))


@on_sqlite
async def test_pictures_that_values_say_nothing_of_are_not_asked_about_for_each_pass(world: World) -> None:
    """Nor for whoever reads no findings, nor twice under one look."""
    base: Any = PICTURED["content"]
    content = base | {"description": "A card of its own"}
    plain = content | {"stamps": {"filled": "4", "total": "10"}, "overrides": None, "logo_text": "{{ name }}"}
    shelf = CountedShelf(world.services.images)
    services, actor = replace(world.services, images=shelf), Actor(MINE, "key", frozenset(SCOPES))

    async def asked(template: dict[str, object], told: bool) -> int:
        made = await world.client.post("/v1/templates", template)
        assert made.status == 201, made.body
        before = shelf.times
        for at in range(3):
            values: dict[str, object] = BAD | {"name": f"Ada {at}"}
            stored = await issue.store_from_template(services, actor, made.json["id"], values, told=told)
            await update.merge_values(services, actor, stored.pass_, {"name": "Ada"}, told=told)
        return shelf.times - before

    assert await asked({"name": "Plain", "content": plain}, told=True) == 0
    assert await asked(PICTURED | {"content": content}, told=False) == 0
    assert await asked(PICTURED | {"content": content}, told=True) == 2 + 1, "twice for the template, once for its passes' look"

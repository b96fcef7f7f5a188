"""Templates on `/v1`: expressions, drafts, revisions, and the passes made of them."""

import contextlib
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from api.conftest import CARD, MINE, World, on_sqlite
from billfold.domain.content import JsonObject
from billfold.domain.errors import IdempotencyMismatch
from billfold.domain.ids import PassId, TemplateId, pass_id
from billfold.domain.keys import SCOPES, Actor
from billfold.flows.batch import Repeat, issue_batch
from billfold.ports import Tx
from billfold.storage.store import sqlite_path
from billfold.workers.jobs import publish_template

POINTS: dict[str, Any] = {"key": "points", "label": "POINTS", "value": "{{ member.points | number }}", "change_message": "Now %@"}
LOYALTY: dict[str, Any] = CARD | {
    "language": "en",
    "header": [POINTS],
    "primary": [{"key": "name", "label": "MEMBER", "value": "{{ member.name }}"}],
    "barcode": {"format": "QR", "message": "M-{{ member.id }}"},
    "translations": {"de": {"fields.points.label": "PUNKTE"}},
}
ADA: dict[str, Any] = {"member": {"name": "Ada", "points": 12345, "id": "7"}}


async def template(world: World, content: dict[str, Any] = LOYALTY, **more: Any) -> str:
    made = await world.client.post("/v1/templates", {"name": "Card", "content": content} | more)
    assert made.status == 201, made.body
    return str(made.json["id"])


async def issued(world: World, template_id: str, values: object) -> dict[str, Any]:
    made = await world.client.post("/v1/passes", {"template_id": template_id, "values": values})
    assert made.status == 201, made.body
    return dict(made.json)


async def test_a_pass_is_its_template_filled_with_nested_values(world: World) -> None:
    made = await issued(world, await template(world), ADA)
    assert made["values"] == ADA
    content = made["content"]
    assert content["header"][0]["value"] == "12,345"
    assert content["translations"]["de"] == {"fields.points.label": "PUNKTE", "fields.points.value": "12.345"}
    assert content["barcode"]["message"] == "M-7"
    read = await world.client.get(f"/v1/passes/{made['id']}")
    assert read.json["values"] == ADA
    assert read.json["content"] == content


@on_sqlite
@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"a": "x" * 4_001}, "values.a"),
        ({"a": {"b": [["x" * 4_001]]}}, "values.a.b[0][0]"),
        ({"a": [[[[[[1]]]]]]}, "values.a[0][0][0][0][0]"),
        ({"a": {"odd name": 1}}, "values.a"),
        ({"a": list(range(501))}, "values"),
        ({str(number): "x" * 3_900 for number in range(20)}, "values"),
    ],
)
async def test_values_have_limits(world: World, values: dict[str, object], path: str) -> None:
    refused = await world.client.post("/v1/passes", {"template_id": await template(world), "values": values})
    assert refused.problem == "invalid-input"
    assert refused.paths == {path}


SCHEMA: list[dict[str, Any]] = [
    {"name": "member.name", "required": True, "example": "Ada Lovelace", "max_length": 40},
    {"name": "member.points", "type": "integer", "default": 0, "example": 1250},
    {"name": "member.id", "required": True, "example": "98765", "max_length": 20},
    {"name": "tier.color", "type": "color"},
]


@on_sqlite
@pytest.mark.parametrize(
    ("values", "problems"),
    [
        ({}, {("values.member.name", "value_missing"), ("values.member.id", "value_missing")}),
        ({"member": {"name": 5, "id": "7"}}, {("values.member.name", "value_type")}),
        ({"member": {"name": "x" * 41, "id": "7"}}, {("values.member.name", "value_too_long")}),
        ({"member": {"name": "Ada", "id": "7", "points": "12"}}, {("values.member.points", "value_type")}),
        ({"member": {"name": "Ada", "id": "7"}, "tier": {"color": "red"}}, {("values.tier.color", "value_type")}),
    ],
)
async def test_values_are_held_against_the_schema_and_each_refusal_names_the_value(
    world: World, values: dict[str, object], problems: set[tuple[str, str]]
) -> None:
    template_id = await template(world, schema=SCHEMA, bindings={"background_color": "{{ tier.color }}"})
    refused = await world.client.post("/v1/passes", {"template_id": template_id, "values": values})
    assert refused.problem == "invalid-input"
    assert {(one["path"], one["code"]) for one in refused.json["errors"]} == problems


@on_sqlite
async def test_defaults_and_bindings_complete_a_pass(world: World) -> None:
    template_id = await template(world, schema=SCHEMA, bindings={"background_color": "{{ tier.color }}"})
    plain = await issued(world, template_id, {"member": {"name": "Ada", "id": "7"}})
    assert plain["content"]["header"][0]["value"] == "0"
    gold = await issued(world, template_id, {"member": {"name": "Ada", "id": "7"}, "tier": {"color": "#AABBCC"}})
    assert (plain["content"]["background_color"], gold["content"]["background_color"]) == ("#1f2937", "#aabbcc")


@on_sqlite
async def test_what_a_wallet_refuses_of_a_value_is_said_of_the_value(world: World) -> None:
    """The template is fine; one customer's number is no EAN."""
    card = LOYALTY | {"barcode": {"format": "EAN13", "message": "{{ member.ean }}"}}
    template_id = await template(world, card)
    assert await issued(world, template_id, {"member": {"ean": "4006381333931"}})
    refused = await world.client.post("/v1/passes", {"template_id": template_id, "values": {"member": {"ean": "4006381333930"}}})
    assert [(one["path"], one["code"]) for one in refused.json["errors"]] == [("values.member.ean", "barcode_check_digit")]


@on_sqlite
async def test_a_template_may_refuse_passes_that_lack_a_value(world: World) -> None:
    template_id = await template(world, missing="error")
    refused = await world.client.post("/v1/passes", {"template_id": template_id, "values": {"member": {"id": "7"}}})
    assert refused.paths == {"values.member.name", "values.member.points"}


@on_sqlite
@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        ({"content": LOYALTY | {"logo_text": "{{ range(9) }}"}}, "content.logo_text", "expression_not_allowed"),
        ({"content": LOYALTY | {"logo_text": "{{ a | attr('x') }}"}}, "content.logo_text", "filter_unknown"),
        ({"schema": [{"name": "a"}, {"name": "a"}]}, "schema[1].name", "value_declared_twice"),
        ({"schema": [{"name": "a", "type": "integer", "example": "x"}]}, "schema[0].example", "value_type"),
        ({"bindings": {"expires_at": "2026"}}, "bindings.expires_at", "no_expression"),
    ],
)
async def test_a_template_that_cannot_work_is_not_published(world: World, change: dict[str, Any], path: str, code: str) -> None:
    body = {"name": "Card", "content": LOYALTY} | change
    refused = await world.client.post("/v1/templates", body)
    assert refused.problem == "invalid-input"
    assert (path, code) in {(one["path"], one["code"]) for one in refused.json["errors"]}
    draft = await world.client.post("/v1/templates", body | {"publish": False})
    assert draft.status == 201, draft.body
    opened = await world.client.get(f"/v1/templates/{draft.json['id']}/draft")
    assert (path, code, "error") in {(one["path"], one["code"], one["severity"]) for one in opened.json["findings"]}
    assert (await world.client.post(f"/v1/templates/{draft.json['id']}/publish")).problem == "invalid-input"


async def test_from_draft_to_archive(world: World) -> None:
    body = {"name": "Card", "content": LOYALTY, "schema": SCHEMA}
    made = await world.client.post("/v1/templates", body | {"publish": False})
    path = f"/v1/templates/{made.json['id']}"
    assert (made.json["revision"], made.json["version"]) == (0, 0)
    early = await world.client.post("/v1/passes", {"template_id": made.json["id"], "values": ADA})
    assert early.json["code"] == "template_not_published"

    saved = await world.client.ask("PUT", f"{path}/draft", body | {"name": "Member card"}, headers={"If-Match": '"1"'})
    assert (saved.status, saved.json["version"], saved.headers["etag"]) == (200, 2, '"2"')
    late = await world.client.ask("PUT", f"{path}/draft", body, headers={"If-Match": '"1"'})
    assert (late.status, late.problem) == (412, "edited-meanwhile")
    again = await world.client.ask("PUT", f"{path}/draft", body | {"name": "Member card"}, headers={"If-Match": '"2"'})
    assert again.json["version"] == 2, "the same again saves nothing"

    first = await world.client.ask("POST", f"{path}/publish", headers={"If-Match": '"2"'})
    assert (first.json["name"], first.json["revision"], first.json["unchanged"]) == ("Member card", 1, False)
    assert (await world.client.get(f"{path}/draft")).json["version"] == 0
    assert (await world.client.post(f"{path}/publish")).json["unchanged"]
    held = await issued(world, made.json["id"], ADA)

    second = LOYALTY | {"logo_text": "Bayroast", "header": [POINTS | {"label": "STARS"}]}
    await world.client.ask("PUT", f"{path}/draft", body | {"content": second})
    dry = await world.client.ask("POST", f"{path}/publish?dry_run=true")
    assert (dry.json["dry_run"], dry.json["revision"]) == (True, 1)
    assert dry.json["changes"] == ["content.header[points].label", "content.logo_text"]
    assert dry.json["reach"] == {"passes": 1, "devices": 0, "google_holders": 0, "more": False}
    assert (await world.client.get(path)).json["revision"] == 1
    assert (await world.client.post(f"{path}/publish")).json["revision"] == 2
    changed = await world.client.get(f"/v1/passes/{held['id']}")
    assert changed.json["content"]["logo_text"] == "Bayroast"
    assert changed.json["version"] > held["version"]

    back = await world.client.post(f"{path}/revisions/1/restore")
    assert (back.json["revision"], back.json["content"]["logo_text"]) == (3, None)
    assert (await world.client.get(f"/v1/passes/{held['id']}")).json["content"] == held["content"]
    listed = (await world.client.get(f"{path}/revisions?limit=2")).json
    assert [(one["revision"], one["restored_from"]) for one in listed["items"]] == [(3, 1), (2, None)]
    rest = (await world.client.get(f"{path}/revisions?before={listed['next_before']}")).json
    assert [one["revision"] for one in rest["items"]] == [1]
    assert (await world.client.get(f"{path}/revisions/2")).json["content"]["logo_text"] == "Bayroast"
    assert (await world.client.get(f"{path}/revisions/4")).problem == "not-found"

    assert (await world.client.ask("DELETE", path)).json["outcome"] == "archived"
    assert (await world.client.get("/v1/templates")).json["items"] == []
    assert (await world.client.post("/v1/passes", {"template_id": made.json["id"], "values": ADA})).json[
        "code"
    ] == "template_archived"
    assert (await world.client.get(f"/v1/passes/{held['id']}")).json["content"] == held["content"]
    kinds = [one["kind"] for one in (await world.client.get(f"/v1/events?subject={made.json['id']}")).json["items"]]
    assert kinds == [
        *("template.drafted", "template.published", "template.drafted", "template.published"),
        *("template.restored", "template.archived"),
    ]


def written_rows(url: str) -> Callable[[], int]:
    """How many rows of passes have been written since, also with what they held already."""
    if (path := sqlite_path(url)) is None:
        versions = "SELECT id, xmin::text FROM pass"
        with psycopg.connect(url) as server:
            before = set(server.execute(versions).fetchall())

        def changed() -> int:
            with psycopg.connect(url) as server:
                return len(set(server.execute(versions).fetchall()) - before)

        return changed

    def ask(statement: str) -> list[tuple[int]]:
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            return connection.execute(statement).fetchall()

    ask("CREATE TABLE written (id TEXT)")
    ask("CREATE TRIGGER note AFTER UPDATE ON pass BEGIN INSERT INTO written VALUES (new.id); END")
    return lambda: ask("SELECT count(*) FROM written")[0][0]


async def test_a_publication_changes_two_thousand_passes_and_writes_no_row_of_theirs(world: World, migrated_url: str) -> None:
    made = await template(world)
    first = await issued(world, made, ADA)
    ids = [PassId(first["id"]), *(pass_id(MINE, nth.to_bytes(16, "big")) for nth in range(1, 2_000))]

    def issue(tx: Tx) -> None:
        held = tx.passes.find(MINE, ids[0])
        assert held is not None
        for one in ids[1:]:
            tx.passes.add(replace(held, id=one), "key")

    await world.services.store.write(issue)
    written = written_rows(migrated_url)
    published = await world.client.ask("PUT", f"/v1/templates/{made}", {"name": "Card", "content": LOYALTY | {"logo_text": "New"}})
    assert (published.json["revision"], published.json["reach"]["passes"]) == (2, 2_000)
    due = await world.services.store.read(lambda tx: tx.jobs.due(world.services.clock.now_ms(), 100))
    job = max((one for one in due if one.params.get("template_id") == made), key=lambda one: int(one.params["number"]))
    while job.state != "done":
        job = await world.services.store.write(lambda tx, job=job: publish_template(tx, job, 0))  # type: ignore[misc]
    for one in (ids[0], ids[999], ids[-1]):
        shown = (await world.client.get(f"/v1/passes/{one}")).json
        assert (shown["content"]["logo_text"], shown["version"] > first["version"]) == ("New", True)
    assert written() == 0
    await world.client.ask("PATCH", f"/v1/passes/{ids[0]}/values", {"values": {"member": {"points": 5}}})
    assert written() == 1, "a change of one pass is noticed"


async def test_a_template_without_passes_is_deleted_with_its_revisions(world: World) -> None:
    kept, gone = await template(world), await template(world)
    assert (await world.client.ask("DELETE", f"/v1/templates/{gone}")).json["outcome"] == "deleted"
    assert (await world.client.get(f"/v1/templates/{gone}")).problem == "not-found"
    assert (await world.client.get(f"/v1/templates/{kept}/revisions/1")).json["content"]["header"][0]["key"] == "points"


@on_sqlite
async def test_the_style_of_a_template_with_passes_is_settled(world: World) -> None:
    template_id = await template(world)
    changed = {"name": "Card", "content": LOYALTY | {"kind": "offer"}}
    await issued(world, template_id, ADA)
    refused = await world.client.ask("PUT", f"/v1/templates/{template_id}", changed)
    assert (refused.status, refused.json["code"]) == (409, "kind_fixed")


@on_sqlite
@pytest.mark.requirement("S3-25")
async def test_some_values_are_merged_and_the_same_again_changes_nothing(world: World) -> None:
    made = await issued(world, await template(world), ADA | {"note": "x"})
    path = f"/v1/passes/{made['id']}/values"
    changed = await world.client.ask("PATCH", path, {"values": {"member": {"points": 13000}, "note": None}})
    assert changed.json["values"] == {"member": ADA["member"] | {"points": 13000}}
    assert not changed.json["unchanged"]
    again = await world.client.ask("PATCH", path, {"values": {"member": {"points": 13000}}})
    assert (again.json["unchanged"], again.json["version"]) == (True, changed.json["version"])
    assert (await world.client.get(f"/v1/passes/{made['id']}")).json["content"]["header"][0]["value"] == "13,000"
    own = await world.client.post("/v1/passes", {"content": CARD})
    refused = await world.client.ask("PATCH", f"/v1/passes/{own.json['id']}/values", {"values": {}})
    assert refused.paths == {"values"}


async def test_a_thousand_rows_are_issued_once_and_each_wrong_one_is_told(world: World) -> None:
    template_id = await template(world, schema=SCHEMA)
    rows: list[dict[str, Any]] = [{"values": {"member": {"name": f"Member {at}", "id": str(at)}}} for at in range(1_000)]
    rows[7] = {"values": {"member": {"name": 7, "id": "7"}}}
    rows[999] = {}
    body = {"template_id": template_id, "passes": rows}
    key = {"Idempotency-Key": "a-batch-of-a-thousand"}
    done = await world.client.post("/v1/passes/batch", body, headers=key)
    assert (done.status, done.json["issued"], done.json["refused"]) == (200, 998, 2)
    assert [one["index"] for one in done.json["results"] if one["errors"]] == [7, 999]
    assert {one["path"] for one in done.json["results"][999]["errors"]} == {
        "passes[999].values.member.name",
        "passes[999].values.member.id",
    }
    assert len({one["id"] for one in done.json["results"]}) == 999
    again = await world.client.post("/v1/passes/batch", body, headers=key)
    assert (again.body, again.headers["idempotency-replayed"]) == (done.body, "true")
    assert (await world.client.get("/v1/usage")).json["issued"] == 998
    shown = await world.client.get(f"/v1/passes/{done.json['results'][0]['id']}")
    assert shown.json["content"]["barcode"]["message"] == "M-0"
    assert [one["channel"] for one in shown.json["delivery"]] == ["google"]


@on_sqlite
async def test_a_batch_that_was_cut_off_goes_on_where_it_stopped(world: World) -> None:
    """Its first two chunks were done when the server went down: the same request issues what is left, and nothing twice."""
    template_id = TemplateId(await template(world))
    actor = Actor(MINE, "key", frozenset(SCOPES))
    rows: list[JsonObject] = [ADA] * 250
    before = await issue_batch(world.services, actor, template_id, rows[:200], Repeat("k" * 16, "f"))
    done = await issue_batch(world.services, actor, template_id, rows, Repeat("k" * 16, "f"))
    assert done[:200] == before
    assert len({one.id for one in done}) == 250
    assert (await world.client.get("/v1/usage")).json["issued"] == 250
    with pytest.raises(IdempotencyMismatch):
        await issue_batch(world.services, actor, template_id, rows, Repeat("k" * 16, "another request"))
    only_post = await world.client.get("/v1/passes/batch")
    assert (only_post.status, only_post.headers["allow"]) == (405, "POST")


@on_sqlite
async def test_findings_speak_of_the_examples_and_of_the_longest_values(world: World) -> None:
    content = LOYALTY | {"logo_text": "{{ member.points - member.name }}"}
    schema = [*SCHEMA[1:], SCHEMA[0] | {"max_length": 400}]
    draft = await world.client.post("/v1/templates", {"name": "Card", "content": content, "schema": schema, "publish": False})
    found = (await world.client.get(f"/v1/templates/{draft.json['id']}/draft")).json["findings"]
    told = {(one["code"], one["path"]) for one in found}
    assert ("expression_gives_nothing", "content.logo_text") in told
    long = [one for one in found if one["message"].startswith("with the longest values")]
    assert "content.primary[0].value" in {one["path"] for one in long}
    assert {one["severity"] for one in long} == {"warning"}


@on_sqlite
async def test_a_text_that_must_have_a_form_is_not_made_longer_to_be_told_that_it_has_lost_it(world: World) -> None:
    schema: list[dict[str, Any]] = [
        {"name": name, "type": "text", "example": example}
        for name, example in (
            ("n", "1250"),
            ("due", "2026-12-31T18:00+01:00"),
            ("code", "ABC12"),
            ("amount", "3.50"),
            ("who", "Ada"),
        )
    ]
    content = {
        "description": "Card",
        "style": "store_card",
        "primary": [{"key": "who", "value": "{{ who }}"}],
        "back": [
            {"key": "n", "label": "Points", "value": "{{ n }}", "format": {"type": "number"}},
            {"key": "due", "label": "Due", "value": "{{ due }}", "format": {"type": "date"}},
        ],
        "barcode": {"format": "Code39", "message": "{{ code }}"},
        "semantics": {"balance": {"amount": "{{ amount }}", "currencyCode": "EUR"}},
    }
    body = {"name": "Card", "content": content, "schema": schema, "publish": False}
    draft = await world.client.post("/v1/templates", body)
    found = (await world.client.get(f"/v1/templates/{draft.json['id']}/draft")).json["findings"]
    long = {one["path"] for one in found if one["message"].startswith("with the longest values")}
    assert long == {"content.primary[0].value"}
    twice = [{"key": "n", "label": "Points", "value": "{{ n | number }}", "format": {"type": "number"}}]
    refused = await world.client.post("/v1/templates", body | {"publish": True, "content": content | {"back": twice}})
    assert (refused.status, [one["code"] for one in refused.json["errors"]]) == (422, ["written_twice"])

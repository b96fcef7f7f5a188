"""Templates on `/v1`: expressions, drafts, revisions, and the passes made of them."""

from typing import Any

import pytest

from api.conftest import CARD, World, on_sqlite

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

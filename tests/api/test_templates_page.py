"""docs/templates.md is true: its example, played as it stands, gives what its table says."""

import json
import re
from typing import Any

from api.conftest import World, on_sqlite
from architecture.sources import ROOT

PAGE = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")
ROWS = {"POINTS": "points", "SAVED": "saved", "TO GO": "goal"}


def shown(content: dict[str, Any], key: str, language: str) -> str:
    fields = [one for group in ("header", "primary", "secondary") for one in content[group]]
    (base,) = [one["value"] for one in fields if one["key"] == key]
    return re.sub(r"\s", " ", content["translations"].get(language, {}).get(f"fields.{key}.value", base))


def expected() -> dict[str, list[list[str]]]:
    """Row → for each person the text in English, German and French."""
    table = {cells[0]: cells[1:] for cells in ([cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines())}
    return {name: [(cell.split(" · ") * 3)[:3] for cell in table[name]] for name in ROWS}


@on_sqlite
async def test_the_worked_example_gives_what_its_table_says(world: World) -> None:
    template, batch, change = map(json.loads, re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
    made = await world.client.post("/v1/templates", template)
    assert made.status == 201, made.body
    issued = await world.client.post("/v1/passes/batch", batch | {"template_id": made.json["id"]})
    assert (issued.json["issued"], issued.json["refused"]) == (3, 0)
    people = [await world.client.get(f"/v1/passes/{one['id']}") for one in issued.json["results"]]
    for name, rows in expected().items():
        for person, wanted in zip(people, rows, strict=True):
            content = person.json["content"]
            assert [shown(content, ROWS[name], language) for language in ("en", "de", "fr")] == wanted, name
    assert [one.json["content"]["background_color"] for one in people] == ["#1f2937", "#92400e", "#1f2937"]
    ada = await world.client.ask("PATCH", f"/v1/passes/{people[0].json['id']}/values", change)
    assert (ada.json["unchanged"], ada.json["values"]["member"]["name"]) == (False, "Ada Lovelace")


@on_sqlite
async def test_the_example_has_nothing_to_be_told_of_its_own_making(world: World) -> None:
    template = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])
    draft = await world.client.post("/v1/templates", template | {"publish": False})
    findings = (await world.client.get(f"/v1/templates/{draft.json['id']}/draft")).json["findings"]
    assert {one["severity"] for one in findings} <= {"warning"}
    own = ("translation", "language", "value", "expression", "schema")
    assert [one for one in findings if one["code"].startswith(own)] == []

"""The OpenAPI document: complete, with examples that work, and held against the running server by a judge that others wrote."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from playwright.sync_api import sync_playwright

from api.conftest import MINE, Product, World, on_sqlite
from api.test_access import AT_THE_TILL, NAMES
from billfold.api.openapi import operations
from billfold.api.v1 import scan_examples
from billfold.api.v1.operations import EXAMPLE_PASS, EXAMPLE_TEMPLATE
from billfold.api.v1.till import EXAMPLE_BRAND, EXAMPLE_MEMBER, EXAMPLE_PRODUCT, EXAMPLE_PROGRAMME, EXAMPLE_TERMINAL
from billfold.domain.mail import Mail, MailKind
from judges import judge

CASES_MIN = 1_000


async def document_of(world: World) -> dict[str, Any]:
    return (await world.client.get("/openapi.json")).json


def at(answer: Any, expression: str) -> Any:
    """What `$response.body#/results/0/id` leads to."""
    for step in expression.partition("#/")[2].split("/"):
        answer = answer[int(step)] if isinstance(answer, list) else answer[step]
    return answer


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


@on_sqlite
@pytest.mark.requirement("S3-46", "S3-04")
async def test_the_document_is_whole(world: World) -> None:
    document = await document_of(world)
    assert document["openapi"].startswith("3.1")
    schemas = document["components"]["schemas"]
    used = set(references(document))
    assert {one.rpartition("/")[2] for one in used} <= schemas.keys()
    assert {one for one in schemas if f"#/components/schemas/{one}" not in used} == set()
    ids = [one["operationId"] for _, _, one in operations(document)]
    assert len(ids) == len(set(ids)) == len(NAMES)
    for path, _, operation in operations(document):
        assert operation["summary"], path
        assert "Needs a key with the scope" in operation["description"]
        assert operation["security"] == [{"key": []}]
        assert {"401", "403", "429", "503"} <= operation["responses"].keys()
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                (media_type,) = response["content"]
                assert media_type == ("application/problem+json" if path.startswith("/v1") else "application/json")


@on_sqlite
async def test_every_example_of_an_answer_fits_its_schema(world: World) -> None:
    document = await document_of(world)
    checked = 0
    for _, _, operation in operations(document):
        for status, response in operation["responses"].items():
            content = response.get("content", {}).get("application/json", {})
            if int(status) < 300 and content:
                schema = {"$ref": content["schema"]["$ref"], "components": document["components"]}
                jsonschema_rs.validator_for(schema).validate(content["example"])
                checked += 1
    assert checked == 86


EXAMPLES = {
    "template_id": EXAMPLE_TEMPLATE,
    "pass_id": EXAMPLE_PASS,
    "brand_id": EXAMPLE_BRAND,
    "member_id": EXAMPLE_MEMBER,
    "product_id": EXAMPLE_PRODUCT,
    "programme_id": EXAMPLE_PROGRAMME,
    "terminal_id": EXAMPLE_TERMINAL,
}
"""Parameter → the id that stands for it in examples."""


def needed(operation: dict[str, Any]) -> list[str]:
    """Query parameters that must be there."""
    return [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query" and one.get("required")]


@on_sqlite
@pytest.mark.requirement("S3-40")
async def test_every_example_of_a_request_works_as_it_stands(world: World) -> None:
    """In the order of making: the ids of what was made stand in for those of the examples."""
    document = await document_of(world)
    mail = Mail(MINE, "mail-1", "ada@example.com", MailKind.PASS_LINK)
    await world.services.store.write(lambda tx: world.services.mail.queue(tx, mail))
    made: dict[str, str] = {"starter": "cafe-stamps", "mail_id": mail.id, "item_id": scan_examples.SCAN_ID}
    own: dict[str, dict[str, str]] = {}
    order = sorted(
        operations(document),
        key=lambda one: (
            *("{" in one[0] or bool(needed(one[2])), not one[0].endswith("/templates")),
            *(one[1] == "delete", one[1]),
        ),
    )
    for path, method, operation in order:
        if operation["operationId"] == "reportBounce":
            continue  # takes a message of e-mail about a mail that was sent: tests/mail/test_returns.py
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
        assert (body is not None) == ("requestBody" in operation), path
        for name, example in EXAMPLES.items():
            if name in made:
                body = json.loads(json.dumps(body).replace(example, made[name]))
        query = "&".join(f"{name}={made['pass_id']}" for name in needed(operation))  # what must be asked about is a pass
        place = path.format(**made | own.get(operation["operationId"], {}))
        answer = await world.client.ask(method.upper(), f"{place}?{query}", body)
        if operation["operationId"] in AT_THE_TILL:  # test_scans.py has what they want
            assert answer.status in (200, 404, 422), (path, answer.body)
            continue
        assert answer.status in (200, 201, 204), (path, method, answer.body)
        for linked in operation["responses"][str(answer.status)].get("links", {}).values():
            found = {parameter: str(at(answer.json, expression)) for parameter, expression in linked["parameters"].items()}
            own[linked["operationId"]] = found
            if operation["operationId"] != "createPasses":
                made |= found
        schema = operation["responses"][str(answer.status)].get("content", {}).get("application/json", {}).get("schema")
        if schema:
            jsonschema_rs.validator_for(schema | {"components": document["components"]}).validate(answer.json)


EXAMPLES_EACH = os.environ.get("TEST_EXAMPLES", "15")
"""Made-up requests for each operation; a release is worth 200."""
ROUNDS = {
    # Every operation, with made-up data.
    "fuzzing": (("--max-examples", EXAMPLES_EACH, "--phases", "examples,fuzzing"), CASES_MIN),
    # Every edge of every parameter. Contents have too many edges: they are left to the other round and to test_bad_input.
    "edges": (("--phases", "coverage", "--include-method", "GET", "--include-method", "DELETE"), 200),
}


@pytest.mark.requirement("S3-23")
@pytest.mark.parametrize("round_", list(ROUNDS))
def test_schemathesis_finds_no_5xx_and_no_violation_of_the_schema(product: Product, tmp_path: Path, round_: str) -> None:
    """At least 1,000 cases against the product as it ships, over HTTP, with a fixed seed."""
    options, cases_min = ROUNDS[round_]
    judged = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "schemathesis"), "run", f"{product.url}/openapi.json"),
            *("--header", f"Authorization: Bearer {product.key}"),
            *("--seed", "20261120", *options),
            *("--checks", ",".join(CHECKS), "--continue-on-failure", "--no-color"),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONHASHSEED": "0", "COLUMNS": "200"},
        check=False,
    )
    found = judged.stdout[-6000:]
    assert judged.returncode == 0, found
    generated = re.search(r"(\d+) generated, (\d+) passed", judged.stdout)
    assert generated, found
    assert int(generated[1]) == int(generated[2]) >= cases_min, found
    print(generated[0])
    assert "request_failed" not in product.log.read_text()


@pytest.mark.requirement("S3-46", "S0-28", "S0-29")
def test_the_reference_page_unfolds_and_tries_in_a_real_browser_and_asks_nobody_else(product: Product) -> None:
    """Every operation is shown; one is tried live with a test key; no request leaves for another host; no policy is broken."""
    asked: list[str] = []
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=judge("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{product.url}/docs/api")
        page.wait_for_selector(".opblock", timeout=30_000)
        shown = page.locator(".opblock").count()
        page.locator("#operations-records-readUsage .opblock-summary-control").click()
        page.evaluate("key => window.ui.preauthorizeApiKey('key', key)", product.key)
        page.locator("#operations-records-readUsage .execute").click()
        answered = page.wait_for_selector(
            "#operations-records-readUsage .live-responses-table .response-col_status", timeout=30_000
        )
        assert answered
        status = page.locator("#operations-records-readUsage .live-responses-table tbody .response-col_status").inner_text()
        browser.close()
    assert shown == len(NAMES)
    assert status.startswith("200")
    assert complaints == []
    assert f"{product.url}/v1/usage" in asked
    assert [url for url in asked if not url.startswith((product.url, "data:", "blob:"))] == []


CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
"""All but those that take a schema for the whole truth: a text that fits its schema may still be no picture's address."""

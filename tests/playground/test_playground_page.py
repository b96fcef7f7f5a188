"""The Playground as developers use it, in Chromium: run, watch on the phones, copy as code that runs. Nothing live is touched."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from api.test_access import AT_THE_TILL
from billfold.api.openapi import operations
from designer.test_designer import PAYLOADS
from e2e.browser import DESKTOP, NARROW_ANDROID
from e2e.conftest import Billfold, ask
from judges import judge
from plugins.pages import Look

Playing = Callable[..., AbstractContextManager[Page]]
Axe = Callable[[Page], None]
WIDE = replace(DESKTOP, width=1600, height=1000)
PLACE = "/studio/test/playground"
SLOW_MS = 30_000
MAIL = b"From: a@example.com\r\nSubject: x\r\n\r\nno report\r\n"
REFUSED = AT_THE_TILL - {"inspectCode", "listScansOfPass"} | {"readMail", "reportBounce"}
"""Operations that want a terminal's token, a scan or a mail which is not there: they answer as their description says."""
NOT_COPIED = {"job", "delivery"}
"""Tables by which the server's workers would go to work on the copies."""


def choose(page: Page, operation: str) -> None:
    page.evaluate("id => { location.hash = id }", operation)
    expect(page.locator(f'.operations a[href="#{operation}"]')).to_have_attribute("aria-current", "true")
    expect(page.locator("#answer")).to_have_count(0)


def run(page: Page) -> int:
    """The status of the answer."""
    page.get_by_role("button", name="Run", exact=True).click()
    shown = page.locator("#answer [data-status]")
    expect(shown).to_be_visible(timeout=SLOW_MS)
    return int(shown.inner_text())


@pytest.fixture
def playing(look: Look, page_server: Billfold) -> Playing:
    def opened(operation: str = "facadeCreate", visitor: object = WIDE, **more: object) -> AbstractContextManager[Page]:
        return look(f"{page_server.url}{PLACE}#{operation}", visitor, **more)

    return opened


def test_a_request_is_run_seen_on_both_phones_and_changed(playing: Playing, no_serious_axe: Axe) -> None:
    with playing() as page:
        no_serious_axe(page)
        assert run(page) == 200
        page.get_by_role("button", name="Open on the phones").click()
        for kind in ("iphone", "android"):
            expect(page.locator(f".phone.{kind} .card")).to_contain_text("Coffee Rewards", timeout=SLOW_MS)
        serial = json.loads(page.locator("#answer pre").inner_text())["serialNumber"]
        page.locator(".beside summary").first.click()
        expect(page.locator(".phone.iphone .card")).to_be_hidden()
        choose(page, "facadeReplace")
        page.locator(".beside summary").first.click()
        expect(page.get_by_label("serial")).to_have_value(serial)
        assert run(page) == 200
        for kind in ("iphone", "android"):
            expect(page.locator(f".phone.{kind} .card")).to_contain_text("1,300", timeout=SLOW_MS)
        expect(page.locator(".phone.iphone .banner")).to_contain_text("You hit 1,300 points", timeout=SLOW_MS)
        no_serious_axe(page)


def test_ids_flow_and_earlier_requests_come_back(playing: Playing) -> None:
    with playing("createPass", allow=("422",)) as page:
        assert run(page) == 201
        made = json.loads(page.locator("#answer pre").inner_text())["id"]
        choose(page, "previewPassPng")
        expect(page.get_by_label("pass_id")).to_have_value(made)
        assert run(page) == 200
        assert page.locator("img.answered").evaluate("one => one.decode().then(() => one.naturalWidth)") > 300
        choose(page, "readAppleBundle")
        assert run(page) == 200
        with page.expect_download() as kept:
            page.get_by_role("link", name="Download answer.pkpass").click()
        assert Path(kept.value.path()).read_bytes()[:2] == b"PK"
        choose(page, "listPasses")
        page.get_by_label("limit").fill("many")
        assert run(page) == 422
        expect(page.locator("#answer pre")).to_contain_text("limit")
        page.reload()
        past = page.locator(".history li")
        expect(past).to_have_count(4)
        past.last.get_by_role("button").click()
        expect(page.get_by_role("heading", name="Issue a pass", exact=True)).to_be_visible()
        assert "LOYALTY-98765" in page.get_by_label("Body, as JSON").input_value()


def test_a_coupon_is_mailed_as_the_example_says_whatever_programmes_there_are(playing: Playing) -> None:
    """The programme that the examples before it make asks for values, which the loyalty API cannot send."""
    with playing("createBrand") as page:
        for operation, status in (
            ("createBrand", 201), ("createTemplate", 201), ("createProgramme", 201), ("loyaltySend", 200), ("loyaltyLink", 200)
        ):  # fmt: skip
            choose(page, operation)
            assert run(page) == status, operation


def test_a_body_is_edited_as_text_or_as_fields(playing: Playing) -> None:
    with playing() as page:
        page.get_by_text("As fields").click()
        page.get_by_label("logoText").fill("Maya's Café")
        page.get_by_label("colorPreset").select_option("blue")
        body = json.loads(page.get_by_label("Body, as JSON").input_value())
        assert (body["logoText"], body["colorPreset"], body["barcodeFormat"]) == ("Maya's Café", "blue", "QR")
        page.get_by_label("Body, as JSON").fill('{"logoText": ')
        expect(page.get_by_text("This is not JSON")).to_be_visible()
        page.get_by_role("button", name="Back to the example").click()
        assert run(page) == 200
        page.get_by_label("Search operations").fill("put /api")
        expect(page.locator(".operations li")).to_have_count(1)


def test_it_fits_a_narrow_phone_in_the_dark(playing: Playing, no_serious_axe: Axe) -> None:
    with playing("createPass", replace(NARROW_ANDROID, scheme="dark")) as page:
        assert run(page) == 201
        page.get_by_text("Phones", exact=True).last.click()
        expect(page.locator(".phone.iphone .device")).to_be_visible(timeout=SLOW_MS)
        no_serious_axe(page)


def test_hostile_texts_stay_texts(playing: Playing) -> None:
    """What `look` notes at its end: no dialog, no script that the policy stopped."""
    with playing(allow=("404",)) as page:
        body = {"barcodeValue": "X", "barcodeFormat": "QR", "secondaryFields": []}
        body["primaryFields"] = [{"label": "A", "value": " ".join(PAYLOADS)}]
        page.get_by_label("Body, as JSON").fill(json.dumps(body))
        assert run(page) == 200
        for language in ("Python", "JavaScript", "curl"):
            page.get_by_role("button", name=language, exact=True).click()
            expect(page.locator("#snippet")).to_contain_text("onerror=alert(1)")
        for payload in PAYLOADS:
            choose(page, "readPass")
            page.get_by_label("pass_id").fill(payload)
            assert run(page) == 404
            choose(page, "facadeUsage")
        page.reload()
        expect(page.locator(".history li")).to_have_count(1 + len(PAYLOADS))


AWKWARD = "It's \"quoted\" $HOME `id` \\ 'z' '''three''' 😀"


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("code")


@pytest.mark.parametrize("language", ["curl", "Python", "JavaScript"])
def test_copied_code_runs_as_it_stands(playing: Playing, page_server: Billfold, code: Path, language: str) -> None:
    awkward = json.dumps({"barcodeValue": "X", "barcodeFormat": "QR", "logoText": AWKWARD}, ensure_ascii=False, indent=1)
    with playing(permissions=["clipboard-read", "clipboard-write"]) as page:
        page.get_by_role("button", name=language, exact=True).click()
        for operation, body, answered in (
            ("facadeCreate", None, "serialNumber"),
            ("facadeCreate", awkward, "serialNumber"),
            ("createPass", None, "share_url"),
            ("facadeUsage", None, "resetDate"),
            ("readPassPack", None, ""),
            ("deleteTemplate", None, ""),
        ):
            if page.url.rpartition("#")[2] != operation:
                if operation == "deleteTemplate":
                    choose(page, "createTemplate")
                    assert run(page) == 201
                if operation == "readPassPack":
                    assert run(page) == 200
                    choose(page, "createPass")
                    assert run(page) == 201
                choose(page, operation)
            if body is not None:
                page.get_by_label("Body, as JSON").fill(body)
            page.get_by_role("button", name="Copy the key").click()
            expect(page.get_by_text("Copied").last).to_be_visible()
            key = page.evaluate("navigator.clipboard.readText()")
            assert key.startswith("bf_test_")
            printed = execute(language, page.locator("#snippet").text_content() or "", key, code)
            assert answered in printed, (operation, printed)
            if body is not None:
                serial = json.loads(printed[printed.index("{") :])["serialNumber"]
                shown = page_server.api("GET", f"/v1/passes/{serial}").json
                assert shown["content"]["logo_text"] == AWKWARD
            if operation == "readPassPack":
                assert (code / "answer.pkpasses").read_bytes()[:2] == b"PK"
                (code / "answer.pkpasses").unlink()


def execute(language: str, text: str, key: str, folder: Path) -> str:
    command = {
        "curl": lambda: ["sh", "-c", text.replace("curl ", f"{judge('curl')} ", 1)],
        "Python": lambda: [sys.executable, "-c", text],
        "JavaScript": lambda: [judge("node"), "--input-type=module", "--eval", text],
    }[language]()
    environment = {**os.environ, "BILLFOLD_KEY": key, "PYTHONIOENCODING": "utf-8"}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stderr
    return ended.stdout


def needs_one(operation: dict[str, Any]) -> bool:
    """Something must be there first that a query or a body names."""
    asked = any(one["in"] == "query" and one.get("required") for one in operation.get("parameters", ()))
    return asked or operation["tags"][0] == "loyalty"


def rows(connection: sqlite3.Connection, environment: str) -> Iterator[tuple[str, list[str], list[tuple[object, ...]]]]:
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        columns = [one[1] for one in connection.execute(f'PRAGMA table_info("{table}")')]
        if "environment" in columns and table not in NOT_COPIED:
            found = connection.execute(f'SELECT * FROM "{table}" WHERE environment = ?', [environment]).fetchall()
            yield table, columns, sorted(found, key=repr)


def test_every_operation_runs_and_nothing_live_is_touched(playing: Playing, page_server: Billfold, tmp_path: Path) -> None:
    """The live environment holds a twin of every row of the test environment, under the same ids: what reached it would show."""
    document = ask("GET", f"{page_server.url}/openapi.json").json
    found = sorted(
        operations(document),
        key=lambda one: (
            "{" in one[0] or needs_one(one[2]),
            one[1] == "delete",
            one[2]["tags"][0] == "scans",
            not one[0].endswith("/templates"),
        ),
    )
    statuses: dict[str, int] = {}
    (tmp_path / "mail.eml").write_bytes(MAIL)
    database = sqlite3.connect(page_server.data / "billfold.sqlite", timeout=30)
    with playing(allow=("404", "400", "409", "422")) as page:
        for operation in ("createTemplate", "createPass", "issueCard"):
            choose(page, operation)
            run(page)
        with database:
            for table, columns, _ in list(rows(database, "test")):
                names = ", ".join(f'"{one}"' for one in columns)
                values = names.replace('"environment"', "'live'")
                database.execute(
                    f'INSERT OR IGNORE INTO "{table}" ({names}) SELECT {values} FROM "{table}" WHERE environment = \'test\''
                )
        before = list(rows(database, "live"))
        assert sum(len(each) for _, _, each in before) > 50
        for _, _, operation in found:
            name = operation["operationId"]
            choose(page, name)
            if name == "reportBounce":
                page.get_by_label("File").set_input_files(tmp_path / "mail.eml")
            statuses[name] = run(page)
    documented = {one["operationId"]: one["responses"].keys() for _, _, one in found}
    assert [f"{name} {status}" for name, status in statuses.items() if str(status) not in documented[name]] == []
    refused = {name: status for name, status in statuses.items() if status >= 400 and name not in REFUSED}
    assert refused == {}
    assert len(statuses) == len(found) > 70
    assert list(rows(database, "live")) == before
    database.close()


def test_there_is_no_playground_of_the_live_environment(look: Look, page_server: Billfold) -> None:
    with look(f"{page_server.url}/playground") as page:
        expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible(timeout=SLOW_MS)
        assert page.url == page_server.url + PLACE
    assert ask("POST", f"{page_server.url}/studio/live/playground/key", b"").status in (404, 405)

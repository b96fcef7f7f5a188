"""The page's iPhone against a server that is honest, and against one that is not: Apple's order of calls, and complaints.

The same server judges the terminal's iPhone (tests/sandbox/phones); the two phones share no line of code."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from billfold.sandbox.authority import SandboxAuthority
from billfold.sandbox.phones.bundle import InvalidPass, open_bundle
from billfold.sandbox.phones.signature import Trust
from e2e.browser import IPHONE, visiting
from e2e.honest_page import Judge, PagePhone, judging, what_the_page_says
from sandbox.phones.bundles import TYPE, bundle, files_of, manifest_of, pass_json, sign, store_card, zipped

Files = dict[str, bytes]
GET_TASK = f"Get pass task (pass type {TYPE}, serial number C-1)"
LIST_TASK = f"Get serial #s task (pass type {TYPE})"
INVALID = f"{GET_TASK} encountered error: Received invalid pass data"


@pytest.fixture(scope="module")
def judge_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    with judging(tmp_path_factory.mktemp("honest")) as one:
        yield one


@pytest.fixture(scope="module")
def page(browser: Browser, judge_: Judge) -> Iterator[Page]:
    with visiting(browser, IPHONE, f"{judge_.server.url}/phones") as visit:
        yield visit.page
        assert [one for one in visit.errors if "Failed to load resource" not in one] == []


@pytest.fixture
def phone(page: Page, judge_: Judge) -> Iterator[PagePhone]:
    judge_.begin()
    one = PagePhone(page)
    yield one
    one.do("goOffline()")


def link(judge_: Judge) -> str:
    return f"{judge_.server.url}/p/C-1"


def points(value: str) -> dict[str, object]:
    return {"storeCard": store_card(value)}


@pytest.mark.requirement("S0-05", "S0-06")
def test_a_link_is_opened_installed_registered_and_waited_on(judge_: Judge, phone: PagePhone) -> None:
    phone.do("add(argument)", link(judge_))
    assert phone.events == ["opened", "installed", "registered", "waiting", "unchanged"]
    device = phone.do("state.device")
    assert judge_.server.registrations == {(device, "C-1"): phone.do("state.tokens[argument]", TYPE)}
    assert judge_.server.calls == [
        f"POST devices/{device}/registrations/{TYPE}/C-1",
        f"GET devices/{device}/registrations/{TYPE}",
        f"GET passes/{TYPE}/C-1",
    ]
    assert judge_.server.logs == []


@pytest.mark.requirement("S0-08", "S0-40", "S3-27", "S3-32")
def test_a_push_leads_to_the_list_the_pass_and_the_lock_screen_line(judge_: Judge, phone: PagePhone) -> None:
    phone.do("add(argument)", link(judge_))
    before = len(phone.events)
    judge_.server.calls.clear()
    judge_.server.put(**points("1,300"))
    assert judge_.push() == [200]
    changes = phone.wait_for("updated")["changes"]
    assert phone.events[before:] == ["pushed", "fetched", "notified", "updated"]
    assert phone.wait_for("notified")["text"] == "You hit 1,300 points. Free coffee unlocked!"
    assert changes == [{"key": "points", "label": "POINTS", "old": "1,250", "new": "1,300"}]
    assert judge_.server.calls == [
        f"GET devices/{phone.do('state.device')}/registrations/{TYPE}?passesUpdatedSince=101",
        f"GET passes/{TYPE}/C-1",
    ]
    judge_.push()
    phone.wait_for("unchanged", 2)
    assert judge_.server.calls[-1].endswith("passesUpdatedSince=102")
    assert judge_.server.logs == []


def test_removing_refreshing_restoring_and_waking_up(judge_: Judge, phone: PagePhone, page: Page) -> None:
    phone.do("add(argument)", link(judge_))
    phone.do("refresh(phone.passes[0])")
    assert judge_.server.logs == []
    older = phone.do("state.device")
    backup = page.evaluate("() => { window.backup = phone.kept(); return backup.length; }")
    assert backup == 1
    newer = PagePhone(page)
    newer.do("restore(window.backup)")
    devices = {device for device, _ in judge_.server.registrations}
    assert devices == {older, newer.do("state.device")}
    assert len(set(judge_.server.registrations.values())) == 2
    newer.do("remove(phone.passes[0])")
    assert {device for device, _ in judge_.server.registrations} == {older}
    newer.do("wakeUp({ passes: window.backup })")
    assert newer.do("passes.length") == 1
    assert judge_.server.calls[-1].startswith(f"GET devices/{newer.do('state.device')}/registrations")


def test_several_passes_of_one_download_are_all_installed(judge_: Judge, phone: PagePhone) -> None:
    for number in (2, 3):
        judge_.server.put(f"C-{number}")
    phone.do("add(argument)", f"{judge_.server.url}/pack")
    assert sorted(serial for _, serial in judge_.server.registrations) == ["C-1", "C-2", "C-3"]
    judge_.server.put("C-2", **points("9"))
    judge_.server.calls.clear()
    judge_.push()
    assert phone.wait_for("updated")["serialNumber"] == "C-2"
    assert [call for call in judge_.server.calls if "passes/" in call] == [f"GET passes/{TYPE}/C-2"]


def test_a_token_that_the_push_service_forgot_is_replaced(judge_: Judge, phone: PagePhone) -> None:
    phone.do("add(argument)", link(judge_))
    forgotten = phone.do("state.tokens[argument]", TYPE)
    judge_.server.push_server.retire_token(forgotten)
    phone.wait_for("registered", 2)
    assert list(judge_.server.registrations.values()) == [phone.do("state.tokens[argument]", TYPE)] != [forgotten]


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ("same tag", "Response to 'What changed?' included 1 serial numbers but the lastUpdated tag (101) remained the same."),
        ("lists the unchanged", "Server requested update to serial number 'C-1', but the pass was unchanged."),
        ("lists strangers", "Server listed serial number 'stranger', which this device did not register"),
        ("no last-modified", f"{GET_TASK}: Server returned the pass data but did not provide a last-modified header"),
        ("bad last-modified", "Server provided a last-modified header that is no HTTP date: yesterday"),
        ("broken bundle", f"{INVALID} (not a zip archive that can be read"),
        ("error page", f"{INVALID} (its Content-Type is text/html)"),
        ("another pass", f"{INVALID} (it is another pass than the one asked for)"),
        ("200 when empty", f"{LIST_TASK} encountered error: an empty list where 204 without a body belongs"),
        ("tag as number", f"{LIST_TASK} encountered error: the response has no lastUpdated tag that is a string"),
        ("list is no JSON", f"{LIST_TASK} encountered error: the response has no list of serialNumbers"),
    ],
)
def test_a_server_that_is_wrong_hears_of_it(judge_: Judge, phone: PagePhone, wrong: str, complaint: str) -> None:
    phone.do("add(argument)", link(judge_))
    assert judge_.server.logs == []
    judge_.server.wrong = {wrong}
    if wrong not in ("lists the unchanged", "200 when empty"):
        judge_.server.put(**points("1,300"))
    judge_.push()
    assert phone.wait_for("complained")["text"].startswith(complaint)
    phone.do("updating.get(argument)", TYPE)  # until it is done with the push
    assert judge_.server.logs[0].startswith(complaint)


def test_trouble_is_told_each_time_until_the_phone_gives_up(judge_: Judge, phone: PagePhone) -> None:
    phone.do("add(argument)", link(judge_))
    judge_.server.put(**points("1,300"))
    judge_.server.failures = [500] * 3
    phone.do("reboot()")
    assert judge_.server.logs == [f"{LIST_TASK} encountered error: Unexpected response code 500"] * 3
    assert phone.journal[-1]["givesUp"] is True
    judge_.push()
    assert phone.wait_for("updated")["changes"][0]["new"] == "1,300"


Cases = list[tuple[bytes, str | None]]
"""A bundle, and what both phones must say of it; None: they take it."""


def _signed(judge_: Judge, **changes: object) -> Files:
    files = files_of(pass_json(**changes))  # type: ignore[arg-type]
    return {**files, "manifest.json": (manifest := manifest_of(files)), "signature": sign(manifest, judge_.issued)}


def _good(judge_: Judge) -> Cases:
    late = (datetime.now(UTC) + timedelta(days=3650)).strftime("%Y-%m-%dT%H:%M:%SZ")
    other_digest = sign(manifest_of(files_of(pass_json())), judge_.issued, "-md", "sha1")
    bundles = [_signed(judge_), {**_signed(judge_), "signature": other_digest}, _signed(judge_, expirationDate=late)]
    return [(zipped(one), None) for one in bundles]


def _damaged(judge_: Judge) -> Cases:
    """What was changed after it was signed."""

    def damage(change: Callable[[Files], object]) -> bytes:
        change(files := _signed(judge_))
        return zipped(files)

    return [
        (damage(lambda files: files.pop("signature")), "Signature is missing"),
        (damage(lambda files: files.pop("manifest.json")), "no manifest.json"),
        (damage(lambda files: files.update({"icon.png": b"other"})), "icon.png does not have the SHA-1"),
        (damage(lambda files: files.update({"extra.png": b"x"})), "extra.png is not in the manifest"),
        (damage(lambda files: files.pop("icon@2x.png")), "lists icon@2x.png, which is missing"),
        (damage(lambda files: files.update({"signature": b"\x30\x80\x00"})), "did not verify"),
        (damage(lambda files: files.update({"signature": files["signature"][:-1]})), "did not verify"),
        (damage(lambda files: files.update({"signature": files["signature"][:-1] + b"\0"})), "not made by the signer's key"),
        (damage(lambda files: files.update({"manifest.json": files["manifest.json"] + b"\n"})), "changed after signing"),
    ]


def _strange(judge_: Judge, folder: Path) -> Cases:
    """Signed by somebody else, or no bundle at all."""
    stranger = SandboxAuthority.open(folder).issue_pass_certificate(TYPE, "A1B2C3D4E5")
    other_type = judge_.authority.issue_pass_certificate("pass.com.example.other", "A1B2C3D4E5")
    return [
        (bundle(pass_json(), stranger), "trust chain could not be verified"),
        (bundle(pass_json(), other_type), "passTypeIdentifier may not match your certificate"),
        (bundle(pass_json(), judge_.issued, {"../evil.png": b"x"}), "unsafe path"),
        (bundle(pass_json(), judge_.issued, {"folder/": b""}), "does not belong"),
        (b"<html>", "not a zip"),
        (zipped({f"{number}.png": b"" for number in range(501)}), "unpacks to too much"),
    ]


def _wrongly_filled(judge_: Judge) -> Cases:
    wrong: list[tuple[dict[str, object], str]] = [
        ({"formatVersion": 2}, "formatVersion"),
        ({"storeCard": None}, "0 style keys"),
        ({"generic": {}}, "2 style keys"),
        ({"storeCard": {"backFields": [{"value": "x"}]}}, "backFields[0].key is missing"),
        ({"storeCard": {"backFields": [{"key": "a", "value": "x", "dateStyle": "PKDateStyleShort"}]}}, "no date"),
        ({"storeCard": {"backFields": [{"key": "a", "value": "9", "currencyCode": "EUR"}]}}, "no number"),
        ({"barcodes": [{"format": "QR", "message": "x", "messageEncoding": "iso-8859-1"}]}, "barcodes[0].format"),
        ({"locations": [{"latitude": 91, "longitude": 0}]}, "locations[0]"),
        ({"labelColor": "rgb(256, 0, 0)"}, "labelColor"),
        ({"webServiceURL": "https://x.example/"}, "come together"),
    ]
    return [(bundle(pass_json(**changes), judge_.issued), reason) for changes, reason in wrong]  # type: ignore[arg-type]


def _not_strict(judge_: Judge) -> Cases:
    cases: Cases = []
    for text, reason in (
        (b'{"a": 1, "a": 2}', "twice in one object"),
        (b'{"a": 1,}', "not strict JSON"),
        (b"[]", "not a JSON object"),
    ):
        files = {**files_of(pass_json()), "pass.json": text}
        manifest = manifest_of(files)
        cases.append((zipped({**files, "manifest.json": manifest, "signature": sign(manifest, judge_.issued)}), reason))
    return cases


def test_both_phones_take_and_refuse_the_same_bundles(judge_: Judge, page: Page, tmp_path: Path) -> None:
    """Each phone gives the reason in its own words; the tables name what both must say."""
    cases = [
        *_good(judge_),
        *_damaged(judge_),
        *_strange(judge_, tmp_path / "stranger"),
        *_wrongly_filled(judge_),
        *_not_strict(judge_),
    ]

    async def terminal(data: bytes) -> str | None:
        try:
            await open_bundle(data, Trust(judge_.authority.root_pem))
        except InvalidPass as error:
            return str(error)
        return None

    in_page = what_the_page_says(page, judge_.authority.root_pem, [data for data, _ in cases])
    for (data, reason), said in zip(cases, in_page, strict=True):
        other = judge_.run(terminal(data))
        if reason is None:
            assert (said, other) == (None, None)
        else:
            assert said is not None
            assert other is not None
            assert reason in said
            assert reason in other

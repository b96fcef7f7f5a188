"""What a virtual Android phone does with a share page and the Google stand-in."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from billfold.sandbox.phones.android import VirtualAndroid
from billfold.sandbox.phones.events import FieldChange, Installed, Notified, Removed, Updated, Waiting
from billfold.sandbox.phones.share_link import CannotInstall
from sandbox.google import samples
from sandbox.google.conftest import ISSUER, Google, serve
from sandbox.phones.watching import names, seen, until
from sandbox.serving import served

CLASS, OBJECT = f"{ISSUER}.layout", f"{ISSUER}.one"
ACCOUNT = "tester@example.com"


def object_(points: str, **more: object) -> dict[str, object]:
    return {
        "id": OBJECT,
        "classId": CLASS,
        "state": "ACTIVE",
        "cardTitle": samples.text("Bayroast Coffee"),
        "subheader": samples.text("CARD"),
        "header": samples.text("Coffee Rewards"),
        "textModulesData": [{"id": "r1c1", "header": "POINTS", "body": points}],
        "barcode": {"type": "QR_CODE", "value": "LOYALTY-98765"},
        "hexBackgroundColor": "#3c2814",
        **more,
    }


@pytest.fixture
def google(tmp_path: Path) -> Iterator[Google]:
    for google in serve(tmp_path / "google.db"):
        assert google.api("POST", "/genericClass", {"id": CLASS}).status == 200
        assert google.api("POST", "/genericObject", object_("1,250")).status == 200
        yield google


@pytest.fixture
async def link(google: Google) -> AsyncIterator[str]:
    """A share page; /redirect goes straight to the wallet, /empty shows no button."""
    save_link = f"{google.url}/gp/v/save/{google.signed({'genericObjects': [{'id': OBJECT, 'classId': CLASS}]})}"

    async def page(request: Request) -> Response:
        assert "Android" in request.headers["user-agent"]
        return HTMLResponse(f'<a href="/help">Help</a><a data-wallet="google" href="{save_link}">Save</a>')

    async def redirect(_request: Request) -> Response:
        return RedirectResponse(save_link, 302)

    async def empty(_request: Request) -> Response:
        return HTMLResponse("<p>nothing")

    app = Starlette(routes=[Route("/p/one", page), Route("/redirect", redirect), Route("/empty", empty)])
    async with served(app) as url:
        yield f"{url}/p/one"


@pytest.fixture
async def android() -> AsyncIterator[VirtualAndroid]:
    async with VirtualAndroid(account=ACCOUNT, reconnect_delays_seconds=(0.01,)) as phone:
        yield phone


@pytest.mark.requirement("S0-05", "S0-06")
async def test_a_link_is_opened_saved_and_followed(google: Google, link: str, android: VirtualAndroid) -> None:
    await android.add(link)
    assert names(android) == ["opened", "installed", "waiting"]
    card = seen(android, Installed)[0].card
    assert (card.title, card.background_color, card.barcode) == ("Bayroast Coffee", "#3c2814", "LOYALTY-98765")
    assert [(field.label, field.value) for field in card.fields] == [("CARD", "Coffee Rewards"), ("POINTS", "1,250")]
    assert google.api("GET", f"/genericObject/{OBJECT}").json["hasUsers"] is True


@pytest.mark.requirement("S0-08", "S0-39", "S3-27", "S3-32")
async def test_a_change_shows_the_new_text_and_a_message_brings_a_generic_notice(
    google: Google, link: str, android: VirtualAndroid
) -> None:
    await android.add(link)
    modules = object_("1,300")["textModulesData"]
    assert google.api("PATCH", f"/genericObject/{OBJECT}", {"textModulesData": modules}).status == 200
    updated = await until(android, Updated)
    assert updated.changes == (FieldChange("r1c1", "POINTS", "1,250", "1,300"),)
    assert updated.message is None
    message = {"id": "m1", "header": "POINTS", "body": "You hit 1,300 points.", "messageType": "TEXT_AND_NOTIFY"}
    assert google.api("POST", f"/genericObject/{OBJECT}/addMessage", {"message": message}).status == 200
    notified = await until(android, Notified)
    assert notified.generic
    assert "1,300" not in notified.text
    assert seen(android, Updated)[1].message == "POINTS: You hit 1,300 points."


async def test_a_text_message_updates_without_a_notice(google: Google, link: str, android: VirtualAndroid) -> None:
    await android.add(link)
    google.api("POST", f"/genericObject/{OBJECT}/addMessage", {"message": {"id": "m", "body": "quiet"}})
    assert (await until(android, Updated)).message == "quiet"
    google.api("PATCH", f"/genericObject/{OBJECT}", {"state": "INACTIVE"})
    assert (await until(android, Updated, 2)).card.voided
    assert seen(android, Notified) == []


async def test_what_happened_while_offline_arrives_afterwards(google: Google, link: str, android: VirtualAndroid) -> None:
    await android.add(link)
    await android.go_offline()
    google.api("PATCH", f"/genericObject/{OBJECT}", {"header": samples.text("Gold")})
    await android.go_online()
    assert (await until(android, Updated)).changes == (FieldChange("header", "CARD", "Coffee Rewards", "Gold"),)


async def test_a_phone_with_a_home_wakes_up_and_catches_up(google: Google, link: str, tmp_path: Path) -> None:
    async with VirtualAndroid(tmp_path / "home", account=ACCOUNT) as phone:
        await phone.add(link)
    google.api("PATCH", f"/genericObject/{OBJECT}", {"header": samples.text("Gold")})
    async with VirtualAndroid(tmp_path / "home") as same:
        assert same.account == ACCOUNT
        assert (await until(same, Updated)).changes[0].new == "Gold"


@pytest.mark.requirement("S0-10", "S0-11")
async def test_removed_and_saved_again_by_the_same_link_with_current_data(
    google: Google, link: str, android: VirtualAndroid
) -> None:
    await android.add(link)
    await android.remove()
    await until(android, Removed)
    assert android.passes == ()
    google.api("PATCH", f"/genericObject/{OBJECT}", {"header": samples.text("Gold")})
    await android.add(link)
    assert seen(android, Installed)[-1].card.fields[0].value == "Gold"


async def test_two_phones_of_one_account_show_the_same(google: Google, link: str, android: VirtualAndroid) -> None:
    await android.add(link)
    async with VirtualAndroid(account=ACCOUNT) as second:
        await second.add(link)
        google.api("PATCH", f"/genericObject/{OBJECT}", {"header": samples.text("Gold")})
        for phone in (android, second):
            assert (await until(phone, Updated)).changes[0].new == "Gold"
            assert len(seen(phone, Waiting)) == 1


async def test_a_direct_link_goes_straight_to_the_wallet(link: str, android: VirtualAndroid) -> None:
    await android.add(link.replace("/p/one", "/redirect"))
    assert [pass_.object_id for pass_ in android.passes] == [OBJECT]


async def test_a_link_that_leads_to_no_pass_is_said_in_one_line(google: Google, link: str, android: VirtualAndroid) -> None:
    for bad, told in (
        (link.replace("/p/one", "/empty"), "no button"),
        (link.replace("/p/one", "/none"), "answered 404"),
        (f"{google.url}/gp/v/save/broken", "does not save this pass: Invalid JWT"),
        ("http://127.0.0.1:1/x", "cannot be opened"),
    ):
        with pytest.raises(CannotInstall, match=told):
            await android.add(bad)
    assert android.passes == ()


async def test_every_event_is_one_line_of_json(google: Google, link: str, android: VirtualAndroid) -> None:
    await android.add(link)
    google.api("PATCH", f"/genericObject/{OBJECT}", {"header": samples.text("Gold")})
    await until(android, Updated)
    lines = [json.loads(event.to_json()) for event in android.history]
    assert [line["event"] for line in lines] == ["opened", "installed", "waiting", "updated"]
    assert lines[3]["changes"] == [{"key": "header", "label": "CARD", "old": "Coffee Rewards", "new": "Gold"}]

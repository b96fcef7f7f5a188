"""What a virtual iPhone does with an honest server: the sequences of reference/apple-wallet.md section 4.5."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from billfold.sandbox.authority import SandboxAuthority
from billfold.sandbox.phones.events import (
    Complained,
    Fetched,
    Installed,
    Notified,
    Pushed,
    Registered,
    Unchanged,
    Updated,
    Waiting,
)
from billfold.sandbox.phones.iphone import VirtualIphone
from billfold.sandbox.phones.share_link import CannotInstall
from sandbox.phones.bundles import TYPE, store_card
from sandbox.phones.honest_server import HonestServer
from sandbox.phones.watching import names, seen, until

MakeIphone = Callable[..., VirtualIphone]


def link(server: HonestServer) -> str:
    return f"{server.url}/p/C-1"


@pytest.mark.requirement("S0-05", "S0-06")
async def test_a_link_is_opened_installed_registered_and_waited_on(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(link(server))
    assert names(iphone) == ["opened", "installed", "registered", "waiting", "unchanged"]
    installed, registered = seen(iphone, Installed)[0], seen(iphone, Registered)[0]
    assert (installed.serial_number, installed.pass_type_identifier) == ("C-1", TYPE)
    assert [(field.label, field.value) for field in installed.card.fields] == [
        ("POINTS", "1,250"),
        ("CARD", "Coffee Rewards"),
    ]
    assert registered.status == 201
    device = iphone.device_library_identifier
    assert server.registrations == {(device, "C-1"): iphone.push_token(TYPE)}
    assert server.calls == [
        f"POST devices/{device}/registrations/{TYPE}/C-1",
        f"GET devices/{device}/registrations/{TYPE}",
        f"GET passes/{TYPE}/C-1",
    ]
    assert server.logs == []


async def test_several_passes_of_one_download_are_all_installed_and_followed(server: HonestServer, iphone: VirtualIphone) -> None:
    for number in (2, 3):
        server.put(f"C-{number}")
    await iphone.add(f"{server.url}/pack")
    assert [one.serial_number for one in seen(iphone, Installed)] == ["C-1", "C-2", "C-3"]
    assert sorted(serial for _, serial in server.registrations) == ["C-1", "C-2", "C-3"]
    for number in range(4, 12):
        server.put(f"C-{number}")
    with pytest.raises(CannotInstall, match="11 files"):
        await iphone.add(f"{server.url}/pack")


async def test_a_phone_reads_in_its_own_language(server: HonestServer, make_iphone: MakeIphone) -> None:
    server.put(storeCard=store_card(10, currencyCode="EUR", changeMessage="Now %@"))
    phone = make_iphone(language="de")
    await phone.add(link(server))
    server.put(storeCard=store_card(12.5, currencyCode="EUR", changeMessage="Now %@"))
    await server.push()
    notified = await until(phone, Notified)
    assert notified.text == "Now 12,50\u00a0€"


@pytest.mark.requirement("S0-08", "S0-40", "S3-27", "S3-32")
async def test_a_push_leads_to_the_list_the_pass_and_the_lock_screen_line(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(link(server))
    before, server.calls = len(iphone.history), []
    server.put(storeCard=store_card("1,300"))
    assert await server.push() == [200]
    updated = await until(iphone, Updated)
    assert names(iphone, before) == ["pushed", "fetched", "notified", "updated"]
    notified = seen(iphone, Notified)[0]
    assert (notified.title, notified.text) == ("Bayroast Coffee", "You hit 1,300 points. Free coffee unlocked!")
    assert [(change.label, change.old, change.new) for change in updated.changes] == [("POINTS", "1,250", "1,300")]
    assert server.calls == [
        f"GET devices/{iphone.device_library_identifier}/registrations/{TYPE}?passesUpdatedSince=101",
        f"GET passes/{TYPE}/C-1",
    ]
    assert server.logs == []


async def test_tag_and_last_modified_move_on_with_each_update(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(link(server))
    for number, points in enumerate(("1,300", "1,400", "1,500"), start=1):
        server.put(storeCard=store_card(points))
        await server.push()
        await until(iphone, Updated, number)
    assert [fetched.last_modified for fetched in seen(iphone, Fetched)][-1] == server.passes["C-1"].last_modified
    server.calls = []
    await server.push()
    await until(iphone, Unchanged, 2)
    assert server.calls == [f"GET devices/{iphone.device_library_identifier}/registrations/{TYPE}?passesUpdatedSince=104"]
    assert server.logs == []


async def test_a_silent_change_updates_the_card_and_shows_no_line(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(link(server))
    server.put(logoText="Bayroast")
    await server.push()
    updated = await until(iphone, Updated)
    assert (updated.changes, updated.card.title) == ((), "Bayroast")
    assert seen(iphone, Notified) == []


async def test_only_the_passes_that_changed_are_fetched(server: HonestServer, iphone: VirtualIphone) -> None:
    server.put("C-2")
    await iphone.add(link(server))
    await iphone.add(f"{server.url}/p/C-2")
    server.calls = []
    server.put("C-2", storeCard=store_card("9"))
    await server.push()
    assert (await until(iphone, Updated)).serial_number == "C-2"
    assert [call for call in server.calls if "passes/" in call] == [f"GET passes/{TYPE}/C-2"]
    assert len(seen(iphone, Waiting)) == 1
    assert server.logs == []


@pytest.mark.requirement("S0-08")
async def test_a_phone_that_was_offline_catches_up_with_one_push(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(link(server))
    await iphone.go_offline()
    for points in ("1,300", "1,400"):
        server.put(storeCard=store_card(points))
        await server.push()
    await iphone.go_online()
    updated = await until(iphone, Updated)
    assert updated.changes[0].new == "1,400"
    assert len(seen(iphone, Pushed)) == 1


async def test_after_a_reboot_the_phone_asks_without_a_push(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(link(server))
    server.put(storeCard=store_card("1,300"))
    server.calls = []
    await iphone.reboot()
    assert "passesUpdatedSince=101" in server.calls[0]
    assert len(seen(iphone, Updated)) == 1
    assert seen(iphone, Pushed) == []


async def test_pull_to_refresh_asks_for_the_pass_and_is_no_ground_for_complaints(
    server: HonestServer, iphone: VirtualIphone
) -> None:
    await iphone.add(link(server))
    await iphone.refresh()
    assert names(iphone)[-1] == "unchanged"
    server.put(storeCard=store_card("1,300"))
    await iphone.refresh()
    assert len(seen(iphone, Updated)) == 1
    await server.push()  # lists a pass that the phone has fetched by itself
    await until(iphone, Unchanged, 3)
    assert server.logs == []


@pytest.mark.requirement("S0-41")
async def test_removing_the_pass_unregisters_it(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(link(server))
    await iphone.remove()
    assert server.registrations == {}
    assert iphone.passes == ()
    assert names(iphone)[-1] == "removed"
    assert server.calls[-1].startswith("DELETE ")


@pytest.mark.requirement("S0-10", "S0-11", "S0-12")
async def test_the_same_link_installs_again_with_current_data(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(link(server))
    await iphone.remove()
    server.put(storeCard=store_card("1,300"))
    await iphone.add(link(server))
    installed = seen(iphone, Installed)
    assert [entry.card.fields[0].value for entry in installed] == ["1,250", "1,300"]
    await iphone.add(link(server))
    assert seen(iphone, Installed)[-1].again
    assert seen(iphone, Registered)[-1].status == 200


@pytest.mark.requirement("S0-09")
async def test_a_restored_phone_registers_under_a_new_device_and_a_new_token(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(link(server))
    newer = await iphone.restore_on_new_phone()
    assert newer.device_library_identifier != iphone.device_library_identifier
    assert len(set(server.registrations.values())) == 2
    server.put(storeCard=store_card("1,300"))
    await server.push()
    await until(newer, Updated)
    await until(iphone, Updated)
    await newer.close()


async def test_a_wiped_phone_says_nothing_and_its_token_is_dead(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(link(server))
    server.calls = []
    await iphone.wipe()
    assert server.calls == []
    assert await server.push() == [410]


async def test_a_token_that_the_push_service_forgot_is_replaced_and_registered(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(link(server))
    first = iphone.push_token(TYPE)
    assert first is not None
    server.push_server.retire_token(first)
    await until(iphone, Waiting, 2)
    assert iphone.push_token(TYPE) != first
    assert list(server.registrations.values()) == [iphone.push_token(TYPE)]
    server.put(storeCard=store_card("1,300"))
    assert await server.push() == [200]
    await until(iphone, Updated)


@pytest.mark.requirement("S0-41")
async def test_with_notifications_off_the_card_changes_in_silence(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(link(server))
    iphone.set_notifications(False)
    server.put(storeCard=store_card("1,300"))
    await server.push()
    await until(iphone, Updated)
    assert seen(iphone, Notified) == []


async def test_automatic_updates_off_unregisters_and_on_catches_up(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(link(server))
    await iphone.set_automatic_updates(False)
    assert server.registrations == {}
    server.put(storeCard=store_card("1,300"))
    await iphone.set_automatic_updates(True)
    assert len(server.registrations) == 1
    assert seen(iphone, Updated)[0].changes[0].new == "1,300"


async def test_failures_are_retried_with_growing_delay(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(link(server))
    server.put(storeCard=store_card("1,300"))
    server.failures = [503, 500]
    await server.push()
    await until(iphone, Updated)
    assert [complaint.text[-3:] for complaint in seen(iphone, Complained)] == ["503", "500"]


async def test_an_update_that_fails_half_way_is_fetched_when_the_list_is_asked_again(
    server: HonestServer, iphone: VirtualIphone
) -> None:
    await iphone.add(link(server))
    server.wrong = {"error page"}
    server.put(storeCard=store_card("1,300"))
    await server.push()
    await until(iphone, Complained)
    server.wrong = set()
    server.put(storeCard=store_card("1,400"))
    await server.push()
    assert (await until(iphone, Updated)).changes[0].new == "1,400"


async def test_a_pass_without_web_service_is_installed_and_left_alone(server: HonestServer, iphone: VirtualIphone) -> None:
    server.put(webServiceURL=None, authenticationToken=None)
    await iphone.add(link(server))
    assert names(iphone) == ["opened", "installed"]
    assert server.calls == []


async def test_a_last_version_without_web_service_ends_the_asking(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(link(server))
    server.put(voided=True, webServiceURL=None, authenticationToken=None)
    await server.push()
    assert (await until(iphone, Updated)).card.voided
    server.calls = []
    await iphone.refresh()
    await iphone.reboot()
    assert server.calls == []


async def test_a_phone_with_a_home_wakes_up_with_its_passes(server: HonestServer, make_iphone: MakeIphone, tmp_path: Path) -> None:
    async with make_iphone(tmp_path / "home") as phone:
        await phone.add(link(server))
    server.put(storeCard=store_card("1,300"))
    server.calls = []
    async with make_iphone(tmp_path / "home") as same:
        assert same.device_library_identifier == phone.device_library_identifier
        assert "passesUpdatedSince=101" in server.calls[0]
        assert seen(same, Updated)[0].changes[0].new == "1,300"
    assert server.logs == []


async def test_a_folder_that_holds_something_else_is_refused(make_iphone: MakeIphone, tmp_path: Path) -> None:
    (tmp_path / "iphone.json").write_text("[]")
    with pytest.raises(ValueError, match="does not hold a virtual iPhone"):
        await make_iphone(tmp_path).__aenter__()


@pytest.mark.parametrize("path", ["direct/C-1", "redirect/C-1"])
async def test_direct_links_and_redirects_lead_to_the_pass(server: HonestServer, iphone: VirtualIphone, path: str) -> None:
    await iphone.add(f"{server.url}/{path}")
    assert len(iphone.passes) == 1


async def test_an_unmarked_button_is_found_by_what_it_answers(server: HonestServer, iphone: VirtualIphone) -> None:
    server.wrong = {"unmarked"}
    await iphone.add(link(server))
    assert len(iphone.passes) == 1


@pytest.mark.parametrize(
    ("path", "wrong", "message"),
    [
        ("p/none", "", "answered 404"),
        ("p/C-1", "dead button", "hands over no pass"),
        ("sandbox/apns/ca.pem", "", "no button"),
    ],
)
async def test_a_link_that_leads_to_no_pass_is_said_in_one_line(
    server: HonestServer, iphone: VirtualIphone, path: str, wrong: str, message: str
) -> None:
    server.wrong = {wrong}
    with pytest.raises(CannotInstall, match=message) as caught:
        await iphone.add(f"{server.url}/{path}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", ["http://127.0.0.1:1/p/x", "ftp://example", "nonsense", "http://[::1"])
async def test_an_address_that_cannot_be_opened_is_said_in_one_line(iphone: VirtualIphone, bad: str) -> None:
    with pytest.raises(CannotInstall, match="cannot be opened"):
        await iphone.add(bad)


async def test_a_pass_signed_by_a_foreign_authority_is_not_installed(
    server: HonestServer, make_iphone: MakeIphone, tmp_path: Path
) -> None:
    foreign = SandboxAuthority.open(tmp_path / "foreign")
    phone = make_iphone(root_pem=foreign.root_pem)
    with pytest.raises(CannotInstall, match="signature did not verify"):
        await phone.add(link(server))
    assert phone.passes == ()
    assert server.calls == []


async def test_every_event_is_one_line_of_json(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(link(server))
    server.put(storeCard=store_card("1,300"))
    await server.push()
    await until(iphone, Updated)
    await iphone.close()
    lines = [json.loads(event.to_json()) async for event in iphone.events()]
    assert [line["event"] for line in lines] == names(iphone)
    assert all(line["at"].endswith("Z") for line in lines)
    assert lines[1]["card"]["organizationName"] == "Bayroast Coffee"
    notified = next(line for line in lines if line["event"] == "notified")
    assert notified == {
        "event": "notified",
        "at": notified["at"],
        "serialNumber": "C-1",
        "title": "Bayroast Coffee",
        "text": "You hit 1,300 points. Free coffee unlocked!",
        "generic": False,
    }

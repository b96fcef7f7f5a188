"""A server that is wrong hears about it at its own log endpoint, in the texts of reference/apple-wallet.md section 4.7."""

import pytest

from billfold.sandbox.phones.events import Complained, Failed, Unchanged, Updated
from billfold.sandbox.phones.iphone import VirtualIphone
from sandbox.phones.bundles import TYPE, store_card
from sandbox.phones.honest_server import HonestServer
from sandbox.phones.watching import seen, until

GET_TASK = f"Get pass task (pass type {TYPE}, serial number C-1)"
LIST_TASK = f"Get serial #s task (pass type {TYPE})"


async def wronged(server: HonestServer, iphone: VirtualIphone, wrong: str, *, changed: bool = True) -> str:
    """The complaint about one push to a phone that was treated well before."""
    await iphone.add(f"{server.url}/p/C-1")
    assert server.logs == []
    server.wrong = {wrong}
    if changed:
        server.put(storeCard=store_card("1,300"))
    await server.push()
    text = (await until(iphone, Complained)).text
    await iphone.close()
    return text


async def test_a_list_with_the_tag_unchanged(server: HonestServer, iphone: VirtualIphone) -> None:
    text = await wronged(server, iphone, "same tag")
    assert text == ("Response to 'What changed?' included 1 serial numbers but the lastUpdated tag (101) remained the same.")
    assert seen(iphone, Updated) == []  # as reported of real devices: the update does not come through


async def test_a_pass_listed_as_changed_that_is_not(server: HonestServer, iphone: VirtualIphone) -> None:
    text = await wronged(server, iphone, "lists the unchanged", changed=False)
    assert text == "Server requested update to serial number 'C-1', but the pass was unchanged."


async def test_not_modified_after_an_untagged_list_is_no_fault(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(f"{server.url}/p/C-1")
    assert seen(iphone, Unchanged)[0].serial_number == "C-1"
    assert server.logs == []


async def test_the_same_content_given_again(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(f"{server.url}/p/C-1")
    server.wrong = {"always 200"}
    await iphone.refresh()
    assert server.logs == ["Server requested update to serial number 'C-1', but the pass was unchanged."]


async def test_a_pass_without_last_modified(server: HonestServer, iphone: VirtualIphone) -> None:
    text = await wronged(server, iphone, "no last-modified")
    assert text == f"{GET_TASK}: Server returned the pass data but did not provide a last-modified header"
    assert len(seen(iphone, Updated)) <= 1


async def test_a_last_modified_that_is_no_date(server: HonestServer, iphone: VirtualIphone) -> None:
    assert "no HTTP date: yesterday" in await wronged(server, iphone, "bad last-modified")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("broken bundle", "not a zip archive that can be read"),
        ("error page", "its Content-Type is text/html"),
        ("another pass", "it is another pass than the one asked for"),
    ],
)
async def test_a_pass_that_is_none_is_refused_and_the_old_one_stays(
    server: HonestServer, iphone: VirtualIphone, wrong: str, reason: str
) -> None:
    text = await wronged(server, iphone, wrong)
    assert text.startswith(f"{GET_TASK} encountered error: Received invalid pass data (")
    assert reason in text
    assert iphone.passes[0].opened.content.card.fields[0].value == "1,250"


async def test_a_pass_that_breaks_the_rules_is_refused(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(f"{server.url}/p/C-1")
    server.put(barcodes=[{"format": "QR", "message": "x", "messageEncoding": "iso-8859-1"}])
    await server.push()
    assert "barcodes[0].format" in (await until(iphone, Complained)).text


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_a_status_that_does_not_belong_is_told_and_not_retried(
    server: HonestServer, iphone: VirtualIphone, status: int
) -> None:
    await iphone.add(f"{server.url}/p/C-1")
    server.calls, server.failures = [], [status]
    await server.push()
    assert (await until(iphone, Complained)).text == f"{LIST_TASK} encountered error: Unexpected response code {status}"
    server.put(storeCard=store_card("1,300"))
    await server.push()
    await until(iphone, Updated)
    assert len([call for call in server.calls if "registrations" in call]) == 2


async def test_a_server_in_trouble_is_told_each_time_until_the_phone_gives_up(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(f"{server.url}/p/C-1")
    server.put(storeCard=store_card("1,300"))
    server.failures = [500] * 3
    await iphone.reboot()
    assert server.logs == [f"{LIST_TASK} encountered error: Unexpected response code 500"] * 3
    assert seen(iphone, Failed)[-1].gives_up


async def test_a_wrong_token_is_told_when_the_pass_is_asked_for(server: HonestServer, iphone: VirtualIphone) -> None:
    server.failures = [401]
    await iphone.add(f"{server.url}/p/C-1")
    assert server.logs == [f"Register task (pass type {TYPE}, serial number C-1) encountered error: Unexpected response code 401"]
    assert len(iphone.passes) == 1  # it is in the wallet all the same, and never updates


async def test_a_delete_that_is_not_answered_200(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(f"{server.url}/p/C-1")
    server.wrong = {"204 to delete"}
    await iphone.remove()
    assert server.logs == [f"Unregister task (pass type {TYPE}, serial number C-1) encountered error: Unexpected response code 204"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("200 when empty", "an empty list where 204 without a body belongs"),
        ("tag as number", "no lastUpdated tag that is a string"),
        ("list is no JSON", "no list of serialNumbers"),
        ("lists strangers", "'stranger', which this device did not register"),
    ],
)
async def test_a_list_that_is_not_as_agreed(server: HonestServer, iphone: VirtualIphone, wrong: str, told: str) -> None:
    assert told in await wronged(server, iphone, wrong, changed=wrong != "200 when empty")


async def test_a_complaint_reaches_the_log_endpoint_word_for_word(server: HonestServer, iphone: VirtualIphone) -> None:
    await iphone.add(f"{server.url}/p/C-1")
    server.wrong = {"same tag", "broken log"}
    await server.push()
    failed = await until(iphone, Failed)
    assert failed.text == "the log endpoint answered 500, not 200"
    assert server.logs == [complaint.text for complaint in seen(iphone, Complained)]

"""The scanner without a network, and with a bad one: what is taken, kept and sent again, at a real server in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, expect

from billfold.domain.loyalty import CardStatus
from scanner.counter import PIN, Counter, Device, counter_at, device_at


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with counter_at(tmp_path_factory.mktemp("counter"), offline_scans_max=6, offline_amount_minor=1_000) as one:
        yield one


@pytest.fixture
def till(counter: Counter, browser: Browser) -> Iterator[Device]:
    with device_at(counter, browser) as device:
        device.terminal, code = counter.terminal()
        device.enrol(code)
        device.ready()
        yield device


def charge(till: Device, code: str, digits: str) -> None:
    """Up to the outcome."""
    till.read(code)
    till.choose("Charge")
    till.type_amount(digits)
    till.page.locator("button.do").click()
    expect(till.told).to_be_visible()


def test_a_new_scanner_asks_for_cards_when_it_can_go_on_alone(counter: Counter, browser: Browser) -> None:
    """Whoever sees "Scan a card" may lose the network in the next moment."""
    card = counter.card(EUR=1_000)
    with device_at(counter, browser) as till:
        held: list[Route] = []
        till.page.route("**/v1/terminals/me/sync", lambda route: held.append(route))
        with till.page.expect_request("**/v1/terminals/me/sync"):
            till.page.get_by_label("Terminal code").fill(counter.terminal()[1])
            till.button("Set up").click()
        expect(till.bar).to_contain_text("Connecting")
        till.read(counter.signed(card))
        assert till.heading("Scan a card").count() == 0
        held.pop().continue_()
        till.ready()
        till.go_offline()
        charge(till, counter.signed(card), "300")
        till.expect_told("yes", "Taken offline")
        till.page.unroute("**/v1/terminals/me/sync")
        till.go_online()
        assert counter.balance(card, "EUR") == 700


def test_a_sale_of_the_moment_in_which_the_server_is_asked_again_is_sent(counter: Counter, till: Device) -> None:
    card = counter.card(EUR=1_000)
    held: list[Route] = []
    till.page.route("**/v1/terminals/me/sync", lambda route: held.append(route))
    till.go_offline()
    with till.page.expect_request("**/v1/terminals/me/sync"):  # nothing waits yet
        pass
    charge(till, counter.signed(card), "300")
    till.expect_told("yes", "Taken offline")
    till.page.context.set_offline(False)
    held.pop().continue_()
    till.page.unroute("**/v1/terminals/me/sync")
    expect(till.bar).to_contain_text("Online")
    expect(till.bar).not_to_contain_text("waiting", timeout=10_000)
    assert counter.balance(card, "EUR") == 700


def test_a_card_that_was_not_looked_up_can_be_when_the_server_is_back(counter: Counter, till: Device) -> None:
    """It has other steps then, so nothing that was typed for the one before is left."""
    till.go_offline()
    till.read(counter.signed(counter.card(EUR=1_000)))
    till.choose("Charge")
    till.type_amount("300")
    till.go_online()
    till.button("Look it up now").click()
    expect(till.heading("Coffee card")).to_be_visible()
    expect(till.page.locator("#amount")).to_have_value("0.00")


@pytest.mark.requirement("S0-15")
def test_signed_cards_go_on_without_a_network_and_are_booked_in_order_later(counter: Counter, till: Device) -> None:
    first, second = counter.card(EUR=1_000), counter.card(EUR=1_000)
    till.go_offline()
    charge(till, counter.signed(first), "300")
    till.expect_told("yes", "Taken offline", "Charge €3.00")
    till.next()
    charge(till, counter.signed(second), "200")
    till.next()
    charge(till, counter.signed(first), "100")
    till.next()
    expect(till.bar).to_contain_text("3 waiting")
    assert counter.scans(first) == counter.scans(second) == []
    kept = till.kept()
    assert [(one["state"], one["verified"]) for one in kept] == [("waiting", True)] * 3
    till.go_online()
    assert (counter.balance(first, "EUR"), counter.balance(second, "EUR")) == (600, 800)
    booked = [*counter.scans(first), *counter.scans(second)]
    assert [one["id"] for one in counter.scans(first)] == [kept[0]["id"], kept[2]["id"]]
    assert {one["flag"] for one in booked} == {""}
    assert [(one["device_seq"], one["answer"]["result"]) for one in till.kept()] == [(1, "applied"), (2, "applied"), (3, "applied")]
    assert all(one["answer"]["scan"]["card"]["member"] is None for one in till.kept()), "a device keeps no names"


def test_what_is_not_allowed_without_the_server_is_refused_in_words(counter: Counter, till: Device) -> None:
    plain, voided, ticket = counter.card(EUR=5_000), counter.card(EUR=5_000), counter.card("coupon")
    counter.set_status(voided, CardStatus.BLOCKED)
    till.button("More").click()
    till.button("Ask the server now").click()  # learns of the blocked card
    expect(till.button("Ask the server now")).to_be_enabled()
    till.button("Back").click()
    till.go_offline()
    good = counter.signed(plain)
    for code, why in (
        (plain.code, "only cards with a signed code"),
        (good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB"), "signature is wrong"),
        (counter.signed(voided), "blocked or void"),
    ):
        charge(till, code, "100")
        till.expect_told("no", "Not done", why)
        till.next()
    charge(till, good, "700")
    till.expect_told("yes", "Taken offline")
    till.next()
    charge(till, good, "301")
    till.expect_told("no", "as much money without the server as it may")
    till.next()
    for tone in ("yes", "no"):
        till.read(counter.signed(ticket))
        till.choose("Redeem")
        till.page.locator("button.do").click()
        till.expect_told(tone)
        till.next()
    expect(till.bar).to_contain_text("2 waiting")
    till.go_online()
    assert counter.balance(plain, "EUR") == 4_300
    assert counter.status(ticket) is CardStatus.REDEEMED


def test_the_page_opens_without_a_network_and_still_has_what_waits(counter: Counter, till: Device) -> None:
    card = counter.card(EUR=1_000)
    till.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    till.go_offline()
    charge(till, counter.signed(card), "250")
    till.reopen()
    expect(till.bar).to_contain_text("Offline · 1 waiting")
    expect(till.heading("Scan a card")).to_be_visible()
    charge(till, counter.signed(card), "50")
    till.expect_told("yes", "Taken offline")
    till.go_online()
    assert counter.balance(card, "EUR") == 700


def test_a_tab_that_dies_while_it_asks_loses_nothing_and_repeats_nothing(counter: Counter, till: Device) -> None:
    card = counter.card(EUR=1_000)
    held: list[Route] = []
    till.page.route("**/v1/scans", lambda route: held.append(route))
    till.read(counter.signed(card))
    till.choose("Charge")
    till.type_amount("400")
    with till.page.expect_request("**/v1/scans"):
        till.page.locator("button.do").click()
    [operation] = till.kept()
    assert (operation["state"], operation["attempts"]) == ("waiting", 1), "it was stored before it was sent"
    till.reopen()
    till.ready()
    expect(till.bar).not_to_contain_text("waiting")
    assert [one["id"] for one in counter.scans(card)] == [operation["id"]]
    assert counter.balance(card, "EUR") == 600


def test_an_answer_that_is_lost_is_asked_for_again(counter: Counter, till: Device) -> None:
    card = counter.card(EUR=1_000)
    till.allow.append("net::ERR")

    def lose(route: Route) -> None:
        route.fetch()  # the server does it
        route.abort()

    till.page.context.route("**/v1/scans", lose, times=1)
    charge(till, counter.signed(card), "400")
    till.expect_told("yes", "Taken offline")
    expect(till.bar).to_contain_text("Online", timeout=15_000)
    expect(till.bar).not_to_contain_text("waiting")
    assert counter.balance(card, "EUR") == 600
    assert [one["answer"]["result"] for one in till.kept()] == ["replayed"]


def test_what_could_not_be_confirmed_is_said_and_can_be_undone(counter: Counter, till: Device) -> None:
    card = counter.card(EUR=1_000)
    till.allow.append("net::ERR")

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    till.page.context.route("**/v1/scans", lose, times=1)
    till.page.context.route("**/v1/scans/batch", lambda route: route.abort(), times=1)
    charge(till, card.code, "400")
    till.expect_told("look", "Not confirmed")
    till.button("Undo").click()
    expect(till.bar).to_contain_text("Online", timeout=15_000)
    expect(till.bar).not_to_contain_text("waiting")
    assert [one["action"] for one in counter.scans(card)] == ["charge", "undo"]
    assert counter.balance(card, "EUR") == 1_000


def test_a_server_that_forgot_hears_again_what_it_had_booked(counter: Counter, till: Device) -> None:
    """As after a restore from backup: it knows less than it had confirmed. What it still has is found, not done again."""
    card = counter.card(EUR=1_000)
    till.go_offline()
    charge(till, counter.signed(card), "200")
    till.next()
    till.go_online()
    charge(till, counter.signed(card), "100")
    till.expect_told("yes", "Charged")
    before = till.kept()
    assert [one["answer"]["result"] for one in before] == ["applied", "applied"]
    counter.forget_device(till.terminal)
    with till.page.expect_response("**/v1/scans/batch"):
        till.button("More").click()
        till.button("Ask the server now").click()
    expect(till.bar).not_to_contain_text("waiting")
    expect(till.bar).to_contain_text("Online")
    assert [(one["id"], one["answer"]["result"]) for one in till.kept()] == [(one["id"], "replayed") for one in before]
    assert counter.balance(card, "EUR") == 700


def test_two_tabs_send_each_operation_once(counter: Counter, till: Device) -> None:
    card = counter.card(EUR=1_000)
    other = till.another_tab()
    expect(other.heading("Scan a card")).to_be_visible()
    sent: list[str] = []
    till.page.context.on(
        "request",
        lambda request: (
            sent.extend(one["id"] for one in (request.post_data_json or {}).get("items", []))
            if request.url.endswith("/batch")
            else None
        ),
    )
    till.go_offline()
    expect(other.bar).to_contain_text("Offline")
    for number, tab in enumerate((till, other, till)):
        tab.page.bring_to_front()  # as people do: Chromium lets a tab behind another wait two seconds for each click
        charge(tab, counter.signed(card), "100")
        tab.next()
        expect((other, till, other)[number].bar).to_contain_text(f"{number + 1} waiting")
    sent.clear()
    till.go_online()
    expect(other.bar).to_contain_text("Online")
    expect(other.bar).not_to_contain_text("waiting")
    assert counter.balance(card, "EUR") == 700
    assert [one["device_seq"] for one in till.kept()] == [1, 2, 3]
    assert sorted(sent) == sorted({one["id"] for one in till.kept()}), "each was sent once, by one of them"


def test_a_revoked_terminal_hands_in_what_it_took_for_a_person_to_decide(counter: Counter, browser: Browser) -> None:
    card = counter.card(EUR=1_000)
    terminal, code = counter.terminal()
    with device_at(counter, browser) as till:
        till.enrol(code)
        till.ready()
        till.go_offline()
        charge(till, counter.signed(card), "500")
        till.expect_told("yes", "Taken offline")
        till.next()
        counter.revoke(terminal)
        till.allow.append("401")
        till.page.context.set_offline(False)
        expect(till.heading("This terminal is switched off")).to_be_visible(timeout=15_000)
        assert counter.balance(card, "EUR") == 1_000, "nothing is booked by itself"
        [operation] = till.kept()
        assert operation["answer"]["result"] == "quarantined"
        assert operation["id"] in [one["id"] for one in counter.quarantine()]
        till.button("Last ten").click()
        attention = till.page.get_by_role("region", name="Please look")
        expect(attention).to_contain_text("switched off before this arrived")
        seen = attention.get_by_role("button", name="Seen")
        box = seen.bounding_box()
        assert box is not None
        assert box["width"] > box["height"], "beside a long sentence it keeps its word in one line"
        seen.click()
        expect(attention).to_have_count(0)


def test_a_pin_is_checked_without_the_server_five_times_at_most(counter: Counter, browser: Browser) -> None:
    with device_at(counter, browser) as till:
        till.enrol(counter.terminal(pin=PIN)[1])
        field = till.page.get_by_label("PIN of this terminal")
        field.fill(PIN)
        till.button("Unlock").click()
        till.ready()
        till.button("More").click()
        till.button("Lock").click()
        till.go_offline()
        for _ in range(5):
            field.fill("0000")
            till.button("Unlock").click()
            expect(till.page.get_by_role("alert")).to_have_text("That is not the PIN.")
        field.fill(PIN)
        till.button("Unlock").click()
        expect(till.page.get_by_role("alert")).to_contain_text("cannot check the PIN without a network")

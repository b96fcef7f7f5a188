"""A cashier's story at a real server, in a real browser on a phone of 360 px: scan, look, do, see, undo."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from billfold.domain.content import Barcode, BarcodeFormat
from billfold.domain.loyalty import CardStatus
from e2e.browser import NARROW_ANDROID, chromium
from scanner import films, keys
from scanner.counter import PIN, Counter, Device, counter_at, device_at


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with counter_at(tmp_path_factory.mktemp("counter")) as one:
        yield one


@pytest.fixture
def till(counter: Counter, browser: Browser) -> Iterator[Device]:
    with device_at(counter, browser) as device:
        device.enrol(counter.terminal()[1])
        device.ready()
        yield device


@pytest.mark.requirement("S2-31", "S2-32", "S2-42")
def test_a_card_before_the_camera_is_charged(counter: Counter, tmp_path: Path) -> None:
    card = counter.card(EUR=2_500)
    film = films.film(tmp_path / "card.y4m", films.draw(Barcode(BarcodeFormat.QR, card.code)))
    with chromium(*films.arguments(film)) as browser, device_at(counter, browser) as till:
        till.enrol(counter.terminal()[1])
        expect(till.heading("Coffee card")).to_be_visible(timeout=15_000)
        expect(till.page.locator(".face")).to_contain_text("Ada Lovelace")
        expect(till.page.locator(".face")).to_contain_text("€25.00")
        till.choose("Charge")
        till.type_amount("550")
        till.button("Explain").click()
        explained = till.page.get_by_role("status").filter(has_text="What would happen")
        expect(explained).to_contain_text("Latte macchiato (by its price)")
        expect(explained).to_contain_text("€19.50")
        last, foot = explained.locator("dd").last.bounding_box(), till.page.locator(".foot").bounding_box()
        assert last is not None
        assert foot is not None
        assert last["y"] + last["height"] <= foot["y"], "all of it is in sight, above the buttons"
        assert counter.balance(card, "EUR") == 2_500, "nothing was done"
        till.button("Charge €5.50").click()
        till.expect_told("yes", "Charged", "-€5.50", "€19.50")
    assert counter.balance(card, "EUR") == 1_950
    [scan] = counter.scans(card)
    assert (scan["action"], scan["description"]) == ("charge", "Latte macchiato")


@pytest.mark.requirement("S2-41", "S2-42")
def test_a_product_is_two_taps(counter: Counter, till: Device) -> None:
    card = counter.card(EUR=1_000)
    till.read(card.code)
    till.choose("Charge")
    till.button("Espresso €2.50").click()
    till.button("Charge €2.50").click()
    till.expect_told("yes", "Charged", "€7.50")
    [scan] = counter.scans(card)
    assert scan["product"]["name"] == "Espresso"
    assert [one["device_seq"] for one in till.kept()] == [1], "so that one which never arrives is missed"


def test_a_coupon_is_redeemed_once(counter: Counter, till: Device) -> None:
    card = counter.card("coupon")
    till.read(card.code)
    till.button("Redeem").click()
    till.expect_told("yes", "Redeemed")
    assert counter.status(card) is CardStatus.REDEEMED
    till.next()
    till.read(card.code)
    expect(till.page.get_by_role("alert")).to_contain_text("It was redeemed before.")
    assert till.button("Redeem").count() == 0


def test_stamps_lead_to_a_reward(counter: Counter, till: Device) -> None:
    card = counter.card("stamps", stamps=9)
    till.read(card.code)
    expect(till.page.locator(".stamps")).to_contain_text("9 of 10 stamps")
    till.button("Stamp +1").click()
    till.expect_told("yes", "Reward earned", "10 stamps")
    till.next()
    till.read(card.code)
    till.choose("Redeem")
    till.button("Redeem").click()
    till.expect_told("yes", "Redeemed", "0 stamps")
    assert counter.balance(card, "stamps") == 0


def test_a_balance_too_low_is_refused_in_words(counter: Counter, till: Device) -> None:
    card = counter.card(EUR=100)
    till.allow.append("402")
    till.read(card.code)
    till.choose("Charge")
    till.type_amount("101")
    till.button("Charge €1.01").click()
    till.expect_told("no", "Not done", "The balance is too low.")
    assert till.button("Undo").count() == 0
    assert counter.balance(card, "EUR") == 100


@pytest.mark.requirement("S2-43", "S2-44", "S2-45", "S2-47", "S2-48")
def test_a_restricted_card_names_what_it_is_for(counter: Counter, till: Device) -> None:
    card = counter.card("restricted", EUR=2_000)
    till.allow.append("422")
    till.read(card.code)
    expect(till.page.locator(".face")).to_contain_text("Only for: Espresso, Cappuccino.")
    expect(till.page.locator(".products").get_by_role("button")).to_have_text(["Espresso€2.50", "Cappuccino€3.50"])
    till.choose("Charge")
    till.type_amount("550")
    till.button("Charge €5.50").click()
    till.expect_told("no", "The card is not valid for this product.", "Espresso, Cappuccino")
    till.next()
    till.read(card.code)
    till.type_amount("999")
    till.button("Charge €9.99").click()
    till.expect_told("no", "Choose the product.")
    assert counter.balance(card, "EUR") == 2_000


@pytest.mark.requirement("S2-43", "S2-48")
def test_a_stamp_for_certain_products_asks_which(counter: Counter, till: Device) -> None:
    card = counter.card("punch")
    till.read(card.code)
    expect(till.button("Stamp +1")).to_be_disabled()
    till.button("Cappuccino").click()
    till.button("Stamp +1").click()
    till.expect_told("yes", "Stamped", "1 stamp")
    till.button("More").click()
    till.page.get_by_label("One stamp").check()
    till.button("Back").click()
    till.allow.append("422")
    till.read(card.code)
    till.expect_told("no", "Choose the product.")
    till.button("Espresso").click()
    till.expect_told("yes", "Stamped", "2 stamps")
    other = counter.card(EUR=500)
    for _ in range(2):  # refused, it may be tried again at once
        till.read(other.code)
        till.expect_told("no", "This card is of another kind")
        expect(till.page.locator(".turn")).to_have_text("")
    assert [one["product"]["name"] for one in counter.scans(card)] == ["Cappuccino", "Espresso"]


def test_a_code_that_comes_while_the_till_is_busy_waits_its_turn(counter: Counter, till: Device) -> None:
    first, second = counter.card(EUR=1_000), counter.card(title="The next one")
    held: list[Route] = []
    till.page.route("**/v1/scans", lambda route: held.append(route))
    till.read(first.code)
    till.choose("Charge")
    till.type_amount("100")
    with till.page.expect_request("**/v1/scans"):
        till.button("Charge €1.00").click()
    turn = till.page.locator(".turn")
    till.read(first.code)
    expect(turn).to_have_text("This card was read twice. It counts once.")
    till.read(second.code)
    expect(turn).to_contain_text(f"Next: {second.code[:20]}")
    held.pop().continue_()
    till.expect_told("yes", "Charged", "€9.00")
    till.button("Next").click()
    expect(till.heading("The next one")).to_be_visible()
    expect(turn).to_have_text("")
    assert [one["action"] for one in counter.scans(first)] == ["charge"]


def test_a_gate_counts_an_impatient_hand_once(counter: Counter, till: Device) -> None:
    card = counter.card("stamps")
    till.button("More").click()
    till.page.get_by_label("One stamp").check()
    till.button("Back").click()
    till.read(card.code)
    till.read(card.code)
    till.expect_told("yes", "Stamped", "1 stamp")
    expect(till.page.locator(".turn")).to_have_text("This card was read twice. It counts once.")
    assert counter.balance(card, "stamps") == 1


@pytest.mark.requirement("S2-46")
def test_money_goes_onto_a_card_and_points_too(counter: Counter, till: Device) -> None:
    card = counter.card(points=5)
    till.read(card.code)
    till.choose("Top up")
    till.type_amount("2000")
    till.button("Top up €20.00").click()
    till.expect_told("yes", "Topped up", "€20.00", "5 points")
    till.next()
    till.read(card.code)
    till.choose("Add points")
    till.type_amount("12")
    till.button("Add points 12 points").click()
    till.expect_told("yes", "Points added")
    assert counter.balance(card, "EUR") == 2_000


def test_a_scan_is_undone_from_the_result_and_from_the_last_ten(counter: Counter, till: Device) -> None:
    card = counter.card(EUR=1_000)
    for amount in ("100", "200"):
        till.read(card.code)
        till.choose("Charge")
        till.type_amount(amount)
        till.button(f"Charge €{amount[0]}.00").click()
        till.expect_told("yes", "Charged")
    till.button("Undo").click()
    till.expect_told("yes", "Undone", "€9.00")
    till.next()
    till.button("Last ten").click()
    rows = till.page.get_by_role("list", name="Last ten scans of this scanner").get_by_role("listitem")
    expect(rows.nth(0)).to_contain_text("Undone")
    rows.nth(1).get_by_role("button", name="Undo").click()
    rows.nth(1).get_by_role("button", name="Really undo").click()
    expect(rows.nth(1)).to_contain_text("Undone")
    assert counter.balance(card, "EUR") == 1_000
    assert [one["action"] for one in counter.scans(card)] == ["charge", "charge", "undo", "undo"]


def test_a_gate_decides_at_each_scan_at_once(counter: Counter, till: Device) -> None:
    ticket, other = counter.card("coupon"), counter.card("coupon")
    till.allow.append("409")
    till.button("More").click()
    till.page.get_by_label("Check in").check()
    till.button("Back").click()
    expect(till.heading("Check in")).to_be_visible()
    till.read(ticket.code)
    till.expect_told("yes", "Welcome")
    till.read(other.code)
    till.expect_told("yes", "Welcome")
    till.read(ticket.code)
    till.expect_told("no", "It was redeemed before.")


def test_an_unknown_code_is_told(till: Device) -> None:
    till.allow.append("404")
    till.read("NOBODY-HAS-THIS")
    till.expect_told("no", "No card has this code.")


@pytest.mark.requirement("S2-06")
def test_a_terminals_code_works_once(counter: Counter, browser: Browser) -> None:
    _, code = counter.terminal()
    with device_at(counter, browser) as first, device_at(counter, browser) as second:
        first.enrol(code)
        first.ready()
        second.allow.append("401")
        second.page.get_by_label("Terminal code").fill(code)
        second.button("Set up").click()
        expect(second.page.get_by_role("alert")).to_be_visible()
        expect(second.page.get_by_label("Terminal code")).to_be_visible()


def test_the_pin_is_asked_at_each_start(counter: Counter, browser: Browser) -> None:
    _, code = counter.terminal(pin=PIN)
    with device_at(counter, browser) as till:
        till.enrol(code)
        field = till.page.get_by_label("PIN of this terminal")
        till.allow.append("422")
        field.fill("1111")
        till.button("Unlock").click()
        expect(till.page.get_by_role("alert")).to_have_text("That is not the PIN.")
        till.read(counter.card(EUR=1).code)
        expect(till.page.get_by_role("alert")).to_have_text("Enter the PIN first. Then scan the card again.")
        expect(field).to_be_visible()  # a locked scanner reads nothing
        field.fill(PIN)
        till.button("Unlock").click()
        till.ready()
        till.page.reload()
        expect(field).to_be_visible()
        till.allow.append("net::ERR")
        till.page.context.set_offline(True)
        field.fill(PIN)
        till.button("Unlock").click()
        expect(till.heading("Scan a card")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_screen_is_readable_by_everybody(
    scheme, counter: Counter, browser: Browser, no_serious_axe: Callable[[Page], None]
) -> None:
    card = counter.card(EUR=2_000, points=3)
    with device_at(counter, browser, replace(NARROW_ANDROID, scheme=scheme)) as till:
        no_serious_axe(till.page)
        till.enrol(counter.terminal()[1])
        till.ready()
        no_serious_axe(till.page)
        till.read(card.code)
        till.choose("Charge")
        till.type_amount("550")
        till.button("Explain").click()
        expect(till.page.get_by_text("What would happen")).to_be_visible()
        no_serious_axe(till.page)
        till.button("Charge €5.50").click()
        till.expect_told("yes", "Charged")
        no_serious_axe(till.page)
        till.button("Last ten").click()
        no_serious_axe(till.page)
        till.button("More").click()
        no_serious_axe(till.page)


def test_a_keyboard_alone_is_enough(counter: Counter, till: Device) -> None:
    card = counter.card(EUR=2_000)
    till.read(card.code)
    expect(till.heading("Coffee card")).to_be_focused()
    page = till.page

    def tab_to(name: str) -> None:
        for _ in range(40):
            if page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).textContent").strip() == name:
                return
            page.keyboard.press("Tab")
        pytest.fail(f"the Tab key does not lead to {name}")

    tab_to("Charge")
    page.keyboard.press("Space")
    tab_to("EUR")
    keys.press(page, [*"1234", "Tab"], keys.PERSON_MS)
    tab_to("Charge €12.34")
    page.keyboard.press("Enter")
    till.expect_told("yes", "Charged", "€7.66")
    expect(till.button("Next")).to_be_focused()
    page.keyboard.press("Enter")
    expect(till.heading("Scan a card")).to_be_focused()


def test_texts_of_others_run_no_script(counter: Counter, till: Device) -> None:
    bad = "<img src=x onerror=window.ran=1>\"'></script><script>window.ran=2</script>"
    card = counter.card(EUR=500, title=bad)
    till.read(card.code)
    expect(till.heading(bad)).to_be_visible()
    till.choose("Charge")
    till.type_amount("1")
    till.page.locator("summary").click()
    till.page.locator("#note").fill(bad)
    till.button("Charge €0.01").click()
    till.expect_told("yes", "Charged")
    till.button("Last ten").click()
    expect(till.page.get_by_text(bad).first).to_be_visible()
    assert till.page.evaluate("window.ran") is None
    assert counter.scans(card)[0]["description"] == bad

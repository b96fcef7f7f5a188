"""How the phones of the page look and read: codes that scanners read, texts that never run, languages, keyboard, accessibility."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from billfold.phones_page.pages import ROOM
from e2e.browser import DESKTOP, NARROW_ANDROID, Visitor
from e2e.conftest import Billfold
from e2e.phones_pages import WAIT_MS, link_to, phones_on
from hostile import PAYLOADS as HOSTILE
from plugins.pages import Look

CODES = {
    "PDF417": "M1LOVELACE/ADA       EABC123 BERLISLH 0400 340Y012A0099",
    "Aztec": "LOYALTY-98765",
    "Code128": "LOYALTY-98765",
    "Code39": "LOYALTY-98765",
    "EAN13": "4006381333931",
    "QR": "LOYALTY-98765/ü",
}
"""Each of another format than the one before it, and the first than the card's own: a new format on the screen is the new pass."""
CARD = {
    "description": "Loyalty card",
    "logo_text": "Bayroast Coffee",
    "style": "store_card",
    "background_color": "#3b2417",
    "foreground_color": "#ffffff",
    "label_color": "#f3dfc6",
    "header": [{"key": "points", "label": "POINTS", "value": "1250", "format": {"type": "number"}}],
    "secondary": [{"key": "member", "label": "MEMBER", "value": "Ada Lovelace"}],
    "back": [{"key": "more", "label": "How it works", "value": "Show the code before you pay."}],
    "barcode": {"format": "QR", "message": "LOYALTY-98765"},
}


@pytest.mark.parametrize(
    "visitor",
    [DESKTOP, replace(DESKTOP, scheme="dark"), replace(NARROW_ANDROID, scheme="dark"), NARROW_ANDROID],
    ids=lambda one: f"{one.width} {one.scheme}",
)
def test_every_screen_is_readable_and_without_serious_faults(
    page_server: Billfold, look: Look, no_serious_axe: Callable[[Page], None], visitor: Visitor
) -> None:
    _, link = link_to(page_server, CARD | {"locations": [{"latitude": 52.5, "longitude": 13.4}]})
    url = page_server.url + "/phones"
    with look(url, visitor) as page:
        phones = phones_on(page)
        no_serious_axe(page)
        for phone in phones:
            phone.install(link)
            phone.open_pass()
        expect(page.locator("svg.modules")).to_have_count(2, timeout=WAIT_MS)
        no_serious_axe(page)
        for phone in phones:
            phone.press("Details")
        no_serious_axe(page)
        for phone in phones:
            phone.press("Lock screen")
        no_serious_axe(page)


def test_the_keyboard_alone_brings_a_card_and_takes_it_away(page_server: Billfold, look: Look) -> None:
    _, link = link_to(page_server, CARD)
    with look(page_server.url + "/phones") as page:
        iphone, _ = phones_on(page)
        page.get_by_label("Share link of a pass").focus()
        page.keyboard.type(link)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        iphone.wait_for("waiting")
        for name in ("Details", "Remove", "Really remove"):
            if name == "Details":
                iphone.whole.locator(".peek").focus()
                page.keyboard.press("Enter")
            iphone.button(name).focus()
            page.keyboard.press("Enter")
        iphone.wait_for("removed")
        outline = iphone.button("Lock screen").evaluate(
            "one => (one.focus({ focusVisible: true }), getComputedStyle(one).outlineStyle)"
        )
        assert outline == "solid"


def test_thirty_hostile_texts_are_shown_and_never_run(page_server: Billfold, look: Look) -> None:
    assert len(HOSTILE) == 30
    fields = [{"key": f"k{number}", "label": text[:60], "value": text} for number, text in enumerate(HOSTILE)]
    content = {
        "description": HOSTILE[0],
        "logo_text": HOSTILE[10],
        "organization_name": HOSTILE[11],
        "style": "store_card",
        "header": [fields[0] | {"change_message": "%@ " + HOSTILE[12]}],
        "secondary": fields[1:4],
        "back": fields[4:],
        "barcode": {"format": "QR", "message": HOSTILE[13], "alt_text": HOSTILE[14]},
        "locations": [{"latitude": 52.5, "longitude": 13.4, "relevant_text": HOSTILE[15]}],
    }
    serial, link = link_to(page_server, content)
    with look(page_server.url + "/phones") as page:
        phones = phones_on(page)
        for phone in phones:
            phone.install(link)
        changed = content | {"header": [content["header"][0] | {"value": HOSTILE[16]}]}
        answer = page_server.api("PUT", f"/v1/passes/{serial}", {"content": changed})
        assert answer.status == 200, answer.body
        for phone in phones:
            phone.wait_for("notified")
            phone.open_pass()
            phone.press("Details")
            shown = phone.whole.locator(".back").inner_text()
            assert all(text.splitlines()[0] in shown for text in HOSTILE[4:10])
            expect(phone.lock_screen.locator(".notice").first).to_be_visible()
        assert HOSTILE[12] in phones[0].lock_screen.inner_text()
        assert page.evaluate(
            "[window.ran, Object.prototype.ran, document.querySelectorAll('#phones script, #phones iframe').length]"
        ) == [
            None,
            None,
            0,
        ]


def test_scanners_read_the_code_that_is_in_the_pass(
    page_server: Billfold, look: Look, decode_barcode: Callable[[bytes], list[object]]
) -> None:
    serial, link = link_to(page_server, CARD)
    with look(page_server.url + "/phones", DESKTOP, scale=3) as page:
        for phone in phones_on(page):
            phone.install(link)
            phone.open_pass()
        for format_, message in CODES.items():
            changed = CARD | {"barcode": {"format": format_, "message": message}}
            assert page_server.api("PUT", f"/v1/passes/{serial}", {"content": changed}).status == 200
            for phone in phones_on(page):
                panel = phone.whole.locator(f'.face .code-panel[data-format="{format_}"]')
                expect(panel.locator("svg")).to_be_visible(timeout=WAIT_MS)
                assert {one.text for one in decode_barcode(panel.screenshot())} == {message}


def test_a_phone_reads_in_its_own_language(page_server: Billfold, look: Look) -> None:
    translated = CARD | {
        "language": "en",
        "translations": {"de": {"fields.points.label": "PUNKTE", "fields.points.change_message": "Jetzt sind es %@"}},
    }
    field = CARD["header"][0] | {"change_message": "Now %@"}
    serial, link = link_to(page_server, translated | {"header": [field]})
    with look(page_server.url + "/phones") as page:
        for phone in phones_on(page):
            phone.install(link)
            phone.whole.get_by_label("Language").select_option("Deutsch")
            expect(phone.whole.locator(".card")).to_contain_text("PUNKTE")
            expect(phone.whole.locator(".card")).to_contain_text("1.250")
        changed = translated | {"header": [field | {"value": "1300"}]}
        assert page_server.api("PUT", f"/v1/passes/{serial}", {"content": changed}).status == 200
        iphone, _ = phones_on(page)
        iphone.wait_for("notified", "Jetzt sind es 1.300")


def test_every_text_that_a_module_says_is_written() -> None:
    """Also those whose key is put together: an event's, a screen's, a phone's."""
    modules = [path.read_text() for path in (ROOM.folder / "static").rglob("*.js") if "vendor" not in path.parts]
    said = {key for text in modules for key in re.findall(r'\bsay\((?:[^()"]*\? )?"(\w+)"', text)}
    events = {name for text in modules for name in re.findall(r'event: "(\w+)"', text)} - {"updated"}
    said |= {f"event_{name}" for name in events} | {"screen_wallet", "screen_lock", "iphone", "android"}
    said |= {key for text in modules for key in re.findall(r'doing\("(\w+)"', text)}
    assert {f"script.{key}" for key in said} - ROOM.texts.keys() == set()

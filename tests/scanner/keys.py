"""Keys at a pace that the test says, whatever the machine has to do meanwhile: each carries the time at which it was pressed.

May not enter: waiting."""

import time

from playwright.sync_api import Page

READER_MS, PERSON_MS = 8, 140
_NAMED = {"Enter": (13, "\r"), "Tab": (9, ""), " ": (32, " ")}


def press(page: Page, keys: list[str], every_ms: float) -> None:
    """Into whatever has the focus, as a keyboard would."""
    session = page.context.new_cdp_session(page)
    begun = time.time()
    for number, key in enumerate(keys):
        code, text = _NAMED.get(key, (ord(key[0].upper()), key))
        at = begun + number * every_ms / 1000
        pressed = {"key": key, "windowsVirtualKeyCode": code, "timestamp": at}
        session.send("Input.dispatchKeyEvent", {"type": "keyDown" if text else "rawKeyDown", "text": text, **pressed})
        session.send("Input.dispatchKeyEvent", {"type": "keyUp", **pressed})
    session.detach()


def reader(page: Page, code: str, end: str = "Enter") -> None:
    """A reader that types the code."""
    press(page, [*code, end], READER_MS)

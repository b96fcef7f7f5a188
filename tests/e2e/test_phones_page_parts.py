"""Single modules of the phones' page, asked in a real browser: relevance, rotating codes, time-outs."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from billfold.phones_page.pages import ROOM
from e2e.browser import DESKTOP, visiting
from e2e.honest_page import judging


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """For modules alone; nobody looks at its phones."""
    with judging(tmp_path_factory.mktemp("parts")) as one, visiting(browser, DESKTOP, f"{one.server.url}/phones") as visit:
        yield visit.page


NOON, PARIS, NEAR, FAR = "2026-06-01T12:00:00Z", (48.8566, 2.3522), (48.8571, 2.3522), (48.8640, 2.3522)


@pytest.mark.parametrize(
    ("style", "places", "dates", "at", "place", "offered"),
    [
        ("storeCard", [PARIS], [], NOON, NEAR, True),
        ("storeCard", [PARIS], [], NOON, FAR, False),
        ("storeCard", [PARIS], [], NOON, None, False),
        ("storeCard", [PARIS], [NOON], "2026-07-01T12:00:00Z", NEAR, True),  # its date does not count
        ("storeCard", [], [NOON], NOON, NEAR, False),
        ("eventTicket", [PARIS], [NOON], NOON, FAR, True),  # within a kilometre
        ("eventTicket", [PARIS], [NOON], "2026-06-02T12:00:00Z", FAR, False),
        ("eventTicket", [], [NOON], "2026-06-01T10:00:00Z", None, True),
        ("boardingPass", [PARIS], [], NOON, FAR, True),
        ("generic", [PARIS], [NOON], NOON, FAR, False),
    ],
)
def test_what_is_wanted_here_and_now(
    page: Page, style: str, places: object, dates: object, at: str, place: object, offered: bool
) -> None:
    """Table of reference/apple-wallet.md section 2.6."""
    said = page.evaluate(
        """async ([base, style, places, dates, at, place]) => {
          const { relevance } = await import(base + "nearby.js");
          const where = ([latitude, longitude]) => ({ latitude, longitude, text: "here" });
          const card = { wallet: "apple", style, nearby: places.map(where) };
          const pass = { content: { card, maxDistance: null, dates: dates.map(start => ({ start, end: null })) } };
          return relevance(pass, place && where(place), new Date(at)) !== null;
        }""",
        [ROOM.assets.base, style, places, dates, at, place],
    )
    assert said is offered


def test_a_rotating_code_follows_the_standard(page: Page) -> None:
    """Test vectors of RFC 6238, appendix B, at 8 digits."""
    secret = b"12345678901234567890".hex()
    details = {"periodMillis": "30000", "parameters": [{"key": secret, "valueLength": 8}]}
    rotating = {
        "rotatingBarcode": {"type": "QR_CODE", "valuePattern": "T-{totp_timestamp_seconds}-{totp_value_0}", "totpDetails": details}
    }
    read = """async ([base, object, ms]) => (await import(base + "google/codes.js")).codeAt(object, ms)"""
    for seconds, digits in ((59, "94287082"), (1111111109, "07081804"), (20000000000, "65353130")):
        code = page.evaluate(read, [ROOM.assets.base, rotating, seconds * 1000])
        assert (code["format"], code["message"], code["periodMs"]) == ("QR", f"T-{seconds}-{digits}", 30000)


def test_a_server_that_does_not_answer_is_said_so(page: Page) -> None:
    page.route("**/never", lambda _route: None)
    ask = """async base => {
      const { request } = await import(base + "reading/http.js");
      return request("GET", location.origin + "/never", { timeoutSeconds: 0.05 }).catch(error => error.message);
    }"""
    assert page.evaluate(ask, ROOM.assets.base) == page.evaluate("`no answer from ${location.origin} within 0.05 seconds`")

"""The console as a browser meets it, and as somebody does who is no browser of ours: cookies, forms, the demo's door, the limit."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from api.conftest import MINE, on_sqlite
from billfold.domain import totp
from billfold.domain.addresses import Addresses
from billfold.domain.people import OWNER
from billfold.flows import people
from billfold.limits import TokenBuckets
from billfold.settings import Settings
from billfold.studio.routes import create_routes, open_desk
from billfold.studio.sign_in_pages import next_page
from studio.conftest import PASSWORD, URL, Console, console_app

EMAIL = "ada@example.com"
PAGES = ("/studio/test", "/studio/live", "/studio/test/people", "/studio/test/keys", "/studio/test/account")
"""Of which `test_pages_show_what_a_role_may` knows who may see them."""
FORMS = (
    "/studio/test/people/invite",
    "/studio/test/people/role",
    "/studio/test/people/remove",
    "/studio/test/people/withdraw",
    "/studio/test/people/end",
    "/studio/test/account/end",
    "/studio/test/account/password",
    "/studio/test/account/secret",
    "/studio/test/account/passkey/remove",
    "/studio/test/prove",
    "/studio/test/prove/passkey",
    "/studio/test/account/passkey",
    "/studio/test/keys/make",
    "/studio/test/keys/roll",
    "/studio/test/keys/revoke",
    "/studio/sign-out",
)
OPEN_FORMS = ("/studio/sign-in", "/studio/sign-in/passkey", "/studio/sign-in/passkey/answer")


def test_every_form_is_tried(console_routes: set[tuple[str, str]]) -> None:
    posts = {path.replace("{environment}", "test") for path, method in console_routes if method == "POST"}
    assert {one for one in posts if "/join/" not in one} == {*FORMS, *OPEN_FORMS}


@pytest.fixture
def console_routes(tmp_path: Path) -> set[tuple[str, str]]:
    class Blank:
        addresses = Addresses(URL)

    made = create_routes(open_desk(Blank(), door=False, demo_workspace="demo00"))  # type: ignore[arg-type]
    return {(one.path, method) for one in made if hasattr(one, "methods") for method in one.methods or ()}


async def test_nobody_sees_a_page_without_signing_in(console: Console) -> None:
    browser = console.browser()
    for path in ("/studio", *PAGES):
        answer = await browser.see(path)
        assert answer.status == 303
        assert answer.headers["location"].startswith("/studio/sign-in?next=")
    for path in FORMS:
        assert (await browser.send(path)).status == 303, path


async def test_a_form_that_none_of_our_pages_sent_does_nothing(console: Console, subtests: pytest.Subtests) -> None:
    browser = await console.signed_in(await console.owner())
    other = await console.signed_in(await console.person("owner", "bea@example.com"))
    good = browser.token
    strange: list[tuple[str, dict[str, str | None], str]] = [
        ("no token", {}, ""),
        ("a made-up token", {}, "0" * 64),
        ("another session's token", {}, other.token),
        ("from another site", {"origin": "https://evil.example"}, good),
        ("from a name that looks like ours", {"origin": f"{URL}.evil.example"}, good),
        ("from a page without an origin", {"origin": "null"}, good),
        ("without saying from where", {"origin": None}, good),
        ("from another port", {"origin": "http://127.0.0.1:9000"}, good),
        ("over https instead", {"origin": "https://127.0.0.1:8000"}, good),
    ]
    for path in FORMS:
        for name, headers, token in strange:
            with subtests.test(path, name=name):
                browser.token = token
                assert (await browser.send(path, {}, **headers)).status == 403
    browser.token = good
    for path in OPEN_FORMS:
        for name, headers, token in strange:
            with subtests.test(path, name=name):
                stranger = console.browser(token=token)
                assert (await stranger.send(path, {}, **headers)).status == 403
    assert (await browser.see("/studio/test/account")).status == 200


async def test_the_cookie_is_for_the_server_alone_and_new_at_each_sign_in(console: Console) -> None:
    owner = await console.owner()
    browser = await console.signed_in(owner)
    before = dict(browser.cookies)
    line = next(one for one in browser.set_cookies if one.startswith("billfold="))
    assert all(word in line for word in ("HttpOnly", "SameSite=lax", "Path=/"))
    fixed = console.browser(cookies={"billfold": before["billfold"], **before})
    console.clock.advance(seconds=30)
    assert (await console.sign_in(fixed, EMAIL)).status == 303
    assert fixed.cookies["billfold"] != before["billfold"]
    assert (await browser.see("/studio/test")).status == 303, "the session that the browser had before is over"
    assert (await fixed.see("/studio/test")).status == 200
    await fixed.see("/studio/test/account")
    assert (await fixed.send("/studio/sign-out")).status == 303
    assert fixed.cookies["billfold"] == ""


@on_sqlite
async def test_behind_https_cookies_are_bound_to_this_host(console: Console, tmp_path: Path) -> None:

    services = replace(console.services, addresses=Addresses("https://pass.example"))
    console.app = console_app(services, Settings(data=tmp_path, public_url="https://pass.example"))
    browser = console.browser(origin="https://pass.example")
    await console.owner()
    console.clock.advance(seconds=30)
    assert (await console.sign_in(browser, EMAIL)).status == 303
    for name in ("__Host-billfold", "__Host-billfold-visit"):
        line = next(one for one in browser.set_cookies if one.startswith(f"{name}="))
        assert "Secure" in line
        assert "Domain" not in line


async def test_answers_are_alike_whatever_was_wrong(console: Console) -> None:
    await console.owner()
    console.clock.advance(seconds=30)
    pages = []
    for email, password, code in (
        (EMAIL, "wrong", None),
        (EMAIL, PASSWORD, "000000"),
        ("nobody@example.com", PASSWORD, None),
    ):
        browser = console.browser()
        answer = await console.sign_in(browser, email, password, code or console.code(EMAIL))
        nonce = answer.headers["content-security-policy"].partition("'nonce-")[2].partition("'")[0]
        pages.append((answer.status, answer.body.decode().replace(nonce, "").replace(browser.token, "").replace(email, "")))
    assert pages[0][0] == 401
    assert pages[0] == pages[1] == pages[2]


@on_sqlite
async def test_one_limit_for_every_way_in(console: Console, tmp_path: Path) -> None:
    """Guesses of one account count together however its address is written, and a right one comes too late beyond the limit."""
    await console.owner()
    limited = replace(console.services, failed_sign_ins=TokenBuckets(10 / 60, 10, time.monotonic, policy="sign_in", message="wait"))
    console.app = console_app(limited, Settings(data=tmp_path))
    console.clock.advance(seconds=30)
    written = ["ada@example.com", "ADA@example.com", " ada@example.com", "Ada@Example.Com", "ａda@example.com"]
    answers = []
    for place in range(10):
        browser = console.browser()
        browser.client = browser.client.at(f"203.0.113.{place}")
        answers.append((await console.sign_in(browser, written[place % 5], "wrong", "000000")).status)
    assert answers == [401] * 10
    late = await console.sign_in(console.browser(), EMAIL)
    assert late.status == 429
    assert int(late.headers["retry-after"]) >= 1
    same_place = console.browser()
    same_place.client = same_place.client.at("198.51.100.1")
    refused = [(await console.sign_in(same_place, f"someone{place}@example.com", "wrong", "1")).status for place in range(11)]
    assert refused == [401] * 10 + [429]
    await same_place.see("/studio/sign-in")
    passkey = {"content-type": "application/json", "x-csrf-token": same_place.token, "accept": "application/json"}
    body = b'{"state": "1.a", "answer": {"id": "QUJD", "response": {"userHandle": "bWluZTAw"}}}'
    answer = await same_place._ask("POST", "/studio/sign-in/passkey/answer", body, passkey | {"origin": URL})
    assert answer.status == 429


def door(**changed: str) -> dict[str, str]:
    return {"host": "127.0.0.1:8000"} | {name.replace("_", "-"): value for name, value in changed.items()}


DOOR = [
    (True, door(), "127.0.0.1", {}),
    (True, door(host="localhost:8000"), "::1", {}),
    (True, door(sec_fetch_site="none"), "127.0.0.1", {}),
    (False, door(sec_fetch_site="cross-site"), "127.0.0.1", {}),
    (False, door(host="evil.example:8000"), "127.0.0.1", {}),  # a name that was made to point here
    (False, door(host="127.0.0.1.nip.io:8000"), "127.0.0.1", {}),
    (False, door(host="localhost"), "127.0.0.1", {}),
    (False, door(), "203.0.113.9", {}),
    (False, door(x_forwarded_for="203.0.113.9"), "127.0.0.1", {}),
    (False, door(forwarded="for=203.0.113.9"), "127.0.0.1", {}),
    (False, door(via="1.1 proxy"), "127.0.0.1", {}),
    (False, door(), "127.0.0.1", {"host": "0.0.0.0"}),
    (False, door(), "127.0.0.1", {"trusted_proxies": ("10.0.0.1",)}),
    (False, door(), "127.0.0.1", {"demo_door": False}),
]
"""(opens, headers, address of the caller, settings)."""


@on_sqlite
async def test_the_demo_opens_to_who_sits_at_this_machine(console: Console, tmp_path: Path, subtests: pytest.Subtests) -> None:
    for opens, headers, address, settings in DOOR:
        with subtests.test(headers=headers, address=address, **settings):
            console.app = console_app(console.services, Settings(data=tmp_path, **settings))
            browser = console.browser()
            browser.client = browser.client.at(address)
            answer = await browser.see("/studio/test", **headers)
            assert answer.status == (200 if opens else 303)
            if opens:
                assert (await browser.see("/studio/live", **headers)).status == 403
                assert (await browser.see("/studio/test/people", **headers)).status == 403
                assert b">Live<" not in answer.body


@on_sqlite
async def test_the_demos_door_closes_with_the_first_owner(console: Console) -> None:
    browser = console.browser()
    browser.client = browser.client.at("127.0.0.1")
    assert (await browser.see("/studio/test", **door())).status == 200
    token = await people.first_owner(console.services, "demo00")
    assert token
    salt = "any"
    console.salts[EMAIL] = salt
    step = totp.step_at(console.clock.now_ms(), 30)
    code = totp.code(people.totp_secret(console.services, "demo00", salt), step, 6)
    await people.join(console.services, token, "Ada", EMAIL, people.Secret(password=PASSWORD, totp_salt=salt, code=code))
    assert (await browser.see("/studio/test", **door())).status == 303
    assert (await console.browser().see("/studio/test", **door())).status == 303


async def test_pages_show_what_a_role_may(console: Console) -> None:
    expected = {
        "owner": [200, 200, 200, 200, 200],
        "designer": [200, 200, 403, 403, 200],
        "marketer": [200, 200, 403, 403, 200],
        "cashier": [200, 200, 403, 403, 200],
        "viewer": [200, 200, 403, 403, 200],
    }
    for role, statuses in expected.items():
        person = await (console.owner() if role == OWNER else console.person(role, f"{role}@example.com"))
        browser = await console.signed_in(person)
        answers = [await browser.see(path) for path in PAGES]
        assert [one.status for one in answers] == statuses, role
        assert (b"Access keys" in answers[0].body) == (role == OWNER)
        made = await browser.send("/studio/test/keys/make", {"name": "k", "scope": "passes:read"})
        assert made.status == (200 if role == OWNER else 403)


async def test_bad_input_is_refused_in_words(console: Console) -> None:
    browser = await console.signed_in(await console.owner())
    for path, form in (
        ("/studio/test/people/invite", {"email": "no address", "role": "viewer"}),
        ("/studio/test/people/invite", {"email": "bob@example.com", "role": "root"}),
        ("/studio/test/keys/make", {"name": "", "scope": "passes:read"}),
        ("/studio/test/keys/make", {"name": "k"}),
        ("/studio/test/keys/make", {"name": "k", "scope": "people:manage"}),
        ("/studio/test/keys/roll", {"key": "none"}),
        ("/studio/test/keys/revoke", {}),
        ("/studio/test/people/remove", {"person": "\0"}),
        ("/studio/elsewhere/keys/revoke", {}),
    ):
        await browser.see("/studio/test/account")
        answer = await browser.send(path, form)
        assert 400 <= answer.status < 500, (path, form, answer.status)
        assert b"no address" not in answer.body
    assert MINE.workspace.encode() not in answer.body


@pytest.mark.parametrize(
    ("given", "leads"),
    [
        ("/studio/test/keys", "/studio/test/keys"),
        ("https://evil.example", "/studio"),
        ("//evil.example", "/studio"),
        ("/studio/../p/x", "/studio"),
        ("/studio//evil.example\r\n", "/studio"),
        ("/studio/sign-in", "/studio"),
        ("", "/studio"),
    ],
)
def test_after_signing_in_one_goes_to_the_console_and_nowhere_else(given: str, leads: str) -> None:
    assert next_page(given) == leads

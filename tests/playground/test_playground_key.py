"""The Playground's key: of the test environment, no more than its person may, soon over, gone with the session."""

import pytest
from starlette.routing import Router

from api.conftest import MINE, on_sqlite
from billfold.api.middleware import Edge
from billfold.domain.errors import Unauthenticated
from billfold.domain.ids import Environment
from billfold.domain.keys import ROLES, SCOPES, parse
from billfold.flows import keys
from billfold.flows.playground import KEY_LASTS_MS
from billfold.playground import pages
from billfold.studio.routes import create_routes, open_desk
from studio.conftest import Browser, Console
from studio.conftest import console as _console

KEY = "/studio/test/playground/key"
LIVE = "/studio/live/playground"
studio_console = _console
"""The fixture of the console's own tests."""


@pytest.fixture
def playground(studio_console: Console) -> Console:
    desk = open_desk(studio_console.services, door=False, demo_workspace="demo00")
    studio_console.app = Edge(Router([*pages.create_routes(desk, phones=False), *create_routes(desk)]))
    return studio_console


async def lent(browser: Browser) -> str:
    answer = await browser.send(KEY, accept="application/json")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store"), answer.body
    return answer.json["key"]


@on_sqlite
@pytest.mark.parametrize("role", list(ROLES))
async def test_a_key_may_what_its_person_may_and_is_of_the_test_environment(playground: Console, role: str) -> None:
    browser = await playground.signed_in(await playground.person(role, f"{role}@example.com"))
    text = await lent(browser)
    assert parse(text).scope == MINE
    assert MINE.environment is Environment.TEST
    assert (await keys.authenticate(playground.services, text)).scopes == ROLES[role] & SCOPES.keys()


@on_sqlite
async def test_a_key_is_soon_over(playground: Console) -> None:
    text = await lent(await playground.signed_in(await playground.owner()))
    playground.clock.advance(seconds=KEY_LASTS_MS // 1000 - 1)
    await keys.authenticate(playground.services, text)
    playground.clock.advance(seconds=1)
    with pytest.raises(Unauthenticated):
        await keys.authenticate(playground.services, text)


@on_sqlite
async def test_a_key_ends_with_its_session_and_no_other_does(playground: Console) -> None:
    owner = await playground.owner()
    leaving, staying = await playground.signed_in(owner), await playground.signed_in(owner)
    gone, kept = [await lent(leaving), await lent(leaving)], await lent(staying)
    assert (await leaving.send("/studio/sign-out")).status == 303
    for text in gone:
        with pytest.raises(Unauthenticated):
            await keys.authenticate(playground.services, text)
    await keys.authenticate(playground.services, kept)


@on_sqlite
@pytest.mark.parametrize("form", ["role", "remove", "end"])
async def test_a_key_ends_when_the_person_may_less(playground: Console, form: str) -> None:
    owner = await playground.signed_in(await playground.owner())
    person = await playground.person("designer", "dana@example.com")
    text, other = await lent(await playground.signed_in(person)), await lent(owner)
    answer = await owner.send(f"/studio/test/people/{form}", {"person": person.id, "role": "viewer"})
    assert answer.status == 303
    with pytest.raises(Unauthenticated):
        await keys.authenticate(playground.services, text)
    await keys.authenticate(playground.services, other)


@on_sqlite
async def test_nobody_else_is_lent_a_key(playground: Console) -> None:
    browser = await playground.signed_in(await playground.owner())
    good = browser.token
    for token, origin in (("", None), ("0" * 64, None), (good, "https://evil.example"), (good, "null")):
        browser.token = token
        assert (await browser.send(KEY, **({"origin": origin} if origin else {}))).status == 403
    assert (await playground.browser().send(KEY)).status == 303
    named = await playground.services.store.read(lambda tx: [one.name for one in tx.keys.list(MINE)])
    assert not [one for one in named if one.startswith("playground")]


@on_sqlite
async def test_the_live_environment_has_none(playground: Console) -> None:
    browser = await playground.signed_in(await playground.owner())
    page = await browser.see(LIVE)
    assert (page.status, b"in the test environment only" in page.body, b'id="playground"' in page.body) == (403, True, False)
    assert (await browser.send(f"{LIVE}/key")).status == 404
    assert (await browser.send(LIVE)).status == 405

"""What people do about their own secrets, and what a session alone does not do: each way around it, tried. On both engines."""

import base64
import re
from dataclasses import replace

import pytest

from api.conftest import MINE, on_sqlite
from billfold.domain import people as rules
from billfold.domain.errors import Conflict, Forbidden, Invalid, NotFound, ProofNeeded, Unauthenticated
from billfold.domain.ids import Environment, Scope
from billfold.domain.keys import PEOPLE, PROVED, PROVED_LIVE, ROLES, authorize
from billfold.domain.people import PROOF_MS, Person
from billfold.flows import accounts, keys, people, sign_in
from billfold.flows.people import Secret
from studio.conftest import PASSWORD, Browser, Console, actor_of

EMAIL = "ada@example.com"
NEW = "five copper kettles hum"
KEY = {"name": "till 3", "scope": "passes:read"}


def passkey(name: str) -> Secret:
    return Secret(passkey_id=base64.urlsafe_b64encode(name.encode()).decode().rstrip("="), passkey_key="QUJD")


def codes_in(page: bytes) -> int:
    return len(re.findall(rb"\b[0-9a-z]{5}-[0-9a-z]{5}\b", page.partition(b'id="codes"')[2]))


async def entered(console: Console, person: Person) -> sign_in.SignedIn:
    return await sign_in.after_joining(console.services, person, "agent")


async def stored(console: Console, person: Person) -> Person:
    found = await console.services.store.read(lambda tx: tx.people.find(person.workspace, person.id))
    assert found
    return found


# --- what a session alone does not do ---------------------------------------------------------------------------------------------


def test_what_needs_a_proof_is_said_in_one_place() -> None:
    """A key is a proof itself; a person's holds for ten minutes; what is taken away or ended needs none."""
    ada = Person(MINE.workspace, "a", EMAIL, "Ada", "owner", 0)
    for environment in Environment:
        stale = rules.actor(ada, environment)
        fresh = rules.actor(ada, environment, proved=True)
        needed = PROVED | (PROVED_LIVE if environment is Environment.LIVE else frozenset())
        for operation in ("people.list", "people.end_sessions", "keys.list", "keys.revoke", *PROVED, *PROVED_LIVE):
            authorize(fresh, operation)
            if operation in needed:
                with pytest.raises(ProofNeeded):
                    authorize(stale, operation)
            else:
                authorize(stale, operation)
    assert {"people.invite", "people.change", "people.remove"} == PROVED
    assert {"keys.create"} == PROVED_LIVE
    viewer = replace(ada, role="viewer")
    assert PEOPLE not in ROLES["viewer"]
    with pytest.raises(Forbidden):  # who may not do it at all is not asked for a proof
        authorize(rules.actor(viewer, Environment.LIVE), "people.invite")


async def test_a_proof_holds_for_ten_minutes(console: Console) -> None:
    one = await entered(console, await console.owner())
    assert one.proved
    console.clock.advance(ms=PROOF_MS - 1)
    assert (await sign_in.resume(console.services, one.token)).proved
    console.clock.advance(ms=1)
    stale = await sign_in.resume(console.services, one.token)
    assert not stale.proved
    with pytest.raises(ProofNeeded):
        await keys.create(console.services, stale.actor(Environment.LIVE), "k", frozenset({"passes:read"}))
    await keys.create(console.services, stale.actor(Environment.TEST), "k", frozenset({"passes:read"}))


@pytest.mark.parametrize("way", ["password", "code"])
async def test_the_password_or_a_code_proves_it_again_and_a_code_once(console: Console, way: str) -> None:
    one = await entered(console, await console.owner())
    console.clock.advance(ms=PROOF_MS)
    stale = await sign_in.resume(console.services, one.token)
    typed = PASSWORD if way == "password" else console.code(EMAIL)
    for wrong in ("", "wrong", "000000", NEW, stale.person.password):
        with pytest.raises(Unauthenticated):
            await accounts.prove_by_typing(console.services, stale, wrong)
    assert (await accounts.prove_by_typing(console.services, stale, typed)).proved
    assert (await sign_in.resume(console.services, one.token)).proved
    if way == "code":
        with pytest.raises(Unauthenticated):
            await accounts.prove_by_typing(console.services, stale, typed)
    await sign_in.sign_out(console.services, stale)
    with pytest.raises(Unauthenticated):  # a session that is over is not brought back
        await accounts.prove_by_typing(console.services, stale, PASSWORD)


@on_sqlite
async def test_a_form_waits_for_the_proof_and_then_does_what_was_asked(console: Console) -> None:
    browser = await console.signed_in(await console.owner())
    console.clock.advance(ms=PROOF_MS)
    asked = await browser.send("/studio/live/keys/make", KEY)
    assert asked.status == 403
    assert b'action="/studio/live/keys/make"' in asked.body
    assert b'name="name" value="till 3"' in asked.body
    wrong = await browser.send("/studio/live/keys/make", KEY | {"proof": "wrong"})
    assert wrong.status == 401
    assert b"bf_live_" not in wrong.body
    made = await browser.send("/studio/live/keys/make", KEY | {"proof": PASSWORD})
    assert made.status == 200
    assert re.search(rb"bf_live_mine00\w{49}", made.body)
    invited = await browser.send("/studio/test/people/invite", {"email": "bob@example.com", "role": "viewer"})
    assert invited.status == 200, "it is not asked for a second time"


@on_sqlite
async def test_nothing_that_matters_is_done_without_it(console: Console) -> None:
    owner, bob = await console.owner(), await console.person("viewer", "bob@example.com")
    browser = await console.signed_in(owner)
    made = await keys.mint(console.services, Scope(MINE.workspace, Environment.LIVE), "k", frozenset({"passes:read"}))
    console.clock.advance(ms=PROOF_MS)
    for path, form in (
        ("/studio/live/keys/make", KEY),
        ("/studio/live/keys/roll", {"key": made.key.id}),
        ("/studio/test/people/invite", {"email": "eve@example.com", "role": "viewer"}),
        ("/studio/test/people/role", {"person": bob.id, "role": "owner"}),
        ("/studio/test/people/remove", {"person": bob.id}),
        ("/studio/test/account/secret", {"password": NEW, "salt": "s", "code": "1"}),
        ("/studio/test/account/passkey", {}),
        ("/studio/test/account/passkey/remove", {"passkey": "x"}),
    ):
        assert (await browser.send(path, form)).status == 403, path
        assert (await browser.send(path, form | {"proof": "wrong"})).status == 401, path
    assert (await browser.see("/studio/test/account/secret")).status == 403
    assert (await stored(console, bob)).role == "viewer"
    crew = await people.crew(console.services, actor_of(owner))
    assert crew.invitations == []
    # What takes away is not held up: a stolen browser must be put out at once.
    assert (await browser.send("/studio/live/keys/revoke", {"key": made.key.id})).status == 303
    assert (await browser.send("/studio/test/people/end", {"person": bob.id})).status == 303


@on_sqlite
async def test_a_page_that_needs_it_is_opened_after_it_and_no_other(console: Console) -> None:
    browser = await console.signed_in(await console.owner())
    console.clock.advance(ms=PROOF_MS)
    page = await browser.see("/studio/test/account/secret")
    assert b'name="next" value="/studio/test/account/secret"' in page.body
    for target, leads in (("/studio/test/account/secret", "/studio/test/account/secret"), ("https://evil.example", "/studio")):
        answer = await browser.send("/studio/test/prove", {"next": target, "proof": PASSWORD})
        assert (answer.status, answer.headers["location"]) == (303, leads)
    told = await browser.see("/studio/test/prove?next=/studio/test/account")
    assert b'value="/studio/test/account"' in told.body


@on_sqlite
async def test_a_module_is_told_where_to_send_the_reader(console: Console) -> None:
    browser = await console.signed_in(await console.owner())
    console.clock.advance(ms=PROOF_MS)
    headers = {
        "content-type": "application/json",
        "accept": "application/json",
        "x-csrf-token": browser.token,
        "origin": browser.origin,
    }
    answer = await browser._ask("POST", "/studio/live/account/passkey", b"{}", headers)
    assert answer.status == 403
    assert answer.json["prove"] == "/studio/live/prove"


# --- password, phone, passkeys ----------------------------------------------------------------------------------------------------


async def both_signed_in(console: Console) -> tuple[Browser, Browser]:
    owner = await console.owner()
    return await console.signed_in(owner), await console.signed_in(owner)


async def test_a_changed_password_asks_for_the_present_one_and_ends_every_session(console: Console) -> None:
    here, elsewhere = await both_signed_in(console)
    before = here.cookies["billfold"]
    for present, new, words in (
        ("wrong", NEW, b"not your present password"),
        ("", NEW, b"not your present password"),
        (PASSWORD, "short", b"too short"),
        (PASSWORD, EMAIL, b"too easy"),
    ):
        answer = await here.send("/studio/test/account/password", {"present": present, "password": new})
        assert answer.status == 422
        assert words in answer.body
    assert (await here.send("/studio/test/account/password", {"present": PASSWORD, "password": NEW})).status == 303
    assert here.cookies["billfold"] != before
    assert (await here.see("/studio/test/account")).status == 200
    assert (await elsewhere.see("/studio/test/account")).status == 303
    with pytest.raises(Unauthenticated):
        await sign_in.resume(console.services, before)
    console.clock.advance(seconds=30)
    assert (await console.sign_in(console.browser(), EMAIL)).status == 401
    assert (await console.sign_in(console.browser(), EMAIL, NEW)).status == 303


async def test_of_two_changes_at_once_the_first_counts(console: Console) -> None:
    one = await entered(console, await console.owner())
    await accounts.change_password(console.services, one, PASSWORD, NEW)
    with pytest.raises(Unauthenticated):
        await accounts.change_password(console.services, one, PASSWORD, "yet another password")
    assert await console.services.passwords.verify((await stored(console, one.person)).password, NEW)


@on_sqlite
async def test_another_phone_brings_new_codes_and_the_old_ones_end(console: Console) -> None:
    here, elsewhere = await both_signed_in(console)
    page = await here.see("/studio/test/account/secret")
    found = re.search(rb'name="salt" value="([0-9a-f]+)"', page.body)
    assert found
    old = console.salts[EMAIL]
    console.salts[EMAIL] = salt = found[1].decode()
    form = {"password": NEW, "salt": salt, "code": console.code(EMAIL)}
    assert (await here.send("/studio/test/account/secret", form | {"code": "000000"})).status == 422
    answer = await here.send("/studio/test/account/secret", form)
    assert answer.status == 200
    assert codes_in(answer.body) == 10
    assert (await here.see("/studio/test/account")).status == 200
    assert (await elsewhere.see("/studio/test/account")).status == 303
    console.clock.advance(seconds=60)
    assert (await console.sign_in(console.browser(), EMAIL, NEW)).status == 303
    console.salts[EMAIL] = old
    assert (await console.sign_in(console.browser(), EMAIL, NEW)).status == 401


async def test_a_passkey_is_removed_alone_and_never_the_only_way_in(console: Console) -> None:
    token = await people.first_owner(console.services, MINE.workspace)
    assert token
    person = (await people.join(console.services, token, "Ada", EMAIL, passkey("first"))).person
    actor = actor_of(person)
    with pytest.raises(Conflict):
        await accounts.remove_passkey(console.services, actor, person, passkey("first").passkey_id)
    await accounts.add_passkey(console.services, actor, person, passkey("second"))
    for stranger in ("third", ""):
        with pytest.raises(NotFound):
            await accounts.remove_passkey(console.services, actor, person, passkey(stranger).passkey_id)
    await accounts.remove_passkey(console.services, actor, person, passkey("first").passkey_id)
    left = await console.services.store.read(lambda tx: tx.people.passkeys(person.workspace, person.id))
    assert [one.id for one in left] == [passkey("second").passkey_id]
    signed_in = await entered(console, person)
    await accounts.set_secret(console.services, signed_in, actor, console.secret(EMAIL))
    await accounts.remove_passkey(console.services, actor, person, passkey("second").passkey_id)
    with pytest.raises(ProofNeeded):
        await accounts.add_passkey(console.services, replace(actor, proved=False), person, passkey("fourth"))


async def test_what_a_passkey_was_asked_is_answered_once_and_then_forgotten(console: Console) -> None:
    person = await console.owner()
    await accounts.add_passkey(console.services, actor_of(person), person, passkey("first"))
    one = await entered(console, person)
    given = passkey("first").passkey_id
    assert (await accounts.prove_by_passkey(console.services, one, given, 1, "asked")).proved
    for challenge, key in (("asked", given), ("another", passkey("second").passkey_id)):
        with pytest.raises(Unauthenticated):
            await accounts.prove_by_passkey(console.services, one, key, 2, challenge)
    spent = rules.digest("asked")
    until = console.clock.now_ms() + rules.CEREMONY_MS
    assert not await console.services.store.write(lambda tx: tx.people.spend(MINE.workspace, spent, until))
    console.clock.advance(ms=rules.CEREMONY_MS)
    now = console.clock.now_ms()
    await console.services.store.write(lambda tx: tx.people.forget_old(MINE.workspace, now))
    assert await console.services.store.write(lambda tx: tx.people.spend(MINE.workspace, spent, until))


# --- a way back in ----------------------------------------------------------------------------------------------------------------


async def test_somebody_who_has_lost_everything_comes_in_again(console: Console) -> None:
    owner = await console.owner()
    await accounts.add_passkey(console.services, actor_of(owner), owner, passkey("lost"))
    somewhere = await console.signed_in(owner)
    first = await accounts.recovery_link(console.services, MINE.workspace, " ADA@example.com")
    token = await accounts.recovery_link(console.services, MINE.workspace, EMAIL)
    assert (await somewhere.see("/studio/test/account")).status == 200, "the link alone changes nothing"
    browser = console.browser()
    assert (await browser.see(f"/studio/join/{first}")).status == 404, "the link before it has ended"
    page = await browser.see(f"/studio/join/{token}")
    assert b"ada@example.com" in page.body
    assert b'name="name"' not in page.body
    found = re.search(rb'name="salt" value="([0-9a-f]+)"', page.body)
    assert found
    console.salts[EMAIL] = found[1].decode()
    answer = await browser.send(
        f"/studio/join/{token}", {"password": NEW, "salt": console.salts[EMAIL], "code": console.code(EMAIL)}
    )
    assert answer.status == 200
    assert codes_in(answer.body) == 10
    assert (await browser.see("/studio/test/people")).status == 200
    assert (await somewhere.see("/studio/test/account")).status == 303
    after = await stored(console, owner)
    assert (after.id, after.role, after.name) == (owner.id, "owner", owner.name)
    assert not await console.services.store.read(lambda tx: tx.people.passkeys(owner.workspace, owner.id))
    assert (await browser.see(f"/studio/join/{token}")).status == 404, "it works once"


async def test_a_way_back_in_is_for_who_is_here_and_for_a_day(console: Console) -> None:
    owner = await console.owner()
    for nobody, error in (("eve@example.com", NotFound), ("no address", Invalid)):
        with pytest.raises(error):
            await accounts.recovery_link(console.services, MINE.workspace, nobody)
    with pytest.raises(NotFound):
        await accounts.recovery_link(console.services, "other0", EMAIL)
    token = await accounts.recovery_link(console.services, MINE.workspace, EMAIL)
    with pytest.raises(NotFound):  # it makes nobody
        await people.join(console.services, token, "Eve", "eve@example.com", passkey("eve"))
    console.clock.advance(ms=rules.RECOVERY_MS)
    with pytest.raises(NotFound):
        await people.open_invitation(console.services, token)
    bob = await console.person("viewer", "bob@example.com")
    gone = await accounts.recovery_link(console.services, MINE.workspace, bob.email)
    await people.remove(console.services, actor_of(owner), bob.id)
    with pytest.raises(NotFound):
        await people.open_invitation(console.services, gone)


@on_sqlite
async def test_who_came_by_the_demos_door_keeps_no_secret(console: Console) -> None:
    """A passkey of theirs would open the demo from elsewhere, to whoever holds it."""
    demo = await sign_in.by_demo_door(console.services, "demo00", "agent")
    assert demo
    actor = demo.actor(Environment.TEST)
    for asked in (
        accounts.add_passkey(console.services, actor, demo.person, passkey("demo")),
        accounts.remove_passkey(console.services, actor, demo.person, "x"),
        accounts.set_secret(console.services, demo, actor, Secret(password=PASSWORD)),
    ):
        with pytest.raises(Forbidden):
            await asked

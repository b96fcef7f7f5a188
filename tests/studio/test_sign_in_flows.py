"""Signing in, staying in, being let in: each way that an account could be taken over, tried. On both engines."""

import asyncio
from dataclasses import replace

import pytest

from api.conftest import MINE, MINE_LIVE
from billfold.domain import people as rules
from billfold.domain.errors import Conflict, Forbidden, NotFound, Unauthenticated
from billfold.flows import people, sign_in
from studio.conftest import PASSWORD, Console, actor_of

EMAIL = "ada@example.com"


async def enter(console: Console, code: str, email: str = EMAIL, password: str = PASSWORD) -> sign_in.SignedIn:
    return await sign_in.by_password(console.services, MINE.workspace, email, password, code, "agent")


async def outcomes(*attempts) -> list[bool]:
    return [not isinstance(one, BaseException) for one in await asyncio.gather(*attempts, return_exceptions=True)]


async def test_a_code_lets_in_once_however_it_is_typed(console: Console) -> None:
    await console.owner()
    console.clock.advance(seconds=30)
    code = console.code(EMAIL)
    assert (await enter(console, code)).person.role == "owner"
    for again in (code, f" {code}", f"{code[:3]} {code[3:]}", code + "\u2003", f"{code[:2]}-{code[2:]}"):
        with pytest.raises(Unauthenticated):
            await enter(console, again)
    console.clock.advance(seconds=30)
    assert await outcomes(*(enter(console, console.code(EMAIL)) for _ in range(4))) in [
        [place == one for place in range(4)] for one in range(4)
    ], "of four at once with one code, one comes in"


async def test_a_code_of_before_is_no_good_after_a_later_one(console: Console) -> None:
    await console.owner()
    console.clock.advance(seconds=30)
    early, late = console.code(EMAIL), console.code(EMAIL, ahead=1)
    await enter(console, late)
    with pytest.raises(Unauthenticated):
        await enter(console, early)


async def test_a_recovery_code_lets_in_once(console: Console) -> None:
    token = await people.first_owner(console.services, MINE.workspace)
    assert token
    codes = (await console.join(token, EMAIL)).recovery_codes
    assert len(codes) == 10
    await enter(console, codes[0].upper())
    with pytest.raises(Unauthenticated):
        await enter(console, codes[0])
    assert sum(await outcomes(*(enter(console, codes[1]) for _ in range(4)))) == 1


@pytest.mark.parametrize(
    ("email", "password", "code"),
    [
        ("eve@example.com", PASSWORD, None),
        (EMAIL, "another password", None),
        (EMAIL, PASSWORD, "000000"),
        (EMAIL, "", ""),
        ("", "", ""),
    ],
)
async def test_what_is_wrong_sounds_alike(console: Console, email: str, password: str, code: str | None) -> None:
    await console.owner()
    console.clock.advance(seconds=30)
    with pytest.raises(Unauthenticated) as refused:
        await enter(console, console.code(EMAIL) if code is None else code, email, password)
    assert refused.value.reason == "unknown"


async def test_an_invitation_makes_one_person(console: Console) -> None:
    owner = await console.owner()
    token = await people.invite(console.services, actor_of(owner), "Bob@Example.com", "viewer")
    await people.open_invitation(console.services, token)
    await people.open_invitation(console.services, token)  # looking uses nothing up
    assert sum(await outcomes(*(console.join(token, "bob@example.com") for _ in range(3)))) == 1
    with pytest.raises(NotFound):
        await people.open_invitation(console.services, token)
    everybody = (await people.crew(console.services, actor_of(owner))).people
    assert {(one.email, one.role) for one in everybody} == {(EMAIL, "owner"), ("bob@example.com", "viewer")}


async def test_an_invitation_ends(console: Console) -> None:
    owner = await console.owner()
    late = await people.invite(console.services, actor_of(owner), "bob@example.com", "viewer")
    console.clock.advance(days=7)
    with pytest.raises(NotFound):
        await console.join(late, "bob@example.com")
    taken_back = await people.invite(console.services, actor_of(owner), "bob@example.com", "viewer")
    await people.withdraw(console.services, actor_of(owner), rules.digest(taken_back))
    for wrong in (taken_back, taken_back[:-1] + "x", "", "mine00-", "none00-" + taken_back[7:], taken_back.upper()):
        with pytest.raises(NotFound):
            await people.open_invitation(console.services, wrong)


async def test_an_invitation_grants_what_the_inviter_may_when_it_is_used(console: Console) -> None:
    first = await console.owner()
    second = await console.person("owner", "bea@example.com")
    token = await people.invite(console.services, actor_of(second), "eve@example.com", "owner")
    await people.change_role(console.services, actor_of(first), second.id, "viewer")
    with pytest.raises(NotFound):
        await console.join(token, "eve@example.com")


@pytest.mark.parametrize("role", ["designer", "marketer", "cashier", "viewer"])
async def test_only_an_owner_decides_about_people(console: Console, role: str) -> None:
    owner = await console.owner()
    person = await console.person(role, "bob@example.com")
    actor = actor_of(person)
    services = console.services
    for asked in (
        people.crew(services, actor),
        people.invite(services, actor, "eve@example.com", "owner"),
        people.invite(services, actor, "eve@example.com", role),
        people.change_role(services, actor, person.id, "owner"),
        people.remove(services, actor, owner.id),
        people.end_sessions(services, actor, owner.id),
        people.withdraw(services, actor, "x"),
    ):
        with pytest.raises(Forbidden):
            await asked


async def test_a_workspace_keeps_an_owner(console: Console) -> None:
    first, second = await console.owner(), await console.person("owner", "bea@example.com")
    done = await outcomes(
        people.change_role(console.services, actor_of(first), second.id, "viewer"),
        people.change_role(console.services, actor_of(second), first.id, "viewer"),
        people.remove(console.services, actor_of(first), first.id),
        people.remove(console.services, actor_of(second), second.id),
    )
    assert any(done)
    left = await console.services.store.read(lambda tx: tx.people.all(MINE.workspace))
    assert [one.role for one in left].count("owner") == 1
    [owner] = [one for one in left if one.role == "owner"]
    with pytest.raises(Conflict):
        await people.change_role(console.services, actor_of(owner), owner.id, "viewer")


async def test_a_session_ends_by_itself(console: Console) -> None:
    owner = await console.owner()
    busy = await sign_in.after_joining(console.services, owner, "agent")
    for _ in range(28):  # 14 days but for 28 milliseconds
        console.clock.advance(ms=rules.IDLE_MS - 1)
        await sign_in.resume(console.services, busy.token)
    console.clock.advance(ms=28)
    with pytest.raises(Unauthenticated):
        await sign_in.resume(console.services, busy.token)
    idle = await sign_in.after_joining(console.services, owner, "agent")
    console.clock.advance(ms=rules.IDLE_MS)
    with pytest.raises(Unauthenticated):
        await sign_in.resume(console.services, idle.token)


async def test_sessions_are_ended_and_a_role_counts_at_once(console: Console) -> None:
    owner, bob = await console.owner(), await console.person("designer", "bob@example.com")
    one, two = [await sign_in.after_joining(console.services, bob, "agent") for _ in range(2)]
    await people.change_role(console.services, actor_of(owner), bob.id, "viewer")
    assert (await sign_in.resume(console.services, one.token)).person.role == "viewer"
    await people.end_sessions(console.services, actor_of(owner), bob.id, one.session.id)
    with pytest.raises(Unauthenticated):
        await sign_in.resume(console.services, one.token)
    await sign_in.resume(console.services, two.token)
    await people.remove(console.services, actor_of(owner), bob.id)
    with pytest.raises(Unauthenticated):
        await sign_in.resume(console.services, two.token)
    for token in ("", "mine00-", two.token[:-1] + "0", two.token.replace("mine00", "other0"), two.session.id):
        with pytest.raises(Unauthenticated):
            await sign_in.resume(console.services, token)


async def test_another_workspaces_people_are_out_of_reach(console: Console) -> None:
    owner, bob = await console.owner(), await console.person("viewer", "bob@example.com")
    stranger = actor_of(replace(owner, workspace="other0"))
    assert (await people.crew(console.services, stranger)).people == []
    with pytest.raises(NotFound):
        await people.remove(console.services, stranger, bob.id)
    with pytest.raises(NotFound):
        await people.change_role(console.services, stranger, bob.id, "viewer")
    with pytest.raises(Unauthenticated):
        await sign_in.by_password(console.services, "other0", EMAIL, PASSWORD, console.code(EMAIL, 1), "agent")


async def test_what_people_do_is_on_record_without_their_names(console: Console) -> None:
    owner, bob = await console.owner(), await console.person("viewer", "bob@example.com")
    await sign_in.after_joining(console.services, bob, "agent")
    await people.remove(console.services, actor_of(owner), bob.id)
    events = await console.services.store.read(lambda tx: tx.events.list(MINE_LIVE, None, 50))
    kinds = [one.kind.value for one in events]
    assert kinds == ["person.invited", "person.joined", "person.invited", "person.joined", "person.signed_in", "person.removed"]
    assert "example.com" not in repr(events)
    assert events[-1].cause == f"person:{owner.id}"


async def test_the_first_link_is_good_until_there_is_an_owner(console: Console) -> None:
    first = await people.first_owner(console.services, MINE.workspace)
    second = await people.first_owner(console.services, MINE.workspace)
    assert first
    assert second
    with pytest.raises(NotFound):  # a new start, a new link
        await console.join(first, EMAIL)
    await console.join(second, EMAIL)
    assert await people.first_owner(console.services, MINE.workspace) is None

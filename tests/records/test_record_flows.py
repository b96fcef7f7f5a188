"""Tables, one pass and a new one in its place: found as people look for it, seen by whoever may, on both engines."""

import sqlite3

import pytest

from api.conftest import on_sqlite
from billfold.domain.errors import Conflict, FieldProblem, Forbidden, Invalid, NotFound, WrongScope
from billfold.domain.ids import Scope
from billfold.flows import mail_lists
from billfold.flows.loyalty import members
from billfold.flows.records import one_pass, tables
from billfold.flows.records.reissue import reissue
from billfold.flows.records.tables import Wanted
from billfold.storage.sqlite import SqliteSession
from billfold.storage.statements import Compiled, Value
from records.conftest import Counter


async def found(counter: Counter, words: str = "", role: str = "owner", **more: str) -> list[str]:
    page = await tables.passes(counter.world.services, counter.actor(role), Wanted(words, **more), None)
    return [one.pass_.id for one in page.items]


async def test_a_pass_is_found_by_whatever_names_it(counter: Counter) -> None:
    ada = await counter.shop.card(code="TILL-7")
    maya = await counter.shop.card(member_id=await counter.member("Maya Okafor", "maya@example.org"))
    alone = {"content": {"description": "Alone", "organization_name": "K"}}
    bare = (await counter.world.client.post("/v1/passes", alone)).json["id"]
    assert set(await found(counter)) == {ada, maya, bare}
    for words in (ada, f"https://cards.example/p/{ada}", f"/p/{ada}/?x=1", "TILL-7", "ada", "Ada@Exam", " ada "):
        assert await found(counter, words) == [ada], words
    assert await found(counter, "okaf") == [maya]
    for words in ("kafor", "nobody", "m", "%", "x' OR 1=1 --", "a\x00b", "🦜" * 50, ada[:-1]):
        assert await found(counter, words) == [], words


async def test_names_are_found_and_seen_only_by_who_may_see_members(counter: Counter) -> None:
    card = await counter.shop.card(code="TILL-7")
    services = counter.world.services
    for role, sees_card, sees_member in (("cashier", True, True), ("viewer", True, True), ("designer", False, False)):
        seen = await one_pass.look(services, counter.actor(role), card)
        assert (seen.card is not None, seen.member is not None) == (sees_card, sees_member), role
        assert await found(counter, "ada", role) == ([card] if sees_member else []), role
        assert await found(counter, "TILL-7", role) == ([card] if sees_card else []), role
        assert await found(counter, card, role) == [card]
    assert (await one_pass.look(services, counter.actor("cashier"), card)).events is None


async def test_another_scope_finds_nothing_and_learns_nothing(counter: Counter) -> None:
    card, services = await counter.shop.card(code="TILL-7"), counter.world.services
    stranger = counter.actor(elsewhere=True)
    for words in ("", card, "TILL-7", "ada"):
        assert (await tables.passes(services, stranger, Wanted(words), None)).items == []
    with pytest.raises(WrongScope):
        await one_pass.look(services, stranger, card)
    with pytest.raises(WrongScope):
        await reissue(services, stranger, card, carry=False)
    with pytest.raises(WrongScope):
        await one_pass.send_link(services, stranger, card, "a@example.com", "1")


async def test_whoever_has_many_cards_hides_nobody_elses(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "CARDS_OF_EACH", 2)
    monkeypatch.setattr(tables, "MEMBERS_LOOKED_THROUGH", 3)
    many, few = await counter.member("Nour A", "a@example.org"), await counter.member("Nour B", "b@example.org")
    held = sorted([await counter.shop.card(member_id=many) for _ in range(8)])
    of_few = await counter.shop.card(member_id=few)
    assert await found(counter, "nour") == [*held[:2], of_few]


async def test_mails_of_several_passes_are_some_of_each_the_newest_first(counter: Counter) -> None:
    services, owner = counter.world.services, counter.actor()
    first, second = await counter.shop.card(), await counter.shop.card()
    for nth, card in enumerate([first, second, second, second, first]):
        await one_pass.send_link(services, owner, card, "", f"once-{nth}")
    found = await mail_lists.of_passes(services, owner, [first, second], 2)
    assert [one.mail.pass_id for one in found].count(second) == 2
    assert {one.mail.id[-6:] for one in found if one.mail.pass_id == first} == {"once-0", "once-4"}
    assert [one.queued_at_ms for one in found] == sorted((one.queued_at_ms for one in found), reverse=True)
    assert await mail_lists.of_passes(services, owner, [], 2) == []
    assert {one.mail.to for one in await mail_lists.of_passes(services, counter.actor("designer"), [first], 1)} == {""}


@on_sqlite
async def test_a_page_of_fifty_takes_no_more_statements_than_one_of_three(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, owner = counter.world.services, counter.actor()
    run: list[str] = []
    execute = SqliteSession._execute

    def counted(self: SqliteSession, compiled: Compiled, scope: Scope | None, params: dict[str, Value]) -> sqlite3.Cursor:
        run.append(compiled.sql)
        return execute(self, compiled, scope, params)

    async def taken(words: str, rows: int) -> int:
        run.clear()
        page = await tables.passes(services, owner, Wanted(words), None)
        assert [one.member is not None for one in page.items] == [True] * rows
        return len(run)

    async def members_taken() -> int:
        run.clear()
        await members.search(services, owner, "member", None, 50)
        return len(run)

    async def issued(numbers: range) -> None:
        for nth in numbers:
            await counter.shop.card(member_id=await counter.member(f"Member {nth}", f"m{nth}@example.org"))

    await issued(range(3))
    monkeypatch.setattr(SqliteSession, "_execute", counted)
    few = await taken("", 3), await taken("member", 3), await members_taken()
    await issued(range(3, 50))
    assert (await taken("", 50), await taken("member", tables.MEMBERS_LOOKED_THROUGH), await members_taken()) == few
    assert max(few) <= 8


async def test_void_ones_are_a_list_of_their_own(counter: Counter) -> None:
    cards = [await counter.shop.card() for _ in range(3)]
    template = (await counter.world.client.get(f"/v1/passes/{cards[0]}")).json["template_id"]
    assert (await counter.world.client.post(f"/v1/passes/{cards[1]}/void")).status == 200
    assert await found(counter, state="void") == [cards[1]]
    assert await found(counter, state="void", template_id=template) == [cards[1]]
    assert set(await found(counter, template_id=template)) == set(cards)


@pytest.mark.parametrize("carry", [False, True])
async def test_another_card_stands_in_the_place_of_a_lost_one(counter: Counter, carry: bool) -> None:
    services, owner = counter.world.services, counter.actor()
    old = await counter.shop.card(code="OLD-7", title="Yours", opening={"points": 120, "EUR": 500}, values={"note": "Hi"})
    await counter.world.client.ask("PATCH", f"/v1/cards/{old}", {"status": "blocked"})
    new = await reissue(services, owner, old, carry=carry)
    shown = await counter.shop.shown(new)
    assert (shown["note"], shown["who"], shown["code"], shown["voided"]) == ("Hi Yours Kettle & Crumb", "Ada gold", "OLD-7", False)
    assert shown["points"] == ("120" if carry else "0")
    before = await counter.shop.shown(old)
    assert (before["voided"], before["who"].strip(), before["points"]) == (True, "", "0" if carry else "120")
    assert await found(counter, "OLD-7") == [new]
    kinds = [one.kind.value for one in (await one_pass.look(services, owner, old)).events or ()]
    assert "pass.reissued" in kinds
    with pytest.raises(Conflict):
        await reissue(services, owner, old, carry=False)


async def test_a_pass_that_is_no_card_is_reissued_too(counter: Counter) -> None:
    content = {"description": "T", "organization_name": "K", "primary": [{"key": "a", "label": "A", "value": "{{ name }}"}]}
    template = (await counter.world.client.post("/v1/templates", {"name": "T", "content": content})).json["id"]
    body = {"template_id": template, "values": {"name": "Ada"}}
    old = (await counter.world.client.post("/v1/passes", body)).json["id"]
    new = await reissue(counter.world.services, counter.actor("marketer"), old, carry=False)
    assert (await counter.world.client.get(f"/v1/passes/{new}")).json["values"] == {"name": "Ada"}
    assert (await counter.world.client.get(f"/v1/passes/{old}")).json["voided"]
    with pytest.raises(Conflict, match="void"):
        await reissue(counter.world.services, counter.actor(), old, carry=False)
    with pytest.raises(Forbidden):
        await reissue(counter.world.services, counter.actor("viewer"), new, carry=False)
    with pytest.raises(Forbidden):
        await reissue(counter.world.services, counter.actor("marketer"), new, carry=True)  # moves money
    with pytest.raises(NotFound):
        await reissue(counter.world.services, counter.actor(), new[:-1] + ("a" if new[-1] != "a" else "b"), carry=False)


async def test_the_link_goes_to_the_member_once_however_often_the_form_comes(counter: Counter) -> None:
    services, marketer = counter.world.services, counter.actor("marketer")
    card = await counter.shop.card()
    for _ in range(2):
        await one_pass.send_link(services, marketer, card, "somebody@else.example", "form-1")
    mails = (await one_pass.look(services, marketer, card)).mails
    assert [one.mail.to for one in mails] == ["ada@example.com"]
    assert [one.mail.to for one in (await one_pass.look(services, counter.actor("cashier"), card)).mails] == [""]
    bare = (await counter.world.client.post("/v1/passes", {"content": {"description": "A", "organization_name": "K"}})).json["id"]
    with pytest.raises(Invalid) as missing:
        await one_pass.send_link(services, marketer, bare, " ", "form-2")
    assert [one.path for one in missing.value.problems if isinstance(one, FieldProblem)] == ["to"]
    await one_pass.send_link(services, marketer, bare, "kim@example.com", "form-2")
    assert [one.mail.to for one in (await one_pass.look(services, marketer, bare)).mails] == ["kim@example.com"]

"""Passes at Google through trouble: lost answers, refusals, accounts that went, a Google that forgot; judged by the
stand-in of its API."""

import asyncio
import dataclasses
import json
from typing import Any

import pytest
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from msgspec.structs import replace

from billfold.domain.content import Content, Field
from billfold.domain.delivery import CredentialRejected, Delivered, Gone, Outcome, Parked, RetryLater
from wallets.google.held import held, with_points
from wallets.google.material import COFFEE, ISSUER

# --- trouble ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("path", ["genericClass", "genericObject", "addMessage"])
async def test_trouble_anywhere_is_tried_again_and_ends_in_one_pass_and_one_message(
    world: Any, status: int, after: bool, path: str
) -> None:
    made = await held(world)
    changed = await world.change(made, with_points("1,300", auxiliary=(Field("a", "1"),)))
    world.fault(status, path=path, after=after)
    [outcome] = await world.publish(changed)
    assert isinstance(outcome, RetryLater)
    world.clock.advance(seconds=60)
    assert await world.publish(changed) == [Delivered()]
    assert world.messages(made) == [("TEXT_AND_NOTIFY", "You hit 1,300 points. Free coffee unlocked!")]
    assert world.object(made)["classId"].endswith("layout-121")


async def test_an_answer_lost_at_the_first_insert_is_found_again(world: Any) -> None:
    made = await world.issue()
    world.fault(503, path="genericObject", after=True)
    assert isinstance((await world.publish(made))[0], RetryLater)
    assert await world.publish(made) == [Delivered()]
    assert world.verbs() == ["POST genericClass", "POST genericObject", "POST genericObject", "PATCH genericObject"]


async def test_a_crash_before_we_remember_repeats_no_message(world: Any) -> None:
    made = await held(world)
    before = await world.remembered(made)
    changed = await world.change(made, with_points("1,300"))
    assert await world.publish(changed) == [Delivered()]
    await world.store.write(lambda tx: tx.google.put(before))
    assert await world.publish(changed) == [Delivered()]
    assert len(world.messages(made)) == 1
    assert (await world.remembered(made)).values["points"] == "1,300"


async def test_of_two_messages_only_the_one_that_failed_is_sent_again(world: Any) -> None:
    both = replace(COFFEE, secondary=(Field("tier", "Gold", "TIER", "Welcome to %@"),))
    made = await held(world, both)
    changed = await world.change(
        made, replace(both, header=(replace(both.header[0], value="1"),), secondary=(replace(both.secondary[0], value="Ruby"),))
    )
    world.fault(0, path="addMessage")
    world.fault(500, path="addMessage")
    assert isinstance((await world.publish(changed))[0], RetryLater)
    assert len(world.messages(made)) == 1
    assert await world.publish(changed) == [Delivered()]
    assert [body for _, body in world.messages(made)] == ["You hit 1 points. Free coffee unlocked!", "Welcome to Ruby"]


@pytest.mark.parametrize(
    ("status", "kind"), [(400, Parked), (403, CredentialRejected), (401, CredentialRejected), (404, Parked), (500, RetryLater)]
)
async def test_what_each_lasting_answer_means_for_a_pass(world: Any, status: int, kind: type[Outcome]) -> None:
    made = await world.issue()
    world.fault(status, count=20)
    [outcome] = await world.publish(made)
    assert isinstance(outcome, kind)
    assert len(world.verbs()) <= 6  # and it ends


async def test_the_refusal_of_one_object_is_told_in_google_s_words_and_hinders_no_other(world: Any) -> None:
    bad = await world.issue(replace(COFFEE, background_color="no colour"), seed=b"bad colour 12345")
    good = await world.issue()
    parked, delivered = await world.publish(bad, good)
    assert isinstance(parked, Parked)
    assert parked.reason
    assert delivered == Delivered()
    assert await world.publish(await world.change(bad, COFFEE)) == [Delivered()]


async def test_an_account_that_is_not_invited_stops_the_batch_and_no_attempt_is_counted(world: Any) -> None:
    world.google.state.run("delete from permission")
    made = [await world.issue(seed=b"%016d" % number) for number in range(40)]
    outcomes = await world.publish(*made)
    assert {type(one) for one in outcomes} == {CredentialRejected}
    assert len(world.verbs()) <= 20


async def test_an_account_whose_key_was_withdrawn_is_told_as_such(world: Any) -> None:
    world.google.state.run("delete from account_key")
    [outcome] = await world.publish(await world.issue())
    assert isinstance(outcome, CredentialRejected)
    assert "invalid_grant" in outcome.reason


async def test_a_missing_account_waits_for_somebody_to_connect_it(world: Any) -> None:
    made = await world.issue()
    known = dict(world.accounts.known)
    world.accounts.known.clear()
    [outcome] = await world.publish(made)
    assert isinstance(outcome, CredentialRejected)
    world.accounts.known.update(known)
    assert await world.publish(made) == [Delivered()]


async def test_a_token_withdrawn_early_is_renewed_once(world: Any) -> None:
    made = await held(world)
    world.google.control("POST", "/tokens/expire")
    assert await world.publish(await world.change(made, with_points("1"))) == [Delivered()]
    assert world.calls().count("POST token") == 1


async def test_a_token_serves_until_a_minute_before_its_end(world: Any) -> None:
    made = await held(world)
    world.clock.advance(seconds=3538)  # the stand-in's last an hour less a second, as Google's do
    await world.publish(made)
    assert "POST token" not in world.calls()
    world.clock.advance(seconds=1)
    await world.publish(made)
    assert world.calls().count("POST token") == 1


async def test_everybody_waits_for_one_renewal(world: Any) -> None:
    made = [await world.issue(seed=b"%016d" % number) for number in range(10)]
    assert await world.publish(*made) == [Delivered()] * 10
    assert world.calls().count("POST token") == 1


async def test_when_google_is_down_a_batch_ends_early_and_later_comes_through(world: Any) -> None:
    made = [await world.issue(seed=b"%016d" % number) for number in range(60)]
    world.fault(503, count=1000)
    outcomes = await world.publish(*made)
    assert {type(one) for one in outcomes} == {RetryLater}
    assert len(world.verbs()) <= 20
    world.google.control("DELETE", "/faults")
    assert await world.publish(*made) == [Delivered()] * 60


async def test_rows_that_a_batch_does_not_reach_in_its_time_go_back_at_once(world: Any) -> None:
    made = await world.issue()
    world.batch_seconds = -1.0
    [outcome] = await world.publish(made)
    assert isinstance(outcome, RetryLater)
    assert outcome.after_seconds == 0.0
    assert world.wire.seen == []


async def test_a_pass_that_cannot_be_built_is_parked_and_hinders_no_other(world: Any) -> None:
    broken = await world.issue(None, seed=b"no content at al")
    good = await world.issue()
    parked, delivered = await world.publish(broken, good)
    assert isinstance(parked, Parked)
    assert delivered == Delivered()


async def test_no_answer_at_all_is_tried_again(world: Any) -> None:
    credential = world.accounts.known[ISSUER]
    world.accounts.known[ISSUER] = dataclasses.replace(credential, token_uri="http://127.0.0.1:1/token")
    [outcome] = await world.publish(await world.issue())
    assert isinstance(outcome, RetryLater)


async def test_slow_down_holds_the_whole_issuer_for_as_long_as_google_says(world: Any) -> None:
    made = await held(world)
    other = await world.issue(seed=b"another pass 123")
    world.fault(429)
    assert isinstance((await world.publish(made))[0], RetryLater)
    world.wire.seen.clear()
    world.batch_seconds = 0.1  # as long as a batch waits for the end of the hold
    [outcome] = await world.publish(other)
    assert isinstance(outcome, RetryLater)
    assert outcome.after_seconds is not None
    assert world.wire.seen == []
    world.clock.advance(seconds=outcome.after_seconds)
    assert await world.publish(other) == [Delivered()]


async def test_a_batch_waits_for_the_end_of_a_hold_and_then_goes_through(world: Any) -> None:
    """Given back at once it would be read again at once, and all that waits behind it."""
    other = await world.issue(seed=b"another pass 123")
    world.fault(429)
    assert isinstance((await world.publish(other))[0], RetryLater)
    waiting = asyncio.create_task(world.publish(other))
    await asyncio.wait([waiting], timeout=0.2)
    assert not waiting.done()
    world.clock.advance(seconds=2)
    assert await waiting == [Delivered()]


@pytest.mark.parametrize("content", [COFFEE, replace(COFFEE, auxiliary=(Field("a", "1"),))], ids=["same layout", "other layout"])
async def test_a_google_that_forgot_everything_gets_it_again(world: Any, content: Content) -> None:
    made = await held(world)
    world.google.control("POST", "/reset")
    world.google.control("POST", "/settings", {"requests_per_second": 0})
    assert await world.publish(await world.change(made, content)) == [Delivered()]
    assert world.object(made)["classId"] == world.classes()[0]["id"]


async def test_a_class_that_is_missing_under_an_object_is_made_again(world: Any) -> None:
    made = await held(world)
    other = replace(COFFEE, auxiliary=(Field("a", "1"),))
    await world.publish(await world.issue(other, seed=b"another pass 123"))
    world.google.state.run("delete from resource where id like '%layout-121'")
    assert await world.publish(await world.change(made, other)) == [Delivered()]
    assert world.object(made)["classId"].endswith("layout-121")


async def test_a_pass_that_does_not_exist_is_forgotten(world: Any) -> None:
    made = await world.issue()
    ghost = dataclasses.replace(made, id=made.id[:-1] + ("a" if made.id[-1] != "a" else "b"))
    assert [type(one) for one in await world.publish(ghost, made)] == [Gone, Delivered]


async def test_two_writers_of_one_pass_never_overlap_and_the_newest_state_stays(world: Any) -> None:
    made = await held(world)
    world.fault(0, count=2, delay_ms=50)
    changed = await world.change(made, with_points("2"))
    assert await world.publish(changed, changed, changed) == [Delivered()] * 3
    assert world.verbs() == ["PATCH genericObject", "POST genericObject message", "PATCH genericObject", "PATCH genericObject"]
    assert len(world.messages(made)) == 1


async def test_google_s_own_client_reads_what_we_made(world: Any) -> None:
    made = await held(world)
    service = build(
        "walletobjects", "v1", credentials=Credentials(world.google.token), client_options={"api_endpoint": world.google.url}
    )
    found = service.genericobject().get(resourceId=f"{ISSUER}.{made.id}").execute()
    assert json.dumps(found, sort_keys=True) == json.dumps(world.object(made), sort_keys=True)
    assert found["hasUsers"] is True

"""From the outbox to the mail server and what became of it, on both engines: nothing is lost, nothing is sent for no reason."""

import asyncio
from dataclasses import replace

import pytest

from billfold.domain.content import Content
from billfold.domain.mail import MailKind, MailState, Reason, Subscriber
from billfold.domain.schedules import HOUR_MS
from billfold.flows import mail_suppressions, mailing
from mail.conftest import SHOP, MailSite
from mail.test_message import png


async def facts(site: MailSite) -> list[tuple[str, str]]:
    found = await site.services.store.read(lambda tx: tx.events.list(SHOP, None, 200))
    return [(one.kind.value, one.subject) for one in found if one.kind.value.startswith("mail.")]


@pytest.mark.requirement("S2-25", "S2-13")
async def test_a_mail_says_what_is_true_when_it_is_sent(site: MailSite) -> None:
    pass_id = await site.card()
    await site.queue(pass_id=pass_id, language="de")
    await site.change(pass_id, Content("Grand Café", "Kaffeekarte", background_color="#aa0000", expires_at=1_796_040_000))
    await site.work()
    (caught,) = site.caught()
    assert caught.recipients == ("ada@example.com",)
    assert caught.message["Subject"] == "Kaffeekarte läuft bald ab"
    assert f"http://shop.test/p/{pass_id}" in caught.text()
    assert "#aa0000" in caught.html()
    assert "Gültig bis 30. November 2026" in caught.text()
    row = await site.mail()
    assert (row.state, row.attempts, row.last_error, row.settled_at_ms) == (MailState.SENT, 1, None, site.clock.now_ms())
    assert await facts(site) == [("mail.sent", pass_id)]
    await site.work()
    assert len(site.caught()) == 1


async def test_a_greylisted_mail_comes_again_and_a_refused_one_does_not(site: MailSite) -> None:
    await site.queue("greylist@example.com", 1)
    await site.queue("reject@example.com", 2)
    await site.work()
    later, refused = await site.mail(1), await site.mail(2)
    assert (later.state, later.last_error) == (MailState.QUEUED, "451 4.7.1")
    assert (refused.state, refused.last_error) == (MailState.FAILED, "550 5.1.1")
    assert 60_000 <= later.due_at_ms - site.clock.now_ms() <= 75_000
    await site.work()
    assert site.caught() == [], "not before it is due"
    site.clock.advance(seconds=76)
    await site.work()
    assert (await site.mail(1)).state is MailState.SENT
    await site.queue("reject@example.com", 3, kind=MailKind.PASS_LINK)
    await site.work()
    assert (await site.mail(3)).last_error == "bounced", "there is no such mailbox: it is not asked again"


async def test_later_for_two_days_means_no(site: MailSite) -> None:
    await site.queue()
    for _ in range(60):
        site.catcher.faults.plan("greylist", 1)
        await site.work()
        site.clock.advance(ms=HOUR_MS * 5 // 4)
    row = await site.mail()
    assert (row.state, row.last_error) == (MailState.FAILED, "451 4.7.1, for two days")


@pytest.mark.requirement("S2-25")
async def test_a_mail_server_that_is_away_for_an_hour_loses_nothing(site: MailSite) -> None:
    for nth in range(1, 21):
        await site.queue(f"p{nth}@example.com", nth)
    port = site.catcher.port
    await site.catcher.stop()
    tries = 0
    for _ in range(600):  # a worker looks every six seconds
        if not site.relays.away(SHOP):
            await site.work()
            tries += 1
        site.clock.advance(seconds=6)
    assert tries < 70, "and it is not asked all the time"
    assert {(await site.mail(nth)).attempts for nth in range(1, 21)} == {0}, "the mails are not to blame"
    await site.catcher.start(port=port)
    site.clock.advance(seconds=61)
    await site.work()
    site.clock.advance(seconds=61)
    await site.work()
    assert sorted(one.recipients[0] for one in site.caught()) == sorted(f"p{nth}@example.com" for nth in range(1, 21))


async def test_two_workers_send_each_mail_once(site: MailSite) -> None:
    for nth in range(1, 31):
        await site.queue(f"p{nth}@example.com", nth)
    await asyncio.gather(*(site.work(name=f"w{one}") for one in range(3)))
    await site.work()
    assert len(site.caught()) == 30
    assert len({one.recipients for one in site.caught()}) == 30


async def test_a_mail_whose_answer_was_lost_is_sent_again_under_its_name(site: MailSite) -> None:
    await site.queue()
    site.catcher.faults.plan("drop_after", 1)
    await site.work()
    assert (await site.mail()).state is MailState.QUEUED
    site.clock.advance(seconds=10)
    await site.work()
    first, second = site.caught()
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert (await site.mail()).state is MailState.SENT


async def test_a_mail_that_cannot_be_made_holds_up_no_other(site: MailSite) -> None:
    pass_id = await site.card()
    await site.queue(nth=1, pass_id=pass_id)
    await site.queue("bob@example.com", 2)

    class NoPictures:
        async def pictures(self, *_: object) -> dict[str, bytes]:
            raise RuntimeError("no pictures today")

    whole, site.services = site.services, replace(site.services, images=NoPictures())  # type: ignore[arg-type]
    await site.work()
    assert [(await site.mail(nth)).state for nth in (1, 2)] == [MailState.QUEUED, MailState.SENT]
    site.services = whole
    site.clock.advance(seconds=76)
    await site.work()
    assert (await site.mail(1)).state is MailState.SENT


@pytest.mark.requirement("S2-25")
async def test_one_who_unsubscribed_gets_what_was_asked_for_and_no_reminder(site: MailSite) -> None:
    await site.queue(nth=1)
    who = mailing.subscriber_of(await site.mail(1))
    await site.services.store.write(lambda tx: tx.mails.suppress(who, Reason.UNSUBSCRIBED, 1))
    await site.queue(nth=2, kind=MailKind.PASS_LINK)
    await site.queue(nth=3, brand_id="another-brand")
    await site.work()
    states = [((await site.mail(nth)).state, (await site.mail(nth)).last_error) for nth in (1, 2, 3)]
    assert states[:2] == [(MailState.SUPPRESSED, "unsubscribed"), (MailState.SENT, None)]
    assert states[2] == (MailState.SUPPRESSED, "unsubscribed"), "from the workspace's mails as a whole"
    brand = Subscriber(SHOP, who.address_mac, "brand-1")
    await site.services.store.write(lambda tx: tx.mails.suppress(brand, Reason.BOUNCED, 1))
    await site.queue(nth=4, kind=MailKind.PASS_LINK, brand_id="brand-1")
    await site.work()
    assert ((await site.mail(4)).state, (await site.mail(4)).last_error) == (MailState.SUPPRESSED, "bounced")
    assert ("mail.suppressed", "m-1") in await facts(site)


async def test_no_event_and_no_error_names_an_address(site: MailSite, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "billfold")
    for nth, name in enumerate(("ada", "greylist", "reject", "bounce", "drop"), 1):
        await site.queue(f"{name}@secret.example", nth)
    await site.work()
    events = await site.services.store.read(lambda tx: tx.events.list(SHOP, None, 200))
    rows = [await site.mail(nth) for nth in range(1, 6)]
    assert "secret.example" not in repr(events) + caplog.text + repr([one.last_error for one in rows])


async def test_the_worker_looks_by_itself_and_ends_when_told(site: MailSite) -> None:
    worker = site.worker()
    await site.queue()
    caught = asyncio.Event()
    keep = site.catcher.catch

    def catch(*given: object) -> None:
        keep(*given)  # type: ignore[arg-type]
        caught.set()

    site.catcher.catch = catch  # type: ignore[method-assign]
    running = asyncio.create_task(worker.run())
    await asyncio.wait_for(caught.wait(), 60)
    worker.stop()
    await running
    assert (await site.mail()).state is MailState.SENT


@pytest.mark.requirement("S1-26")
async def test_a_mail_goes_under_the_name_and_the_logo_of_its_brand(site: MailSite) -> None:
    logo = await site.client.ask("POST", "/v1/images", png(), headers={"Content-Type": "image/png"})
    assert logo.status in (200, 201), logo.body
    asked = {"name": "Kettle & Crumb", "color": "#112233", "logo": logo.json["id"].removeprefix("image:")}
    brand = (await site.client.post("/v1/brands", asked)).json["id"]
    await site.queue(nth=1, brand_id=brand, pass_id=await site.card())
    await site.work()
    (caught,) = site.caught()
    assert "Kettle & Crumb" in str(caught.message["From"])
    assert "logo@billfold" in caught.enclosed()
    link = str(caught.message["List-Unsubscribe"]).strip("<>")
    page = await site.client.with_key(None).get(link.removeprefix("http://shop.test"))
    assert "Kettle &amp; Crumb" in page.body.decode()


async def test_whoever_is_erased_while_the_mail_is_on_its_way_out_gets_none(site: MailSite) -> None:
    """The worker has claimed the mail and holds its address; the person is erased before it is written."""
    await site.queue(nth=1)
    claimed = await site.mail(1)
    now = site.clock.now_ms()
    assert await site.services.store.write(lambda tx: tx.mails.claim(SHOP, "m-1", now, now + 180_000))
    await site.services.store.write(lambda tx: site.services.mail.forget(tx, SHOP, "ada@example.com", ""))
    carrier = site.relays.burst(SHOP)
    assert await mailing.send(site.services, carrier, claimed) is None
    await carrier.close()
    assert site.caught() == []
    row = await site.mail(1)
    assert (row.state, row.mail.to, row.last_error) == (MailState.FAILED, "", "the person was erased")


async def test_an_address_comes_off_the_list_and_gets_mail_again(site: MailSite) -> None:
    await site.queue(nth=1, brand_id="brand-1")
    who = mailing.subscriber_of(await site.mail(1))
    for reason in (Reason.UNSUBSCRIBED, Reason.COMPLAINT):
        await site.services.store.write(lambda tx, reason=reason: tx.mails.suppress(who, reason, 1))  # type: ignore[misc]
    listed = await mail_suppressions.of_address(site.services, SHOP, "Ada@Example.com")
    assert [(one.who.brand_id, one.reason.value) for one in listed] == [("brand-1", "complaint"), ("brand-1", "unsubscribed")]
    assert await mail_suppressions.of_address(site.services, SHOP, "grace@example.com") == []
    assert await mail_suppressions.remove(site.services, SHOP, "ada@example.com") == 2
    await site.work()
    assert (await site.mail(1)).state is MailState.SENT

"""The rows behind the outbox: queued once, claimed by one, settled once; the address goes before the mail does."""

from dataclasses import replace

import pytest

from billfold.domain.errors import Invalid, TooMany
from billfold.domain.ids import Scope
from billfold.domain.mail import Mail, MailKind, MailState, Reason, Subscriber, withheld
from billfold.domain.schedules import DAY_MS, Kept
from billfold.flows.mail import DayLimits, Outbox
from billfold.glue import mail_macs
from billfold.mail import bounces
from billfold.ports import Store, Tx
from billfold.storage.sealing import Vault
from clocks import FakeClock
from storage.material import FOREIGN, NOW, OURS, THEIRS, pass_id

ADA = "Ada.Lovelace@Example.COM"
MACS = mail_macs(Vault(bytes(32)))


def outbox(clock: FakeClock, address: int = 0, workspace: int = 0) -> Outbox:
    return Outbox(clock, MACS, bounces.read, DayLimits(address, workspace))


def a_mail(nth: int = 1, scope: Scope = OURS, to: str = ADA) -> Mail:
    return Mail(scope, f"mail-{nth}", to, MailKind.PASS_LINK, None, pass_id(nth, scope), "de", {"title": "Grüße"})


@pytest.mark.requirement("S2-25")
async def test_a_mail_is_a_row_that_commits_with_its_cause(store: Store, clock: FakeClock) -> None:
    box = outbox(clock)

    class Broken(Exception):
        pass

    def cause_that_fails(tx: Tx) -> None:
        assert box.queue(tx, a_mail())
        raise Broken

    with pytest.raises(Broken):
        await store.write(cause_that_fails)
    assert await store.read(lambda tx: tx.mails.newest(OURS, None, 9)) == []
    assert await store.write(lambda tx: box.queue(tx, a_mail()))
    assert not await store.write(lambda tx: box.queue(tx, a_mail())), "the same mail is queued once"
    found = await store.read(lambda tx: tx.mails.find(OURS, "mail-1"))
    assert found is not None
    assert found.mail == replace(a_mail(), to="Ada.Lovelace@example.com"), "the domain is written as servers write it"
    assert (found.state, found.attempts, found.queued_at_ms) == (MailState.QUEUED, 0, clock.now_ms())
    assert await store.read(lambda tx: tx.mails.by_ticket(OURS, found.ticket)) == found
    for scope in FOREIGN:
        assert await store.read(lambda tx, scope=scope: tx.mails.find(scope, "mail-1")) is None  # type: ignore[misc]
        assert await store.read(lambda tx, scope=scope: tx.mails.by_ticket(scope, found.ticket)) is None  # type: ignore[misc]


async def test_two_spellings_of_an_address_are_one_and_scopes_do_not_share_it(store: Store, clock: FakeClock) -> None:
    box = outbox(clock)
    for mail in (a_mail(1), a_mail(2, to=ADA.lower()), a_mail(3, THEIRS)):
        await store.write(lambda tx, mail=mail: box.queue(tx, mail))  # type: ignore[misc]
    ours = await store.read(lambda tx: tx.mails.newest(OURS, None, 9))
    (theirs,) = await store.read(lambda tx: tx.mails.newest(THEIRS, None, 9))
    assert len({one.address_mac for one in ours}) == 1
    assert theirs.address_mac != ours[0].address_mac
    assert len({one.ticket for one in (*ours, theirs)}) == 3


@pytest.mark.parametrize(
    "address",
    ["", "zoe", "zoe@", "@zoe.example", "zoe@exa mple.com", "a\r\nBcc: b@c.de@example.com", "ä@example.com", "a" * 400, "a@b@c.de"],
)
@pytest.mark.parametrize("engine", ["sqlite"])
async def test_what_is_no_address_is_refused_and_not_repeated(store: Store, clock: FakeClock, address: str) -> None:
    with pytest.raises(Invalid) as refused:
        await store.write(lambda tx: outbox(clock).queue(tx, a_mail(to=address)))
    assert address == "" or address not in str(refused.value)


async def test_newest_first_page_by_page(store: Store, clock: FakeClock) -> None:
    for nth in range(1, 8):
        clock.advance(ms=nth % 2)  # two at a time have the same moment
        await store.write(lambda tx, nth=nth: outbox(clock).queue(tx, a_mail(nth)))  # type: ignore[misc]
    whole = await store.read(lambda tx: tx.mails.newest(OURS, None, 99))
    assert [one.mail.id for one in whole] == [f"mail-{nth}" for nth in (7, 6, 5, 4, 3, 2, 1)]
    pages, before = [], None
    while page := await store.read(lambda tx, before=before: tx.mails.newest(OURS, before, 2)):  # type: ignore[misc]
        pages += page
        before = (page[-1].queued_at_ms, page[-1].mail.id)
    assert pages == whole
    (one,) = await store.read(lambda tx: tx.mails.newest(OURS, None, 9, pass_id(3)))
    assert one.mail.id == "mail-3"


async def test_one_of_two_workers_claims_a_mail(store: Store, clock: FakeClock) -> None:
    await store.write(lambda tx: outbox(clock).queue(tx, a_mail()))
    now = clock.now_ms()
    assert await store.read(lambda tx: tx.mails.due_scopes(now - 1)) == []
    assert await store.read(lambda tx: tx.mails.due_scopes(now)) == [OURS]
    assert await store.write(lambda tx: tx.mails.claim(OURS, "mail-1", now, now + 90_000))
    assert not await store.write(lambda tx: tx.mails.claim(OURS, "mail-1", now, now + 90_000))
    assert await store.read(lambda tx: tx.mails.due(OURS, now + 89_999, 9)) == []
    (found,) = await store.read(lambda tx: tx.mails.due(OURS, now + 90_000, 9))
    assert found.attempts == 1, "a worker that died with it counts"
    await store.write(lambda tx: tx.mails.postpone(OURS, "mail-1", now + 5, "away", attempt=False))
    (found,) = await store.read(lambda tx: tx.mails.due(OURS, now + 5, 9))
    assert (found.attempts, found.last_error) == (0, "away")
    await store.write(lambda tx: tx.mails.settle(OURS, "mail-1", MailState.SENT, now + 6, None))
    assert not await store.write(lambda tx: tx.mails.claim(OURS, "mail-1", now + 9, now + 10))
    await store.write(lambda tx: tx.mails.postpone(OURS, "mail-1", now + 5, "late", attempt=True))
    done = await store.read(lambda tx: tx.mails.find(OURS, "mail-1"))
    assert done is not None
    assert (done.state, done.last_error, done.settled_at_ms) == (MailState.SENT, None, now + 6)


async def test_a_person_and_a_workspace_get_so_many_mails_a_day(store: Store, clock: FakeClock) -> None:
    box = outbox(clock, address=2, workspace=4)

    async def queue(nth: int, to: str) -> None:
        await store.write(lambda tx: box.queue(tx, a_mail(nth, to=to)))

    await queue(1, ADA)
    await queue(2, ADA.upper())
    await queue(2, ADA)
    with pytest.raises(TooMany) as refused:
        await queue(3, ADA)
    assert refused.value.policy == "mail"
    assert refused.value.retry_after_seconds == 12 * 3600 + 1, "until midnight"
    await queue(4, "b@example.com")
    await queue(5, "c@example.com")
    with pytest.raises(TooMany):
        await queue(6, "d@example.com")
    assert len(await store.read(lambda tx: tx.mails.newest(OURS, None, 9))) == 4
    clock.advance(days=0.5)
    await queue(3, ADA)


@pytest.mark.requirement("S2-25")
async def test_who_is_on_the_suppression_list_gets_what_they_asked_for_unless_the_mailbox_is_dead(store: Store) -> None:
    mac = MACS(OURS, "address", ADA.lower())
    shop, other = Subscriber(OURS, mac, "shop"), Subscriber(OURS, mac, "other")
    whole = Subscriber(OURS, mac, "")

    async def told(who: Subscriber) -> tuple[Reason | None, Reason | None]:
        reasons = await store.read(lambda tx: tx.mails.reasons(who))
        return withheld(MailKind.REMINDER, reasons), withheld(MailKind.PASS_LINK, reasons)

    assert await told(shop) == (None, None)
    assert await store.write(lambda tx: tx.mails.suppress(shop, Reason.UNSUBSCRIBED, NOW))
    assert not await store.write(lambda tx: tx.mails.suppress(shop, Reason.UNSUBSCRIBED, NOW + 1))
    assert await told(shop) == (Reason.UNSUBSCRIBED, None)
    assert await told(other) == (None, None)
    assert await store.write(lambda tx: tx.mails.suppress(whole, Reason.BOUNCED, NOW))
    assert await told(other) == (Reason.BOUNCED, Reason.BOUNCED)
    assert await told(replace(other, scope=THEIRS)) == (None, None)


async def test_the_address_is_forgotten_before_the_mail(store: Store, clock: FakeClock) -> None:
    for nth in (1, 2):
        await store.write(lambda tx, nth=nth: outbox(clock).queue(tx, a_mail(nth)))  # type: ignore[misc]
    at = clock.now_ms()
    await store.write(lambda tx: tx.mails.settle(OURS, "mail-1", MailState.SENT, at, None))
    assert await store.write(lambda tx: tx.pruning.remove_older(OURS, Kept.MAIL_ADDRESS, at + DAY_MS, 9)) == 1
    assert await store.write(lambda tx: tx.pruning.remove_older(OURS, Kept.MAIL_ADDRESS, at + DAY_MS, 9)) == 0
    sent = await store.read(lambda tx: tx.mails.find(OURS, "mail-1"))
    waiting = await store.read(lambda tx: tx.mails.find(OURS, "mail-2"))
    assert sent is not None
    assert waiting is not None
    assert (sent.mail.to, dict(sent.mail.data)) == ("", {}), "but its MAC stays, so that a late bounce is understood"
    assert sent.address_mac == waiting.address_mac
    assert waiting.mail.to, "what still waits is not forgotten"
    assert await store.write(lambda tx: tx.pruning.remove_older(OURS, Kept.MAIL, at + DAY_MS, 9)) == 1
    assert [one.mail.id for one in await store.read(lambda tx: tx.mails.newest(OURS, None, 9))] == ["mail-2"]

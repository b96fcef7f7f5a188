"""What comes back: bounces that a real server writes, complaints, and people who want no more."""

import asyncio
from email.message import EmailMessage

import pytest

from api.client import Answer, Client
from billfold.domain.errors import Invalid
from billfold.domain.mail import MailKind, MailState
from billfold.flows import keys as key_flows
from billfold.flows import mail_returns, mailing
from billfold.mail import bounces
from mail.conftest import OTHER, SHOP, MailSite
from mail.test_message import TICKET

RETURN = f"bounces+{TICKET}@shop.test"


def report(to: str = RETURN, action: str = "failed", status: str = "5.1.1", kind: str = "delivery-status") -> bytes:
    """A notice as Postfix writes it, put together by hand: our own maker of notices is not its judge."""
    return (
        f"Delivered-To: {to}\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: {to}\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/report; report-type={kind}; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nI'm sorry.\r\n"
        f"--b\r\nContent-Type: message/{kind}\r\n\r\n"
        "Reporting-MTA: dns; mx.example\r\nArrival-Date: Fri, 20 Nov 2026 12:00:00 +0000\r\n\r\n"
        f"Final-Recipient: rfc822; ada@example.com\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 no such user\r\n\r\n"
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: x\r\n\r\n--b--\r\n"
    ).encode()


async def settled(site: MailSite) -> None:
    await asyncio.gather(*site.catcher._bounces)


# --- bounces ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("S2-25")
async def test_a_bounce_is_noted_and_the_address_gets_nothing_more(site: MailSite) -> None:
    pass_id = await site.card()
    await site.queue("bounce@example.com", 1, pass_id=pass_id, kind=MailKind.PASS_LINK)
    await site.work()
    await settled(site)
    row = await site.mail(1)
    assert (row.state, row.last_error) == (MailState.BOUNCED, "5.1.1")
    notice = site.caught()[-1]
    assert notice.sender == "", "a notice has no return path of its own"
    await site.queue("bounce@example.com", 2, kind=MailKind.PASS_LINK)
    await site.work()
    row = await site.mail(2)
    assert (row.state, row.last_error) == (MailState.SUPPRESSED, "bounced")
    events = await site.services.store.read(lambda tx: tx.events.list(SHOP, None, 50))
    assert [one.subject for one in events if one.kind.value == "mail.bounced"] == [pass_id]


@pytest.mark.parametrize(
    ("raw", "hard", "delayed", "complaint"),
    [
        (report(), True, False, False),
        (report(to=RETURN.upper()), True, False, False),
        (report(status="5.2.2 (mailbox full)"), False, False, False),
        (report(status="5.7.1"), False, False, False),
        (report(action="delayed", status="4.4.1"), False, True, False),
        (report(kind="feedback-report"), False, False, True),
    ],
)
def test_notices_are_understood(raw: bytes, hard: bool, delayed: bool, complaint: bool) -> None:
    found = bounces.read(raw)
    assert (found.ticket, found.hard, found.delayed, found.complaint) == (TICKET, hard, delayed, complaint)


def an_answer() -> bytes:
    message = EmailMessage()
    message["To"] = RETURN
    message.set_content("Thank you for the card!")
    return message.as_bytes()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (report(to="somebody@shop.test"), "not_ours"),
        (report(to="bounces+short@shop.test"), "not_ours"),
        (report(action="delivered", status="2.0.0"), "delivered"),
        (an_answer(), "no_notice"),
        (b"", "not_ours"),
        (b"\x00\xff" * 5000, "not_ours"),
        (b"x" * (bounces.BYTES_MAX + 1), "too_long"),
        (b"To: " + RETURN.encode() + b"\r\nContent-Type: multipart/report; boundary=\r\n\r\n", "no_notice"),
        (b"To: " + RETURN.encode() + b'\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n" * 2000, "no_notice"),
    ],
    ids=range(9),
)
def test_what_is_no_notice_about_ours_is_refused(raw: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        bounces.read(raw)
    assert refused.value.problems[0].code == code


@pytest.mark.requirement("S2-25")
async def test_a_providers_pipe_hands_in_what_came_back(site: MailSite) -> None:
    await site.queue(nth=1)
    await site.work()
    address = site.caught()[0].sender
    told = await hand_in(site.client, report(address))
    assert told.status == 200, told.body
    assert (told.json["mail"]["state"], told.json["mail"]["to"]) == ("bounced", None)
    again = await hand_in(site.client, report(address))
    assert again.json == told.json
    assert (await hand_in(site.client, report(f"bounces+{SHOP.code}{'a' * 24}@shop.test"))).status == 404
    assert (await hand_in(site.client, an_answer())).problem == "invalid-input"
    assert (await hand_in(site.client, report(address), "text/html")).status == 415
    foreign = await key_flows.mint(site.services, OTHER, "other", frozenset({"mail:bounces"}), None)
    assert (await hand_in(Client(site.app, foreign.text), report(address))).status == 404  # type: ignore[arg-type]


async def hand_in(client: Client, raw: bytes, media_type: str = "message/rfc822") -> Answer:
    return await client.ask("POST", "/v1/mail/bounces", raw, headers={"content-type": media_type})


async def test_a_soft_bounce_says_nothing_about_the_next_mail(site: MailSite) -> None:
    await site.queue(nth=1)
    await site.work()
    raw = report(site.caught()[0].sender, status="5.2.2")
    await mail_returns.returned(site.services, raw)
    assert (await site.mail(1)).state is MailState.BOUNCED
    await site.queue(nth=2)
    await site.work()
    assert (await site.mail(2)).state is MailState.SENT


async def test_a_complaint_ends_reminders_of_that_brand(site: MailSite) -> None:
    await site.queue(nth=1, brand_id="brand-1")
    await site.work()
    await mail_returns.returned(site.services, report(site.caught()[0].sender, kind="feedback-report"))
    await site.queue(nth=2, brand_id="brand-1")
    await site.queue(nth=3, brand_id="brand-2")
    await site.work()
    assert [(await site.mail(nth)).state for nth in (1, 2, 3)] == [MailState.SENT, MailState.SUPPRESSED, MailState.SENT]


# --- who wants no more ------------------------------------------------------------------------------------------------------------


async def link(site: MailSite, **more: object) -> str:
    await site.queue(nth=1, **more)
    await site.work()
    address = str(site.caught()[0].message["List-Unsubscribe"]).strip("<>")
    assert address.startswith("http://shop.test/u/")
    return address.removeprefix("http://shop.test")


@pytest.mark.requirement("S2-25")
async def test_one_click_unsubscribes_and_a_look_does_not(site: MailSite) -> None:
    path = await link(site, brand_id="brand-1")
    nobody = Client(site.app)  # type: ignore[arg-type]
    page = await nobody.ask("GET", path, headers={"accept-language": "fr"})
    assert page.status == 200
    assert "Bayroast Coffee" in page.body.decode()
    assert "Se désabonner" in page.body.decode()
    assert "script-src" not in page.headers["content-security-policy"], "it runs nothing"
    assert "Billfold" not in page.body.decode(), "it is the brand's page"
    who = mailing.subscriber_of(await site.mail(1))
    assert await site.services.store.read(lambda tx: tx.mails.reasons(who)) == frozenset()
    form = {"content-type": "application/x-www-form-urlencoded"}
    for _ in range(2):
        done = await nobody.ask("POST", path, b"List-Unsubscribe=One-Click", headers=form)
        assert done.status == 200
    await site.queue(nth=2, brand_id="brand-1")
    await site.queue(nth=3, brand_id="brand-2")
    await site.work()
    assert [(await site.mail(nth)).state for nth in (2, 3)] == [MailState.SUPPRESSED, MailState.SENT]
    events = await site.services.store.read(lambda tx: tx.events.list(SHOP, None, 50))
    assert [(one.subject, one.data) for one in events if one.kind.value == "mail.unsubscribed"] == [
        ("brand-1", {"reason": "unsubscribed"})
    ]


async def test_a_token_that_was_changed_is_no_token(site: MailSite) -> None:
    path = await link(site, brand_id="brand-1")
    nobody = Client(site.app)  # type: ignore[arg-type]
    parts = path.removeprefix("/u/").split(".")
    made_up = ["x" * 40, "...", "a" * 5000, path.removeprefix("/u/") + "a"]
    for place, other in ((0, OTHER.code), (1, "a" * 24), (2, "brand-2"), (3, "b" * 24)):
        made_up.append(".".join([*parts[:place], other, *parts[place + 1 :]]))
    for token in made_up:
        for method in ("GET", "POST"):
            answer = await nobody.ask(method, f"/u/{token}")
            assert answer.status == 404, token
            assert token == "..." or token not in answer.body.decode()
    who = mailing.subscriber_of(await site.mail(1))
    assert await site.services.store.read(lambda tx: tx.mails.reasons(who)) == frozenset()


# --- what was sent ----------------------------------------------------------------------------------------------------------------


async def test_mails_are_listed_and_addresses_shown_to_who_may_see_them(site: MailSite) -> None:
    pass_id = await site.card()
    for nth in range(1, 6):
        await site.queue(f"p{nth}@example.com", nth, pass_id=pass_id if nth == 2 else None)
    first = (await site.client.get("/v1/mail?limit=3")).json
    assert [one["id"] for one in first["items"]] == ["m-5", "m-4", "m-3"]
    assert [one["to"] for one in first["items"]] == ["p5@example.com", "p4@example.com", "p3@example.com"]
    rest = (await site.client.get(f"/v1/mail?limit=3&cursor={first['next_cursor']}")).json
    assert ([one["id"] for one in rest["items"]], rest["more"], rest["next_cursor"]) == (["m-2", "m-1"], False, None)
    (about,) = (await site.client.get(f"/v1/mail?pass_id={pass_id}")).json["items"]
    assert about["id"] == "m-2"
    less = await key_flows.mint(site.services, SHOP, "less", frozenset({"passes:read"}), None)
    client = Client(site.app, less.text)  # type: ignore[arg-type]
    assert {one["to"] for one in (await client.get("/v1/mail")).json["items"]} == {None}
    assert (await client.get("/v1/mail/m-1")).json["to"] is None
    assert (await site.client.get("/v1/mail/m-1")).json["to"] == "p1@example.com"
    assert (await site.client.get("/v1/mail/none")).status == 404
    assert (await site.client.get("/v1/mail?cursor=YWFh")).problem == "invalid-input"

"""The mail catcher, spoken to by the standard library's own client, and what its pages do with messages that others wrote."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from email.message import EmailMessage

import pytest

from api.client import Client
from billfold.sandbox.mail.box import Box
from billfold.sandbox.mail.pages import create_pages
from billfold.sandbox.mail.server import MailCatcher
from billfold.sandbox.site import LocalControl

HOSTILE = (
    "<h1>Hello</h1><script>alert(1)</script><img src=x onerror=alert(1)><img src='cid:pic'><img src='https://evil.example/spy.png'>"
    "<form action='https://evil.example'><button>go</button></form><meta http-equiv=refresh content='0;url=https://evil.example'>"
)


@pytest.fixture
async def catcher() -> AsyncIterator[MailCatcher]:
    made = MailCatcher()
    await made.start()
    yield made
    await made.stop()


def a_message(to: str = "ada@example.com", subject: str = "<b>Hello</b>") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = '"Shop" <shop@example.com>', to, subject
    message.set_content("Plain <words>")
    message.add_alternative(HOSTILE, subtype="html")
    page = message.get_payload()[1]  # type: ignore[index]
    page.add_related(b"\x89PNG", "image", "png", cid="<pic>")  # type: ignore[union-attr]
    return message


async def send(catcher: MailCatcher, message: EmailMessage, to: str | None = None) -> None:
    def talk() -> None:
        with smtplib.SMTP("127.0.0.1", catcher.port, timeout=20) as line:
            line.send_message(message, to_addrs=[to] if to else None)

    await asyncio.to_thread(talk)


async def test_what_is_caught_is_shown_and_does_no_harm(catcher: MailCatcher) -> None:
    await send(catcher, a_message())
    client = Client(create_pages(catcher))
    page = await client.get("/1")
    assert page.status == 200
    assert "<b>Hello</b>" not in page.body.decode()
    assert "&lt;b&gt;Hello&lt;/b&gt;" in page.body.decode()
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.body.decode()
    assert "default-src 'none'" in page.headers["content-security-policy"]
    inner = await client.get("/1/html")
    policy = inner.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "script-src" not in policy, "default-src 'none' stands for it"
    assert "img-src data:" in policy
    assert "form-action 'none'" in policy
    assert "data:image/png;base64,iVBORw==" in inner.body.decode()
    found = (await client.get("/messages/1")).json
    assert (found["to"], found["text"].strip(), found["headers"]["subject"]) == (
        ["ada@example.com"],
        "Plain <words>",
        "<b>Hello</b>",
    )
    raw = await client.get("/messages/1/raw")
    assert raw.body == next(catcher.box.newest()).raw
    assert raw.headers["content-type"].startswith("text/plain")
    for path in ("/2", "/2/html", "/messages/2", "/messages/2/raw"):
        assert (await client.get(path)).status == 404


async def test_mails_are_found_by_recipient(catcher: MailCatcher) -> None:
    for name in ("ada", "bob", "adam"):
        await send(catcher, a_message(f"{name}@example.com"))
    client = Client(create_pages(catcher))
    assert [one["to"] for one in (await client.get("/messages?to=ADA")).json["messages"]] == [
        ["adam@example.com"],
        ["ada@example.com"],
    ]
    page = (await client.get("/?to=%3Cscript%3E")).body.decode()
    assert "<script>" not in page


async def test_faults_are_asked_for_from_this_machine_alone(catcher: MailCatcher) -> None:
    pages = create_pages(catcher)
    client = Client(pages)
    for wrong in ({}, {"kind": "meteor"}, {"kind": "reject", "count": -1}, {"kind": "reject", "count": True}, [1], "x"):
        assert (await client.post("/control/faults", wrong)).status == 422
    assert (await client.post("/control/faults", {"kind": "reject", "count": 1})).json["planned"] == {"reject": 1}
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        await send(catcher, a_message())
    await send(catcher, a_message())
    assert (await client.delete("/control/messages")).status == 204
    assert len(catcher.box) == 0
    whole, control = Client(LocalControl(pages, "/")).at("127.0.0.1"), Client(LocalControl(pages))
    assert (await whole.get("/")).status == 200
    assert (await whole.at("192.0.2.7").get("/")).status == 403
    assert (await whole.get("/", headers={"x-forwarded-for": "192.0.2.7"})).status == 403
    assert (await control.at("192.0.2.7").get("/")).status == 200
    assert (await control.at("192.0.2.7").get("/control/faults")).status == 403


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe",
        b"Content-Type: text/html; charset=klingon\r\n\r\n<b>x",
        b"Subject: =?utf-8?q?=ff?=\r\nFrom: @@<>\r\n\r\nx",
    ],
    ids=["empty", "binary", "charset", "headers"],
)
async def test_whatever_was_sent_can_be_looked_at(catcher: MailCatcher, raw: bytes) -> None:
    catcher.box.add(0, "", ("ada@example.com",), raw)
    client = Client(create_pages(catcher))
    for path in ("/", "/1", "/1/html", "/messages", "/messages/1", "/messages/1/raw"):
        assert (await client.get(path)).status == 200


def test_the_box_is_bounded() -> None:
    box = Box(messages_max=3, bytes_max=100)
    for nth in range(5):
        box.add(nth, "", ("ada@example.com",), b"x" * 10)
    assert [one.id for one in box.newest()] == [5, 4, 3]
    box.add(9, "", ("ada@example.com",), b"x" * 95)
    assert [one.id for one in box.newest()] == [6]
    box.add(9, "", ("ada@example.com",), b"x" * 500)
    assert [one.id for one in box.newest()] == [7], "the newest stays, whatever its size"

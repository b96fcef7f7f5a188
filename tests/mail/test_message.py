"""What a mail looks like to others: Python's parser of e-mail, a reader of barcodes, a parser of HTML."""

from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default, strict
from html.parser import HTMLParser
from io import BytesIO

import pytest
from PIL import Image

from billfold.domain.letters import Letter
from billfold.domain.mail import MailKind
from billfold.mail.message import Envelope, compose, ink_on, languages

SHARE = "https://passes.example.com/p/d3m0abt-5HqXbJ7ZkT2mVw9cRn4LdY"
TICKET = "d3m0abt" + "abcdefgh" * 3
ENVELOPE = Envelope("no-reply@shop.example", "bounces@shop.example", "hello@shop.example")


def png(width: int = 160, height: int = 50) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), "#aa3300").save(out, "PNG")
    return out.getvalue()


def a_letter(**changed: object) -> Letter:
    given: dict[str, object] = {
        "to": "ada@example.com",
        "kind": MailKind.PASS_LINK,
        "language": "en",
        "sender": "Bayroast Coffee",
        "title": "Coffee card",
        "share_url": SHARE,
        "unsubscribe_url": "https://passes.example.com/u/token",
        "ticket": TICKET,
        "sent_at_ms": 1_795_176_000_000,
        "color": "#166534",
        "logo": png(),
        "expires": "November 30, 2026",
    }
    return Letter(**(given | changed))  # type: ignore[arg-type]


def sent(letter: Letter) -> EmailMessage:
    """As a mail program reads it."""
    return message_from_bytes(compose(letter, ENVELOPE).as_bytes(), policy=default)


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


class Links(HTMLParser):
    """Addresses and elements of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.elements: set[str] = set()
        self.handlers: list[str] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.targets += [value or "" for name, value in attrs if name in ("href", "src")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.requirement("S2-25")
def test_a_mail_is_text_and_html_with_the_code_and_the_logo_inside() -> None:
    message = sent(a_letter())
    assert message.get_content_type() == "multipart/alternative"
    kinds = [one.get_content_type() for one in message.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png", "image/png"]
    assert SHARE in part(message, "plain")
    page = Links(part(message, "html"))
    enclosed = {str(one["Content-ID"]).strip("<>") for one in message.walk() if one["Content-ID"]}
    assert (
        {one.removeprefix("cid:") for one in page.targets if one.startswith("cid:")}
        == enclosed
        == {"code@billfold", "logo@billfold"}
    )
    outside = {one for one in page.targets if not one.startswith("cid:")}
    assert outside == {SHARE, "https://passes.example.com/u/token"}, "nothing is loaded from anywhere"
    assert not page.elements & {"script", "style", "link", "iframe", "form", "svg"}
    assert "November 30, 2026" in page.words


@pytest.mark.requirement("S2-25")
def test_the_headers_say_who_when_and_how_to_leave() -> None:
    message = sent(a_letter())
    assert message["From"] == "Bayroast Coffee <no-reply@shop.example>"
    assert message["To"] == "ada@example.com"
    assert message["Reply-To"] == "hello@shop.example"
    assert message["Message-ID"] == f"<{TICKET}@shop.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] == "<https://passes.example.com/u/token>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Date"].datetime.isoformat() == "2026-11-20T12:00:00+00:00"
    once = {"from", "to", "subject", "date", "message-id", "mime-version", "reply-to", "list-unsubscribe"}
    assert all(len(message.get_all(name)) == 1 for name in once)
    assert compose(a_letter(), ENVELOPE)["Message-ID"] == message["Message-ID"], "a repeat can be told"


@pytest.mark.requirement("S2-25")
def test_the_way_to_leave_is_on_the_wire_as_it_stands_however_long() -> None:
    """Mailboxes look for `<https://...>` there and decode nothing (RFC 8058)."""
    address = "https://passes.example.com/u/demo00t." + "z6jhwq6qzqylbrdo." * 8 + "end"
    domain = "shop." * 12 + "example"
    lines = compose(a_letter(unsubscribe_url=address), replace(ENVELOPE, sender=f"no-reply@{domain}")).as_bytes().split(b"\r\n")
    assert f"List-Unsubscribe: <{address}>".encode() in lines
    assert f"Message-ID: <{TICKET}@{domain}>".encode() in lines


def test_no_line_is_longer_than_mail_servers_take() -> None:
    raw = compose(a_letter(title="x" * 400, sender="ü" * 300), ENVELOPE).as_bytes()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_the_code_is_read_by_others(decode_barcode) -> None:  # type: ignore[no-untyped-def]
    message = sent(a_letter())
    (code,) = [one.get_content() for one in message.walk() if one["Content-ID"] == "<code@billfold>"]
    assert SHARE in str(decode_barcode(code))


@pytest.mark.parametrize(
    ("language", "spoken", "word"),
    [
        ("en", "en", "Unsubscribe"),
        ("de", "de", "Karte"),
        ("fr-CA", "fr", "carte"),
        ("de-AT", "de", "Karte"),
        ("pt", "en", "phone"),
        ("", "en", "phone"),
    ],
)
@pytest.mark.parametrize("kind", MailKind)
def test_mails_speak_the_holders_language_or_english(kind: MailKind, language: str, spoken: str, word: str) -> None:
    message = sent(a_letter(language=language, kind=kind))
    assert message["Content-Language"] == spoken
    assert f'lang="{spoken}"' in part(message, "html")
    assert "{" not in part(message, "plain")
    assert "Coffee card" in message["Subject"]


def test_every_language_says_everything() -> None:
    assert set(languages()) == {"en", "de", "fr"}
    for language in languages():
        for kind in MailKind:
            assert "Bayroast Coffee" in part(sent(a_letter(language=language, kind=kind)), "plain")


HOSTILE = [
    "Shop\r\nBcc: everybody@example.com",
    "Shop\nBcc: everybody@example.com",
    "Shop\rBcc: everybody@example.com",
    "Shop\r\n\r\n<h1>body</h1>",
    "Shop\x00null",
    "Shop\x0bvertical\x0cfeed",
    "Shop\x85next line",
    "Shop\u2028separator\u2029paragraph",
    'Shop" <evil@example.com>, "x',
    "Shop <evil@example.com>",
    "a, b; c: d",
    "=?utf-8?q?=0D=0ABcc:_everybody=40example.com?=",
    "=?utf-8?B?DQpCY2M6IGV2ZXJ5Ym9keUBleGFtcGxlLmNvbQ==?=",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</td></table><iframe src=//evil.example>",
    "<style>*{display:none}</style>",
    "<a href='javascript:alert(1)'>x</a>",
    "{{ 7 * 7 }} {% raw %}",
    "{sender} {title.__class__} {0}",
    "%s %(x)s ${x}",
    "--=====boundary==",
    ".\r\nQUIT\r\n",
    "\u202egnihtyna",
    "\u200b\ufeff\u2066hidden",
    "\ud800lone",
    "\U0001f600\U0001f468\u200d\U0001f469" * 40,
    "x" * 5000,
    "ü" * 2000,
    '\\\\" \\r\\n',
]


@pytest.mark.requirement("S2-25")
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_name_or_title_breaks_a_header_or_the_html(text: str) -> None:
    plain = sent(a_letter())
    message = sent(a_letter(sender=text, title=text))
    assert list(message.keys()) == list(plain.keys()), "no header came along"
    (sender,) = message["From"].addresses
    assert sender.addr_spec == "no-reply@shop.example"
    assert [one.addr_spec for one in message["To"].addresses] == ["ada@example.com"]
    assert not any(list(one.defects) for one in message.walk())
    assert not any(header.defects for header in message.values())
    assert [one.get_content_type() for one in message.walk()] == [one.get_content_type() for one in plain.walk()]
    page, expected = Links(part(message, "html")), Links(part(plain, "html"))
    assert page.elements == expected.elements
    assert page.targets == expected.targets
    assert page.handlers == []
    assert "49" not in page.words.replace("1,249", "") or "49" in text
    message_from_bytes(compose(a_letter(sender=text, title=text), ENVELOPE).as_bytes(), policy=strict)


@pytest.mark.parametrize(
    ("ground", "ink"), [("#000000", "#ffffff"), ("#ffffff", "#111827"), ("#166534", "#ffffff"), ("#ffee00", "#111827")]
)
def test_the_name_can_be_read_on_the_brands_colour(ground: str, ink: str) -> None:
    assert ink_on(ground) == ink

"""A letter as a message of MIME: plain text and HTML, with the code to scan and the logo inside it.

Headers are made by the standard library from values, never from text put together here, so that no name or title can begin a header
of its own. May not enter: SMTP, the disk beyond our own templates, the clock."""

import datetime
import tomllib
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import jinja2
import segno

from billfold.domain.letters import Letter

_FOLDER = Path(__file__).parent / "templates"
_HTML = jinja2.Environment(loader=jinja2.FileSystemLoader(_FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True)
_TEXT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_FOLDER),
    autoescape=False,  # noqa: S701  (plain text: nothing to escape)
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
NAME_LENGTH_MAX = 70
SUBJECT_LENGTH_MAX = 150


class _Wire(EmailPolicy):
    """As mail servers take it. The standard library makes encoded words of what is too long for a line and has no blank. Mailboxes
    decode none in what machines read (RFC 5322 msg-id, RFC 2369 and 8058), and show no button to leave."""

    def fold(self, name: str, value: str) -> str:
        folded: str = _policy_of(name).fold(name, value)
        return folded

    def fold_binary(self, name: str, value: str) -> bytes:
        return _policy_of(name).fold_binary(name, value)


_AS_IT_STANDS = frozenset({"list-unsubscribe", "message-id"})
_UNFOLDED = SMTP.clone(max_line_length=998)
WIRE = _Wire(linesep=SMTP.linesep)


def _policy_of(name: str) -> "EmailPolicy[Any]":
    return _UNFOLDED if name.lower() in _AS_IT_STANDS else SMTP


@dataclass(frozen=True, slots=True)
class Envelope:
    """From whom mails come. `sender`, `reply_to` and `return_path`: bare addresses; reply_to may be ""."""

    sender: str
    return_path: str
    reply_to: str = ""

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2]

    def returns_to(self, ticket: str) -> str:
        """Where bounces of this one mail go: the return path with the ticket behind a plus sign (VERP)."""
        local, _, domain = self.return_path.rpartition("@")
        return f"{local}+{ticket}@{domain}"


def compose(letter: Letter, envelope: Envelope) -> EmailMessage:
    """The whole message but for what relays add. The same letter gives the same Message-ID, so that a repeat can be told."""
    language = spoken(letter.language)
    words = _languages()[language]
    facts = {"sender": one_line(letter.sender), "title": one_line(letter.title), "expires": letter.expires or ""}
    said = {name: text.format(**facts) for name, text in (words["common"] | words[letter.kind.value]).items()}
    message = EmailMessage(policy=WIRE)
    name = facts["sender"][:NAME_LENGTH_MAX]
    message["From"] = Address(display_name=name, addr_spec=envelope.sender)
    message["To"] = Address(addr_spec=letter.to)
    if envelope.reply_to:
        message["Reply-To"] = Address(addr_spec=envelope.reply_to)
    message["Subject"] = said["subject"][:SUBJECT_LENGTH_MAX]
    message["Date"] = format_datetime(datetime.datetime.fromtimestamp(letter.sent_at_ms / 1000, datetime.UTC))
    message["Message-ID"] = f"<{letter.ticket}@{envelope.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    shown = {**facts, "say": said, "language": language, "letter": letter, "ink": ink_on(letter.color)}
    message.set_content(_TEXT.get_template("message.txt").render(shown))
    message.add_alternative(_HTML.get_template("message.html").render(shown), subtype="html")
    message["Content-Language"] = language
    page = message.get_payload()[1]  # type: ignore[index]  # two parts, just made
    assert isinstance(page, EmailMessage)
    _enclose(page, "code", code_png(letter.share_url))
    if letter.logo:
        _enclose(page, "logo", letter.logo)
    return message


def _enclose(page: EmailMessage, name: str, png: bytes) -> None:
    page.add_related(png, "image", "png", cid=f"<{name}@billfold>", filename=f"{name}.png", disposition="inline")


def code_png(address: str) -> bytes:
    """The QR code of an address, some 300 pixels wide. Mail programs show PNG alone."""
    out = BytesIO()
    segno.make(address, error="m", micro=False).save(out, kind="png", scale=6, border=4)
    return out.getvalue()


def one_line(text: str) -> str:
    """Without what is not to be seen: control characters, line ends, marks that turn the direction of text.

    What looks like an encoded word (RFC 2047) is broken up: the standard library would decode it, line ends included."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split()).replace("=?", "= ?")


def ink_on(color: str) -> str:
    """Black or white, whichever can be read on the colour (WCAG's relative luminance)."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if luminance < 0.179 else "#111827"


@cache
def _languages() -> dict[str, dict[str, dict[str, str]]]:
    return {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(_FOLDER.glob("*.toml"))}


def languages() -> tuple[str, ...]:
    return tuple(_languages())


def spoken(language: str) -> str:
    """The language of our templates that comes nearest to a tag such as `de-AT`; English where none does."""
    main = language.partition("-")[0].lower()
    return main if main in _languages() else "en"

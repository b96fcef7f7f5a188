"""What a mail says when it is sent, and what a mail server made of it. Values alone.

May not enter: MIME, SMTP, where the facts come from (flows/mailing.py)."""

from dataclasses import dataclass

from billfold.domain.mail import MailKind


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything that a mail is written from. `ticket`: the scope's code and the mail's ticket, as bounces carry them.

    `color`: `#rrggbb`. `logo`: PNG. `expires`: the pass's last day, in the words of `language`."""

    to: str
    kind: MailKind
    language: str
    sender: str
    title: str
    share_url: str
    unsubscribe_url: str
    ticket: str
    sent_at_ms: int
    color: str = "#1f2937"
    logo: bytes | None = None
    expires: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """The server has it."""


@dataclass(frozen=True, slots=True)
class Later:
    """This one mail not now: greylisted, mailbox full. `status`: the server's code, such as `451 4.7.1`."""

    status: str


@dataclass(frozen=True, slots=True)
class Refused:
    """This one mail never. `dead`: because there is no such mailbox."""

    status: str
    dead: bool = False


@dataclass(frozen=True, slots=True)
class Away:
    """Nothing is wrong with the mail: the server cannot be reached, or does not take us as a sender. Ask again in `seconds`."""

    reason: str
    seconds: float


Outcome = Taken | Later | Refused | Away


@dataclass(frozen=True, slots=True)
class Notice:
    """`ticket`: scope and ticket of the mail. `hard`: it will never arrive, the mailbox is dead. `delayed`: it still may.

    `complaint`: the holder called it unwanted."""

    ticket: str
    status: str
    hard: bool
    delayed: bool = False
    complaint: bool = False

"""What a mail is before anybody writes it: to whom, of which kind, and what became of it. Decisions on values alone.

An address is personal data: it stands in the mail's own row for a while and nowhere else; whatever must recognise it later (limits,
suppressions, events) knows its MAC. May not enter: SMTP, how a mail looks, the clock, randomness."""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum

from email_validator import EmailNotValidError, validate_email

from billfold.domain.errors import FieldProblem, Invalid
from billfold.domain.ids import Scope

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
BACKOFF_MS_MAX = HOUR_MS
GIVEN_UP_AFTER_MS = 48 * HOUR_MS
"""A server that says "later" for two days means no. One that cannot be reached at all counts otherwise: nothing is lost."""
ID_LENGTH_MAX = 128
_ID = re.compile(r"[0-9A-Za-z._:-]{1,128}\Z")


class MailKind(StrEnum):
    """Why it is sent: decides its text, and whether somebody who unsubscribed gets it nevertheless."""

    PASS_LINK = "pass_link"
    """Somebody asked for this one mail to this one person: the link to a pass."""
    REMINDER = "reminder"
    """A pass is about to expire."""


ASKED_FOR = frozenset({MailKind.PASS_LINK})
"""Kinds that one request asked for. They reach people who unsubscribed from the rest, and nobody whose mailbox is dead."""


class MailState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    """The server took it. A bounce may still come."""
    BOUNCED = "bounced"
    FAILED = "failed"
    """The server refused it for good, or said "later" for too long."""
    SUPPRESSED = "suppressed"
    """Not sent: the address is on the suppression list."""


class Reason(StrEnum):
    """Why an address is on the suppression list."""

    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINT = "complaint"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail that shall be sent. `id`: the caller's name for it, unique in the scope: queued twice, it is sent once. It stands in
    events, so it is made of other ids and never of an address.

    `language`: BCP 47; one that no template speaks is answered in English. `brand_id`: under whose name it goes, None: the
    workspace's. `pass_id`: what it is about; how the pass looks is read when the mail is sent. `data`: what only the cause knows
    (`title`), plain text; it goes with the address when that is forgotten."""

    scope: Scope
    id: str
    to: str
    kind: MailKind
    brand_id: str | None = None
    pass_id: str | None = None
    language: str = "en"
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A mail and what became of it. `mail.to` is "" once the address was forgotten. `ticket`: its name in bounces and in its
    Message-ID. `last_error`: the server's status, never its text, which may repeat the address. Times: ms since 1970;
    `settled_at_ms` is 0 while it is queued."""

    mail: Mail
    address_mac: str
    ticket: str
    state: MailState
    attempts: int
    due_at_ms: int
    last_error: str | None
    queued_at_ms: int
    settled_at_ms: int = 0


def check_address(text: str, path: str = "email") -> str:
    """The address as mail servers take it (domain in lower case and ASCII). Raises Invalid, which does not repeat it.

    Not judged: whether anybody reads there. Mailboxes with letters beyond ASCII are refused: few servers take them."""
    try:
        if len(text) > 320:
            raise EmailNotValidError("too long")
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False, globally_deliverable=False)
    except EmailNotValidError:
        mend = "send an address like ada@example.com"
        raise Invalid(FieldProblem(path, "not_an_address", "is no e-mail address", mend)) from None
    assert found.ascii_email is not None, "ASCII alone was asked for"
    return found.ascii_email


def normalised(address: str) -> str:
    """The form under which two spellings of one address are the same. Upper and lower case count as one: mailboxes that tell them
    apart are rarer than people who write them differently."""
    return address.lower()


def check_id(text: str) -> str:
    if not _ID.match(text):
        mend = f"give it a name of 1 to {ID_LENGTH_MAX} letters, digits and . _ : -"
        raise Invalid(FieldProblem("id", "malformed", "is no id of a mail", mend))
    return text


def withheld(kind: MailKind, reasons: Set[Reason]) -> Reason | None:
    """Why a mail of this kind must not go to an address that is on the list for these reasons; None: it may go."""
    if Reason.BOUNCED in reasons:
        return Reason.BOUNCED
    if kind in ASKED_FOR:
        return None
    return next((one for one in (Reason.COMPLAINT, Reason.UNSUBSCRIBED) if one in reasons), None)


def retry_ms(attempts: int, jitter: float) -> int:
    """Until the next try after the `attempts`-th "later" (1, 2, ...), times `jitter` (1 to 1.25): a minute, doubling to an hour.

    A greylisting server wants some minutes and then takes the mail; asking more often is what it holds against senders."""
    return int(min(MINUTE_MS * 2 ** min(attempts - 1, 10), BACKOFF_MS_MAX) * jitter)


# --- tokens that leave the system -------------------------------------------------------------------------------------------------

_BRAND = re.compile(r"[0-9A-Za-z_-]{0,64}\Z")
_MAC = re.compile(r"[a-z2-7]{24}\Z")


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who wants no more mail, and from whom: an address in a scope, and the brand ("": the workspace's own mails)."""

    scope: Scope
    address_mac: str
    brand_id: str

    @property
    def text(self) -> str:
        """What the token's MAC is made over, and what it begins with."""
        return f"{self.scope.code}.{self.address_mac}.{self.brand_id}"


@dataclass(frozen=True, slots=True)
class Suppression:
    """One entry of the list. `at_ms`: since when."""

    who: Subscriber
    reason: Reason
    at_ms: int


def check_brand(brand_id: str | None) -> str:
    text = brand_id or ""
    assert _BRAND.match(text), "a brand's id is made of letters, digits, - and _"
    return text


def parse_subscriber(token: str) -> tuple[Subscriber, str] | None:
    """(who, the MAC to compare), or None for what is no token. `token`: scope, address MAC, brand and MAC, with dots between."""
    parts = token.split(".")
    if len(parts) != 4:
        return None
    scope = Scope.parse(parts[0])
    if scope is None or not _MAC.match(parts[1]) or not _BRAND.match(parts[2]) or not _MAC.match(parts[3]):
        return None
    return Subscriber(scope, parts[1], parts[2]), parts[3]


def parse_ticket(text: str) -> tuple[Scope, str] | None:
    """(scope, ticket) of `d3m0abt` + 24 letters, as a return path carries it behind its plus sign; letter case does not count."""
    lower = text.lower()
    scope = Scope.parse(lower[:7])
    return (scope, lower[7:]) if scope is not None and _MAC.match(lower[7:]) else None

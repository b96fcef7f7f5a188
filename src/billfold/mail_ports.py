"""The part of ports.py that is about mails: the outbox, the rows behind it, and who carries a mail away.

May not enter: any adapter, SQL, SMTP, decisions (domain/mail.py)."""

from typing import Protocol

from billfold.domain.ids import Scope
from billfold.domain.mail import Mail, MailState, Reason, StoredMail, Subscriber


class Mails(Protocol):
    """Rows of mails, of suppressions, and of how many were queued on a day."""

    def add(self, stored: StoredMail) -> bool:
        """False when there is one with its id."""

    def count_up(self, scope: Scope, day_ms: int, who: str) -> int:
        """One more on the day that began then; gives back how many. `who`: an address's MAC, "" for the whole scope."""

    def find(self, scope: Scope, mail_id: str) -> StoredMail | None: ...
    def by_ticket(self, scope: Scope, ticket: str) -> StoredMail | None: ...
    def newest(self, scope: Scope, before: tuple[int, str] | None, limit: int, pass_id: str | None = None) -> list[StoredMail]:
        """Newest first, those before (queued_at_ms, id)."""

    def due_scopes(self, now_ms: int) -> list[Scope]: ...
    def due(self, scope: Scope, now_ms: int, limit: int) -> list[StoredMail]:
        """The longest due first."""

    def claim(self, scope: Scope, mail_id: str, now_ms: int, until_ms: int) -> bool:
        """True when it is still due: then nobody else may take it until `until_ms`, and the attempt is counted."""

    def settle(self, scope: Scope, mail_id: str, state: MailState, at_ms: int, error: str | None) -> None: ...
    def postpone(self, scope: Scope, mail_id: str, due_at_ms: int, error: str, *, attempt: bool) -> None:
        """Later. `attempt` False: nothing was wrong with this one, so the claimed attempt is taken back."""

    def postpone_all(self, scope: Scope, due_at_ms: int) -> None:
        """Nothing of the scope before then: its server is away."""

    def suppress(self, who: Subscriber, reason: Reason, at_ms: int) -> bool:
        """True when it was not there for this reason."""

    def reasons(self, who: Subscriber) -> frozenset[Reason]:
        """Why mails of the brand do not go to the address: its own entries, and those of the whole scope."""


class HasMails(Protocol):
    """What the outbox needs of a transaction."""

    mails: Mails


class MailDesk(Protocol):
    """`services.mail`: what any flow may ask of mails."""

    def queue(self, tx: HasMails, mail: Mail) -> bool:
        """Sends it later, if the transaction commits. False when one with its id is there already. No I/O.

        Raises Invalid for an address that is none, TooMany when the member or the workspace got enough today."""

    def mac(self, scope: Scope, purpose: str, text: str) -> str:
        """24 letters of a to z and 2 to 7, the same for ever for the same three."""

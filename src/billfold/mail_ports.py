"""The part of ports.py that is about mails: the outbox, the rows behind it, and who carries a mail away.

May not enter: any adapter, SQL, SMTP, decisions (domain/mail.py)."""

from collections.abc import Collection
from typing import Protocol

from billfold.domain.ids import Scope
from billfold.domain.letters import Letter, Notice, Outcome
from billfold.domain.mail import Mail, MailState, Reason, StoredMail, Subscriber, Suppression


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

    def newest_of(self, scope: Scope, pass_ids: Collection[str], each: int) -> list[StoredMail]:
        """At most `each` of each pass, its newest first; the passes in no order of meaning."""

    def due_scopes(self, now_ms: int) -> list[Scope]: ...
    def due(self, scope: Scope, now_ms: int, limit: int) -> list[StoredMail]:
        """The longest due first."""

    def claim(self, scope: Scope, mail_id: str, now_ms: int, until_ms: int) -> bool:
        """True when it is still due: then nobody else may take it until `until_ms`, and the attempt is counted."""

    def settle(self, scope: Scope, mail_id: str, state: MailState, at_ms: int, error: str | None) -> bool:
        """True when it was queued until now; a bounce is written down in any case."""

    def postpone(self, scope: Scope, mail_id: str, due_at_ms: int, error: str, *, attempt: bool) -> None:
        """Later. `attempt` False: nothing was wrong with this one, so the claimed attempt is taken back."""

    def forget_queued(self, who: Subscriber, at_ms: int, error: str) -> int:
        """What waits for the address, of the brand and of the workspace itself, is not sent and keeps no address. How many."""

    def suppress(self, who: Subscriber, reason: Reason, at_ms: int) -> bool:
        """True when it was not there for this reason."""

    def reasons(self, who: Subscriber) -> frozenset[Reason]:
        """Why mails of the brand do not go to the address: its own entries, and those of the whole scope."""

    def suppressions(self, scope: Scope, address_macs: Collection[str]) -> list[Suppression]:
        """All entries of the addresses, oldest first."""

    def unsuppress(self, scope: Scope, address_mac: str) -> int:
        """Takes all of them off the list. How many."""


class HasMails(Protocol):
    """What the outbox needs of a transaction."""

    mails: Mails


class MailDesk(Protocol):
    """`services.mail`: what any flow may ask of mails."""

    def queue(self, tx: HasMails, mail: Mail) -> bool:
        """Sends it later, if the transaction commits. False when one with its id is there already. No I/O.

        Raises Invalid for an address that is none, TooMany when the member or the workspace got enough today."""

    def forget(self, tx: HasMails, scope: Scope, address: str, brand_id: str) -> int:
        """What waits for the person is not sent, and the address in it is gone. Gives back how many mails those were. No I/O."""

    def mac(self, scope: Scope, purpose: str, text: str) -> str:
        """24 letters of a to z and 2 to 7, the same for ever for the same three."""

    def read(self, raw: bytes) -> Notice:
        """What came back to a return path: a bounce or a complaint. Raises Invalid for anything else."""


class Carrier(Protocol):
    """Carries letters to a mail server, one after the other."""

    async def send(self, letter: Letter) -> Outcome:
        """Never raises for what the other side does."""

    async def close(self) -> None: ...


class Post(Protocol):
    """The mail servers of the environments."""

    def burst(self, scope: Scope) -> Carrier: ...
    def away(self, scope: Scope) -> bool:
        """Whether the scope's server is known to be away just now, so that no mail need be looked at."""

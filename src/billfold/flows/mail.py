"""The outbox: a mail is queued in the transaction of its cause, and sent later from what is then true.

May not enter: SMTP, how a mail looks, HTTP."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from billfold.domain.errors import Invalid, TooMany
from billfold.domain.ids import Scope
from billfold.domain.letters import Notice
from billfold.domain.mail import Mail, MailState, StoredMail, Subscriber, check_address, check_brand, check_id, normalised
from billfold.domain.schedules import DAY_MS
from billfold.mail_ports import HasMails
from billfold.ports import Clock

ADDRESS, TICKET, UNSUBSCRIBE = "address", "ticket", "unsubscribe"
"""Purposes of MACs: none of them says anything about another."""


@dataclass(frozen=True, slots=True)
class DayLimits:
    """Mails in a day (UTC) to one address, and of a whole workspace and environment. 0: no limit."""

    address: int = 10
    workspace: int = 10_000


@dataclass(frozen=True, slots=True)
class Outbox:
    """mail_ports.MailDesk. `macs`: (scope, purpose, text) → 24 letters, from the key that is kept outside the database."""

    clock: Clock
    macs: Callable[[Scope, str, str], str]
    reader: Callable[[bytes], Notice]
    limits: DayLimits

    def read(self, raw: bytes) -> Notice:
        return self.reader(raw)

    def mac(self, scope: Scope, purpose: str, text: str) -> str:
        return self.macs(scope, purpose, text)

    def queue(self, tx: HasMails, mail: Mail) -> bool:
        checked = replace(mail, id=check_id(mail.id), to=check_address(mail.to), brand_id=check_brand(mail.brand_id) or None)
        now, scope = self.clock.now_ms(), mail.scope
        address_mac = self.mac(scope, ADDRESS, normalised(checked.to))
        stored = StoredMail(checked, address_mac, self.mac(scope, TICKET, mail.id), MailState.QUEUED, 0, now, None, now)
        if tx.mails.find(scope, mail.id):
            return False
        self._count(tx, scope, now, address_mac, self.limits.address, "this person got as many mails as anybody gets in a day")
        self._count(tx, scope, now, "", self.limits.workspace, "the workspace sent as many mails as it may in a day")
        return tx.mails.add(stored)

    def forget(self, tx: HasMails, scope: Scope, address: str, brand_id: str) -> int:
        try:
            checked = check_address(address)
        except Invalid:
            return 0  # nothing was ever queued for it
        who = Subscriber(scope, self.mac(scope, ADDRESS, normalised(checked)), brand_id)
        return tx.mails.forget_queued(who, self.clock.now_ms(), "the person was erased")

    def _count(self, tx: HasMails, scope: Scope, now: int, who: str, most: int, message: str) -> None:
        """Raises TooMany, before there is a mail."""
        if not most:
            return
        day = now - now % DAY_MS
        if tx.mails.count_up(scope, day, who) > most:
            raise TooMany("mail", message, (day + DAY_MS - now) // 1000 + 1)

"""Facts in the past tense, one row each, with their cause: the record of use that webhooks, reports and exports will read.

`data` holds ids, counts and kinds, never personal data and never a secret. May not enter: how events are stored or sent."""

from enum import StrEnum

import msgspec

from billfold.domain.ids import Scope


class EventKind(StrEnum):
    PASS_ISSUED = "pass.issued"
    PASS_UPDATED = "pass.updated"
    PASS_VOIDED = "pass.voided"
    PASS_REISSUED = "pass.reissued"
    """Another one stands in its place (`data.by`), or it stands in another's (`data.instead_of`)."""
    PASS_PERSONALIZED = "pass.personalized"
    """Its holder filled in the form beside it; `data` says how many answers came, never which."""
    MESSAGE_SENT = "message.sent"
    LINK_OPENED = "link.opened"
    PASS_DOWNLOADED = "pass.downloaded"
    PASS_INSTALLED = "pass.installed"
    PASS_REMOVED = "pass.removed"
    PASS_FETCHED = "pass.fetched"
    DEVICE_GONE = "device.gone"
    """A push service said that the device is no more: the pass went from it without a word of its own."""
    WALLETS_NOTIFIED = "wallets.notified"
    """So many devices were told that something changed, or so many objects written (`data.count`): one event a batch, about no
    single pass, since one push speaks for all passes on a device."""
    TEMPLATE_DRAFTED = "template.drafted"
    """A draft was begun; saving it again is no fact."""
    BALANCE_CHANGED = "balance.changed"
    LEDGER_ANCHORED = "ledger.anchored"
    """What all accounts' chains had come to, signed: whoever keeps this stream can show later that nothing was rewritten."""
    LEDGER_DRIFTED = "ledger.drifted"
    """An account does not add up and takes no postings until somebody has looked at it."""
    CARD_ISSUED = "card.issued"
    CARD_STATUS_CHANGED = "card.status_changed"
    CARD_CHANGED = "card.changed"
    """Its dates, its title, whose it is."""
    CARD_REMOVED = "card.removed"
    CARD_REMINDED = "card.reminded"
    MEMBER_CREATED = "member.created"
    MEMBER_CHANGED = "member.changed"
    MEMBER_ERASED = "member.erased"
    TERMINAL_CREATED = "terminal.created"
    TERMINAL_CHANGED = "terminal.changed"
    TERMINAL_REVOKED = "terminal.revoked"
    CARD_SCANNED = "card.scanned"
    SCAN_DECLINED = "scan.declined"
    SCAN_UNDONE = "scan.undone"
    SCAN_REPEATED_DIFFERENTLY = "scan.repeated_differently"
    """The same reference came with another body; it was taken for the repeat that it says it is."""
    SCAN_QUARANTINED = "scan.quarantined"
    QUARANTINE_DECIDED = "quarantine.decided"
    SCANNER_OPS_MISSING = "scanner_ops_missing"
    """Numbers that a device used (`data.first` to `data.last`) and that have not come for a quarter of an hour."""
    TERMINAL_ENROLLED = "terminal.enrolled"
    TEMPLATE_PUBLISHED = "template.published"
    TEMPLATE_RESTORED = "template.restored"
    TEMPLATE_ARCHIVED = "template.archived"
    TEMPLATE_DELETED = "template.deleted"
    MAIL_SENT = "mail.sent"
    """A mail server took it. About the pass; `data.mail` is the mail's id, and its address stands nowhere in an event."""
    MAIL_SUPPRESSED = "mail.suppressed"
    MAIL_FAILED = "mail.failed"
    MAIL_BOUNCED = "mail.bounced"
    MAIL_UNSUBSCRIBED = "mail.unsubscribed"
    KEY_CREATED = "key.created"
    KEY_REVOKED = "key.revoked"
    PERSON_INVITED = "person.invited"
    PERSON_JOINED = "person.joined"
    PERSON_CHANGED = "person.changed"
    """Role, password or passkeys; `data.what` says which."""
    PERSON_REMOVED = "person.removed"
    PERSON_SIGNED_IN = "person.signed_in"
    SESSION_ENDED = "session.ended"


class Event(msgspec.Struct, frozen=True):
    """`id` sorts by time (UUIDv7). `subject` is the pass, template or key it is about. `wallet` is apple, google or ""."""

    id: str
    scope: Scope
    at_ms: int
    kind: EventKind
    subject: str
    wallet: str = ""
    cause: str = ""
    data: dict[str, str | int] = msgspec.field(default_factory=dict)

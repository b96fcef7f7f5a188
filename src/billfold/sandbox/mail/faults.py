"""What a mail server does to senders on a bad day, on demand: by the address that is written to, or for the next so many messages.

May not enter: SMTP, messages."""

from dataclasses import dataclass, field

KINDS = ("greylist", "reject", "slow", "drop", "drop_after", "refuse_sender", "away")
"""greylist: 451 the first time. reject: 550. slow: answers late. drop: hangs up instead of taking the message; drop_after: takes it
and hangs up without saying so. refuse_sender: 550 to MAIL FROM. away: hangs up at once."""
BY_ADDRESS = {"greylist": "greylist", "reject": "reject", "slow": "slow", "drop": "drop", "drop-after": "drop_after"}
"""Mailboxes that always show a fault; and `bounce@`, which is taken and comes back."""
SLOW_SECONDS = 2.0
_SEEN_MAX = 1_000


@dataclass
class Faults:
    """`slow_seconds`: how late slow is."""

    slow_seconds: float = SLOW_SECONDS
    _next: dict[str, int] = field(default_factory=dict)
    _seen: dict[tuple[str, str], None] = field(default_factory=dict)

    def plan(self, kind: str, count: int) -> None:
        """The next `count` messages meet with it; 0: none any more."""
        assert kind in KINDS
        self._next[kind] = count

    def planned(self) -> dict[str, int]:
        return {kind: count for kind, count in self._next.items() if count}

    def clear(self) -> None:
        self._next.clear()
        self._seen.clear()

    def take(self, kind: str) -> bool:
        """Whether a planned fault of this kind happens now."""
        left = self._next.get(kind, 0)
        self._next[kind] = max(0, left - 1)
        return left > 0

    def of_recipient(self, sender: str, recipient: str) -> str | None:
        """The fault that this message to this recipient meets with. A greylisting mailbox takes the second try."""
        for kind in ("greylist", "reject", "slow"):
            if self.take(kind):
                return kind
        kind = BY_ADDRESS.get(mailbox(recipient), "")
        if kind == "greylist":
            seen = (sender, recipient)
            if seen in self._seen:
                return None
            self._seen[seen] = None
            while len(self._seen) > _SEEN_MAX:
                del self._seen[next(iter(self._seen))]
        return kind or None


def mailbox(address: str) -> str:
    """The part before @ and +, in lower case."""
    return address.partition("@")[0].partition("+")[0].lower()

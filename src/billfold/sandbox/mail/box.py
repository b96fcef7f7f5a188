"""The messages that were caught, in bounded memory: the oldest go first. May not enter: SMTP, HTML, the clock."""

import email.policy
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage

MESSAGES_MAX = 500
BYTES_MAX = 32 * 1024 * 1024


@dataclass(frozen=True)
class Caught:
    """One message as it came. `sender` and `recipients`: of the envelope. `id` counts up."""

    id: int
    at_ms: int
    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=email.policy.default)

    def text(self) -> str:
        return _body(self.message, "plain")

    def html(self) -> str:
        return _body(self.message, "html")

    def enclosed(self) -> dict[str, tuple[str, bytes]]:
        """Content-ID → (media type, bytes) of the parts inside the HTML."""
        found: dict[str, tuple[str, bytes]] = {}
        for part in self.message.walk():
            name = str(part.get("Content-ID", "")).strip(" <>")
            data = part.get_payload(decode=True)
            if name and isinstance(data, bytes):
                found[name] = (part.get_content_type(), data)
        return found


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""


def header(message: EmailMessage, name: str) -> str:
    """A header as text, also where it is malformed."""
    try:
        return str(message.get(name, ""))
    except Exception:  # the parser raises all kinds for what others wrote
        return "(unreadable)"


class Box:
    """At most `messages_max` messages of `bytes_max` bytes together."""

    def __init__(self, messages_max: int = MESSAGES_MAX, bytes_max: int = BYTES_MAX) -> None:
        self._messages_max, self._bytes_max = messages_max, bytes_max
        self._kept: OrderedDict[int, Caught] = OrderedDict()
        self._bytes = 0
        self._last = 0

    def add(self, at_ms: int, sender: str, recipients: tuple[str, ...], raw: bytes) -> Caught:
        self._last += 1
        caught = Caught(self._last, at_ms, sender, recipients, raw)
        self._kept[caught.id] = caught
        self._bytes += len(raw)
        while len(self._kept) > self._messages_max or (self._bytes > self._bytes_max and len(self._kept) > 1):
            _, gone = self._kept.popitem(last=False)
            self._bytes -= len(gone.raw)
        return caught

    def find(self, id_: int) -> Caught | None:
        return self._kept.get(id_)

    def newest(self, to: str = "") -> Iterator[Caught]:
        """Newest first; `to`: a part of a recipient's address."""
        wanted = to.lower()
        for caught in reversed(self._kept.values()):
            if any(wanted in one.lower() for one in caught.recipients):
                yield caught

    def clear(self) -> None:
        self._kept.clear()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

"""Reads what comes back: delivery status notifications (RFC 3464) and complaints (RFC 5965), as any mail server writes them.

Which mail it is about is said by the address that it came back to; nothing else in it is believed, since anybody may send such a
message. May not enter: look-ups, what follows from a bounce (flows/mailing.py)."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from email.policy import default

from billfold.domain.errors import FieldProblem, Invalid
from billfold.domain.letters import Notice

BYTES_MAX = 1024 * 1024
_PARTS_MAX = 50
_RETURN = re.compile(r"\+([a-z0-9]{6}[tl][a-z2-7]{24})@", re.IGNORECASE)
_STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_ADDRESSED = ("delivered-to", "x-original-to", "envelope-to", "to")


def read(raw: bytes) -> Notice:
    """Raises Invalid for a message that is no notice about a mail of ours."""
    if len(raw) > BYTES_MAX:
        raise _refused("too_long", "is longer than any notice", "send the notice alone, at most 1 MiB")
    try:
        message = message_from_bytes(raw, policy=default)
        ticket = _ticket(message)
        parts = list(_walk(message))
    except Exception:  # the parser stumbles over some malformed messages in ways of its own
        raise _refused("unreadable", "is no message of e-mail", "send it as it arrived, headers first") from None
    if ticket is None:
        mend = "only messages to our own return path are about mails of ours"
        raise _refused("not_ours", "was not sent to a return path of ours", mend)
    for one in parts:
        if one.get_content_type() == "message/delivery-status":
            return _from_status(ticket, one)
        if one.get_content_type() == "message/feedback-report":
            return Notice(ticket, "complaint", hard=False, complaint=True)
    raise _refused("no_notice", "says nothing about a delivery", "send bounces and complaints alone, not answers of people")


def _refused(code: str, message: str, mend: str) -> Invalid:
    return Invalid(FieldProblem("", code, message, mend))


def _walk(message: Message) -> Iterator[Message]:
    for count, part in enumerate(message.walk()):
        if count >= _PARTS_MAX:
            return
        yield part


def _ticket(message: Message) -> str | None:
    for name in _ADDRESSED:
        for value in message.get_all(name, []):
            if found := _RETURN.search(str(value)):
                return found[1].lower()
    return None


def _from_status(ticket: str, part: Message) -> Notice:
    """The first recipient's fields: each mail of ours has one recipient."""
    blocks = part.get_payload()
    fields: dict[str, str] = {}
    for block in blocks if isinstance(blocks, list) else []:
        if not isinstance(block, Message):
            continue
        for name in ("action", "status"):
            value = block.get(name)
            if value is not None:
                fields.setdefault(name, str(value))
    found = _STATUS.match(fields.get("status", ""))
    status = found[1] if found else ""
    action = fields.get("action", "").strip().lower()
    if action not in ("failed", "delayed"):
        raise _refused("delivered", "says that the mail arrived", "nothing is to be done about it")
    delayed = action == "delayed"
    # 5.2.x and 5.7.x are full mailboxes and filters: this mail is lost, the next may arrive.
    hard = not delayed and (status.startswith("5.1.") or status == "5.0.0")
    return Notice(ticket, status or "5.0.0", hard, delayed)

"""The notice that a message could not be delivered, as mail servers write it (RFC 3464), to the return path of the message.

May not enter: where the notice goes."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from billfold.sandbox.mail.box import Caught, header

HOST = "mail.sandbox.invalid"


def notice(caught: Caught, recipient: str, at_ms: int, status: str = "5.1.1") -> bytes:
    """A multipart/report about one recipient of a message: words, status, and the headers of what came back."""
    made = EmailMessage(policy=SMTP)
    made["From"] = f"Mail Delivery System <MAILER-DAEMON@{HOST}>"
    made["To"] = caught.sender
    made["Subject"] = "Undelivered Mail Returned to Sender"
    made["Date"] = format_datetime(datetime.fromtimestamp(at_ms / 1000, UTC))
    made["Message-ID"] = make_msgid(domain=HOST)
    made["Auto-Submitted"] = "auto-replied"
    made["MIME-Version"] = "1.0"
    made.set_type("multipart/report")
    made.set_param("report-type", "delivery-status")
    words = EmailMessage(policy=SMTP)
    words.set_content("This is the mail catcher. Your message could not be delivered: there is no such mailbox.\n")
    made.attach(words)
    made.attach(_status(recipient, status))
    made.attach(_headers(caught))
    return made.as_bytes()


def _status(recipient: str, status: str) -> EmailMessage:
    about, one = EmailMessage(policy=SMTP), EmailMessage(policy=SMTP)
    about["Reporting-MTA"] = f"dns; {HOST}"
    one["Final-Recipient"] = f"rfc822; {recipient}"
    one["Action"] = "failed" if status.startswith("5") else "delayed"
    one["Status"] = status
    one["Diagnostic-Code"] = f"smtp; 550 {status} no such mailbox"
    part = EmailMessage(policy=SMTP)
    part["Content-Type"] = "message/delivery-status"
    part.set_payload([about, one])
    return part


def _headers(caught: Caught) -> EmailMessage:
    names = ("From", "To", "Subject", "Date", "Message-ID")
    lines = "".join(f"{name}: {' '.join(header(caught.message, name).split())}\r\n" for name in names)
    part = EmailMessage(policy=SMTP)
    part.set_content(lines.encode(), "text", "rfc822-headers", cte="base64")
    return part

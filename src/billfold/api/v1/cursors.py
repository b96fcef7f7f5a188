"""Where a list goes on: a cursor holds the last id that was given, opaque to callers. It carries no right: the key alone says whose
rows are listed. May not enter: the lists themselves."""

import base64
import binascii
import re

from billfold.domain.errors import FieldProblem, Invalid

_ID = re.compile(r"[0-9A-Za-z_-]{1,64}\Z")


def write(last_id: str) -> str:
    return base64.urlsafe_b64encode(last_id.encode()).decode().rstrip("=")


def read(cursor: str | None) -> str | None:
    """The id to go on after; None for the beginning. Raises Invalid."""
    if cursor is None:
        return None
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    if not _ID.match(text) or write(text) != cursor:
        raise Invalid(
            FieldProblem("cursor", "not_a_cursor", "is no cursor of ours", "send next_cursor of the page before, or none")
        )
    return text

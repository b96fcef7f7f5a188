"""Codes that change by time (RFC 6238, SHA-1), as a phone shows them and a scanner checks them.

The secret is each pass's own, derived from the key outside the database, and stored nowhere. May not enter: where the secret comes
from, which codes were used before (a scanner accepts each step once), the clock.
Source: RFC 4226, RFC 6238; reference/google-wallet.md section 1.9."""

import hmac
import re
from hashlib import sha1

from billfold.domain.content import RotatingBarcode

SECRET_BYTES = 20
_NAMES = re.compile(r"(\{totp_value_0\}|\{totp_timestamp_seconds\}|\{totp_timestamp_millis\})")
_PARTS = {
    "{totp_timestamp_seconds}": r"(?P<seconds>[0-9]{1,12})",
    "{totp_timestamp_millis}": r"(?P<millis>[0-9]{1,15})",
}


def step_at(at_ms: int, period_seconds: int) -> int:
    """Which code it is: periods since 1970."""
    return at_ms // (period_seconds * 1000)


def code(secret: bytes, step: int, digits: int) -> str:
    """RFC 4226 section 5.3: the last `digits` decimal digits, with zeros before them."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), sha1)
    at = digest[-1] & 0x0F
    return str((int.from_bytes(digest[at : at + 4], "big") & 0x7FFF_FFFF) % 10**digits).zfill(digits)


def message(rotating: RotatingBarcode, secret: bytes, at_ms: int) -> str:
    """What the code holds at that moment."""
    value = code(secret, step_at(at_ms, rotating.period_seconds), rotating.digits)
    filled = rotating.pattern.replace("{totp_value_0}", value)
    return filled.replace("{totp_timestamp_seconds}", str(at_ms // 1000)).replace("{totp_timestamp_millis}", str(at_ms))


def verify(rotating: RotatingBarcode, secret: bytes, scanned: str, at_ms: int, tolerance: int = 1) -> int | None:
    """The step that a scanned code belongs to, None where it is no code of this pass now: `tolerance` periods early or late are
    taken, for clocks that differ. The caller refuses a step that it has accepted before.

    A time in the code says for which step it was made; it counts only within the same bounds."""
    found = _reading(rotating).fullmatch(scanned)
    if found is None:
        return None
    now = step_at(at_ms, rotating.period_seconds)
    given = found.groupdict()
    printed = int(given["millis"]) if given.get("millis") else int(given["seconds"]) * 1000 if given.get("seconds") else None
    steps = range(max(0, now - tolerance), now + tolerance + 1)
    matching = [one for one in steps if hmac.compare_digest(code(secret, one, rotating.digits), given["value"])]
    if printed is not None:
        own = step_at(printed, rotating.period_seconds)
        matching = [one for one in matching if one == own]
    return matching[0] if matching else None


def _reading(rotating: RotatingBarcode) -> re.Pattern[str]:
    pieces, seen = [], set()
    for piece in _NAMES.split(rotating.pattern):
        group = rf"(?P<value>[0-9]{{{rotating.digits}}})" if piece == "{totp_value_0}" else _PARTS.get(piece)
        if group is None:
            pieces.append(re.escape(piece))
        elif piece in seen:
            pieces.append(r"[0-9]{1,15}")
        else:
            seen.add(piece)
            pieces.append(group)
    return re.compile("".join(pieces), re.ASCII)

"""The code that a phone draws of a Google pass right now: a rotating one by RFC 6238, else the fixed one. Pure; the time is given.

May not enter: network. Source: reference/google-wallet.md section 1.9."""

import hmac
from dataclasses import dataclass
from hashlib import sha1

from billfold.sandbox.phones.google_reading import Members, items, members


@dataclass(frozen=True)
class RotatingCode:
    """`parameters`: for each the secret and how many digits it shows."""

    pattern: str
    period_ms: int
    parameters: tuple[tuple[bytes, int], ...]

    def at(self, now_ms: int) -> str:
        text = self.pattern.replace("{totp_timestamp_millis}", str(now_ms)).replace("{totp_timestamp_seconds}", str(now_ms // 1000))
        for number, (secret, digits) in enumerate(self.parameters):
            text = text.replace(f"{{totp_value_{number}}}", _digits(secret, now_ms // self.period_ms, digits))
        return text


def _digits(secret: bytes, counter: int, digits: int) -> str:
    mac = hmac.new(secret, counter.to_bytes(8, "big"), sha1).digest()
    start = mac[19] % 16
    number = int.from_bytes(mac[start : start + 4], "big") % 2**31
    return f"{number % 10**digits:0{digits}d}"


def rotating_code(object_: Members) -> RotatingCode | None:
    """None where there is none, or one that this phone cannot draw."""
    code = members(object_.get("rotatingBarcode"))
    details = members(code.get("totpDetails"))
    try:
        parameters = tuple(
            (bytes.fromhex(str(one["key"])), int(str(one["valueLength"]))) for one in map(members, items(details.get("parameters")))
        )
        period_ms = int(str(details.get("periodMillis", 0)))
    except (KeyError, ValueError):
        return None
    return RotatingCode(str(code.get("valuePattern", "")), period_ms, parameters) if parameters and period_ms > 0 else None

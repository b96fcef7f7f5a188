"""Any save link judged, whoever made it: whether it is a JWT as Google takes it, what it claims, whether it is short enough.

May not enter: how we make links (save_link.py), whether a signature is its issuer's (only Google knows the key), what the payload's
classes and objects say (document.py). Source: reference/google-wallet.md sections 1.9 and 3; RFC 7515."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from billfold.domain.content import JsonObject
from billfold.ports import Finding
from billfold.wallets.google.document import parsed
from billfold.wallets.google.save_link import JWT_LENGTH_MAX

LINK_BYTES_MAX: Final = 64 * 1024
CLAIMS: Final = frozenset({"iss", "aud", "typ", "iat"})
"""A document with a payload and one of these is what a link is made from."""

_LINK: Final = re.compile(rb"(?:https?://[^\s?#]{1,200}/)?(eyJ[A-Za-z0-9+/_=-]*(?:\.[A-Za-z0-9+/_=-]*){0,4})")
_PART: Final = re.compile(r"[A-Za-z0-9_-]+")
_ACCOUNT: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_AROUND_CLAIMS: Final = 452
"""Characters of a JWT beside its claims: a header that names a key, and a signature by 2048 bits."""
_CLOCK_SECONDS: Final = 600
_INVALID: Final = "Google's page says that something went wrong, and saves nothing"


@dataclass(frozen=True, slots=True)
class Link:
    """A save link taken apart. `claims`: None where they cannot be read. `findings`: about its form."""

    claims: JsonObject | None
    length: int
    findings: tuple[Finding, ...]


def read_link(data: bytes) -> Link | None:
    """A link, or the JWT of one, from a file of text; None for a file that is something else."""
    match = _LINK.fullmatch(data.strip()) if len(data) <= LINK_BYTES_MAX else None
    if match is None:
        return None
    token = match[1].decode("ascii")
    header, claims = _parts(token)
    return Link(claims, len(token), tuple(_form(token, header, claims)))


def length_of(claims: Mapping[str, object]) -> int:
    """Characters of the JWT that such claims make, about."""
    return _AROUND_CLAIMS + (len(msgspec.json.encode(claims)) * 4 + 2) // 3


def check_claims(claims: JsonObject, length: int, now_s: int) -> Iterator[Finding]:
    """What a link claims beside its payload. `length`: of the JWT, in characters."""
    if length > JWT_LENGTH_MAX:
        yield Finding(
            "google.link_long",
            "warning",
            "",
            f"the JWT has {length} characters, and {JWT_LENGTH_MAX} are safe",
            "insert class and object by the API first, and let the link carry their ids alone",
            "some browsers cut the address, and then nothing is saved",
        )
    yield from _constants(claims)
    yield from _times(claims, now_s)
    origins = claims.get("origins")
    if origins is not None and not (isinstance(origins, list) and all(isinstance(one, str) for one in origins)):
        yield _bad("link_claim", "origins", "origins is no list of texts", 'send a list, like ["https://shop.example"]')
    payload = claims.get("payload")
    if not isinstance(payload, dict) or not any(payload.values()):
        yield _bad("link_payload", "payload", "there is nothing to save", "send at least one object, like loyaltyObjects")
    elif _carries_a_key(payload):
        yield Finding(
            "google.link_secret",
            "warning",
            "payload",
            "the link carries the key of a rotating barcode",
            "insert the object by the API, and let the link carry its id alone",
            "whoever has the link can read the key, and make codes of their own",
        )


def _parts(token: str) -> tuple[JsonObject | None, JsonObject | None]:
    """Header and claims, read as leniently as base64 can be."""
    pieces = [*token.split("."), ""]
    return _json(pieces[0]), _json(pieces[1])


def _json(piece: str) -> JsonObject | None:
    plain = piece.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return parsed(base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4)).decode())
    except (binascii.Error, UnicodeDecodeError):
        return None


def _form(token: str, header: JsonObject | None, claims: JsonObject | None) -> Iterator[Finding]:
    pieces = token.split(".")
    if len(pieces) != 3 or not pieces[2]:
        mend = "copy the whole link: header, claims and signature, with two dots between"
        yield _bad("link_form", "", "the JWT has not three parts: it was cut, or never signed", mend)
    elif not all(_PART.fullmatch(one) for one in pieces):
        mend = "encode by base64url: - and _ instead of + and /, no = at the end"
        yield _bad("link_form", "", "the JWT is written in plain base64", mend)
    if header is None or claims is None:
        yield _bad("link_form", "", "header or claims are no JSON", "copy the whole link, and encode by base64url")
    if header is not None and header.get("alg") != "RS256":
        yield _bad("link_alg", "header.alg", "the link is not signed by RS256", "sign with the service account's key by RS256")


def _constants(claims: JsonObject) -> Iterator[Finding]:
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or _ACCOUNT.fullmatch(issuer) is None:
        mend = "send the service account's address, client_email of its key file"
        yield _bad("link_claim", "iss", "iss is no service account", mend)
    if claims.get("aud") != "google":
        yield _bad("link_claim", "aud", "aud is not google", 'send "google"')
    if claims.get("typ") == "savetoandroidpay":
        message = "typ is an outdated word"
        yield Finding("google.link_outdated", "warning", "typ", message, 'send "savetowallet"', "Google may stop taking it")
    elif claims.get("typ") != "savetowallet":
        mend = 'send "savetowallet" among the claims; the typ of the header is another'
        yield _bad("link_claim", "typ", "typ is not savetowallet", mend)


def _times(claims: JsonObject, now_s: int) -> Iterator[Finding]:
    issued, ends = claims.get("iat"), claims.get("exp")
    if issued is None:
        message, otherwise = "iat is missing", "Google's page calls it required; links without it are seen to work"
        yield Finding("google.link_undated", "warning", "iat", message, "send the time of issue as a number", otherwise)
    elif isinstance(issued, bool) or not isinstance(issued, int | float):
        yield _bad("link_claim", "iat", "iat is no number of seconds since 1970", "send the time of issue as a number")
    elif issued > now_s + _CLOCK_SECONDS:
        mend = "set the clock by NTP; send seconds, not milliseconds"
        yield _bad("link_claim", "iat", "iat lies in the future", mend)
    if isinstance(ends, int | float) and ends < now_s:
        message, otherwise = "the link has expired", "whether Google minds is not documented"
        yield Finding("google.link_expired", "warning", "exp", message, "make a new link, or send no exp", otherwise)


def _carries_a_key(payload: Mapping[str, object]) -> bool:
    every = (one for listed in payload.values() if isinstance(listed, list) for one in listed if isinstance(one, dict))
    codes = (one.get("rotatingBarcode") for one in every)
    return any(isinstance(one, dict) and one.get("totpDetails") for one in codes)


def _bad(code: str, path: str, message: str, mend: str) -> Finding:
    return Finding(f"google.{code}", "error", path, message, mend, _INVALID)

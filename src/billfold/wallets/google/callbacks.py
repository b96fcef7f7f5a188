"""Google's signed callback: bytes to "this object was saved or removed", or a refusal. Root keys come from root_keys.py.

Every check uses the strings exactly as one JSON decoding of the body gave them: the real `signedKey` holds escapes, and writing it
anew breaks its signature. Whom the message is for is our configuration, never what it says itself. A nonce that came before is for
the caller to notice. May not enter: the network, the store, the clock. Source: reference/google-wallet.md section 5.3; ECv2."""

import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

SENDER_ID: Final = "GooglePayPasses"
PROTOCOL_VERSION: Final = "ECv2SigningOnly"
BODY_BYTES_MAX: Final = 16_384
_SIGNATURES_MAX: Final = 10
_TEXT_MAX: Final = 512
_ECDSA: Final = ec.ECDSA(hashes.SHA256())

T = TypeVar("T")


class CallbackRefused(Exception):
    """`reason` is a constant word for the log; the sender hears nothing of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"callback refused: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class RootKey:
    key: ec.EllipticCurvePublicKey
    expires_at_ms: int


@dataclass(frozen=True, slots=True)
class RootKeys:
    """Google's keys of this protocol version. An empty set refuses everything."""

    keys: tuple[RootKey, ...]


@dataclass(frozen=True, slots=True)
class Callback:
    """A holder saved (`save`) or removed (`del`) an object. Who it was is not said, and `count` is undocumented."""

    object_id: str
    class_id: str
    event_type: str
    nonce: str
    expires_at_ms: int
    count: int | None


class _Intermediate(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    signed_key: str
    signatures: list[str]


class _Body(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    protocol_version: str
    signature: str
    intermediate_signing_key: _Intermediate
    signed_message: str


class _SignedKey(msgspec.Struct, rename="camel"):
    key_value: str
    key_expiration: str | int


class _Message(msgspec.Struct, rename="camel"):
    class_id: str
    object_id: str
    event_type: str
    exp_time_millis: int | str
    nonce: str
    count: int | None = None


class _PublishedKey(msgspec.Struct, rename="camel"):
    key_value: str = ""
    protocol_version: str = ""
    key_expiration: str | int = ""


class _PublishedKeys(msgspec.Struct):
    keys: list[_PublishedKey]


def verify(body: bytes, issuer_id: str, root_keys: RootKeys, now_ms: int) -> Callback:
    """What the callback says, when Google signed it for `issuer_id` and it has not expired at `now_ms`. Raises CallbackRefused."""
    if len(body) > BODY_BYTES_MAX:
        raise CallbackRefused("too large")
    outer = _decode(body, _Body, "malformed body")
    if outer.protocol_version != PROTOCOL_VERSION:
        raise CallbackRefused("protocol version")
    signing_key = _intermediate_key(outer.intermediate_signing_key, root_keys, now_ms)
    signed = length_value(SENDER_ID, issuer_id, PROTOCOL_VERSION, outer.signed_message)
    if not _verifies(signing_key, outer.signature, signed):
        raise CallbackRefused("message signature")
    message = _decode(_utf8(outer.signed_message), _Message, "malformed message")
    if now_ms >= _milliseconds(message.exp_time_millis):
        raise CallbackRefused("message expired")
    if message.event_type not in ("save", "del"):
        raise CallbackRefused("event type")
    own = issuer_id + "."
    if not (message.object_id.startswith(own) and message.class_id.startswith(own)):
        raise CallbackRefused("another issuer's object")
    if not message.nonce or max(map(len, (message.nonce, message.object_id, message.class_id))) > _TEXT_MAX:
        raise CallbackRefused("malformed message")
    expires_at_ms = _milliseconds(message.exp_time_millis)
    return Callback(message.object_id, message.class_id, message.event_type, message.nonce, expires_at_ms, message.count)


def claimed_issuer(body: bytes) -> str | None:
    """The issuer id that a callback names, unverified: only to choose among the configured issuers, then `verify` for it."""
    if len(body) > BODY_BYTES_MAX:
        return None
    try:
        outer = _decode(body, _Body, "")
        issuer, dot, _ = _decode(_utf8(outer.signed_message), _Message, "").object_id.partition(".")
    except CallbackRefused:
        return None
    return issuer if dot and issuer.isascii() and issuer.isdecimal() else None


def parse_root_keys(document: bytes) -> RootKeys:
    """The usable keys of Google's published list: this protocol version, with an expiry. Raises CallbackRefused."""
    found = []
    for one in _decode(document, _PublishedKeys, "malformed root keys").keys:
        if one.protocol_version != PROTOCOL_VERSION or one.key_expiration == "":
            continue
        try:
            found.append(RootKey(_public_key(one.key_value), _milliseconds(one.key_expiration)))
        except CallbackRefused:
            continue  # a key of a kind to come must not take the others with it
    return RootKeys(tuple(found))


def length_value(*texts: str) -> bytes:
    """Each text in UTF-8 after its length in bytes, 4 bytes, little-endian."""
    parts = [_utf8(text) for text in texts]
    return b"".join(len(part).to_bytes(4, "little") + part for part in parts)


def _intermediate_key(intermediate: _Intermediate, root_keys: RootKeys, now_ms: int) -> ec.EllipticCurvePublicKey:
    """The key that signs messages, vouched for by a root key that is valid now."""
    if not 0 < len(intermediate.signatures) <= _SIGNATURES_MAX:
        raise CallbackRefused("number of signatures")
    signed = length_value(SENDER_ID, PROTOCOL_VERSION, intermediate.signed_key)
    valid = [one.key for one in root_keys.keys if now_ms < one.expires_at_ms]
    if not any(_verifies(key, signature, signed) for key in valid for signature in intermediate.signatures):
        raise CallbackRefused("intermediate signature")
    parsed = _decode(_utf8(intermediate.signed_key), _SignedKey, "malformed intermediate key")
    if now_ms >= _milliseconds(parsed.key_expiration):
        raise CallbackRefused("intermediate expired")
    return _public_key(parsed.key_value)


def _verifies(key: ec.EllipticCurvePublicKey, signature: str, signed: bytes) -> bool:
    try:
        key.verify(_base64(signature), signed, _ECDSA)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _base64(text: str) -> bytes:
    """Only the one canonical spelling: another would let a changed byte pass."""
    data = b64decode(text, validate=True)
    if b64encode(data) != text.encode("ascii"):
        raise ValueError("not canonical")
    return data


def _public_key(text: str) -> ec.EllipticCurvePublicKey:
    """A P-256 key from the base64 of its SubjectPublicKeyInfo."""
    try:
        key = load_der_public_key(_base64(text))
    except (binascii.Error, ValueError, UnsupportedAlgorithm) as error:
        raise CallbackRefused("unreadable key") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise CallbackRefused("kind of key")
    return key


def _milliseconds(value: str | int) -> int:
    """int64 travels as a number or as text."""
    if isinstance(value, int):
        return value
    if not value.isascii() or not value.isdecimal() or len(value) > 19:
        raise CallbackRefused("malformed time")
    return int(value)


def _decode(data: bytes, shape: type[T], refusal: str) -> T:
    try:
        return msgspec.json.decode(data, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CallbackRefused(refusal) from error


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:  # half of a surrogate pair: nothing that Google could have signed
        raise CallbackRefused("malformed text") from error

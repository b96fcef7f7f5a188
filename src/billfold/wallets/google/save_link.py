"""The link that puts a pass into Google Wallet: a JWT signed by the issuer's service account, in an address.

It stands on the hot path of issuing, so everything but the RSA operation is prepared: the header, the fixed claims, the parsed key.
The link works before the object exists at Google, which makes it from the JWT; a worker brings what did not fit. Whoever holds a
link can save the pass: it is a bearer token and belongs in no log. May not enter: the network, the clock (`iat` is given).
Source: reference/google-wallet.md section 3; RFC 7515, RFC 7518 section 3.3."""

from base64 import urlsafe_b64encode
from functools import lru_cache
from hashlib import sha256
from typing import Final

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from billfold.domain.content import JsonObject
from billfold.domain.signing import SigningKey, ToSign
from billfold.wallets.google.credentials import GoogleCredential, load_private_key
from billfold.wallets.google.objects import essential, least
from billfold.wallets.google.overrides import merged_object
from billfold.wallets.google.shapes import PassObject
from billfold.wallets.google.verticals import GENERIC, Vertical

SAVE_BASE_URL: Final = "https://pay.google.com/gp/v/save/"
JWT_LENGTH_MAX: Final = 1800
"""Beyond it some browsers cut the address. Source: reference/google-wallet.md section 3.2."""

_PADDING: Final = padding.PKCS1v15()
_SHA256: Final = hashes.SHA256()
_JSON: Final = msgspec.json.Encoder()


class Rs256Signer:
    """Makes JWTs of one service account. Made once a credential: reading the key costs as much as many signatures."""

    def __init__(self, credential: GoogleCredential) -> None:
        self.key = SigningKey(credential.private_key_pem.encode())
        self.header = b64url(_JSON.encode({"alg": "RS256", "typ": "JWT", "kid": credential.key_id})) + b"."
        self.claims_start = b'{"iss":%b,"aud":"google","typ":"savetowallet","iat":' % _JSON.encode(credential.client_email)
        self._key = load_private_key(credential.private_key_pem, known=True)
        signature_bytes = (self._key.key_size + 7) // 8
        self._overhead = len(self.header) + 1 + _b64_length(signature_bytes)

    def length(self, claims_bytes: int) -> int:
        """Characters of a JWT with so many bytes of claims, without signing one."""
        return self._overhead + _b64_length(claims_bytes)

    def sign(self, claims: bytes) -> str:
        """The compact JWT over `claims` (JSON), signed here: for the few tokens of an hour."""
        signing_input = self.header + b64url(claims)
        return (signing_input + b"." + b64url(self._key.sign(signing_input, _PADDING, _SHA256))).decode("ascii")


class UnsignedLink(msgspec.Struct, frozen=True):
    """A save link that lacks its signature: what the key has to sign, and the link up to there."""

    wanted: ToSign
    start: str

    def signed(self, signature: bytes) -> str:
        return f"{self.start}.{b64url(signature).decode('ascii')}"


@lru_cache(maxsize=1024)
def signer_of(credential: GoogleCredential) -> Rs256Signer:
    return Rs256Signer(credential)


def save_claims(
    signer: Rs256Signer,
    object_: PassObject,
    iat: int,
    *,
    vertical: Vertical = GENERIC,
    class_: JsonObject | None = None,
    own: JsonObject | None = None,
    named_only: bool = False,
) -> tuple[bytes, bool]:
    """What the save link of one object says (JSON, in a JWT of at most 1,800 characters), and whether it only names the object.

    It carries the whole object while that fits, else what a holder needs at the till, else the code; else the two ids alone, which
    work as soon as the object is at Google. `iat`: seconds since 1970. `class_`: goes along where Google may not have it (a generic
    one by its id: there is nothing in it that a holder misses); Google makes a missing class, and never changes one that it knows.
    `own`: what the content overrides in the object. `named_only`: the ids alone, for an object that holds a secret: whoever has a
    link can read it."""
    if not named_only:
        classes = b""
        if class_ is not None:
            classes = b'"%bes":[%b],' % (vertical.class_kind.encode(), _JSON.encode(class_))
        elif vertical is GENERIC:
            classes = _generic_class(object_.class_id)
        for made in (_whole, essential, least):
            candidate: object = made(object_)
            if own and made is _whole:
                candidate = merged_object(msgspec.to_builtins(candidate), own)
            claims = _claims(signer, iat, classes, vertical, _JSON.encode(candidate))
            if signer.length(len(claims)) <= JWT_LENGTH_MAX:
                return claims, False
    reference = _JSON.encode({"id": object_.id, "classId": object_.class_id})
    return _claims(signer, iat, b"", vertical, reference), True


def whole_claims(signer: Rs256Signer, object_: bytes, class_id: str, iat: int) -> bytes | None:
    """The same for a generic object that is written already, where its class is at Google. None when it is too long."""
    claims = _claims(signer, iat, _generic_class(class_id), GENERIC, object_)
    return claims if signer.length(len(claims)) <= JWT_LENGTH_MAX else None


def _generic_class(class_id: str) -> bytes:
    return b'"%bes":[{"id":"%b"}],' % (GENERIC.class_kind.encode(), class_id.encode())


def _claims(signer: Rs256Signer, iat: int, classes: bytes, vertical: Vertical, object_: bytes) -> bytes:
    return b'%b%d,"payload":{%b"%bs":[%b]}}' % (signer.claims_start, iat, classes, vertical.object_kind.encode(), object_)


def _whole(object_: PassObject) -> PassObject:
    return object_


def save_link(signer: Rs256Signer, claims: bytes, *, base_url: str = SAVE_BASE_URL) -> UnsignedLink:
    """The link that says what `save_claims` wrote: the compact JWT over it, in an address."""
    signing_input = signer.header + b64url(claims)
    return UnsignedLink(ToSign(signer.key, sha256(signing_input).digest()), base_url + signing_input.decode("ascii"))


def b64url(data: bytes) -> bytes:
    """RFC 4648 section 5, without padding, as JOSE wants it."""
    return urlsafe_b64encode(data).rstrip(b"=")


def _b64_length(count: int) -> int:
    return (count * 4 + 2) // 3

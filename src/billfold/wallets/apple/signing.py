"""Detached CMS signatures (RFC 5652) over manifests, made from parts that are computed once per certificate.

For one RSA key every length in the structure is constant, so a signature is: prefix (both certificates included), signed
attributes with 13 bytes of time and 32 of digest filled in, middle, RSA signature. The result equals what `openssl smime -sign
-binary -nosmimecap -md sha256` writes, byte for byte. Source: reference/apple-wallet.md section 1.3, reference/pass-building.md.
May not enter: settings, files, the network, the clock (the signing time is given), the zip format (bundle.py)."""

import time
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo

from billfold.domain.signing import SigningKey
from billfold.wallets.apple.certificates import AppleCredential

FIRST_GENERALIZED = 2_524_608_000
"""2050-01-01T00:00:00Z: from here on RFC 5652 section 11.3 asks for GeneralizedTime, up to there for UTCTime."""

_SHA256 = bytes.fromhex("300d 0609 608648016503040201 0500")
_RSA_ENCRYPTION = bytes.fromhex("300d 0609 2a864886f70d010101 0500")
_SIGNED_DATA = bytes.fromhex("0609 2a864886f70d010702")
_DATA = bytes.fromhex("0609 2a864886f70d010701")
_CONTENT_TYPE = bytes.fromhex("0609 2a864886f70d010903")
_MESSAGE_DIGEST = bytes.fromhex("0609 2a864886f70d010904")
_SIGNING_TIME = bytes.fromhex("0609 2a864886f70d010905")
_VERSION_1 = bytes.fromhex("020101")
_SEQUENCE, _SET, _OCTETS, _CONTEXT_0 = 0x30, 0x31, 0x04, 0xA0
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18

_PADDING = padding.PKCS1v15()
_AS_GIVEN = NoDigestInfo()  # hashlib starts a digest faster than the signing call does, and a constant names it faster
_DIGEST_INFO = bytes.fromhex("3031") + _SHA256 + bytes.fromhex("0420")
"""RFC 8017 section 9.2: what stands before the digest that is signed."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """What stands still in one signature. The attributes are signed as a SET and stored under the tag [0] (RFC 5652, 5.4)."""

    before: bytes  # everything up to and with the tag [0] of the signed attributes
    attributes: bytes  # length of the attributes, content type, and the signing time up to its digits
    digest: bytes  # what comes between the digits and the message digest
    after: bytes  # signature algorithm, and the head of the signature


class Signer:
    """One certificate's signing key, ready. Threads may share it.

    A signature is made in two steps, since the RSA operation may be another process's: `begin`, and `finish` with its result."""

    __slots__ = ("_generalized", "_key", "_moment", "_utc", "key")

    def __init__(self, credential: AppleCredential) -> None:
        # The key passed all checks when the credential was made; the primality check alone would cost 35 ms at each start.
        key = serialization.load_pem_private_key(credential.key_pem, None, unsafe_skip_rsa_key_validation=True)
        assert isinstance(key, rsa.RSAPrivateKey), "certificates.py lets only RSA keys through"
        certificate = x509.load_pem_x509_certificate(credential.certificate_pem)
        intermediate = x509.load_pem_x509_certificate(credential.intermediate_pem)
        self.key = SigningKey(credential.key_pem)
        self._key = key
        self._utc = _frame(certificate, intermediate, key.key_size, _UTC_TIME, 13)
        self._generalized = _frame(certificate, intermediate, key.key_size, _GENERALIZED_TIME, 15)
        self._moment = (-1, self._utc, b"", sha256())
        """Signing time, and what its signatures share: passes made in one second have the same."""

    def begin(self, digest: bytes, at: int) -> tuple[bytes, bytes, bytes]:
        """(the digest that the key has to sign, the detached signature up to the RSA signature that ends it, in two pieces: what
        stands still, and the rest). `digest`: SHA-256 of what is signed; `at`: signing time, whole seconds since 1970, UTC."""
        kept_at, frame, attributes, hashed = self._moment  # another thread may put its own there meanwhile
        if kept_at != at:
            frame = self._utc if at < FIRST_GENERALIZED else self._generalized
            attributes = b"".join((frame.attributes, _digits(at), frame.digest))
            hashed = sha256(b"\x31" + attributes)
            self._moment = at, frame, attributes, hashed
        own = hashed.copy()
        own.update(digest)
        return own.digest(), frame.before, b"".join((attributes, digest, frame.after))

    def sign(self, content: bytes, at: int) -> bytes:
        """Detached signature (DER) over these very bytes, with the RSA operation made here."""
        digest, before, own = self.begin(sha256(content).digest(), at)
        return before + own + self.rsa(digest)

    def rsa(self, digest: bytes) -> bytes:
        """The RSA operation alone. Lets go of the GIL while it works."""
        return self._key.sign(_DIGEST_INFO + digest, _PADDING, _AS_GIVEN)


@lru_cache(maxsize=1024)
def _digits(at: int) -> bytes:
    """A time as ASN.1 writes it. Kept, because passes made in one second share theirs."""
    year, month, day, hour, minute, second = time.gmtime(at)[:6]
    text = f"{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z".encode()
    return text[2:] if at < FIRST_GENERALIZED else text


def _frame(certificate: x509.Certificate, intermediate: x509.Certificate, key_bits: int, time_tag: int, time_length: int) -> _Frame:
    """Builds the signature once with zeros where time, digest and signature go, and cuts it at those places."""
    der = serialization.Encoding.DER
    digits, digest, signature = bytes(time_length), bytes(32), bytes((key_bits + 7) // 8)
    # DER sorts a SET by its members' bytes: content type (30 18), signing time (30 1c or 1e), message digest (30 2f).
    attributes = (
        _attribute(_CONTENT_TYPE, _DATA)
        + _attribute(_SIGNING_TIME, _tlv(time_tag, digits))
        + _attribute(_MESSAGE_DIGEST, _tlv(_OCTETS, digest))
    )
    # Issuer and serial number are the certificate's own bytes: names re-encoded from parts may differ in their string types.
    identifier = _tlv(_SEQUENCE, certificate.issuer.public_bytes() + _integer(certificate.serial_number))
    head = _VERSION_1 + identifier + _SHA256
    tail = _RSA_ENCRYPTION + _tlv(_OCTETS, signature)
    signer_info = _tlv(_SEQUENCE, head + _tlv(_CONTEXT_0, attributes) + tail)
    # The order of the certificates means nothing to a verifier; it is the one in which openssl smime writes them.
    certificates = intermediate.public_bytes(der) + certificate.public_bytes(der)
    signed_data = _tlv(
        _SEQUENCE,
        _VERSION_1 + _tlv(_SET, _SHA256) + _tlv(_SEQUENCE, _DATA) + _tlv(_CONTEXT_0, certificates) + _tlv(_SET, signer_info),
    )
    whole = _tlv(_SEQUENCE, _SIGNED_DATA + _tlv(_CONTEXT_0, signed_data))
    stored = _tlv(_CONTEXT_0, attributes)
    end = len(whole) - len(tail)
    start = end - len(stored)
    assert whole[start:end] == stored, "the signed attributes stand before the signature algorithm"
    inner = whole[start + 1 : end]
    digits_at = len(inner) - len(_attribute(_MESSAGE_DIGEST, _tlv(_OCTETS, digest))) - time_length
    return _Frame(
        before=whole[: start + 1],
        attributes=inner[:digits_at],
        digest=inner[digits_at + time_length : -len(digest)],
        after=tail[: -len(signature)],
    )


def _attribute(kind: bytes, value: bytes) -> bytes:
    return _tlv(_SEQUENCE, kind + _tlv(_SET, value))


def _integer(number: int) -> bytes:
    return _tlv(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def _tlv(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + length.to_bytes(size, "big") + content

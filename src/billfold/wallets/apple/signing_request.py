"""Makes a key and the request with which Apple issues a Pass Type ID certificate for it, so that the key never leaves this machine.

Apple replaces the subject by its own; the name in it only helps people to tell requests apart. May not enter: files, the network,
the storage of keys. Source: reference/apple-wallet.md section 8.4; RFC 2986."""

import hashlib
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

RSA_BITS = 2048
"""What Apple issues pass certificates for."""


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """`fingerprint`: SHA-256 (hex) of the public key, by which the certificate is known as this key's. Never log this value."""

    request_pem: bytes
    key_pem: bytes = field(repr=False)
    fingerprint: str


def make_signing_request(name: str) -> SigningRequest:
    """A fresh RSA key, and the request for it, signed with SHA-256. `name`: up to 64 characters, for people."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    spki = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return SigningRequest(
        request.public_bytes(pem),
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        hashlib.sha256(spki).hexdigest(),
    )

"""A certificate authority for tests that can make every mistake: what the sandbox's own would never issue.

The good certificates of these tests come from here too, so that both authorities are tried against certificates.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

PASS_TYPE = "pass.org.example.card"
TEAM = "ABCDE12345"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BEGINS = NOW - timedelta(days=30)
ENDS = NOW + timedelta(days=365)

PASS_SIGNING = ObjectIdentifier("1.2.840.113635.100.4.14")
PASS_TYPE_EXTENSION = ObjectIdentifier("1.2.840.113635.100.6.1.16")
NFC_EXTENSION = ObjectIdentifier("1.2.840.113635.100.6.1.26")

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """One key for each name; making them is slow."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@dataclass(frozen=True)
class Authority:
    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def pem(self) -> bytes:
        return pem(self.certificate)


@cache
def root() -> Authority:
    name = _name((NameOID.COMMON_NAME, "Test Root CA"))
    builder = _builder(name, name, rsa_key("root"), BEGINS - timedelta(days=900), ENDS + timedelta(days=4000))
    return Authority(_ca(builder, rsa_key("root"), rsa_key("root")), rsa_key("root"))


@cache
def intermediate(
    generation: str = "G4",
    key_name: str = "",
    ends: datetime = ENDS + timedelta(days=2000),
    organization: str = "Billfold Sandbox",
) -> Authority:
    """Named like Apple's, but for the organisation. Another `key_name`: one of this name that did not issue our certificates."""
    key = rsa_key(f"intermediate {generation} {key_name}")
    name = _name(
        (NameOID.COMMON_NAME, "Test Worldwide Developer Relations Certification Authority"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, generation),
        (NameOID.ORGANIZATION_NAME, organization),
    )
    builder = _builder(name, root().certificate.subject, key, BEGINS - timedelta(days=800), ends)
    return Authority(_ca(builder, key, root().key), key)


def certificate(
    *,
    key: Key | None = None,
    issuer: Authority | None = None,
    pass_type: str | None = PASS_TYPE,
    team: str | None = TEAM,
    extension: str | None = PASS_TYPE,
    usages: Sequence[ObjectIdentifier] = (ExtendedKeyUsageOID.CLIENT_AUTH, PASS_SIGNING),
    begins: datetime = BEGINS,
    ends: datetime = ENDS,
    nfc: bool = False,
) -> x509.Certificate:
    issuer = issuer or intermediate()
    parts = [(NameOID.COMMON_NAME, f"Pass Type ID: {pass_type}"), (NameOID.ORGANIZATION_NAME, "Example")]
    parts += [(NameOID.USER_ID, pass_type)] if pass_type else []
    parts += [(NameOID.ORGANIZATIONAL_UNIT_NAME, team)] if team else []
    builder = _builder(_name(*parts), issuer.certificate.subject, key or rsa_key("pass"), begins, ends)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(list(usages)), critical=False)
    if extension is not None:
        text = extension.encode()
        builder = builder.add_extension(
            x509.UnrecognizedExtension(PASS_TYPE_EXTENSION, bytes((12, len(text))) + text), critical=False
        )
    if nfc:
        builder = builder.add_extension(x509.UnrecognizedExtension(NFC_EXTENSION, b"\x05\x00"), critical=False)
    return builder.sign(issuer.key, hashes.SHA256())


def pem(one: x509.Certificate) -> bytes:
    return one.public_bytes(serialization.Encoding.PEM)


def der(one: x509.Certificate) -> bytes:
    return one.public_bytes(serialization.Encoding.DER)


def key_pem(key: Key, password: str | None = None) -> bytes:
    protection = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)


def _name(*parts: tuple[ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts])


def _builder(subject: x509.Name, issuer: x509.Name, key: Key, begins: datetime, ends: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _ca(builder: x509.CertificateBuilder, key: rsa.RSAPrivateKey, issuer_key: rsa.RSAPrivateKey) -> x509.Certificate:
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(authority, critical=False)
        .sign(issuer_key, hashes.SHA256())
    )

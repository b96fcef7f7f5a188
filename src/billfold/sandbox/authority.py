"""A throwaway certificate chain shaped like Apple's: root, pass-issuing intermediate, pass certificates, a server certificate.

What Apple's developer portal does for live credentials, this does for the sandbox, on one machine and for nobody else.
It trusts nothing and is trusted by nothing outside the sandbox. Source: reference/apple-wallet.md section 8.1.
May not enter: wallets, storage, network. Anything of Billfold outside `billfold.sandbox`.
"""

import ipaddress
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

PASS_TYPE_EXTENSION = ObjectIdentifier("1.2.840.113635.100.6.1.16")  # holds the pass type identifier
NFC_EXTENSION = ObjectIdentifier("1.2.840.113635.100.6.1.26")
PUSH_EXTENSION = ObjectIdentifier("1.2.840.113635.100.6.3.2")
PASS_SIGNING_USAGE = ObjectIdentifier("1.2.840.113635.100.4.14")

PASS_CERTIFICATE_LIFETIME = timedelta(days=395)  # what Apple's of 2024-25 have
SERVER_CERTIFICATE_LIFETIME = timedelta(days=3650)
AUTHORITY_LIFETIME = timedelta(days=7300)
BACKDATED = timedelta(days=2)  # a phone's clock may be behind ours

_AUTHORITY_FILE = "authority.pem"
_DER_NULL = b"\x05\x00"


@dataclass(frozen=True)
class IssuedCertificate:
    """A certificate with its key and the chain above it, each as PEM."""

    certificate_pem: bytes
    key_pem: bytes
    intermediate_pem: bytes
    root_pem: bytes

    @property
    def chain_pem(self) -> bytes:
        """What a TLS peer sends: the certificate, then the intermediate that issued it."""
        return self.certificate_pem + self.intermediate_pem


@dataclass(frozen=True)
class _Member:
    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


class SandboxAuthority:
    """The root and the intermediate of one sandbox. `open` keeps them in a folder; the root's key is thrown away at birth."""

    def __init__(self, root: x509.Certificate, intermediate: x509.Certificate, intermediate_key: rsa.RSAPrivateKey) -> None:
        self._root = root
        self._intermediate = _Member(intermediate, intermediate_key)

    @classmethod
    def open(cls, folder: Path) -> "SandboxAuthority":
        """The authority kept in `folder`, made on first use.

        Everything is one file of mode 0600 that appears complete or not at all: of two processes that start together,
        one makes it and both read the same.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept = folder / _AUTHORITY_FILE
        if not kept.exists():
            _create_once(kept, _new_authority())
        return cls._from_pem(kept.read_bytes())

    @classmethod
    def _from_pem(cls, pem: bytes) -> "SandboxAuthority":
        root, intermediate = x509.load_pem_x509_certificates(pem)
        key = serialization.load_pem_private_key(pem, password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return cls(root, intermediate, key)

    @property
    def root_pem(self) -> bytes:
        return _pem(self._root)

    @property
    def intermediate_pem(self) -> bytes:
        return _pem(self._intermediate.certificate)

    def issue_pass_certificate(
        self,
        pass_type_identifier: str,
        team_identifier: str,
        *,
        nfc: bool = False,
        organization_name: str = "Billfold Sandbox",
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> IssuedCertificate:
        """A Pass Type ID certificate: it signs passes and is the client certificate towards the push server.

        `not_before` and `not_after` are aware; the default runs 395 days from two days ago, or up to `not_after`.
        """
        default_begin = datetime.now(UTC) - BACKDATED
        begins = not_before or (not_after - PASS_CERTIFICATE_LIFETIME if not_after else default_begin)
        ends = not_after or begins + PASS_CERTIFICATE_LIFETIME
        kind = "Pass Type ID with NFC" if nfc else "Pass Type ID"
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.USER_ID, pass_type_identifier),
                x509.NameAttribute(NameOID.COMMON_NAME, _shortened(f"{kind}: {pass_type_identifier}")),
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, team_identifier),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization_name),
                x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
            ]
        )
        identifier = pass_type_identifier.encode()
        assert len(identifier) < 128, "a pass type identifier of 128 bytes or more needs a longer DER length"
        key = _new_key()
        builder = (
            _leaf(subject, self._intermediate, key, begins, ends)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, PASS_SIGNING_USAGE]), critical=False)
            .add_extension(
                x509.UnrecognizedExtension(PASS_TYPE_EXTENSION, bytes([0x0C, len(identifier)]) + identifier), critical=False
            )
            .add_extension(x509.UnrecognizedExtension(PUSH_EXTENSION, _DER_NULL), critical=False)
        )
        if nfc:
            builder = builder.add_extension(x509.UnrecognizedExtension(NFC_EXTENSION, _DER_NULL), critical=False)
        return self._sealed(builder, key)

    def issue_server_certificate(self, hosts: tuple[str, ...]) -> IssuedCertificate:
        """A TLS server certificate for names and addresses, such as ("localhost", "127.0.0.1")."""
        begins = datetime.now(UTC) - BACKDATED
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _shortened(hosts[0]))])
        key = _new_key()
        names = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
        builder = (
            _leaf(subject, self._intermediate, key, begins, begins + SERVER_CERTIFICATE_LIFETIME)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(names, critical=False)
        )
        return self._sealed(builder, key)

    def _sealed(self, builder: x509.CertificateBuilder, key: rsa.RSAPrivateKey) -> IssuedCertificate:
        certificate = builder.sign(self._intermediate.key, hashes.SHA256())
        return IssuedCertificate(_pem(certificate), _key_pem(key), self.intermediate_pem, self.root_pem)


def _new_authority() -> bytes:
    now = datetime.now(UTC) - BACKDATED
    root_key = _new_key()
    root_name = _authority_name("Billfold Sandbox Root CA", "Billfold Sandbox Certification Authority")
    root = _ca(root_name, root_name, root_key, root_key, now, path_length=None)
    key = _new_key()
    name = _authority_name("Billfold Sandbox Pass Authority", "G4")
    intermediate = _ca(name, root_name, key, root_key, now, path_length=0)
    return _pem(root) + _pem(intermediate) + _key_pem(key)


def _authority_name(common_name: str, unit: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Billfold Sandbox"),
            x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
        ]
    )


def _ca(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPrivateKey,
    issuer_key: rsa.RSAPrivateKey,
    begins: datetime,
    path_length: int | None,
) -> x509.Certificate:
    return (
        _certificate(subject, issuer, key, issuer_key, begins, begins + AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )


def _leaf(subject: x509.Name, issuer: _Member, key: rsa.RSAPrivateKey, begins: datetime, ends: datetime) -> x509.CertificateBuilder:
    return (
        _certificate(subject, issuer.certificate.subject, key, issuer.key, begins, ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
    )


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPrivateKey,
    issuer_key: rsa.RSAPrivateKey,
    begins: datetime,
    ends: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _shortened(common_name: str) -> str:
    return common_name[:64]  # X.520 ends a common name there; the full identifier is in UID and in the extension


def _create_once(path: Path, content: bytes) -> None:
    """`path` with `content`, unless another process was first. A link, unlike a rename, never replaces."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

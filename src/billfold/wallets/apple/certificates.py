"""Reads a Pass Type ID certificate, its key and Apple's intermediate, and refuses what phones or the push service would refuse.

All checks happen here, once, when an operator brings the files; afterwards the credential is trusted. A refusal names its mend.
Source: reference/apple-wallet.md section 8. May not enter: files, the network, the clock (`now` is given), storage of secrets."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from billfold.domain.errors import CredentialRefused

PASS_TYPE_EXTENSION = ObjectIdentifier("1.2.840.113635.100.6.1.16")
NFC_EXTENSION = ObjectIdentifier("1.2.840.113635.100.6.1.26")
PASS_SIGNING_USAGE = ObjectIdentifier("1.2.840.113635.100.4.14")
RSA_BITS_MIN = 2048
WARN_DAYS = (60, 30, 7)
"""When to remind of a renewal. Source: reference/apple-wallet.md section 8.1."""

LEGACY_COMMAND = "openssl pkcs12 -legacy -in OLD.p12 -nodes -out PASS.pem"
_WHERE_CERTIFICATE = "bring the Pass Type ID certificate made at developer.apple.com (Certificates, +, Pass Type ID Certificate)"
_WHERE_INTERMEDIATE = "download it from apple.com/certificateauthority (Worldwide Developer Relations) and give it too"
_EXPORT_BOTH = "in Keychain Access select the certificate and its private key together, then export both as one .p12"


@dataclass(frozen=True, slots=True)
class AppleCredential:
    """What signs passes of one type and pushes for them: certificate and key that fit, and the intermediate that issued it.

    `issuer`: the intermediate's organisation and generation, for people. Never log this value: it holds the private key."""

    pass_type_identifier: str
    team_identifier: str
    certificate_pem: bytes
    key_pem: bytes = field(repr=False)
    intermediate_pem: bytes
    not_before: datetime
    not_after: datetime
    has_nfc: bool
    serial: str
    issuer: str
    intermediate_not_after: datetime

    @property
    def issued_by_apple(self) -> bool:
        """Phones trust only Apple's intermediates; the sandbox brings its own."""
        return self.issuer.startswith("Apple Inc.")

    def warnings(self, now: datetime) -> tuple[str, ...]:
        """What an operator should do soon, most urgent first."""
        found = []
        for what, ends in (("certificate", self.not_after), ("intermediate", self.intermediate_not_after)):
            if ends - now < timedelta(days=WARN_DAYS[0]):
                days = max((ends - now).days, 0)
                found.append((days, f"the {what} of {self.pass_type_identifier} ends in {days} days, on {ends:%Y-%m-%d}; renew it"))
        return tuple(text for _, text in sorted(found))


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(AppleCredential)


def encode(credential: AppleCredential) -> bytes:
    """The whole credential, key included, as bytes to be sealed. Not for storage in clear."""
    return _ENCODER.encode(credential)


def decode(data: bytes) -> AppleCredential:
    """The inverse of `encode`."""
    return _DECODER.decode(data)


def check_for_live(credential: AppleCredential) -> None:
    """Raises CredentialRefused for what the stand-ins take and no real phone does. By the issuer's name: it is for mistakes."""
    if not credential.issued_by_apple:
        raise CredentialRefused(
            "issuer_foreign",
            f"the certificate was issued by {credential.issuer}, and phones trust Apple's alone",
            f"{_WHERE_CERTIFICATE}; one of another authority is for the test environment (--test)",
        )


@dataclass(slots=True)
class _Found:
    """What a set of files held, by kind."""

    certificates: list[x509.Certificate]
    keys: list[PrivateKeyTypes]


def load_apple_credential(
    certificate: bytes, key: bytes, password: str | None, intermediates: Sequence[bytes], now: datetime
) -> AppleCredential:
    """Reads and checks everything. `certificate`: PEM, DER (.cer) or .p12; `key`: PEM, DER or .p12, b"" when the first file has it.

    `intermediates`: PEM or DER, any number, in any order; the fitting one is chosen. Raises CredentialRefused."""
    found = _Found([], [])
    _read(certificate, password, found, "certificate")
    if key:
        _read(key, password, found, "key")
    if not found.keys:
        mend = f"{_EXPORT_BOTH}; a certificate that was asked for by `billfold certs request` needs none, in the same environment"
        raise CredentialRefused("key_missing", "there is no private key in the files", mend)
    if not found.certificates:
        raise CredentialRefused("certificate_missing", "there is no certificate in the files", _EXPORT_BOTH)
    others = _Found([], [])
    for one in intermediates:
        _read(one, None, others, "intermediate")
    private_key, leaf = _fitting_pair(found)
    pass_type, team = _identity(leaf)
    _check_key(private_key)
    _check_validity(leaf, now)
    above = [one for one in found.certificates if one != leaf] + others.certificates
    intermediate = _choose_intermediate(leaf, above, now)
    pem = serialization.Encoding.PEM
    return AppleCredential(
        pass_type_identifier=pass_type,
        team_identifier=team,
        certificate_pem=leaf.public_bytes(pem),
        key_pem=private_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        intermediate_pem=intermediate.public_bytes(pem),
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
        has_nfc=extension(leaf, NFC_EXTENSION) is not None,
        serial=f"{leaf.serial_number:x}",
        issuer=f"{name_part(leaf.issuer, NameOID.ORGANIZATION_NAME) or 'unnamed'}, {generation(leaf.issuer)}",
        intermediate_not_after=intermediate.not_valid_after_utc,
    )


# --- reading ----------------------------------------------------------------------------------------------------------------------


def _read(data: bytes, password: str | None, into: _Found, what: str) -> None:
    """Sorts what `data` holds into `into`, whatever of the usual forms it has."""
    if b"-----BEGIN " in data:
        _read_pem(data, password, into, what)
        return
    try:
        into.certificates.append(x509.load_der_x509_certificate(data))
        return
    except ValueError:
        pass
    if what != "intermediate":
        key = _der_key(data, password)
        if key is not None:
            into.keys.append(key)
            return
        if _read_p12(data, password, into):
            return
    forms = "PEM or DER" if what == "intermediate" else "PEM, DER (.cer) or .p12"
    raise CredentialRefused(f"{what}_unreadable", f"the {what} file cannot be read", f"give it as {forms}, unchanged and complete")


def _read_pem(data: bytes, password: str | None, into: _Found, what: str) -> None:
    if b" CERTIFICATE REQUEST-----" in data:
        mend = "upload it at developer.apple.com, and bring the certificate that can then be downloaded there"
        raise CredentialRefused(f"{what}_is_request", "this is the signing request, not the certificate", mend)
    if b"-----BEGIN CERTIFICATE-----" in data:
        try:
            into.certificates += x509.load_pem_x509_certificates(data)
        except ValueError as error:
            mend = "export it again; the lines from BEGIN to END must be complete"
            raise CredentialRefused(f"{what}_unreadable", f"the {what} file holds a damaged PEM certificate", mend) from error
    if b"PRIVATE KEY-----" in data:
        into.keys.append(_pem_key(data, password))


def _pem_key(data: bytes, password: str | None) -> PrivateKeyTypes:
    try:
        return _unlock(data, password)
    except TypeError as error:
        mend = "give its password"
        raise CredentialRefused("password_missing", "the private key is protected by a password", mend) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        if b"ENCRYPTED" in data:
            mend = "give the password that it was saved with"
            raise CredentialRefused("password_wrong", "the private key does not open with this password", mend) from error
        mend = "give an RSA private key as PEM (PKCS #8 or PKCS #1)"
        raise CredentialRefused("key_unreadable", "the private key cannot be read", mend) from error


def _unlock(data: bytes, password: str | None) -> PrivateKeyTypes:
    """A password that comes with an open key is a .p12's, or a habit: it does no harm."""
    secret = password.encode() if password and b"ENCRYPTED" in data else None
    return serialization.load_pem_private_key(data, secret)


def _der_key(data: bytes, password: str | None) -> PrivateKeyTypes | None:
    for secret in (None, password.encode() if password else None):
        try:
            return serialization.load_der_private_key(data, secret)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
    return None


def _read_p12(data: bytes, password: str | None, into: _Found) -> bool:
    """False when `data` is no PKCS #12 file at all."""
    if not _looks_like_p12(data):
        return False
    try:
        key, certificate, more = pkcs12.load_key_and_certificates(data, password.encode() if password is not None else None)
    except (UnsupportedAlgorithm, ValueError) as error:
        raise _p12_refusal(error, password) from error
    into.keys += [key] if key is not None else []
    into.certificates += [one for one in (certificate, *more) if one is not None]
    if key is None:
        raise CredentialRefused("key_missing", "the .p12 file holds no private key", _EXPORT_BOTH)
    return True


def _looks_like_p12(data: bytes) -> bool:
    """PFX is a SEQUENCE that begins with the version 3. Source: RFC 7292 section 4."""
    header = 2 + (data[1] & 0x7F if len(data) > 1 and data[1] & 0x80 else 0)
    return data[:1] == b"\x30" and data[header : header + 3] == b"\x02\x01\x03"


def _p12_refusal(error: Exception, password: str | None) -> CredentialRefused:
    """Which ciphers can be read depends on how OpenSSL was built; the wheels of `cryptography` read all that Keychain ever used."""
    words = str(error).lower()
    if isinstance(error, UnsupportedAlgorithm) or "unsupported" in words:
        mend = f"convert it with `{LEGACY_COMMAND}` and give PASS.pem as certificate, without a key file"
        return CredentialRefused("p12_legacy", "the .p12 file uses ciphers that are no longer supported", mend)
    if "password" not in words and "mac" not in words:
        return CredentialRefused("certificate_unreadable", "the .p12 file is damaged", "export it again; it must be complete")
    mend = "give the password chosen at its export"
    if password is None:
        return CredentialRefused("password_missing", "the .p12 file is protected by a password", mend)
    return CredentialRefused("password_wrong", "the .p12 file does not open with this password, or is damaged", mend)


# --- checking ---------------------------------------------------------------------------------------------------------------------


def _fitting_pair(found: _Found) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """The certificate that belongs to the key, from among everything that a file may hold."""
    spki, der = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.Encoding.DER
    for key in found.keys:
        wanted = key.public_key().public_bytes(der, spki)
        for one in found.certificates:
            if one.public_key().public_bytes(der, spki) == wanted:
                if not isinstance(key, rsa.RSAPrivateKey):
                    raise _unsuitable("is no RSA key")
                return key, one
    raise CredentialRefused(
        "key_mismatch",
        "the private key does not belong to the certificate",
        "bring the key that the certificate's signing request was made with, or request a new certificate",
    )


def _check_key(key: rsa.RSAPrivateKey) -> None:
    if key.key_size < RSA_BITS_MIN:
        raise _unsuitable(f"has {key.key_size} bits")


def _unsuitable(why: str) -> CredentialRefused:
    mend = f"make a signing request with RSA of {RSA_BITS_MIN} bits or more and get a new certificate"
    return CredentialRefused("key_unsuitable", f"the private key {why}", mend)


def _identity(leaf: x509.Certificate) -> tuple[str, str]:
    """(pass type identifier, team identifier), as the certificate itself has them. Source: section 8.1."""
    pass_type = name_part(leaf.subject, NameOID.USER_ID)
    if pass_type is None or not pass_type.startswith("pass."):
        raise _foreign("its subject has no UID that begins with pass.")
    team = name_part(leaf.subject, NameOID.ORGANIZATIONAL_UNIT_NAME)
    if not team:
        raise _foreign("its subject has no OU, which holds the team identifier")
    own_extension = extension(leaf, PASS_TYPE_EXTENSION)
    if own_extension is None:
        raise _foreign("it lacks Apple's extension for pass types")
    if der_text(own_extension) != pass_type:
        raise CredentialRefused(
            "pass_type_mismatch",
            "the pass type in the certificate's extension differs from the UID of its subject",
            _WHERE_CERTIFICATE,
        )
    try:
        usages = set(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        usages = set()
    for usage, purpose in ((PASS_SIGNING_USAGE, "signing passes"), (ExtendedKeyUsageOID.CLIENT_AUTH, "the push service")):
        if usage not in usages:
            raise _foreign(f"it is not meant for {purpose} (extended key usage {usage.dotted_string} is missing)")
    return pass_type, team


def _foreign(why: str) -> CredentialRefused:
    return CredentialRefused("not_a_pass_certificate", f"this is no Pass Type ID certificate: {why}", _WHERE_CERTIFICATE)


def _check_validity(leaf: x509.Certificate, now: datetime) -> None:
    assert now.tzinfo is not None, "an aware time"
    if now > leaf.not_valid_after_utc:
        raise CredentialRefused(
            "certificate_expired",
            f"the certificate expired on {leaf.not_valid_after_utc:%Y-%m-%d}",
            "renew it at developer.apple.com for the same pass type identifier; passes already installed keep working",
        )
    if now < leaf.not_valid_before_utc:
        raise CredentialRefused(
            "certificate_not_yet_valid",
            f"the certificate is valid only from {leaf.not_valid_before_utc.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
            "check this machine's clock, or wait until then",
        )


def _choose_intermediate(leaf: x509.Certificate, candidates: Sequence[x509.Certificate], now: datetime) -> x509.Certificate:
    """Never by name alone: subject and key identifier must fit, and its key must verify the leaf's signature. Section 8.3."""
    wanted = f"the intermediate that issued the certificate (generation {generation(leaf.issuer)})"
    if not candidates:
        raise CredentialRefused("intermediate_missing", f"{wanted} is missing", _WHERE_INTERMEDIATE)
    fitting = [one for one in candidates if one.subject == leaf.issuer and is_ca(one) and key_identifiers_fit(leaf, one)]
    issuers = [one for one in fitting if issued(leaf, one)]
    if not issuers:
        given = ", ".join(sorted({generation(one.subject) for one in candidates}))
        raise CredentialRefused("intermediate_wrong", f"{wanted} is not among those given ({given})", _WHERE_INTERMEDIATE)
    newest = max(issuers, key=lambda one: one.not_valid_after_utc)
    if not newest.not_valid_before_utc <= now <= newest.not_valid_after_utc:
        mend = f"bring the one that is valid now: {_WHERE_INTERMEDIATE}"
        raise CredentialRefused("intermediate_expired", f"{wanted} is not valid at this time", mend)
    return newest


def issued(leaf: x509.Certificate, above: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(above)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def key_identifiers_fit(leaf: x509.Certificate, above: x509.Certificate) -> bool:
    try:
        authority = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        subject = above.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return True  # then the signature alone decides
    return authority is None or authority == subject


def is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def generation(name: x509.Name) -> str:
    """How people tell Apple's intermediates apart: G4, G6...; the first generation has no OU of that form."""
    unit = name_part(name, NameOID.ORGANIZATIONAL_UNIT_NAME)
    if unit and unit[:1] == "G" and unit[1:].isdigit():
        return unit
    return name_part(name, NameOID.COMMON_NAME) or "unnamed"


def name_part(name: x509.Name, kind: ObjectIdentifier) -> str | None:
    values = name.get_attributes_for_oid(kind)
    value = values[0].value if values else None
    return value if isinstance(value, str) and value else None


def extension(certificate: x509.Certificate, kind: ObjectIdentifier) -> bytes | None:
    try:
        value = certificate.extensions.get_extension_for_oid(kind).value
    except x509.ExtensionNotFound:
        return None
    return value.value if isinstance(value, x509.UnrecognizedExtension) else b""


def der_text(value: bytes) -> str:
    """The text of a DER string of any of the string types, in short or long length form; "" for anything else."""
    if len(value) < 2 or value[0] not in (0x0C, 0x13, 0x16):
        return ""
    start = 2 + (value[1] & 0x7F if value[1] & 0x80 else 0)
    return value[start:].decode("utf-8", "replace")

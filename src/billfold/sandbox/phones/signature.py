"""Verifies the detached signature of a manifest, in two ways that must agree: by the rules written here, and by `openssl`.

May not enter: the pass itself. Sources: reference/apple-wallet.md section 1.3 and 8; RFC 5652 section 5.
"""

import asyncio
import functools
import hashlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from billfold.sandbox.phones.der import (
    GENERALIZED_TIME,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    UTC_TIME,
    DerInvalid,
    Element,
    read_one,
)

_DATA, _SIGNED_DATA = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2"
_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_TIME = (f"1.2.840.113549.1.9.{number}" for number in (3, 4, 5))
_DIGESTS: dict[str, tuple[str, type[hashes.HashAlgorithm]]] = {
    "1.3.14.3.2.26": ("sha1", hashes.SHA1),
    "2.16.840.1.101.3.4.2.1": ("sha256", hashes.SHA256),
}
_RSA_SIGNATURES = {"1.2.840.113549.1.1.1", "1.2.840.113549.1.1.5", "1.2.840.113549.1.1.11"}


class SignatureInvalid(Exception):
    """The message says why, in one line."""


@dataclass(frozen=True)
class Trust:
    """What the phone trusts: one root. `openssl`: path of the command, None where there is none."""

    root_pem: bytes
    openssl: str | None = None


@dataclass(frozen=True)
class Signer:
    """Who signed, by the certificate, and when, by the signature."""

    pass_type_identifier: str
    team_identifier: str
    signed_at: datetime


@dataclass(frozen=True)
class _SignerInfo:
    issuer_and_serial: tuple[bytes, int] | None
    key_identifier: bytes | None
    digest_oid: str
    attributes: Element
    signature_oid: str
    signature: bytes


async def verify_signature(manifest: bytes, signature: bytes, trust: Trust) -> Signer:
    """Raises SignatureInvalid. The chain is judged at the signing time, as Wallet does."""
    try:
        signer = _verify(manifest, signature, x509.load_pem_x509_certificate(trust.root_pem))
    except (DerInvalid, ValueError, IndexError) as error:
        raise SignatureInvalid(f"not a CMS signature that can be read ({error})") from error
    if trust.openssl is not None:
        await _ask_openssl(trust.openssl, manifest, signature, trust.root_pem, signer.signed_at)
    return signer


def _verify(manifest: bytes, signature: bytes, root: x509.Certificate) -> Signer:
    certificates, info = _parse(signature)
    certificate = next((c for c in certificates if _is_signer(c, info)), None)
    if certificate is None:
        raise SignatureInvalid("the signer's certificate is not in the signature")
    if info.digest_oid not in _DIGESTS:
        raise SignatureInvalid(f"digest {info.digest_oid} is neither SHA-1 nor SHA-256")
    if info.signature_oid not in _RSA_SIGNATURES:
        raise SignatureInvalid(f"signature algorithm {info.signature_oid} is not RSA with PKCS #1 v1.5")
    digest_name, digest = _DIGESTS[info.digest_oid]
    signed_at = _check_attributes(info.attributes, hashlib.new(digest_name, manifest).digest())
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise SignatureInvalid("the signer's key is not RSA")
    try:
        # What is signed is the SET OF attributes; in the message it stands under the tag [0].
        key.verify(info.signature, bytes([SET]) + info.attributes.whole[1:], padding.PKCS1v15(), digest())
    except InvalidSignature:
        raise SignatureInvalid("the signature was not made by the signer's key over these attributes") from None
    _check_chain(certificate, certificates, root, signed_at)
    return Signer(_attribute(certificate, NameOID.USER_ID), _unit(certificate), signed_at)


def _parse(signature: bytes) -> tuple[list[x509.Certificate], _SignerInfo]:
    kind, wrapped = read_one(signature).expect(SEQUENCE).children()
    if kind.oid() != _SIGNED_DATA:
        raise SignatureInvalid("not SignedData")
    _version, _digests, encapsulated, *rest = read_one(wrapped.expect(0xA0).content).expect(SEQUENCE).children()
    content_type, *content = encapsulated.expect(SEQUENCE).children()
    if content_type.oid() != _DATA or content:
        raise SignatureInvalid("the signature is not detached: it has content of its own")
    certificates = [x509.load_der_x509_certificate(der.whole) for part in rest if part.tag == 0xA0 for der in part.children()]
    infos = [info for part in rest if part.tag == SET for info in part.children()]
    if len(infos) != 1:
        raise SignatureInvalid(f"{len(infos)} signers where one belongs")
    return certificates, _parse_signer(infos[0])


def _parse_signer(info: Element) -> _SignerInfo:
    _version, identity, digest, attributes, algorithm, signature, *_ = info.expect(SEQUENCE).children()
    if attributes.tag != 0xA0:
        raise SignatureInvalid("no signed attributes, so no signing time")
    issuer_and_serial, key_identifier = None, None
    if identity.tag == SEQUENCE:
        issuer, serial = identity.children()
        issuer_and_serial = (issuer.whole, int.from_bytes(serial.expect(INTEGER).content, signed=True))
    else:
        key_identifier = identity.expect(0x80).content
    return _SignerInfo(
        issuer_and_serial,
        key_identifier,
        digest.children()[0].oid(),
        attributes,
        algorithm.children()[0].oid(),
        signature.expect(OCTET_STRING).content,
    )


def _is_signer(certificate: x509.Certificate, info: _SignerInfo) -> bool:
    if info.issuer_and_serial is not None:
        return info.issuer_and_serial == (certificate.issuer.public_bytes(), certificate.serial_number)
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return False
    return found.value.digest == info.key_identifier


def _check_attributes(attributes: Element, manifest_digest: bytes) -> datetime:
    values: dict[str, Element] = {}
    for attribute in attributes.children():
        kind, value = attribute.expect(SEQUENCE).children()
        values[kind.oid()] = value.expect(SET).children()[0]
    if _CONTENT_TYPE not in values or values[_CONTENT_TYPE].oid() != _DATA:
        raise SignatureInvalid("the signed attribute content-type is missing or not data")
    if _MESSAGE_DIGEST not in values:
        raise SignatureInvalid("the signed attribute message-digest is missing")
    if values[_MESSAGE_DIGEST].expect(OCTET_STRING).content != manifest_digest:
        raise SignatureInvalid("the manifest was changed after signing, or its line ends were")
    if _SIGNING_TIME not in values:
        raise SignatureInvalid("the signed attribute signing-time is missing")
    return _time(values[_SIGNING_TIME])


def _time(element: Element) -> datetime:
    text = element.content.decode("ascii")
    if element.tag == UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    elif element.tag != GENERALIZED_TIME:
        raise SignatureInvalid("signing-time is not a time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _check_chain(certificate: x509.Certificate, certificates: list[x509.Certificate], root: x509.Certificate, at: datetime) -> None:
    chain = [certificate]
    while not _issued_by(chain[-1], root):
        above = next((c for c in certificates if c not in chain and _issued_by(chain[-1], c)), None)
        if above is None or len(chain) > 3:
            raise SignatureInvalid("the certificate trust chain could not be verified: an intermediate is missing or wrong")
        chain.append(above)
    if len(chain) < 2:
        raise SignatureInvalid("the certificate trust chain could not be verified: the intermediate is missing")
    for link in (*chain, root):
        if not link.not_valid_before_utc <= at <= link.not_valid_after_utc:
            raise SignatureInvalid(f"{link.subject.rfc4514_string()} was not valid when the pass was signed ({at})")


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        if not issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return True


def _attribute(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    values = certificate.subject.get_attributes_for_oid(oid)
    if len(values) != 1:
        raise SignatureInvalid("the signer is no pass certificate: no user id, or no organisational unit")
    return str(values[0].value)


def _unit(certificate: x509.Certificate) -> str:
    return _attribute(certificate, NameOID.ORGANIZATIONAL_UNIT_NAME)


@functools.cache
def find_openssl() -> str | None:
    """The `openssl` command of this machine, where it is OpenSSL and not one of its relatives, whose options differ."""
    path = shutil.which("openssl")
    if path is None:
        return None
    said = subprocess.run([path, "version"], capture_output=True, check=False).stdout  # noqa: S603
    return path if said.startswith(b"OpenSSL ") else None


async def _ask_openssl(openssl: str, manifest: bytes, signature: bytes, root_pem: bytes, at: datetime) -> None:
    with tempfile.TemporaryDirectory(prefix="billfold-phone-") as folder:
        _write_all(Path(folder), {"manifest.json": manifest, "signature": signature, "root.pem": root_pem})
        # "any": a pass certificate has the usages of section 8.1, and e-mail protection is not among them.
        command = "cms -verify -binary -inform DER -in signature -content manifest.json -CAfile root.pem -purpose any"
        process = await asyncio.create_subprocess_exec(
            openssl,
            *command.split(),
            "-attime",
            str(int(at.timestamp())),
            "-out",
            "verified",
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await process.communicate()
    if process.returncode != 0:
        raise SignatureInvalid(f"openssl says: {' '.join(said.decode('utf-8', 'replace').split())[:300]}")


def _write_all(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).write_bytes(data)

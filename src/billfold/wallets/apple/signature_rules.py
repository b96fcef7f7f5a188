"""Explains a foreign pass's signature: who signed, with which intermediate, when, and why a phone would not believe it.

We trust nobody here: structure and consistency are judged, rows 4, 5, 49 and 50 of reference/apple-wallet.md section 9; whether
Apple is behind it is told as a fact. The clock is given. May not enter: making signatures, trust stores, network."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from billfold.wallets.apple.certificates import (
    NFC_EXTENSION,
    PASS_TYPE_EXTENSION,
    extension,
    generation,
    is_ca,
    key_identifiers_fit,
    name_part,
)
from billfold.wallets.apple.cms import DATA, NotCms, SignedData, SignerInfo, read_signed_data
from billfold.wallets.apple.findings import ERROR, WARNING, Findings, plain
from billfold.wallets.apple.lenient_json import Json
from billfold.wallets.apple.predicates import EXPIRY_WARN_DAYS
from billfold.wallets.apple.reader import MANIFEST, SIGNATURE, ReadPass

NOT_VERIFIED = "the pass is refused: Manifest signature did not verify"
NOT_TRUSTED = "the pass is refused: the certificate trust chain could not be verified"
MISMATCH = "the pass is refused: the identifiers may not match the certificate"
SANDBOX = "Billfold Sandbox"
"""Whose intermediate signs the passes of the test environment."""
APPLE_INTERMEDIATES = {"ea4757885538dd8cb59ff4556f676087d83c85e70902c122e42c0808b5bce14c": "G4"}
"""SHA-256 of the DER → generation, of those whose fingerprint is known. Section 8.3."""

_DIGESTS: dict[str, type[hashes.HashAlgorithm]] = {
    "1.3.14.3.2.26": hashes.SHA1,
    "2.16.840.1.101.3.4.2.1": hashes.SHA256,
    "2.16.840.1.101.3.4.2.2": hashes.SHA384,
    "2.16.840.1.101.3.4.2.3": hashes.SHA512,
}
_ACCEPTED = (hashes.SHA1, hashes.SHA256)
_RSA = frozenset({"1.2.840.113549.1.1.1", "1.2.840.113549.1.1.5", "1.2.840.113549.1.1.11"})
_FROM_APPLE = "take it from apple.com/certificateauthority (Worldwide Developer Relations)"
_SIGN_ANEW = "sign the manifest again, as the last step, and store the very bytes that were signed"


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """What the signature says of itself. Times are aware, UTC. `certificates`: common names, as plain text."""

    digest: str = ""
    signed_at: datetime | None = None
    pass_type: str = ""
    team: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    has_nfc: bool = False
    issuer_generation: str = ""
    issuer_is_apple: bool = False
    certificates: tuple[str, ...] = field(default=())


def judge_signature(read: ReadPass, now: datetime, found: Findings) -> SignatureFacts | None:
    """None when there is no signature that could be read. `now` is aware."""
    signature, manifest = read.files.get(SIGNATURE), read.files.get(MANIFEST)
    if signature is None:
        found.error(SIGNATURE, "signature_missing", "the archive has no signature", "sign the manifest", "Signature is missing")
        return None
    try:
        signed = read_signed_data(signature)
    except NotCms:
        mend = "store the detached CMS signature in DER form, not PEM or base64"
        found.error(SIGNATURE, "signature_unreadable", "the signature is no CMS message", mend, NOT_VERIFIED)
        return None
    if signed.content is not None:
        mend = "sign with the option for a detached signature"
        text = "the signature contains what it signs"
        found.error(
            SIGNATURE, "signature_not_detached", text, mend, "Apple asks for a detached signature; whether this opens is unknown"
        )
    if len(signed.signers) != 1:
        text = f"the signature has {len(signed.signers)} signers"
        found.error(SIGNATURE, "signature_signers", text, "sign once, with the pass type certificate", NOT_VERIFIED)
        return None
    info = signed.signers[0]
    leaf = next((one for one in signed.certificates if _is_of(info, one)), None)
    if manifest is not None:
        _judge_digest(info, manifest, found)
    _judge_time(info, now, found)
    if leaf is None:
        mend = "include the pass type certificate and the intermediate that issued it"
        found.error(SIGNATURE, "signer_certificate_missing", "the signer's certificate is not inside", mend, NOT_VERIFIED)
        return SignatureFacts(digest=_digest_name(info), signed_at=info.signed_at, certificates=_names(signed))
    _judge_key(info, leaf, found)
    _judge_certificate(leaf, info, now, found)
    above = _judge_intermediate(leaf, signed, info, now, found)
    facts = _facts(info, leaf, above, signed)
    if read.document is not None:
        _judge_identity(facts, read.document, found)
    return facts


# --- what was signed --------------------------------------------------------------------------------------------------------------


def _judge_digest(info: SignerInfo, manifest: bytes, found: Findings) -> None:
    algorithm = _DIGESTS.get(info.digest)
    if algorithm is None or algorithm not in _ACCEPTED:
        text = "the digest is neither SHA-256 nor SHA-1"
        otherwise = "whether Wallet takes it is not documented"
        found.warning(SIGNATURE, "signature_digest_unusual", text, "sign with SHA-256", otherwise)
    if algorithm is None:
        return
    if info.attributes is None:
        text = "the signature has no signed attributes, so no signing time"
        mend = "sign with attributes (openssl: without -noattr)"
        found.error(SIGNATURE, "signing_time_missing", text, mend, "the pass is refused")
        return
    if info.content_type != DATA:
        text = "the signed attributes do not say that data was signed (contentType)"
        mend = "sign with the attributes that CMS demands: contentType, messageDigest and signingTime"
        found.error(SIGNATURE, "signature_content_type", text, mend, NOT_VERIFIED)
    if info.message_digest == hashlib.new(algorithm().name, manifest).digest():
        return
    text, mend = "the manifest is not the one that was signed", _SIGN_ANEW
    if info.message_digest == hashlib.new(algorithm().name, manifest.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")).digest():
        text, mend = "the line ends of the manifest were changed for signing (text mode)", "sign in binary mode (openssl: -binary)"
    found.error(SIGNATURE, "manifest_not_signed", text, mend, NOT_VERIFIED)


def _judge_key(info: SignerInfo, leaf: x509.Certificate, found: Findings) -> None:
    """Whether the certificate's key made the signature."""
    key, algorithm = _public_key(leaf), _DIGESTS.get(info.digest)
    if not isinstance(key, rsa.RSAPublicKey) or info.algorithm not in _RSA:
        text = "the signature is not RSA with PKCS #1 v1.5"
        mend = "use the RSA key that the certificate was requested with"
        found.warning(SIGNATURE, "signature_algorithm_unusual", text, mend, "whether Wallet takes it is not documented")
        return
    if info.attributes is None or algorithm is None:
        return
    try:
        key.verify(info.signature, info.attributes, padding.PKCS1v15(), algorithm())
    except InvalidSignature:
        mend = "sign with the private key that belongs to this certificate"
        found.error(SIGNATURE, "signature_wrong_key", "another key made the signature", mend, NOT_VERIFIED)
    except (UnsupportedAlgorithm, ValueError):
        text = "the signature's digest can no longer be verified here"
        found.warning(SIGNATURE, "signature_digest_unusual", text, "sign with SHA-256", "whether Wallet takes it is not documented")


def _judge_time(info: SignerInfo, now: datetime, found: Findings) -> None:
    if info.attributes is not None and info.signed_at is None:
        mend = "include the S/MIME signing-time attribute"
        found.error(SIGNATURE, "signing_time_missing", "the signature says not when it was made", mend, "the pass is refused")
    elif info.signed_at is not None and info.signed_at > now + timedelta(days=1):
        text = "the signature was made in the future"
        found.warning(SIGNATURE, "signing_time_future", text, "set the signing machine's clock", NOT_TRUSTED)


# --- who signed -------------------------------------------------------------------------------------------------------------------


def _judge_certificate(leaf: x509.Certificate, info: SignerInfo, now: datetime, found: Findings) -> None:
    """Row 50. Wallet judges the certificate at the signing time."""
    if _part(leaf.subject, NameOID.USER_ID) == "" or extension(leaf, PASS_TYPE_EXTENSION) is None:
        text = "the signer's certificate is no Pass Type ID certificate"
        mend = "sign with the certificate made at developer.apple.com for this pass type"
        found.error(SIGNATURE, "not_a_pass_certificate", text, mend, MISMATCH)
    at = info.signed_at or now
    renew = "renew it at developer.apple.com for the same pass type identifier, and sign again"
    if at > leaf.not_valid_after_utc:
        text = "the certificate had expired when the pass was signed"
        found.error(SIGNATURE, "certificate_expired", text, renew, NOT_TRUSTED)
    elif at < leaf.not_valid_before_utc:
        text = "the certificate was not valid yet when the pass was signed"
        found.error(SIGNATURE, "certificate_not_yet_valid", text, "set the signing machine's clock", NOT_TRUSTED)
    elif now > leaf.not_valid_after_utc:
        text = "the certificate has expired since the pass was signed"
        found.warning(SIGNATURE, "certificate_expired_since", text, renew, "it opens, but no update can be signed or pushed")
    elif now > leaf.not_valid_after_utc - timedelta(days=EXPIRY_WARN_DAYS):
        text = f"the certificate expires within {EXPIRY_WARN_DAYS} days"
        found.warning(SIGNATURE, "certificate_expires_soon", text, renew, "then no update can be signed or pushed")


def _judge_intermediate(
    leaf: x509.Certificate, signed: SignedData, info: SignerInfo, now: datetime, found: Findings
) -> x509.Certificate | None:
    """The intermediate that issued the certificate, by key identifier and signature, never by name alone. Row 49, section 8.3."""
    wanted = plain(generation(leaf.issuer))
    others = [one for one in signed.certificates if one is not leaf]
    if not others:
        text = f"the intermediate that issued the certificate ({wanted}) is not inside"
        found.error(SIGNATURE, "intermediate_missing", text, f"include it; {_FROM_APPLE}", NOT_TRUSTED)
        return None
    fitting = [one for one in others if _fits(leaf, one)]
    if not fitting:
        given = ", ".join(sorted({plain(generation(one.subject)) for one in others}))
        text = f"the certificate was issued by {wanted}, and what is inside is {given}, or another key of that name"
        found.error(SIGNATURE, "intermediate_wrong", text, f"include {wanted} instead; {_FROM_APPLE}", NOT_TRUSTED)
        return None
    above = fitting[0]
    if not above.not_valid_before_utc <= (info.signed_at or now) <= above.not_valid_after_utc:
        text = "the intermediate was not valid when the pass was signed"
        found.error(SIGNATURE, "intermediate_expired", text, _FROM_APPLE, NOT_TRUSTED)
    if not _is_apples(above):
        _tell_whose(above, found)
    return above


def _tell_whose(above: x509.Certificate, found: Findings) -> None:
    """An error, but for the sandbox's passes, which no real phone gets, and where only a fingerprint of Apple's is unknown."""
    organization = _part(above.subject, NameOID.ORGANIZATION_NAME)
    text, mend, severity = "the intermediate is not one of Apple's", "sign with a certificate that Apple issued", ERROR
    if organization == SANDBOX:
        mend, severity = f"for real phones, {mend}; the sandbox's phones trust this one", WARNING
    elif organization == "Apple Inc.":
        text, mend, severity = "the intermediate has Apple's name and another fingerprint than the known one", _FROM_APPLE, WARNING
    found.add(severity, SIGNATURE, "issuer_not_apple", text, mend, "real phones refuse the pass")


def _judge_identity(facts: SignatureFacts, document: dict[str, Json], found: Findings) -> None:
    """Rows 4 and 5."""
    if facts.pass_type and document.get("passTypeIdentifier") != facts.pass_type:
        text = "passTypeIdentifier is not the one of the certificate"
        mend = "write the certificate's UID, letter for letter, or sign with the right certificate"
        found.error("passTypeIdentifier", "pass_type_mismatch", text, mend, MISMATCH)
    if facts.team and document.get("teamIdentifier") != facts.team:
        text = "teamIdentifier is not the one of the certificate"
        found.error("teamIdentifier", "team_mismatch", text, "write the certificate's OU, ten characters", MISMATCH)
    if "nfc" in document and facts.pass_type and not facts.has_nfc:
        text = "the certificate has no NFC entitlement"
        mend = "ask Apple for the entitlement and make a new certificate, or leave nfc away"
        found.warning("nfc", "nfc_not_entitled", text, mend, "readers never see the pass")


# --- names and facts --------------------------------------------------------------------------------------------------------------


def _facts(info: SignerInfo, leaf: x509.Certificate, above: x509.Certificate | None, signed: SignedData) -> SignatureFacts:
    return SignatureFacts(
        digest=_digest_name(info),
        signed_at=info.signed_at,
        pass_type=_part(leaf.subject, NameOID.USER_ID),
        team=_part(leaf.subject, NameOID.ORGANIZATIONAL_UNIT_NAME),
        valid_from=leaf.not_valid_before_utc,
        valid_until=leaf.not_valid_after_utc,
        has_nfc=extension(leaf, NFC_EXTENSION) is not None,
        issuer_generation=generation(leaf.issuer),
        issuer_is_apple=above is not None and _is_apples(above),
        certificates=_names(signed),
    )


def _is_of(info: SignerInfo, certificate: x509.Certificate) -> bool:
    if info.issuer is not None:
        return (info.issuer, info.serial) == (certificate.issuer.public_bytes(), certificate.serial_number) or (
            info.serial == certificate.serial_number and info.issuer in certificate.tbs_certificate_bytes
        )
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return False
    return found.value.digest == info.key_identifier


def _fits(leaf: x509.Certificate, above: x509.Certificate) -> bool:
    return leaf.issuer == above.subject and is_ca(above) and key_identifiers_fit(leaf, above) and _issued(leaf, above)


def _issued(leaf: x509.Certificate, above: x509.Certificate) -> bool:
    """Whether the key of `above` signed `leaf`, with SHA-1 too: certificates of old passes are signed so."""
    key, digest = _public_key(above), _hash(leaf)
    if not isinstance(key, rsa.RSAPublicKey) or digest is None:
        return False
    try:
        key.verify(leaf.signature, leaf.tbs_certificate_bytes, padding.PKCS1v15(), digest)
    except InvalidSignature:
        return False
    except UnsupportedAlgorithm:
        return True  # the key identifiers fit, and nothing more can be told here
    return True


def _is_apples(certificate: x509.Certificate) -> bool:
    """By fingerprint where that is known; of other generations only the name can be told."""
    if certificate.fingerprint(hashes.SHA256()).hex() in APPLE_INTERMEDIATES:
        return True
    return _part(certificate.subject, NameOID.ORGANIZATION_NAME) == "Apple Inc." and generation(certificate.subject) != "G4"


def _hash(certificate: x509.Certificate) -> hashes.HashAlgorithm | None:
    try:
        return certificate.signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError):
        return None


def _public_key(certificate: x509.Certificate) -> object:
    try:
        return certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None


def _part(name: x509.Name, kind: x509.ObjectIdentifier) -> str:
    return name_part(name, kind) or ""


def _names(signed: SignedData) -> tuple[str, ...]:
    return tuple(_part(one.subject, NameOID.COMMON_NAME) or "unnamed" for one in signed.certificates)


def _digest_name(info: SignerInfo) -> str:
    algorithm = _DIGESTS.get(info.digest)
    return algorithm().name if algorithm else info.digest

"""Bringing a certificate: what is accepted in which form, and what is refused with which words."""

import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID

from billfold.domain.errors import CredentialRefused
from billfold.sandbox.authority import SandboxAuthority
from billfold.wallets.apple.certificates import LEGACY_COMMAND, AppleCredential, _p12_refusal, decode, encode, load_apple_credential
from judges import judge
from wallets.apple import authority

LEAF = authority.certificate()
KEY = authority.rsa_key("pass")
KEY_PEM = authority.key_pem(KEY)
G4 = authority.intermediate()


def load(
    certificate: bytes = authority.pem(LEAF), key: bytes = KEY_PEM, password: str | None = None, intermediates: Any = (G4.pem,)
) -> AppleCredential:
    return load_apple_credential(certificate, key, password, list(intermediates), authority.NOW)


def p12(password: str | None = "secret", key: Any = KEY, certificate: Any = LEAF, others: Any = None) -> bytes:
    protection = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    return pkcs12.serialize_key_and_certificates(b"pass", key, certificate, others, protection)


@pytest.mark.requirement("S3-50")
def test_type_team_and_dates_come_from_the_certificate() -> None:
    credential = load()
    assert credential.pass_type_identifier == authority.PASS_TYPE
    assert credential.team_identifier == authority.TEAM
    assert (credential.not_before, credential.not_after) == (authority.BEGINS, authority.ENDS)
    assert credential.serial == f"{LEAF.serial_number:x}"
    assert credential.intermediate_pem == G4.pem
    assert not credential.has_nfc
    assert credential.issuer == "Billfold Sandbox, G4"
    assert not credential.issued_by_apple
    assert load(authority.pem(authority.certificate(nfc=True))).has_nfc


FORMS: dict[str, dict[str, Any]] = {
    "certificate in DER": {"certificate": authority.der(LEAF)},
    "intermediate in DER": {"intermediates": [authority.der(G4.certificate)]},
    "key with password": {"key": authority.key_pem(KEY, "secret"), "password": "secret"},
    "key in DER": {
        "key": KEY.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    },
    "key in PKCS #1": {
        "key": KEY.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    },
    "all in one PEM": {"certificate": authority.pem(LEAF) + KEY_PEM, "key": b""},
    "chain in one PEM": {"certificate": G4.pem + authority.pem(LEAF), "intermediates": ()},
    "p12": {"certificate": p12(), "key": b"", "password": "secret"},
    "p12 without password": {"certificate": p12(None), "key": b""},
    "p12 with intermediate": {"certificate": p12(others=[G4.certificate]), "key": b"", "password": "secret", "intermediates": ()},
    "cer and p12": {"certificate": authority.der(LEAF), "key": p12(), "password": "secret"},
    "password too many": {"key": KEY_PEM, "password": "not needed"},
    "choice of many": {"intermediates": [authority.intermediate("G6").pem, authority.root().pem + G4.pem]},
}


@pytest.mark.requirement("S3-50")
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_usual_form_gives_the_same_credential(form: dict[str, Any]) -> None:
    assert load(**form) == load()


def test_the_sandbox_authority_passes_the_same_checks(tmp_path: Path) -> None:
    made = SandboxAuthority.open(tmp_path).issue_pass_certificate(authority.PASS_TYPE, authority.TEAM)
    begins = x509.load_pem_x509_certificate(made.certificate_pem).not_valid_before_utc
    credential = load_apple_credential(
        made.certificate_pem, made.key_pem, None, [made.intermediate_pem], begins + timedelta(days=1)
    )
    assert (credential.pass_type_identifier, credential.team_identifier) == (authority.PASS_TYPE, authority.TEAM)


def leaf(**changes: Any) -> bytes:
    return authority.pem(authority.certificate(**changes))


EC_KEY = ec.generate_private_key(ec.SECP256R1())
SMALL_KEY = authority.rsa_key("small", 1024)
DAY = timedelta(days=1)

REFUSALS: list[tuple[str, str, dict[str, Any]]] = [
    # code, a word of its mend or message, what is brought
    ("key_mismatch", "signing request", {"key": authority.key_pem(authority.rsa_key("other"))}),
    ("key_mismatch", "signing request", {"key": authority.key_pem(EC_KEY)}),
    ("key_unsuitable", "2048", {"certificate": leaf(key=SMALL_KEY), "key": authority.key_pem(SMALL_KEY)}),
    ("key_unsuitable", "no RSA key", {"certificate": leaf(key=EC_KEY), "key": authority.key_pem(EC_KEY)}),
    ("key_missing", "Keychain", {"key": b""}),
    ("key_missing", "Keychain", {"certificate": p12(key=None), "key": b"", "password": "secret"}),
    ("certificate_missing", "Keychain", {"certificate": KEY_PEM, "key": b""}),
    ("password_wrong", "password", {"certificate": p12(), "key": b"", "password": "wrong"}),
    ("password_missing", "password", {"certificate": p12(), "key": b""}),
    ("certificate_unreadable", "complete", {"certificate": p12()[:-9], "key": b"", "password": "secret"}),
    ("password_wrong", "password", {"key": authority.key_pem(KEY, "secret"), "password": "wrong"}),
    ("password_missing", "password", {"key": authority.key_pem(KEY, "secret")}),
    ("certificate_unreadable", "PEM, DER", {"certificate": b"not a certificate"}),
    ("certificate_unreadable", "BEGIN to END", {"certificate": authority.pem(LEAF).replace(b"M", b"!")}),
    ("certificate_is_request", "downloaded", {"certificate": b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n", "key": b""}),
    ("key_unreadable", "PKCS #8", {"key": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}),
    ("key_unreadable", "PEM, DER", {"key": b"\x30\x03\x02\x01\x03"[:2]}),
    ("intermediate_unreadable", "PEM or DER", {"intermediates": [b"<html>not found</html>"]}),
    ("not_a_pass_certificate", "UID", {"certificate": leaf(pass_type=None)}),
    ("not_a_pass_certificate", "UID", {"certificate": leaf(pass_type="com.example.app")}),
    ("not_a_pass_certificate", "OU", {"certificate": leaf(team=None)}),
    ("not_a_pass_certificate", "extension", {"certificate": leaf(extension=None)}),
    ("not_a_pass_certificate", "push", {"certificate": leaf(usages=(authority.PASS_SIGNING,))}),
    ("not_a_pass_certificate", "signing", {"certificate": leaf(usages=(ExtendedKeyUsageOID.CLIENT_AUTH,))}),
    ("not_a_pass_certificate", "signing", {"certificate": leaf(usages=())}),
    ("pass_type_mismatch", "differs", {"certificate": leaf(extension="pass.org.example.other")}),
    ("certificate_expired", "renew", {"certificate": leaf(ends=authority.NOW - DAY)}),
    ("certificate_not_yet_valid", "clock", {"certificate": leaf(begins=authority.NOW + DAY)}),
    ("intermediate_missing", "certificateauthority", {"intermediates": ()}),
    ("intermediate_wrong", "G6", {"intermediates": [authority.intermediate("G6").pem]}),
    ("intermediate_wrong", "G4", {"intermediates": [authority.intermediate(key_name="impostor").pem]}),
    ("intermediate_wrong", "G4", {"certificate": leaf(issuer=authority.intermediate("G3")), "intermediates": [G4.pem]}),
    ("intermediate_wrong", "G4", {"intermediates": [authority.pem(LEAF)]}),
    (
        "intermediate_expired",
        "valid now",
        {
            "certificate": leaf(issuer=authority.intermediate("G1", ends=authority.NOW - DAY)),
            "intermediates": [authority.intermediate("G1", ends=authority.NOW - DAY).pem],
        },
    ),
]


@pytest.mark.requirement("S3-50")
@pytest.mark.parametrize(("code", "word", "brought"), REFUSALS, ids=[f"{one[0]}: {one[1]}" for one in REFUSALS])
def test_each_refusal_has_its_code_and_its_mend(code: str, word: str, brought: dict[str, Any]) -> None:
    with pytest.raises(CredentialRefused) as refusal:
        load(**brought)
    assert refusal.value.code == code
    assert word in str(refusal.value)
    assert refusal.value.mend


def test_the_renewed_intermediate_of_one_name_is_told_by_its_key() -> None:
    impostor = authority.intermediate(key_name="impostor")
    assert impostor.certificate.subject == G4.certificate.subject
    assert load(intermediates=[impostor.pem, G4.pem]).intermediate_pem == G4.pem


@pytest.mark.requirement("S3-50")
@pytest.mark.parametrize(
    "ciphers", ["", "-keypbe PBE-SHA1-RC4-128 -certpbe PBE-SHA1-RC2-40", "-keypbe PBE-MD5-DES -certpbe PBE-MD5-DES"]
)
def test_a_p12_with_the_ciphers_of_an_old_keychain_is_read(tmp_path: Path, ciphers: str) -> None:
    assert load(certificate=old_p12(tmp_path, ciphers), key=b"", password="secret") == load()


def test_the_command_that_we_name_for_ciphers_beyond_us_converts_such_a_file(tmp_path: Path) -> None:
    old_p12(tmp_path, "-keypbe PBE-SHA1-RC4-128 -certpbe PBE-SHA1-RC2-40")
    command = LEGACY_COMMAND.replace("OLD.p12", "old.p12").split()
    assert command.pop(0) == "openssl"
    subprocess.run([judge("openssl"), *command, "-passin", "pass:secret"], cwd=tmp_path, check=True, capture_output=True)
    assert load(certificate=(tmp_path / "PASS.pem").read_bytes(), key=b"") == load()


def test_ciphers_beyond_us_are_refused_with_that_command() -> None:
    refusal = _p12_refusal(UnsupportedAlgorithm("RC2"), "secret")
    assert refusal.code == "p12_legacy"
    assert LEGACY_COMMAND in refusal.mend


def old_p12(folder: Path, ciphers: str) -> bytes:
    (folder / "all.pem").write_bytes(authority.pem(LEAF) + KEY_PEM)
    command = f"pkcs12 -export -legacy {ciphers} -in all.pem -out old.p12 -passout pass:secret"
    subprocess.run([judge("openssl"), *command.split()], cwd=folder, check=True, capture_output=True)
    return (folder / "old.p12").read_bytes()


def test_an_empty_password_of_a_p12_is_not_the_same_as_none(tmp_path: Path) -> None:
    (tmp_path / "all.pem").write_bytes(authority.pem(LEAF) + KEY_PEM)
    command = "pkcs12 -export -in all.pem -out empty.p12 -passout pass:"
    subprocess.run([judge("openssl"), *command.split()], cwd=tmp_path, check=True, capture_output=True)
    assert load(certificate=(tmp_path / "empty.p12").read_bytes(), key=b"", password="") == load()


def test_a_credential_survives_being_sealed_as_bytes() -> None:
    assert decode(encode(load())) == load()


def test_an_operator_is_warned_of_what_ends_soon() -> None:
    credential = load()
    assert credential.warnings(authority.NOW) == ()
    (warning,) = credential.warnings(authority.ENDS - timedelta(days=29, hours=1))
    assert "ends in 29 days" in warning
    assert f"{authority.ENDS:%Y-%m-%d}" in warning


def test_no_refusal_shows_the_key_or_the_password() -> None:
    middle = KEY_PEM.splitlines()[3].decode()
    for _, _, brought in REFUSALS:
        with pytest.raises(CredentialRefused) as refusal:
            load(**brought)
        assert middle not in str(refusal.value)
        assert "secret" not in str(refusal.value)

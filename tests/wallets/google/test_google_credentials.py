"""A service account's key file, and the mend for each wrong one."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from billfold.domain.errors import CredentialRefused
from billfold.wallets.google import credentials
from billfold.wallets.google.credentials import load_google_credential
from wallets.google.material import ISSUER, private_pem, rsa_key

CLIENT_ID = "104567890123456789012"


def key_file(**changes: Any) -> bytes:
    members = {
        "type": "service_account",
        "project_id": "project-1",
        "private_key_id": "a1" * 20,
        "private_key": private_pem(),
        "client_email": "billfold@project-1.iam.gserviceaccount.com",
        "client_id": CLIENT_ID,
        "token_uri": "https://oauth2.googleapis.com/token",
        "universe_domain": "googleapis.com",
    }
    return json.dumps({name: value for name, value in (members | changes).items() if value is not None}).encode()


def ec_pem() -> str:
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )


def test_a_key_file_becomes_a_credential_that_survives_packing_and_hides_its_key() -> None:
    found = load_google_credential(key_file(), ISSUER)
    assert (found.issuer_id, found.key_id) == (ISSUER, "a1" * 20)
    assert credentials.decode(credentials.encode(found)) == found
    assert "PRIVATE" not in repr(found)


REFUSED: dict[str, tuple[bytes | dict[str, Any], str, str, str]] = {
    "a p12 file": (b"\x30\x82 binary", ISSUER, "google_key_not_json", "JSON key"),
    "a list": (b"[]", ISSUER, "google_key_not_json", "JSON key"),
    "no text": (b"\xff\xfe{}", ISSUER, "google_key_not_json", "JSON key"),
    "an installed app": (b'{"installed": {"client_id": "x"}}', ISSUER, "google_key_wrong_kind", "JSON key"),
    "a web client": (b'{"web": {"client_id": "x"}}', ISSUER, "google_key_wrong_kind", "JSON key"),
    "a person": ({"type": "authorized_user"}, ISSUER, "google_key_wrong_kind", "JSON key"),
    "no key": ({"private_key": None}, ISSUER, "google_key_incomplete", "JSON key"),
    "no key id": ({"private_key_id": None}, ISSUER, "google_key_incomplete", "JSON key"),
    "no e-mail": ({"client_email": None}, ISSUER, "google_key_incomplete", "JSON key"),
    "no address": ({"client_email": "nobody"}, ISSUER, "google_key_incomplete", "JSON key"),
    "no token_uri": ({"token_uri": None}, ISSUER, "google_key_incomplete", "JSON key"),
    "a foreign token_uri": ({"token_uri": "https://token.example/"}, ISSUER, "google_token_uri", "JSON key"),
    "a look-alike": ({"token_uri": "https://googleapis.com.example/"}, ISSUER, "google_token_uri", "JSON key"),
    "a broken key": ({"private_key": "-----BEGIN PRIVATE KEY-----\nAA\n"}, ISSUER, "google_key_unreadable", "JSON key"),
    "an EC key": ({"private_key": ec_pem}, ISSUER, "google_key_not_rsa", "JSON key"),
    "a short key": ({"private_key": lambda: private_pem(rsa_key(1024))}, ISSUER, "google_key_size", "JSON key"),
    "a merchant id": ({}, "BCR2DN4T", "google_issuer_not_numeric", "Wallet Console"),
    "no issuer id": ({}, "", "google_issuer_not_numeric", "Wallet Console"),
    "other digits": ({}, "٣٣٨٨", "google_issuer_not_numeric", "Wallet Console"),
    "the client_id": ({}, CLIENT_ID, "google_issuer_is_client_id", "Wallet Console"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_file_is_refused_with_its_mend(name: str) -> None:
    given, issuer, code, mend = REFUSED[name]
    data = given if isinstance(given, bytes) else key_file(**{one: v() if callable(v) else v for one, v in given.items()})
    with pytest.raises(CredentialRefused) as refused:
        load_google_credential(data, issuer)
    assert refused.value.code == code
    assert mend in refused.value.mend
    assert "BEGIN" not in str(refused.value)


def test_a_missing_member_is_named() -> None:
    with pytest.raises(CredentialRefused, match="private_key_id, client_email"):
        load_google_credential(key_file(private_key_id=None, client_email=""), ISSUER)


def test_a_stand_in_s_token_address_is_accepted_only_on_request() -> None:
    data = key_file(token_uri="http://127.0.0.1:8080/token")
    assert load_google_credential(data, ISSUER, foreign_token_uri=True).token_uri == "http://127.0.0.1:8080/token"
    with pytest.raises(CredentialRefused):
        load_google_credential(data, ISSUER)

"""The signature over a manifest, judged by OpenSSL: the same bytes that it would write, and a chain that it accepts."""

import os
import re
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from billfold.wallets.apple.certificates import AppleCredential, load_apple_credential
from billfold.wallets.apple.signing import FIRST_GENERALIZED, Signer
from judges import judge
from wallets.apple import authority

MANIFEST = b'{"icon.png":"da39a3ee5e6b4b0d3255bfef95601890afd80709",\n"pass.json":"2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"}'
AT = int(authority.NOW.timestamp())


def openssl(folder: Path, *arguments: str) -> bytes:
    return subprocess.run([judge("openssl"), *arguments], cwd=folder, check=True, capture_output=True).stdout


@pytest.fixture
def folder(tmp_path: Path, credential: AppleCredential) -> Path:
    for name, content in (
        ("pass.pem", credential.certificate_pem),
        ("key.pem", credential.key_pem),
        ("wwdr.pem", credential.intermediate_pem),
        ("root.pem", authority.root().pem),
        ("manifest.json", MANIFEST),
    ):
        (tmp_path / name).write_bytes(content)
    return tmp_path


def sign_with_openssl(folder: Path) -> tuple[bytes, int]:
    """(signature, its signing time)."""
    command = "smime -sign -binary -nosmimecap -md sha256 -signer pass.pem -inkey key.pem -certfile wwdr.pem -in manifest.json"
    signature = openssl(folder, *command.split(), "-outform", "DER")
    found = re.search(rb"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05\x31\x0f\x17\x0d(\d{12})Z", signature)
    assert found
    return signature, int(datetime.strptime(found[1].decode(), "%y%m%d%H%M%S").replace(tzinfo=UTC).timestamp())


@pytest.mark.requirement("S3-22", "S3-60")
def test_a_signature_is_what_openssl_smime_writes_byte_by_byte(folder: Path, credential: AppleCredential) -> None:
    theirs, at = sign_with_openssl(folder)
    assert Signer(credential).sign(MANIFEST, at) == theirs


@pytest.mark.parametrize("bits", [3072, 4096])
def test_longer_keys_give_the_same_bytes_as_openssl_too(folder: Path, bits: int) -> None:
    key = authority.rsa_key(f"long {bits}", bits)
    leaf = authority.pem(authority.certificate(key=key))
    credential = load_apple_credential(leaf, authority.key_pem(key), None, [authority.intermediate().pem], authority.NOW)
    (folder / "pass.pem").write_bytes(credential.certificate_pem)
    (folder / "key.pem").write_bytes(credential.key_pem)
    theirs, at = sign_with_openssl(folder)
    assert Signer(credential).sign(MANIFEST, at) == theirs


@pytest.mark.requirement("S3-22", "S3-60")
@pytest.mark.parametrize("tool", ["smime", "cms"])
def test_openssl_verifies_chain_and_content_and_refuses_a_changed_byte(
    folder: Path, credential: AppleCredential, tool: str
) -> None:
    (folder / "signature").write_bytes(Signer(credential).sign(MANIFEST, AT))
    command = f"{tool} -verify -binary -inform DER -in signature -content manifest.json -CAfile root.pem -purpose any"
    moment = ["-attime", str(AT)]
    assert openssl(folder, *command.split(), *moment) == MANIFEST
    (folder / "manifest.json").write_bytes(MANIFEST.replace(b"da39", b"da38"))
    with pytest.raises(subprocess.CalledProcessError):
        openssl(folder, *command.split(), *moment)


def test_the_chain_ends_at_our_root_and_at_no_other(folder: Path, credential: AppleCredential) -> None:
    (folder / "signature").write_bytes(Signer(credential).sign(MANIFEST, AT))
    (folder / "root.pem").write_bytes(authority.intermediate("G6").pem)
    command = "smime -verify -binary -inform DER -in signature -content manifest.json -CAfile root.pem -purpose any"
    with pytest.raises(subprocess.CalledProcessError):
        openssl(folder, *command.split(), "-attime", str(AT))


def test_signer_and_intermediate_are_both_inside_and_the_root_is_not(credential: AppleCredential) -> None:
    inside = pkcs7.load_der_pkcs7_certificates(Signer(credential).sign(MANIFEST, AT))
    encoded = {one.public_bytes(serialization.Encoding.PEM) for one in inside}
    assert encoded == {credential.certificate_pem, credential.intermediate_pem}
    assert len(inside) == 2


def test_the_three_signed_attributes_are_there_and_the_content_is_not(folder: Path, credential: AppleCredential) -> None:
    (folder / "signature").write_bytes(Signer(credential).sign(MANIFEST, AT))
    listing = openssl(folder, "asn1parse", "-inform", "DER", "-in", "signature").decode()
    for attribute in ("contentType", "signingTime", "messageDigest"):
        assert listing.count(f":{attribute}") == 1
    assert f"UTCTIME           :{authority.NOW:%y%m%d%H%M%SZ}" in listing
    assert MANIFEST not in (folder / "signature").read_bytes()


@pytest.mark.parametrize(
    ("at", "kind", "text"),
    [
        (FIRST_GENERALIZED - 1, "UTCTIME", "491231235959Z"),
        (FIRST_GENERALIZED, "GENERALIZEDTIME", "20500101000000Z"),
        (4_102_444_800, "GENERALIZEDTIME", "21000101000000Z"),
    ],
)
def test_from_2050_on_the_signing_time_is_a_generalized_time(
    folder: Path, credential: AppleCredential, at: int, kind: str, text: str
) -> None:
    (folder / "signature").write_bytes(Signer(credential).sign(MANIFEST, at))
    listing = openssl(folder, "asn1parse", "-inform", "DER", "-in", "signature").decode()
    assert re.search(rf"{kind} +:{text}", listing)
    command = "cms -verify -binary -inform DER -in signature -content manifest.json -CAfile root.pem -purpose any -no_check_time"
    assert openssl(folder, *command.split()) == MANIFEST


def test_threads_share_one_signer(credential: AppleCredential, folder: Path) -> None:
    signer = Signer(credential)
    manifests = [MANIFEST + b"%d" % number for number in range(200)]
    expected = [signer.sign(manifest, AT) for manifest in manifests]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda manifest: signer.sign(manifest, AT), manifests)) == expected


def test_the_key_is_shown_by_no_representation(credential: AppleCredential) -> None:
    middle = credential.key_pem.splitlines()[3].decode()
    shown: list[Callable[[object], str]] = [repr, str]
    assert all(middle not in show(credential) for show in shown)


def test_the_judge_itself_can_fail(folder: Path, credential: AppleCredential) -> None:
    """A signature of another manifest is not accepted: the verification above is one."""
    (folder / "signature").write_bytes(Signer(credential).sign(os.urandom(40), AT))
    command = "cms -verify -binary -inform DER -in signature -content manifest.json -CAfile root.pem -purpose any -no_check_time"
    with pytest.raises(subprocess.CalledProcessError):
        openssl(folder, *command.split())

"""The throwaway certificate chain, judged by openssl: shaped as reference/apple-wallet.md section 8.1 says."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from billfold.sandbox.authority import IssuedCertificate, SandboxAuthority
from judges import judge


@pytest.fixture
def authority(tmp_path: Path) -> SandboxAuthority:
    return SandboxAuthority.open(tmp_path / "authority")


def written(issued: IssuedCertificate, folder: Path) -> Path:
    for name in ("certificate", "key", "intermediate", "root"):
        (folder / f"{name}.pem").write_bytes(getattr(issued, f"{name}_pem"))
    return folder


def openssl(folder: Path, *arguments: str) -> str:
    done = subprocess.run([judge("openssl"), *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_a_pass_certificate_chains_to_the_root_through_the_intermediate(authority: SandboxAuthority, tmp_path: Path) -> None:
    folder = written(authority.issue_pass_certificate("pass.com.example.coffee", "A1B2C3D4E5"), tmp_path)
    chain = ("-CAfile", "root.pem", "-untrusted", "intermediate.pem")
    assert openssl(folder, "verify", "-x509_strict", *chain, "certificate.pem") == "certificate.pem: OK\n"
    assert "OK" in openssl(folder, "verify", "-purpose", "sslclient", *chain, "certificate.pem")
    assert "unable to get local issuer" in openssl(folder, "verify", "-CAfile", "root.pem", "certificate.pem")


def test_a_pass_certificate_carries_what_apples_do(authority: SandboxAuthority, tmp_path: Path) -> None:
    folder = written(authority.issue_pass_certificate("pass.com.example.coffee", "A1B2C3D4E5"), tmp_path)
    text = openssl(folder, "x509", "-in", "certificate.pem", "-noout", "-text", "-nameopt", "RFC2253")
    assert "UID=pass.com.example.coffee" in text
    assert "CN=Pass Type ID: pass.com.example.coffee" in text
    assert "OU=A1B2C3D4E5" in text
    assert "O=Billfold Sandbox" in text
    assert "C=US" in text
    assert "TLS Web Client Authentication, 1.2.840.113635.100.4.14" in text
    assert "Public-Key: (2048 bit)" in text
    assert "CA:FALSE" in text
    assert "Digital Signature" in text
    assert "1.2.840.113635.100.6.3.2" in text
    assert "1.2.840.113635.100.6.1.26" not in text
    issuer = openssl(folder, "x509", "-in", "certificate.pem", "-noout", "-issuer", "-nameopt", "RFC2253")
    assert "CN=Billfold Sandbox Pass Authority" in issuer
    assert "OU=G4" in issuer


def test_the_extension_holds_the_pass_type_identifier_as_a_string(authority: SandboxAuthority, tmp_path: Path) -> None:
    folder = written(authority.issue_pass_certificate("pass.com.example.coffee", "A1B2C3D4E5"), tmp_path)
    lines = openssl(folder, "asn1parse", "-in", "certificate.pem").splitlines()
    at = next(number for number, line in enumerate(lines) if ":1.2.840.113635.100.6.1.16" in line)
    assert lines[at + 1].endswith("0C17" + b"pass.com.example.coffee".hex().upper())


def test_an_nfc_certificate_says_so_in_its_name_and_its_extensions(authority: SandboxAuthority, tmp_path: Path) -> None:
    folder = written(authority.issue_pass_certificate("pass.com.example.coffee", "A1B2C3D4E5", nfc=True), tmp_path)
    text = openssl(folder, "x509", "-in", "certificate.pem", "-noout", "-text")
    assert "Pass Type ID with NFC: pass.com.example.coffee" in text
    assert "1.2.840.113635.100.6.1.26" in text


def test_the_key_belongs_to_the_certificate(authority: SandboxAuthority, tmp_path: Path) -> None:
    folder = written(authority.issue_pass_certificate("pass.com.example.coffee", "A1B2C3D4E5"), tmp_path)
    of_key = openssl(folder, "pkey", "-in", "key.pem", "-pubout")
    assert of_key == openssl(folder, "x509", "-in", "certificate.pem", "-noout", "-pubkey")
    assert "BEGIN PUBLIC KEY" in of_key


def test_an_expired_certificate_can_be_issued_for_tests(authority: SandboxAuthority, tmp_path: Path) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    issued = authority.issue_pass_certificate("pass.com.example.coffee", "A1B2C3D4E5", not_after=yesterday)
    folder = written(issued, tmp_path)
    answer = openssl(folder, "verify", "-CAfile", "root.pem", "-untrusted", "intermediate.pem", "certificate.pem")
    assert "certificate has expired" in answer


def test_a_server_certificate_is_good_for_its_names_and_addresses(authority: SandboxAuthority, tmp_path: Path) -> None:
    folder = written(authority.issue_server_certificate(("localhost", "127.0.0.1", "push.example")), tmp_path)
    chain = ("-CAfile", "root.pem", "-untrusted", "intermediate.pem", "-purpose", "sslserver")
    for check in (("-verify_hostname", "push.example"), ("-verify_ip", "127.0.0.1")):
        assert "OK" in openssl(folder, "verify", *chain, *check, "certificate.pem")
    assert "mismatch" in openssl(folder, "verify", *chain, "-verify_hostname", "other.example", "certificate.pem")


def test_the_folder_keeps_the_authority_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = SandboxAuthority.open(tmp_path / "authority")
    assert SandboxAuthority.open(tmp_path / "authority").root_pem == first.root_pem
    assert SandboxAuthority.open(tmp_path / "another").root_pem != first.root_pem
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "authority").iterdir()} == {0o600}


def test_processes_that_open_it_together_get_the_same(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from billfold.sandbox.authority import SandboxAuthority\n"
        "sys.stdin.readline(); sys.stdout.write(SandboxAuthority.open(Path(sys.argv[1])).root_pem.decode())"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "authority")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    roots = {racer.communicate()[0] for racer in racers}
    assert len(roots) == 1
    assert roots.pop().startswith("-----BEGIN CERTIFICATE-----")
    assert [path.name for path in (tmp_path / "authority").iterdir()] == ["authority.pem"]

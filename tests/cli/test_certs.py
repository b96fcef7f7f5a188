"""Live credentials as an operator brings them: from a signing request made here to passes signed with its certificate, and what is
said when something does not fit. Apple's part is a throwaway authority; `openssl` judges the request."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from cli.test_main import billfold, complaint
from judges import judge
from wallets.apple import authority

NOW = datetime.now(UTC).replace(microsecond=0)


def apples() -> authority.Authority:
    return authority.intermediate(organization="Apple Inc.")


def issued_for(request: bytes) -> bytes:
    """What Apple answers to a request: a pass type certificate for its public key (.cer)."""
    asked = x509.load_pem_x509_csr(request)
    assert asked.is_signature_valid

    class Key:
        @staticmethod
        def public_key() -> object:
            return asked.public_key()

    made = authority.certificate(key=Key(), issuer=apples(), begins=NOW - timedelta(days=1), ends=NOW + timedelta(days=300))  # type: ignore[arg-type]
    return authority.der(made)


@pytest.fixture
def intermediate(tmp_path: Path) -> Path:
    path = tmp_path / "G4.cer"
    path.write_bytes(authority.der(apples().certificate))
    return path


def test_a_key_made_here_becomes_a_pass_certificate_and_never_leaves(tmp_path: Path, intermediate: Path) -> None:
    asked = billfold("certs", "request", "pass.csr", "--name", "Grand Café", cwd=tmp_path)
    assert asked.returncode == 0, asked.stderr
    assert "billfold certs import pass.cer" in asked.stdout
    text = subprocess.run(
        [judge("openssl"), "req", "-in", tmp_path / "pass.csr", "-noout", "-verify", "-text"], capture_output=True, text=True
    )
    assert "verify OK" in text.stdout + text.stderr
    assert "Public-Key: (2048 bit)" in text.stdout
    assert "sha256WithRSAEncryption" in text.stdout
    (tmp_path / "pass.cer").write_bytes(issued_for((tmp_path / "pass.csr").read_bytes()))
    done = billfold("certs", "import", "pass.cer", "--intermediate", intermediate, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Imported {authority.PASS_TYPE} of team {authority.TEAM}")
    for file in (tmp_path / "data").rglob("*"):
        assert not file.is_file() or b"PRIVATE KEY" not in file.read_bytes(), file
    listed = billfold("certs", "list", cwd=tmp_path)
    assert authority.PASS_TYPE in listed.stdout


def test_a_request_of_another_key_or_environment_does_not_help(tmp_path: Path, intermediate: Path) -> None:
    billfold("certs", "request", "pass.csr", "--test", cwd=tmp_path)
    (tmp_path / "pass.cer").write_bytes(issued_for((tmp_path / "pass.csr").read_bytes()))
    line = complaint(billfold("certs", "import", "pass.cer", "--intermediate", intermediate, cwd=tmp_path))
    assert "there is no private key" in line
    assert "billfold certs request" in line
    done = billfold("certs", "import", "pass.cer", "--intermediate", intermediate, "--test", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (tmp_path / "other.cer").write_bytes(authority.der(authority.certificate(ends=NOW + timedelta(days=300))))
    assert "there is no private key" in complaint(
        billfold("certs", "import", "other.cer", "--intermediate", intermediate, "--test", cwd=tmp_path)
    )


def test_a_request_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "pass.csr").write_text("the one of last year")
    assert "name another file" in complaint(billfold("certs", "request", "pass.csr", cwd=tmp_path))
    assert (tmp_path / "pass.csr").read_text() == "the one of last year"


def test_what_does_not_fit_is_one_line_with_its_mend(tmp_path: Path) -> None:
    key, leaf = authority.rsa_key("pass"), authority.certificate(ends=NOW + timedelta(days=300))
    (tmp_path / "pass.pem").write_bytes(authority.pem(leaf))
    (tmp_path / "key.pem").write_bytes(authority.key_pem(key, "secret"))
    for name in ("G4", "G6"):
        (tmp_path / f"{name}.cer").write_bytes(authority.der(authority.intermediate(name).certificate))
    imported = ("certs", "import", "pass.pem", "--key", "key.pem")
    assert "--password-file FILE" in complaint(billfold(*imported, cwd=tmp_path))
    (tmp_path / "password").write_text("secret\n")
    opened = (*imported, "--password-file", "password")
    assert "generation G4" in complaint(billfold(*opened, "--intermediate", "G6.cer", cwd=tmp_path))
    foreign = complaint(billfold(*opened, "--intermediate", "G4.cer", cwd=tmp_path))
    assert "issued by Billfold Sandbox, G4" in foreign
    assert "--test" in foreign
    assert "no such workspace" in complaint(billfold(*opened, "--workspace", "nobody", cwd=tmp_path))
    assert "cannot be read" in complaint(billfold("certs", "import", "password", cwd=tmp_path))


def test_a_command_before_the_first_start_leaves_a_folder_that_serve_takes(tmp_path: Path) -> None:
    assert billfold("certs", "list", cwd=tmp_path).returncode == 0
    assert json.loads((tmp_path / "data" / "billfold.json").read_text())["product"] == "billfold"
    foreign = tmp_path / "photos"
    foreign.mkdir()
    (foreign / "holiday.jpg").write_bytes(b"x")
    assert "holds other things" in complaint(billfold("certs", "list", "--data", foreign, cwd=tmp_path))
    assert [one.name for one in foreign.iterdir()] == ["holiday.jpg"]

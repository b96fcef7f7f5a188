"""Access keys, the Google account and the doctor, as an operator types them: what is shown once, what is refused, what lacks."""

import json
from pathlib import Path

import pytest

from cli.test_main import billfold, complaint
from wallets.apple import authority

SERVICE_ACCOUNT = {
    "type": "service_account",
    "project_id": "cafe",
    "private_key_id": "7f3a",
    "client_email": "wallet@cafe.iam.gserviceaccount.com",
    "client_id": "104",
    "token_uri": "https://oauth2.googleapis.com/token",
}


@pytest.mark.requirement("S3-05", "S0-30", "S0-31")
def test_a_key_is_shown_once_listed_without_its_secret_and_ended(tmp_path: Path) -> None:
    made = billfold("keys", "create", "shop till", "--scope", "passes:write", "--expires-days", "365", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    [key] = made.stdout.split()
    assert key.startswith("bf_test_demo00")
    key_id = key.removeprefix("bf_test_demo00")[:10]
    listed = billfold("keys", "list", cwd=tmp_path).stdout
    assert [word in listed for word in (key_id, "shop till", "passes:write", "expires")] == [True] * 4
    assert key[-20:] not in listed
    for file in (tmp_path / "data").rglob("*"):
        assert not file.is_file() or key[-20:].encode() not in file.read_bytes(), file
    assert billfold("keys", "revoke", key_id, cwd=tmp_path).returncode == 0
    assert "revoked" in billfold("keys", "list", cwd=tmp_path).stdout
    assert "no such access key" in complaint(billfold("keys", "revoke", "nobody", cwd=tmp_path))


@pytest.mark.requirement("S0-31")
def test_a_key_without_name_or_of_unknown_scope_is_one_line(tmp_path: Path) -> None:
    assert "1 to 100 characters" in complaint(billfold("keys", "create", "", cwd=tmp_path))
    unknown = complaint(billfold("keys", "create", "till", "--scope", "passes:fly", cwd=tmp_path))
    assert "use some of passes:read" in unknown
    assert "fly" not in unknown


@pytest.mark.requirement("S3-50", "S0-19")
def test_a_live_key_waits_for_both_credentials_and_the_doctor_says_which(tmp_path: Path) -> None:
    assert "there is no installation in data; `billfold serve` makes one" in complaint(billfold("doctor", cwd=tmp_path))
    assert list(tmp_path.iterdir()) == [], "who looks makes nothing"
    assert "`billfold certs import`" in complaint(billfold("keys", "create", "till", "--live", cwd=tmp_path))
    doctor = billfold("doctor", cwd=tmp_path)
    assert doctor.returncode == 1, "the test environment has nothing before the first start"
    for said in (
        "start the server once",
        "billfold certs import",
        "billfold google connect",
        "s from the database's",
        "secret.key",
    ):
        assert said in doctor.stdout
    oauth = tmp_path / "oauth.json"
    oauth.write_text(json.dumps({"installed": {"client_id": "1", "client_secret": "kohlrabi"}}))
    refused = complaint(billfold("google", "connect", oauth, "--issuer", "3388000000012345678", cwd=tmp_path))
    assert "not of a service account" in refused
    assert "kohlrabi" not in refused
    account = tmp_path / "key.json"
    account.write_text(json.dumps(SERVICE_ACCOUNT | {"private_key": authority.key_pem(authority.rsa_key("account")).decode()}))
    assert "about 19 digits" in complaint(billfold("google", "connect", account, "--issuer", "my-cafe", cwd=tmp_path))
    connected = billfold("google", "connect", account, "--issuer", "3388000000012345678", cwd=tmp_path)
    assert connected.stdout == "Connected issuer 3388000000012345678 as wallet@cafe.iam.gserviceaccount.com.\n"
    assert "3388000000012345678" in billfold("doctor", cwd=tmp_path).stdout
    assert "`billfold certs import`" in complaint(billfold("keys", "create", "till", "--live", cwd=tmp_path)), (
        "Apple's is missing still"
    )

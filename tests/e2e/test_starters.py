"""Each starter as a newcomer meets it: made into a template, with passes of three people in three languages, judged by openssl and
unzip, and taken by the stand-in of Google."""

import json
import subprocess
import time
from pathlib import Path

import pytest

from billfold.starters import catalogue
from judges import judge

PATIENCE = 90.0
BUNDLE_LANGUAGES = {"en", "de", "fr"}


def wait_until_google_has(server, serials: set[str]) -> None:
    """Fails with Google's own words."""
    until = time.monotonic() + PATIENCE
    waiting = set(serials)
    while waiting:
        for serial in sorted(waiting):
            rows = server.api("GET", f"/v1/passes/{serial}").json["delivery"]
            (google,) = [one for one in rows if one["channel"] == "google"]
            assert google["last_error"] in (None, "", "Google asked to slow down"), google
            if google["current"]:
                waiting.discard(serial)
        assert time.monotonic() < until, f"{len(waiting)} passes are not at Google"
        time.sleep(0.1)


def judged(bundle: bytes, folder: Path, root: Path) -> set[str]:
    """The names in a bundle that unzip and openssl find nothing wrong with."""
    folder.mkdir()
    (folder / "a.pkpass").write_bytes(bundle)
    subprocess.run([judge("unzip"), "-q", "a.pkpass"], cwd=folder, check=True)
    command = f"smime -verify -binary -inform DER -in signature -content manifest.json -CAfile {root} -purpose any -out verified"
    subprocess.run([judge("openssl"), *command.split()], cwd=folder, check=True, capture_output=True)
    return set(json.loads((folder / "verified").read_bytes()))


@pytest.mark.parametrize("engine", ["sqlite"])  # storage has tests of its own on both
@pytest.mark.requirement("S3-22")
def test_every_starter_is_a_good_pass_for_every_person_on_both_wallets(billfold, tmp_path):
    root = tmp_path / "root.pem"
    authority = (billfold.data / "sandbox" / "authority.pem").read_text()
    root.write_text(authority[: authority.index("-----END CERTIFICATE-----")] + "-----END CERTIFICATE-----\n")
    names = [one["name"] for one in billfold.api("GET", "/v1/starters").json["items"]]
    assert tuple(names) == catalogue.names()
    serials = set()
    for name in names:
        template = billfold.api("POST", "/v1/templates", {"starter": name})
        assert template.status == 201, (name, template.body)
        for sample in billfold.api("GET", f"/v1/starters/{name}").json["samples"]:
            body = {"template_id": template.json["id"], "values": sample["values"]}
            made = billfold.api("POST", "/v1/passes", body)
            assert made.status == 201, (name, made.body)
            serial = made.json["id"]
            serials.add(serial)
            bundle = billfold.api("GET", f"/v1/passes/{serial}/apple")
            files = judged(bundle.body, tmp_path / serial, root)
            assert {"pass.json", "icon.png", "logo@3x.png"} <= files
            assert {f"{one}.lproj/pass.strings" for one in BUNDLE_LANGUAGES} <= files
            assert ("strip@3x.png" in files) == (name not in ("membership", "parking", "boarding-pass"))
            links = billfold.api("GET", f"/v1/passes/{serial}/links").json
            assert len(links["google_save_url"]) < 2_048 + 400  # reference/google-wallet.md section 3.2
    assert len(serials) == 30
    wait_until_google_has(billfold, serials)

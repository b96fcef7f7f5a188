"""`billfold check`: a stranger's pass explained on a terminal, or as JSON for a script; the exit code says whether it opens."""

import json
import subprocess
import sys
from pathlib import Path

from cli.test_main import billfold, complaint
from wallets.apple.foreign import document, files_of, packed, zipped


def test_a_good_pass_is_told_in_one_line_and_a_table(tmp_path: Path) -> None:
    (tmp_path / "good.pkpass").write_bytes(packed(files_of()))
    done = billfold("check", "good.pkpass", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "good.pkpass: a pass for Apple Wallet, 0 errors, " in done.stdout
    assert "issuer_not_apple" in done.stdout
    assert "serialNumber C-0001" in done.stdout
    assert billfold("check", "--strict", "good.pkpass", cwd=tmp_path).returncode == 1


def test_a_fault_is_told_with_what_a_phone_does_and_the_mend(tmp_path: Path) -> None:
    (tmp_path / "pass.json").write_text(json.dumps(document(organisationName="x", logotext="y", webServiceURL=None)))
    done = billfold("check", "pass.json", cwd=tmp_path)
    assert done.returncode == 1
    for words in (
        "does not open",
        "webServiceURL",
        "phones never register",
        "or leave both away",
        "did you mean organizationName?",
        "did you mean logoText?",
    ):
        assert words in done.stdout


def test_scripts_get_one_json_object_a_file(tmp_path: Path) -> None:
    (tmp_path / "two.pkpasses").write_bytes(zipped({"a.pkpass": packed(files_of()), "b.pkpass": b"x"}))
    (tmp_path / "none.pkpass").write_bytes(b"<html>")
    done = billfold("check", "--json", "two.pkpasses", "none.pkpass", cwd=tmp_path)
    two, none = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 1
    assert (two["file"], two["kind"], [part["name"] for part in two["parts"]]) == (
        "two.pkpasses",
        "pkpasses",
        ["a.pkpass", "b.pkpass"],
    )
    assert (none["kind"], none["findings"][0]["code"]) == ("unknown", "not_an_archive")


def test_a_folder_is_judged_as_far_as_it_can_be_before_it_is_signed(tmp_path: Path) -> None:
    files = files_of(document(logotext="x"), **{"de.lproj/pass.strings": b'"POINTS" = "Punkte";', "strip.png": b"GIF89a"})
    for name, data in files.items():
        (tmp_path / "card.pass" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "card.pass" / name).write_bytes(data)
    (tmp_path / "card.pass" / "linked.png").symlink_to("/etc/hostname")
    done = billfold("check", "--json", "card.pass", cwd=tmp_path)
    report = json.loads(done.stdout)
    codes = {one["code"] for part in report["parts"] for one in part["findings"]}
    assert (done.returncode, report["kind"], codes) == (1, "folder", {"key_unknown", "language_alone", "image_not_png"})
    (tmp_path / "card.pass" / "strip.png").unlink()
    (tmp_path / "card.pass" / "signature").write_bytes(b"x")
    again = billfold("check", "--json", "card.pass", cwd=tmp_path)
    found = {one["code"] for part in json.loads(again.stdout)["parts"] for one in part["findings"]}
    assert {"manifest_missing", "signature_unreadable"} <= found


def test_one_file_may_come_from_the_input(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "billfold", "check", "--json", "-"],
        input=json.dumps(document()).encode(),
        capture_output=True,
        cwd=tmp_path,
    )
    assert (done.returncode, json.loads(done.stdout)["opens"]) == (0, True)


def test_a_strangers_text_does_nothing_to_the_terminal(tmp_path: Path) -> None:
    odd = "\x1b[31m[red]evil[/red]\u202e"
    (tmp_path / "pass.json").write_text(json.dumps(document(organizationName=odd, **{odd: 1})))
    done = billfold("check", "pass.json", cwd=tmp_path)
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "[red]evil[/red]" in done.stdout


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = billfold("check", "nowhere.pkpass", cwd=tmp_path)
    assert done.returncode == 2
    assert "nowhere.pkpass: No such file" in complaint(done)

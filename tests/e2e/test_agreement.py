"""A worker that does not agree with its server says so in one line and ends; so does a server without its key."""

import shutil
import subprocess
from pathlib import Path

import pytest

from e2e.conftest import ROOT, Billfold, running
from servers import ran


def command(billfold: Billfold, *words: str, data: Path | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command with the server's environment and data folder, but for what is given."""
    environment = billfold.environment | {"BILLFOLD_PUBLIC_URL": billfold.url, "COLUMNS": "250", "NO_COLOR": "1"}
    environment |= {f"BILLFOLD_{name.upper()}": value for name, value in settings.items()}
    return ran([*words, "--data", str(data or billfold.data)], environment, ROOT)


def line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1, done.stdout + done.stderr
    said = [one for one in done.stderr.splitlines() if one.startswith("billfold: ")]
    assert len(said) == 1, done.stderr
    return said[0]


@pytest.mark.parametrize("engine", ["postgresql"])
def test_a_worker_that_differs_from_the_server_does_not_work(tmp_path: Path, database_url: str) -> None:
    with running(tmp_path, database_url, workers_inside="false") as billfold:
        other_url = line(command(billfold, "work", public_url="https://cards.example"))
        assert f"set public_url = {billfold.url}" in other_url
        own_folder = line(command(billfold, "work", data=tmp_path / "elsewhere"))
        assert "put back the key file that belongs to it" in own_folder
        copied = tmp_path / "copied"
        copied.mkdir()
        for name in ("billfold.json", "secret.key"):
            shutil.copy2(billfold.data / name, copied)
        assert "use the server's data folder and set sandbox = true" in line(command(billfold, "work", data=copied))
        assert "set sandbox = true" in line(command(billfold, "work", sandbox="false"))
        good = command(billfold, "doctor")
        assert "same key, address and stand-ins" in good.stdout
        bad = command(billfold, "doctor", data=tmp_path / "elsewhere")
        assert bad.returncode == 1
        assert "put back the key file" in " ".join(bad.stdout.split())


def test_a_server_without_the_key_of_its_database_does_not_start(tmp_path: Path, database_url: str) -> None:
    with running(tmp_path, database_url) as billfold:
        billfold.make()
    (billfold.data / "secret.key").unlink()
    done = command(billfold, "serve", "--port", "0")
    assert "the sealing key is not the one that this database was used with" in line(done)

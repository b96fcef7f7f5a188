"""The command line as a person meets it: help that teaches, and one clear line for whatever is wrong."""

import os
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from billfold import __version__
from servers import ran


def billfold(*arguments: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("BILLFOLD_")}
    return ran([*map(str, arguments)], {**environ, "COLUMNS": "200", "NO_COLOR": "1", **variables}, cwd)


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that a failed command said."""
    assert done.returncode != 0
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("billfold: ")
    return line


def test_help_teaches_where_to_begin(tmp_path: Path) -> None:
    done = billfold("--help", cwd=tmp_path)
    assert done.returncode == 0
    for word in ("serve", "work", "migrate", "keys", "certs", "google", "doctor", "phone", "settings", "./data", "test key"):
        assert word in done.stdout
    assert os.listdir(tmp_path) == []


def test_help_loads_neither_database_nor_web(tmp_path: Path) -> None:
    probe = "import sys, billfold.cli.main; print({'sqlalchemy', 'fastapi', 'cryptography', 'structlog', 'PIL'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", probe], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "set()\n"


def test_serve_says_which_options_it_takes(tmp_path: Path) -> None:
    done = billfold("serve", "--help", cwd=tmp_path)
    for option in ("--port", "--host", "--data", "--config", "--json"):
        assert option in done.stdout


def test_settings_prints_a_file_to_start_from(tmp_path: Path) -> None:
    done = billfold("settings", cwd=tmp_path)
    assert tomllib.loads(done.stdout) == {}
    assert "# port = 8000" in done.stdout


def test_current_settings_come_from_the_file_of_this_folder(tmp_path: Path) -> None:
    (tmp_path / "billfold.toml").write_text("port = 8123")
    done = billfold("settings", "--current", cwd=tmp_path, BILLFOLD_HOST="::1")
    shown = tomllib.loads(done.stdout)
    assert (shown["port"], shown["host"], shown["public_url"]) == (8123, "::1", "http://[::1]:8123")


def test_version(tmp_path: Path) -> None:
    assert billfold("version", cwd=tmp_path).stdout == f"{__version__}\n"


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"port {port} of 127.0.0.1 is in use" in complaint(billfold("serve", "--port", port, cwd=tmp_path))
    assert os.listdir(tmp_path) == []


def test_a_foreign_data_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    for command in ("serve", "work", "migrate"):
        assert "holds other things" in complaint(billfold(command, "--data", tmp_path, cwd=tmp_path))


def test_an_unwritable_data_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "is a file" in complaint(billfold("serve", "--data", tmp_path / "file", cwd=tmp_path))


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("BILLFOLD_PORT", "http", "must be a whole number"),
        ("BILLFOLD_PROT", "1", "did you mean BILLFOLD_PORT?"),
        ("BILLFOLD_CONFIG", "missing.toml", "missing.toml"),
    ],
)
def test_a_wrong_setting_is_one_line(tmp_path: Path, variable: str, value: str, said: str) -> None:
    assert said in complaint(billfold("serve", cwd=tmp_path, **{variable: value}))
    assert os.listdir(tmp_path) == []

"""Before a start: whatever is wrong is one line with its mend, and nothing of others is touched."""

import json
import os
import socket
from pathlib import Path

import pytest

from billfold.cli.checkup import absent
from billfold.cli.preflight import (
    FORMAT,
    MARKER,
    AddressUnusable,
    FolderForeign,
    FolderUnusable,
    NothingInstalled,
    PreflightError,
    check_address,
    find_folder,
    prepare_folder,
)
from billfold.settings import Settings


def test_a_missing_folder_is_made_and_marked(tmp_path: Path) -> None:
    prepare_folder(tmp_path / "new" / "data")
    assert json.loads((tmp_path / "new" / "data" / MARKER).read_text()) == {"product": "billfold", "format": FORMAT}


def test_our_own_folder_is_accepted_again_whatever_it_holds(tmp_path: Path) -> None:
    prepare_folder(tmp_path)
    (tmp_path / "billfold.sqlite").write_bytes(b"")
    prepare_folder(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [MARKER, "billfold.sqlite"]


@pytest.mark.parametrize("name", ["lost+found", ".DS_Store", ".billfold.json.new"])
def test_a_fresh_file_system_or_a_start_that_died_is_not_foreign(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    prepare_folder(tmp_path)
    assert (tmp_path / MARKER).exists()


def test_a_foreign_folder_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(FolderForeign, match="--data"):
        prepare_folder(tmp_path)
    assert os.listdir(tmp_path) == ["thesis.txt"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"product": "other", "format": 1}', '{"product": "billfold", "format": "1"}'])
def test_a_marker_that_we_did_not_write_makes_a_folder_foreign(tmp_path: Path, content: str) -> None:
    (tmp_path / MARKER).write_text(content)
    with pytest.raises(FolderForeign, match=MARKER):
        prepare_folder(tmp_path)


def test_a_folder_of_a_newer_billfold_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / MARKER).write_text(json.dumps({"product": "billfold", "format": FORMAT + 1}))
    with pytest.raises(FolderForeign, match="newer"):
        prepare_folder(tmp_path)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "data"):
        with pytest.raises(FolderUnusable, match="is a file"):
            prepare_folder(path)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Names too long for the file system: refused for every account, the administrator's too."""
    with pytest.raises(FolderUnusable, match=r"cannot be written .*--data"):
        prepare_folder(tmp_path / ("x" * 300))


def test_who_only_looks_makes_nothing(tmp_path: Path) -> None:
    """Neither the folder, nor in one that a start left empty the sealing key and the tables, which are told as lacking."""
    for data in (tmp_path, tmp_path / "new" / "data"):
        with pytest.raises(NothingInstalled, match="billfold serve"):
            find_folder(data)
    assert os.listdir(tmp_path) == []
    prepare_folder(tmp_path)
    find_folder(tmp_path)
    lacking = absent(Settings(data=tmp_path))
    assert [(one.what, one.state, "start the server once" in one.mend) for one in lacking] == [
        ("sealing key", "bad", True),
        ("tables", "bad", True),
    ]
    assert os.listdir(tmp_path) == [MARKER]


def test_a_port_in_use_is_told_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(AddressUnusable, match=rf"port {port} of 127\.0\.0\.1 is in use.*--port"):
            check_address("127.0.0.1", port)
    check_address("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "x" * 300])
def test_an_address_of_another_machine_is_told(host: str) -> None:
    with pytest.raises(AddressUnusable, match=r"no address of this machine.*--host"):
        check_address(host, 0)


def test_any_free_port_is_always_there() -> None:
    check_address("127.0.0.1", 0)
    check_address("0.0.0.0", 0)


def test_every_failure_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(PreflightError) as caught:
        prepare_folder(tmp_path)
    assert "\n" not in str(caught.value)

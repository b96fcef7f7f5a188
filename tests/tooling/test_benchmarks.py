"""Benchmarks that reach into our rooms can still begin. Their figures are no test; one that cannot start shows none.

May not enter: timings."""

import asyncio
import importlib
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from billfold.cli.preflight import prepare_folder
from billfold.sandbox.site import Sandbox
from billfold.settings import Settings
from e2e.conftest import ROOT

FOLDER = ROOT / "benchmarks"


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Gives a benchmark's module by its name, and forgets all of them again."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(FOLDER))

    def module(name: str) -> ModuleType:
        return importlib.import_module(name)

    yield module
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(FOLDER)):
            del sys.modules[name]


def counted(settings: Settings, sql: str) -> int:
    with closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))) as database:
        return int(database.execute(sql).fetchone()[0])


def test_every_benchmark_can_be_read(modules: Any) -> None:
    names = [one.stem for one in FOLDER.glob("*.py")]
    assert "issue" in names
    assert [modules(name).__name__ for name in names] == names


@pytest.mark.parametrize("route", ["scans", "operations"])
def test_a_bare_program_does_what_the_server_does_in_a_charge(modules: Any, tmp_path: Path, route: str) -> None:
    fill = modules("_ledger_fill")
    settings = fill.folder_settings(tmp_path / "bare", f"sqlite:///{tmp_path}/bare.sqlite")
    cards = fill.prepare(settings, 3, 200)  # enough that each has sold something
    before = counted(settings, "SELECT count(*) FROM ledger_posting")
    bare = modules("_bare_scans").Bare(settings.database_url, cards, settings, route)
    bare.plain(0.01)
    bare.best(0.01)
    assert counted(settings, "SELECT count(*) FROM ledger_posting") >= before + 2 + 2 * 16


def test_a_push_has_somebody_to_go_to(modules: Any, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    prepare_folder(settings.data)
    sandbox = Sandbox(settings.data / "sandbox", "http://127.0.0.1")
    tokens = [os.urandom(32).hex() for _ in range(3)]
    key, template = asyncio.run(modules("push").prepare(settings, sandbox, tokens))
    assert key.startswith("bf_live_")
    assert template
    assert counted(settings, "SELECT count(*) FROM registration") == 3

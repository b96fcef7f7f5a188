"""The documents keep up with the code, and nothing of one machine gets into the repository."""

import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer

from architecture.finding_codes import codes
from architecture.sources import ROOT, tracked_files
from billfold.api.problems import INTERNAL, problem_of, reference
from billfold.cli.main import LATER, app
from billfold.cli.preflight import PreflightError
from billfold.domain.errors import BillfoldError
from billfold.settings import NAMES, SettingsError, default_file

DOCS = ROOT / "docs"


def heirs(error: type[Exception]) -> Iterator[type[Exception]]:
    for heir in error.__subclasses__():
        yield heir
        yield from heirs(heir)


COMMANDS = [command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands]


def as_typed(name: str) -> list[str]:
    """A command as people type it: `serve`; for a group each of its commands, `keys create`."""
    if name not in LATER or LATER[name].single or not find_spec(LATER[name].module):
        return [name]
    loaded: typer.Typer = getattr(import_module(LATER[name].module), LATER[name].attribute)
    return [f"{name} {one.name or getattr(one.callback, '__name__', '')}" for one in loaded.registered_commands]


def test_docs_show_the_settings_file_as_it_is() -> None:
    """To renew it, put what `python3 run.py settings` prints between the fences of docs/settings.md."""
    [block] = re.findall(r"```toml\n(.*?)```", (DOCS / "settings.md").read_text(encoding="utf-8"), re.DOTALL)
    assert block == default_file()


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_documented(name: str) -> None:
    assert f"\n# {name} = " in (DOCS / "settings.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    for command in as_typed(name):
        assert f"`billfold {command}" in text


@pytest.mark.parametrize("error", sorted({*heirs(PreflightError), *heirs(SettingsError)}, key=lambda error: error.__name__))
def test_every_error_of_a_start_is_documented(error: type[Exception]) -> None:
    assert f"`{error.__name__}`" in (DOCS / "commands.md").read_text(encoding="utf-8")


PROBLEMS = {error for error in heirs(BillfoldError) if not error.__module__.startswith("billfold.studio")}
"""What the wire may say; the console says its own on a page."""


@pytest.mark.parametrize("error", sorted(PROBLEMS, key=lambda error: error.__name__))
def test_every_error_of_the_product_is_a_documented_problem(error: type[BillfoldError]) -> None:
    problem = problem_of(error.__new__(error))
    assert problem is not INTERNAL
    assert f"## {problem.slug}\n" in (DOCS / "problems.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "docs/ARCHITECTURE.md", "docs/glossary.md"]
)
def test_what_a_newcomer_looks_for_is_there(name: str) -> None:
    assert (ROOT / name).stat().st_size > 200


def test_the_page_of_problems_is_the_table_of_problems() -> None:
    """To renew it, write what `billfold.api.problems.reference()` gives into docs/problems.md."""
    assert (DOCS / "problems.md").read_text(encoding="utf-8") == reference()


def test_every_code_of_a_finding_is_explained_and_no_other() -> None:
    text = (DOCS / "why-does-my-pass-not-open.md").read_text(encoding="utf-8")
    explained = {code for row in re.findall(r"^\| (`.*?`) \|", text, re.MULTILINE) for code in re.findall(r"`(\w+)`", row)}
    assert len(codes()) > 130
    assert codes() - explained == set(), "give it a row in docs/why-does-my-pass-not-open.md"
    assert explained - codes() == set(), "no finding has this code"


def test_every_decision_record_has_its_five_parts() -> None:
    records = [path for path in sorted((DOCS / "adr").glob("*.md")) if path.name[0].isdigit()]
    assert len(records) >= 3
    for path in records:
        text = path.read_text(encoding="utf-8")
        for part in ("Status:", "## Context", "## Decision", "## Consequences", "## Alternatives"):
            assert part in text, f"{path.name} lacks {part}"


def test_links_between_documents_lead_somewhere() -> None:
    for path in [file for file in tracked_files() if file.suffix == ".md"]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8")):
            if "://" not in target and not target.startswith(("mailto:", "/")):
                assert (path.parent / target).exists(), f"{path.relative_to(ROOT)} links to {target}"


def texts() -> Iterator[tuple[Path, str]]:
    for path in tracked_files():
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # pictures, fonts, the pip wheel


def test_no_file_names_one_machine_or_one_package_index() -> None:
    """Written in pieces, so that this file passes its own test."""
    words = ["/" + "work/", "/tmp/" + "brief", "/" + "root/", "/" + "home/", "/" + "Users/"]
    words += ["pypi" + ".org", "python" + "hosted", "registry.npm" + "js", "--index" + "-url", "--extra-index" + "-url"]
    allowed = {"run.py", "CONTRIBUTING.md"}  # they say how a lock is made: --no-emit-index-url
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path, text in texts()
        for word in words
        if word in text and not (path.name in allowed and word.startswith("--")) and "vendor" not in path.parts  # files of others
    ]
    assert found == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_are_hashed_and_carry_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"https?:|^-|\bfile:|@ ", text, re.MULTILINE)
    pinned = re.findall(r"^[a-z0-9].*?==.*?(?=^[a-z0-9]|\Z)", text, re.MULTILINE | re.DOTALL)
    assert len(pinned) > 20
    assert all("--hash=sha256:" in entry for entry in pinned)


def test_both_locks_agree() -> None:
    def pins(name: str) -> dict[str, str]:
        return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", (ROOT / name).read_text(), re.MULTILINE))

    runtime, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name: dev.get(name) for name in runtime if name in dev} == {name: runtime[name] for name in runtime if name in dev}

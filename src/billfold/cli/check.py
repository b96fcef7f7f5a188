"""`billfold check`: explains a pass that somebody else made, or that is not signed yet. Needs neither server nor data folder.

May not enter: the rules (wallets/), settings."""

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from billfold import checker
from billfold.cli.common import fail
from billfold.domain.checks import ERROR, Report, as_json
from billfold.domain.findings import Finding

FILE_BYTES_MAX = 200 * 1024 * 1024
FILES_MAX = 1_000
PLACES_MAX = 3
_COLORS = {"error": "bold red", "warning": "yellow"}
_KINDS = {
    "pkpass": "a pass for Apple Wallet",
    "pkpasses": "a bundle of passes for Apple Wallet",
    "folder": "a pass for Apple Wallet, not packed",
    "pass.json": "a pass.json, not packed",
    "google": "JSON for Google Wallet",
    "unknown": "no pass",
}
check_app = typer.Typer(add_completion=False)


@check_app.command()
def check(
    files: Annotated[
        list[Path],
        typer.Argument(help="What to explain: .pkpass, .pkpasses, .json, a save link, or a folder; - reads from the input."),
    ],
    strict: Annotated[bool, typer.Option("--strict", help="Take warnings for errors: exit code 1.")] = False,
    as_json_: Annotated[bool, typer.Option("--json", help="Print one JSON object for each file.")] = False,
) -> None:
    """Say what is wrong with a pass, what a phone does about it, and what to do.

    Exit code 0: nothing wrong, or warnings only; 1: errors; 2: a file cannot be read. What each code means is in
    docs/why-does-my-pass-not-open.md.

    Example: billfold check ticket.pkpass
    """
    console = Console(highlight=False)
    failed = False
    for path in files:
        report = _report(path, time.time_ns() // 1_000_000)
        failed = failed or not report.opens or (strict and any(True for _ in report.all_findings()))
        if as_json_:
            print(json.dumps({"file": str(path), **as_json(report)}, ensure_ascii=True))
        else:
            _show(console, path, report)
    raise typer.Exit(1 if failed else 0)


def _report(path: Path, now_ms: int) -> Report:
    return checker.check_folder(_read_folder(path), now_ms) if path.is_dir() else checker.check_file(_read(path), now_ms)


def _read_folder(folder: Path) -> dict[str, bytes]:
    """Its files by their path in it. Links are not followed: a pass has none."""
    files: dict[str, bytes] = {}
    left = FILE_BYTES_MAX
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        left -= path.stat().st_size
        if left < 0 or len(files) == FILES_MAX:
            fail(f"{folder}: more than {FILES_MAX} files or {FILE_BYTES_MAX // 1024 // 1024} MB, so no pass", 2)
        files[path.relative_to(folder).as_posix()] = _read(path)
    return files


def _read(path: Path) -> bytes:
    try:
        if str(path) == "-":
            return sys.stdin.buffer.read(FILE_BYTES_MAX)
        if path.stat().st_size > FILE_BYTES_MAX:
            fail(f"{path}: larger than {FILE_BYTES_MAX // 1024 // 1024} MB, so no pass", 2)
        return path.read_bytes()
    except OSError as problem:
        fail(f"{path}: {problem.strerror or 'cannot be read'}", 2)


def _show(console: Console, path: Path, report: Report) -> None:
    errors, warnings = report.count(ERROR), report.count("warning")
    verdict = Text("opens", "green") if report.opens else Text("does not open", "bold red")
    counts = f": {_KINDS[report.kind]}, {errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}, "
    console.print(Text.assemble((_clean(str(path)), "bold"), counts, verdict))
    if report.findings:
        console.print(_table(report.findings))
    for part in report.parts:
        if part.name:
            console.print(Text(f"\n{_clean(part.name)}", "bold"))
        if part.facts:
            facts = [f"{name.replace('_', ' ')} {_clean(value)}" for name, value in part.facts.items()]
            console.print(Text("; ".join(facts), "dim"))
        if part.findings:
            console.print(_table(part.findings))


def _table(findings: tuple[Finding, ...]) -> Table:
    """One row for each fault and mend, however many places have it."""
    places: dict[tuple[str, str, str], list[str]] = {}
    for one in findings:
        places.setdefault((one.code, one.message, one.mend), []).append(one.path or "the whole")
    table = Table("", "where", "what is wrong", "what to do")
    for one in findings:
        where = places.pop((one.code, one.message, one.mend), None)
        if where is not None:
            shown = "\n".join(where[:PLACES_MAX]) + (f"\nand {len(where) - PLACES_MAX} more" if len(where) > PLACES_MAX else "")
            what = Text.assemble(
                one.message,
                (f"\n{one.otherwise}" if one.otherwise else "", "dim"),
                (f"\n{one.code}", "dim italic"),
                overflow="fold",  # a code can be looked up only as a whole
            )
            table.add_row(Text(one.severity, _COLORS[one.severity]), Text(shown, overflow="fold"), what, Text(one.mend))
    return table


def _clean(text: str) -> str:
    """A stranger's text as a terminal may have it."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)

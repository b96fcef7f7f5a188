"""Which requirements have a passing test: `--requirements` prints one line for each number of tests/requirements.txt.

A test names what it shows by `@pytest.mark.requirement("S3-25", ...)`; an unknown number is an error when tests are collected.
May not enter: any judgement of how well a test shows it.
"""

import re
from pathlib import Path

import pytest

LIST = Path(__file__).parents[1] / "requirements.txt"
RANK = {"passed": 0, "skipped": 1, "failed": 2}


def load_requirements() -> dict[str, str]:
    """Number → short title, in the list's order."""
    lines = [line.split(maxsplit=1) for line in LIST.read_text().splitlines() if re.match(r"S\d-\d\d ", line)]
    return {number: title.strip() for number, title in lines}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--requirements", action="store_true", help="print which requirements have a passing test, and which none yet")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    known = load_requirements()
    for item in items:
        for marker in item.iter_markers("requirement"):
            if not marker.args:
                raise pytest.UsageError(f"{item.nodeid}: the requirement marker names no number")
            for number in marker.args:
                if number not in known:
                    raise pytest.UsageError(f"{item.nodeid}: no requirement {number!r} in tests/requirements.txt")
                item.user_properties.append(("requirement", number))  # user properties travel from the workers


def outcomes(stats: dict[str, list[pytest.TestReport]]) -> dict[str, list[str]]:
    """Requirement → one of passed, skipped, failed for each test that names it."""
    worst: dict[tuple[str, str], str] = {}
    for category in ("passed", "skipped", "failed", "error"):
        for report in stats.get(category, []):
            outcome = "failed" if category == "error" else category
            for name, number in report.user_properties:
                if name == "requirement":
                    key = (str(number), report.nodeid)
                    worst[key] = max(worst.get(key, outcome), outcome, key=RANK.__getitem__)
    found: dict[str, list[str]] = {}
    for (number, _), outcome in worst.items():
        found.setdefault(number, []).append(outcome)
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if not config.getoption("--requirements"):
        return
    found = outcomes(terminalreporter.stats)
    totals = {"pass": 0, "FAIL": 0, "skipped": 0, "none": 0}
    terminalreporter.section("requirements")
    for number, title in load_requirements().items():
        results = found.get(number, [])
        word = "FAIL" if "failed" in results else "pass" if "passed" in results else "skipped" if results else "none"
        totals[word] += 1
        terminalreporter.write_line(f"{number}  {word:7} {len(results) or '':>4}  {title}", red=word == "FAIL")
    terminalreporter.write_line(
        f"Requirements: {totals['pass']} have passing tests, {totals['FAIL']} have a failing one, "
        f"{totals['skipped']} only skipped ones, {totals['none']} have none yet."
    )

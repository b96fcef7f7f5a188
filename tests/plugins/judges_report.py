"""Says at the end of a run which outside judges were not found, and thus what was not judged. May not enter: skipping itself."""

from collections import Counter

import pytest

from judges import MISSING


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    missing: Counter[str] = Counter()
    for report in [*terminalreporter.stats.get("skipped", []), *terminalreporter.stats.get("failed", [])]:
        text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        _, found, what = text.partition(MISSING)
        if found:
            missing[what.splitlines()[0].strip()] += 1
    for report in terminalreporter.stats.get("error", []):
        _, found, what = str(report.longrepr).partition(MISSING)
        if found:
            missing[what.splitlines()[0].strip()] += 1
    if not missing:
        terminalreporter.write_line("Judges: every outside judge that a test asked for was found.")
    for what, count in sorted(missing.items()):
        terminalreporter.write_line(f"Judge not found: {what}; {count} tests went unjudged.", yellow=True)

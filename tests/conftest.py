"""What every test may use: databases on both engines, a clock that only the test moves, judges, and the reports of a run.

May not enter: mocks, and fixtures that only one room needs (they live in that room's own conftest.py).
"""

from dataclasses import dataclass

import pytest

pytest_plugins = ["plugins.databases", "plugins.requirements_report", "plugins.judges_report"]


@dataclass
class FakeClock:
    """A clock that stands still until the test moves it. Starts at 2026-11-20 12:00:00 UTC."""

    at_ms: int = 1_795_176_000_000

    def now_ms(self) -> int:
        return self.at_ms

    def advance(self, *, ms: int = 0, seconds: float = 0, days: float = 0) -> None:
        self.at_ms += ms + round(seconds * 1000) + round(days * 86_400_000)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()

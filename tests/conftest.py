"""What every test may use: databases on both engines, a clock that only the test moves, judges, and the reports of a run.

May not enter: mocks, and fixtures that only one room needs (they live in that room's own conftest.py).
"""

import pytest

from clocks import FakeClock

pytest_plugins = [
    "plugins.databases",
    "plugins.keys",
    "plugins.requirements_report",
    "plugins.judges_report",
    "plugins.peers",
    "plugins.golden",
    "plugins.pages",
    "plugins.groups",
]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()

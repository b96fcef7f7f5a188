"""Groups of tests that run in one worker. pytest-xdist 3.8 tells of them by a private attribute that pytest 9.2 no longer reads, so
its groups have no effect; here the name that it gave is made the test's id. To be removed when a newer pytest-xdist does it.

May not enter: which tests are a group.
"""

import pytest
from _pytest.nodes import coerce_node_id


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if named := item.__dict__.get("_nodeid"):
            item._id = coerce_node_id(named)

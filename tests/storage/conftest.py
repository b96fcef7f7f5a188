"""The open store that storage tests run on. May not enter: engine-specific set-up."""

from collections.abc import AsyncIterator

import pytest

from billfold.ports import Store
from billfold.storage.store import open_store
from storage.material import add_workspaces


@pytest.fixture
async def store(migrated_url: str) -> AsyncIterator[Store]:
    """An open store on either engine, with the workspaces of OURS and THEIRS."""
    opened = open_store(migrated_url)
    try:
        await opened.write(add_workspaces)
        yield opened
    finally:
        await opened.close()

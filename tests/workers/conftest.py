"""An open store for workers, with the workspaces of storage/material.py. May not enter: wallets of ours (wallet.py)."""

from collections.abc import AsyncIterator

import pytest

from billfold.ports import Store
from billfold.storage.store import open_store
from storage.material import add_workspaces


@pytest.fixture
async def store(migrated_url: str) -> AsyncIterator[Store]:
    opened = open_store(migrated_url)
    try:
        await opened.write(add_workspaces)
        yield opened
    finally:
        await opened.close()

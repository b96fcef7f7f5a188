"""What `billfold migrate --raise-numbers` does. May not enter: backups themselves."""

import asyncio

from billfold import bootstrap
from billfold.flows import restore
from billfold.settings import Settings


def raise_numbers(settings: Settings) -> None:
    async def run() -> int:
        async with bootstrap.operate(settings) as parts:
            return await restore.raise_numbers(parts.services)

    print(f"Raised the change numbers of {asyncio.run(run())} scopes.")

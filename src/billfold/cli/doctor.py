"""`billfold doctor`: prints what checkup.py found, as a table for people.

May not enter: what is looked at."""

import asyncio

import typer
from rich.console import Console
from rich.table import Table

from billfold import bootstrap
from billfold.cli.checkup import Check, absent, examine
from billfold.cli.common import ConfigOption, DataOption, read_settings
from billfold.cli.preflight import find_folder
from billfold.settings import Settings

doctor_app = typer.Typer()
_COLORS = {"good": "green", "note": "yellow", "bad": "red"}


@doctor_app.command()
def doctor(data: DataOption = None, config: ConfigOption = None) -> None:
    """Check folder, database, clock, keys, certificates and addresses; say what to do. Exit code 1 when something is bad.

    It changes nothing.
    """
    settings = read_settings(config, data=data)
    find_folder(settings.data)
    checks = absent(settings) or asyncio.run(_examine(settings))
    table = Table("", "what", "finding", "what to do")
    for one in checks:
        table.add_row(f"[{_COLORS[one.state]}]{one.state}[/]", one.what, one.finding, one.mend)
    Console().print(table)
    if any(one.state == "bad" for one in checks):
        raise typer.Exit(1)


async def _examine(settings: Settings) -> list[Check]:
    parts = await bootstrap.open_parts(settings)  # not furnished: who looks makes nothing
    try:
        return await examine(settings, parts)
    finally:
        await parts.close()

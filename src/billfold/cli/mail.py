"""`billfold mail`: hands over what came back to the return path.

May not enter: what follows from a bounce (flows/mail_returns.py)."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from billfold import bootstrap
from billfold.cli.common import ConfigOption, DataOption, own_settings
from billfold.flows import mail_returns
from billfold.settings import Settings

mail_app = typer.Typer(help="Mail: take in what comes back.", no_args_is_help=True)


@mail_app.callback()
def group() -> None:
    """Mail: take in what comes back."""


@mail_app.command()
def bounce(
    file: Annotated[Path, typer.Argument(help="A message as it arrived, headers first; - reads standard input.")],
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Take in a bounce or complaint that came to the return path, for a mail server's pipe.

    Exit code 1 when it is none, or about no mail of ours."""
    settings = own_settings(config, data=data)
    raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    print(asyncio.run(_take_in(settings, raw)))


async def _take_in(settings: Settings, raw: bytes) -> str:
    async with bootstrap.operate(settings) as parts:
        row = await mail_returns.returned(parts.services, raw)
        return f"Noted for mail {row.mail.id}."

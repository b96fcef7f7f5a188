"""`billfold mail`: hands over what came back to the return path; tells why an address gets no mail, and lets it have mail again.

May not enter: what follows from a bounce (flows/mail_returns.py), what the list means (domain/mail.py)."""

import asyncio
import datetime
import sys
from pathlib import Path
from typing import Annotated

import typer

from billfold import bootstrap
from billfold.cli.common import ConfigOption, DataOption, fail, own_settings
from billfold.cli.keys import LiveOption, WorkspaceOption, scope_of
from billfold.domain.errors import Invalid
from billfold.domain.ids import Scope
from billfold.domain.mail import Suppression
from billfold.flows import mail_returns, mail_suppressions
from billfold.settings import Settings

mail_app = typer.Typer(help="Mail: take in what comes back, see to whom nothing is sent.", no_args_is_help=True)


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


@mail_app.command()
def suppressed(
    address: Annotated[
        str, typer.Argument(help="The e-mail address. The list keeps no addresses: it can only be asked about one.")
    ],
    remove: Annotated[bool, typer.Option("--remove", help="Take it off the list: it gets mails again.")] = False,
    live: LiveOption = False,
    workspace: WorkspaceOption = bootstrap.DEMO_WORKSPACE,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Tell why an address gets no mails (unsubscribed, bounced, complaint), and since when.

    Example: billfold mail suppressed ada@example.com --remove --live
    """
    try:
        found = asyncio.run(_suppressed(own_settings(config, data=data), scope_of(workspace, live), address, remove))
    except Invalid:
        fail("that is no e-mail address; send one like ada@example.com")
    if not found:
        print("Not on the list.")
    for one in found:
        day = datetime.datetime.fromtimestamp(one.at_ms / 1000, datetime.UTC).date().isoformat()
        print(f"{one.reason.value}, since {day}, mails of {f'brand {one.who.brand_id}' if one.who.brand_id else 'everybody here'}")
    if found and remove:
        print("Taken off the list.")


async def _suppressed(settings: Settings, scope: Scope, address: str, remove: bool) -> list[Suppression]:
    async with bootstrap.operate(settings) as parts:
        found = await mail_suppressions.of_address(parts.services, scope, address)
        if remove:
            await mail_suppressions.remove(parts.services, scope, address)
        return found

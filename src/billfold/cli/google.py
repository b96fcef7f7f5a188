"""`billfold google`: the Google issuer account that live passes go to.

May not enter: what makes an account file good (wallets/google/credentials.py), storage."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from billfold import bootstrap
from billfold.cli.certs import read
from billfold.cli.common import ConfigOption, DataOption, own_settings
from billfold.cli.keys import LiveOption, WorkspaceOption, scope_of
from billfold.ports import StoredCredential

google_app = typer.Typer(help="Connect the Google issuer account that passes go to.", no_args_is_help=True)


@google_app.callback()
def group() -> None:
    """Connect the Google issuer account that passes go to."""


@google_app.command()
def connect(
    file: Annotated[Path, typer.Argument(help="Service account key (JSON) from the Google Cloud console.")],
    issuer: Annotated[str, typer.Option(help="Issuer id (about 19 digits) from the Google Pay & Wallet Console.")],
    live: LiveOption = True,
    workspace: WorkspaceOption = bootstrap.DEMO_WORKSPACE,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Check a service account key and seal it.

    The account must also be invited in the Google Pay & Wallet Console, with at least the Developer role.
    Example: billfold google connect key.json --issuer 3388000000012345678
    """
    where = scope_of(workspace, live)
    content = read(file)

    async def run() -> StoredCredential:
        async with bootstrap.operate(own_settings(config, data)) as operator:
            return await operator.connect_google(where, content, issuer)

    stored = asyncio.run(run())
    print(f"Connected issuer {stored.public['issuer_id']} as {stored.public['client_email']}.")

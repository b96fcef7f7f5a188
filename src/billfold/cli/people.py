"""`billfold people`: who signs in to the console, and a way back in, as the operator of the machine.

May not enter: what proves somebody (flows/accounts.py), storage."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from billfold import bootstrap
from billfold.cli.common import ConfigOption, DataOption, own_settings
from billfold.cli.keys import WorkspaceOption
from billfold.domain.people import DEMO_PERSON, Person
from billfold.flows import accounts, deployment
from billfold.studio.words import moment

people_app = typer.Typer(help="People of the console.", no_args_is_help=True)


@people_app.command(name="list")
def list_(
    workspace: WorkspaceOption = bootstrap.DEMO_WORKSPACE,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """List people: address, name, role, when they signed in last."""

    async def run() -> list[Person]:
        async with bootstrap.operate(own_settings(config, data)) as operator:
            return await operator.services.store.read(lambda tx: tx.people.all(workspace))

    table = Table("e-mail", "name", "role", "last sign-in")
    for one in asyncio.run(run()):
        if one.id != DEMO_PERSON:
            table.add_row(one.email, one.name, one.role, moment(one.signed_in_at_ms) if one.signed_in_at_ms else "-")
    Console().print(table)


@people_app.command()
def recover(
    email: Annotated[str, typer.Argument(help="Their address, from `billfold people list`.")],
    workspace: WorkspaceOption = bootstrap.DEMO_WORKSPACE,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Print a link with which somebody who has lost everything, an owner too, sets up their sign-in anew.

    It works once, for a day, and is shown this once. Until it is used nothing changes; then all that they had before ends.
    """

    async def run() -> str:
        async with bootstrap.operate(own_settings(config, data)) as operator:
            token = await accounts.recovery_link(operator.services, workspace, email)
            home = await deployment.served_at(operator.store, operator.services.addresses.public_url)
            return f"{home}/studio/join/{token}"

    print(asyncio.run(run()))

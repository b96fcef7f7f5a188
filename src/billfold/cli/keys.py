"""`billfold keys`: make, list and revoke access keys, as the operator of the machine.

May not enter: what a key may do (domain/keys.py), storage."""

import asyncio
import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from billfold import bootstrap
from billfold.cli.common import ConfigOption, DataOption, fail, own_settings
from billfold.domain.ids import Environment, Scope
from billfold.domain.keys import SCOPES, AccessKey
from billfold.flows import keys

DAY_MS = 86_400_000
NAME_LENGTH_MAX = 100
"""As in `/v1/keys`."""
keys_app = typer.Typer(help="Make, list and revoke access keys. A key is shown once, when it is made.", no_args_is_help=True)
WorkspaceOption = Annotated[str, typer.Option(help="Workspace, by its short id.")]
LiveOption = Annotated[bool, typer.Option("--live/--test", help="Which environment. Keys of the live one need live credentials.")]


def scope_of(workspace: str, live: bool) -> Scope:
    scope = Scope.parse(workspace + ("l" if live else "t"))
    if scope is None:
        fail("a workspace id is 6 letters or digits, like demo00; `billfold doctor` lists them")
    return scope


@keys_app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for, like 'shop till'.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may do (a scope, or an ability of the loyalty API); repeat. None: everything.")
    ] = None,
    expires_days: Annotated[int | None, typer.Option(help="Days until it stops working.", min=1)] = None,
    live: LiveOption = False,
    workspace: WorkspaceOption = bootstrap.DEMO_WORKSPACE,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Make a key and print it, this once.

    Example: billfold keys create "shop till" --scope passes:write --expires-days 365
    """
    where = scope_of(workspace, live)
    if not 0 < len(name) <= NAME_LENGTH_MAX:
        fail(f"the name must have 1 to {NAME_LENGTH_MAX} characters; say what the key is for, like 'shop till'")

    async def run() -> str:
        async with bootstrap.operate(own_settings(config, data)) as operator:
            if where.environment is Environment.LIVE:
                await operator.services.apple.identity(where)
                await operator.services.google.identity(where)
            expires = operator.services.clock.now_ms() + expires_days * DAY_MS if expires_days else None
            made = await keys.mint(operator.services, where, name, frozenset(scope or SCOPES), expires)
            return made.text

    print(asyncio.run(run()))


@keys_app.command(name="list")
def list_(
    live: LiveOption = False,
    workspace: WorkspaceOption = bootstrap.DEMO_WORKSPACE,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """List keys: id, name, what each may do, when it was last used. The keys themselves are stored nowhere."""
    where = scope_of(workspace, live)

    async def run() -> list[AccessKey]:
        async with bootstrap.operate(own_settings(config, data)) as operator:
            return await operator.services.store.read(lambda tx: tx.keys.list(where))

    table = Table("id", "name", "scopes", "made", "last used", "state")
    for key in asyncio.run(run()):
        state = "revoked" if key.revoked_at_ms else "expires " + _day(key.expires_at_ms) if key.expires_at_ms else "good"
        table.add_row(key.id, key.name, " ".join(sorted(key.scopes)), _day(key.created_at_ms), _day(key.last_used_at_ms), state)
    Console().print(table)


@keys_app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="Id of the key, from `billfold keys list`.")],
    live: LiveOption = False,
    workspace: WorkspaceOption = bootstrap.DEMO_WORKSPACE,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Revoke a key, at once and for good."""
    where = scope_of(workspace, live)

    async def run() -> None:
        async with bootstrap.operate(own_settings(config, data)) as operator:
            await keys.revoke_by_operator(operator.services, where, key_id)

    asyncio.run(run())
    print(f"Key {key_id} is revoked.")


def _day(at_ms: int | None) -> str:
    return datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC).strftime("%Y-%m-%d") if at_ms else "-"

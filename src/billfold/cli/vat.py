"""`billfold vat`: an organisation's own rates of value added tax.

May not enter: which rate a sale has (domain/scanning.py), how tax is split (domain/vat.py)."""

import asyncio
from typing import Annotated

import typer

from billfold import bootstrap
from billfold.cli.common import ConfigOption, DataOption, fail, own_settings
from billfold.cli.keys import WorkspaceOption
from billfold.domain.vat import RATE_BP_MAX
from billfold.ports import Workspace

vat_app = typer.Typer()


@vat_app.command()
def vat(
    default: Annotated[int | None, typer.Option("--default", min=0, max=RATE_BP_MAX, help="Of a sale that names none.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=0, max=RATE_BP_MAX, help="The highest that a sale may name.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Back to the server's default, and no limit.")] = False,
    workspace: WorkspaceOption = bootstrap.DEMO_WORKSPACE,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Show or set an organisation's rates of value added tax, in basis points: 2100 is 21 %.

    Example: billfold vat --default 1900 --limit 2500
    """

    async def run() -> Workspace | None:
        async with bootstrap.operate(own_settings(config, data)) as operator:
            found = await operator.store.read(lambda tx: tx.workspaces.find(workspace))
            if found is None or (default is None and limit is None and not clear):
                return found
            kept = (None, None) if clear else (found.vat_default_bp, found.vat_max_bp)
            rates = (kept[0] if default is None else default, kept[1] if limit is None else limit)
            await operator.store.write(lambda tx: tx.workspaces.set_vat(workspace, *rates))
            return await operator.store.read(lambda tx: tx.workspaces.find(workspace))

    found = asyncio.run(run())
    if found is None:
        fail("there is no such workspace; `billfold doctor` lists them")
    own = "the server's (setting vat_default_bp)" if found.vat_default_bp is None else found.vat_default_bp
    print(f"default: {own}\nlimit: {'none' if found.vat_max_bp is None else found.vat_max_bp}")

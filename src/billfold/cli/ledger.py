"""`billfold ledger`: the books, checked from outside by code that shares nothing with what wrote them.

May not enter: how the check is made (storage/ledger_checker.py), repairs."""

import asyncio
import json
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from billfold import bootstrap
from billfold.cli.common import ConfigOption, DataOption, fail, own_settings
from billfold.domain.ids import Scope
from billfold.domain.ledger import AccountKey, decimal_text
from billfold.ledger_ports import Period, TaxTotal

ledger_app = typer.Typer(help="The ledger: check that the books are right.", no_args_is_help=True)


def _scope(code: str) -> Scope:
    found = Scope.parse(code)
    if found is None:
        fail("a scope is a workspace id with t (test) or l (live) behind it, like demo00t")
    return found


@ledger_app.callback()
def group() -> None:
    """The ledger: check that the books are right."""


@ledger_app.command()
def verify(
    as_json: Annotated[bool, typer.Option("--json", help="One line of figures, for scripts.")] = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Read every posting and check sums, sequences, floors, reversals and the chain of hashes.

    Exit code 0 when the books are right, 1 when they are not. Reads one snapshot; the server may go on working.
    """
    settings = own_settings(config, data=data)
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=as_json or not console.is_terminal) as bar:
        task = bar.add_task("postings read", total=None)
        report = asyncio.run(asyncio.to_thread(bootstrap.verify_ledger, settings, lambda count: bar.update(task, completed=count)))
    if as_json:
        counts = {"accounts": report.accounts, "operations": report.operations, "postings": report.postings}
        print(json.dumps(counts | {"drifts": [list(one) for one in report.drifts], "more": report.more, "good": report.good}))
    else:
        for invariant, where, what in report.drifts:
            print(f"{invariant}  {where}: {what}")
        verdict = "the books are right" if report.good else f"{len(report.drifts) + report.more} things are wrong"
        print(f"{report.accounts} accounts, {report.operations} operations, {report.postings} postings: {verdict}")
    raise typer.Exit(0 if report.good else 1)


@ledger_app.command()
def tax(
    scope: Annotated[str, typer.Argument(help="Workspace and environment, like demo00t.")],
    begin: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day, in UTC.")],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day after the last.")],
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Add up the tax that was owed, by currency, rate and kind: sales, and top-ups whose tax is due with the money.

    Example: billfold ledger tax demo00l --from 2026-11-01 --until 2026-12-01
    """
    where = _scope(scope)

    async def run() -> list[TaxTotal]:
        period = Period(begin.date(), until.date())
        async with bootstrap.operate(own_settings(config, data)) as operator:
            return await operator.store.read(lambda tx: tx.sums.taxes(where, period), long=True)

    print("unit,rate_percent,kind,operations,net,vat,gross")
    for one in asyncio.run(run()):
        amounts = ",".join(decimal_text(minor, one.unit) for minor in (one.net, one.vat, one.gross))
        print(f"{one.unit},{one.rate_bp / 100:g},{one.kind},{one.operations},{amounts}")


@ledger_app.command()
def frozen(data: DataOption = None, config: ConfigOption = None) -> None:
    """List accounts that the daily check has frozen: scope, owner, unit, what is wrong."""

    async def run() -> list[tuple[Scope, AccountKey, str]]:
        async with bootstrap.operate(own_settings(config, data)) as operator:
            return await operator.store.read(lambda tx: tx.audit.frozen())

    for scope, key, why in asyncio.run(run()):
        print(f"{scope.code} {key.owner} {key.unit}: {why}")


@ledger_app.command()
def thaw(
    scope: Annotated[str, typer.Argument(help="Workspace and environment, like demo00t.")],
    owner: Annotated[str, typer.Argument(help="The pass, or the system account.")],
    unit: Annotated[str, typer.Argument(help="EUR, points...")],
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Let a frozen account take postings again, once you know what happened and its books are mended."""
    where = _scope(scope)

    async def run() -> bool:
        async with bootstrap.operate(own_settings(config, data)) as operator:
            return await operator.store.write(lambda tx: tx.audit.thaw(where, AccountKey(owner, unit)))

    if not asyncio.run(run()):
        fail("no such account is frozen; `billfold ledger frozen` lists those that are")
    print("it takes postings again")

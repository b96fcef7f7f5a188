"""`billfold starters`: templates to begin with, as the operator of the machine; and some of them in the demo workspace.

May not enter: what is in a starter (starters/), how a template is made (flows/templates.py)."""

import asyncio
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.table import Table

from billfold import bootstrap
from billfold.api.v1.template_shapes import given_of, starter_body
from billfold.bootstrap import Parts
from billfold.cli.common import ConfigOption, DataOption, fail, own_settings
from billfold.cli.keys import LiveOption, WorkspaceOption, scope_of
from billfold.domain.errors import BillfoldError, NotFound
from billfold.domain.ids import Scope
from billfold.domain.keys import SCOPES, Actor
from billfold.domain.passes import Template
from billfold.flows import templates
from billfold.ports import Services
from billfold.starters import catalogue

IN_THE_DEMO = ("event-ticket",)
"""Beside the templates of its till (demo.py)."""
_OPERATOR = "operator"
_log = structlog.get_logger("billfold")
starters_app = typer.Typer(help="Templates to begin with: list them, make one.", no_args_is_help=True)


@starters_app.command(name="list")
def list_() -> None:
    """List the starters: name, title, what it is for."""
    table = Table("name", "title", "what for")
    for name in catalogue.names():
        starter = catalogue.load(name)
        table.add_row(name, starter.title["en"], starter.about["en"])
    Console().print(table)


@starters_app.command()
def make(
    starter: Annotated[str, typer.Argument(help="Name of the starter, from `billfold starters list`.")],
    name: Annotated[str | None, typer.Option(help="Name of the template; without one the starter's title.")] = None,
    live: LiveOption = False,
    workspace: WorkspaceOption = bootstrap.DEMO_WORKSPACE,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Make a template of a starter, published, and print its id.

    Example: billfold starters make cafe-stamps --name "Our stamp card"
    """
    where = scope_of(workspace, live)

    async def run() -> Template:
        async with bootstrap.operate(own_settings(config, data)) as operator:
            return await make_template(operator.services, where, starter, name)

    try:
        print(asyncio.run(run()).id)
    except NotFound as missing:
        fail(f"{missing}; `billfold starters list` has the names" if missing.kind == "starter" else str(missing))


async def make_template(services: Services, scope: Scope, starter: str, name: str | None = None) -> Template:
    """Raises NotFound, Invalid."""
    given = given_of(starter_body(starter, name))
    actor = Actor(scope, _OPERATOR, frozenset(SCOPES))
    return (await templates.create(services, actor, given.name, given.draft, rules=given.rules)).template


async def furnish_demo(parts: Parts) -> None:
    """Some more templates for the demo workspace. A demo without them is still a demo: a failure is logged, no more."""
    try:
        there = {one.name for one in await parts.store.read(lambda tx: tx.templates.list(bootstrap.DEMO, None, 200))}
        for name in IN_THE_DEMO:
            if catalogue.load(name).title["en"] not in there:
                await make_template(parts.services, bootstrap.DEMO, name)
    except BillfoldError as problem:
        _log.warning("demo_not_furnished", problem=type(problem).__name__)

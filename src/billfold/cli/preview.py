"""`billfold preview`: a picture of what a wallet shows, of a stored pass or of a content in a file.

May not enter: layout (rendering/), what makes a content good."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from billfold import bootstrap
from billfold.api import strict_json
from billfold.api.v1.content import ContentIn, draft_of
from billfold.cli.common import ConfigOption, DataOption, fail, own_settings
from billfold.cli.keys import LiveOption, WorkspaceOption, scope_of
from billfold.domain.ids import Scope
from billfold.domain.keys import SCOPES, Actor
from billfold.flows import preview as flow
from billfold.flows.preview import Look
from billfold.ports import Services
from billfold.rendering.preview import Wallet, png, svg
from billfold.rendering.scene import Scene, Scheme, Side

preview_app = typer.Typer(add_completion=False)
FILE_BYTES_MAX = 8 * 1024 * 1024


class Form(StrEnum):
    PNG = "png"
    SVG = "svg"


@preview_app.command()
def preview(
    what: Annotated[str, typer.Argument(help="Serial number of a pass, or a JSON file with a content as /v1/passes takes it.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the picture goes; .svg for vectors.")] = Path("preview.png"),
    wallet: Annotated[Wallet, typer.Option(help="Whose phone shows it.")] = Wallet.APPLE,
    side: Annotated[
        Side, typer.Option(help="The card, its back, the lock screen at a change or near a place, a watch.")
    ] = Side.FRONT,
    scheme: Annotated[Scheme, typer.Option(help="Light or dark surroundings.")] = Scheme.LIGHT,
    language: Annotated[str | None, typer.Option(help="The phone's language, like de or fr-CA.")] = None,
    scale: Annotated[float, typer.Option(min=0.5, max=4, help="Pixels a point; a card is 375 points wide.")] = 2.0,
    live: LiveOption = False,
    workspace: WorkspaceOption = bootstrap.DEMO_WORKSPACE,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Draw what a wallet shows of a pass.

    Example: billfold preview card.json --wallet google --language de -o card.png
    """
    where = scope_of(workspace, live)
    file = Path(what)
    body = file.read_bytes() if file.suffix == ".json" and file.is_file() else None
    if body is None and (file.suffix == ".json" or "/" in what):
        fail(f"{what}: there is no such file; name a JSON file, or the serial number of a pass")

    async def run() -> Look:
        async with bootstrap.operate(own_settings(config, data)) as operator:
            return await look_at(operator.services, where, what, body, language, wallet)

    look = asyncio.run(run())
    document = svg(Scene(look.content, look.language, look.pictures, scheme, more=look.more), wallet, side)
    out.write_bytes(document.encode() if out.suffix == ".svg" else png(document, scale))
    print(f"{out}: {side.value} of {what} as {wallet.value.capitalize()} shows it in {look.language}")


async def look_at(services: Services, scope: Scope, what: str, body: bytes | None, language: str | None, wallet: str) -> Look:
    actor = Actor(scope, "operator", frozenset(SCOPES))
    if body is None:
        return await flow.of_pass(services, actor, what, language, wallet)
    given = strict_json.parse(body, bytes_max=FILE_BYTES_MAX)
    if isinstance(given, dict) and isinstance(given.get("content"), dict):
        given = given["content"]
    try:
        content = ContentIn.model_validate(given)
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False)[0]
        fail(f"{what}: {'.'.join(map(str, first['loc']))}: {first['msg']}; see /docs for what a content holds")
    return await flow.of_draft(services, actor, draft_of(content), language, wallet)

"""`billfold certs`: the Apple certificates that live passes are signed with.

May not enter: what makes a certificate good (wallets/apple/certificates.py), storage."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from billfold import bootstrap
from billfold.cli.common import ConfigOption, DataOption, fail, read_settings
from billfold.cli.keys import LiveOption, WorkspaceOption, scope_of
from billfold.ports import StoredCredential

certs_app = typer.Typer(help="Import and list the Apple certificates that passes are signed with.", no_args_is_help=True)


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        fail(f"{path}: {problem.strerror or 'cannot be read'}")


@certs_app.command(name="import")
def import_(
    certificate: Annotated[Path, typer.Argument(help="The .p12 from Keychain, or the pass type certificate (.cer or PEM).")],
    key: Annotated[Path | None, typer.Option(help="Its private key (PEM), when the first file is no .p12.")] = None,
    intermediate: Annotated[
        list[Path] | None, typer.Option(help="Apple's WWDR intermediate (G4), .cer or PEM; several may be given.")
    ] = None,
    password_file: Annotated[Path | None, typer.Option(help="File that holds the password; asked for when needed.")] = None,
    ask_password: Annotated[bool, typer.Option("--ask-password", help="Ask for the password of the .p12 or key.")] = False,
    live: LiveOption = True,
    workspace: WorkspaceOption = bootstrap.DEMO_WORKSPACE,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Check a certificate and its key, and seal them. Team and pass type come from the certificate.

    Example: billfold certs import pass.p12 --intermediate AppleWWDRCAG4.cer --ask-password
    """
    password = read(password_file).decode().rstrip("\r\n") if password_file else None
    if ask_password:
        password = typer.prompt("Password", hide_input=True)
    where = scope_of(workspace, live)
    files = bootstrap.CertificateFiles(
        certificate=read(certificate),
        key=read(key) if key else b"",
        password=password,
        intermediates=tuple(map(read, intermediate or ())),
    )

    async def run() -> tuple[StoredCredential, tuple[str, ...]]:
        async with bootstrap.operate(read_settings(config, data=data)) as operator:
            return await operator.import_certificate(where, files)

    stored, warnings = asyncio.run(run())
    facts = stored.public
    print(f"Imported {facts['pass_type_identifier']} of team {facts['team_identifier']}, good until {facts['not_after'][:10]}.")
    for warning in warnings:
        print(f"Note: {warning}")


@certs_app.command(name="list")
def list_(
    live: LiveOption = True,
    workspace: WorkspaceOption = bootstrap.DEMO_WORKSPACE,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """List certificates: pass type, team, until when. Keys never leave the vault."""
    where = scope_of(workspace, live)

    async def run() -> list[StoredCredential]:
        async with bootstrap.operate(read_settings(config, data=data)) as operator:
            return await operator.services.store.read(lambda tx: tx.credentials.list(where, "apple"))

    table = Table("pass type", "team", "good until", "NFC")
    for one in asyncio.run(run()):
        facts = one.public
        table.add_row(facts["pass_type_identifier"], facts["team_identifier"], facts["not_after"][:10], facts["nfc"])
    Console().print(table)

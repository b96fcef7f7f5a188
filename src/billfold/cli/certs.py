"""`billfold certs`: the Apple certificates that live passes are signed with.

May not enter: what makes a certificate good (wallets/apple/certificates.py), storage."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from billfold import bootstrap
from billfold.cli.common import ConfigOption, DataOption, fail, own_settings
from billfold.cli.keys import LiveOption, WorkspaceOption, scope_of
from billfold.domain.errors import CredentialRefused
from billfold.ports import StoredCredential

NAME_LENGTH_MAX = 64
"""Of a common name in a certificate. Source: RFC 5280, ub-common-name."""

certs_app = typer.Typer(help="Ask for, import and list the Apple certificates that passes are signed with.", no_args_is_help=True)


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        fail(f"{path}: {problem.strerror or 'cannot be read'}")


@certs_app.command(name="import")
def import_(
    certificate: Annotated[Path, typer.Argument(help="The .p12 from Keychain, or the pass type certificate (.cer or PEM).")],
    key: Annotated[
        Path | None, typer.Option(help="Its private key (PEM), when it is in neither the first file nor from `certs request`.")
    ] = None,
    intermediate: Annotated[
        list[Path] | None, typer.Option(help="Apple's WWDR intermediate (G4), .cer or PEM; several may be given.")
    ] = None,
    password_file: Annotated[
        Path | None, typer.Option(help="File that holds the password; on a terminal it is asked for when needed.")
    ] = None,
    ask_password: Annotated[bool, typer.Option("--ask-password", help="Ask for the password of the .p12 or key.")] = False,
    live: LiveOption = True,
    workspace: WorkspaceOption = bootstrap.DEMO_WORKSPACE,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Check a certificate and its key, and seal them. Team and pass type come from the certificate.

    Example: billfold certs import pass.p12 --intermediate AppleWWDRCAG4.cer --ask-password
    """
    password = read(password_file).decode("utf-8", "replace").rstrip("\r\n") if password_file else None
    if ask_password:
        password = typer.prompt("Password", hide_input=True)
    where = scope_of(workspace, live)
    files = bootstrap.CertificateFiles(
        certificate=read(certificate),
        key=read(key) if key else b"",
        password=password,
        intermediates=tuple(map(read, intermediate or ())),
    )
    settings = own_settings(config, data)

    async def run(files: bootstrap.CertificateFiles) -> tuple[StoredCredential, tuple[str, ...]]:
        async with bootstrap.operate(settings) as operator:
            return await operator.import_certificate(where, files)

    try:
        stored, warnings = asyncio.run(run(files))
    except CredentialRefused as refused:
        if refused.code != "password_missing":
            raise
        if not sys.stdin.isatty():
            fail(f"{refused} (--password-file FILE)")
        password = typer.prompt("Password", hide_input=True)
        stored, warnings = asyncio.run(run(replace(files, password=password)))
    facts = stored.public
    print(f"Imported {facts['pass_type_identifier']} of team {facts['team_identifier']}, good until {facts['not_after'][:10]}.")
    for warning in warnings:
        print(f"Note: {warning}")


@certs_app.command()
def request(
    out: Annotated[Path, typer.Argument(help="File to write the signing request to, like pass.certSigningRequest.")],
    name: Annotated[str, typer.Option(help="What it is for, so that people can tell it from others.")] = "Billfold",
    live: LiveOption = True,
    workspace: WorkspaceOption = bootstrap.DEMO_WORKSPACE,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Make a key that never leaves this machine, and the request for Apple to certify it.

    Example: billfold certs request pass.certSigningRequest
    """
    where = scope_of(workspace, live)
    if not 0 < len(name) <= NAME_LENGTH_MAX:
        fail(f"the name must have 1 to {NAME_LENGTH_MAX} characters; choose a shorter one with --name")
    if out.exists():
        fail(f"{out} is there already; name another file, so that no request is lost")

    async def run() -> bytes:
        async with bootstrap.operate(own_settings(config, data)) as operator:
            return await operator.request_certificate(where, name)

    made = asyncio.run(run())
    try:
        out.write_bytes(made)
    except OSError as problem:
        fail(f"{out}: {problem.strerror or 'cannot be written'}")
    print(f"Wrote {out}. Its key stays here, sealed.")
    print("Next: developer.apple.com, Certificates, +, Pass Type ID Certificate; choose the identifier, upload this file,")
    option = "" if live else " --test"
    print(f"download the certificate, then: billfold certs import pass.cer --intermediate AppleWWDRCAG4.cer{option}")


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
        async with bootstrap.operate(own_settings(config, data)) as operator:
            return await operator.services.store.read(lambda tx: tx.credentials.list(where, "apple"))

    table = Table("pass type", "team", "good until", "NFC")
    for one in asyncio.run(run()):
        facts = one.public
        table.add_row(facts["pass_type_identifier"], facts["team_identifier"], facts["not_after"][:10], facts["nfc"])
    Console().print(table)

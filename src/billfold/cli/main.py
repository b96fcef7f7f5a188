"""The `billfold` command: what there is, and which module does it.

Commands load what they need when they are called, so that `--help` answers at once: hence the imports inside functions here, and
only here. May not enter: what a command does.
"""

import sys
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated

import typer

from billfold import __version__
from billfold.cli.common import ConfigOption, DataOption, fail, read_settings
from billfold.cli.preflight import PreflightError, check_address, prepare_folder
from billfold.domain.errors import BillfoldError
from billfold.settings import Settings, current_file, default_file

app = typer.Typer(
    help="Passes for Apple Wallet and Google Wallet from one request, kept current for years.\n\n"
    "Begin with [bold]billfold serve[/bold]: it starts on SQLite with stand-ins for Apple and Google, prints a test key and a "
    "ready curl, and keeps everything in ./data. Install what it issues on a phone in the terminal with "
    "[bold]billfold phone iphone LINK[/bold].\n\n"
    "Settings come from options, BILLFOLD_... variables, or billfold.toml; [bold]billfold settings[/bold] lists all of them.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,  # they would print local variables, and so secrets
    context_settings={"help_option_names": ["-h", "--help"]},
)


def call(module: str, function: str, *arguments: object) -> None:
    """Loads `module` now and calls what it offers."""
    getattr(import_module(module), function)(*arguments)


def load_without(module: str, unwanted: str) -> None:
    """Loads `module` as if `unwanted` were not installed, where it can do without. Whoever needs `unwanted` later finds it."""
    if unwanted in sys.modules:
        return
    sys.modules[unwanted] = None  # type: ignore[assignment]  # Python's own sign for "not to be had"
    try:
        import_module(module)
    finally:
        del sys.modules[unwanted]


def ready(settings: Settings) -> None:
    """What each long-running command does first: our own data folder, and logs."""
    prepare_folder(settings.data)
    load_without("structlog", "rich")  # which it would load, with pygments, for tracebacks that we do not print: 8 MB of a server
    call("billfold.logs", "configure", settings.log_format, settings.log_level)


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 lets the system choose (setting port).")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (setting host).")] = None,
    data: DataOption = None,
    config: ConfigOption = None,
    json: Annotated[bool, typer.Option("--json", help="When ready, print one JSON line: url, test_key, docs_url, demo.")] = False,
) -> None:
    """Serve API, share pages and device service, with the workers inside."""
    settings = read_settings(config, port=port, host=host, data=data)
    check_address(settings.host, settings.port)  # before a folder is made for nothing
    ready(settings)
    call("billfold.cli.serving", "serve", settings, json)


@app.command()
def work(data: DataOption = None, config: ConfigOption = None) -> None:
    """Do the waiting work (pushes, jobs) beside servers on the same PostgreSQL; start as many as you like."""
    settings = read_settings(config, data=data)
    ready(settings)
    call("billfold.cli.serving", "work", settings)


@app.command()
def migrate(
    raise_numbers: Annotated[
        bool,
        typer.Option(
            "--raise-numbers", help="After a restore from backup: no change number that a phone may have seen comes again."
        ),
    ] = False,
    data: DataOption = None,
    config: ConfigOption = None,
) -> None:
    """Bring the database's tables to this version. `serve` does it too; run it first where several servers start at once."""
    settings = read_settings(config, data=data)
    ready(settings)
    call("billfold.storage.migrate", "upgrade", settings.database_url)
    print("The database is at this version's tables.")
    if raise_numbers:
        call("billfold.cli.restore", "raise_numbers", settings)


@app.command()
def settings(
    current: Annotated[bool, typer.Option("--current", help="Those in force here, passwords masked.")] = False,
    config: ConfigOption = None,
) -> None:
    """Print every setting with its reason and default, as a TOML file to start from."""
    print(current_file(read_settings(config)) if current else default_file(), end="")


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)


@dataclass(frozen=True, slots=True)
class Later:
    """Where the Typer app of a command is. `single`: it is one command, not a group of them."""

    module: str
    attribute: str
    single: bool


LATER: dict[str, Later] = {}
"""Commands whose app is loaded when they are called."""


def later(name: str, module: str, attribute: str, help: str, *, single: bool = False) -> None:
    """Adds a command that is loaded when it is called."""
    LATER[name] = Later(module, attribute, single)

    @app.command(
        name,
        help=help,
        add_help_option=False,  # its --help is the real one's
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False},
    )
    def run(context: typer.Context) -> None:
        try:
            loaded = getattr(import_module(module), attribute)
        except ModuleNotFoundError as problem:
            if problem.name != module:
                raise
            fail(f"`billfold {name}` is not part of this version")
        command = typer.main.get_command(loaded) if single else typer.main.get_group(loaded)
        command(args=context.args, prog_name=f"billfold {name}")


later("keys", "billfold.cli.keys", "keys_app", "Make, list and revoke access keys.")
later("people", "billfold.cli.people", "people_app", "People of the console: list them, let one in again who has lost everything.")
later("certs", "billfold.cli.certs", "certs_app", "Ask for, import and list the Apple certificates that passes are signed with.")
later("google", "billfold.cli.google", "google_app", "Connect the Google issuer account that live passes go to.")
later(
    "check",
    "billfold.cli.check",
    "check_app",
    "Explain why a pass does not open: any .pkpass, .pkpasses or pass.json, or a Google class or object.",
    single=True,
)
later("starters", "billfold.cli.starters", "starters_app", "Templates to begin with: list them, make one.")
later("doctor", "billfold.cli.doctor", "doctor_app", "Check certificates, keys, clock and database; say what to do.", single=True)
later("ledger", "billfold.cli.ledger", "ledger_app", "The ledger: check that the books are right.")
later("mail", "billfold.cli.mail", "mail_app", "Mail: take in what comes back, see to whom nothing is sent.")
later("vat", "billfold.cli.vat", "vat_app", "Show or set an organisation's rates of value added tax.", single=True)
later("preview", "billfold.cli.preview", "preview_app", "Draw what a wallet shows of a pass, into a PNG or SVG file.", single=True)
later(
    "phone", "billfold.cli.phone", "phone_app", "Virtual phones: open a share link, install the pass, show what a holder would see."
)


def main() -> None:
    """Runs the command line; ends the process."""
    try:
        app(prog_name="billfold")
    except (BillfoldError, PreflightError) as problem:
        print(f"billfold: {problem}", file=sys.stderr)
        sys.exit(1)

"""What the commands share: the options that every one of them takes, reading settings, ending with one clear line.

May not enter: any single command, and imports that cost time (`billfold --help` must stay quick).
"""

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from billfold.cli.preflight import prepare_folder
from billfold.settings import Settings, SettingsError, Value, load

ConfigOption = Annotated[
    Path | None, typer.Option(help="TOML file of settings; without it billfold.toml of this folder, when there is one.")
]
DataOption = Annotated[Path | None, typer.Option(help="Folder for database, pictures and keys (setting data).")]


def fail(message: str, code: int = 1) -> NoReturn:
    """Ends the process with one line on standard error."""
    print(f"billfold: {message}", file=sys.stderr)
    raise typer.Exit(code)


def own_settings(config: Path | None, data: Path | None) -> Settings:
    """The settings in force, after a look at the data folder: it is ours, or empty and then becomes ours. Raises PreflightError."""
    settings = read_settings(config, data=data)
    prepare_folder(settings.data)
    return settings


def read_settings(config: Path | None = None, **options: Value) -> Settings:
    """The settings in force; `options` are those given on the command line (None: not given). Ends with one line when wrong."""
    try:
        return load(options, config)
    except SettingsError as problem:
        fail(str(problem), 2)

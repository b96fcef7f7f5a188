# ruff: noqa: RUF009  (each setting is declared by a call, which makes nothing mutable)
"""Every setting once: name, type, unit, default, why. Read when a process starts, then frozen; only bootstrap and cli read it.

A value comes from the command line, else from the environment (BILLFOLD_PORT), else from a TOML file (--config, BILLFOLD_CONFIG, or
billfold.toml in the current folder), else from here. `default_file` writes all of it as one commented file; docs/settings.md shows
that file. May not enter: any other room, and a value that somebody could want to change and that is not named here.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TypeVar, get_args, get_type_hints
from urllib.parse import urlsplit

T = TypeVar("T")
Value = str | int | float | bool | Path | tuple[str, ...] | None

PREFIX = "BILLFOLD_"
CONFIG_VARIABLE = "BILLFOLD_CONFIG"
DEFAULT_CONFIG = "billfold.toml"
MEBIBYTE = 1024 * 1024
NO_LIMIT = "no limit"


class SettingsError(Exception):
    """The settings cannot be used: one line that names the setting, where it stands, and the mend."""


class UnknownSetting(SettingsError):
    """A name that is no setting; `nearest` is the one probably meant."""

    def __init__(self, name: str, place: str, nearest: str | None) -> None:
        mend = f"did you mean {nearest}?" if nearest else "`billfold settings` lists all"
        super().__init__(f"unknown setting {name} in {place}; {mend}")
        self.name, self.place, self.nearest = name, place, nearest


class WrongSetting(SettingsError):
    """A value that the setting cannot take. The value itself is not repeated: it may be a password."""

    def __init__(self, name: str, place: str, mend: str) -> None:
        super().__init__(f"setting {name} in {place} {mend}")
        self.name, self.place, self.mend = name, place, mend


class UnreadableConfig(SettingsError):
    """The file of settings is not there, cannot be read, or is no TOML."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"settings file {path}: {problem}")
        self.path = path


class Check(Protocol):
    """What a value must fulfil beyond its type: None, or how it must be."""

    def __call__(self, value: Value) -> str | None: ...


def _between(least: float, most: float | None = None) -> Check:
    def check(value: Value) -> str | None:
        if isinstance(value, int | float) and (value < least or (most is not None and value > most)):
            return f"must be {least:g} or more" if most is None else f"must lie between {least:g} and {most:g}"
        return None

    return check


def _one_of(*choices: Value) -> Check:
    return lambda value: None if value in choices else f"must be one of {', '.join(map(str, choices))}"


def _url(*schemes: str) -> Check:
    def check(value: Value) -> str | None:
        if value == "":
            return None  # derived from other settings
        try:
            parts = urlsplit(str(value))
            parts.port  # noqa: B018  (raises when it is no port)
            good = parts.scheme in schemes and (bool(parts.netloc) or parts.scheme in ("sqlite", "postgresql"))
        except ValueError:
            good = False
        return None if good else f"must be an address that begins with {' or '.join(f'{s}://' for s in schemes)}"

    return check


def _host_ports(value: Value) -> str | None:
    for entry in value if isinstance(value, tuple) else ():
        _, colon, port = entry.rpartition(":")
        if not colon or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
            return "must be a list of host:port, such as crm.internal:8443"
    return None


def _networks(value: Value) -> str | None:
    for entry in value if isinstance(value, tuple) else ():
        try:
            ip_network(entry)
        except ValueError:
            return "must be a list of addresses and networks, such as 203.0.113.7 and 10.0.0.0/8"
    return None


def _address(value: Value) -> str | None:
    if value == "" or re.fullmatch(r"[!-?A-~]{1,64}@[0-9A-Za-z.-]{1,253}", str(value)):
        return None
    return "must be a bare address such as no-reply@example.com"


def _setting(default: T, why: str, unit: str = "", check: Check | None = None, shown: str | None = None) -> T:
    """One setting. `shown`: the default in words, where it is derived from other settings."""
    about = MappingProxyType({"why": why, "unit": unit, "check": check, "shown": shown})
    made: T = field(default=default, metadata=about)
    return made


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one process. Those derived from others ("" or None here) are complete after construction; to change what they
    derive from by `replace`, empty them as well: `replace(settings, port=8001, public_url="")`."""

    # --- where things are
    data: Path = _setting(
        Path("data"), "Folder for the database, pictures and the sealing key. Made when missing; back it up as a whole."
    )
    database_url: str = _setting(
        "",
        "sqlite:///FILE, or postgresql://USER:PASSWORD@HOST/NAME when one machine is no longer enough.",
        check=_url("sqlite", "postgresql"),
        shown="sqlite:///<data>/billfold.sqlite",
    )
    key_file: Path | None = _setting(
        None,
        "File of the key that seals stored credentials. Keep a copy apart from the database: without it they cannot be opened.",
        shown="<data>/secret.key",
    )
    host: str = _setting("127.0.0.1", "Address to listen on; 0.0.0.0 means every network of this machine.")
    port: int = _setting(8000, "Port to listen on; 0 lets the system choose.", check=_between(0, 65535))
    public_url: str = _setting(
        "",
        "How phones and browsers reach this server. Real iPhones accept https only. Each pass carries it, so settle it early.",
        check=_url("http", "https"),
        shown="http://<host>:<port>",
    )
    trusted_proxies: tuple[str, ...] = _setting(
        (),
        "Addresses or networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed. Nobody else's are.",
        check=_networks,
    )

    # --- how it runs
    workers_inside: bool = _setting(True, "Whether the server also does the work of `billfold work`. False: run that beside it.")
    lease_seconds: float = _setting(
        30.0, "How long a worker holds a slice of work before another may take it over.", "seconds", _between(1, 3600)
    )
    poll_seconds: float = _setting(
        1.0, "How often a worker looks for due work when nothing woke it.", "seconds", _between(0.01, 60)
    )
    signers: int = _setting(
        2,
        "Processes beside the server that sign passes and links, so that other cores do it. 0: threads of the server sign.",
        "processes",
        _between(0, 64),
    )
    log_format: str = _setting(
        "auto", "json, console, or auto: console on a terminal, else json.", check=_one_of("auto", "json", "console")
    )
    log_level: str = _setting("info", "The least level that is logged.", check=_one_of("debug", "info", "warning", "error"))
    sandbox: bool = _setting(
        True, "Whether the stand-ins of Apple's push service and Google's API run inside, for the test environment and the demo."
    )
    sandbox_push_port: int = _setting(
        0, "Port of the push stand-in on 127.0.0.1; 0 lets the system choose.", check=_between(0, 65535)
    )

    demo_door: bool = _setting(
        True,
        "Whether the demo's test environment opens in a browser on this machine without signing in. It does only while the server "
        "listens on loopback, stands behind no proxy and has no owner.",
    )

    # --- what is kept, and for how long
    housekeeping_minutes: float = _setting(
        60.0, "How often what was kept long enough is removed, in each workspace and environment.", "minutes", _between(1, 1440)
    )
    idempotency_keep_hours: float = _setting(
        72.0, "How long the answer to a request with an Idempotency-Key is given again to whoever repeats it.", "hours", _between(1)
    )
    callback_keep_days: float = _setting(
        30.0,
        "How long a callback of Google's is remembered after it expired, so that a repeat has no second effect.",
        "days",
        _between(1),
    )
    job_keep_days: float = _setting(30.0, "How long a job that ended can be looked at.", "days", _between(0))
    device_log_keep_days: float = _setting(
        90.0, "How long what devices complained of is kept, and never more than 1,000 lines.", "days", _between(0)
    )

    mail_keep_days: float = _setting(400.0, "How long it is known what became of a mail.", "days", _between(1))
    mail_address_keep_days: float = _setting(30.0, "How long its address is kept after that is settled.", "days", _between(0))

    # --- mail
    smtp_url: str = _setting(
        "",
        "Mail server for live mails: smtp://USER:PASSWORD@HOST:587 or smtps://HOST. Empty: they wait.",
        check=_url("smtp", "smtps"),
    )
    smtp_password_file: Path | None = _setting(None, "File with its password, in place of one in smtp_url.", shown="<none>")
    smtp_starttls: bool = _setting(True, "Whether smtp:// must turn to TLS. False only for a server on this very machine.")
    smtp_ca_file: Path | None = _setting(None, "PEM file of the authority that vouches for it.", shown="<the system's authorities>")
    smtp_from: str = _setting("", "Address that mails come from.", check=_address, shown="no-reply@<host of public_url>")
    smtp_reply_to: str = _setting("", "Address that answers go to. Empty: none.", check=_address)
    smtp_return_path: str = _setting(
        "", "Address of bounces; +TOKEN goes before its @.", check=_address, shown="bounces@<domain of smtp_from>"
    )
    smtp_timeout_seconds: float = _setting(30.0, "How long the mail server may take for one answer.", "seconds", _between(0.1, 30))
    smtp_per_second: float = _setting(20.0, "Mails a second to one mail server.", "mails per second", _between(0.1, 1000))
    sandbox_smtp_port: int = _setting(0, "Port of the mail catcher on 127.0.0.1; 0: any.", check=_between(0, 65535))

    # --- limits
    rate_limit_per_second: float = _setting(
        50.0, "Requests that one access key may send in the long run; 0 means no limit.", "requests per second", _between(0)
    )
    rate_limit_burst: int = _setting(200, "Requests that one access key may send at once after a rest.", "requests", _between(1))
    failed_sign_ins_per_minute: float = _setting(
        10.0,
        "Wrong keys from one address, or for one key, that are answered 401; more get 429. A good key never does. 0: no limit.",
        "a minute",
        _between(0),
    )
    quota_passes_per_month: int | None = _setting(
        None,
        "Passes that a workspace without a quota of its own may issue in a calendar month (UTC).",
        "passes",
        _between(0),
        NO_LIMIT,
    )
    body_max_bytes: int = _setting(8 * MEBIBYTE, "Largest request body that is read.", "bytes", _between(1024))
    image_max_bytes: int = _setting(
        5 * MEBIBYTE, "Largest picture that is accepted or fetched, as it arrives.", "bytes", _between(1024)
    )
    image_url_cache_seconds: float = _setting(
        300.0, "How long a picture fetched from an address is used before that address is asked again.", "seconds", _between(0)
    )
    devices_per_pass_max: int = _setting(
        50, "Devices that may be registered for one pass; bounds what a leaked link costs.", "devices", _between(1)
    )
    outgoing_allow: tuple[str, ...] = _setting(
        (), "host:port pairs on private networks that Billfold may call; every other private address is refused.", check=_host_ports
    )

    outgoing_forbid: tuple[str, ...] = _setting(
        (),
        "Public addresses and networks that callers must not make Billfold fetch from either, such as your own.",
        check=_networks,
    )
    refused_fetches_per_hour: float = _setting(
        30.0,
        "Addresses of pictures that gave none, in one workspace, until new ones get 429: nobody shall scan a network. 0: no limit.",
        "an hour",
        _between(0),
    )

    mail_per_address_day: int = _setting(10, "Mails to one address in a day (UTC); 0: no limit.", "mails", _between(0))
    mail_per_workspace_day: int = _setting(10_000, "Mails of a workspace in a day (UTC); 0: no limit.", "mails", _between(0))

    # --- scans
    vat_default_bp: int = _setting(2_100, "VAT of a sale that names no rate: 2100 is 21 %.", "basis points", _between(0, 10_000))
    scan_undo_hours: float = _setting(24.0, "How long a terminal may undo its own scans.", "hours", _between(0))
    offline_scans_max: int = _setting(50, "Scans that a terminal may make without a network.", "scans", _between(0))
    offline_amount_minor: int = _setting(
        10_000, "Money that it may take meanwhile, of each currency.", "hundredths of its unit", _between(0)
    )
    offline_hours: float = _setting(72.0, "How long a terminal may scan without a network.", "hours", _between(0))
    offline_grace_hours: float = _setting(72.0, "How late a scan still counts on the day it claims.", "hours", _between(0))
    offline_unsigned: bool = _setting(False, "Whether cards without a signed code may be scanned without a network.")

    # --- Apple
    push_url: str = _setting("https://api.push.apple.com", "Apple's push service for live passes.", check=_url("https"))
    push_ca_file: Path | None = _setting(
        None,
        "PEM file of the authority that vouches for push_url, where that is a proxy of your own.",
        shown="<the system's authorities>",
    )
    push_type: str = _setting("background", "apns-push-type of a pass update.", check=_one_of("background", "alert"))
    push_priority: int = _setting(5, "apns-priority of a pass update; background pushes must have 5.", check=_one_of(1, 5, 10))
    push_expiration_seconds: int = _setting(
        30 * 86400, "How long Apple keeps a push for a phone that is off.", "seconds", _between(0)
    )
    push_gap_seconds: float = _setting(
        1.0, "Least time between two pushes to one device; changes in between become one push.", "seconds", _between(0)
    )
    push_connections: int = _setting(1, "HTTP/2 connections for each certificate.", "connections", _between(1, 100))
    push_streams: int = _setting(
        500, "Pushes under way at once on one connection; Apple may allow fewer.", "pushes", _between(1, 10000)
    )

    # --- Google
    google_url: str = _setting(
        "https://walletobjects.googleapis.com", "Google Wallet API for live passes.", check=_url("https", "http")
    )
    google_save_url: str = _setting(
        "https://pay.google.com/gp/v/save/", "What a save link begins with.", check=_url("https", "http")
    )
    google_keys_url: str = _setting(
        "https://pay.google.com/gp/m/issuer/keys",
        "Where Google publishes the keys that sign its callbacks.",
        check=_url("https", "http"),
    )
    google_token_url: str = _setting(
        "https://oauth2.googleapis.com/token", "Where a service account gets access tokens.", check=_url("https", "http")
    )
    google_requests_per_second: float = _setting(
        18.0, "Requests to the Google Wallet API for each issuer; Google allows 20.", "requests per second", _between(0.1)
    )

    google_reconcile_hour: int | None = _setting(
        2,
        "Hour (UTC) from which on, each night, Google is asked who holds each pass; its callbacks may be lost. Empty: never.",
        "hour of the day",
        _between(0, 23),
    )

    def __post_init__(self) -> None:
        derive = object.__setattr__
        if not self.database_url:
            derive(self, "database_url", f"sqlite:///{self.data.absolute()}/billfold.sqlite")
        if self.key_file is None:
            derive(self, "key_file", self.data / "secret.key")
        if not self.public_url:
            # 0.0.0.0 and :: are listened on and cannot be called.
            host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)  # noqa: S104
            derive(self, "public_url", f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}")
        derive(self, "public_url", self.public_url.rstrip("/"))
        if not self.smtp_from:
            name = urlsplit(self.public_url).hostname or ""
            derive(self, "smtp_from", f"no-reply@{name if re.search('[a-z]', name) and ':' not in name else 'localhost'}")
        if not self.smtp_return_path:
            derive(self, "smtp_return_path", f"bounces@{self.smtp_from.rpartition('@')[2]}")


# --- reading ----------------------------------------------------------------------------------------------------------------------

_TYPES: dict[str, type] = get_type_hints(Settings)
NAMES: tuple[str, ...] = tuple(entry.name for entry in fields(Settings))


def load(
    options: Mapping[str, Value] | None = None, config: Path | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """Settings from, in this order of strength: `options` (None means not given), `environ`, the file, the defaults.

    `environ` is the process's own when not given. Raises SettingsError.
    """
    surroundings = os.environ if environ is None else environ
    found: dict[str, Value] = {}
    if config is None and surroundings.get(CONFIG_VARIABLE):
        config = Path(surroundings[CONFIG_VARIABLE])
    if config is not None or Path(DEFAULT_CONFIG).is_file():
        found |= _from_file(config or Path(DEFAULT_CONFIG))
    found |= _from_environ(surroundings)
    for name, value in (options or {}).items():
        if value is not None:
            found[name] = _typed(name, value, f"option --{name.replace('_', '-')}")
    return Settings(**found)  # type: ignore[arg-type]  # each value was checked against its field's type


def _from_environ(environ: Mapping[str, str]) -> dict[str, Value]:
    known = {PREFIX + name.upper(): name for name in NAMES}
    found: dict[str, Value] = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable == CONFIG_VARIABLE:
            continue
        if variable not in known:
            raise UnknownSetting(variable, "the environment", _nearest(variable, [*known, CONFIG_VARIABLE]))
        found[known[variable]] = _typed(known[variable], text, f"the environment ({variable})")
    return found


def _from_file(path: Path) -> dict[str, Value]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise UnreadableConfig(path, f"{problem.strerror or 'cannot be read'}; name another with --config") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise UnreadableConfig(path, f"is no valid TOML ({str(problem).splitlines()[0]})") from None
    found: dict[str, Value] = {}
    for name, value in content.items():
        if name not in NAMES:
            raise UnknownSetting(name, str(path), _nearest(name, NAMES))
        found[name] = _typed(name, tuple(value) if isinstance(value, list) else value, str(path))
    return found


def _nearest(name: str, names: list[str] | tuple[str, ...]) -> str | None:
    return next(iter(difflib.get_close_matches(name, names, n=1, cutoff=0.5)), None)


def _typed(name: str, value: Value, place: str) -> Value:
    """`value` as the setting's own type: text is parsed, anything else must be of that type already."""
    options = get_args(_TYPES[name]) or (_TYPES[name],)
    kind = _TYPES[name] if _TYPES[name] == tuple[str, ...] else options[0]
    if type(None) in options and isinstance(value, str) and value.strip().lower() in ("", "none"):
        return None
    result = _parsed(kind, value) if isinstance(value, str) else _accepted(kind, value)
    if result is None:
        raise WrongSetting(name, place, f"must be {_words(kind)}")
    check: Check | None = next(entry.metadata["check"] for entry in fields(Settings) if entry.name == name)
    complaint = check(result) if check else None
    if complaint:
        raise WrongSetting(name, place, complaint)
    return result


def _parsed(kind: object, text: str) -> Value:
    """Text (environment, command line, a TOML string) as `kind`, or None."""
    text = text.strip()
    if kind is bool:
        return {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}.get(
            text.lower()
        )
    if kind is int:
        return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else None
    if kind is float:
        return float(text) if re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", text) else None
    if kind is Path:
        return Path(text).expanduser() if text and "\0" not in text else None
    if kind == tuple[str, ...]:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return text


def _accepted(kind: object, value: Value) -> Value:
    """A value that is typed already (TOML, an option) as `kind`, or None."""
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if abs(value) < 1e18 else None  # not NaN either
    if kind == tuple[str, ...]:
        return value if isinstance(value, tuple) and all(isinstance(part, str) for part in value) else None
    if kind is Path:
        return value if isinstance(value, Path) else None
    return value if type(value) is kind else None


def _words(kind: object) -> str:
    words = {bool: "true or false", int: "a whole number", float: "a number", Path: "the path of a file or folder", str: "text"}
    return (
        words.get(kind, "a list of texts, separated by commas")
        if isinstance(kind, type)
        else "a list of texts, separated by commas"
    )


# --- showing ----------------------------------------------------------------------------------------------------------------------


def default_file() -> str:
    """Every setting with its reason, unit and default as a TOML file in which each line is commented out."""
    lines = [
        "# Billfold's settings. Every line here is the default: take away the # to change one.",
        "# In the environment each is BILLFOLD_ and its name in capitals: BILLFOLD_PORT=8001. The environment wins over this file.",
    ]
    for entry in fields(Settings):
        kind = _TYPES[entry.name]
        options = get_args(kind)
        unit = entry.metadata["unit"] or _words(kind if kind == tuple[str, ...] or not options else options[0])
        shown = entry.metadata["shown"]
        lines += ["", f"# {entry.metadata['why']}", f"# ({unit}{f'; default: {shown}' if shown else ''})"]
        default: Value = entry.default if shown is None else "none" if shown == NO_LIMIT else shown  # type: ignore[assignment]
        lines.append(f"# {entry.name} = {_toml(default)}")
    return "\n".join(lines) + "\n"


def current_file(settings: Settings) -> str:
    """The settings in force as TOML, passwords masked."""
    values: dict[str, Value] = {name: getattr(settings, name) for name in NAMES}
    return "".join(f"{name} = {_toml(value)}\n" for name, value in values.items())


_PASSWORD = re.compile(r"(://[^/:@]*:).*(@)|((?<=[?&]password=)[^&]*)")


def _toml(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    text = "" if value is None else _PASSWORD.sub(lambda found: f"{found[1] or ''}***{found[2] or ''}", str(value))
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

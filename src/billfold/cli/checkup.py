"""Looks at everything that can be wrong on this machine, and says what to do about it: for `billfold doctor` and a page.

May not enter: repairs; it only looks. How it is printed (doctor.py), and what that loads: the server is here too."""

import asyncio
import datetime
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from billfold import mailroom
from billfold.bootstrap import Parts
from billfold.domain.ids import Environment, Scope
from billfold.flows import deployment
from billfold.ports import StoredCredential, Tx
from billfold.rendering.preview import scripts_missing
from billfold.settings import Settings
from billfold.storage import revision

GIBIBYTE = 1024**3
WARN_DAYS = 30


@dataclass(frozen=True)
class Check:
    """`state`: good, note or bad. `mend` is empty when good."""

    what: str
    state: str
    finding: str
    mend: str = ""


def absent(settings: Settings) -> list[Check]:
    """What is not there without which nothing else can be asked, as opening the rest would make it: sealing key and tables."""
    assert settings.key_file is not None
    found = []
    if not settings.key_file.exists():
        mend = "put its copy back; where there was none yet, start the server once"
        found.append(Check("sealing key", "bad", f"{settings.key_file} is not there", mend))
    tables = _tables(settings)
    return found if tables.state == "good" else [*found, tables]


async def examine(settings: Settings, parts: Parts, workspace: str | None = None) -> list[Check]:
    """`workspace`: whose credentials alone; None: all."""
    checks = [*_machine(settings), *_address(settings), *await _database(settings, parts), *await _agreement(parts)]
    for one in await parts.store.read(lambda tx: tx.workspaces.all()):
        if workspace in (None, one.id):
            for environment in Environment:
                checks += await _credentials(parts, Scope(one.id, environment))
    checks.append(await _mail(settings, parts))
    checks.append(await asyncio.to_thread(_scripts))
    return checks


def _scripts() -> Check:
    """Phones have fonts for everything; pictures that are drawn here have those of this machine."""
    if missing := scripts_missing():
        mend = "install fonts that have them (Debian: fonts-noto-core, fonts-noto-cjk), and start anew"
        return Check("fonts of previews", "note", f"none for {', '.join(missing)}", mend)
    return Check("fonts of previews", "good", "for every script that was asked for")


async def _mail(settings: Settings, parts: Parts) -> Check:
    """The live mail server is called, and hung up on without sending anything."""
    if not settings.smtp_url:
        return Check("mail server", "note", "none: live mails wait", "set smtp_url, and smtp_from to an address of yours")
    relay = parts.mail.relays.of(Environment.LIVE)
    where = f"{relay.options.host}:{relay.options.port}"
    if found := await mailroom.examine(relay):
        problem, mend = found
        return Check("mail server", "bad", f"{where}: {problem}", mend)
    return Check("mail server", "good", f"{where}, from {relay.envelope.sender}")


def _machine(settings: Settings) -> Iterator[Check]:
    free = shutil.disk_usage(settings.data).free
    short = free < GIBIBYTE
    yield Check(
        "disk",
        "bad" if short else "good",
        f"{free / GIBIBYTE:.1f} GiB free",
        "make room; below 1 GiB is too little" if short else "",
    )
    assert settings.key_file is not None
    mode = stat.S_IMODE(settings.key_file.stat().st_mode)
    loose = bool(mode & 0o077)
    mend = f"chmod 400 {settings.key_file}" if loose else "keep a copy apart from the database"
    yield Check("sealing key", "bad" if loose else "good", f"{settings.key_file}, mode {mode:o}", mend)


def _address(settings: Settings) -> Iterator[Check]:
    if settings.public_url.startswith("https://"):
        yield Check("public address", "good", settings.public_url)
    else:
        mend = "real phones accept https only: put a TLS proxy in front and set public_url before live passes are issued"
        yield Check("public address", "note", settings.public_url, mend)


def _tables(settings: Settings) -> Check:
    version = revision.current(settings.database_url)
    if version is None:
        return Check("tables", "bad", "none", "start the server once, or billfold migrate")
    good = version == revision.head()
    return Check("tables", "good" if good else "bad", f"version {version}", "" if good else "billfold migrate")


async def _database(settings: Settings, parts: Parts) -> list[Check]:
    checks = [await asyncio.to_thread(_tables, settings)]
    apart = abs(await parts.store.now_ms() - parts.services.clock.now_ms()) / 1000
    mend = "" if apart < 5 else "set both machines' clocks by NTP"
    checks.append(Check("clock", "good" if apart < 5 else "bad", f"{apart:.1f} s from the database's", mend))
    return checks


async def _agreement(parts: Parts) -> list[Check]:
    """Whether the server on this database runs with the same key, address and stand-ins as this command would."""
    found = await deployment.differences(parts.store, parts.facts)
    states = {"key_file": "bad"}  # without it nothing can be signed; the rest matters to workers only
    return [
        Check(f"same {one.setting} as the server", states.get(one.setting, "note"), one.problem, one.mend) for one in found
    ] or [Check("agreement with the server", "good", "same key, address and stand-ins, or no server yet")]


def _stored(scope: Scope, kind: str, tx: Tx) -> list[StoredCredential]:
    return tx.credentials.list(scope, kind)


async def _credentials(parts: Parts, scope: Scope) -> list[Check]:
    now = parts.services.clock.now_ms()
    checks = []
    for kind, mend in (("apple", "billfold certs import"), ("google", "billfold google connect")):
        what = f"{kind}, {scope.workspace} {scope.environment}"
        found = await parts.store.read(partial(_stored, scope, kind))
        if not found:
            state = "note" if scope.environment is Environment.LIVE else "bad"
            mend_now = mend if state == "note" else "start the server once: it issues the sandbox's own"
            checks.append(Check(what, state, "none", mend_now))
        for one in found:
            if one.expires_at_ms is None:
                checks.append(Check(what, "good", one.name))
                continue
            days = (one.expires_at_ms - now) // 86_400_000
            until = datetime.datetime.fromtimestamp(one.expires_at_ms / 1000, datetime.UTC).date().isoformat()
            state = "bad" if days < 0 else "note" if days < WARN_DAYS else "good"
            checks.append(Check(what, state, f"{one.name}, until {until}", "" if state == "good" else f"renew it, then {mend}"))
    return checks

"""Puts the parts that send mail together: which server each environment's mails go to, and the worker that takes them there.

Part of bootstrap's work, kept apart from it. May not enter: decisions, what a mail says."""

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from billfold.domain.ids import Environment
from billfold.flows import mail_returns, mailing
from billfold.flows.mail import DayLimits, Outbox
from billfold.glue import mail_macs
from billfold.mail import bounces, smtp
from billfold.mail.message import Envelope
from billfold.mail.smtp import Relay, RelayOptions, Relays, Resolve
from billfold.outgoing.guard import is_public
from billfold.ports import Clock, Services
from billfold.sandbox.site import Sandbox, SandboxAddresses
from billfold.settings import Settings
from billfold.storage.sealing import Vault
from billfold.workers.mail import MailWorker

PORTS = {"smtp": 587, "smtps": 465}
_CATCHER = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class MailRoom:
    """The worker that sends, and the mail servers that it sends to."""

    worker: MailWorker
    relays: Relays


def host_port(entry: str) -> tuple[str, int]:
    """Of a line of outgoing_allow."""
    host, _, port = entry.rpartition(":")
    return host.strip("[]"), int(port)


class RelayForbidden(OSError):
    """The mail server is in a private network, and nobody said that Billfold may call it."""


def resolver(allowed: Collection[tuple[str, int]]) -> Resolve:
    """Addresses of a mail server, all of them public, or the pair of host and port is `allowed`."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        if (host, port) not in allowed and not all(is_public(ip_address(one)) for one in addresses):
            raise RelayForbidden(f"{host}:{port} is in a private network; name it in outgoing_allow")
        return addresses

    return resolve


def outbox(settings: Settings, clock: Clock, vault: Vault) -> Outbox:
    limits = DayLimits(settings.mail_per_address_day, settings.mail_per_workspace_day)
    return Outbox(clock, mail_macs(vault), bounces.read, limits)


def envelope(settings: Settings) -> Envelope:
    return Envelope(settings.smtp_from, settings.smtp_return_path, settings.smtp_reply_to)


def live_options(settings: Settings) -> RelayOptions:
    """From smtp_url; its user and password may be percent-encoded. A password file wins over a password there."""
    if not settings.smtp_url:
        return RelayOptions("", 0, "none")
    parts = urlsplit(settings.smtp_url)
    password = unquote(parts.password or "")
    if settings.smtp_password_file:
        password = settings.smtp_password_file.read_text(encoding="utf-8").strip()
    return RelayOptions(
        host=parts.hostname or "",
        port=parts.port or PORTS[parts.scheme],
        security="tls" if parts.scheme == "smtps" else "starttls" if settings.smtp_starttls else "none",
        user=unquote(parts.username or ""),
        password=password,
        ca_pem=settings.smtp_ca_file.read_text(encoding="ascii") if settings.smtp_ca_file else None,
        timeout_seconds=settings.smtp_timeout_seconds,
        per_second=settings.smtp_per_second,
    )


def relays(settings: Settings, allowed: Collection[tuple[str, int]], clock: Clock, catcher_port: int | None) -> Relays:
    """`catcher_port`: of the stand-in, where the test environment's mails end; None: they go where live ones go."""
    sender = envelope(settings)
    live = Relay(live_options(settings), sender, resolver(allowed), clock)
    if catcher_port is None:
        return Relays({Environment.TEST: live, Environment.LIVE: live})
    options = RelayOptions(_CATCHER, catcher_port, "none", per_second=settings.smtp_per_second)
    test = Relay(options, sender, resolver({(_CATCHER, catcher_port)}), clock)
    return Relays({Environment.TEST: test, Environment.LIVE: live})


def open_room(
    settings: Settings, services: Services, stand_ins: SandboxAddresses | None, sandbox: Sandbox | None, *, alone: bool
) -> MailRoom:
    """`sandbox`: the stand-ins where they run in this process; then their catcher's bounces come back here."""
    if sandbox:
        sandbox.mail.returned = take_back(services)
    allowed = frozenset(map(host_port, settings.outgoing_allow))
    post = relays(settings, allowed, services.clock, stand_ins.smtp_port if stand_ins else None)
    return MailRoom(worker(settings, services, post, alone=alone), post)


def take_back(services: Services) -> Callable[[bytes], Awaitable[None]]:
    """What the catcher gives bounces to, as a mail server's pipe would."""

    async def returned(raw: bytes) -> None:
        await mail_returns.returned(services, raw)

    return returned


def worker(settings: Settings, services: Services, post: Relays, *, alone: bool) -> MailWorker:
    """`alone`: the one worker of its database, which takes up its own leases at once after a crash."""
    name = "server" if alone else f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    return MailWorker(
        services.store,
        post,
        partial(mailing.send, services),
        partial(mailing.stumbled, services),
        owner=f"{name}/mail",
        lease_seconds=settings.lease_seconds,
        poll_seconds=settings.poll_seconds,
    )


async def examine(relay: Relay) -> tuple[str, str] | None:
    """What is wrong with a mail server, and the mend; None when mails would go."""
    options = relay.options
    try:
        problem = await smtp.examine(relay)
    except RelayForbidden:
        return "it is in a private network", f'outgoing_allow = ["{options.host}:{options.port}"], if that is meant'
    except OSError as error:
        return f"cannot be reached ({error.strerror or type(error).__name__})", "correct the host and port in smtp_url"
    return (problem, "correct smtp_url, smtp_password_file, smtp_ca_file or smtp_starttls") if problem else None

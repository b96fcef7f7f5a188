"""The way to a mail server: one connection for a burst, STARTTLS or TLS with the certificate checked, paced, with a circuit.

What the server says about one mail and what it says about us are told apart: a refused recipient concerns a mail, a refused sign-in
or sender concerns all of them, and then nothing is given up. May not enter: what a mail says, rows, retries (flows/mailing.py)."""

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponseException

from billfold.domain.ids import Environment, Scope
from billfold.domain.letters import Away, Later, Letter, Outcome, Refused, Taken
from billfold.mail.message import Envelope, compose
from billfold.ports import Clock

AWAY_SECONDS_MIN, AWAY_SECONDS_MAX = 5.0, 60.0
"""How long a server that is away is left alone: doubling, so that mails flow again within a minute of its return."""
SENDS_PER_CONNECTION = 100
"""Then a new one: relays end long conversations by themselves, with an error."""
_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_NO_MAILBOX = re.compile(r"5\.1\.(1|2|3|6|10)\Z")
"""Enhanced codes that say the address is dead. Source: RFC 3463 section 3.2 and IANA's registry."""
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) → IP addresses that may be called. Raises OSError."""


@dataclass(frozen=True, slots=True)
class RelayOptions:
    """`security`: tls (from the first byte), starttls (refused when the server cannot), none (a relay on this very machine).

    `host` "": there is no server; mails wait."""

    host: str
    port: int
    security: str
    user: str = ""
    password: str = ""
    ca_pem: str | None = None
    timeout_seconds: float = 30.0
    per_second: float = 20.0


@dataclass(slots=True)
class Relay:
    """One mail server. Several bursts may go on at once, each with a connection of its own; pace and circuit are common."""

    options: RelayOptions
    envelope: Envelope
    resolve: Resolve
    clock: Clock
    _failures: int = 0
    _away_until_ms: int = 0
    _next_ms: float = 0.0
    _tls: ssl.SSLContext | None = None

    def away(self) -> Away | None:
        """While the circuit is open nobody is called."""
        left = self._away_until_ms - self.clock.now_ms()
        return Away("the mail server is away", left / 1000) if left > 0 else None

    def failed(self, reason: str) -> Away:
        seconds = min(AWAY_SECONDS_MIN * 2 ** min(self._failures, 10), AWAY_SECONDS_MAX)
        self._failures += 1
        self._away_until_ms = self.clock.now_ms() + int(seconds * 1000)
        return Away(reason, seconds)

    def answered(self) -> None:
        self._failures, self._away_until_ms = 0, 0

    async def pace(self) -> None:
        now = self.clock.now_ms()
        start = max(now, self._next_ms)
        self._next_ms = start + 1000 / self.options.per_second
        if start > now:
            await asyncio.sleep((start - now) / 1000)

    def tls(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context(cadata=self.options.ca_pem)
            self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        return self._tls

    async def connect(self) -> aiosmtplib.SMTP:
        """A conversation that is ready for mails. Raises OSError, SMTPException."""
        options = self.options
        last: OSError = OSError("the name has no address")
        for address in await self.resolve(options.host, options.port):
            try:
                line = await self._dial(address)
            except OSError as problem:
                last = problem
                continue
            client = aiosmtplib.SMTP(
                hostname=options.host,
                sock=line,
                local_hostname=self.envelope.domain,
                timeout=options.timeout_seconds,
                use_tls=options.security == "tls",
                start_tls=options.security == "starttls",
                tls_context=self.tls() if options.security != "none" else None,
                username=options.user or None,
                password=options.password or None,
            )
            try:
                await client.connect()
            except BaseException:
                client.close()
                line.close()
                raise
            return client
        raise last

    async def _dial(self, address: str) -> socket.socket:
        line = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        line.setblocking(False)
        try:
            async with asyncio.timeout(self.options.timeout_seconds):
                await asyncio.get_running_loop().sock_connect(line, (address, self.options.port))
        except BaseException:
            line.close()
            raise
        return line


@dataclass(slots=True)
class Burst:
    """mail_ports.Carrier: mails one after the other over one connection. Close it at the end."""

    relay: Relay
    _client: aiosmtplib.SMTP | None = None
    _sent: int = field(default=0)

    async def send(self, letter: Letter) -> Outcome:
        """Never raises for what the other side does."""
        if not self.relay.options.host:
            return Away("no mail server is set (setting smtp_url)", AWAY_SECONDS_MAX)
        if away := self.relay.away():
            return away
        await self.relay.pace()
        try:
            client = await self._ready()
        except SMTPResponseException as problem:
            return self.relay.failed(f"the mail server refused us ({_status(problem)})")
        except (OSError, SMTPException) as problem:
            return self.relay.failed(f"the mail server cannot be reached ({type(problem).__name__})")
        try:
            outcome = await self._transmit(client, letter)
        except (OSError, SMTPException) as problem:
            await self._drop()
            # Perhaps the server has the mail and only its answer was lost: it is sent again, under the same Message-ID.
            return self.relay.failed(f"the mail server broke off ({type(problem).__name__})")
        if not isinstance(outcome, Away):
            self.relay.answered()
        return outcome

    async def _ready(self) -> aiosmtplib.SMTP:
        if self._client is not None and (self._sent >= SENDS_PER_CONNECTION or not self._client.is_connected):
            await self.close()
        if self._client is None:
            self._client, self._sent = await self.relay.connect(), 0
        return self._client

    async def _transmit(self, client: aiosmtplib.SMTP, letter: Letter) -> Outcome:
        envelope = self.relay.envelope
        data = compose(letter, envelope).as_bytes()
        self._sent += 1
        try:
            await client.mail(envelope.returns_to(letter.ticket))
        except SMTPResponseException as problem:
            await self.close()
            return self.relay.failed(f"the mail server refused the sender ({_status(problem)})")
        try:
            await client.rcpt(letter.to)
            await client.data(data)
        except SMTPResponseException as problem:
            if problem.code == 421 or not await self._reset(client):
                await self._drop()
            status = _status(problem)
            if problem.code < 500:
                return Later(status)
            return Refused(status, dead=_NO_MAILBOX.match(status.partition(" ")[2]) is not None)
        return Taken()

    async def _reset(self, client: aiosmtplib.SMTP) -> bool:
        try:
            await client.rset()
        except (OSError, SMTPException):
            return False
        return True

    async def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(OSError, SMTPException):
                await client.quit(timeout=2)
            client.close()


def _status(problem: SMTPResponseException) -> str:
    """`550 5.1.1`: the codes alone, since the text may repeat the address."""
    enhanced = _ENHANCED.match(problem.message)
    return f"{problem.code} {enhanced[1]}" if enhanced else str(problem.code)


class Relays:
    """mail_ports.Post: the test environment's mail server and the live one."""

    def __init__(self, relays: Mapping[Environment, Relay]) -> None:
        self._relays = relays

    def of(self, environment: Environment) -> Relay:
        return self._relays[environment]

    def burst(self, scope: Scope) -> Burst:
        return Burst(self._relays[scope.environment])

    def away(self, scope: Scope) -> bool:
        return self._relays[scope.environment].away() is not None


async def examine(relay: Relay) -> str | None:
    """Connects, signs in and hangs up: None, or what the server or its certificate said. Raises OSError when it is not there."""
    try:
        client = await relay.connect()
        await client.noop()
        await client.quit()
    except SMTPResponseException as problem:
        return f"refused us ({_status(problem)})"
    except ssl.SSLError as problem:
        return f"TLS or its certificate is not good ({problem.reason})"
    except SMTPException as problem:
        return f"did not speak with us ({type(problem).__name__})"
    return None

"""The catcher's SMTP side: a real server on a port of this machine, with faults on demand and bounces.

May not enter: pages."""

import asyncio
import logging
import ssl
import time
from collections.abc import Awaitable, Callable

from aiosmtpd.smtp import SMTP, Envelope, Session

from billfold.sandbox.mail.bounce import notice
from billfold.sandbox.mail.box import Box
from billfold.sandbox.mail.faults import Faults, mailbox

MESSAGE_BYTES_MAX = 10 * 1024 * 1024
CONNECTIONS_MAX = 50
IDLE_SECONDS = 60.0
Returned = Callable[[bytes], Awaitable[None]]
logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd's, which would write every address down


class MailCatcher:
    """`returned`: who is given the notices about messages that bounce, beside the box. `tls`, `sign_in`: for tests of clients."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, sign_in: tuple[str, str] | None = None) -> None:
        self.box = Box()
        self.faults = Faults()
        self.returned: Returned | None = None
        self.connections = 0
        """How many there have been."""
        self._tls, self._sign_in = tls, sign_in
        self._server: asyncio.Server | None = None
        self._open: set[_Conversation] = set()
        self._bounces: set[asyncio.Task[None]] = set()
        self.port = 0

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Conversation(self, loop), host, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for one in list(self._open):
                one.hang_up()
            await self._server.wait_closed()
            self._server = None
        for task in list(self._bounces):
            task.cancel()
        await asyncio.gather(*self._bounces, return_exceptions=True)

    # --- what a conversation tells ---

    def begun(self, conversation: "_Conversation") -> bool:
        self.connections += 1
        if len(self._open) >= CONNECTIONS_MAX or self.faults.take("away"):
            return False
        self._open.add(conversation)
        return True

    def ended(self, conversation: "_Conversation") -> None:
        self._open.discard(conversation)

    def catch(self, sender: str, recipients: tuple[str, ...], raw: bytes) -> None:
        now = time.time_ns() // 1_000_000
        caught = self.box.add(now, sender, recipients, raw)
        for recipient in recipients:
            if mailbox(recipient) == "bounce" and sender:
                report = notice(caught, recipient, now)
                self.box.add(now, "", (sender,), report)
                if self.returned is not None:
                    task = asyncio.ensure_future(self.returned(report))
                    self._bounces.add(task)
                    task.add_done_callback(self._bounce_done)

    def _bounce_done(self, task: "asyncio.Task[None]") -> None:
        self._bounces.discard(task)
        if not task.cancelled() and (problem := task.exception()):
            logging.getLogger(__name__).error("sandbox.bounce_not_taken", exc_info=problem)

    def smtp_options(self) -> dict[str, object]:
        return {"tls_context": self._tls, "require_starttls": self._tls is not None, "auth_require_tls": self._tls is not None}

    def signs_in(self) -> bool:
        return self._sign_in is not None

    def good(self, user: bytes, password: bytes) -> bool:
        return self._sign_in == (user.decode(errors="replace"), password.decode(errors="replace"))


class _Conversation(SMTP):
    """One connection. The hooks that aiosmtpd calls are `handle_...` of `_Hooks`."""

    def __init__(self, catcher: MailCatcher, loop: asyncio.AbstractEventLoop) -> None:
        self._catcher = catcher
        super().__init__(
            _Hooks(catcher),
            data_size_limit=MESSAGE_BYTES_MAX,
            enable_SMTPUTF8=True,
            hostname="mail.sandbox.invalid",
            ident="Billfold mail catcher",
            timeout=IDLE_SECONDS,
            auth_required=catcher.signs_in(),
            auth_callback=lambda _mechanism, user, password: catcher.good(user, password),
            loop=loop,
            **catcher.smtp_options(),  # type: ignore[arg-type]
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not self._catcher.begun(self) and self._original_transport is None:
            transport.abort()  # type: ignore[attr-defined]
            return
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._catcher.ended(self)
        if self.transport is not None:
            super().connection_lost(error)

    def hang_up(self) -> None:
        if self.transport is not None:
            self.transport.abort()  # type: ignore[attr-defined]


class _Hooks:
    def __init__(self, catcher: MailCatcher) -> None:
        self._catcher = catcher

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if self._catcher.faults.take("refuse_sender"):
            return "550 5.7.1 sender not allowed"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        match self._catcher.faults.of_recipient(envelope.mail_from or "", address):
            case "greylist":
                return f"451 4.7.1 <{address}>: greylisted, come back later"
            case "reject":
                return f"550 5.1.1 <{address}>: no such mailbox"
            case "slow":
                await asyncio.sleep(self._catcher.faults.slow_seconds)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        recipients, raw = tuple(envelope.rcpt_tos), envelope.original_content or b""
        names = {mailbox(one) for one in recipients}
        if self._catcher.faults.take("drop") or "drop" in names:
            self._hang_up(server)
            return "421 4.3.0 going away"
        self._catcher.catch(envelope.mail_from or "", recipients, raw)
        if self._catcher.faults.take("drop_after") or "drop-after" in names:
            self._hang_up(server)
        return "250 2.0.0 caught"

    def _hang_up(self, server: SMTP) -> None:
        if server.transport is not None:
            server.transport.abort()  # type: ignore[attr-defined]

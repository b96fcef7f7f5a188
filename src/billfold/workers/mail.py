"""Finds mails that are due, leases their scope, and sends them one after the other over one connection.

Found by looking, so that there is nothing a crash could lose. Before each mail its row is claimed for longer than sending can take:
two workers never send one, and one that a worker died with comes back. May not enter: what a mail says, SMTP."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from billfold.domain.errors import Unavailable
from billfold.domain.ids import Scope
from billfold.domain.letters import Away
from billfold.domain.mail import StoredMail
from billfold.mail_ports import Carrier, Post
from billfold.ports import Store, Tx

log = logging.getLogger(__name__)

SCOPES_AT_ONCE = 4
READ_AHEAD = 20
CLAIM_MS = 180_000
"""Longer than the slowest conversation that the timeouts allow: connect, sign in, and one mail."""
STOP_SECONDS = 10.0

Send = Callable[[Carrier, StoredMail], Awaitable[Away | None]]


class MailWorker:
    """`owner`: names this worker in leases. `send`, `stumbled`: flows/mailing.py's."""

    def __init__(
        self,
        store: Store,
        post: Post,
        send: Send,
        stumbled: Callable[[StoredMail], Awaitable[None]],
        *,
        owner: str,
        lease_seconds: float = 30.0,
        poll_seconds: float = 1.0,
    ) -> None:
        self._store, self._post, self._send, self._stumbled = store, post, send, stumbled
        self._owner = owner
        self._lease_ms = int(lease_seconds * 1000)
        self._poll_seconds = poll_seconds
        self._stopping = asyncio.Event()
        self._scopes: dict[Scope, asyncio.Task[None]] = {}

    def stop(self) -> None:
        """`run` returns when the mails that are being sent are through."""
        self._stopping.set()

    async def run(self) -> None:
        """Works until `stop`. A database that does not answer is asked again; nothing else stops it."""
        try:
            while not self._stopping.is_set():
                try:
                    await self.look()
                except Unavailable as problem:
                    log.warning("mail.database_unavailable %s", problem)
                await self._rest()
        finally:
            await self._end()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self._poll_seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass

    async def look(self) -> None:
        """Starts a burst for each scope that has mails due and none at work."""
        now = await self._store.now_ms()
        for scope in await self._store.read(lambda tx: tx.mails.due_scopes(now)):
            if len(self._scopes) >= SCOPES_AT_ONCE:
                return
            if scope not in self._scopes and not self._post.away(scope):
                task = asyncio.create_task(self.burst(scope))
                self._scopes[scope] = task
                task.add_done_callback(lambda ended, scope=scope: self._ended(scope, ended))  # type: ignore[misc]

    def _ended(self, scope: Scope, task: asyncio.Task[None]) -> None:
        del self._scopes[scope]
        if not task.cancelled() and (problem := task.exception()):
            log.error("mail.burst_failed scope=%s", scope.code, exc_info=problem)

    async def burst(self, scope: Scope) -> None:
        """Until nothing is due, the server is away, another worker has the scope, or `stop`."""
        carrier = self._post.burst(scope)
        try:
            while rows := await self._due(scope):
                for row in rows:
                    if self._stopping.is_set() or not await self._lease(scope):
                        return
                    if not await self._claim(row):
                        continue
                    if away := await self._one(carrier, row):
                        log.warning("mail.away scope=%s %s", scope.code, away.reason)
                        return
        finally:
            await carrier.close()

    async def _one(self, carrier: Carrier, row: StoredMail) -> Away | None:
        """A mail that cannot be made must not hold up the others: it comes again with its back-off, and is given up like any."""
        try:
            return await self._send(carrier, row)
        except Unavailable:
            raise
        except Exception:
            log.exception("mail.stumbled scope=%s attempts=%d", row.mail.scope.code, row.attempts)
            await self._stumbled(row)
            return None

    async def _due(self, scope: Scope) -> list[StoredMail]:
        now = await self._store.now_ms()
        return await self._store.read(lambda tx: tx.mails.due(scope, now, READ_AHEAD))

    async def _lease(self, scope: Scope) -> bool:
        now, owner, name = await self._store.now_ms(), self._owner, f"{scope.environment.value}/mail"
        return await self._store.write(
            lambda tx: tx.leases.take(scope.workspace, name, owner, now, now + self._lease_ms), short=True
        )

    async def _claim(self, row: StoredMail) -> bool:
        now = await self._store.now_ms()

        def transaction(tx: Tx) -> bool:
            return tx.mails.claim(row.mail.scope, row.mail.id, now, now + CLAIM_MS)

        return await self._store.write(transaction, short=True)

    async def _end(self) -> None:
        tasks = list(self._scopes.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        owner = self._owner
        try:
            await self._store.write(lambda tx: tx.leases.release(owner))
        except Unavailable:
            log.warning("mail.leases_kept owner=%s", owner)

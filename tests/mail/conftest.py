"""The mail side of the product on real parts: database, outbox, catcher, the way between them; a clock that only the test moves.

May not enter: tests of one room alone."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from api.client import Client
from billfold import bootstrap, mailroom
from billfold.api.app import create_app
from billfold.domain import keys
from billfold.domain.content import Content, encode, fingerprint
from billfold.domain.ids import Environment, PassId, Scope, pass_id
from billfold.domain.mail import Mail, MailKind, StoredMail
from billfold.domain.passes import Pass
from billfold.flows import keys as key_flows
from billfold.flows import mailing, workspaces
from billfold.flows.mail import DayLimits
from billfold.mail.smtp import Relays
from billfold.ports import Services, Tx, Workspace
from billfold.sandbox.mail.box import Caught
from billfold.sandbox.mail.server import MailCatcher
from billfold.settings import Settings
from billfold.storage.store import open_store
from billfold.workers.mail import MailWorker
from clocks import FakeClock

SHOP = Scope("shop00", Environment.TEST)
OTHER = Scope("other0", Environment.TEST)
CARD = Content("Bayroast Coffee", "Coffee card", background_color="#166534")


@dataclass
class MailSite:
    """`client` holds every scope in SHOP. `worker` is not running: tests look by hand."""

    services: Services
    relays: Relays
    catcher: MailCatcher
    clock: FakeClock
    client: Client
    settings: Settings
    app: object

    def worker(self, name: str = "w1") -> MailWorker:
        send, stumbled = partial(mailing.send, self.services), partial(mailing.stumbled, self.services)
        return MailWorker(self.services.store, self.relays, send, stumbled, owner=name)

    async def queue(self, to: str = "ada@example.com", nth: int = 1, **more: object) -> bool:
        mail = replace(Mail(SHOP, f"m-{nth}", to, MailKind.REMINDER), **more)  # type: ignore[arg-type]
        return await self.services.store.write(lambda tx: self.services.mail.queue(tx, mail))

    async def work(self, scope: Scope = SHOP, name: str = "w1") -> None:
        await self.worker(name).burst(scope)

    async def mail(self, nth: int = 1, scope: Scope = SHOP) -> StoredMail:
        found = await self.services.store.read(lambda tx: tx.mails.find(scope, f"m-{nth}"))
        assert found is not None
        return found

    def caught(self) -> list[Caught]:
        """Oldest first."""
        return list(self.catcher.box.newest())[::-1]

    async def card(self, content: Content = CARD) -> PassId:
        """A pass in the database; no wallet is asked."""
        canonical, now = encode(content), self.clock.now_ms()
        id_ = pass_id(SHOP, self.services.entropy.bytes(16))
        made = Pass(id_, SHOP, content, fingerprint(canonical), 1, 1, now, now, "pass.example.card", "1")
        await self.services.store.write(lambda tx: tx.passes.add(made, "key"))
        return id_

    async def change(self, id_: PassId, content: Content) -> None:
        def transaction(tx: Tx) -> None:
            found = tx.passes.find_locked(SHOP, id_)
            assert found is not None
            tx.passes.replace(replace(found, content=content, number=found.number + 1))

        await self.services.store.write(transaction)


@pytest.fixture
async def site(migrated_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[MailSite]:
    settings = Settings(data=tmp_path, database_url=migrated_url, public_url="http://shop.test", smtp_from="no-reply@shop.test")
    settings = replace(settings, sandbox=False, signers=0, smtp_per_second=1000.0)
    catcher = MailCatcher()
    await catcher.start()
    parts = await bootstrap.open_parts(settings, serving=True)
    store = open_store(settings.database_url, exclusive=False, clock=clock)
    outbox = replace(parts.services.mail, clock=clock, limits=DayLimits(0, 0))  # type: ignore[type-var]
    services = replace(parts.services, store=store, clock=clock, mail=outbox)
    catcher.returned = mailroom.take_back(services)
    relays = mailroom.relays(settings, frozenset(), clock, catcher.port)
    try:
        for workspace in (SHOP.workspace, OTHER.workspace):
            await workspaces.ensure(services, Workspace(workspace, workspace, "Bayroast Coffee", 0, None))
        app = create_app(services, parts.callbacks, body_bytes_max=settings.body_max_bytes)
        key = await key_flows.mint(services, SHOP, "test", frozenset(keys.SCOPES), None)
        yield MailSite(services, relays, catcher, clock, Client(app, key.text), settings, app)
    finally:
        await catcher.stop()
        await store.close()
        await parts.close()

"""An honest server with its push service, and iPhones that trust it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from billfold.sandbox.apns.server import PushServer
from billfold.sandbox.authority import IssuedCertificate, SandboxAuthority
from billfold.sandbox.phones.iphone import VirtualIphone
from sandbox.apns.sender import Sender
from sandbox.phones.bundles import TEAM, TYPE
from sandbox.phones.honest_server import HonestServer
from sandbox.serving import served


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> SandboxAuthority:
    return SandboxAuthority.open(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def issued(authority: SandboxAuthority) -> IssuedCertificate:
    return authority.issue_pass_certificate(TYPE, TEAM)


@pytest.fixture
async def server(authority: SandboxAuthority, issued: IssuedCertificate, tmp_path: Path) -> AsyncIterator[HonestServer]:
    push_server = PushServer(authority, tmp_path / "apns.sqlite")
    await push_server.start("127.0.0.1")
    honest = HonestServer(push_server, issued)
    honest.sender = Sender(tmp_path / "sender", issued, authority.root_pem, push_server.port)
    async with served(honest.app()) as url:
        honest.url = url
        honest.put()
        yield honest
        push_server.hang_up()
    await push_server.stop()


@pytest.fixture
async def make_iphone() -> AsyncIterator[Callable[..., VirtualIphone]]:
    """Phones that retry fast and give up after the third try; all are switched off at the end."""
    made: list[VirtualIphone] = []

    def make(home: Path | None = None, **options: object) -> VirtualIphone:
        phone = VirtualIphone(home, retry_delays_seconds=(0.01, 0.02), **options)  # type: ignore[arg-type]
        made.append(phone)
        return phone

    yield make
    for phone in made:
        await phone.close()


@pytest.fixture
def iphone(make_iphone: Callable[..., VirtualIphone]) -> VirtualIphone:
    return make_iphone()

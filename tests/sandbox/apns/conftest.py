"""A push server on a port of its own, and senders for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import uvloop

from billfold.sandbox.apns.server import PushServer, PushSettings
from billfold.sandbox.authority import IssuedCertificate, SandboxAuthority
from sandbox.apns.sender import TOPIC, Sender


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Each test runs on both loops: Billfold serves on uvloop, whose TLS is its own; others use the plain one."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


class MovingClock:
    """Seconds since the epoch; moves when the test says so."""

    def __init__(self) -> None:
        self.now = 1_795_176_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> SandboxAuthority:
    return SandboxAuthority.open(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def pass_certificate(authority: SandboxAuthority) -> IssuedCertificate:
    return authority.issue_pass_certificate(TOPIC, "A1B2C3D4E5")


@pytest.fixture
def seconds() -> MovingClock:
    return MovingClock()


@pytest.fixture
def push_settings() -> PushSettings:
    return PushSettings()


@pytest.fixture
async def push_server(
    authority: SandboxAuthority, tmp_path: Path, seconds: MovingClock, push_settings: PushSettings
) -> AsyncIterator[PushServer]:
    server = PushServer(authority, tmp_path / "apns.sqlite", push_settings, seconds)
    await server.start("127.0.0.1")
    yield server
    await server.stop()


@pytest.fixture
def make_sender(
    push_server: PushServer, tmp_path: Path, authority: SandboxAuthority
) -> Callable[[IssuedCertificate | None], Sender]:
    made = iter(range(1000))

    def make(issued: IssuedCertificate | None) -> Sender:
        return Sender(tmp_path / f"sender{next(made)}", issued, authority.root_pem, push_server.port)

    return make


@pytest.fixture
def sender(make_sender: Callable[[IssuedCertificate | None], Sender], pass_certificate: IssuedCertificate) -> Sender:
    return make_sender(pass_certificate)

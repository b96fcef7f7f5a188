"""The way to a mail server, against a real one: what it says about a mail, what it says about us, and whom we trust."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from billfold.domain.letters import Away, Later, Refused, Taken
from billfold.mail.message import Envelope
from billfold.mail.smtp import AWAY_SECONDS_MAX, Burst, Relay, RelayOptions
from billfold.mailroom import examine, live_options, resolver
from billfold.sandbox.authority import SandboxAuthority
from billfold.sandbox.mail.server import MailCatcher
from billfold.settings import Settings
from clocks import FakeClock
from mail.test_message import TICKET, a_letter

ENVELOPE = Envelope("no-reply@shop.example", "bounces@shop.example")


@asynccontextmanager
async def catching(**more: object) -> AsyncIterator[MailCatcher]:
    catcher = MailCatcher(**more)  # type: ignore[arg-type]
    await catcher.start()
    try:
        yield catcher
    finally:
        await catcher.stop()


def relay_to(port: int, clock: FakeClock, host: str = "127.0.0.1", allow: bool = True, **more: object) -> Relay:
    given: dict[str, object] = {"host": host, "port": port, "security": "none", "timeout_seconds": 5.0, "per_second": 1000.0}
    allowed: Collection[tuple[str, int]] = {(host, port)} if allow else ()
    return Relay(RelayOptions(**(given | more)), ENVELOPE, resolver(allowed), clock)  # type: ignore[arg-type]


async def sent(relay: Relay, *recipients: str) -> list[object]:
    burst = Burst(relay)
    try:
        return [await burst.send(a_letter(to=one)) for one in recipients]
    finally:
        await burst.close()


async def test_a_burst_takes_one_connection_and_each_mail_has_its_return_path(clock: FakeClock) -> None:
    async with catching() as catcher:
        assert await sent(relay_to(catcher.port, clock), *(f"p{nth}@example.com" for nth in range(25))) == [Taken()] * 25
        assert catcher.connections == 1
        newest = next(catcher.box.newest())
        assert newest.sender == f"bounces+{TICKET}@shop.example"
        assert newest.recipients == ("p24@example.com",)


async def test_what_is_said_about_one_mail_concerns_that_mail(clock: FakeClock) -> None:
    async with catching() as catcher:
        relay = relay_to(catcher.port, clock)
        said = await sent(relay, "greylist@example.com", "reject@example.com", "ada@example.com", "greylist@example.com")
        assert said == [Later("451 4.7.1"), Refused("550 5.1.1", dead=True), Taken(), Taken()]
        assert catcher.connections == 1
        assert "example.com" not in repr(said), "what a server says may repeat the address"


@pytest.mark.parametrize("fault", ["drop", "drop_after", "refuse_sender", "away"])
async def test_what_is_said_about_us_or_nothing_at_all_opens_the_circuit(clock: FakeClock, fault: str) -> None:
    async with catching() as catcher:
        relay = relay_to(catcher.port, clock)
        catcher.faults.plan(fault, 1)
        (first, second) = await sent(relay, "ada@example.com", "ada@example.com")
        assert isinstance(first, Away)
        assert isinstance(second, Away)
        assert catcher.connections == 1, "nobody is called while the circuit is open"
        clock.advance(seconds=first.seconds)
        assert await sent(relay, "ada@example.com") == [Taken()]
        messages = [one.message["Message-ID"] for one in catcher.box.newest()]
        assert len(messages) == (2 if fault == "drop_after" else 1)
        assert len(set(messages)) == 1, "a repeat has the name of the first"


async def test_a_server_that_is_away_is_asked_less_and_less(clock: FakeClock) -> None:
    async with catching() as catcher:
        port = catcher.port
    relay = relay_to(port, clock)
    waits = []
    for _ in range(6):
        (said,) = await sent(relay, "ada@example.com")
        assert isinstance(said, Away)
        waits.append(said.seconds)
        clock.advance(seconds=said.seconds)
    assert waits == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0]
    assert waits[-1] == AWAY_SECONDS_MAX


async def test_a_server_that_is_too_slow_counts_as_away(clock: FakeClock) -> None:
    async with catching() as catcher:
        catcher.faults.slow_seconds = 30
        (said,) = await sent(relay_to(catcher.port, clock, timeout_seconds=0.2), "slow@example.com")
        assert isinstance(said, Away)


async def test_without_a_server_mails_wait(clock: FakeClock) -> None:
    (said,) = await sent(relay_to(0, clock, host=""), "ada@example.com")
    assert said == Away("no mail server is set (setting smtp_url)", AWAY_SECONDS_MAX)


async def test_a_private_network_is_called_only_where_the_operator_said_so(clock: FakeClock) -> None:
    async with catching() as catcher:
        for host in ("127.0.0.1", "localhost"):
            (said,) = await sent(relay_to(catcher.port, clock, host=host, allow=False), "ada@example.com")
            assert isinstance(said, Away)
            assert "RelayForbidden" in said.reason
        found = await examine(relay_to(catcher.port, clock, allow=False))
        assert found is not None
        assert "outgoing_allow" in found[1]
        assert catcher.connections == 0
        assert await examine(relay_to(catcher.port, clock)) is None


# --- TLS and signing in -----------------------------------------------------------------------------------------------------------


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, str]:
    """(a server's context, the PEM of who vouches for it)."""
    authority = SandboxAuthority.open(folder)
    made = authority.issue_server_certificate((name,))
    chain, key = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.certificate_pem + made.intermediate_pem)
    key.write_bytes(made.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context, authority.root_pem.decode()


async def test_starttls_and_a_password(clock: FakeClock, tmp_path: Path) -> None:
    context, root = certificate(tmp_path, "localhost")
    async with catching(tls=context, sign_in=("shop", "pässword")) as catcher:
        relay = relay_to(catcher.port, clock, host="localhost", security="starttls", ca_pem=root, user="shop", password="pässword")
        assert await sent(relay, "ada@example.com", "bob@example.com") == [Taken(), Taken()]
        assert await examine(relay) is None
        wrong = replace(relay.options, password="wrong")
        (said,) = await sent(replace(relay, options=wrong), "ada@example.com")
        assert isinstance(said, Away)
        assert "535" in said.reason
        assert "wrong" not in said.reason


@pytest.mark.parametrize("what", ["untrusted", "other name"])
async def test_a_certificate_that_is_not_good_gets_no_mail_and_no_password(clock: FakeClock, tmp_path: Path, what: str) -> None:
    context, root = certificate(tmp_path, "mail.example.com" if what == "other name" else "localhost")
    async with catching(tls=context, sign_in=("shop", "secret")) as catcher:
        ca = None if what == "untrusted" else root
        relay = relay_to(catcher.port, clock, host="localhost", security="starttls", ca_pem=ca, user="shop", password="secret")
        (said,) = await sent(relay, "ada@example.com")
        assert isinstance(said, Away)
        assert len(catcher.box) == 0
        assert await examine(relay) is not None


async def test_a_server_without_starttls_is_not_spoken_to_in_clear(clock: FakeClock) -> None:
    async with catching() as catcher:
        (said,) = await sent(relay_to(catcher.port, clock, security="starttls"), "ada@example.com")
        assert isinstance(said, Away)
        assert len(catcher.box) == 0


async def test_tls_from_the_first_byte(clock: FakeClock, tmp_path: Path) -> None:
    """A TLS line in front of the catcher, as relays of providers have on port 465."""
    context, root = certificate(tmp_path, "localhost")
    async with catching() as catcher:

        async def through(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", catcher.port)

            async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
                while data := await source.read(65536):
                    target.write(data)
                target.close()

            await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer), return_exceptions=True)

        front = await asyncio.start_server(through, "127.0.0.1", 0, ssl=context)
        port = front.sockets[0].getsockname()[1]
        try:
            relay = relay_to(port, clock, host="localhost", security="tls", ca_pem=root)
            assert await sent(relay, "ada@example.com") == [Taken()]
        finally:
            front.close()


def test_the_setting_says_where_and_how(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("from a file\n")
    url = "smtp://shop%40example.com:p%2Fw@mail.example.com"
    options = live_options(Settings(data=tmp_path, smtp_url=url))
    assert (options.host, options.port, options.security) == ("mail.example.com", 587, "starttls")
    assert (options.user, options.password) == ("shop@example.com", "p/w")
    options = live_options(Settings(data=tmp_path, smtp_url=url.replace("smtp", "smtps"), smtp_password_file=tmp_path / "password"))
    assert (options.port, options.security, options.password) == (465, "tls", "from a file")
    assert live_options(Settings(data=tmp_path, smtp_url=url, smtp_starttls=False)).security == "none"
    assert live_options(Settings(data=tmp_path)).host == ""

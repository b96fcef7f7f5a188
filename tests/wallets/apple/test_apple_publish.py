"""Pushes through the real pool to the push stand-in: HTTP/2 over TLS with the pass certificate, and every fault on demand."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from billfold.domain.delivery import Channel, CredentialRejected, Delivered, Due, Gone, Outcome, RetryLater
from billfold.domain.errors import CredentialMissing
from billfold.domain.ids import Environment, Scope
from billfold.glue import PushPools
from billfold.sandbox.apns.faults import Fault
from billfold.sandbox.apns.server import PushServer, PushSettings
from billfold.sandbox.authority import SandboxAuthority
from billfold.wallets.apple.adapter import ALL_REFUSED_MIN, AppleWallet
from billfold.wallets.apple.certificates import AppleCredential, load_apple_credential
from billfold.wallets.apple.circuit import ERRORS_MAX, OPEN_MS, SILENCE_MS
from billfold.wallets.apple.push import PushOptions

CARD, TICKET = "pass.org.example.card", "pass.org.example.ticket"
UNREACHABLE = RetryLater("unreachable")


class WatchedPools(PushPools):
    """The real transport, and how often it was told to begin anew."""

    dropped = 0

    def drop_connections(self, credential: AppleCredential) -> None:
        self.dropped += 1
        super().drop_connections(credential)


@dataclass
class Vault:
    credentials: dict[str, AppleCredential]

    async def apple(self, scope: Scope, pass_type: str | None) -> AppleCredential:
        if pass_type not in self.credentials:
            raise CredentialMissing("apple", "import one with `billfold certs import`")
        return self.credentials[pass_type]


@dataclass
class Stage:
    wallet: AppleWallet
    server: PushServer
    pools: WatchedPools
    vault: Vault
    scope: Scope

    async def publish(self, *tokens: str) -> list[Outcome]:
        return await self.wallet.publish(self.scope, [self.due(token) for token in tokens])

    def due(self, token: str, device: str = "", pass_type: str = CARD) -> Due:
        """`token` is padded to a push token's usual length."""
        token = token.rjust(64, "0") if token.isalnum() else token
        return Due(self.scope, Channel.APPLE, 0, f"{pass_type}/{device or 'device-of-' + token}", token, 2, 1, 0)

    def refuse(self, status: int, reason: str | None, **more: Any) -> None:
        self.server.add_fault(Fault(kind="answer", status=status, reason=reason, **more))


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> SandboxAuthority:
    return SandboxAuthority.open(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def credentials(sandbox: SandboxAuthority) -> dict[str, AppleCredential]:
    made = {}
    for pass_type in (CARD, TICKET):
        issued = sandbox.issue_pass_certificate(pass_type, "ABCDE12345")
        begins = x509.load_pem_x509_certificate(issued.certificate_pem).not_valid_before_utc
        made[pass_type] = load_apple_credential(
            issued.certificate_pem, issued.key_pem, None, [issued.intermediate_pem], begins + timedelta(hours=1)
        )
    return made


@pytest.fixture
def push_settings() -> PushSettings:
    return PushSettings()


@pytest.fixture
async def stage(
    sandbox: SandboxAuthority,
    credentials: dict[str, AppleCredential],
    tmp_path: Path,
    clock: Any,
    scope: Scope,
    push_settings: PushSettings,
) -> AsyncIterator[Stage]:
    server = PushServer(sandbox, tmp_path / "apns.sqlite", push_settings, lambda: clock.now_ms() / 1000)
    await server.start()
    pools = WatchedPools(f"https://127.0.0.1:{server.port}", sandbox.root_pem, streams_max=100, connections_max=1)
    vault = Vault(dict(credentials))
    wallet = AppleWallet(
        vault,
        lambda scope, pass_id: "t" * 40,
        None,  # type: ignore[arg-type]  # a push needs no pictures
        lambda scope: "https://wallet.example",
        pools,
        clock,
        PushOptions(expiration_seconds=3600),
    )
    yield Stage(wallet, server, pools, vault, scope)
    await pools.close()
    await server.stop()


@pytest.mark.requirement("S0-39", "S3-27")
async def test_one_push_a_phone_and_pass_type_however_many_rows(stage: Stage) -> None:
    rows = [stage.due("aa"), stage.due("bb"), stage.due("aa", "x"), stage.due("aa", pass_type=TICKET)]
    assert await stage.wallet.publish(stage.scope, rows) == [Delivered()] * 4
    assert stage.server.counters.received == 3
    assert stage.server.counters.connections_opened == 2, "one connection for each certificate"


async def test_many_batches_share_one_connection(stage: Stage) -> None:
    for batch in range(5):
        tokens = [f"{batch:02x}{number:02x}" for number in range(200)]
        assert await stage.publish(*tokens) == [Delivered()] * 200
    assert stage.server.counters.received == 1000
    assert stage.server.counters.connections_opened == 1


async def test_outcomes_come_back_in_the_order_of_the_rows(stage: Stage, clock: Any) -> None:
    gone, other = stage.server.issue_token(CARD).push_token, stage.server.issue_token(TICKET).push_token
    stage.server.retire_token(gone)
    expected: list[Outcome] = [
        Delivered(),
        Gone("410 Unregistered", clock.now_ms()),
        Gone("400 DeviceTokenNotForTopic"),
        Gone("malformed push token"),
        Delivered(),
    ]
    assert await stage.publish("aa", gone, other, "../x", "bb") == expected
    assert await stage.publish() == []
    assert stage.server.counters.received == 4


@pytest.mark.parametrize(
    ("status", "reason", "expected"),
    [
        (429, "TooManyRequests", RetryLater("429 TooManyRequests", 7.0)),
        (500, "InternalServerError", RetryLater("500 InternalServerError", 7.0)),
        (503, "ServiceUnavailable", RetryLater("503 ServiceUnavailable", 7.0)),
    ],
)
async def test_a_wait_that_apns_asks_for_comes_through(stage: Stage, status: int, reason: str, expected: Outcome) -> None:
    stage.refuse(status, reason, retry_after_seconds=7, count=1)
    assert await stage.publish("aa") == [expected]
    assert await stage.publish("aa") == [Delivered()]


@pytest.mark.parametrize("kind", ["reset_stream", "reset_connection", "lose_answer"])
async def test_what_nobody_knows_is_tried_again(stage: Stage, kind: Any) -> None:
    stage.server.add_fault(Fault(kind=kind, count=1, error_code=2))  # INTERNAL_ERROR: libcurl does not repeat it by itself
    first = await stage.publish("aa")
    assert first in ([UNREACHABLE], [Delivered()]), "libcurl may repeat a request on a new connection"
    assert await stage.publish("aa") == [Delivered()]


@pytest.mark.parametrize("kind", ["goaway", "goaway_close"])
async def test_after_goaway_every_row_is_delivered_or_tried_again(stage: Stage, kind: Any) -> None:
    stage.server.add_fault(Fault(kind=kind, count=1, after=20))
    outcomes = await stage.publish(*(f"{number:04x}" for number in range(60)))
    assert set(outcomes) <= {Delivered(), UNREACHABLE}
    again = [f"{number:04x}" for number, one in enumerate(outcomes) if one == UNREACHABLE]
    assert await stage.publish(*again, "ff") == [Delivered()] * (len(again) + 1)


async def test_a_server_that_is_away_costs_nothing_but_time(stage: Stage) -> None:
    await stage.server.pause()
    assert await stage.publish("aa", "bb") == [UNREACHABLE] * 2
    await stage.server.resume()
    assert await stage.publish("aa", "bb") == [Delivered()] * 2


async def test_a_closed_transport_is_answered_too(stage: Stage) -> None:
    await stage.publish("aa")
    await stage.pools.close()
    assert await stage.publish("aa") == [UNREACHABLE]


async def test_a_missing_certificate_stops_its_own_rows_only(stage: Stage) -> None:
    del stage.vault.credentials[TICKET]
    outcomes = await stage.wallet.publish(stage.scope, [stage.due("aa", pass_type=TICKET), stage.due("bb")])
    assert outcomes == [CredentialRejected(f"no certificate for {TICKET}"), Delivered()]


async def test_a_refused_certificate_rests_sends_one_probe_and_then_all_the_others(stage: Stage, clock: Any) -> None:
    tokens = [f"{number:02x}" for number in range(ERRORS_MAX + 3)]
    rejected: list[Outcome] = [CredentialRejected("403 BadCertificate")] * len(tokens)
    stage.refuse(403, "BadCertificate")
    assert await stage.publish(*tokens) == rejected
    sent = stage.server.counters.received
    assert await stage.publish(*tokens) == rejected
    assert stage.server.counters.received == sent, "nothing is sent while the circuit is open"
    clock.advance(ms=OPEN_MS)
    assert await stage.publish(*tokens) == rejected
    assert stage.server.counters.received == sent + 1, "one probe"
    stage.server.heal()
    clock.advance(ms=OPEN_MS)
    assert await stage.publish(*tokens) == [Delivered()] * len(tokens)
    assert stage.server.counters.received == sent + 1 + len(tokens)


async def test_one_bad_certificate_delays_nobody_else_and_a_renewed_one_nothing(stage: Stage) -> None:
    tokens = [f"{number:02x}" for number in range(ERRORS_MAX)]
    stage.refuse(403, "BadCertificate")
    await stage.publish(*tokens)
    stage.server.heal()
    elsewhere = Scope("0ther0", Environment.LIVE)
    assert await stage.wallet.publish(elsewhere, [stage.due("aa")._replace(scope=elsewhere)]) == [Delivered()]
    assert await stage.wallet.publish(stage.scope, [stage.due("aa", pass_type=TICKET)]) == [Delivered()]
    stage.vault.credentials[CARD] = replace(stage.vault.credentials[CARD], serial="renewed")
    assert await stage.publish(*tokens) == [Delivered()] * len(tokens)


class TestStrangers:
    """Where APNs knows none of our tokens."""

    @pytest.fixture
    def push_settings(self) -> PushSettings:
        return PushSettings(accept_unknown_tokens=False)

    async def test_when_every_one_of_many_tokens_is_called_bad_no_registration_is_thrown_away(self, stage: Stage) -> None:
        few = [f"{number:04x}" for number in range(ALL_REFUSED_MIN - 1)]
        assert await stage.publish(*few) == [Gone("400 BadDeviceToken")] * len(few)
        many = [f"{number:04x}" for number in range(ALL_REFUSED_MIN)]
        assert {type(one) for one in await stage.publish(*many)} == {CredentialRejected}

    async def test_one_that_is_known_among_them_makes_the_others_believed(self, stage: Stage) -> None:
        known = stage.server.issue_token(CARD).push_token
        many = [f"{number:04x}" for number in range(ALL_REFUSED_MIN)]
        assert await stage.publish(known, *many) == [Delivered(), *[Gone("400 BadDeviceToken")] * len(many)]


async def test_many_dead_tokens_with_a_time_are_believed(stage: Stage, clock: Any) -> None:
    tokens = [stage.server.issue_token(CARD).push_token for _ in range(ALL_REFUSED_MIN)]
    for token in tokens:
        stage.server.retire_token(token)
    assert await stage.publish(*tokens) == [Gone("410 Unregistered", clock.now_ms())] * len(tokens)


async def test_connections_that_answer_nothing_for_a_while_are_dropped(stage: Stage, clock: Any) -> None:
    await stage.server.pause()
    steps: list[Callable[[], None]] = [lambda: None, lambda: clock.advance(ms=SILENCE_MS - 1), lambda: clock.advance(ms=1)]
    dropped = []
    for step in steps:
        step()
        assert await stage.publish("aa") == [UNREACHABLE]
        dropped.append(stage.pools.dropped)
    assert dropped == [0, 0, 1]
    await stage.server.resume()
    assert await stage.publish("aa") == [Delivered()]

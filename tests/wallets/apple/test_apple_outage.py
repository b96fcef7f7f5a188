"""However long the push service was away and whatever it said meanwhile, every phone is told within a minute of its return, when
back-off and circuit have grown as far as they go. A real store on either engine and the real wallet; only time is simulated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from billfold.domain.delivery import BUCKETS, Channel, Due
from billfold.domain.ids import Scope
from billfold.ports import Store, Tx
from billfold.storage.store import open_store
from billfold.wallets.apple.adapter import AppleWallet
from billfold.wallets.apple.certificates import AppleCredential
from billfold.wallets.apple.push import PushOptions, PushRequest
from clocks import FakeClock
from storage.material import OURS, PASS_TYPE, a_pass, add_workspaces, register

PHONES = 12
AWAY_MINUTES = 5
"""Back-off and circuit have reached their longest after one."""
GAP_MS = 1_000
CURRENT_SECONDS = 60
LOOK_MS, LOOK_WHILE_AWAY_MS = 1_000, 5_000
"""A worker looks at least each second for what is due; while all is in vain, here, less often, which takes less time."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Line:
    """The way to the push service, and what comes back while it is away."""

    away: Answer | Exception | None
    sent: int = 0

    async def post_many(self, credential: AppleCredential, requests: Sequence[PushRequest]) -> list[Answer | Exception]:
        self.sent += len(requests)
        return [self.away or Answer(200)] * len(requests)

    def drop_connections(self, credential: AppleCredential) -> None:
        """There are none."""


class Vault:
    def __init__(self, credential: AppleCredential) -> None:
        self._credential = credential

    async def apple(self, scope: Scope, pass_type: str | None) -> AppleCredential:
        return self._credential


AWAY: dict[str, Answer | Exception] = {
    "not to be reached": ConnectionError("refused"),
    "503": Answer(503, b'{"reason": "ServiceUnavailable"}'),
    "certificate refused": Answer(403, b'{"reason": "BadCertificate"}'),
    "an answer of somebody else": Answer(599, b"<html>"),
}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def hold(tx: Tx, now_ms: int) -> None:
    add_workspaces(tx)
    held = a_pass()
    tx.passes.add(held, "key")
    for nth in range(PHONES):
        register(tx, held, f"phone-{nth}", token=f"{nth:064x}", at_ms=now_ms)
    tx.deliveries.want_pass(OURS, held.id, PASS_TYPE, tx.numbers.next(OURS), now_ms, 0)


async def round_of(store: Store, wallet: AppleWallet, now_ms: int) -> None:
    """What a worker does at one look: every slice that has something due."""
    for scope, channel, bucket in await store.read(lambda tx: tx.deliveries.slices(now_ms)):
        due: list[Due] = await store.read(lambda tx, at=(scope, channel, bucket): tx.deliveries.due(*at, now_ms, 500))  # type: ignore[misc]
        outcomes = await wallet.publish(scope, due)
        results = list(zip(due, outcomes, strict=True))
        await store.write(lambda tx, results=results: tx.deliveries.settle(results, now_ms, GAP_MS))  # type: ignore[misc]


@pytest.mark.requirement("S0-39", "S3-27")
@pytest.mark.parametrize("fault", AWAY)
async def test_a_minute_after_its_return_every_phone_was_told(
    migrated_url: str, credential: AppleCredential, clock: FakeClock, fault: str
) -> None:
    store = open_store(migrated_url, gap_ms=GAP_MS, clock=clock)
    line = Line(AWAY[fault])
    wallet = AppleWallet(
        Vault(credential),
        lambda scope, pass_id: "",
        None,
        lambda scope: "",
        line,
        clock,
        PushOptions(),  # type: ignore[arg-type]
    )
    try:
        await store.write(lambda tx: hold(tx, clock.now_ms()))
        assert len(BUCKETS) > 1
        assert BUCKETS[Channel.APPLE] > 1
        healed_at = clock.now_ms() + AWAY_MINUTES * 60_000
        while clock.now_ms() < healed_at:
            await round_of(store, wallet, clock.now_ms())
            due = await store.read(lambda tx: tx.deliveries.next_due_ms())
            clock.at_ms = min(healed_at, max(clock.now_ms() + LOOK_WHILE_AWAY_MS, due or 0))
        tried, line.away = line.sent, None
        assert tried <= PHONES * (4 + AWAY_MINUTES * 4), "a service that is away is asked over and over"
        while await store.read(lambda tx: tx.deliveries.next_due_ms()) is not None:
            await round_of(store, wallet, clock.now_ms())
            clock.advance(ms=LOOK_MS)
            assert clock.now_ms() - healed_at <= CURRENT_SECONDS * 1000
        states = await store.read(lambda tx: tx.deliveries.state(OURS, a_pass().id))
        assert len([one for one in states if one["delivered"] == one["wanted"]]) == PHONES
    finally:
        await store.close()

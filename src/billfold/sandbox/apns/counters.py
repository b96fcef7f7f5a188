"""What the push stand-in saw: totals since the last reset, and pushes per token. Numbers only; tests and benchmarks read them."""

from collections import Counter

TOKENS_COUNTED_MAX = 2_000_000  # beyond that the totals go on and the numbers per token stop


class PushCounters:
    """Totals since start or `reset`.

    `received` counts every request that arrived whole, also the ones that a fault swallowed. `duplicates` are accepted pushes
    to a token that had one accepted before: 0 after a round that tells each phone once.
    """

    def __init__(self) -> None:
        self.connections_open = 0
        self.reset()

    def reset(self) -> None:
        """Forgets everything but the connections that are open."""
        self.connections_opened = 0
        self.received = 0
        self.accepted = 0
        self.delivered = 0
        self.stored = 0
        self.coalesced = 0
        self.duplicates = 0
        self.answers: Counter[str] = Counter()
        self.per_token: Counter[str] = Counter()

    def count_accepted(self, push_token: str) -> None:
        self.accepted += 1
        earlier = self.per_token.get(push_token, 0)
        if earlier:
            self.duplicates += 1
        if earlier or len(self.per_token) < TOKENS_COUNTED_MAX:
            self.per_token[push_token] = earlier + 1

    def count_answer(self, status: int, reason: str | None) -> None:
        self.answers[str(status) if reason is None else f"{status} {reason}"] += 1

    def as_json(self) -> dict[str, int | dict[str, int]]:
        return {
            "received": self.received,
            "accepted": self.accepted,
            "distinctTokens": len(self.per_token),
            "duplicates": self.duplicates,
            "delivered": self.delivered,
            "stored": self.stored,
            "coalesced": self.coalesced,
            "connectionsOpened": self.connections_opened,
            "connectionsOpen": self.connections_open,
            "answers": dict(self.answers),
        }

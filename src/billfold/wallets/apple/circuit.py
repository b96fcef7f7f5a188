"""When to stop pushing with a credential that is refused, when to try again, and when connections have fallen silent. Pure.

May not enter: the clock (`now_ms` is given), connections, storage."""

from collections.abc import Sequence

from billfold.domain.delivery import CredentialRejected, Outcome

ERRORS_MAX = 5
OPEN_MS = 30_000
PROBE_MS = 5_000
SILENCE_MS = 15_000


class Circuit:
    """One credential's. Closed: everything is sent. After ERRORS_MAX refusals in a row it opens for OPEN_MS; then one probe
    goes out, and its answer closes the circuit or opens it again."""

    __slots__ = ("_errors", "_open_until_ms", "_silent_since_ms", "reason")

    def __init__(self) -> None:
        self._errors = 0
        self._open_until_ms: int | None = None
        self._silent_since_ms: int | None = None
        self.reason = ""

    def allowance(self, now_ms: int) -> int:
        """How many pushes may be sent now: none, one probe, or as many as there are. A probe is granted once in PROBE_MS."""
        if self._open_until_ms is None:
            return 1_000_000_000
        if now_ms < self._open_until_ms:
            return 0
        self._open_until_ms = now_ms + PROBE_MS
        return 1

    def record(self, outcomes: Sequence[Outcome], answered: Sequence[bool], now_ms: int) -> bool:
        """Learns from one batch. True when nothing has been answered for SILENCE_MS: then the connections should be dropped."""
        refused = False
        for outcome, known in zip(outcomes, answered, strict=True):
            if isinstance(outcome, CredentialRejected):
                refused = True
                self._errors += 1
                self.reason = outcome.reason
            elif known:
                self._errors = 0
                self._open_until_ms = None
        if refused and self._errors >= ERRORS_MAX:  # a probe that nobody answered says nothing
            self._open_until_ms = now_ms + OPEN_MS
        return self._watch(any(answered), now_ms)

    def _watch(self, any_answer: bool, now_ms: int) -> bool:
        if any_answer:
            self._silent_since_ms = None
            return False
        if self._silent_since_ms is None:
            self._silent_since_ms = now_ms
            return False
        if now_ms - self._silent_since_ms < SILENCE_MS:
            return False
        self._silent_since_ms = now_ms
        return True

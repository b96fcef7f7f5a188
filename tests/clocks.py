"""A clock that only the test moves. May not enter: anything else that is faked."""

from dataclasses import dataclass


@dataclass
class FakeClock:
    """Stands still until the test moves it. Starts at 2026-11-20 12:00:00 UTC."""

    at_ms: int = 1_795_176_000_000

    def now_ms(self) -> int:
        return self.at_ms

    def advance(self, *, ms: int = 0, seconds: float = 0, days: float = 0) -> None:
        self.at_ms += ms + round(seconds * 1000) + round(days * 86_400_000)

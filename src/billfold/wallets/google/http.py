"""How this wallet asks the network: one Protocol, so that the guarded outgoing client stays outside and tests can bring their own.

May not enter: a client, addresses, what answers mean."""

from collections.abc import Mapping
from typing import Protocol


class NoAnswer(Exception):
    """No complete answer: refused, reset, too late, too large. What the other side did is unknown."""


class Http(Protocol):
    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_seconds: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers (names in lower case) and body, whatever the status. Raises NoAnswer."""

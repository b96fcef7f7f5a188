"""The part of ports.py that judges passes of others, and documents that are not issued yet.

May not enter: any adapter, what is right and wrong (wallets/)."""

from typing import Protocol

from billfold.domain.checks import Report
from billfold.domain.content import JsonObject


class Checker(Protocol):
    """Judges passes that are not ours, or not yet (checker.py). Never raises for what they contain."""

    async def file(self, data: bytes, now_ms: int) -> Report: ...
    async def document(self, document: JsonObject, now_ms: int, earlier: JsonObject | None = None) -> Report:
        """In whosever words it seems to be. `earlier`: the version that holders have."""

    async def google(self, document: JsonObject, now_ms: int) -> Report:
        """In Google's words, whatever it seems to be."""

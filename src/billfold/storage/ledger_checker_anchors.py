"""Checks the chains of all accounts against the anchors of earlier days, from outside (I10): whoever rewrites a chain from one
posting on, with hashes that fit, still changes what was anchored.

An anchor says what every account's chain had come to at a time: for each, SHAKE-256 over its last posting until then, added up
modulo 2^2048, and SHA-256 of the sum. Its signature covers the one before. May not enter: domain/, repositories, writes."""

import hashlib
import hmac
import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from billfold.storage.ledger_checker_report import Key, Report

Scope = tuple[str, str]
SecretOf = Callable[[str, str], bytes]
ANCHORS_MAX = 400
"""Of each scope, the newest: more than a year of days."""
_ANCHORS = (
    "SELECT workspace, environment, through_ms, accounts, postings, root, signature FROM ledger_anchor "
    "ORDER BY workspace, environment, through_ms"
)
_BYTES = 256


@dataclass(slots=True)
class _Sum:
    total: int = 0
    accounts: int = 0
    postings: int = 0


@dataclass
class Anchored:
    """`told`: scope → (through, accounts, postings, root) of each anchor; `found`: what the postings come to."""

    told: dict[Scope, list[tuple[int, int, int, str]]] = field(default_factory=dict)
    found: dict[Scope, list[_Sum]] = field(default_factory=dict)
    _times: dict[Scope, list[int]] = field(default_factory=dict)
    _key: Key | None = None
    _heads: dict[int, tuple[int, bytes, int]] = field(default_factory=dict)

    def add(self, scope: Scope, anchors: list[tuple[int, int, int, str]]) -> None:
        self.told[scope], self._times[scope] = anchors, [one[0] for one in anchors]
        self.found[scope] = [_Sum() for _ in anchors]

    def saw(self, key: Key, sequence: int, at_ms: int, link: bytes) -> None:
        """A posting: the first anchor after it is the first to know of it."""
        times = self._times.get(key[:2])
        if times:
            self._key = key
            nth = bisect_left(times, at_ms)
            if nth < len(times):
                self._heads[nth] = (sequence, link, self._heads.get(nth, (0, b"", 0))[2] + 1)

    def leave(self) -> None:
        """The account's postings are through."""
        if self._key is None:
            return
        (workspace, environment, owner, unit), best, count = self._key, (0, b""), 0
        for nth, total in enumerate(self.found[workspace, environment]):
            if nth in self._heads:
                sequence, link, more = self._heads[nth]
                best, count = max(best, (sequence, link)), count + more
            if best[0]:
                row = json.dumps([owner, unit, best[0], best[1].hex()], separators=(",", ":"), ensure_ascii=False)
                share = int.from_bytes(hashlib.shake_256(row.encode()).digest(_BYTES), "big")
                total.total = (total.total + share) % 2 ** (8 * _BYTES)
                total.accounts, total.postings = total.accounts + 1, total.postings + count
        self._key, self._heads = None, {}


def read_anchors(read: Callable[[str], Iterator[Any]], report: Report, secret_of: SecretOf | None) -> Anchored:
    """The anchors, each signed after the one before it."""
    rows: dict[Scope, list[tuple[int, int, int, str]]] = defaultdict(list)
    before: dict[Scope, str] = {}
    for workspace, environment, through_ms, accounts, postings, root, signature in read(_ANCHORS):
        scope = (workspace, environment)
        report.anchors += 1
        text = json.dumps(
            [workspace, environment, through_ms, accounts, postings, root, before.get(scope, "")], separators=(",", ":")
        )
        if secret_of is not None:
            good = hmac.new(secret_of(workspace, environment), text.encode(), hashlib.sha256).hexdigest()
            if not hmac.compare_digest(good, signature):
                report.add("I10", f"{workspace}/{environment} anchor {through_ms}", "is not signed by us after the one before it")
        before[scope] = signature
        rows[scope].append((through_ms, accounts, postings, root))
    anchored = Anchored()
    for scope, anchors in rows.items():
        anchored.add(scope, anchors[-ANCHORS_MAX:])
    return anchored


def compare(anchored: Anchored, report: Report) -> None:
    for scope, told in anchored.told.items():
        for (through_ms, accounts, postings, root), found in zip(told, anchored.found[scope], strict=True):
            mine = hashlib.sha256(found.total.to_bytes(_BYTES, "big")).hexdigest()
            if (mine, found.accounts, found.postings) != (root, accounts, postings):
                where = f"{scope[0]}/{scope[1]} anchor {through_ms}"
                report.add(
                    "I10", where, f"{accounts} accounts with {postings} postings were anchored; now they come to something else"
                )

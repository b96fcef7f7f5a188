"""Faults on demand: which of the next requests fail or come late, and whether before or after they were carried out.

May not enter: what requests mean. Source: reference/google-wallet.md section 8.2 rule 21."""

import re
from dataclasses import dataclass

from billfold.sandbox.google.state import GoogleState
from billfold.sandbox.google.values import Json


@dataclass(frozen=True)
class Fault:
    """`status` 0 only delays. `after`: the request is carried out and its answer lost. Empty `method`, `path`: any."""

    status: int
    count: int
    method: str
    path: str
    delay_ms: int
    after: bool


class Faults:
    def __init__(self, state: GoogleState) -> None:
        self._state = state
        self._none_left = False  # as the last look showed; only `add` changes that

    def add(self, fault: Fault) -> None:
        self._none_left = False
        self._state.run(
            "insert into fault (status, remaining, method, path, delay_ms, after) values (?, ?, ?, ?, ?, ?)",
            *(fault.status, fault.count, fault.method, fault.path, fault.delay_ms, int(fault.after)),
        )

    def take(self, method: str, path: str) -> Fault | None:
        """The oldest fault that meets this request, counted down; `path` is below the stand-in's root."""
        if self._none_left:
            return None
        waiting = self._state.rows("select * from fault where remaining > 0 order by seq")
        self._none_left = not waiting
        for row in waiting:
            if row["method"] not in ("", method) or not re.search(row["path"], path):
                continue
            self._state.run("update fault set remaining = remaining - 1 where seq = ?", row["seq"])
            return Fault(row["status"], row["remaining"], row["method"], row["path"], row["delay_ms"], bool(row["after"]))
        return None

    def clear(self) -> None:
        self._state.run("delete from fault")

    def shown(self) -> list[Json]:
        names = ("status", "remaining", "method", "path", "delay_ms", "after")
        return [{name: row[name] for name in names} for row in self._state.rows("select * from fault order by seq")]

"""Collects what is found in a foreign pass: findings with safe paths, so many of one code and no more.

A foreign file decides how much there is to find and which names it has; neither may flood a report or smuggle anything into one.
May not enter: rules, what the findings are about."""

import re

from msgspec.structs import replace

from billfold.ports import Finding
from billfold.wallets.apple.predicates import Fault

ERROR, WARNING = "error", "warning"
SAME_CODE_MAX = 20
_PLAIN = re.compile(r"[A-Za-z0-9_.@/ -]{1,80}\Z")
ODD = "(a name with odd characters)"


def plain(name: str) -> str:
    """A name of a foreign file as it may stand in a report."""
    return name if _PLAIN.match(name) else ODD


class Findings:
    """A list that is filled. Of each code the first SAME_CODE_MAX are kept; the last of them says how many more there were."""

    __slots__ = ("_counts", "_kept")

    def __init__(self) -> None:
        self._kept: list[Finding] = []
        self._counts: dict[str, int] = {}

    def add(self, severity: str, path: str, code: str, message: str, mend: str, otherwise: str = "") -> None:
        count = self._counts[code] = self._counts.get(code, 0) + 1
        if count <= SAME_CODE_MAX:
            self._kept.append(Finding(code, severity, path, message, mend, otherwise))

    def error(self, path: str, code: str, message: str, mend: str, otherwise: str = "") -> None:
        self.add(ERROR, path, code, message, mend, otherwise)

    def warning(self, path: str, code: str, message: str, mend: str, otherwise: str = "") -> None:
        self.add(WARNING, path, code, message, mend, otherwise)

    def fault(self, severity: str, path: str, fault: Fault) -> None:
        """A predicate's answer, at a place."""
        self.add(severity, path, fault.code, fault.message, fault.mend, fault.otherwise)

    def is_full(self, code: str) -> bool:
        """Whether one more of `code` would only be counted: then it needs no costly words."""
        return self._counts.get(code, 0) >= SAME_CODE_MAX

    def has(self, code: str) -> bool:
        return code in self._counts

    def speaks_of(self, path: str) -> bool:
        return any(one.path == path for one in self._kept)

    def all(self) -> tuple[Finding, ...]:
        """Errors first, each kind in the order of finding."""
        last = {one.code: place for place, one in enumerate(self._kept)}
        made = [
            replace(one, message=f"{one.message} (and {more} more such)")
            if (more := self._counts[one.code] - SAME_CODE_MAX) > 0 and last[one.code] == place
            else one
            for place, one in enumerate(self._kept)
        ]
        return tuple(sorted(made, key=lambda one: one.severity))  # stable, and "error" sorts before "warning"

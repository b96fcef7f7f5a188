"""What keeps an installation in order: what its processes agree on, and what was kept long enough."""

from collections.abc import Mapping
from typing import Protocol

from billfold.domain.ids import Scope
from billfold.domain.schedules import Kept


class Deployment(Protocol):
    """What all processes of one installation must agree on, as the server last wrote it down."""

    def facts(self) -> dict[str, str]: ...
    def put(self, facts: Mapping[str, str]) -> None: ...


class Pruning(Protocol):
    def remove_older(self, scope: Scope, kept: Kept, before_ms: int, limit: int) -> int:
        """Removes up to `limit` rows of that kind from before that time, the oldest first; how many they were."""

"""The demo's card: a stamp card in the demo workspace's test environment, issued and stamped at the press of a button.

It does what anybody with the demo's key does over the API, by the same flows. May not enter: HTTP, live data."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

from billfold.domain.content import JsonObject
from billfold.domain.ids import Environment, Scope, TemplateId
from billfold.domain.keys import Actor
from billfold.flows import issue, update
from billfold.ports import Services

STAMPS_TOTAL, STAMPS_AT_FIRST = 10, 4
_RIGHTS = frozenset({"passes:read", "passes:write"})
_PRINCIPAL = "phones page"


@dataclass(frozen=True, slots=True)
class DemoCard:
    serial: str
    share_url: str


class Demo:
    """`find_template`: the id of the stamp card's template, made when there is none yet."""

    def __init__(self, services: Services, scope: Scope, find_template: Callable[[], Awaitable[TemplateId]]) -> None:
        assert scope.environment is Environment.TEST, "the demo never touches live data"
        self._services, self._find_template = services, find_template
        self._actor = Actor(scope, _PRINCIPAL, _RIGHTS)

    async def make_card(self) -> DemoCard:
        """Raises BillfoldError: the quota is used up, for example."""
        number = f"KC-{int.from_bytes(self._services.entropy.bytes(4)) % 10**8:08d}"
        values: JsonObject = {
            "member": {"name": "Maya Okafor", "number": number},
            "stamps": {"collected": STAMPS_AT_FIRST, "total": STAMPS_TOTAL},
        }
        made = await issue.store_from_template(self._services, self._actor, await self._find_template(), values)
        return DemoCard(made.pass_.id, self._services.addresses.share(made.pass_.id))

    async def change_card(self, serial: str) -> int:
        """One stamp more, or the first of a new card; gives how many phones will be told. Raises BillfoldError."""
        known = await update.find_pass(self._services, self._actor, serial, "passes.replace")
        stamps = cast(dict[str, object], known.values.get("stamps") or {})
        collected = stamps.get("collected")
        next_one = collected % STAMPS_TOTAL + 1 if isinstance(collected, int) else 1
        changed = await update.merge_values(self._services, self._actor, known, {"stamps": {"collected": next_one}})
        return changed.notified

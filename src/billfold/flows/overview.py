"""What a workspace sees first: what was issued, how many phones have it, what happened last. May not enter: words, SQL."""

from collections.abc import Sequence
from dataclasses import dataclass

from billfold.domain.events import Event
from billfold.domain.keys import Actor, authorize
from billfold.flows.issue import month_of
from billfold.ports import Services, Tx

EVENTS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Overview:
    """`issued`: passes since the beginning, `issued_month` in this one; None where the person may not see it. `apple`, `google`:
    phones and accounts that hold a pass, counted up to `COUNTED_MAX`."""

    issued: int | None
    issued_month: int | None
    apple: int
    google: int
    events: Sequence[Event]


async def look(services: Services, actor: Actor) -> Overview:
    """Raises Forbidden for who may not even see passes."""
    authorize(actor, "passes.list")
    scope, month = actor.scope, month_of(services.clock.now_ms())
    sees_usage, sees_events = "usage:read" in actor.scopes, "events:read" in actor.scopes

    def read(tx: Tx) -> Overview:
        apple, google = tx.overview.installed(scope)
        return Overview(
            tx.overview.used(scope).get("issued", 0) if sees_usage else None,
            tx.usage.count(scope, month).get("issued", 0) if sees_usage else None,
            apple,
            google,
            tx.overview.newest(scope, EVENTS_SHOWN) if sees_events else (),
        )

    return await services.store.read(read)

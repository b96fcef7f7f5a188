"""What a workspace has used of its month. May not enter: how plans are sold."""

import datetime
from dataclasses import dataclass

from billfold.domain.keys import Actor, authorize
from billfold.flows.issue import find_workspace, month_of, next_month_starts
from billfold.ports import Services


@dataclass(frozen=True, slots=True)
class Used:
    """`counts`: issued, updated. An unchanged update counts nothing (S3-49). `limit` None: no quota."""

    month: str
    counts: dict[str, int]
    limit: int | None
    resets_at: datetime.datetime

    @property
    def total(self) -> int:
        return sum(self.counts.values())


async def month(services: Services, actor: Actor) -> Used:
    authorize(actor, "usage.read")
    now = services.clock.now_ms()
    workspace = await find_workspace(services, actor.scope)
    counts = await services.store.read(lambda tx: tx.usage.count(actor.scope, month_of(now)))
    return Used(month_of(now), counts, workspace.quota_month, next_month_starts(now))

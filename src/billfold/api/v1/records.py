"""Usage and events on `/v1`: what was used this month, and the stream of facts. May not enter: decisions, storage."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from billfold.api.v1 import answers, cursors
from billfold.api.v1.answers import EventShown, Listed, UsageShown
from billfold.api.v1.operations import EXAMPLE_KEY, EXAMPLE_PASS, answer, refusals
from billfold.api.v1.route import Asking
from billfold.api.v1.types import Id, Limit
from billfold.flows import lists, usage
from billfold.ports import Services

_USAGE = {
    "month": "2026-11",
    "issued": 12,
    "updated": 30,
    "total": 42,
    "limit": None,
    "remaining": None,
    "resets_at": "2026-12-01T00:00:00Z",
}
_EVENT = {
    "id": "019a9f2e-7c00-7000-8000-3f1d6b7a9c01",
    "at": "2026-11-20T12:00:00.000Z",
    "kind": "pass.updated",
    "subject": EXAMPLE_PASS,
    "wallet": "",
    "cause": f"key:{EXAMPLE_KEY}",
    "data": {"notified": 2},
}


def add_records(router: APIRouter, services: Services) -> None:
    @router.get(
        "/usage",
        name="usage.read",
        operation_id="readUsage",
        summary="What was used this month",
        responses=answer(200, UsageShown, _USAGE, "Counts and quota of the calendar month (UTC).") | refusals(),
    )
    async def read_usage(actor: Asking) -> Response:
        return _json(answers.body(answers.usage_shown(await usage.month(services, actor))))

    @router.get(
        "/events",
        name="events.list",
        operation_id="listEvents",
        summary="The stream of facts, oldest first",
        description="Keep `next_cursor` and ask again with it: nothing is missed and nothing comes twice, also where some of it was"
        " written slowly. Ids are no order: go by the cursor.",
        responses=answer(
            200,
            Listed[EventShown],
            {"items": [_EVENT], "next_cursor": "MDE5YTlmMmUtN2MwMC03MDAwLTgwMDAtM2YxZDZiN2E5YzAx", "more": False},
            "One page, in the order in which events became final.",
        )
        | refusals(),
    )
    async def list_events(
        actor: Asking,
        limit: Annotated[Limit, Query()] = 50,
        cursor: Annotated[str | None, Query(max_length=100)] = None,
        subject: Annotated[Id | None, Query(description="Only events about this pass, template or key.")] = None,
    ) -> Response:
        page = await lists.events(services, actor, cursors.read(cursor), limit, subject)
        following = cursors.write(page.items[-1].id) if page.items else cursor
        items = [answers.event_shown(one) for one in page.items]
        return _json(answers.body(Listed[EventShown](items=items, next_cursor=following, more=page.more)))


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")

"""Scans that were made without a network, on `/v1`: a device hands them in, a person decides about those that wait.

May not enter: decisions, storage."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from billfold.api.v1 import answers, scan_examples
from billfold.api.v1.operations import answer, refusals, request_example
from billfold.api.v1.route import Asking
from billfold.api.v1.scan_shapes import (
    BadItem,
    DecisionIn,
    OutcomeShown,
    QuarantinedShown,
    QuarantineList,
    UploadIn,
    item_of,
    kept_item,
    outcome_shown,
    quarantined_shown,
    scan_shown,
)
from billfold.api.v1.terminals_device import OfflineShown, offline_shown
from billfold.api.v1.types import Limit, Out
from billfold.domain.offline import Result
from billfold.flows.scans import quarantine, upload
from billfold.ports import Services

ItemId = Annotated[str, Path(description="The scan's id.", pattern=r"^[!-~]{16,128}$", examples=[scan_examples.SCAN_ID])]


class UploadShown(Out):
    """`results`: one for each item, in their order. `offline`: a new grant; None for a device that was revoked."""

    results: list[OutcomeShown]
    last_device_seq: int
    offline: OfflineShown | None


def add_uploads(router: APIRouter, services: Services) -> None:
    _add_upload(router, services)
    _add_quarantine(router, services)


def _add_upload(router: APIRouter, services: Services) -> None:
    @router.post(
        "/scans/batch",
        name="scans.upload",
        operation_id="uploadScans",
        summary="Hand in what was scanned without a network",
        responses=answer(200, UploadShown, scan_examples.UPLOADED, "One result for each item.") | refusals(404, body=True),
        openapi_extra=request_example(scan_examples.UPLOAD),
    )
    async def batch(actor: Asking, body: UploadIn) -> Response:
        good = [item_of(one) for one in body.items if not isinstance(one, BadItem)]
        sent = None if body.sent_at is None else body.sent_at * 1000
        uploaded = await upload.upload(services, actor, body.grant, good, sent)
        now, following = services.clock.now_ms(), iter(uploaded.outcomes)
        results = [_unread(one) if isinstance(one, BadItem) else outcome_shown(next(following), now) for one in body.items]
        offline = offline_shown(uploaded.granted) if uploaded.granted else None
        return _json(UploadShown(results=results, last_device_seq=uploaded.last_seq, offline=offline))


def _unread(item: BadItem) -> OutcomeShown:
    detail = {"path": item.path, "problem": item.problem}
    return OutcomeShown(id=item.id, result=Result.DECLINED.value, code="invalid_input", detail=detail, scan=None)


def _add_quarantine(router: APIRouter, services: Services) -> None:
    @router.get(
        "/quarantine",
        name="quarantine.list",
        operation_id="listQuarantine",
        summary="Scans that a person must decide about",
        responses=answer(200, QuarantineList, scan_examples.QUARANTINE, "One page.") | refusals(),
    )
    async def waiting(
        actor: Asking,
        limit: Annotated[Limit, Query()] = 50,
        cursor: Annotated[str | None, Query(pattern=r"^[!-~]{1,128}$", description="`next_cursor` of the page before.")] = None,
    ) -> Response:
        found = await quarantine.waiting(services, actor, cursor, limit)
        following = found[-1].id if len(found) == limit else None
        return _plain(QuarantineList(items=[quarantined_shown(one) for one in found], next_cursor=following))

    @router.post(
        "/quarantine/{item_id}",
        name="quarantine.decide",
        operation_id="decideQuarantine",
        summary="Book a scan that waits, or drop it",
        responses=answer(200, QuarantinedShown, scan_examples.DECIDED, "Decided.") | refusals(404, 409, body=True),
        openapi_extra=request_example({"decision": "book"}),
    )
    async def decide(actor: Asking, item_id: ItemId, body: DecisionIn) -> Response:
        decided = await quarantine.decide(services, actor, item_id, body.decision, kept_item)
        scan = scan_shown(decided.scanned, services.clock.now_ms()) if decided.scanned else None
        return _plain(quarantined_shown(decided.item, scan))


def _json(shown: Out) -> Response:
    return Response(answers.body(shown), 200, media_type="application/json")


def _plain(shown: QuarantineList | QuarantinedShown) -> Response:
    return Response(answers.plain(shown), 200, media_type="application/json")

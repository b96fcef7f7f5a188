"""Scans on `/v1`: look at a card, scan it, undo that, the last ten, the history of a card. Parse, call one flow, render.

A scan's `id` is the device's: repeated, it gives the first answer again and does nothing. May not enter: decisions, storage."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from billfold.api.v1 import answers, scan_examples
from billfold.api.v1.operations import answer, refusals, request_example
from billfold.api.v1.passes import PassId
from billfold.api.v1.route import Asking
from billfold.api.v1.scan_shapes import (
    Cards,
    HistoryList,
    InspectIn,
    RecentList,
    ScanIn,
    ScanShown,
    UndoIn,
    asked_of,
    card_shown,
    history_shown,
    recent_shown,
    scan_shown,
)
from billfold.api.v1.types import Limit
from billfold.domain.errors import FieldProblem, Invalid
from billfold.flows.scans import execute, lists
from billfold.flows.scans import undo as undoing
from billfold.ports import Services


def add_scans(router: APIRouter, services: Services) -> None:
    _add_scan(router, services)
    _add_undo(router, services)
    _add_reads(router, services)


def _add_scan(router: APIRouter, services: Services) -> None:
    @router.post(
        "/scans",
        name="scans.execute",
        operation_id="createScan",
        summary="Scan a card: charge, earn, top up, stamp, redeem, check in",
        status_code=201,
        responses=answer(201, ScanShown, scan_examples.SCANNED, "Done; or, with `dry_run`, what would be done.")
        | refusals(402, 404, 409, body=True),
        openapi_extra=request_example(scan_examples.SCAN),
    )
    async def create(actor: Asking, body: ScanIn) -> Response:
        if (body.code is None) == (body.pass_id is None):
            raise Invalid(FieldProblem("code", "missing", "names the card, or pass_id does", "send one of the two"))
        scanned = await execute.scan(services, actor, asked_of(body))
        shown = scan_shown(scanned, services.clock.now_ms(), dry_run=body.dry_run)
        execute.check_declined(scanned.record, {"repeated": scanned.repeated})
        return _json(shown, 201)


def _add_undo(router: APIRouter, services: Services) -> None:
    @router.post(
        "/scans/undo",
        name="scans.execute",
        operation_id="undoScan",
        summary="Take a scan back, once and soon after",
        status_code=201,
        responses=answer(201, ScanShown, scan_examples.UNDONE, "Undone.") | refusals(402, 404, 409, body=True),
        openapi_extra=request_example(scan_examples.UNDO),
    )
    async def undo(actor: Asking, body: UndoIn) -> Response:
        scanned = await undoing.undo(services, actor, body.id, body.undoes)
        return _json(scan_shown(scanned, services.clock.now_ms()), 201)


def _add_reads(router: APIRouter, services: Services) -> None:
    @router.post(
        "/scans/inspect",
        name="scans.execute",
        operation_id="inspectCode",
        summary="The cards that a code leads to",
        responses=answer(200, Cards, scan_examples.CARDS, "One card; several where they share a barcode.")
        | refusals(404, body=True),
        openapi_extra=request_example(scan_examples.INSPECT),
    )
    async def inspect(actor: Asking, body: InspectIn) -> Response:
        now = services.clock.now_ms()
        found = await lists.inspect(services, actor, body.code)
        return _json(Cards(cards=[card_shown(one, now) for one in found]))

    @router.get(
        "/scans/recent",
        name="scans.execute",
        operation_id="listRecentScans",
        summary="The last ten scans of this terminal",
        responses=answer(200, RecentList, scan_examples.RECENT, "Newest first.") | refusals(404),
    )
    async def recent(actor: Asking) -> Response:
        return _json(RecentList(items=[recent_shown(one) for one in await lists.recent(services, actor)]))

    @router.get(
        "/passes/{pass_id}/scans",
        name="scans.list",
        operation_id="listScansOfPass",
        summary="What was scanned of one card, newest first",
        responses=answer(200, HistoryList, scan_examples.HISTORY, "One page.") | refusals(404),
    )
    async def history(
        actor: Asking,
        pass_id: PassId,
        limit: Annotated[Limit, Query()] = 50,
        before: Annotated[str | None, Query(pattern=r"^[!-~]{1,128}$", description="`next_before` of the page before.")] = None,
    ) -> Response:
        found = await lists.history(services, actor, pass_id, before, limit)
        following = found[-1].id if len(found) == limit else None
        return _json(HistoryList(items=list(map(history_shown, found)), next_before=following))


def _json(shown: object, status: int = 200) -> Response:
    return Response(answers.plain(shown), status, media_type="application/json")

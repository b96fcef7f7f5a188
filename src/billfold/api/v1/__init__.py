"""The native API: templates, passes, keys, usage, events. Complete and strict; S3's facade stands beside it on the same flows.

May not enter: decisions, SQL, calls to Apple or Google.
"""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from billfold.api.problems import MethodUnsupported, NoSuchAddress, problem_response
from billfold.api.v1 import checks, content, keys, parts, passes, scan_shapes, template_shapes, till_shapes
from billfold.api.v1.cards import add_cards
from billfold.api.v1.checks import add_checks
from billfold.api.v1.images import add_images
from billfold.api.v1.keys import add_keys
from billfold.api.v1.ledger import OperationIn, add_ledger
from billfold.api.v1.ledger_sums import add_ledger_sums
from billfold.api.v1.mail import add_mail
from billfold.api.v1.messages import add_messages
from billfold.api.v1.operations import PREFIX
from billfold.api.v1.passes import add_passes
from billfold.api.v1.previews import PreviewIn, add_previews
from billfold.api.v1.records import add_records
from billfold.api.v1.route import request_id_of, route_class
from billfold.api.v1.scans import add_scans
from billfold.api.v1.snippets import add_snippets
from billfold.api.v1.starters import add_starters
from billfold.api.v1.templates import add_templates
from billfold.api.v1.terminals_device import add_terminals_device
from billfold.api.v1.till import add_till
from billfold.api.v1.uploads import add_uploads
from billfold.ports import Services

BODY_BYTES_MAX = 8 * 1024 * 1024
_BODIES = (
    content.ContentIn,
    parts.FieldIn,
    parts.BarcodeIn,
    parts.LocationIn,
    parts.ImagesIn,
    parts.NumberFormatIn,
    parts.MoneyFormatIn,
    parts.DateFormatIn,
    parts.RotatingBarcodeIn,
    parts.BeaconIn,
    parts.RelevanceIn,
    parts.NfcIn,
    parts.StampCardIn,
    parts.PosterIn,
    parts.OverridesIn,
    passes.NewPass,
    passes.ChangedPass,
    template_shapes.NewTemplate,
    template_shapes.ValueRuleIn,
    PreviewIn,
    OperationIn,
    scan_shapes.ScanIn,
    scan_shapes.UploadIn,
    scan_shapes.UploadItemIn,
    scan_shapes.UndoIn,
    scan_shapes.DecisionIn,
    keys.NewKey,
    checks.CheckIn,
    till_shapes.NewProduct,
    till_shapes.NewProgramme,
    till_shapes.NewMember,
    till_shapes.NewCard,
    till_shapes.TerminalIn,
)


def create_v1(services: Services, body_bytes_max: int = BODY_BYTES_MAX) -> APIRouter:
    """All operations under `/v1`, and a problem for every other address below it. Include it in the application as it is."""
    known = sorted({field.alias or name for body in _BODIES for name, field in body.model_fields.items()})
    router = APIRouter(prefix=PREFIX, route_class=route_class(services, body_bytes_max, known), redirect_slashes=False)

    def add_checks_here(router: APIRouter, services: Services) -> None:
        add_checks(router, services, body_bytes_max)

    for tag, add in (
        ("passes", add_passes),
        ("passes", add_messages),
        ("passes", add_snippets),
        ("ledger", add_ledger),  # a request is held against one route after the other: a till's come early
        ("scans", add_scans),
        ("templates", add_templates),
        ("starters", add_starters),
        ("images", add_images),
        ("previews", add_previews),
        ("scans", add_terminals_device),  # before a terminal that would be called "me"
        ("till", add_till),
        ("till", add_cards),
        ("mail", add_mail),
        ("scans", add_uploads),
        ("keys", add_keys),
        ("ledger", add_ledger_sums),
        ("records", add_records),
        ("checks", add_checks_here),
    ):
        before = len(router.routes)
        add(router, services)
        for route in router.routes[before:]:
            route.tags = [tag]  # type: ignore[attr-defined]  # all are API routes
    operations = tuple(router.routes)

    async def post_alone(request: Request) -> Response:
        return problem_response(MethodUnsupported("POST"), request_id_of(request))

    # Its path looks like a pass's: other methods must not take it for one.
    others = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
    router.routes.insert(0, Route(PREFIX + passes.BATCH_PATH, post_alone, methods=others, include_in_schema=False))

    async def elsewhere(request: Request) -> Response:
        alike = [one for one in operations if isinstance(one, Route) and one.matches(request.scope)[0] is not Match.NONE]
        # Of two paths that fit, "/terminals/me" and any terminal's, the first is meant.
        allowed = {method for one in alike if one.path == alike[0].path for method in one.methods or ()}
        error = MethodUnsupported(", ".join(sorted(allowed))) if allowed else NoSuchAddress()
        return problem_response(error, request_id_of(request))

    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
    router.routes.append(Route(PREFIX + "/{rest:path}", elsewhere, methods=methods, include_in_schema=False))
    return router

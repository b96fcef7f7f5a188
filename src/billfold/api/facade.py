"""Source S3's API on our flows: POST and PUT /api/passes, /api/pkpass, /api/auth/usage. A facade holds no logic.

Plain Starlette routes, since POST is the hottest of all. Errors are S3's: `{"error": "..."}`. May not enter: storage, wallets."""

import datetime
from collections.abc import Awaitable, Callable, Sequence

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from billfold.api import strict_json
from billfold.api.facade_body import draft_of, in_own_names
from billfold.api.parameters import refuse_unknown
from billfold.api.pieces import InPieces
from billfold.api.sign_in import actor_of
from billfold.domain.errors import (
    BillfoldError,
    Conflict,
    CredentialMissing,
    FieldProblem,
    Forbidden,
    Invalid,
    NotFound,
    TooMany,
    Unauthenticated,
    Unavailable,
    WrongScope,
)
from billfold.domain.keys import Actor
from billfold.flows import issue, update, usage
from billfold.flows.issue import Issued
from billfold.ports import Services

STATUSES: dict[type[BillfoldError], int] = {
    Invalid: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    WrongScope: 403,
    CredentialMissing: 403,
    NotFound: 404,
    Conflict: 400,
    TooMany: 429,
    Unavailable: 503,
}
"""S3-23, S3-29; the vendor's 403 for another's serial is read from the serial itself, so it tells nothing of what exists."""

SAID = {
    401: "invalid or missing API key; send Authorization: Bearer bf_test_... or bf_live_...",
    500: "something went wrong on our side; try again, nothing was half done",
}
"""What is said whatever happened."""

PKPASS = "application/vnd.apple.pkpass"
FORMS = ("json", "pkpass")
"""What `?format=` may say."""
_encode = msgspec.json.Encoder().encode
_log = structlog.get_logger("billfold.api")
Handler = Callable[[Request, Actor], Awaitable[Response]]


def _json(status: int, body: object, headers: dict[str, str] | None = None) -> Response:
    return Response(_encode(body), status, headers, media_type="application/json")


def problem(error: BillfoldError) -> Response:
    """An error in S3's shape."""
    status = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)
    text = SAID.get(status) or str(error)
    if isinstance(error, NotFound | WrongScope):
        text += "; send the serialNumber that POST /api/passes answered to a key of this workspace and environment"
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if isinstance(error, TooMany | Unavailable):
        headers["Retry-After"] = str(error.retry_after_seconds)
    return _json(status, {"error": text}, headers)


class _Guarded:
    """An ASGI application, which a route calls as it is: a function it would wrap twice. `parameters`: what the query may have."""

    def __init__(self, services: Services, handler: Handler, parameters: tuple[str, ...]) -> None:
        self._services, self._handler, self._parameters = services, handler, parameters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            actor = await actor_of(self._services, request, "api")
            self._services.limits.check(actor.key_id)
            if scope["query_string"]:
                refuse_unknown(request.query_params.keys(), self._parameters)
            response = await self._handler(request, actor)
        except BillfoldError as error:
            response = problem(error)
        await response(scope, receive, send)


class Facade:
    """The four routes, each one call of a flow."""

    def __init__(self, services: Services, body_bytes_max: int) -> None:
        self._services = services
        self._body_bytes_max = body_bytes_max

    def routes(self) -> list[Route]:
        operations = [
            Route("/api/passes", self._guarded(self.create, "format"), methods=["POST"]),
            Route("/api/passes/{serial}", self._guarded(self.replace), methods=["PUT"]),
            Route("/api/pkpass", self._guarded(self.create_binary), methods=["POST"]),
            Route("/api/auth/usage", self._guarded(self.usage), methods=["GET"]),
        ]
        return [*operations, _elsewhere(operations)]

    def _guarded(self, handler: Handler, *parameters: str) -> ASGIApp:
        return _Guarded(self._services, handler, parameters)

    async def _body(self, request: Request) -> object:
        return strict_json.parse(await _bytes(request), bytes_max=self._body_bytes_max)

    async def _issue(self, request: Request, actor: Actor) -> Issued:
        draft = draft_of(await self._body(request), replacing=False)
        with in_own_names():
            return await issue.issue_pass(self._services, actor, draft)

    async def create(self, request: Request, actor: Actor) -> Response:
        """POST /api/passes. `?format=pkpass` answers the binary, as the older path does."""
        binary = bool(request.scope["query_string"]) and _wants_bundle(request)
        issued = await self._issue(request, actor)
        if binary:
            return _binary(issued)
        return _created(issued)

    async def create_binary(self, request: Request, actor: Actor) -> Response:
        """POST /api/pkpass: the bundle itself, serial number and save link in the headers."""
        return _binary(await self._issue(request, actor))

    async def replace(self, request: Request, actor: Actor) -> Response:
        """PUT /api/passes/<serial>. Whose serial it is is asked before what the body says."""
        serial = request.path_params["serial"]
        known = await update.find_pass(self._services, actor, serial, "passes.replace")
        draft = draft_of(await self._body(request), replacing=True)
        with in_own_names():
            updated = await update.replace_pass(self._services, actor, known, draft)
        answer = {
            "serialNumber": updated.pass_.id,
            "lastUpdated": iso(updated.pass_.updated_at_ms),
            "notifiedDevices": updated.notified,
            "unchanged": updated.unchanged,
        }
        return _json(200, answer)

    async def usage(self, request: Request, actor: Actor) -> Response:
        """GET /api/auth/usage."""
        used = await usage.month(self._services, actor)
        limit = used.limit
        answer = {
            "count": used.total,
            "limit": limit,
            "remaining": None if limit is None else max(0, limit - used.total),
            "resetDate": used.resets_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "plan": "self-hosted",
        }
        return _json(200, answer)


def _elsewhere(operations: Sequence[Route]) -> Route:
    """Other methods and other addresses below /api/, in S3's shape too."""

    async def answer(request: Request) -> Response:
        allowed = sorted(
            {method for one in operations if one.matches(request.scope)[0] is Match.PARTIAL for method in one.methods or ()}
        )
        if allowed:
            return _json(405, {"error": f"this address takes {' or '.join(allowed)} alone"}, {"Allow": ", ".join(allowed)})
        return _json(
            404, {"error": "there is nothing at this address; there are POST /api/passes and PUT /api/passes/<serialNumber>"}
        )

    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    return Route("/api/{rest:path}", answer, methods=methods, include_in_schema=False)


async def _bytes(request: Request) -> bytes:
    """The body as it comes, which nearly always is in one message."""
    parts: list[bytes] = []
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _wants_bundle(request: Request) -> bool:
    """Asked before anything is issued. Raises Invalid."""
    form = request.query_params.get("format", "json")
    if form not in FORMS:
        raise Invalid(FieldProblem("format", "unknown_format", "there is no such form of the answer", f"send {' or '.join(FORMS)}"))
    return form == "pkpass"


def _created(issued: Issued) -> Response:
    """The bundle's text goes out as it is kept: JSON has nothing to escape in base64."""
    before = _encode({"serialNumber": issued.pass_.id, "googleSaveUrl": issued.save_url})
    after = _encode({"shareUrl": issued.share_url})
    *first, last = issued.bundle.text()
    pieces = (b'%b,"applePass":"' % before[:-1], *first, b'%b",%b' % (last, after[1:]))
    return InPieces(pieces, {}, "application/json")


def _binary(issued: Issued) -> Response:
    headers = {
        "X-Serial-Number": issued.pass_.id,
        "X-Google-Save-Url": issued.save_url,
        "Content-Disposition": f'attachment; filename="{issued.pass_.id}.pkpass"',
        "Cache-Control": "no-store",
    }
    return InPieces(issued.bundle.pieces(), headers, PKPASS)


def iso(at_ms: int) -> str:
    """`2026-11-20T12:00:00.000Z`."""
    return datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""Apple's six routes, for devices: register, what changed, the pass, unregister, log, and the form of a reward sign-up, filled in.
Source: reference/apple-wallet.md sections 3 and 4.

Paths are read segment by segment, so doubled slashes do no harm. Every wrong token and every unknown pass answers 401, so that
nothing can be enumerated; load never answers 401 or 404. May not enter: decisions (flows/register.py), storage."""

import asyncio
import contextlib
import datetime
import email.utils
import re
from collections.abc import Awaitable, Callable
from functools import lru_cache
from urllib.parse import parse_qs, quote, unquote

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from billfold.api import sign_in, strict_json
from billfold.api.pieces import InPieces
from billfold.api.strict_json import Malformed, TooLarge
from billfold.domain.errors import BillfoldError, FieldProblem, Invalid, TooMany, Unauthenticated, Unavailable
from billfold.domain.ids import Scope as Tenancy
from billfold.domain.passes import last_modified
from billfold.flows import facts, offer, personalize, register
from billfold.flows.register import Shown
from billfold.ports import Limits, Services

PKPASS = "application/vnd.apple.pkpass"
PKPASSES = "application/vnd.apple.pkpasses"
PUSH_TOKEN_BODY_MAX = 10_000
LOG_BYTES_MAX, LOG_LINES_MAX, LOG_LINE_MAX = 64_000, 20, 1_000
_PUSH_TOKEN = re.compile(r"[0-9A-Fa-f]{8,400}\Z")
_PLAIN = re.compile(r"[\x21-\x7e]{1,200}\Z")
_TAG = re.compile(r"[0-9]{1,18}\Z")
_SIGN_UP_BODY_MAX = 10_000
_SIGN_UP_TOKEN = re.compile(r"[!-z|~]{1,2000}\Z")
"""Visible ASCII without braces. What a phone wants signed with a pass's certificate must never be a manifest, which is a JSON
object: else anybody could have passes of his own signed."""
_ANSWERS = {
    "fullName": "name",
    "givenName": "given_name",
    "familyName": "family_name",
    "emailAddress": "email",
    "postalCode": "postal_code",
    "ISOCountryCode": "country",
    "phoneNumber": "phone",
}
_log = structlog.get_logger("billfold.apple")

Handler = Callable[[Request, Tenancy, list[str]], Awaitable[Response]]


def _empty(status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(b"", status, headers)


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "applepass" or not token:
        raise Unauthenticated("missing")
    return token.strip()


def seconds_of(header: str | None) -> int | None:
    """An HTTP date as seconds since 1970; None when absent or unreadable (then it is as if absent)."""
    if not header:
        return None
    with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):
        at = email.utils.parsedate_to_datetime(header)
        return int((at if at.tzinfo else at.replace(tzinfo=datetime.UTC)).timestamp())  # asctime names no zone and means UTC
    return None


def segments_of(scope: Scope) -> list[str]:
    """What stands between the slashes, each decoded by itself, so that an encoded slash parts nothing. Empty ones do not count."""
    raw = scope["raw_path"].decode("latin-1") if scope.get("raw_path") else quote(scope["path"])
    text = raw.removeprefix(scope.get("root_path", ""))
    return [unquote(one) for one in text.split("/") if one]


async def _push_token(request: Request) -> str:
    """Raises Invalid."""
    with contextlib.suppress(Malformed):
        body = strict_json.parse(await request.body(), bytes_max=PUSH_TOKEN_BODY_MAX)
        token = body.get("pushToken") if isinstance(body, dict) else None
        if isinstance(token, str) and _PUSH_TOKEN.match(token):
            return token.lower()
    raise Invalid(FieldProblem("pushToken", "malformed", "must be hex text", 'send {"pushToken": "..."}'))


class AppleWebService:
    """An ASGI application, mounted at /apple: `/<scope>/v1/...`."""

    def __init__(self, services: Services, log_limits: Limits) -> None:
        self._services = services
        self._log_limits = log_limits
        self._diary = facts.Diary(services.store, services.entropy.event_id)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except Unauthenticated as error:
            response = self._refused(request, error)
        except Invalid as error:
            response = Response(str(error).encode(), 413 if isinstance(error, TooLarge) else 400, media_type="text/plain")
        except TooMany as error:
            response = _empty(429, {"Retry-After": str(error.retry_after_seconds)})
        except Unavailable as error:
            response = _empty(503, {"Retry-After": str(error.retry_after_seconds)})
        except BillfoldError:
            response = _empty(401)
        await response(scope, receive, send)

    def _refused(self, request: Request, error: Unauthenticated) -> Response:
        """401; 429 for whoever guesses on."""
        try:
            sign_in.failed(self._services, request, "apple", error)
        except TooMany as limit:
            return _empty(429, {"Retry-After": str(limit.retry_after_seconds)})
        return _empty(401)

    async def _answer(self, request: Request) -> Response:
        segments = segments_of(request.scope)
        tenancy = Tenancy.parse(segments[0]) if segments else None
        if tenancy is None or len(segments) < 3 or segments[1] != "v1" or "\0" in "".join(segments):
            return _empty(404)
        handlers = self._route(segments[2:])
        if handlers is None:
            return _empty(404)
        handler = handlers.get(request.method)
        if handler is None:
            return _empty(405, {"Allow": ", ".join(handlers)})
        return await handler(request, tenancy, segments[3:])

    def _route(self, segments: list[str]) -> dict[str, Handler] | None:
        match segments:
            case ["devices", _, "registrations", _, _]:
                return {"POST": self.register, "DELETE": self.unregister}
            case ["devices", _, "registrations", _]:
                return {"GET": self.changed}
            case ["passes", _, _]:
                return {"GET": self.fetch, "HEAD": self.fetch}
            case ["passes", _, _, "personalize"]:
                return {"POST": self.personalize}
            case ["log"]:
                return {"POST": self.log}
        return None

    async def register(self, request: Request, tenancy: Tenancy, segments: list[str]) -> Response:
        """201 newly registered, 200 already, 401 wrong token; the push token is refreshed by every call."""
        device, _, pass_type, serial = segments
        token = _token(request)
        register.check_token(self._services, tenancy, serial, token)
        push_token = await _push_token(request)
        if not _PLAIN.match(device):
            raise Invalid(FieldProblem("deviceLibraryIdentifier", "malformed", "must be plain text", "send at most 200 characters"))
        new = await register.register(self._services, tenancy, device, pass_type, serial, token, push_token)
        return _empty(201 if new else 200)

    async def unregister(self, request: Request, tenancy: Tenancy, segments: list[str]) -> Response:
        """200, also when it was gone already; 401 wrong token."""
        device, _, pass_type, serial = segments
        await register.unregister(self._services, tenancy, device, pass_type, serial, _token(request))
        return _empty(200)

    async def changed(self, request: Request, tenancy: Tenancy, segments: list[str]) -> Response:
        """200 with serial numbers and the new tag; 204 without a body when nothing matches. A tag that is not ours asks for all."""
        device, _, pass_type = segments
        query = request.scope["query_string"].decode("latin-1")
        text = parse_qs(query).get("passesUpdatedSince", [""])[0]
        tag = int(text) if _TAG.match(text) else None
        found, newest = await register.changed(self._services, tenancy, device, pass_type, tag)
        headers = {"Cache-Control": "no-store"}
        if not found:
            return _empty(204, headers)
        body = orjson.dumps({"serialNumbers": found, "lastUpdated": str(newest)})
        return Response(body, 200, headers, media_type="application/json")

    async def fetch(self, request: Request, tenancy: Tenancy, segments: list[str]) -> Response:
        """200 with the pass, 304 when the device has this version, 401. HEAD has the same headers."""
        pass_type, serial = segments
        shown = await register.fetch(self._services, tenancy, pass_type, serial, _token(request))
        since = seconds_of(request.headers.get("if-modified-since"))
        if since is not None and since >= last_modified(shown.pass_.version):
            return _empty(304, version_headers(shown))
        if request.method == "HEAD":
            return await bundle_response(self._services, shown, head=True)
        response = await bundle_response(self._services, shown)
        self._diary.note(register.fetched(self._services, shown))
        return response

    async def personalize(self, request: Request, tenancy: Tenancy, segments: list[str]) -> Response:
        """200 with the phone's token, signed; 401 for a pass without a form. Nobody shows a token of ours here, hence slow."""
        self._log_limits.check(sign_in.source_of(request))
        pass_type, serial, _ = segments
        body = strict_json.parse(await request.body(), bytes_max=_SIGN_UP_BODY_MAX)
        token = body.get("personalizationToken") if isinstance(body, dict) else None
        info = body.get("requiredPersonalizationInfo") if isinstance(body, dict) else None
        if not isinstance(token, str) or not _SIGN_UP_TOKEN.match(token):
            raise Invalid(
                FieldProblem("personalizationToken", "malformed", "must be text without braces", "send the token as it is")
            )
        if not isinstance(info, dict):
            raise Invalid(FieldProblem("requiredPersonalizationInfo", "malformed", "must be an object", "send what was filled in"))
        answers = {ours: info.get(theirs) for theirs, ours in _ANSWERS.items()}
        signature = await personalize.personalize(self._services, tenancy, pass_type, serial, token, answers)
        return Response(signature, 200, {"Cache-Control": "no-store"}, media_type="application/octet-stream")

    async def log(self, request: Request, tenancy: Tenancy, _segments: list[str]) -> Response:
        """What a device says is wrong with us. Unauthenticated, hence small, slow and kept apart from our own logs."""
        self._log_limits.check(sign_in.source_of(request))
        body = strict_json.parse(await request.body(), bytes_max=LOG_BYTES_MAX)
        lines = body.get("logs") if isinstance(body, dict) else None
        if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
            raise Invalid(FieldProblem("logs", "malformed", "must be an array of text", 'send {"logs": ["..."]}'))
        kept = ["".join(one if one.isprintable() else "?" for one in line[:LOG_LINE_MAX]) for line in lines[:LOG_LINES_MAX]]
        if kept:
            await register.complain(self._services, tenancy, kept)
            _log.warning("device_complained", workspace=tenancy.workspace, environment=tenancy.environment.value, lines=len(kept))
        return _empty(200)


def version_headers(shown: Shown) -> dict[str, str]:
    return {"Last-Modified": _http_date(last_modified(shown.pass_.version)), "Cache-Control": "no-store"}


@lru_cache(maxsize=4096)
def _http_date(at: int) -> str:
    """Kept, because phones fetch a template's new version one after the other."""
    return email.utils.formatdate(at, usegmt=True)


async def bundle_response(services: Services, shown: Shown, *, head: bool = False) -> Response:
    """The signed bundle as an answer. The same version gives the same bytes."""
    bundle = await offer.bundle(services, shown.pass_, shown.content)
    headers = version_headers(shown) | {"Content-Disposition": f'attachment; filename="{shown.pass_.id}.pkpass"'}
    if head:
        return Response(b"", 200, headers | {"Content-Length": str(len(bundle))}, media_type=PKPASS)
    return InPieces(bundle.pieces(), headers, PKPASS)


async def quietly(work: Awaitable[object]) -> None:
    """For facts that may be lost (an opened link): a failure is logged, the visitor is served."""
    try:
        await work
    except (BillfoldError, asyncio.CancelledError) as error:
        _log.warning("fact_not_kept", reason=type(error).__name__)

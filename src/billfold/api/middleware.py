"""Around every request: its id, safe headers, a bound on its body, its figures and its line in the log.

Plain ASGI, since it stands on the hot path. The log and the figures name a route's template, never its raw path, which may hold a
token or a serial number. May not enter: what any route does."""

import asyncio
import json
import os
import re
from collections.abc import MutableMapping
from time import perf_counter
from typing import Any

import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from billfold.api.metrics import Metrics
from billfold.api.problems import problem_response
from billfold.api.strict_json import TooLarge, TooSlow
from billfold.domain.errors import FieldProblem

BODY_BYTES_MAX = 8 * 1024 * 1024
BODY_SECONDS = 60.0
"""For the whole body: the largest one over a line of 1 Mbit/s. A caller that sends a byte now and then holds nothing for ever."""
SLOW_SECONDS = 1.0
WHOLE = "billfold.whole"
"""In the state of a request whose body is all here (cli/wire.py): nobody waits for it."""
_REQUEST_ID = re.compile(rb"[0-9A-Za-z._-]{8,64}\Z")
_HEADERS = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))
_NO_BODY = frozenset({"GET", "HEAD", "OPTIONS"})
_LOG = structlog.get_logger("billfold.http")


class Edge:
    """Wraps the application. `log_all`: every request gets a line; else those refused, failed or slow.

    A body beyond `body_bytes_max` raises TooLarge where the route reads it, so that each surface refuses in its own shape."""

    def __init__(self, app: ASGIApp, body_bytes_max: int = BODY_BYTES_MAX, log_all: bool = False) -> None:
        self._app, self._body_bytes_max, self._log_all = app, body_bytes_max, log_all
        self._metrics = Metrics()
        self._templates: dict[object, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _given_id(scope) or os.urandom(12).hex()
        scope.setdefault("state", {}).update(request_id=request_id, metrics=self._metrics)
        status = 0
        begun = perf_counter()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, request_id)
            await send(message)

        if scope["method"] not in _NO_BODY:
            receive = _bounded(scope, receive, self._body_bytes_max)
        self._metrics.begun()
        try:
            await self._app(scope, receive, send_with_headers)
        except ClientDisconnect:
            status = status or 499
        except Exception as error:  # the last stop of routes without their own
            response = _failed(scope, error, request_id)
            if not status:
                await response(scope, receive, send_with_headers)
            status = 500
        finally:
            seconds = perf_counter() - begun
            route = self._label(scope)
            self._metrics.seen(route, scope["method"], status or 499, seconds)
            if self._log_all or status >= 400 or seconds >= SLOW_SECONDS:
                milliseconds = round(seconds * 1000, 1)
                _LOG.info("request", id=request_id, method=scope["method"][:16], route=route, status=status, ms=milliseconds)

    def _label(self, scope: Scope) -> str:
        """The template of the route that answered; "none" when none did."""
        route = scope.get("route")
        if route is not None:
            return str(getattr(route, "path", "none"))
        if not self._templates:
            self._templates = {getattr(one, "endpoint", None) or one.app: one.path for one in _plain_routes(self._app)}
        return self._templates.get(scope.get("endpoint"), "none")


def _plain_routes(app: ASGIApp) -> list[Any]:
    """Routes and mounts, which leave only their endpoint in the scope."""
    return [one for one in getattr(app, "routes", ()) if isinstance(one, Route | Mount)]


def _given_id(scope: Scope) -> str | None:
    """A caller's own X-Request-Id, where it can do no harm in a log."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.match(value):
            return str(value.decode("ascii"))
    return None


def _add_headers(message: MutableMapping[str, object], request_id: str) -> None:
    given = list(message.get("headers") or ())  # type: ignore[call-overload]
    names = {name for name, _ in given}
    given.append((b"x-request-id", request_id.encode()))
    given.extend(pair for pair in _HEADERS if pair[0] not in names)
    message["headers"] = given


def _bounded(scope: Scope, receive: Receive, limit: int) -> Receive:
    """`receive` that raises TooLarge as soon as the body is known to be longer than `limit`, TooSlow when it takes too long."""
    declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    length = int(declared) if declared.isdigit() and len(declared) < 20 else 0
    if 0 < length <= limit and WHOLE in scope["state"]:
        return receive
    received = length if length > limit else 0
    until = 0.0
    over = False

    async def bounded() -> Message:
        nonlocal received, until, over
        if over:  # what comes after the body is its end or the caller's leaving, and may take its time
            return await receive()
        loop = asyncio.get_running_loop()
        until = until or loop.time() + BODY_SECONDS
        try:
            async with asyncio.timeout_at(until):
                message = await receive() if received <= limit else None
        except TimeoutError:
            raise TooSlow(FieldProblem("", "body_too_slow", "the body did not come in time", "send it again")) from None
        over = message is not None and not message.get("more_body", False)
        received += len(message.get("body", b"")) if message else 0
        if message is None or received > limit:
            raise TooLarge(FieldProblem("", "body_too_large", f"the body is longer than {limit} bytes", "send a smaller body"))
        return message

    return bounded


def _failed(scope: Scope, error: Exception, request_id: str) -> Response:
    response = problem_response(error, request_id)
    if scope["path"].startswith("/api/"):
        text = "something went wrong on our side; try again, nothing was half done"
        return Response(json.dumps({"error": text}), response.status_code, media_type="application/json")
    return response

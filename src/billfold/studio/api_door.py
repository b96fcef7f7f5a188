"""`/studio/<environment>/v1/...`: the native API, asked by a page of the console as whoever is signed in.

Who asks is known by the session, and what changes something carries the origin and the token of our own page; then the request goes
on to the very routes that keys ask, with the same table of scopes. May not enter: what any operation does."""

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from billfold.domain.errors import BillfoldError, NotFound
from billfold.domain.ids import Environment
from billfold.studio.desk import HOME, Desk

_SAFE = frozenset({"GET", "HEAD"})
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class ApiDoor:
    """`native`: the application that serves `/v1`."""

    def __init__(self, desk: Desk, native: ASGIApp) -> None:
        self._desk, self._native = desk, native

    def route(self) -> Route:
        return Route(f"{HOME}/{{environment}}/v1/{{rest:path}}", self, methods=_METHODS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        environment = next((one for one in Environment if one == request.path_params["environment"]), None)
        try:
            if environment is None:
                raise NotFound("environment")
            actor = await self._desk.caller(request, environment, writes=request.method not in _SAFE)
        except BillfoldError as error:
            await self._desk.refusal(request, error)(scope, receive, send)
            return
        path = "/v1/" + request.path_params["rest"]
        inner = dict(scope) | {"path": path, "raw_path": path.encode(), "path_params": {}}
        inner["state"] = {**scope.get("state", {}), "actor": actor}
        await self._native(inner, receive, send)

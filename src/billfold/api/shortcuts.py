"""Operations of `/v1` that are found by their exact address, before a request is held against one route after the other.

A till waits for each scan; the search through some sixty routes, and layers of the framework that these operations need nothing of,
cost as much of the server as the scan's own transaction. What is not found here goes the ordinary way: another method, a path with
an id in it, a server below a prefix.
May not enter: what any operation does."""

from collections.abc import Awaitable, Callable, Mapping

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router
from starlette.types import Receive, Scope, Send

Handler = Callable[[Request], Awaitable[Response]]


class ShortRoute(APIRoute):
    """`alone`: answers a request by itself, lets no error out and needs nothing of the framework; None for most operations."""

    alone: Handler | None = None


def api_routes(app: FastAPI) -> list[APIRoute]:
    """Also those of the routers that it includes."""
    inner = [one for router in app.routes for one in getattr(getattr(router, "original_router", None), "routes", ())]
    return [one for one in (*app.routes, *inner) if isinstance(one, APIRoute)]


class Shortcuts:
    """Stands before `otherwise`, which knows every address."""

    def __init__(self, native: FastAPI, otherwise: Router) -> None:
        self._otherwise = otherwise
        self.routes = otherwise.routes
        self._found: Mapping[tuple[str, str], ShortRoute] = {
            (method, route.path): route
            for route in api_routes(native)
            if isinstance(route, ShortRoute) and route.alone and not route.param_convertors
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._found.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None or route.alone is None or scope.get("root_path"):
            await self._otherwise(scope, receive, send)
            return
        scope["route"] = route
        response = await route.alone(Request(scope, receive, send))
        await response(scope, receive, send)

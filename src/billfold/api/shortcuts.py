"""Routes that are found by their address alone, before a request is held against one route after the other.

A till waits for each scan; the search through some sixty routes, and layers of the framework that its operations need nothing of,
cost as much of the server as the scan's own transaction. Phones' requests and the facades' are found likewise. What is not found
here goes the ordinary way: another method, a path with an id in it, a server below a prefix.
May not enter: what any operation does."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
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
    """Stands before `otherwise`, which knows every address. Is its first route a mount, then all below that path is the mount's."""

    def __init__(self, native: FastAPI, otherwise: Router) -> None:
        self._otherwise = otherwise
        self.routes = otherwise.routes
        first = otherwise.routes[0] if otherwise.routes else None
        self._mount = first if isinstance(first, Mount) else None
        self._below = f"{first.path}/" if isinstance(first, Mount) else ""
        self._plain = _plain_routes(otherwise.routes)
        self._found: Mapping[tuple[str, str], ShortRoute] = {
            (method, route.path): route
            for route in api_routes(native)
            if isinstance(route, ShortRoute) and route.alone and not route.param_convertors
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope.get("root_path"):
            await self._otherwise(scope, receive, send)
            return
        path = scope["path"]
        if self._mount is not None and path.startswith(self._below):
            scope.update(route=self._mount, endpoint=self._mount.app, path_params={}, app_root_path="", root_path=self._mount.path)
            await self._mount.app(scope, receive, send)
            return
        address = (scope["method"], path)
        if (plain := self._plain.get(address)) is not None:
            scope.update(router=self._otherwise, route=plain, endpoint=plain.endpoint, path_params={})
            await plain.app(scope, receive, send)
        elif (short := self._found.get(address)) is not None and short.alone is not None:
            scope["route"] = short
            response = await short.alone(Request(scope, receive, send))
            await response(scope, receive, send)
        else:
            await self._otherwise(scope, receive, send)


def _plain_routes(routes: Sequence[BaseRoute]) -> Mapping[tuple[str, str], Route]:
    """Those with an address of their own: no parameters, and no route before them that would have it."""
    found: dict[tuple[str, str], Route] = {}
    before: list[Route | Mount] = []
    for route in routes:
        if isinstance(route, Route) and not route.param_convertors:
            for method in route.methods or ():
                if not any(one.path_regex.match(route.path) and _takes(one, method) for one in before):
                    found[method, route.path] = route
        if isinstance(route, Route | Mount):
            before.append(route)
    return found


def _takes(route: Route | Mount, method: str) -> bool:
    return isinstance(route, Mount) or not route.methods or method in route.methods

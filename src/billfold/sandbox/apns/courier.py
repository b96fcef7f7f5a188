"""The device side of the push stand-in as an ASGI app: tokens for phones, one stream of pushes per phone, and the control desk.

Billfold mounts it at /sandbox/apns. A real phone keeps such a line to Apple; ours keeps it to here.
May not enter: anything outside `billfold.sandbox`; decisions (server.py takes them).
"""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Literal, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from billfold.sandbox.apns.faults import Fault
from billfold.sandbox.apns.server import PushServer
from billfold.sandbox.apns.tokens import StoredPush

_HEARTBEAT_SECONDS = 15.0
_BODY_BYTES_MAX = 65536
_Wish = TypeVar("_Wish")


class TokenWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Body of POST /devices. A device that has tokens for other topics names itself."""

    topic: str | None = None
    device_library_identifier: Annotated[str, msgspec.Meta(pattern="^[0-9A-Za-z-]{1,64}$")] | None = None


class ServerWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Body of POST /control/server: what befalls the server as a whole; each member is optional."""

    listening: bool | None = None
    refuse_tls: bool | None = None
    max_concurrent_streams: Annotated[int, msgspec.Meta(ge=1, le=100_000)] | None = None
    now: Literal["goaway", "goaway_close", "reset_connections", "hang_up"] | None = None


def create_courier(push_server: PushServer) -> Starlette:
    """The app. It must run on the event loop of `push_server`, which somebody else starts and stops."""
    desk = _Desk(push_server)
    return Starlette(
        routes=[
            Route("/ca.pem", desk.root_certificate, methods=["GET"]),
            Route("/devices", desk.issue_token, methods=["POST"]),
            Route("/devices/{push_token}", desk.retire_token, methods=["DELETE"]),
            Route("/devices/{push_token}/stream", desk.stream, methods=["GET"]),
            Route("/control/counters", desk.counters, methods=["GET", "DELETE"]),
            Route("/control/tokens/{push_token}", desk.token, methods=["GET"]),
            Route("/control/faults", desk.faults, methods=["GET", "POST", "DELETE"]),
            Route("/control/server", desk.server, methods=["GET", "POST"]),
        ]
    )


class _Desk:
    def __init__(self, server: PushServer) -> None:
        self._server = server

    async def root_certificate(self, _request: Request) -> Response:
        return Response(self._server.authority.root_pem, media_type="application/x-pem-file")

    async def issue_token(self, request: Request) -> Response:
        wish = await _read(request, TokenWish)
        if isinstance(wish, Response):
            return wish
        device = self._server.issue_token(wish.topic, wish.device_library_identifier)
        return JSONResponse({"deviceLibraryIdentifier": device.device_library_identifier, "pushToken": device.push_token}, 201)

    async def retire_token(self, request: Request) -> Response:
        known = self._server.retire_token(request.path_params["push_token"])
        return Response(status_code=204) if known else _unknown_token()

    async def stream(self, request: Request) -> Response:
        push_token = request.path_params["push_token"]
        device = self._server.find_device(push_token)
        if device is None:
            return _unknown_token()
        if device.retired_at is not None:
            return JSONResponse({"error": "this push token was retired; ask for another"}, 410)
        return StreamingResponse(
            self._events(push_token, request.query_params.get("topic")),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _events(self, push_token: str, topic: str | None) -> AsyncIterator[str]:
        async with self._server.listen(push_token, topic) as line:
            yield ": connected\n\n"
            while True:
                try:
                    push = await line.next_push(_HEARTBEAT_SECONDS)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if push is None:
                    return
                yield _event(push)

    async def counters(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._server.counters.reset()
        return JSONResponse(self._server.counters.as_json())

    async def token(self, request: Request) -> Response:
        push_token = request.path_params["push_token"]
        device = self._server.find_device(push_token)
        return JSONResponse(
            {
                "pushes": self._server.counters.per_token[push_token],
                "known": device is not None,
                "retiredAt": None if device is None else device.retired_at,
            }
        )

    async def faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._server.heal()
        elif request.method == "POST":
            fault = await _read(request, Fault)
            if isinstance(fault, Response):
                return fault
            self._server.add_fault(fault)
        return Response(msgspec.json.encode(self._server.faults_in_force()), media_type="application/json")

    async def server(self, request: Request) -> Response:
        server = self._server
        if request.method == "POST":
            wish = await _read(request, ServerWish)
            if isinstance(wish, Response):
                return wish
            await self._grant(wish)
        return JSONResponse({"port": server.port, "maxConcurrentStreams": server.max_concurrent_streams})

    async def _grant(self, wish: ServerWish) -> None:
        server = self._server
        if wish.refuse_tls is not None:
            server.refuse_tls(wish.refuse_tls)
        if wish.max_concurrent_streams is not None:
            server.change_max_concurrent_streams(wish.max_concurrent_streams)
        if wish.listening is not None:
            await (server.resume() if wish.listening else server.pause())
        if wish.now in ("goaway", "goaway_close"):
            server.go_away(close=wish.now == "goaway_close")
        elif wish.now == "reset_connections":
            server.reset_connections()
        elif wish.now == "hang_up":
            server.hang_up()


async def _read(request: Request, type_: type[_Wish]) -> _Wish | Response:
    body = await request.body()
    if len(body) > _BODY_BYTES_MAX:
        return JSONResponse({"error": "body too large"}, 413)
    try:
        return msgspec.json.decode(body or b"{}", type=type_)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return JSONResponse({"error": str(error)}, 400)


def _unknown_token() -> Response:
    return JSONResponse({"error": "no such push token"}, 404)


def _event(push: StoredPush) -> str:
    data = json.dumps({"topic": push.topic, "apnsId": push.apns_id})
    return f"event: push\ndata: {data}\n\n"

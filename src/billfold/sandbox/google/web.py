"""HTTP pieces that several rooms share: reading a limited body, answers in Google's JSON form, faults around everything.

May not enter: what requests mean."""

import asyncio
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from billfold.sandbox.google import errors
from billfold.sandbox.google.faults import Faults
from billfold.sandbox.google.values import BODY_BYTES_MAX, JsonObject, dump

JSON_TYPE = "application/json; charset=UTF-8"
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'}  # httplib2 refuses one without a realm


def answer(status: int, body: JsonObject, headers: dict[str, str] | None = None) -> Response:
    return Response(dump(body), status, headers, media_type=JSON_TYPE)


def answer_error(error: errors.ApiError) -> Response:
    return answer(error.code, error.body(), CHALLENGE if error.code == 401 else None)


async def read_body(receive: Receive) -> bytes:
    """Raises ApiError 413 beyond BODY_BYTES_MAX (Google's limit is not known)."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > BODY_BYTES_MAX:
            raise errors.front_end(413, "Request payload size exceeds the limit.", "uploadTooLarge")
        more = message.get("more_body", False)
    return bytes(body)


def form(raw: bytes) -> dict[str, str]:
    """The first value of each field of a form-encoded body."""
    try:
        fields = parse_qs(raw.decode("utf-8", errors="replace"), max_num_fields=100)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


def path_below_root(scope: Scope) -> str:
    """The request's path without the mount point."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return path.removeprefix(root) if root else path


class FaultsAround:
    """ASGI middleware: delays and fails what the control API asked for. /control itself always works."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = path_below_root(scope) if scope["type"] == "http" else "/control"
        fault = None if path.startswith("/control") else self._faults.take(str(scope["method"]), path)
        if fault is None:
            await self._app(scope, receive, send)
            return
        await asyncio.sleep(fault.delay_ms / 1000)
        if fault.status == 0:
            await self._app(scope, receive, send)
            return
        if fault.after:
            await self._app(scope, receive, _nowhere)
        await answer_error(errors.injected(fault.status))(scope, receive, send)


async def _nowhere(message: Message) -> None:
    """Takes an answer that shall be lost."""

"""One stream for all phones of a web page: pushes for their tokens, news for their accounts. Billfold mounts it at /sandbox/lines.

A browser holds six connections to a server and no more, and each phone of a page would take one for every kind of pass. Who names a
push token or an account hears of it: both are random, and known to the phone that made them alone. May not enter: anything outside
`billfold.sandbox`; what news means."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from billfold.sandbox.apns.server import PhoneLine, PushServer
from billfold.sandbox.google.app import GoogleApp

_BODY_BYTES_MAX = 16_384
_HEARTBEAT_SECONDS = 15.0

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class TokenWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    push_token: _Text
    topic: _Text


class AccountWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """`after`: the last event that the phone of this account saw."""

    account: _Text
    after: Annotated[str, msgspec.Meta(pattern="^[0-9]{0,18}$")] = ""


class LinesWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of the POST: whom the page's phones listen for."""

    tokens: Annotated[list[TokenWish], msgspec.Meta(max_length=40)] = []
    accounts: Annotated[list[AccountWish], msgspec.Meta(max_length=40)] = []


class Lines:
    """Must run on the event loop of `push` and `google`, which somebody else starts and stops."""

    def __init__(self, push: PushServer, google: GoogleApp) -> None:
        self._push, self._google = push, google
        self._open: set[asyncio.Queue[bytes | None]] = set()

    def route(self, path: str) -> Route:
        return Route(path, self.open, methods=["POST"])

    def end(self) -> None:
        """Ends every line, so that a server that waits for its connections can stop."""
        for waiting in self._open:
            waiting.put_nowait(None)

    async def open(self, request: Request) -> Response:
        """A body that only a page of ours can send: other sites' pages may not say that theirs is JSON."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return JSONResponse({"error": "send application/json"}, 415)
        body = await request.body()
        if len(body) > _BODY_BYTES_MAX:
            return JSONResponse({"error": "body too large"}, 413)
        try:
            wish = msgspec.json.decode(body, type=LinesWish)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            return JSONResponse({"error": str(error)}, 400)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._news(wish), 200, headers, media_type="text/event-stream")

    async def _news(self, wish: LinesWish) -> AsyncIterator[bytes]:
        """Until one of the sources ends, as they do when the server stops: then the page calls again."""
        waiting: asyncio.Queue[bytes | None] = asyncio.Queue()
        async with contextlib.AsyncExitStack() as stack:
            self._open.add(waiting)
            stack.callback(self._open.discard, waiting)
            tasks = []
            for one in wish.tokens:
                device = self._push.find_device(one.push_token)
                if device is None or device.retired_at is not None:
                    waiting.put_nowait(_event("gone", {"pushToken": one.push_token}))
                    continue
                line = await stack.enter_async_context(self._push.listen(one.push_token, one.topic))
                tasks.append(asyncio.create_task(_bring_pushes(line, one.push_token, waiting)))
            tasks += [asyncio.create_task(self._bring_news(one, waiting)) for one in wish.accounts]
            stack.push_async_callback(_end, tasks)
            yield b": connected\n\n"
            while True:
                try:
                    async with asyncio.timeout(_HEARTBEAT_SECONDS):
                        news = await waiting.get()
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if news is None:
                    return
                yield news

    async def _bring_news(self, wish: AccountWish, waiting: asyncio.Queue[bytes | None]) -> None:
        async for block in self._google.news(wish.account, wish.after):
            waiting.put_nowait(block)
        waiting.put_nowait(None)


async def _bring_pushes(line: PhoneLine, push_token: str, waiting: asyncio.Queue[bytes | None]) -> None:
    while True:
        try:
            push = await line.next_push(_HEARTBEAT_SECONDS)
        except TimeoutError:
            continue
        if push is None:
            waiting.put_nowait(None)
            return
        waiting.put_nowait(_event("push", {"pushToken": push_token, "topic": push.topic}))


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _event(name: str, data: dict[str, str]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()

"""The stand-in as an ASGI application: sign-in, API, batches, save page, callback keys, virtual phones' wallet, control.

It can be mounted under a path of another server (then that server must call start() and aclose()) or run by itself.
May not enter: rules; they are in the rooms that this one joins. Source: reference/google-wallet.md section 8."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from billfold.sandbox.google import batch, errors, save_page, schema
from billfold.sandbox.google.accounts import TokenRefused, exchange
from billfold.sandbox.google.api import Api, ApiAnswer
from billfold.sandbox.google.callbacks import KEYS_MAX_AGE_SECONDS, Callbacks
from billfold.sandbox.google.clock import Clock, MovedClock, SystemClock
from billfold.sandbox.google.control import Control
from billfold.sandbox.google.door import ROOT, VERBS, Door, leads_to_api
from billfold.sandbox.google.faults import Faults
from billfold.sandbox.google.issuers import Issuers
from billfold.sandbox.google.notices import Hub, Notices
from billfold.sandbox.google.resources import Resources
from billfold.sandbox.google.saves import Saves, check_account, warnings_for
from billfold.sandbox.google.state import GoogleState
from billfold.sandbox.google.values import JsonObject, NotJson, as_text, parse_object
from billfold.sandbox.google.wallet import Wallet
from billfold.sandbox.google.web import FaultsAround, answer, answer_error, form, read_body

_SAVE_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class GoogleApp(Starlette):
    """start() and aclose() begin and end the background work; both happen by themselves when the app runs standalone."""

    def __init__(self, routes: list[BaseRoute], faults: Faults, door: Door, callbacks: Callbacks, hub: Hub, wallet: Wallet) -> None:
        super().__init__(routes=routes, middleware=[Middleware(FaultsAround, faults=faults)], lifespan=_lifespan)
        self._door = FaultsAround(door, faults)
        self._callbacks = callbacks
        self._hub = hub
        self._wallet = wallet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if leads_to_api(scope):
            await self._door(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def start(self) -> None:
        """Begins to send callbacks. Call it inside the event loop that serves the app."""
        self._hub.closing = False
        self._callbacks.start()

    def end_streams(self) -> None:
        """Lets every open event stream end, so that a server that waits for its connections can stop."""
        self._hub.close()

    def news(self, account: str, after: str = "") -> AsyncIterator[bytes]:
        """The events of one account as its stream gives them; `after`: the last that the phone saw, "" for those to come."""
        return self._wallet.stream(account, int(after) if after else self._wallet.last_event(account))

    async def aclose(self) -> None:
        """Ends streams and background work. The state is its owner's to close."""
        self._hub.close()
        await self._callbacks.aclose()


@contextlib.asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    assert isinstance(app, GoogleApp)
    app.start()
    try:
        yield
    finally:
        await app.aclose()


def create_app(
    state: GoogleState,
    *,
    external_url: str,
    clock: Clock | None = None,
    control_token: str | None = None,
    callback_tls: ssl.SSLContext | None = None,
) -> GoogleApp:
    """`external_url` is where the app is reached from outside, with its mount path and without a slash at the end.

    `control_token` guards /control; None leaves it to callers on this machine. `callback_tls` is for callback addresses
    with certificates of a private authority."""
    base = external_url.rstrip("/")
    base_clock = clock or SystemClock()
    moved = MovedClock(base_clock, lambda: state.settings.clock_offset_ms)
    schemas, hub, faults = schema.load(), Hub(), Faults(state)
    notices = Notices(state, moved, hub)
    resources = Resources(state, schemas, notices, http_callbacks=base.startswith("http://"))
    callbacks = Callbacks(state, moved, hub, callback_tls)
    saves = Saves(state, resources, callbacks, f"{base}/gp/v/save/")
    api = Api(state, schemas, resources, Issuers(state, schemas), saves, base_clock)
    wallet = Wallet(state, moved, hub, saves)
    control = Control(state, api, callbacks, notices, faults, base_clock, moved, base, control_token)
    pages = _Pages(base, base_clock, moved, state, api, saves, callbacks, wallet, faults)
    door = Door(api)
    routes = [Route(f"{ROOT}{{rest:path}}", door, methods=VERBS), *pages.routes(), *control.routes()]
    return GoogleApp(routes, faults, door, callbacks, hub, wallet)


@dataclass(frozen=True)
class _Pages:
    base: str
    base_clock: Clock
    clock: Clock
    state: GoogleState
    api: Api
    saves: Saves
    callbacks: Callbacks
    wallet: Wallet
    faults: Faults

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/token", self.token, methods=["POST"]),
            Route("/batch", self.batched, methods=["POST"]),
            Route("/batch/{rest:path}", self.batched, methods=["POST"]),
            Route("/gp/v/save/{jwt}", self.save_form, methods=["GET"]),
            Route("/gp/v/save/{jwt}", self.save, methods=["POST"]),
            Route("/gp/m/issuer/keys", self.keys, methods=["GET"]),
            Route("/wallet/{account}/objects", _guarded(self.objects), methods=["GET"]),
            Route("/wallet/{account}/stream", _guarded(self.stream), methods=["GET"]),
            Route("/wallet/{account}/remove/{object_id}", _guarded(self.remove), methods=["POST"]),
        ]

    # --- Google's side -------------------------------------------------------------------------------------------------

    async def token(self, request: Request) -> Response:
        try:
            fields = form(await read_body(request.receive))
            grant, assertion = fields.get("grant_type", ""), fields.get("assertion", "")
            return answer(200, exchange(self.state, self.base_clock, f"{self.base}/token", grant, assertion))
        except TokenRefused as refusal:
            return answer(400, {"error": refusal.error, "error_description": refusal.description})
        except errors.ApiError as error:
            return answer_error(error)

    async def batched(self, request: Request) -> Response:
        try:
            body = await read_body(request.receive)
            parts = batch.parse(request.headers.get("content-type", ""), body, request.headers.get("authorization", ""))
        except errors.ApiError as error:
            return answer_error(error)
        content_type, out = batch.build([(part, await self._inner(part)) for part in parts])
        return Response(out, 200, {"Content-Type": content_type})

    async def _inner(self, part: batch.Part) -> ApiAnswer:
        """One part of a batch; faults on demand meet it like any request."""
        if part.request is None:
            refusal = errors.invalid_argument("The part holds no HTTP request.")
            return ApiAnswer(refusal.code, refusal.body())
        fault = self.faults.take(part.request.verb, part.request.path)
        if fault is None:
            return self.api.handle(part.request)
        await asyncio.sleep(fault.delay_ms / 1000)
        done = self.api.handle(part.request) if fault.after or fault.status == 0 else None
        if done is not None and fault.status == 0:
            return done
        return ApiAnswer(fault.status, errors.injected(fault.status).body())

    async def keys(self, request: Request) -> Response:
        headers = {"Cache-Control": f"public, max-age={KEYS_MAX_AGE_SECONDS}"}
        return answer(200, self.callbacks.keys.document(self.clock.now_ms()), headers)

    # --- the save page -------------------------------------------------------------------------------------------------

    async def save_form(self, request: Request) -> Response:
        jwt = request.path_params["jwt"]
        try:
            objects = self.saves.preview(jwt)
        except errors.ApiError as error:
            return _save_error(request, error)
        if _wants_json(request):
            return answer(200, {"objects": [each.shown() for each in objects], "warnings": warnings_for(jwt)})
        return _html(save_page.picker(objects, self.saves.users(), warnings_for(jwt)))

    async def save(self, request: Request) -> Response:
        jwt = request.path_params["jwt"]
        try:
            account = _account(request, await read_body(request.receive))
            objects = self.saves.save(jwt, account)
        except errors.ApiError as error:
            return _save_error(request, error)
        if _wants_json(request):
            shown: JsonObject = {**objects[0].shown(), "objects": [each.shown() for each in objects], "warnings": warnings_for(jwt)}
            return answer(200, shown)
        return _html(save_page.saved(objects, account, urlsplit(self.base).path, warnings_for(jwt)))

    # --- virtual phones ------------------------------------------------------------------------------------------------

    async def objects(self, request: Request) -> Response:
        return answer(200, self.wallet.objects(check_account(request.path_params["account"])))

    async def stream(self, request: Request) -> Response:
        account = check_account(request.path_params["account"])
        last = request.headers.get("last-event-id") or request.query_params.get("lastEventId", "")
        known = last.isascii() and last.isdigit() and len(last) <= 18
        after = int(last) if known else self.wallet.last_event(account)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self.wallet.stream(account, after), 200, headers, media_type="text/event-stream")

    async def remove(self, request: Request) -> Response:
        account, object_id = request.path_params["account"], request.path_params["object_id"]
        if not self.saves.remove(object_id, account):
            raise errors.object_not_found(object_id)
        if "text/html" in request.headers.get("accept", ""):
            return _html(save_page.message("Removed", f"{object_id} is no longer in the wallet of {account}."))
        return answer(200, {"objectId": object_id, "removed": True})


def _guarded(run: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return await run(request)
        except errors.ApiError as error:
            return answer_error(error)

    return endpoint


def _wants_json(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def _account(request: Request, raw: bytes) -> str:
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            return as_text(parse_object(raw).get("account"))
        except NotJson as problem:
            raise errors.not_json(str(problem)) from None
    fields = form(raw)
    return fields.get("other", "").strip() or fields.get("account", "")


def _html(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status, _SAVE_PAGE_HEADERS)


def _save_error(request: Request, error: errors.ApiError) -> Response:
    """Google shows the reason only to people of the issuer; the stand-in shows it to everybody."""
    if _wants_json(request):
        return answer_error(error)
    return _html(save_page.message("Something went wrong", error.message), error.code)

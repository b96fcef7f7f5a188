"""Every route mounted, every wrapper put on: the one ASGI application of the server. No logic.

The hot routes (S3's two, the devices') are plain Starlette and stand before FastAPI, which serves `/v1` alone.
May not enter: storage, wallets, decisions."""

import time
from collections.abc import Callable, Sequence

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp

from billfold import __version__
from billfold.api.apple_web_service import AppleWebService
from billfold.api.facade import Facade
from billfold.api.google_callbacks import GoogleCallbacks
from billfold.api.loyalty_facade import LoyaltyFacade
from billfold.api.mail_links import MailLinks
from billfold.api.meta import create_meta_routes
from billfold.api.middleware import Edge
from billfold.api.problems import NoSuchAddress, problem_response
from billfold.api.share import SharePages
from billfold.api.shortcuts import Shortcuts
from billfold.api.v1 import create_v1
from billfold.api.v1.route import request_id_of
from billfold.api.v1.terminals_device import enrol_route
from billfold.limits import TokenBuckets
from billfold.ports import CallbackReader, Services
from billfold.web.pages import SHARED

DEVICE_LOG_PER_SECOND, DEVICE_LOG_BURST = 1.0, 20


def create_native(services: Services, body_bytes_max: int) -> FastAPI:
    """`/v1` alone. Its hundred operations take half a second to put together."""
    native = FastAPI(title="Billfold", version=__version__, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    native.include_router(create_v1(services, body_bytes_max))
    native.add_exception_handler(404, nowhere)
    return native


def create_app(
    services: Services,
    callbacks: CallbackReader,
    *,
    body_bytes_max: int,
    stand_ins: Sequence[BaseRoute] = (),
    pages: Callable[[ASGIApp], Sequence[BaseRoute]] = lambda _native: (),
    native: FastAPI | None = None,
) -> ASGIApp:
    """`stand_ins`: routes of the sandbox. `pages`: those of the rooms that people look at (cli/pages.py), which may ask `/v1`
    themselves. `native`: of `create_native`, where one is there already."""
    log_limits = TokenBuckets(DEVICE_LOG_PER_SECOND, DEVICE_LOG_BURST, time.monotonic)
    native = native or create_native(services, body_bytes_max)
    front = Router(
        [
            Mount("/apple", AppleWebService(services, log_limits)),  # first, as most requests are phones'
            *stand_ins,  # then the workers' of a test environment
            *Facade(services, body_bytes_max).routes(),
            *LoyaltyFacade(services).routes(),
            enrol_route(services),
            *SharePages(services).routes(),
            *MailLinks(services).routes(),
            *GoogleCallbacks(services, callbacks).routes(),
            Route("/", home),
            SHARED.route(),
            *pages(native),  # before the next, which has a plainer page for servers without them
            *create_meta_routes(services, native),
        ],
        redirect_slashes=False,
        default=native,
    )
    return Edge(Shortcuts(native, front), body_bytes_max)


async def nowhere(request: Request, _: Exception) -> Response:
    """What no room has an address for; each room speaks for itself below its own."""
    return problem_response(NoSuchAddress(), request_id_of(request))


async def home(request: Request) -> Response:
    """People go to the console, programs to the docs."""
    reads_pages = "text/html" in request.headers.get("accept", "")
    return RedirectResponse("/studio" if reads_pages else "/docs", 302, {"Vary": "Accept"})

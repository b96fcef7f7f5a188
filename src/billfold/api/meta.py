"""What is about the server itself: health, figures, the OpenAPI document, the reference page and the short docs for coding agents.

Everything that the reference page needs comes from here: no request leaves the machine. May not enter: anything of a workspace."""

import asyncio
import gzip
import hashlib
import html
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from billfold.api import problems
from billfold.api.llms import llms_text
from billfold.api.metrics import CONTENT_TYPE, Metrics
from billfold.api.openapi import openapi
from billfold.ports import Services

PROBE_SECONDS = 1.0
_STATIC = Path(__file__).parent / "static"
_ASSETS = {
    "swagger-ui.css": ("swagger-ui/swagger-ui.css", "text/css"),
    "swagger-ui-bundle.js": ("swagger-ui/swagger-ui-bundle.js", "text/javascript"),
    "reference.js": ("reference.js", "text/javascript"),
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Billfold API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<div id="reference"></div>
<noscript>JavaScript is off; <a href="/openapi.json">openapi.json</a> and <a href="/llms.txt">llms.txt</a> need none.</noscript>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/assets/reference.js"></script>
</body>
</html>
"""
_LOG = structlog.get_logger("billfold.api")
Answer = Callable[[Request], Awaitable[Response]]


def create_meta_routes(services: Services, app: FastAPI) -> list[Route]:
    """`app` is described when its description is first asked for, with everything that is mounted by then."""
    docs = Docs(services, lambda: openapi(app))
    health = Health(services)

    async def figures(request: Request) -> Response:
        metrics: Metrics = request.state.metrics  # the middleware's
        return Response(await metrics.page(services), media_type=CONTENT_TYPE)

    return [
        Route("/livez", health.live),
        Route("/healthz", health.live),
        Route("/readyz", health.ready),
        Route("/metrics", figures),
        Route("/openapi.json", docs.document),
        Route("/llms.txt", docs.llms),
        Route("/docs", docs.page),
        Route("/docs/api", docs.page),
        Route("/docs/", docs.to_page),
        Route("/docs/problems", docs.problems),
        Route("/docs/assets/{name}", docs.asset),
    ]


class Health:
    """One word each: what is wrong stands in the log."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def live(self, _request: Request) -> Response:
        """The process turns its loop."""
        return PlainTextResponse("ok", headers={"Cache-Control": "no-store"})

    async def ready(self, _request: Request) -> Response:
        """A write goes through within a second. Apple and Google are no part of it."""
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                now = await self._services.store.now_ms()
                await self._services.store.write(lambda tx: tx.leases.take("", "readyz", "readyz", now, now))
        except Exception as error:  # whatever it is, this process cannot serve
            _LOG.warning("not_ready", error=type(error).__name__)
            return PlainTextResponse("not ready", 503, headers={"Cache-Control": "no-store", "Retry-After": "1"})
        return PlainTextResponse("ready", headers={"Cache-Control": "no-store"})


class Docs:
    """Read once, kept in memory, compressed where the reader takes it."""

    def __init__(self, services: Services, document: Callable[[], dict[str, Any]]) -> None:
        self._services, self._make = services, document
        self._kept: dict[str, tuple[bytes, bytes, str]] = {}

    def _serve(self, request: Request, name: str, media_type: str, make: Callable[[], bytes]) -> Response:
        if name not in self._kept:
            plain = make()
            tag = f'"{hashlib.sha256(plain).hexdigest()[:20]}"'
            self._kept[name] = plain, gzip.compress(plain, 6, mtime=0), tag
        plain, packed, tag = self._kept[name]
        headers = {"ETag": tag, "Cache-Control": "public, max-age=300", "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=media_type)
        return Response(plain, headers=headers, media_type=media_type)

    async def document(self, request: Request) -> Response:
        return self._serve(request, "openapi.json", "application/json", lambda: orjson.dumps(self._make()))

    async def llms(self, request: Request) -> Response:
        url = self._services.addresses.public_url
        return self._serve(request, "llms.txt", "text/plain", lambda: llms_text(self._make(), url).encode())

    async def page(self, _request: Request) -> Response:
        return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})

    async def to_page(self, _request: Request) -> Response:
        return RedirectResponse("/docs", 308)

    async def problems(self, _request: Request) -> Response:
        return HTMLResponse(problems_page(), headers={"Content-Security-Policy": _POLICY})

    async def asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _ASSETS:
            return PlainTextResponse("no such file", 404)
        path, media_type = _ASSETS[name]
        return self._serve(request, name, media_type, (_STATIC / path).read_bytes)


def problems_page() -> str:
    """Where a problem's `type` leads: each row of the table under its slug."""
    rows = []
    for problem in dict.fromkeys((*problems.PROBLEMS.values(), problems.INTERNAL)):
        title, mend = html.escape(problem.title), html.escape(problem.mend)
        rows.append(f'<h2 id="{problem.slug}">{problem.slug}</h2><p>{problem.status}. {title}.</p><p>{mend}</p>')
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Billfold problems</title><link rel="icon" href="data:,">'
    style = (
        "<style>body{font:16px/1.5 system-ui;max-width:45rem;margin:2rem auto;padding:0 1rem}:target{background:#fef3c7}</style>"
    )
    return f"{head}{style}<h1>Problems</h1>{''.join(rows)}</html>"

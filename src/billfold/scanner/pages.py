"""The scanner's addresses: its page, what phones read to install it, the worker that keeps it for use without a network, its files.

May not enter: anything of a workspace. The page is the same for everybody; who scans says so to the API."""

import hashlib
import json
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from billfold.ports import Services
from billfold.web.pages import SHARED, PageRoom, page
from billfold.web.policy import STRICT

ROOM = PageRoom("scanner", Path(__file__).parent)
POLICY = STRICT.allowing("camera", worker_src="'self'", manifest_src="'self'")
"""The decoder's WebAssembly runs in a worker, to which the policy of a page does not reach; so the page itself allows none."""
_WORKER = "service-worker.js"
_COLOR = "#3248d6"


def create_routes(_services: Services) -> list[BaseRoute]:
    return [
        Route("/scan", scan),
        Route("/scan/manifest.webmanifest", manifest),
        Route(f"/scan/{_WORKER}", worker),
        ROOM.assets.route(),
    ]


async def scan(request: Request) -> Response:
    return page(request, ROOM, "scan.html", policy=POLICY)


async def manifest(_request: Request) -> Response:
    return Response(_manifest(), media_type="application/manifest+json", headers={"Cache-Control": "no-cache"})


async def worker(_request: Request) -> Response:
    """Asked for again at every visit, so that a new release is found. From here it looks after `/scan` itself."""
    headers = {
        "Cache-Control": "no-cache",
        "Service-Worker-Allowed": "/scan",
        "Content-Security-Policy": "default-src 'none'; connect-src 'self'",
    }
    return Response(_worker(), media_type="text/javascript", headers=headers)


@cache
def _manifest() -> str:
    """Source: W3C, Web Application Manifest. A `maskable` icon may be cut to a circle."""
    icons = [
        {"src": ROOM.assets.address(f"icons/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size in (192, 512)
        for purpose in ("any", "maskable")
    ]
    about = {"id": "/scan", "name": "Billfold scanner", "short_name": "Scanner", "start_url": "/scan", "scope": "/scan"}
    look = {"display": "standalone", "orientation": "portrait", "theme_color": _COLOR, "background_color": _COLOR}
    return json.dumps({**about, **look, "icons": icons})


@cache
def _worker() -> str:
    """A browser takes it anew when a byte of it differs: when a file or a text of the page does."""
    shell = [one for one in (*SHARED.addresses(), *ROOM.assets.addresses()) if not one.endswith(_WORKER)]
    texts = hashlib.sha256(repr([ROOM.texts.for_scripts(one) for one in ROOM.texts.languages]).encode()).hexdigest()
    own = (ROOM.folder / "static" / _WORKER).read_text(encoding="utf-8")
    return f"const SHELL = {json.dumps(shell)}; // texts {texts[:16]}\n{own}"

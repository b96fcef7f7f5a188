"""A room of pages as anybody would add one, served over real HTTP: it has each widget once."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from billfold.api.middleware import Edge
from billfold.web.pages import SHARED, PageRoom, page
from billfold.web.policy import STRICT

ROOM = PageRoom("specimen", Path(__file__).parent / "specimen")


async def specimen(request: Request) -> Response:
    return page(request, ROOM, "specimen.html", given=request.query_params.get("given", ""))


async def opened(request: Request) -> Response:
    policy = STRICT.allowing("camera", script_src="'wasm-unsafe-eval'", worker_src="'self'")
    return page(request, ROOM, "specimen.html", policy=policy, given="", headers={"Cache-Control": "no-cache"})


def specimen_app() -> ASGIApp:
    return Edge(Router([SHARED.route(), ROOM.assets.route(), Route("/", specimen), Route("/opened", opened)]))


@pytest.fixture(scope="module")
def specimen_url() -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(specimen_app(), log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.005)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()

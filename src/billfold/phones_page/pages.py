"""The page of the phones, and its two buttons that issue and change the demo's card.

May not enter: what a phone does (static/), decisions about passes (flows/)."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from billfold.domain.errors import BillfoldError
from billfold.phones_page.demo import Demo
from billfold.web.here import Here
from billfold.web.pages import PageRoom, page
from billfold.web.policy import STRICT

ROOM = PageRoom("phones", Path(__file__).parent)
POLICY = STRICT.allowing("geolocation", script_src="'wasm-unsafe-eval'")
"""The codes are drawn by a WebAssembly module of ours."""


class PhonesPage:
    """`here`: its address is the one that passes name as theirs; where its door is shut, there is no demo to play with."""

    def __init__(self, here: Here, demo: Demo) -> None:
        self._here, self._demo = here, demo

    def routes(self) -> list[BaseRoute]:
        return [
            ROOM.assets.route(),
            Route("/phones", self.page),
            Route("/phones/demo/cards", self.make_card, methods=["POST"]),
            Route("/phones/demo/cards/{serial}/change", self.change_card, methods=["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        with_demo = self._here.at_this_machine(request)
        return page(request, ROOM, "phones.html", policy=POLICY, home=self._here.public_url, with_demo=with_demo)

    def _may_play(self, request: Request) -> bool:
        """Our own page, in a browser of this machine."""
        return self._here.at_this_machine(request) and self._here.own_origin(request) is not None

    async def make_card(self, request: Request) -> Response:
        if not self._may_play(request):
            return _refused()
        try:
            card = await self._demo.make_card()
        except BillfoldError as problem:
            return _failed(problem)
        return JSONResponse({"serial": card.serial, "shareUrl": card.share_url}, 201)

    async def change_card(self, request: Request) -> Response:
        if not self._may_play(request):
            return _refused()
        try:
            notified = await self._demo.change_card(request.path_params["serial"])
        except BillfoldError as problem:
            return _failed(problem)
        return JSONResponse({"notified": notified})


def _refused() -> Response:
    return JSONResponse({"title": "The demo is for a page on this machine"}, 403)


def _failed(problem: BillfoldError) -> Response:
    return JSONResponse({"title": "The demo's card could not be made or changed", "type": type(problem).__name__}, 409)

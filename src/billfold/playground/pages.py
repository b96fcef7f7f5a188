"""`/studio/test/playground`, and the key that its requests carry. There is no such page of the live environment.

May not enter: operations, which the page reads from /openapi.json and asks as any program does."""

import json
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from billfold.domain.ids import Environment
from billfold.flows import playground
from billfold.phones_page.pages import ROOM as PHONES
from billfold.studio.desk import HOME, Desk, Visit
from billfold.studio.desk import ROOM as STUDIO
from billfold.web.pages import SHARED, PageRoom
from billfold.web.policy import STRICT

ROOM = PageRoom("playground", Path(__file__).parent, within=STUDIO, beside=(PHONES,))
PLACE = f"{HOME}/{Environment.TEST}/playground"
POLICY = STRICT.allowing(script_src="'wasm-unsafe-eval'")
"""The phones draw codes by a WebAssembly module of ours."""
_OF_A_COUPON = ("loyaltySend", "loyaltyLink")
"""Operations whose examples need a coupon that is there."""
PHONE_STYLES = ("tokens.css", "base.css")


def create_routes(desk: Desk, *, phones: bool) -> list[Route]:
    """`phones`: whether there are stand-ins, which the phones of the page live by."""

    async def show(visit: Visit) -> Response:
        module = PHONES.assets.address("view/panel.js") if phones else ""
        styles = [*map(SHARED.address, PHONE_STYLES), PHONES.assets.address("phones.css")]
        known = json.dumps(dict.fromkeys(_OF_A_COUPON, await playground.coupon(visit.services, visit.signed_in)))
        return visit.show("playground.html", room=ROOM, policy=POLICY, phones=module, styles=" ".join(styles), known=known)

    return [
        ROOM.assets.route(),
        Route("/playground", to_page),
        Route(PLACE, desk.inside(show), methods=["GET"]),
        Route(f"{PLACE}/key", desk.inside(lend), methods=["POST"]),
        Route(f"{HOME}/{{environment}}/playground", desk.inside(refuse), methods=["GET"]),
    ]


async def to_page(_request: Request) -> Response:
    return RedirectResponse(PLACE, 302)


async def lend(visit: Visit) -> Response:
    """A key for the page's requests, shown once to the page."""
    lent = await playground.lend_key(visit.services, visit.signed_in)
    left_ms = (lent.key.expires_at_ms or 0) - lent.key.created_at_ms
    return JSONResponse({"key": lent.text, "lasts_ms": left_ms}, headers={"Cache-Control": "no-store"})


async def refuse(visit: Visit) -> Response:
    """Whatever is no test environment."""
    return visit.show("not_live.html", room=ROOM, status=403, place=PLACE)

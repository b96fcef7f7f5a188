"""The Designer's three pages: all designs, how to begin one, the editor of one. What they show is asked of `/v1` in the browser.

May not enter: decisions about templates."""

from pathlib import Path

from starlette.responses import Response
from starlette.routing import Route

from billfold.domain.keys import authorize
from billfold.flows import templates
from billfold.studio.desk import HOME, Desk, Visit
from billfold.studio.desk import ROOM as STUDIO
from billfold.web.pages import PageRoom
from billfold.web.policy import STRICT

ROOM = PageRoom("designer", Path(__file__).parent, within=STUDIO)
BASE = f"{HOME}/{{environment}}/designs"


def create_routes(desk: Desk) -> list[Route]:
    return [
        ROOM.assets.route(),
        Route(BASE, desk.inside(designs)),
        Route(f"{BASE}/new", desk.inside(begin)),
        Route(f"{BASE}/{{template_id}}", desk.inside(editor)),
    ]


async def designs(visit: Visit) -> Response:
    authorize(visit.actor, "templates.list")
    return visit.show("designs.html", room=ROOM, which="list", writes=visit.may("templates.create"))


async def begin(visit: Visit) -> Response:
    authorize(visit.actor, "templates.create")
    return visit.show("designs.html", room=ROOM, which="new", writes=True)


async def editor(visit: Visit) -> Response:
    """Raises NotFound, WrongScope, Forbidden."""
    found = await templates.find(visit.services, visit.actor, visit.request.path_params["template_id"])
    policy = STRICT.allowing("geolocation")
    return visit.show(
        "editor.html",
        room=ROOM,
        policy=policy,
        design=found,
        writes=visit.may("templates.draft"),
        issues=visit.may("passes.create"),
    )

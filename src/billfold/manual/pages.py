"""`/docs`: all documents, one document, their pictures; `/studio/<environment>/going-live`: what a live environment still lacks.

May not enter: what is checked (given), the documents' texts."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from billfold.domain.keys import authorize
from billfold.manual import library
from billfold.studio.desk import HOME, Desk, Visit
from billfold.studio.desk import ROOM as STUDIO
from billfold.web.pages import PageRoom, page

ROOM = PageRoom("manual", Path(__file__).parent, within=STUDIO)


@dataclass(frozen=True)
class Finding:
    """One row of the checklist. `state`: good, note or bad. `mend`: what to do, "" when good."""

    what: str
    state: str
    finding: str
    mend: str = ""


Examine = Callable[[str], Awaitable[Sequence[Finding]]]
"""Workspace → what was looked at: the machine, the database, its credentials."""


def create_routes(desk: Desk, examine: Examine) -> list[Route]:
    async def checklist(visit: Visit) -> Response:
        authorize(visit.actor, "keys.list")
        found = await examine(visit.actor.scope.workspace)
        return visit.show("checklist.html", room=ROOM, found=found, bad=sum(one.state == "bad" for one in found))

    return [
        ROOM.assets.route(),
        Route(library.ADDRESS, everything),
        Route(f"{library.ADDRESS}/images/{{name}}", picture),
        *(Route(f"{library.ADDRESS}/{name}", document) for name in library.names() if name != "problems"),
        Route(f"{HOME}/{{environment}}/going-live", desk.inside(checklist)),
    ]


async def everything(request: Request) -> Response:
    return page(request, ROOM, "docs.html", groups=library.groups(), index=_index())


async def document(request: Request) -> Response:
    shown = library.find(request.url.path.removeprefix(f"{library.ADDRESS}/"))
    assert shown is not None, "a route for each document"
    return page(request, ROOM, "document.html", groups=library.groups(), document=shown)


async def picture(request: Request) -> Response:
    found = library.picture(request.path_params["name"])
    if found is None:
        return PlainTextResponse("no such picture", 404)
    return FileResponse(found, headers={"Cache-Control": "public, max-age=86400"})


def _index() -> list[dict[str, str]]:
    """What the search looks through."""
    shown = [one for _, group in library.groups() for one in group]
    return [
        {"text": heading.text, "page": one.title, "to": f"{library.ADDRESS}/{one.name}#{heading.anchor}"}
        for one in shown
        for heading in one.headings
    ]

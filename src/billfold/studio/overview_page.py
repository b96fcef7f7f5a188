"""The first page of the console: real figures of this workspace and environment. May not enter: how they are counted."""

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from billfold.domain.people import COUNTED_MAX
from billfold.flows import overview
from billfold.studio.desk import HOME, Desk, Visit
from billfold.studio.words import ago, moment


def routes(desk: Desk) -> list[Route]:
    async def home(visit: Visit) -> Response:
        return RedirectResponse(f"{HOME}/{visit.environment}", 303)

    return [Route(HOME, desk.inside(home)), Route(f"{HOME}/{{environment}}", desk.inside(show))]


async def show(visit: Visit) -> Response:
    found = await overview.look(visit.services, visit.actor)
    now = visit.services.clock.now_ms()
    rows = [(one, ago(one.at_ms, now), moment(one.at_ms)) for one in found.events]
    return visit.show("overview.html", figures=found, count=_count, events=rows)


def _count(number: int) -> str:
    return f"{COUNTED_MAX:,}+" if number > COUNTED_MAX else f"{number:,}"

"""The rooms that people look at, put beside the API by the server. A new room of pages is one line here (docs/pages.md).

May not enter: routes, which are each room's own."""

from collections.abc import Sequence
from importlib import import_module

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from billfold import bootstrap
from billfold.bootstrap import Parts
from billfold.cli import checkup
from billfold.designer import pages as designer
from billfold.domain.ids import TemplateId
from billfold.manual import pages as manual
from billfold.manual.pages import Finding
from billfold.phones_page.demo import Demo
from billfold.phones_page.pages import PhonesPage
from billfold.playground import pages as playground
from billfold.ports import Services
from billfold.records import pages as records
from billfold.scanner import pages as scanner
from billfold.settings import Settings
from billfold.starters import catalogue
from billfold.studio.api_door import ApiDoor
from billfold.studio.desk import Desk
from billfold.studio.routes import create_routes as create_studio
from billfold.studio.routes import open_desk
from billfold.web.here import Here, is_loopback

STAMP_CARD = "cafe-stamps"


def page_routes(parts: Parts, native: ASGIApp) -> list[BaseRoute]:
    """Pages and static files of every room; those that all pages share are mounted by the application itself. `native`: `/v1`."""
    desk = desk_of(parts.services, parts.settings)
    rooms: list[BaseRoute] = [*scanner.create_routes(parts.services), *_phones(parts)]
    rooms += [ApiDoor(desk, native).route(), *records.create_routes(desk), *_manual(desk, parts)]
    for room in (designer, playground):
        rooms += room.create_routes(desk, phones=parts.sandbox is not None)
    return [*rooms, *create_studio(desk, elsewhere=[str(getattr(one, "path", "")) for one in rooms])]


def desk_of(services: Services, settings: Settings) -> Desk:
    """The console's front desk."""
    return open_desk(services, door=_door(settings), demo_workspace=bootstrap.DEMO_WORKSPACE)


def _door(settings: Settings) -> bool:
    """Whether the demo opens by itself: on a server that this machine alone can reach."""
    return settings.demo_door and is_loopback(settings.host) and not settings.trusted_proxies


def _manual(desk: Desk, parts: Parts) -> Sequence[BaseRoute]:
    async def examine(workspace: str) -> list[Finding]:
        found = await checkup.examine(parts.settings, parts, workspace)
        return [Finding(one.what, one.state, one.finding, one.mend) for one in found]

    return manual.create_routes(desk, examine)


def _phones(parts: Parts) -> Sequence[BaseRoute]:
    """Phones live by the stand-ins; without these there is no page."""
    if parts.sandbox is None:
        return []

    async def find_template() -> TemplateId:
        name = catalogue.load(STAMP_CARD).title["en"]
        templates = await parts.store.read(lambda tx: tx.templates.list(bootstrap.DEMO, None, 100))
        found = next((one for one in templates if one.name == name and one.revision and one.archived_at_ms is None), None)
        return (found or await import_module("billfold.cli.starters").make_template(parts.services, bootstrap.DEMO, STAMP_CARD)).id

    here = Here(parts.settings.public_url, _door(parts.settings))
    return PhonesPage(here, Demo(parts.services, bootstrap.DEMO, find_template)).routes()

"""The rooms that people look at, put beside the API by the server. A new room of pages is one line here (docs/pages.md).

May not enter: routes, which are each room's own."""

from collections.abc import Sequence
from importlib import import_module

from starlette.routing import BaseRoute

from billfold import bootstrap
from billfold.bootstrap import Parts
from billfold.domain.ids import TemplateId
from billfold.phones_page.demo import Demo
from billfold.phones_page.pages import PhonesPage
from billfold.ports import Services
from billfold.scanner import pages as scanner
from billfold.settings import Settings
from billfold.starters import catalogue
from billfold.studio.routes import create_routes as create_studio
from billfold.web.here import Here, is_loopback

STAMP_CARD = "cafe-stamps"
ELSEWHERE = ("/docs",)
"""Pages of the API's own room that the console's navigation leads to."""


def page_routes(parts: Parts) -> list[BaseRoute]:
    """Pages and static files of every room; those that all pages share are mounted by the application itself."""
    rooms = [*scanner.create_routes(parts.services), *_phones(parts)]
    return [*rooms, *studio_routes(parts.services, parts.settings, rooms)]


def studio_routes(services: Services, settings: Settings, rooms: Sequence[BaseRoute] = ()) -> list[BaseRoute]:
    """The console, whose navigation leads to the other `rooms`."""
    elsewhere = [*ELSEWHERE, *(str(getattr(one, "path", "")) for one in rooms)]
    return create_studio(services, door=_door(settings), demo_workspace=bootstrap.DEMO_WORKSPACE, elsewhere=elsewhere)


def _door(settings: Settings) -> bool:
    """Whether the demo opens by itself: on a server that this machine alone can reach."""
    return settings.demo_door and is_loopback(settings.host) and not settings.trusted_proxies


def _phones(parts: Parts) -> list[BaseRoute]:
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

"""The rooms that people look at, put beside the API by the server. A new room of pages is one line here (docs/pages.md).

May not enter: routes, which are each room's own."""

from importlib import import_module

from starlette.routing import BaseRoute

from billfold import bootstrap
from billfold.bootstrap import Parts
from billfold.domain.ids import TemplateId
from billfold.phones_page.demo import Demo
from billfold.phones_page.local import is_loopback
from billfold.phones_page.pages import PhonesPage
from billfold.scanner import pages as scanner
from billfold.starters import catalogue

STAMP_CARD = "cafe-stamps"


def page_routes(parts: Parts) -> list[BaseRoute]:
    """Pages and static files of every room; those that all pages share are mounted by the application itself."""
    return [*scanner.create_routes(parts.services), *_phones(parts)]


def _phones(parts: Parts) -> list[BaseRoute]:
    """Phones live by the stand-ins; without these there is no page. Its demo is for a server that this machine alone can reach."""
    if parts.sandbox is None:
        return []

    async def find_template() -> TemplateId:
        name = catalogue.load(STAMP_CARD).title["en"]
        templates = await parts.store.read(lambda tx: tx.templates.list(bootstrap.DEMO, None, 100))
        found = next((one for one in templates if one.name == name and one.revision and one.archived_at_ms is None), None)
        return (found or await import_module("billfold.cli.starters").make_template(parts.services, bootstrap.DEMO, STAMP_CARD)).id

    demo = Demo(parts.services, bootstrap.DEMO, find_template) if is_loopback(parts.settings.host) else None
    return PhonesPage(parts.settings.public_url, demo).routes()

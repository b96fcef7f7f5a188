"""The rooms that people look at, put beside the API by the server. A new room of pages is one line here (docs/pages.md).

May not enter: routes, which are each room's own."""

from starlette.routing import BaseRoute

from billfold.ports import Services
from billfold.scanner import pages as scanner


def page_routes(services: Services) -> list[BaseRoute]:
    """Pages and static files of every room; those that all pages share are mounted by the application itself."""
    return [*scanner.create_routes(services)]

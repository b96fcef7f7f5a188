"""Every route of the console, put together. May not enter: what a page does."""

from collections.abc import Iterable

from starlette.routing import BaseRoute

from billfold.ports import Services
from billfold.studio import overview_page
from billfold.studio.account_pages import AccountPages
from billfold.studio.desk import ROOM, Desk
from billfold.studio.key_pages import KeyPages
from billfold.studio.navigation import present
from billfold.studio.people_pages import PeoplePages
from billfold.studio.sign_in_pages import SignInPages
from billfold.web.here import Here


def open_desk(services: Services, *, door: bool, demo_workspace: str) -> Desk:
    """`door`: whether the demo workspace opens by itself on this machine."""
    return Desk(services, Here(services.addresses.public_url, door), demo_workspace, ())


def create_routes(desk: Desk, *, elsewhere: Iterable[str] = ()) -> list[BaseRoute]:
    """`elsewhere`: paths of pages of other rooms, to which the navigation leads."""
    pages = (SignInPages(desk), AccountPages(desk), PeoplePages(desk), KeyPages(desk))
    made = [*(route for one in pages for route in one.routes()), *overview_page.routes(desk)]
    desk.entries = present([*(one.path for one in made), *elsewhere])
    return [ROOM.assets.route(), *made]

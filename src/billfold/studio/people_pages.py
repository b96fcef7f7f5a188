"""The page about everybody of the workspace. One's own account is account_pages.py's. May not enter: who may do what."""

from starlette.responses import Response
from starlette.routing import Route

from billfold.domain.keys import ROLES
from billfold.domain.people import Session
from billfold.flows import people
from billfold.studio.desk import HOME, Desk, Visit
from billfold.studio.words import ago, device


class PeoplePages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        inside, here = self._desk.inside, f"{HOME}/{{environment}}"
        posts = {
            "people/invite": self.invite,
            "people/role": self.role,
            "people/remove": self.remove,
            "people/withdraw": self.withdraw,
            "people/end": self.end,
        }
        return [
            Route(f"{here}/people", inside(self.people), methods=["GET"]),
            *(Route(f"{here}/{path}", inside(answer), methods=["POST"]) for path, answer in posts.items()),
        ]

    async def people(self, visit: Visit, link: str = "") -> Response:
        crew = await people.crew(visit.services, visit.actor)
        now = visit.services.clock.now_ms()
        rows = [(one, sessions_of(visit, [each for each in crew.sessions if each.person_id == one.id])) for one in crew.people]
        return visit.show("people.html", rows=rows, invitations=crew.invitations, roles=list(ROLES), link=link, ago=ago, now=now)

    async def invite(self, visit: Visit) -> Response:
        token = await people.invite(visit.services, visit.actor, visit.given("email"), visit.given("role"))
        return await self.people(visit, f"{self._desk.here.public_url}{HOME}/join/{token}")

    async def role(self, visit: Visit) -> Response:
        await people.change_role(visit.services, visit.actor, visit.given("person"), visit.given("role"))
        return visit.go("/people")

    async def remove(self, visit: Visit) -> Response:
        await people.remove(visit.services, visit.actor, visit.given("person"))
        return visit.go("/people")

    async def withdraw(self, visit: Visit) -> Response:
        await people.withdraw(visit.services, visit.actor, visit.given("invitation"))
        return visit.go("/people")

    async def end(self, visit: Visit) -> Response:
        await people.end_sessions(visit.services, visit.actor, visit.given("person"), visit.given("session") or None)
        return visit.go("/people")


def sessions_of(visit: Visit, found: list[Session]) -> list[tuple[Session, str, bool]]:
    """(session, the browser in words, whether it is this one)."""
    return [(one, device(one.agent), one.id == visit.signed_in.session.id) for one in found]

"""The pages about people: everybody of the workspace, and one's own account. May not enter: who may do what."""

from starlette.responses import Response
from starlette.routing import Route

from billfold.domain.keys import ROLES
from billfold.domain.people import Session
from billfold.flows import people
from billfold.studio.desk import HOME, Desk, Visit
from billfold.studio.sign_in_pages import add_passkey, json_of
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
            "account/end": self.end_own,
            "account/passkey": self.passkey,
        }
        return [
            Route(f"{here}/people", inside(self.people), methods=["GET"]),
            Route(f"{here}/account", inside(self.account), methods=["GET"]),
            *(Route(f"{here}/{path}", inside(answer), methods=["POST"]) for path, answer in posts.items()),
        ]

    async def people(self, visit: Visit, link: str = "") -> Response:
        crew = await people.crew(visit.services, visit.actor)
        now = visit.services.clock.now_ms()
        rows = [(one, self._sessions(visit, [each for each in crew.sessions if each.person_id == one.id])) for one in crew.people]
        return visit.show("people.html", rows=rows, invitations=crew.invitations, roles=list(ROLES), link=link, ago=ago, now=now)

    def _sessions(self, visit: Visit, found: list[Session]) -> list[tuple[Session, str, bool]]:
        return [(one, device(one.agent), one.id == visit.signed_in.session.id) for one in found]

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

    async def account(self, visit: Visit) -> Response:
        me, now = visit.signed_in.person, visit.services.clock.now_ms()
        found = await visit.services.store.read(
            lambda tx: (
                tx.people.passkeys(me.workspace, me.id),
                [one for one in tx.people.sessions(me.workspace) if one.person_id == me.id and one.alive(now)],
            )
        )
        return visit.show("account.html", passkeys=found[0], sessions=self._sessions(visit, found[1]), ago=ago, now=now)

    async def end_own(self, visit: Visit) -> Response:
        me = visit.signed_in.person
        await people.end_sessions(visit.services, visit.actor, me.id, visit.given("session") or None)
        return visit.go("/account")

    async def passkey(self, visit: Visit) -> Response:
        me = visit.signed_in.person
        known = await visit.services.store.read(lambda tx: tx.people.passkeys(me.workspace, me.id))
        return await add_passkey(visit, await json_of(visit.request), known)

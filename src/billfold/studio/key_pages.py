"""Access keys: make, see what they may in words, roll with an overlap, revoke. A key is shown once, on the answer that made it.

May not enter: what a key may do (domain/keys.py)."""

from starlette.responses import Response
from starlette.routing import Route

from billfold.domain.errors import FieldProblem, Invalid
from billfold.domain.keys import SCOPES
from billfold.domain.schedules import DAY_MS
from billfold.flows import keys
from billfold.studio.desk import HOME, Desk, Visit
from billfold.studio.words import ago, moment

OVERLAPS = {"1": DAY_MS, "7": 7 * DAY_MS, "0": 0}
"""Days that an old key works beside the new one."""


class KeyPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        inside, here = self._desk.inside, f"{HOME}/{{environment}}/keys"
        posts = {"make": self.make, "roll": self.roll, "revoke": self.revoke}
        return [
            Route(here, inside(self.keys), methods=["GET"]),
            *(Route(f"{here}/{path}", inside(answer), methods=["POST"]) for path, answer in posts.items()),
        ]

    async def keys(self, visit: Visit, fresh: keys.NewKey | None = None) -> Response:
        now = visit.services.clock.now_ms()
        found = [one for one in await keys.list_keys(visit.services, visit.actor) if one.revoked_at_ms is None]
        alive = [one for one in found if one.expires_at_ms is None or one.expires_at_ms > now]
        grants = {scope: words for scope, words in SCOPES.items() if scope in visit.actor.scopes}
        return visit.show("keys.html", keys=alive, scopes=SCOPES, grants=grants, fresh=fresh, ago=ago, now=now, moment=moment)

    async def make(self, visit: Visit) -> Response:
        name, scopes = " ".join(visit.given("name").split()), frozenset(visit.form.get("scope", ()))
        if not 1 <= len(name) <= 100:
            raise Invalid(FieldProblem("name", "wrong_length", "a name has 1 to 100 characters", "say what the key is for"))
        if not scopes:
            raise Invalid(FieldProblem("scopes", "none_chosen", "a key without a scope could do nothing", "choose at least one"))
        return await self.keys(visit, await keys.create(visit.services, visit.actor, name, scopes))

    async def roll(self, visit: Visit) -> Response:
        overlap = OVERLAPS.get(visit.given("overlap"), DAY_MS)
        return await self.keys(visit, await keys.roll(visit.services, visit.actor, visit.given("key"), overlap))

    async def revoke(self, visit: Visit) -> Response:
        await keys.revoke(visit.services, visit.actor, visit.given("key"))
        return visit.go("/keys")

"""A pass handed out by hand: which design, its values, and then the page of the new pass with its link, code and mail.

May not enter: whether the values are good (domain/templates.py says), SQL."""

from collections.abc import Mapping

from starlette.responses import Response

from billfold.domain.errors import Conflict, Invalid, NotFound, WrongScope
from billfold.domain.keys import authorize
from billfold.domain.passes import Template
from billfold.flows import issue, lists, templates
from billfold.records import values
from billfold.records.room import ROOM, asked, done, problems_of
from billfold.studio.desk import Visit

DESIGNS_OFFERED = 200


class HandOutPages:
    async def page(
        self, visit: Visit, typed: Mapping[str, str] | None = None, errors: dict[str, str] | None = None, status: int = 200
    ) -> Response:
        authorize(visit.actor, "passes.create")
        chosen = await self._chosen(visit)
        offered = await lists.templates(visit.services, visit.actor, None, DESIGNS_OFFERED)
        return visit.show(
            "pass_new.html",
            room=ROOM,
            status=status,
            chosen=chosen,
            designs=[(one.id, one.name) for one in offered.items if one.revision and one.archived_at_ms is None],
            lines=values.lines({}, chosen, None, typed or {}),
            errors=errors or {},
        )

    async def _chosen(self, visit: Visit) -> Template | None:
        """None where no design was chosen yet, or one that passes cannot be made of."""
        try:
            found = await templates.find(visit.services, visit.actor, visit.given("template") or asked(visit, "template"))
        except (NotFound, WrongScope):
            return None
        return found if found.revision and found.archived_at_ms is None else None

    async def make(self, visit: Visit) -> Response:
        """Raises Forbidden, Conflict, TooMany."""
        authorize(visit.actor, "passes.create")
        chosen, typed = await self._chosen(visit), values.typed_in(visit.form)
        if chosen is None:
            raise Conflict("no_design", "choose a design that is published")
        wanted = values.change_of({}, chosen, None, typed)
        try:
            made = await issue.store_from_template(visit.services, visit.actor, chosen.id, wanted)
        except Invalid as error:
            return await self.page(visit, typed, problems_of(error, "values."), 422)
        return done(visit, f"/passes/{made.pass_.id}", "issued")

"""Passes as a table, and one pass: how it looks, why its phones show what they show, values, statement, and what can be done to it.

May not enter: decisions, SQL."""

from starlette.responses import RedirectResponse, Response

from billfold.domain.errors import Invalid, NotFound, WrongScope
from billfold.domain.ledger import decimal_text
from billfold.flows import ledger_reads, lists, share, update
from billfold.flows.ledger_reads import Balance
from billfold.flows.records import one_pass, tables
from billfold.flows.records.reissue import reissue
from billfold.flows.records.tables import Wanted
from billfold.flows.scans import lists as scan_lists
from billfold.records import values
from billfold.records.room import ROOM, asked, done, problems_of, with_query
from billfold.records.words import ScanRow, happened, scan_row, state_of, tax
from billfold.snippets.link_code import link_svg
from billfold.snippets.making import snippets_of
from billfold.studio.desk import Visit
from billfold.studio.words import ago, moment

TEMPLATES_OFFERED = 100
POSTINGS_SHOWN = 25


class PassPages:
    async def table(self, visit: Visit) -> Response:
        wanted = Wanted(asked(visit, "q"), asked(visit, "template"), asked(visit, "state"))
        after, now = asked(visit, "after"), visit.services.clock.now_ms()
        try:
            page = await tables.passes(visit.services, visit.actor, wanted, after or None)
        except (NotFound, WrongScope):
            return RedirectResponse(visit.address("/passes"), 303)
        on = {"q": wanted.words, "template": wanted.template_id, "state": wanted.state}
        following = with_query(visit, "/passes", **on, after=page.items[-1].pass_.id) if page.more and not wanted.words else ""
        rows = [(one, state_of(one.pass_, one.card, now), ago(one.pass_.issued_at_ms, now)) for one in page.items]
        return visit.show(
            "passes.html",
            room=ROOM,
            rows=rows,
            wanted=wanted,
            more=page.more,
            following=following,
            first=with_query(visit, "/passes", **on) if after else "",
            templates=await self._templates(visit),
            moment=moment,
            issues=visit.may("passes.create"),
        )

    async def _templates(self, visit: Visit) -> list[tuple[str, str]]:
        if not visit.may("templates.list"):
            return []
        found = await lists.templates(visit.services, visit.actor, None, TEMPLATES_OFFERED)
        return [(one.id, one.name) for one in found.items]

    async def one(
        self, visit: Visit, typed: dict[str, str] | None = None, errors: dict[str, str] | None = None, status: int = 200
    ) -> Response:
        services, actor, serial = visit.services, visit.actor, self._serial(visit)
        found = await one_pass.look(services, actor, serial)
        now = services.clock.now_ms()
        snippets = await snippets_of(services, await share.to_hand_out(services, actor, serial))
        return visit.show(
            "pass.html",
            room=ROOM,
            status=status,
            found=found,
            title=found.template.name if found.template else found.content.description,
            state=state_of(found.pass_, found.card, now),
            snippets=snippets,
            qr=link_svg(snippets.links.page),
            lines=values.lines(found.pass_.values, found.template, found.card, typed or {}),
            errors=errors or {},
            books=await self._books(visit, serial),
            scans=await self._scans(visit, serial) if found.card else [],
            timeline=None if found.events is None else [happened(one) for one in found.events],
            once=services.entropy.event_id(),
            done=asked(visit, "done"),
            moment=moment,
            money=decimal_text,
            writes=visit.may("passes.replace"),
            reissues=found.template is not None and visit.may("passes.reissue") and (not found.card or visit.may("cards.change")),
            carries=visit.may("operations.create"),
        )

    def _serial(self, visit: Visit) -> str:
        return str(visit.request.path_params["serial"])

    async def _books(self, visit: Visit, serial: str) -> list[tuple[Balance, list[dict[str, object]]]]:
        """Each balance with its last postings; nothing for whoever may not see them."""
        if not visit.may("operations.read"):
            return []
        books = []
        for balance in await ledger_reads.balances(visit.services, visit.actor, serial):
            unit = balance.account.key.unit
            rows = await ledger_reads.statement(visit.services, visit.actor, serial, unit, None, POSTINGS_SHOWN)
            shown: list[dict[str, object]] = [
                {
                    "at": moment(one.posting.at_ms),
                    "kind": one.posting.kind.value,
                    "amount": decimal_text(one.posting.amount, unit),
                    "balance": decimal_text(one.posting.balance, unit),
                    "vat": tax(one.vat),
                    "operation": one.posting.operation,
                }
                for one in rows
            ]
            books.append((balance, shown))
        return books

    async def _scans(self, visit: Visit, serial: str) -> list[ScanRow]:
        """The last scans of a card; nothing for whoever may not see them."""
        if not visit.may("scans.list"):
            return []
        return [scan_row(one) for one in await scan_lists.history(visit.services, visit.actor, serial, None, POSTINGS_SHOWN)]

    # --- what can be done

    async def change(self, visit: Visit) -> Response:
        serial = self._serial(visit)
        found = await one_pass.look(visit.services, visit.actor, serial)
        known = await update.find_pass(visit.services, visit.actor, serial, "passes.replace")
        if found.template is None:
            raise NotFound("template")
        typed = values.typed_in(visit.form)
        wanted = values.change_of(known.values, found.template, found.card, typed)
        try:
            updated = await update.merge_values(visit.services, visit.actor, known, wanted)
        except Invalid as error:
            return await self.one(visit, typed, problems_of(error, "values."), 422)
        return done(visit, f"/passes/{serial}", "unchanged" if updated.unchanged else "changed")

    async def void(self, visit: Visit) -> Response:
        serial = self._serial(visit)
        await update.void_pass(visit.services, visit.actor, serial)
        return done(visit, f"/passes/{serial}", "void")

    async def reissue(self, visit: Visit) -> Response:
        new = await reissue(visit.services, visit.actor, self._serial(visit), carry=visit.given("carry") == "yes")
        return done(visit, f"/passes/{new}", "reissued")

    async def send(self, visit: Visit) -> Response:
        serial = self._serial(visit)
        await one_pass.send_link(visit.services, visit.actor, serial, visit.given("to"), visit.given("once"))
        return done(visit, f"/passes/{serial}", "sent")

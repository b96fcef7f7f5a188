"""Members as a table, a new one, and one with cards, attributes and mails. May not enter: decisions, SQL."""

import re
from collections.abc import Mapping

from starlette.responses import RedirectResponse, Response

from billfold.domain.errors import Conflict, FieldProblem, Invalid
from billfold.domain.loyalty import Member
from billfold.domain.mail import StoredMail
from billfold.flows import mail_lists
from billfold.flows.loyalty import cards, catalogue, members
from billfold.flows.loyalty.members import MemberAsked
from billfold.loyalty_ports import CardFilter
from billfold.records.room import ROOM, asked, done, problems_of, with_query
from billfold.records.words import state_word
from billfold.studio.desk import Visit
from billfold.studio.words import ago, moment

PAGE, CARDS_SHOWN, MAILS_OF_EACH = 50, 50, 3
BRANDS_OFFERED = 100
ATTRIBUTES_SHOWN, SPARE_LINES = 15, 3
ATTRIBUTE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}\Z")


class MemberPages:
    async def table(self, visit: Visit) -> Response:
        words, after, now = asked(visit, "q"), asked(visit, "after"), visit.services.clock.now_ms()
        page = await members.search(visit.services, visit.actor, words, after or None, PAGE)
        following = with_query(visit, "/members", q=words, after=page.items[-1].id) if page.more else ""
        first = with_query(visit, "/members", q=words) if after else ""
        rows = [(one, ago(one.created_at_ms, now)) for one in page.items]
        writes = visit.may("members.write")
        return visit.show(
            "members.html",
            room=ROOM,
            rows=rows,
            words=words,
            following=following,
            first=first,
            writes=writes,
            done=asked(visit, "done"),
        )

    async def new(
        self, visit: Visit, typed: Mapping[str, str] | None = None, errors: dict[str, str] | None = None, status: int = 200
    ) -> Response:
        found = await catalogue.list_brands(visit.services, visit.actor, None, BRANDS_OFFERED)
        brands = [(one.id, one.name) for one in found.items]
        return visit.show("member_new.html", room=ROOM, status=status, brands=brands, typed=typed or {}, errors=errors or {})

    async def add(self, visit: Visit) -> Response:
        wanted = MemberAsked(visit.given("email").strip(), _name(visit), visit.given("external_id").strip()[:200] or None)
        try:
            made = await members.create(visit.services, visit.actor, visit.given("brand"), wanted)
        except Invalid as error:
            return await self.new(visit, _typed(visit), problems_of(error), 422)
        except Conflict as error:
            return await self.new(visit, _typed(visit), {"email": str(error)}, 409)
        return done(visit, f"/members/{made.id}", "added")

    async def one(
        self, visit: Visit, typed: Mapping[str, str] | None = None, errors: dict[str, str] | None = None, status: int = 200
    ) -> Response:
        services, actor, now = visit.services, visit.actor, visit.services.clock.now_ms()
        member = await members.find(services, actor, self._id(visit))
        held = []
        if visit.may("cards.read"):
            page = await cards.list_cards(services, actor, CardFilter(member_id=member.id), None, CARDS_SHOWN)
            titles = await self._titles(visit, {one.programme_id for one in page.items})
            held = [(one, one.title or titles.get(one.programme_id, one.code), state_word(one, now)) for one in page.items]
        mails: list[StoredMail] = []
        if visit.may("mail.list"):
            mails = await mail_lists.of_passes(services, actor, [card.pass_id for card, _, _ in held], MAILS_OF_EACH)
        shown = [(name, str(value)) for name, value in member.attributes.items()][:ATTRIBUTES_SHOWN]
        return visit.show(
            "member.html",
            room=ROOM,
            status=status,
            member=member,
            typed=typed or {"email": member.email, "name": member.name, "external_id": member.external_id or ""},
            attributes=shown + [("", "")] * min(SPARE_LINES, ATTRIBUTES_SHOWN - len(shown)),
            cards=held,
            mails=mails,
            errors=errors or {},
            done=asked(visit, "done"),
            moment=moment,
            writes=visit.may("members.write"),
            erases=visit.may("members.erase"),
        )

    async def _titles(self, visit: Visit, programmes: set[str]) -> dict[str, str]:
        if not visit.may("programmes.read"):
            return {}
        return {id_: (await catalogue.find_programme(visit.services, visit.actor, id_)).title for id_ in programmes}

    def _id(self, visit: Visit) -> str:
        return str(visit.request.path_params["member"])

    async def change(self, visit: Visit) -> Response:
        member = await members.find(visit.services, visit.actor, self._id(visit))
        try:
            await members.replace_member(visit.services, visit.actor, member.id, _wanted(visit, member))
        except Invalid as error:
            return await self.one(visit, _typed(visit), problems_of(error), 422)
        except Conflict as error:
            return await self.one(visit, _typed(visit), {"email": str(error)}, 409)
        return done(visit, f"/members/{member.id}", "changed")

    async def erase(self, visit: Visit) -> Response:
        """Not without the box that says so, since nothing brings a person back."""
        if visit.given("sure") != "yes":
            return await self.one(visit, errors={"sure": "unchecked"}, status=422)
        await members.erase(visit.services, visit.actor, self._id(visit))
        return RedirectResponse(with_query(visit, "/members", done="erased"), 303)


def _wanted(visit: Visit, member: Member) -> MemberAsked:
    external_id, unsubscribed = visit.given("external_id").strip()[:200] or None, visit.given("unsubscribed") == "yes"
    attributes = _attributes(visit, member)
    return MemberAsked(visit.given("email").strip(), _name(visit), external_id, member.language, attributes, unsubscribed)


def _name(visit: Visit) -> str:
    return " ".join(visit.given("name").split())[:200]


def _typed(visit: Visit) -> dict[str, str]:
    return {name: visit.given(name) for name in ("brand", "email", "name", "external_id")}


def _attributes(visit: Visit, member: Member) -> dict[str, str | int]:
    """As typed, in order, and those that the page had no line for; a number stays one where it was one. Raises Invalid."""
    names, texts = visit.form.get("attribute", []), visit.form.get("is", [])
    found: dict[str, str | int] = {}
    for name, text in zip((one.strip() for one in names), (one.strip()[:500] for one in texts), strict=False):
        if not name:
            continue
        if not ATTRIBUTE_NAME.match(name):
            mend = "begin with a letter, and use letters, digits and _"
            raise Invalid(FieldProblem("attributes", "odd_name", "the name of an attribute has odd characters", mend))
        number = isinstance(member.attributes.get(name), int) and text.lstrip("-").isdecimal() and text.isascii()
        found[name] = int(text) if number else text
    return found | dict(list(member.attributes.items())[ATTRIBUTES_SHOWN:])

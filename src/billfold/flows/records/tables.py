"""Passes as a table: the newest, those of a template, void ones, or those that some words find. Each page reads a bounded stretch.

May not enter: HTTP, cursors' form, how rows look."""

from dataclasses import dataclass

from billfold.domain.errors import NotFound, WrongScope
from billfold.domain.ids import PassId, Scope, TemplateId, scope_of_pass, scope_of_template
from billfold.domain.keys import Actor, authorize
from billfold.domain.loyalty import Card, Member
from billfold.domain.passes import Pass
from billfold.flows.lists import Page
from billfold.ports import Services, Tx

PAGE = 50
FOUND_MAX = 50
"""What a search gives at most: whoever sees more than that asks more exactly."""
MEMBERS_LOOKED_THROUGH, CARDS_OF_EACH = 20, 20
VOID = "void"


@dataclass(frozen=True, slots=True)
class Wanted:
    """`words`: an id, a link, a code, the beginning of a name or an address; the rest does not count then. `state`: "" or VOID."""

    words: str = ""
    template_id: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One pass of a table. `title`: of its template, else what it says it is. `card`, `member`: None too where the actor may not
    see them."""

    pass_: Pass
    title: str
    card: Card | None = None
    member: Member | None = None


async def passes(services: Services, actor: Actor, wanted: Wanted, after: str | None) -> Page[Line]:
    """Newest first; those of a template and void ones by id. `after`: the id of the last one seen. Raises NotFound, WrongScope,
    Forbidden."""
    authorize(actor, "passes.list")
    words = wanted.words.replace("\0", " ").strip()

    def read(tx: Tx) -> Page[Line]:
        found = _sought(tx, actor, words, FOUND_MAX + 1) if words else _page(tx, actor, wanted, after, PAGE + 1)
        most = FOUND_MAX if words else PAGE
        return Page(_lines(tx, actor, found[:most]), len(found) > most)

    return await services.store.read(read)


def _page(tx: Tx, actor: Actor, wanted: Wanted, after: str | None, limit: int) -> list[Pass]:
    scope = actor.scope
    template = TemplateId(wanted.template_id) if wanted.template_id else None
    if template and (named := scope_of_template(template)) != scope:
        raise WrongScope("template") if named else NotFound("template")
    if wanted.state == VOID:
        return tx.records.void(scope, after or "", limit, template)
    if template:
        return tx.passes.list(scope, after, limit, template)
    return tx.records.newest(scope, tx.passes.find(scope, PassId(after)) if after else None, limit)


def _sought(tx: Tx, actor: Actor, words: str, limit: int) -> list[Pass]:
    """Whatever may name a pass. What the actor may not see finds nothing."""
    scope = actor.scope
    last = words.partition("?")[0].rstrip("/").rpartition("/")[2]
    if scope_of_pass(last) is not None:
        exact = tx.passes.find(scope, PassId(last)) if scope_of_pass(last) == scope else None
        return [exact] if exact else []
    if "cards:read" not in actor.scopes:
        return []
    cards = tx.cards.by_code(scope, words, limit)
    if "members:read" in actor.scopes and len(words) > 1:
        cards += _of_members(tx, scope, tx.members.search(scope, words, None, MEMBERS_LOOKED_THROUGH))
    ids = list(dict.fromkeys(one.pass_id for one in cards))[:limit]
    known = tx.passes.find_all(scope, ids)
    return [known[one] for one in ids if one in known]


def _of_members(tx: Tx, scope: Scope, found: list[Member]) -> list[Card]:
    """The cards of each in the order of the members, so many of each at most."""
    held: dict[str | None, list[Card]] = {one.id: [] for one in found}
    for card in tx.cards.of_members(scope, [one.id for one in found], CARDS_OF_EACH):
        held[card.member_id].append(card)
    return [card for cards in held.values() for card in cards]


def _lines(tx: Tx, actor: Actor, found: list[Pass]) -> list[Line]:
    """One statement for all cards and one for all members, however many rows a page has."""
    names = {one: _name(tx, actor, one) for one in {one.template_id for one in found if one.template_id}}
    cards = tx.cards.find_all(actor.scope, [one.id for one in found]) if "cards:read" in actor.scopes else {}
    named = {one.member_id for one in cards.values() if one.member_id is not None}
    members = tx.members.find_all(actor.scope, named) if "members:read" in actor.scopes else {}
    lines = []
    for one in found:
        title = names[one.template_id] if one.template_id else one.content.description if one.content else ""
        card = cards.get(one.id)
        lines.append(Line(one, title, card, members.get(card.member_id) if card and card.member_id else None))
    return lines


def _name(tx: Tx, actor: Actor, template_id: TemplateId) -> str:
    template = tx.templates.find(actor.scope, template_id)
    return template.name if template else template_id


def holder(tx: Tx, actor: Actor, pass_id: PassId) -> tuple[Card | None, Member | None]:
    """The card that the pass is, and whose, as far as the actor may see."""
    card = tx.cards.find(actor.scope, pass_id) if "cards:read" in actor.scopes else None
    if card is None or card.member_id is None or "members:read" not in actor.scopes:
        return card, None
    return card, tx.members.find(actor.scope, card.member_id)

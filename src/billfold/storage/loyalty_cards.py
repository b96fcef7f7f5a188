"""Cards: rows in, values out; found by code, member, programme, brand, status and batch however many there are.

May not enter: what a card shows, whether it may be charged."""

from collections.abc import Collection, Iterable
from functools import cache

from sqlalchemy import ColumnElement, FromClause, Table, and_, select, text, update

from billfold.domain.ids import PassId, Scope
from billfold.domain.loyalty import Card, CardStatus
from billfold.loyalty_ports import CardFacts, CardFilter
from billfold.storage.forms import FLAG, Form, Kept, choice, degrees
from billfold.storage.loyalty import BRAND, PROGRAMME
from billfold.storage.loyalty_members import MEMBER
from billfold.storage.loyalty_schema import TO_EXPIRE, TO_REMIND, brand, card, member, programme
from billfold.storage.schema import pass_
from billfold.storage.statements import Statement, among, first_of_every, keys_of, literal, number, own, string

CARD = Form(
    card,
    Card,
    {
        "status": choice(CardStatus),
        "latitude": degrees("latitude_e6"),
        "longitude": degrees("longitude_e6"),
        "demo": FLAG,
        "historical": FLAG,
    },
    key="pass_id",
)
_THERE = card.c.removed_at_ms.is_(None)
_GOOD = (card.c.expires_at_ms.is_(None) | (card.c.expires_at_ms > number("at_ms"))) & (
    card.c.starts_at_ms.is_(None) | (card.c.starts_at_ms <= number("at_ms"))
)


def _of_card(table: Table, column: ColumnElement[str]) -> ColumnElement[bool]:
    """The one row of another table that a column of the card names. By its key alone, not by a join: without statistics a planner
    may join by workspace and environment alone."""
    return own(table) & among(table.c.id, select(column).where(own(card), card.c.pass_id == string("key")))


FACTS = Statement(
    select(*CARD.columns, *PROGRAMME.columns, *BRAND.columns, *MEMBER.columns, pass_.c.voided)
    .select_from(pass_)
    .join(card, own(card) & (card.c.pass_id == string("key")))
    .join(programme, _of_card(programme, card.c.programme_id))
    .join(brand, _of_card(brand, card.c.brand_id))
    .outerjoin(member, _of_card(member, card.c.member_id))
    .where(own(pass_), pass_.c.id == string("key"))
)
_CARD = slice(0, len(CARD.columns))
_PROGRAMME = slice(_CARD.stop, _CARD.stop + len(PROGRAMME.columns))
_BRAND = slice(_PROGRAMME.stop, _PROGRAMME.stop + len(BRAND.columns))
_MEMBER = slice(_BRAND.stop, _BRAND.stop + len(MEMBER.columns))
BY_ID = Statement(select(*CARD.columns).where(own(card), _THERE, card.c.pass_id == string("code")))
BY_CODE = Statement(
    CARD.found(lambda listed: listed.c.code == string("code"))
    .where(_THERE)
    .order_by(card.c.created_at_ms.desc(), card.c.pass_id)
    .limit(number("limit"))
)
OF_MEMBERS = first_of_every(select(*CARD.columns).where(own(card), _THERE), card.c.member_id, card.c.pass_id)
TO_REMIND_NOW = Statement(
    select(*CARD.columns)
    .where(own(card), text(TO_REMIND), card.c.reminder_at_ms <= number("at_ms"), _GOOD)
    .order_by(card.c.reminder_at_ms)
    .limit(number("limit"))
)
TO_EXPIRE_NOW = Statement(
    select(*CARD.columns)
    .where(own(card), text(TO_EXPIRE), card.c.expires_at_ms <= number("at_ms"))
    .order_by(card.c.expires_at_ms)
    .limit(number("limit"))
)
SET_DOWNLOADED = Statement(
    update(card)
    .where(own(card), card.c.pass_id == string("id"), card.c.downloaded_at_ms.is_(None))
    .values(downloaded_at_ms=number("at_ms"), latitude_e6=number("latitude"), longitude_e6=number("longitude"))
)


def _named(table: FromClause, names: Iterable[str]) -> ColumnElement[bool]:
    return and_(*(table.c[name] == string(name) for name in sorted(names)))


@cache
def listing(names: frozenset[str]) -> Statement:
    """Cards of one stored status, by id; `names`: columns that must be as given."""
    names |= {"listed"}
    if "member_id" not in names:
        return Statement(CARD.found(lambda listed: _named(listed, names), page=True))
    # A member's cards are few, and looked through. What they are chosen by is written so that no index fits: SQLite would otherwise
    # read all cards after `after`, and ask of each whether it is among the few.
    theirs = CARD.found(lambda listed: _named(listed, {"member_id"}))
    chosen = [card.c[name].concat(literal("")) == string(name) for name in sorted(names - {"member_id"})]
    after = card.c.pass_id.concat(literal("")) > string("after")
    return Statement(theirs.where(*chosen, after).order_by(card.c.pass_id).limit(number("limit")))


def _listed(card: Card) -> str:
    return "" if card.removed_at_ms is not None else card.status.value


class CardRows(Kept[Card]):
    """ports.Cards."""

    form = CARD

    def add(self, card: Card) -> None:
        self._add(card, listed=_listed(card))

    def replace(self, card: Card) -> None:
        self._replace(card, listed=_listed(card))

    def find(self, scope: Scope, pass_id: PassId) -> Card | None:
        return self._one(CARD.find, scope, key=pass_id)

    def find_all(self, scope: Scope, pass_ids: Collection[str]) -> dict[str, Card]:
        return self._every(scope, pass_ids)

    def of_members(self, scope: Scope, member_ids: Collection[str], each: int) -> list[Card]:
        return self._all(OF_MEMBERS, scope, keys=keys_of(member_ids), each=each) if member_ids else []

    def find_locked(self, scope: Scope, pass_id: PassId) -> Card | None:
        return self._one(CARD.find_locked, scope, key=pass_id)

    def facts(self, scope: Scope, pass_id: PassId) -> CardFacts | None:
        row = self._db.one(FACTS, scope, key=pass_id)
        if row is None:
            return None
        held = row[_MEMBER]
        return CardFacts(
            CARD.value(scope, row[_CARD]),
            PROGRAMME.value(scope, row[_PROGRAMME]),
            BRAND.value(scope, row[_BRAND]),
            MEMBER.value(scope, held) if held[0] is not None else None,
            bool(row[-1]),
        )

    def by_code(self, scope: Scope, code: str, limit: int = 20) -> list[Card]:
        exact = self._one(BY_ID, scope, code=code)
        return [exact] if exact else self._all(BY_CODE, scope, code=code, limit=limit)

    def to_remind(self, scope: Scope, now_ms: int, limit: int) -> list[Card]:
        return self._all(TO_REMIND_NOW, scope, at_ms=now_ms, limit=limit)

    def to_expire(self, scope: Scope, now_ms: int, limit: int) -> list[Card]:
        return self._all(TO_EXPIRE_NOW, scope, at_ms=now_ms, limit=limit)

    def set_downloaded(self, scope: Scope, pass_id: PassId, at_ms: int, latitude: float | None, longitude: float | None) -> None:
        where = {"latitude": _millionths(latitude), "longitude": _millionths(longitude)}
        self._db.run(SET_DOWNLOADED, scope, id=pass_id, at_ms=at_ms, **where)

    def list(self, scope: Scope, wanted: CardFilter, after: str | None, limit: int) -> list[Card]:
        """Each status is a stretch of an index by id: so many of each are read, and the first of all of them are the answer."""
        named = {"member_id": wanted.member_id, "programme_id": wanted.programme_id, "brand_id": wanted.brand_id}
        named |= {"batch": wanted.batch}
        given = {name: value for name, value in named.items() if value is not None}
        statuses: Iterable[CardStatus] = CardStatus if wanted.status is None else (wanted.status,)
        found: list[Card] = []
        for status in statuses:
            found += self._all(listing(frozenset(given)), scope, listed=status.value, after=after or "", limit=limit, **given)
        return sorted(found, key=lambda one: one.pass_id)[:limit]


def _millionths(degrees: float | None) -> int | None:
    return None if degrees is None else round(degrees * 1_000_000)

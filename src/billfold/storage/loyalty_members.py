"""Members: rows in, values out, and the words by which they are found however many there are.

May not enter: who may see them."""

import unicodedata
from collections.abc import Collection

from sqlalchemy import ColumnElement, delete, exists, insert, null, select, update

from billfold.domain.errors import Conflict
from billfold.domain.ids import Scope
from billfold.domain.loyalty import Member
from billfold.storage import loyalty_schema as schema
from billfold.storage.forms import ATTRIBUTES, Form, Kept
from billfold.storage.statements import Statement, Value, binary, literal, number, own, string

MEMBER = Form(schema.member, Member, {"attributes": ATTRIBUTES})
NAME_WORDS_MAX = 6
WORD_BYTES_MAX = 300

_members, _words, _cards = schema.member, schema.member_word, schema.card
_OF_BRAND = own(_members) & (_members.c.brand_id == string("brand_id"))
BY_EMAIL = Statement(select(*MEMBER.columns).where(_OF_BRAND, _members.c.email == string("email"), _members.c.email != literal("")))
BY_EXTERNAL_ID = Statement(
    select(*MEMBER.columns).where(_OF_BRAND, _members.c.external_id == string("external_id"), _members.c.external_id.is_not(None))
)
LIST = Statement(MEMBER.listing)
LIST_OF_BRAND = Statement(MEMBER.found(lambda listed: listed.c.brand_id == string("brand_id"), page=True))
REMOVE = Statement(delete(_members).where(own(_members), _members.c.id == string("id")))
LET_GO = Statement(update(_cards).where(own(_cards), _cards.c.member_id == string("id")).values(member_id=null()))
ADD_WORD = Statement(insert(_words).inline())
REMOVE_WORDS = Statement(delete(_words).where(own(_words), _words.c.member_id == string("id")))


_other = _words.alias("other")
_BETWEEN = (_words.c.word >= binary("start"), _words.c.word < binary("beyond"))
_MATCHES = (own(_words), *_BETWEEN)
# The order is the index's, environment and all, so that nothing is sorted however many have one word; where it is known to be one
# environment's, SQLite leaves that out of the order and sorts.
_OURS = (_words.c.workspace == string("workspace"), _words.c.environment.concat(literal("")) == string("environment"))


def _found(*whose: ColumnElement[bool]) -> Statement:
    return Statement(
        select(*MEMBER.columns)
        .select_from(_words)
        .join(
            _members,
            (_members.c.workspace == _words.c.workspace)
            & (_members.c.environment == _words.c.environment)
            & (_members.c.id == _words.c.member_id),
        )
        .where(
            *whose,
            *_BETWEEN,
            (_words.c.word > binary("start")) | (_words.c.member_id > string("start_id")),
            # Who is found by two words comes once: with the first of them.
            ~exists(
                select(_other.c.word).where(
                    _other.c.workspace == _words.c.workspace,
                    _other.c.environment == _words.c.environment,
                    _other.c.member_id == _words.c.member_id,
                    _other.c.word >= binary("beginning"),
                    _other.c.word < _words.c.word,
                )
            ),
        )
        .order_by(_words.c.word, _words.c.environment, _words.c.member_id)
        .limit(number("limit"))
    )


SEARCH = _found(*_OURS)
SEARCH_BRAND = _found(own(_words), _words.c.brand_id == string("brand_id"))
FIRST_WORD = Statement(
    select(_words.c.word).where(*_MATCHES, _words.c.member_id == string("member_id")).order_by(_words.c.word).limit(number("limit"))
)


class MemberRows(Kept[Member]):
    """ports.Members."""

    form = MEMBER

    def add(self, member: Member) -> None:
        self._refuse_another(member)
        self._add(member)
        self._keep_words(member)

    def replace(self, member: Member) -> None:
        self._refuse_another(member)
        self._replace(member)
        self._db.run(REMOVE_WORDS, member.scope, id=member.id)
        self._keep_words(member)

    def find(self, scope: Scope, member_id: str) -> Member | None:
        return self._one(MEMBER.find, scope, key=member_id)

    def find_all(self, scope: Scope, member_ids: Collection[str]) -> dict[str, Member]:
        return self._every(scope, member_ids)

    def find_locked(self, scope: Scope, member_id: str) -> Member | None:
        return self._one(MEMBER.find_locked, scope, key=member_id)

    def by_email(self, scope: Scope, brand_id: str, email: str) -> Member | None:
        return self._one(BY_EMAIL, scope, brand_id=brand_id, email=email)

    def by_external_id(self, scope: Scope, brand_id: str, external_id: str) -> Member | None:
        return self._one(BY_EXTERNAL_ID, scope, brand_id=brand_id, external_id=external_id)

    def search(self, scope: Scope, words: str, after: str | None, limit: int, brand_id: str | None = None) -> list[Member]:
        beginning = word(words)
        if not beginning:
            if brand_id is None:
                return self._all(LIST, scope, after=after or "", limit=limit)
            return self._all(LIST_OF_BRAND, scope, after=after or "", limit=limit, brand_id=brand_id)
        start, beyond = beginning, beginning + b"\xff"  # no text in UTF-8 has such a byte
        if after is not None:
            row = self._db.one(FIRST_WORD, scope, start=beginning, beyond=beyond, member_id=after, limit=1)
            if row is None:
                return []  # that member is no longer found by these words, so nothing says where to go on
            start = bytes(row[0])
        params: dict[str, Value] = {
            "beginning": beginning,
            "start": start,
            "beyond": beyond,
            "start_id": after or "",
            "limit": limit,
        }
        if brand_id is None:
            return self._all(SEARCH, scope, **params)
        return self._all(SEARCH_BRAND, scope, brand_id=brand_id, **params)

    def remove(self, scope: Scope, member_id: str) -> None:
        self._db.run(LET_GO, scope, id=member_id)
        self._db.run(REMOVE_WORDS, scope, id=member_id)
        self._db.run(REMOVE, scope, id=member_id)

    def _refuse_another(self, member: Member) -> None:
        """The unique indexes stand behind it; where two come at once, one is tried again and then finds the other here."""
        found = [self.by_email(member.scope, member.brand_id, member.email) if member.email else None]
        if member.external_id is not None:
            found.append(self.by_external_id(member.scope, member.brand_id, member.external_id))
        if any(one is not None and one.id != member.id for one in found):
            raise Conflict("member_exists", "this brand has a member with this e-mail address or external id")

    def _keep_words(self, member: Member) -> None:
        for one in words_of(member):
            self._db.run(ADD_WORD, member.scope, word=one, member_id=member.id, brand_id=member.brand_id)


def word(text: str) -> bytes:
    """As it is sought and kept: without case, spaces as one, cut where nobody would read on."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split()).encode()[:WORD_BYTES_MAX]


def words_of(member: Member) -> set[bytes]:
    """The e-mail address, the external id, and the name from each of its words on."""
    name = member.name.split()
    found = {word(" ".join(name[at:])) for at in range(min(len(name), NAME_WORDS_MAX))}
    found |= {word(member.email), word(member.external_id or "")}
    return found - {b""}

"""Passes: rows in, domain values out. May not enter: templates (templates.py), what a pass shows, who is told of it."""

from collections.abc import Collection

import msgspec
from sqlalchemy import bindparam, func, insert, select, update

from billfold.domain.content import decode, encode
from billfold.domain.ids import PassId, Scope, TemplateId
from billfold.domain.messages import Message
from billfold.domain.passes import Pass
from billfold.storage.schema import pass_ as passes
from billfold.storage.schema import template as templates
from billfold.storage.statements import Row, Session, Statement, Value, every, keys_of, literal, number, own, string
from billfold.storage.workspaces import TAKE, TAKEN

# Looked up, not joined: without statistics a planner may join by workspace and environment alone.
TEMPLATE_NUMBER = func.coalesce(
    select(templates.c.number)
    .where(
        templates.c.workspace == passes.c.workspace,
        templates.c.environment == passes.c.environment,
        templates.c.id == passes.c.template_id,
    )
    .correlate(passes)
    .scalar_subquery(),
    literal(0),
)
"""Of the template of the pass at hand, 0 without one."""

PASS = select(
    *(passes.c.id, passes.c.content, passes.c.vals, passes.c.fingerprint, passes.c.number, passes.c.issued_number),
    *(passes.c.issued_at_ms, passes.c.updated_at_ms, passes.c.pass_type, passes.c.issuer_id),
    *(passes.c.template_id, passes.c.voided, passes.c.messages, TEMPLATE_NUMBER),
)
_ONE = own(passes) & (passes.c.id == string("id"))
ADD = Statement(insert(passes).inline())
FIND = Statement(PASS.where(_ONE))
EVERY = every(PASS.where(own(passes)), passes.c.id)
FIND_LOCKED = Statement(PASS.where(_ONE).with_for_update(of=passes))
_REPLACED = ("content", "vals", "fingerprint", "updated_at_ms", "voided", "messages")
REPLACE = Statement(update(passes).where(_ONE), columns=(*_REPLACED, "number"))
RENEW = Statement(
    update(passes).where(_ONE).values({"number": TAKEN} | {name: bindparam(name, type_=passes.c[name].type) for name in _REPLACED})
)
_PAGE = PASS.where(own(passes), passes.c.id > string("after")).order_by(passes.c.id).limit(number("limit"))
LIST = Statement(_PAGE)
LIST_OF_TEMPLATE = Statement(_PAGE.where(passes.c.template_id == string("template_id")))
COUNT_SINCE = Statement(select(func.count()).select_from(passes).where(own(passes), passes.c.issued_at_ms >= number("since_ms")))

_encode_values = msgspec.json.Encoder(order="deterministic").encode
_encode_messages = msgspec.json.Encoder(order="deterministic").encode
_decode_messages = msgspec.json.Decoder(tuple[Message, ...]).decode
_decode_values = msgspec.json.Decoder(dict[str, object]).decode


class PassRows:
    def __init__(self, session: Session) -> None:
        self._db = session

    def add(self, pass_: Pass, key_id: str) -> None:
        self._db.run(
            ADD,
            pass_.scope,
            id=pass_.id,
            template_id=pass_.template_id,
            key_id=key_id,
            content=None if pass_.content is None else encode(pass_.content),
            vals=_encode_values(pass_.values) if pass_.values else None,
            fingerprint=pass_.fingerprint,
            number=pass_.number,
            issued_number=pass_.issued_number,
            issued_at_ms=pass_.issued_at_ms,
            updated_at_ms=pass_.updated_at_ms,
            pass_type=pass_.pass_type,
            issuer_id=pass_.issuer_id,
            voided=int(pass_.voided),
            messages=_encode_messages(pass_.messages) if pass_.messages else None,
        )

    def find(self, scope: Scope, pass_id: PassId) -> Pass | None:
        row = self._db.one(FIND, scope, id=pass_id)
        return pass_of(scope, row) if row else None

    def find_all(self, scope: Scope, pass_ids: Collection[PassId]) -> dict[PassId, Pass]:
        rows = self._db.run(EVERY, scope, keys=keys_of(pass_ids)) if pass_ids else []
        return {one.id: one for one in (pass_of(scope, row) for row in rows)}

    def find_locked(self, scope: Scope, pass_id: PassId) -> Pass | None:
        row = self._db.one(FIND_LOCKED, scope, id=pass_id)
        return pass_of(scope, row) if row else None

    def replace(self, pass_: Pass) -> None:
        self._db.run(REPLACE, pass_.scope, number=pass_.number, **_row(pass_))

    def renew(self, pass_: Pass) -> None:
        self._db.run(TAKE, pass_.scope, value=1)
        self._db.run(RENEW, pass_.scope, **_row(pass_))

    def list(self, scope: Scope, after: str | None, limit: int, template_id: TemplateId | None = None) -> list[Pass]:
        if template_id is None:
            rows = self._db.run(LIST, scope, after=after or "", limit=limit)
        else:
            rows = self._db.run(LIST_OF_TEMPLATE, scope, after=after or "", limit=limit, template_id=template_id)
        return [pass_of(scope, row) for row in rows]

    def count_issued_since(self, scope: Scope, since_ms: int) -> int:
        row = self._db.one(COUNT_SINCE, scope, since_ms=since_ms)
        assert row is not None
        return int(row[0])


def _row(pass_: Pass) -> dict[str, Value]:
    """What may change of it."""
    return {
        "id": pass_.id,
        "content": None if pass_.content is None else encode(pass_.content),
        "vals": _encode_values(pass_.values) if pass_.values else None,
        "fingerprint": pass_.fingerprint,
        "updated_at_ms": pass_.updated_at_ms,
        "voided": int(pass_.voided),
        "messages": _encode_messages(pass_.messages) if pass_.messages else None,
    }


def pass_of(scope: Scope, row: Row) -> Pass:
    pass_id, content, values, fingerprint, own_number, issued_number, *rest = row
    issued, updated, pass_type, issuer, template, voided, messages, theirs = rest
    return Pass(
        id=PassId(pass_id),
        scope=scope,
        content=None if content is None else decode(content),
        fingerprint=fingerprint,
        number=own_number,
        issued_number=issued_number,
        issued_at_ms=issued,
        updated_at_ms=updated,
        pass_type=pass_type,
        issuer_id=issuer,
        template_id=None if template is None else TemplateId(template),
        template_number=theirs,
        values=_decode_values(values) if values else {},
        voided=bool(voided),
        messages=_decode_messages(messages) if messages else (),
    )

"""Templates, their drafts and their revisions: rows in, domain values out. Revisions are inserted and read, never changed; what
equal ones say is stored once, by its hash.

May not enter: what a template shows, when a revision is made."""

from functools import lru_cache

from sqlalchemy import delete, exists, func, insert, select, update

from billfold.domain.content import Content, decode, encode
from billfold.domain.ids import Scope, TemplateId
from billfold.domain.passes import Template
from billfold.domain.templates import Revision, Rules, TemplateDraft, decode_rules, encode_rules, text_hash
from billfold.ports import Reach
from billfold.storage.schema import google_object, registration
from billfold.storage.schema import pass_ as passes
from billfold.storage.schema import template as templates
from billfold.storage.schema import template_draft as drafts
from billfold.storage.schema import template_revision as revisions
from billfold.storage.schema import template_text as kept
from billfold.storage.statements import Row, Session, Statement, among, literal, number, own, string, upsert

_TEMPLATE = (
    *(templates.c.id, templates.c.name, templates.c.revision, templates.c.content, templates.c.number),
    *(templates.c.created_at_ms, templates.c.updated_at_ms, templates.c.rules, templates.c.archived_at_ms),
)
_ONE = own(templates) & (templates.c.id == string("id"))
ADD = Statement(insert(templates).inline())
REPLACE = Statement(
    update(templates).where(_ONE),
    columns=("name", "revision", "content", "number", "updated_at_ms", "rules", "archived_at_ms"),
)
FIND = Statement(select(*_TEMPLATE).where(_ONE))
FIND_LOCKED = Statement(select(*_TEMPLATE).where(_ONE).with_for_update())
LIST = Statement(
    select(*_TEMPLATE)
    .where(own(templates), templates.c.id > string("after"), templates.c.archived_at_ms.is_(None))
    .order_by(templates.c.id)
    .limit(number("limit"))
)
REMOVE = Statement(delete(templates).where(_ONE))

KEEP_TEXT = upsert(kept, ("workspace", "environment", "hash"), lambda new: {})
ADD_REVISION = Statement(insert(revisions).inline())
_OF_TEMPLATE = own(revisions) & (revisions.c.template_id == string("id"))
_REVISION = (
    select(
        *(revisions.c.revision, revisions.c.name, kept.c.content, kept.c.rules, revisions.c.number),
        *(revisions.c.published_at_ms, revisions.c.key_id, revisions.c.restored_from),
    )
    .join(
        kept,
        (kept.c.workspace == revisions.c.workspace)
        & (kept.c.environment == revisions.c.environment)
        & (kept.c.hash == revisions.c.hash),
    )
    .where(_OF_TEMPLATE)
)
REVISION = Statement(_REVISION.where(revisions.c.revision == number("revision")))
REVISIONS = Statement(
    _REVISION.where(revisions.c.revision < number("before")).order_by(revisions.c.revision.desc()).limit(number("limit"))
)
REMOVE_REVISIONS = Statement(delete(revisions).where(_OF_TEMPLATE))
REMOVE_TEXTS = Statement(
    delete(kept).where(
        own(kept),
        ~exists(
            select(literal(1))
            .select_from(revisions)
            .where(
                revisions.c.workspace == kept.c.workspace,
                revisions.c.environment == kept.c.environment,
                revisions.c.hash == kept.c.hash,
            )
        ),
    )
)

_DRAFT_COLUMNS = ("version", "name", "content", "rules", "based_on", "saved_at_ms", "key_id")
PUT_DRAFT = upsert(
    drafts, ("workspace", "environment", "template_id"), lambda new: {name: getattr(new, name) for name in _DRAFT_COLUMNS}
)
_DRAFT_OF = own(drafts) & (drafts.c.template_id == string("id"))
DRAFT = Statement(
    select(
        *(drafts.c.version, drafts.c.name, drafts.c.content, drafts.c.rules, drafts.c.based_on, drafts.c.saved_at_ms),
    ).where(_DRAFT_OF)
)
DROP_DRAFT = Statement(delete(drafts).where(_DRAFT_OF))

_counted = (
    select(passes.c.id)
    .where(own(passes), passes.c.template_id == string("template_id"))
    .order_by(passes.c.id)
    .limit(number("limit"))
)
COUNT_PASSES = Statement(select(func.count()).select_from(_counted.subquery()))
COUNT_DEVICES = Statement(
    select(func.count()).select_from(
        select(registration.c.pass_type, registration.c.device)
        .where(own(registration), among(registration.c.pass_id, _counted))
        .distinct()
        .subquery()
    )
)
COUNT_GOOGLE = Statement(
    select(func.count())
    .select_from(google_object)
    .where(own(google_object), google_object.c.has_users == literal(1), among(google_object.c.pass_id, _counted))
)


class TemplateRows:
    def __init__(self, session: Session) -> None:
        self._db = session

    def add(self, template: Template) -> None:
        self._db.run(ADD, template.scope, created_at_ms=template.created_at_ms, **_columns(template))

    def replace(self, template: Template) -> None:
        self._db.run(REPLACE, template.scope, **_columns(template))

    def find(self, scope: Scope, template_id: TemplateId) -> Template | None:
        row = self._db.one(FIND, scope, id=template_id)
        return _template(scope, row) if row else None

    def find_locked(self, scope: Scope, template_id: TemplateId) -> Template | None:
        row = self._db.one(FIND_LOCKED, scope, id=template_id)
        return _template(scope, row) if row else None

    def remove(self, scope: Scope, template_id: TemplateId) -> None:
        self._db.run(DROP_DRAFT, scope, id=template_id)
        self._db.run(REMOVE_REVISIONS, scope, id=template_id)
        self._db.run(REMOVE_TEXTS, scope)
        self._db.run(REMOVE, scope, id=template_id)

    def add_revision(self, revision: Revision) -> None:
        mark = text_hash(revision.content, revision.rules)
        content, rules = encode(revision.content), encode_rules(revision.rules)
        self._db.run(KEEP_TEXT, revision.scope, hash=mark, content=content, rules=rules)
        self._db.run(
            ADD_REVISION,
            revision.scope,
            template_id=revision.template_id,
            revision=revision.revision,
            name=revision.name,
            hash=mark,
            number=revision.number,
            published_at_ms=revision.published_at_ms,
            key_id=revision.key_id,
            restored_from=revision.restored_from,
        )

    def revision(self, scope: Scope, template_id: TemplateId, revision: int) -> Revision | None:
        row = self._db.one(REVISION, scope, id=template_id, revision=revision)
        return _revision(scope, template_id, row) if row else None

    def revisions(self, scope: Scope, template_id: TemplateId, before: int | None, limit: int) -> list[Revision]:
        rows = self._db.run(REVISIONS, scope, id=template_id, before=2**62 if before is None else before, limit=limit)
        return [_revision(scope, template_id, row) for row in rows]

    def draft(self, scope: Scope, template_id: TemplateId) -> TemplateDraft | None:
        row = self._db.one(DRAFT, scope, id=template_id)
        if row is None:
            return None
        version, name, content, rules, based_on, saved_at_ms = row
        return TemplateDraft(template_id, scope, version, name, *decoded(content, rules), based_on, saved_at_ms)

    def put_draft(self, draft: TemplateDraft, key_id: str) -> None:
        self._db.run(
            PUT_DRAFT,
            draft.scope,
            template_id=draft.template_id,
            version=draft.version,
            name=draft.name,
            content=encode(draft.content),
            rules=encode_rules(draft.rules),
            based_on=draft.based_on,
            saved_at_ms=draft.saved_at_ms,
            key_id=key_id,
        )

    def drop_draft(self, scope: Scope, template_id: TemplateId) -> None:
        self._db.run(DROP_DRAFT, scope, id=template_id)

    def reach(self, scope: Scope, template_id: TemplateId, at_most: int) -> Reach:
        found = self._count(COUNT_PASSES, scope, template_id, at_most + 1)
        devices = self._count(COUNT_DEVICES, scope, template_id, at_most)
        holders = self._count(COUNT_GOOGLE, scope, template_id, at_most)
        return Reach(min(found, at_most), devices, holders, found > at_most)

    def list(self, scope: Scope, after: str | None, limit: int) -> list[Template]:
        return [_template(scope, row) for row in self._db.run(LIST, scope, after=after or "", limit=limit)]

    def _count(self, statement: Statement, scope: Scope, template_id: TemplateId, limit: int) -> int:
        row = self._db.one(statement, scope, template_id=template_id, limit=limit)
        assert row is not None
        return int(row[0])


@lru_cache(maxsize=256)
def decoded(content: bytes, rules: bytes | None) -> tuple[Content, Rules]:
    """The same objects for the same bytes: what is prepared for a published content (domain/filling.py) is found by them."""
    return decode(content), decode_rules(rules)


def _columns(template: Template) -> dict[str, str | int | bytes | None]:
    return {
        "id": template.id,
        "name": template.name,
        "revision": template.revision,
        "content": encode(template.content),
        "number": template.number,
        "updated_at_ms": template.updated_at_ms,
        "rules": encode_rules(template.rules),
        "archived_at_ms": template.archived_at_ms,
    }


def _template(scope: Scope, row: Row) -> Template:
    template_id, name, revision, content, number_, created, updated, rules, archived = row
    shown, own_rules = decoded(content, rules)
    return Template(TemplateId(template_id), scope, name, revision, shown, number_, created, updated, own_rules, archived)


def _revision(scope: Scope, template_id: TemplateId, row: Row) -> Revision:
    revision, name, content, rules, *rest = row
    return Revision(template_id, scope, revision, name, *decoded(content, rules), *rest)

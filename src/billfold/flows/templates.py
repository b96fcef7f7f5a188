"""Templates from draft to archive. Publishing takes one number, which tells every pass made from the template without writing a
pass row (design 2.2, 2.3); what was published is kept, and can be published again.

May not enter: wire shapes, pushing, any rule of a wallet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from billfold.domain import kinds, template_rules
from billfold.domain.content import Content
from billfold.domain.drafts import Draft
from billfold.domain.errors import EditedMeanwhile, NotFound, WrongScope
from billfold.domain.events import Event, EventKind
from billfold.domain.findings import Finding
from billfold.domain.ids import TemplateId, scope_of_template, template_id
from billfold.domain.keys import Actor, authorize
from billfold.domain.passes import Template
from billfold.domain.templates import NO_RULES, Revision, Rules, TemplateDraft
from billfold.flows import compose, template_checks
from billfold.flows.issue import find_workspace
from billfold.ports import Job, Reach, Services, Tx

PUBLISH_JOB = "template.publish"
REACH_MAX = 10_000
"""Passes that are counted before a publication; where there are more, the answer says so."""


@dataclass(frozen=True, slots=True)
class Given:
    """A template as somebody sends it."""

    name: str
    draft: Draft
    rules: Rules = NO_RULES


@dataclass(frozen=True, slots=True)
class Made:
    """A new template, and what is said of it: what a wallet loses of it above all."""

    template: Template
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Saved:
    """A draft and what is wrong with it."""

    draft: TemplateDraft
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Publication:
    """`template`: as published. `changes`: paths that differ from what was published before. `reach`: who has passes of it.

    `dry`: nothing was done, this is what would be."""

    template: Template
    unchanged: bool
    changes: tuple[str, ...]
    reach: Reach
    findings: tuple[Finding, ...]
    dry: bool = False


After = Callable[[Tx, Made], None]
"""What else commits with the new template."""
AfterPublication = Callable[[Tx, Publication], None]


# --- make, read, remove -----------------------------------------------------------------------------------------------------------


async def create(
    services: Services,
    actor: Actor,
    name: str,
    draft: Draft,
    after: After | None = None,
    *,
    rules: Rules = NO_RULES,
    publish: bool = True,
) -> Made:
    """Published at once, or as a draft of which no passes can be made yet. Raises Invalid, Forbidden."""
    authorize(actor, "templates.create")
    now = services.clock.now_ms()
    content, rules = await _finished(services, actor, Given(name, draft, rules))
    if publish:
        content = kinds.settle(content)
    findings = await template_checks.check_whole(services, actor.scope, content, rules)
    if publish:
        template_checks.refuse(findings)
    identity = template_id(actor.scope, services.entropy.bytes(11))
    new = Template(identity, actor.scope, name, int(publish), content, 0, now, now, rules)

    def transaction(tx: Tx) -> Made:
        stored = replace(new, number=tx.numbers.next(actor.scope)) if publish else new
        tx.templates.add(stored)
        if publish:
            tx.templates.add_revision(_revision(stored, actor))
        else:
            tx.templates.put_draft(TemplateDraft(identity, actor.scope, 1, name, content, rules, 0, now), actor.key_id)
        _record(services, tx, actor, EventKind.TEMPLATE_PUBLISHED if publish else EventKind.TEMPLATE_DRAFTED, stored, now)
        made = Made(stored, findings)
        if after:
            after(tx, made)
        return made

    return await services.store.write(transaction)


async def find(services: Services, actor: Actor, text: str, operation: str = "templates.read") -> Template:
    """Raises NotFound, WrongScope, Forbidden."""
    identity = _owned(actor, text, operation)
    found = await services.store.read(lambda tx: tx.templates.find(actor.scope, identity))
    if found is None:
        raise NotFound("template")
    return found


def _owned(actor: Actor, text: str, operation: str) -> TemplateId:
    authorize(actor, operation)
    scope = scope_of_template(text)
    if scope is None:
        raise NotFound("template")
    if scope != actor.scope:
        raise WrongScope("template")
    return TemplateId(text)


async def remove(services: Services, actor: Actor, text: str) -> Template | None:
    """Without passes it is gone (None). With passes it is archived: none are made of it any more, and those there are live on."""
    identity = _owned(actor, text, "templates.delete")
    now = services.clock.now_ms()

    def transaction(tx: Tx) -> Template | None:
        found = _locked(tx, actor, identity)
        if not _issued(tx, actor, identity):
            tx.templates.remove(actor.scope, identity)
            _record(services, tx, actor, EventKind.TEMPLATE_DELETED, found, now)
            return None
        if found.archived_at_ms is not None:
            return found
        archived = replace(found, archived_at_ms=now, updated_at_ms=now)
        tx.templates.replace(archived)
        _record(services, tx, actor, EventKind.TEMPLATE_ARCHIVED, archived, now)
        return archived

    return await services.store.write(transaction)


# --- drafts -----------------------------------------------------------------------------------------------------------------------


async def read_draft(services: Services, actor: Actor, text: str) -> Saved:
    """What an editor opens: the saved draft, else what is published, as version 0."""
    identity = _owned(actor, text, "templates.read")

    def read(tx: Tx) -> TemplateDraft:
        found = tx.templates.find(actor.scope, identity)
        if found is None:
            raise NotFound("template")
        return tx.templates.draft(actor.scope, identity) or _opened(found)

    draft = await services.store.read(read)
    return Saved(draft, await template_checks.check_whole(services, actor.scope, draft.content, draft.rules))


async def save_draft(services: Services, actor: Actor, text: str, given: Given, expected: int | None = None) -> Saved:
    """The draft becomes `given`; nobody sees it. `expected`: the version that the editor had. The same again saves nothing.

    Raises EditedMeanwhile where somebody else has saved since, NotFound, Invalid only for what cannot be stored."""
    known = await find(services, actor, text, "templates.draft")
    now = services.clock.now_ms()
    content, rules = await _finished(services, actor, given)

    def transaction(tx: Tx) -> TemplateDraft:
        found = _locked(tx, actor, known.id)
        before = tx.templates.draft(actor.scope, known.id) or _opened(found)
        _expect(expected, before)
        if before.version and (before.name, before.content, before.rules) == (given.name, content, rules):
            return before
        based_on = before.based_on if before.version else found.revision
        saved = TemplateDraft(known.id, actor.scope, before.version + 1, given.name, content, rules, based_on, now)
        tx.templates.put_draft(saved, actor.key_id)
        if found.revision == 0:
            tx.templates.replace(replace(found, name=given.name, content=content, rules=rules, updated_at_ms=now))
        if not before.version:
            _record(services, tx, actor, EventKind.TEMPLATE_DRAFTED, found, now)
        return saved

    saved = await services.store.write(transaction)
    return Saved(saved, await template_checks.check_whole(services, actor.scope, content, rules))


def _opened(template: Template) -> TemplateDraft:
    return TemplateDraft(
        template.id,
        template.scope,
        0,
        template.name,
        template.content,
        template.rules,
        template.revision,
        template.updated_at_ms,
    )


def _expect(expected: int | None, draft: TemplateDraft) -> None:
    if expected is not None and expected != draft.version:
        raise EditedMeanwhile


# --- publishing -------------------------------------------------------------------------------------------------------------------


async def publish(
    services: Services, actor: Actor, text: str, name: str, draft: Draft, *, rules: Rules = NO_RULES, dry: bool = False
) -> Publication:
    """`draft` takes the place of what is published. Equal: nothing happens. A change starts the job that tells every phone, in the
    same transaction. Raises Invalid, NotFound, Conflict when the kind would change under issued passes."""
    known = await find(services, actor, text, "templates.publish")
    content, rules = await _finished(services, actor, Given(name, draft, rules))
    return await _publish(services, actor, known, _Next(name, content, rules), dry=dry)


async def publish_draft(
    services: Services,
    actor: Actor,
    text: str,
    expected: int | None = None,
    *,
    dry: bool = False,
    after: AfterPublication | None = None,
) -> Publication:
    """The saved draft, which is then no more. Without one: unchanged."""
    known = await find(services, actor, text, "templates.publish")
    draft = (await services.store.read(lambda tx: tx.templates.draft(actor.scope, known.id))) or _opened(known)
    _expect(expected, draft)
    following = _Next(draft.name, draft.content, draft.rules, draft_version=draft.version)
    return await _publish(services, actor, known, following, dry=dry, after=after)


async def restore(
    services: Services, actor: Actor, text: str, revision: int, *, dry: bool = False, after: AfterPublication | None = None
) -> Publication:
    """What an earlier revision said becomes the newest revision."""
    known = await find(services, actor, text, "templates.publish")
    old = await services.store.read(lambda tx: tx.templates.revision(actor.scope, known.id, revision))
    if old is None:
        raise NotFound("revision")
    following = _Next(old.name, old.content, old.rules, restored_from=revision)
    return await _publish(services, actor, known, following, dry=dry, after=after)


@dataclass(frozen=True, slots=True)
class _Next:
    name: str
    content: Content
    rules: Rules
    draft_version: int = 0
    restored_from: int | None = None


async def _publish(
    services: Services,
    actor: Actor,
    known: Template,
    following: _Next,
    *,
    dry: bool = False,
    after: AfterPublication | None = None,
) -> Publication:
    now = services.clock.now_ms()

    def look(tx: Tx) -> tuple[Template, bool, Reach]:
        found = tx.templates.find(actor.scope, known.id) or known
        return found, _issued(tx, actor, known.id), tx.templates.reach(actor.scope, known.id, REACH_MAX)

    found, issued, reach = await services.store.read(look)
    following = _settled(following, found, issued=issued)
    findings = await template_checks.check_whole(services, actor.scope, following.content, following.rules)
    template_checks.refuse(findings)

    def decide(template: Template) -> Publication:
        before = (template.content, template.rules) if template.revision else None
        unchanged = before == (following.content, following.rules)
        changed = () if unchanged else template_rules.changes(before, (following.content, following.rules))
        return Publication(template, unchanged, changed, reach, findings, dry)

    if dry:
        return decide(found)

    def transaction(tx: Tx) -> Publication:
        locked = _locked(tx, actor, known.id)
        if following.content.kind is not locked.content.kind:  # a pass may have been issued meanwhile
            _settled(following, locked, issued=_issued(tx, actor, known.id))
        if following.draft_version:
            _expect(following.draft_version, tx.templates.draft(actor.scope, known.id) or _opened(locked))
            tx.templates.drop_draft(actor.scope, known.id)
        decided = decide(locked)
        stored = replace(locked, name=following.name, updated_at_ms=now)
        if not decided.unchanged:
            number = tx.numbers.next(actor.scope)
            stored = replace(stored, content=following.content, rules=following.rules, revision=locked.revision + 1, number=number)
            _tell(services, tx, actor, stored, following.restored_from, now)
        elif locked.name == following.name:
            stored = locked
        if stored is not locked:
            tx.templates.replace(stored)
        published = replace(decided, template=stored)
        if after:
            after(tx, published)
        return published

    published = await services.store.write(transaction)
    services.wake()
    return published


def _settled(following: _Next, found: Template, *, issued: bool) -> _Next:
    content = following.content
    return replace(following, content=kinds.keep(content, found.content, issued=True) if issued else kinds.settle(content))


def _tell(services: Services, tx: Tx, actor: Actor, stored: Template, restored_from: int | None, now: int) -> None:
    """The revision, the event, and the job that goes through everybody who holds a pass."""
    tx.templates.add_revision(_revision(stored, actor, restored_from))
    kind = EventKind.TEMPLATE_PUBLISHED if restored_from is None else EventKind.TEMPLATE_RESTORED
    event_id = _record(services, tx, actor, kind, stored, now)
    params: dict[str, str | int] = {"template_id": stored.id, "number": stored.number}
    tx.jobs.start(Job(event_id, actor.scope, PUBLISH_JOB, params, due_at_ms=now))


async def _finished(services: Services, actor: Actor, given: Given) -> tuple[Content, Rules]:
    """Content and rules as they are stored: days to the expiry count from each pass's issue, so they are a rule."""
    workspace = await find_workspace(services, actor.scope)
    content = await compose.assemble(services, actor.scope, workspace, given.draft)
    return content, _with_days(given.rules, given.draft.expires_in_days)


def _with_days(rules: Rules, days: int | None) -> Rules:
    return Rules(rules.schema, rules.missing, rules.bindings, days)


def _locked(tx: Tx, actor: Actor, identity: TemplateId) -> Template:
    found = tx.templates.find_locked(actor.scope, identity)
    if found is None:
        raise NotFound("template")
    return found


def _issued(tx: Tx, actor: Actor, identity: TemplateId) -> bool:
    return bool(tx.passes.list(actor.scope, None, 1, identity))


def _revision(stored: Template, actor: Actor, restored_from: int | None = None) -> Revision:
    return Revision(
        stored.id,
        stored.scope,
        stored.revision,
        stored.name,
        stored.content,
        stored.rules,
        stored.number,
        stored.updated_at_ms,
        actor.key_id,
        restored_from,
    )


def _record(services: Services, tx: Tx, actor: Actor, kind: EventKind, stored: Template, now: int) -> str:
    event_id = services.entropy.event_id()
    data: dict[str, str | int] = {"revision": stored.revision}
    tx.events.append(Event(event_id, actor.scope, now, kind, stored.id, cause=actor.principal, data=data))
    return event_id


# --- revisions --------------------------------------------------------------------------------------------------------------------


async def revisions(services: Services, actor: Actor, text: str, before: int | None, limit: int) -> tuple[Sequence[Revision], bool]:
    """(newest first, whether older ones follow)."""
    known = await find(services, actor, text)
    found = await services.store.read(lambda tx: tx.templates.revisions(actor.scope, known.id, before, limit + 1))
    return found[:limit], len(found) > limit


async def read_revision(services: Services, actor: Actor, text: str, revision: int) -> Revision:
    """Raises NotFound also for a revision that an older release published and did not keep."""
    known = await find(services, actor, text)
    found = await services.store.read(lambda tx: tx.templates.revision(actor.scope, known.id, revision))
    if found is None:
        raise NotFound("revision")
    return found

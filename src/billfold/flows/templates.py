"""Make and publish templates: one number tells every pass made from one, without writing a pass row (design 2.2, 2.3).

May not enter: wire shapes, pushing."""

from collections.abc import Callable
from dataclasses import replace

from billfold.domain import kinds
from billfold.domain.drafts import Draft
from billfold.domain.errors import NotFound, WrongScope
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import TemplateId, scope_of_template, template_id
from billfold.domain.keys import Actor, authorize
from billfold.domain.passes import Template
from billfold.flows import compose
from billfold.flows.issue import find_workspace
from billfold.ports import Job, Services, Tx

PUBLISH_JOB = "template.publish"


After = Callable[[Tx, Template], None]
"""What else commits with the new template."""


async def create(services: Services, actor: Actor, name: str, draft: Draft, after: After | None = None) -> Template:
    """Raises Invalid, Forbidden."""
    authorize(actor, "templates.create")
    now = services.clock.now_ms()
    workspace = await find_workspace(services, actor.scope)
    draft = replace(draft, content=kinds.settle(draft.content))
    content = await compose.compose(services, actor.scope, workspace, draft, now)
    made = Template(template_id(actor.scope, services.entropy.bytes(11)), actor.scope, name, 1, content, 0, now, now)

    def transaction(tx: Tx) -> Template:
        stored = replace(made, number=tx.numbers.next(actor.scope))
        tx.templates.add(stored)
        if after:
            after(tx, stored)
        return stored

    return await services.store.write(transaction)


async def find(services: Services, actor: Actor, text: str, operation: str = "templates.read") -> Template:
    """Raises NotFound, WrongScope, Forbidden."""
    authorize(actor, operation)
    scope = scope_of_template(text)
    if scope is None:
        raise NotFound("template")
    if scope != actor.scope:
        raise WrongScope("template")
    found = await services.store.read(lambda tx: tx.templates.find(scope, TemplateId(text)))
    if found is None:
        raise NotFound("template")
    return found


async def publish(services: Services, actor: Actor, text: str, name: str, draft: Draft) -> tuple[Template, bool]:
    """(the template, whether anything changed). A change starts the job that tells every phone, in the same transaction.

    Raises Conflict when the kind would change under issued passes."""
    known = await find(services, actor, text, "templates.publish")
    now = services.clock.now_ms()
    workspace = await find_workspace(services, actor.scope)
    issued = await services.store.read(lambda tx: bool(tx.passes.list(actor.scope, None, 1, known.id)))
    settled = kinds.keep(draft.content, known.content, issued=True) if issued else kinds.settle(draft.content)
    draft = replace(draft, content=settled)
    content = await compose.compose(services, actor.scope, workspace, draft, known.created_at_ms)

    def transaction(tx: Tx) -> tuple[Template, bool]:
        found = tx.templates.find(actor.scope, known.id)
        if found is None:
            raise NotFound("template")
        if content.kind is not found.content.kind:  # a pass may have been issued meanwhile
            kinds.keep(content, found.content, issued=bool(tx.passes.list(actor.scope, None, 1, known.id)))
        if found.content == content:
            if found.name != name:
                tx.templates.replace(replace(found, name=name, updated_at_ms=now))
            return replace(found, name=name), False
        number = tx.numbers.next(actor.scope)
        stored = replace(found, name=name, content=content, revision=found.revision + 1, number=number, updated_at_ms=now)
        tx.templates.replace(stored)
        event_id = services.entropy.event_id()
        tx.events.append(Event(event_id, actor.scope, now, EventKind.TEMPLATE_PUBLISHED, stored.id, cause=f"key:{actor.key_id}"))
        params: dict[str, str | int] = {"template_id": stored.id, "number": number}
        tx.jobs.start(Job(event_id, actor.scope, PUBLISH_JOB, params, due_at_ms=now))
        return stored, True

    stored, changed = await services.store.write(transaction)
    services.wake()
    return stored, changed

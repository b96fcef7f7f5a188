"""Change a pass, void it, publish a template: values, number, event and what must be delivered commit together.

May not enter: pushing (workers do it), HTTP, wallets' formats."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from billfold.domain import content as contents
from billfold.domain import kinds
from billfold.domain.content import Content, JsonObject
from billfold.domain.delivery import Priority
from billfold.domain.drafts import Draft
from billfold.domain.errors import Conflict, FieldProblem, Invalid, NotFound, WrongScope
from billfold.domain.events import Event, EventKind
from billfold.domain.findings import Finding
from billfold.domain.ids import PassId, scope_of_pass
from billfold.domain.keys import Actor, authorize
from billfold.domain.merging import merge
from billfold.domain.passes import Pass, Template, content_of
from billfold.domain.personalization import kept
from billfold.domain.templates import values_fingerprint
from billfold.flows import compose, picture_checks
from billfold.flows.issue import count_use, find_workspace
from billfold.flows.template_checks import check_pass, expired, judge_pass
from billfold.ports import Services, Tx, Workspace


@dataclass(frozen=True, slots=True)
class Updated:
    """`notified`: how many devices and Google holders will be told. Nothing was done when `unchanged`. `findings`: what a wallet
    loses of the pass as it is now or shows otherwise; their paths lead into its content."""

    pass_: Pass
    notified: int
    unchanged: bool
    findings: tuple[Finding, ...] = ()


After = Callable[[Tx, Updated], None]
"""What else commits with the change, also where nothing was changed."""


async def find_pass(services: Services, actor: Actor, serial: str, operation: str) -> Pass:
    """Raises WrongScope from the id alone, NotFound, Forbidden."""
    authorize(actor, operation)
    scope = scope_of_pass(serial)
    if scope is None:
        raise NotFound("pass")
    if scope != actor.scope:
        raise WrongScope("pass")
    found = await services.store.read(lambda tx: tx.passes.find(scope, PassId(serial)))
    if found is None:
        raise NotFound("pass")
    return found


async def replace_pass(services: Services, actor: Actor, known: Pass, draft: Draft, *, told: bool = False) -> Updated:
    """The draft becomes the whole pass: what it leaves out is gone (S3-24). An equal one changes nothing (S3-25).

    `known`: from `find_pass` for "passes.replace", which callers ask before they read what the body says. `told`: whether somebody
    reads the findings, which take a look at each picture; there are none otherwise."""
    if known.template_id is not None:
        raise Conflict("pass_has_template", "this pass shows a template; change its values or publish the template")
    assert known.content is not None
    draft = replace(draft, content=kinds.keep(draft.content, known.content, issued=True))
    workspace = await find_workspace(services, actor.scope)
    composed = await compose.compose(services, actor.scope, workspace, draft, known.issued_at_ms)
    content = composed.content
    findings = await compose.findings_of(services, actor.scope, composed) if told else ()
    fingerprint = contents.fingerprint(contents.encode(content))

    def change(_tx: Tx, found: Pass) -> Change:
        return Change(replace(found, content=content, fingerprint=fingerprint), findings, found.content, content)

    return await _change(services, actor, workspace, known.id, change)


async def replace_values(services: Services, actor: Actor, known: Pass, values: JsonObject, *, told: bool = False) -> Updated:
    """The values of a pass that shows a template. `known`, `told` as for `replace_pass`."""
    return await _change_values(services, actor, known, lambda found: kept(found.values, values), told=told)


async def merge_values(services: Services, actor: Actor, known: Pass, change: JsonObject, *, told: bool = False) -> Updated:
    """Some of the values (RFC 7396: objects merge, null removes, the rest replaces); others stay. Else as for `replace_values`."""
    return await _change_values(services, actor, known, lambda found: merge(found.values, change), told=told)


async def _change_values(
    services: Services, actor: Actor, known: Pass, following: Callable[[Pass], JsonObject], *, told: bool
) -> Updated:
    if known.template_id is None:
        raise Invalid(FieldProblem("values", "no_template", "this pass has its own content", "send the whole content instead"))
    template_id = known.template_id
    workspace = await find_workspace(services, actor.scope)
    template: Template | None = None

    def change(tx: Tx, found: Pass) -> Change:
        nonlocal template
        template = tx.templates.find(actor.scope, template_id)
        assert template is not None, "a template with passes is never removed"
        values = following(found)
        now, before = services.clock.now_ms(), content_of(found, template)
        fingerprint = values_fingerprint(values)
        if fingerprint == found.fingerprint:
            said = judge_pass(services, template, values, found.issued_at_ms).findings
            return Change(found, (*said, *expired(before, now)))
        findings = check_pass(services, template, values, found.issued_at_ms)
        changed = replace(found, values=values, fingerprint=fingerprint)
        content = content_of(changed, template)
        return Change(changed, (*findings, *expired(content, now)), before, content)

    updated = await _change(services, actor, workspace, known.id, change)
    if not told:
        return updated
    assert template is not None, "the change has read it"
    of_pictures = await picture_checks.of_pass(services, template, updated.pass_)
    return replace(updated, findings=updated.findings + of_pictures)


async def void_pass(services: Services, actor: Actor, serial: str, after: After | None = None) -> Updated:
    """Marks the pass as no longer valid, on every phone, for good. Again: unchanged."""
    known = await find_pass(services, actor, serial, "passes.void")
    workspace = await find_workspace(services, actor.scope)
    return await _change(
        services, actor, workspace, known.id, lambda _tx, found: Change(replace(found, voided=True)), EventKind.PASS_VOIDED, after
    )


@dataclass(frozen=True, slots=True)
class Change:
    """The pass as it is to be, what wallets say of it, and what its holder saw before and sees then, where that changes."""

    pass_: Pass
    findings: tuple[Finding, ...] = ()
    before: Content | None = None
    after: Content | None = None


async def _change(
    services: Services,
    actor: Actor,
    workspace: Workspace,
    pass_id: PassId,
    change: Callable[[Tx, Pass], Change],
    kind: EventKind = EventKind.PASS_UPDATED,
    after: After | None = None,
) -> Updated:
    now = services.clock.now_ms()

    def transaction(tx: Tx) -> Updated:
        updated = apply(tx)
        if after:
            after(tx, updated)
        return updated

    def apply(tx: Tx) -> Updated:
        found = tx.passes.find_locked(actor.scope, pass_id)
        if found is None:
            raise NotFound("pass")
        made = change(tx, found)
        changed = made.pass_
        if (changed.fingerprint, changed.voided) == (found.fingerprint, found.voided):
            return Updated(found, 0, unchanged=True, findings=made.findings)
        count_use(tx, workspace, actor.scope, "updated", now)
        number = tx.numbers.next(actor.scope)
        stored = replace(changed, number=number, updated_at_ms=now)
        tx.passes.replace(stored)
        if made.before and made.after and any(one.change_message for one in made.after.fields()):
            # A holder may have saved the pass from its link before Google has had it from us: it is told what changed since.
            tx.google.note_values(actor.scope, pass_id, {one.key: one.value for one in made.before.fields()})
        notified = tx.deliveries.want_pass(actor.scope, pass_id, found.pass_type, number, now, Priority.INTERACTIVE)
        data: dict[str, str | int] = {"notified": notified}
        event_id = services.entropy.event_id()
        tx.events.append(Event(event_id, actor.scope, now, kind, pass_id, cause=actor.principal, data=data))
        return Updated(stored, notified, unchanged=False, findings=made.findings)

    updated = await services.store.write(transaction, short=True)
    if not updated.unchanged:
        services.wake()
    return updated

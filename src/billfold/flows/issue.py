"""Issue one pass. May not enter: HTTP, wallets' formats, calls to Apple or Google (workers make those)."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from billfold.domain import content as contents
from billfold.domain.bundles import Bundle
from billfold.domain.content import Content, JsonObject
from billfold.domain.delivery import Priority
from billfold.domain.drafts import Draft
from billfold.domain.errors import Conflict, NotFound, TooMany
from billfold.domain.events import Event, EventKind
from billfold.domain.findings import Finding
from billfold.domain.ids import PassId, Scope, TemplateId, new_pass_id
from billfold.domain.keys import Actor, authorize
from billfold.domain.passes import Pass, Template, content_of
from billfold.domain.schedules import HOUR_MS
from billfold.domain.templates import values_fingerprint
from billfold.flows import compose, offer, picture_checks
from billfold.flows.compose import Composed
from billfold.flows.template_checks import check_pass, expired
from billfold.ports import Services, Tx, Workspace


@dataclass(frozen=True, slots=True)
class Issued:
    """A pass that is stored, and what a phone installs it from."""

    pass_: Pass
    content: Content
    bundle: Bundle
    save_url: str
    share_url: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A pass that is stored. `findings`: what a wallet loses of it or shows otherwise; their paths lead into its content."""

    pass_: Pass
    content: Content
    findings: tuple[Finding, ...]


After = Callable[[Tx, Stored], None]
"""What else commits with the new pass: an answer kept under an idempotency key."""


async def issue_pass(services: Services, actor: Actor, draft: Draft) -> Issued:
    """One pass with its own content (source S3). Raises Invalid, Forbidden, TooMany, CredentialMissing."""
    workspace, new, composed = await _composed(services, actor, draft)
    begun = await offer.begin(services, new, composed.content)
    try:
        stored = await services.store.write(lambda tx: _store(services, tx, workspace, new, actor), short=True)
    except BaseException:
        begun.dropped()
        raise
    bundle, save_url = await begun.finished()
    return Issued(stored, composed.content, bundle, save_url, services.addresses.share(stored.id))


async def store_pass(services: Services, actor: Actor, draft: Draft, after: After | None = None) -> Stored:
    """The same, without making what a phone installs from."""
    workspace, new, composed = await _composed(services, actor, draft)
    findings = await compose.findings_of(services, actor.scope, composed)
    return await _stored(services, workspace, new, composed.content, findings, actor, after)


async def _composed(services: Services, actor: Actor, draft: Draft) -> tuple[Workspace, Pass, Composed]:
    authorize(actor, "passes.create")
    workspace = await find_workspace(services, actor.scope)
    now = services.clock.now_ms()
    composed = await compose.compose(services, actor.scope, workspace, draft, now)
    fingerprint = contents.fingerprint(contents.encode(composed.content))
    return workspace, await _new_pass(services, actor.scope, now, content=composed.content, fingerprint=fingerprint), composed


async def store_from_template(
    services: Services,
    actor: Actor,
    template_id: TemplateId,
    values: JsonObject,
    after: After | None = None,
    serial: PassId | None = None,
    *,
    told: bool = False,
) -> Stored:
    """One pass that shows its template, filled with `values`, without what a phone installs from. `serial`: its id, where the
    values hold it. `told`: whether somebody reads the findings, which take a look at pictures that the values change.

    Raises NotFound, Conflict, Invalid, Forbidden, TooMany, CredentialMissing."""
    authorize(actor, "passes.create")
    scope = actor.scope
    workspace = await find_workspace(services, scope)
    template = await open_template(services, scope, template_id)
    now = services.clock.now_ms()
    findings = check_pass(services, template, values, now)
    fingerprint = values_fingerprint(values)
    new = await _new_pass(services, scope, now, fingerprint=fingerprint, template_id=template_id, values=values)
    new = replace(new, id=serial or new.id)
    content = content_of(new, template)
    findings += expired(content, now)
    if told:
        findings += await picture_checks.of_pass(services, template, new)
    return await _stored(services, workspace, new, content, findings, actor, after)


async def open_template(services: Services, scope: Scope, template_id: TemplateId) -> Template:
    """One that passes can be made of. Raises NotFound, Conflict."""
    template = await services.store.read(lambda tx: tx.templates.find(scope, template_id))
    if template is None:
        raise NotFound("template")
    if template.revision == 0:
        raise Conflict("template_not_published", "this template is a draft; publish it first")
    if template.archived_at_ms is not None:
        raise Conflict("template_archived", "no new passes are made of an archived template")
    return template


async def find_workspace(services: Services, scope: Scope) -> Workspace:
    workspace = await services.store.recall(("workspace", scope.workspace), lambda tx: tx.workspaces.find(scope.workspace))
    if workspace is None:
        raise NotFound("workspace")
    return workspace


async def _new_pass(
    services: Services,
    scope: Scope,
    now_ms: int,
    *,
    fingerprint: str,
    content: Content | None = None,
    template_id: TemplateId | None = None,
    values: JsonObject | None = None,
) -> Pass:
    return Pass(
        id=new_pass_id(scope, now_ms, services.entropy.bytes(11)),
        scope=scope,
        content=content,
        fingerprint=fingerprint,
        number=0,
        issued_number=0,
        issued_at_ms=now_ms,
        updated_at_ms=now_ms,
        pass_type=await services.apple.identity(scope),
        issuer_id=await services.google.identity(scope),
        template_id=template_id,
        values=values or {},
    )


def month_of(at_ms: int) -> str:
    """`2026-11`, in UTC: quotas start anew on the first of the month."""
    return _month_of_hour(at_ms // HOUR_MS)


@lru_cache(maxsize=64)
def _month_of_hour(hour: int) -> str:
    return datetime.datetime.fromtimestamp(hour * 3600, datetime.UTC).strftime("%Y-%m")


def next_month_starts(at_ms: int) -> datetime.datetime:
    at = datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC)
    return datetime.datetime(at.year + at.month // 12, at.month % 12 + 1, 1, tzinfo=datetime.UTC)


def count_use(tx: Tx, workspace: Workspace, scope: Scope, kind: str, at_ms: int, amount: int = 1) -> None:
    """Counts issued or changed passes against the month's quota. Raises TooMany when it is used up."""
    month = month_of(at_ms)
    tx.usage.add(scope, month, kind, amount)
    if workspace.quota_month is None:
        return
    used = sum(tx.usage.count(scope, month).values())
    if used > workspace.quota_month:
        seconds = int(next_month_starts(at_ms).timestamp() - at_ms / 1000)
        raise TooMany("quota", "this month's quota of passes is used up; it starts anew on the first of the month (UTC)", seconds)


async def _stored(
    services: Services,
    workspace: Workspace,
    new: Pass,
    content: Content,
    findings: tuple[Finding, ...],
    actor: Actor,
    after: After | None,
) -> Stored:
    def transaction(tx: Tx) -> Stored:
        stored = Stored(_store(services, tx, workspace, new, actor), content, findings)
        if after:
            after(tx, stored)
        return stored

    return await services.store.write(transaction, short=True)


def _store(services: Services, tx: Tx, workspace: Workspace, new: Pass, actor: Actor) -> Pass:
    at = new.issued_at_ms
    number = tx.numbers.next(new.scope)
    stored = replace(new, number=number, issued_number=number)
    tx.passes.add(stored, actor.key_id)
    count_use(tx, workspace, new.scope, "issued", at)
    tx.events.append(Event(services.entropy.event_id(), new.scope, at, EventKind.PASS_ISSUED, new.id, cause=actor.principal))
    tx.deliveries.want_object(new.scope, new.id, number, at, Priority.NEW)
    return stored

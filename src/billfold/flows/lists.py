"""What a workspace has: pages of passes, templates and events, and one pass with its delivery. Each is one snapshot.

May not enter: wire shapes, cursors' form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from billfold.domain.content import Content
from billfold.domain.errors import NotFound, WrongScope
from billfold.domain.events import Event
from billfold.domain.ids import PassId, Scope, TemplateId, scope_of_pass, scope_of_template
from billfold.domain.keys import Actor, authorize
from billfold.domain.passes import Pass, Template, content_of
from billfold.ports import Services, Tx

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`more`: whether anything follows the last one."""

    items: Sequence[T]
    more: bool


@dataclass(frozen=True, slots=True)
class PassState:
    """A pass, what its holder sees, and per device and wallet what is wanted and what it has."""

    pass_: Pass
    content: Content
    delivery: list[dict[str, str | int]]


async def _page(services: Services, fetch: Callable[[Tx, int], list[T]], limit: int) -> Page[T]:
    found = await services.store.read(lambda tx: fetch(tx, limit + 1))
    return Page(found[:limit], len(found) > limit)


async def passes(services: Services, actor: Actor, after: str | None, limit: int, template: str | None) -> Page[Pass]:
    """Raises WrongScope when the template is another's. An unknown template has no passes."""
    authorize(actor, "passes.list")
    scope = actor.scope
    if template is not None and (named := scope_of_template(template)) != scope:
        raise WrongScope("template") if named else NotFound("template")
    wanted = None if template is None else TemplateId(template)
    return await _page(services, lambda tx, count: tx.passes.list(scope, after, count, wanted), limit)


async def templates(services: Services, actor: Actor, after: str | None, limit: int) -> Page[Template]:
    authorize(actor, "templates.list")
    return await _page(services, lambda tx, count: tx.templates.list(actor.scope, after, count), limit)


async def events(services: Services, actor: Actor, after: str | None, limit: int, subject: str | None) -> Page[Event]:
    """Only what is settled: whoever goes on from the last one misses nothing that a slower transaction writes meanwhile."""
    authorize(actor, "events.list")
    settled = await services.store.read(lambda tx: tx.events.settled(), single=True)
    return await _page(services, lambda tx, count: tx.events.list(actor.scope, after, count, subject, settled), limit)


async def read_pass(services: Services, actor: Actor, serial: str) -> PassState:
    """Raises WrongScope from the id alone, NotFound, Forbidden."""
    authorize(actor, "passes.read")
    scope = scope_of_pass(serial)
    if scope is None:
        raise NotFound("pass")
    if scope != actor.scope:
        raise WrongScope("pass")
    found = await services.store.read(lambda tx: _state(tx, scope, PassId(serial)))
    if found is None:
        raise NotFound("pass")
    return found


def _state(tx: Tx, scope: Scope, pass_id: PassId) -> PassState | None:
    found = tx.passes.find(scope, pass_id)
    if found is None:
        return None
    template = tx.templates.find(scope, found.template_id) if found.template_id else None
    return PassState(found, content_of(found, template), tx.deliveries.state(scope, pass_id))

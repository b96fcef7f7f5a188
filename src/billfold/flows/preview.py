"""What a wallet would show: of a pass, of a template with values, of a content that is nowhere yet. The picture itself is drawn by
rendering/, from what is gathered here. May not enter: drawing, HTTP."""

from dataclasses import dataclass

from billfold.domain import texts
from billfold.domain.content import Content, ImageSlot
from billfold.domain.drafts import Draft
from billfold.domain.ids import Scope
from billfold.domain.keys import Actor, authorize
from billfold.flows import compose, lists
from billfold.flows.issue import find_workspace
from billfold.ports import Services


@dataclass(frozen=True, slots=True)
class Look:
    """`content`: filled, its texts in `language`. `pictures`: slot → PNG, an icon always among them."""

    content: Content
    language: str
    pictures: dict[ImageSlot, bytes]


async def of_pass(services: Services, actor: Actor, serial: str, language: str | None) -> tuple[Look, int]:
    """The pass as it is now, and its version. Raises NotFound, WrongScope, Forbidden."""
    state = await lists.read_pass(services, actor, serial)
    return await look_at(services, actor.scope, state.content, language), state.pass_.version


async def of_draft(services: Services, actor: Actor, draft: Draft, language: str | None) -> Look:
    """A content as it would be stored; nothing is but its pictures. Raises Invalid, Forbidden."""
    authorize(actor, "previews.create")
    workspace = await find_workspace(services, actor.scope)
    content = await compose.compose(services, actor.scope, workspace, draft, services.clock.now_ms())
    return await look_at(services, actor.scope, content, language)


async def look_at(services: Services, scope: Scope, content: Content, language: str | None) -> Look:
    """`language` None: the content's own."""
    chosen = language or content.language or "en"
    shown = texts.in_language(content, chosen)
    pictures = await services.images.pictures(scope, content, chosen)
    return Look(shown, chosen, pictures)

"""What a wallet would show: of a pass, of a template with values, of a content that is nowhere yet. The picture itself is drawn by
rendering/, from what is gathered here. May not enter: drawing, HTTP."""

from dataclasses import dataclass

from billfold.domain import texts
from billfold.domain.content import Content, ImageSlot, JsonObject
from billfold.domain.drafts import Draft
from billfold.domain.filling import filling_of
from billfold.domain.ids import Scope
from billfold.domain.keys import Actor, authorize
from billfold.domain.templates import Rules, examples_of
from billfold.flows import compose, lists, own_pictures, templates
from billfold.flows.issue import find_workspace
from billfold.ports import Services


@dataclass(frozen=True, slots=True)
class Look:
    """`content`: filled, its texts in `language`. `pictures`: slot → PNG, an icon among them where a wallet needs one. `more`: what
    else Google's details show."""

    content: Content
    language: str
    pictures: dict[ImageSlot, bytes]
    more: tuple[bytes, ...] = ()


async def of_pass(services: Services, actor: Actor, serial: str, language: str | None, wallet: str) -> Look:
    """The pass as it is now. Raises NotFound, WrongScope, Forbidden."""
    state = await lists.read_pass(services, actor, serial)
    return await look_at(services, actor.scope, state.content, language, wallet)


async def of_template(services: Services, actor: Actor, text: str, language: str | None, wallet: str, *, draft: bool) -> Look:
    """The template with its schema's example values: what is published, or the draft where there is one.

    Raises NotFound, WrongScope, Forbidden."""
    found = (await templates.read_draft(services, actor, text)).draft if draft else await templates.find(services, actor, text)
    filled = filling_of(found.content, found.rules).fill(examples_of(found.rules), services.clock.now_ms())
    return await look_at(services, actor.scope, filled, language, wallet)


async def of_draft(
    services: Services, actor: Actor, draft: Draft, language: str | None, wallet: str, values: JsonObject | None = None
) -> Look:
    """A content as it would be stored, filled with `values` where some are given; nothing is stored but its pictures.

    Raises Invalid, Forbidden."""
    authorize(actor, "previews.create")
    workspace = await find_workspace(services, actor.scope)
    now = services.clock.now_ms()
    if values is None:
        content = (await compose.compose(services, actor.scope, workspace, draft, now)).content
    else:
        rules = Rules(expires_in_days=draft.expires_in_days)
        content = filling_of(await compose.assemble(services, actor.scope, workspace, draft), rules).fill(values, now)
        compose.check(services, content)
    return await look_at(services, actor.scope, content, language, wallet)


async def look_at(services: Services, scope: Scope, content: Content, language: str | None, wallet: str) -> Look:
    """`language` None: the content's own. `wallet`: apple or google, whose shapes the pictures have."""
    chosen = language or content.language or "en"
    shown = texts.in_language(content, chosen)
    pictures = await services.images.pictures(scope, content, chosen, wallet)
    if wallet == "google" and content.overrides is not None:
        found = await own_pictures.in_place(services, content, pictures)
        return Look(shown, chosen, found.pictures, found.more)
    return Look(shown, chosen, pictures)

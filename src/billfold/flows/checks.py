"""Have a pass judged that is not issued here, or not yet: a file, a document in a wallet's own words, or a neutral content.

Nothing is stored, fetched or signed. May not enter: HTTP, the rules themselves."""

from collections.abc import Mapping

from msgspec.structs import replace

from billfold.domain.checks import Part, Report
from billfold.domain.content import Content, ImageSlot, JsonObject
from billfold.domain.drafts import Draft, ImageSource
from billfold.domain.findings import Finding
from billfold.domain.ids import Scope
from billfold.domain.keys import Actor, authorize
from billfold.flows import compose, own_pictures
from billfold.flows.issue import find_workspace
from billfold.flows.template_checks import expired
from billfold.ports import Services

OPERATION = "checks.create"
_SOME_PICTURE = "0" * 64
"""Stands for pictures that nobody fetches for a check: the rules ask only which places are filled."""


async def check_file(services: Services, actor: Actor, data: bytes) -> Report:
    """A .pkpass, a .pkpasses, a pass.json, a Google class, object or save link as a file; anything else is told as what it is."""
    authorize(actor, OPERATION)
    return await services.checker.file(data, services.clock.now_ms())


async def check_document(services: Services, actor: Actor, document: JsonObject, earlier: JsonObject | None = None) -> Report:
    """A pass.json, or a Google class or object. `earlier`: the version that holders have, which it may not contradict."""
    authorize(actor, OPERATION)
    return await services.checker.document(document, services.clock.now_ms(), earlier)


async def check_google(services: Services, actor: Actor, document: JsonObject) -> Report:
    """A class, an object, or what a save link claims."""
    authorize(actor, OPERATION)
    return await services.checker.google(document, services.clock.now_ms())


async def check_draft(services: Services, actor: Actor, draft: Draft) -> Report:
    """What both wallets would say at issue, and what is said of those pictures that are known already; none is fetched."""
    authorize(actor, OPERATION)
    workspace = await find_workspace(services, actor.scope)
    pictures = dict.fromkeys(draft.images, _SOME_PICTURE)
    content = compose.ending(compose.named(draft, workspace, pictures), draft, services.clock.now_ms())
    parts = []
    for name, wallet in (("apple", services.apple), ("google", services.google)):
        found = await wallet.check_for(actor.scope, content)
        parts.append(Part(name, tuple(one.within("content") for one in found)))
    unknown = await compose.linked_unknown(services, actor.scope, content) if content.linked else ()
    whole = tuple(one.within("content") for one in (*expired(content, services.clock.now_ms()), *unknown))
    return Report("content", tuple(parts), (*whole, *await _of_pictures(services, actor.scope, draft, content)))


async def _of_pictures(services: Services, scope: Scope, draft: Draft, content: Content) -> tuple[Finding, ...]:
    images = await _known(services, scope, draft.images)
    localized = {language: await _known(services, scope, own) for language, own in draft.localized_images.items()}
    measured = await services.images.findings(scope, replace(content, images=images, localized_images=localized))
    found = (*measured, *await own_pictures.findings(services, content))
    return tuple(one.within("content") for one in found)


async def _known(services: Services, scope: Scope, sources: Mapping[ImageSlot, ImageSource]) -> dict[ImageSlot, str]:
    found = {slot: await services.images.known(scope, one.source) for slot, one in sources.items()}
    return {slot: hash_ for slot, hash_ in found.items() if hash_ is not None}

"""From a draft to the content that is stored: the workspace's name, the expiry's date, the pictures by content.

May not enter: wire shapes, what either wallet makes of it."""

import asyncio
from dataclasses import dataclass

from msgspec.structs import replace

from billfold.domain.content import Content, ImageSlot
from billfold.domain.drafts import Draft, ImageSource
from billfold.domain.filling import DAY_SECONDS
from billfold.domain.findings import Finding
from billfold.domain.ids import PassId, Scope
from billfold.flows import picture_checks
from billfold.flows.template_checks import both_wallets, expired, refuse
from billfold.ports import Services, Workspace


@dataclass(frozen=True, slots=True)
class Composed:
    """A content that both wallets take. `warnings`: what their rules say of it all the same; their paths lead into it."""

    content: Content
    warnings: tuple[Finding, ...]


async def compose(services: Services, scope: Scope, workspace: Workspace, draft: Draft, issued_at_ms: int) -> Composed:
    """The finished content, accepted by both wallets' rules. Raises Invalid, naming each field."""
    content = ending(await assemble(services, scope, workspace, draft), draft, issued_at_ms)
    return Composed(content, check(services, content))


async def findings_of(services: Services, scope: Scope, composed: Composed) -> tuple[Finding, ...]:
    """What wallets lose of the content or show otherwise, its pictures too: for those who are told."""
    content = composed.content
    overdue = expired(content, services.clock.now_ms())
    unknown = await linked_unknown(services, scope, content) if content.linked else ()
    return (*composed.warnings, *overdue, *unknown, *await picture_checks.of_content(services, scope, content))


async def linked_unknown(services: Services, scope: Scope, content: Content) -> tuple[Finding, ...]:
    """Ids of linked passes that nobody here has. They are taken all the same: two passes may name each other."""
    wanted = {PassId(one) for one in content.linked}
    there = await services.store.read(lambda tx: tx.passes.find_all(scope, wanted))
    text, mend = "there is no such pass", "give the id of a pass of this workspace; where it is made later, change this one then"
    return tuple(
        Finding("linked_unknown", "warning", f"linked[{at}]", text, mend, "Google shows this pass without it")
        for at, one in enumerate(content.linked)
        if PassId(one) not in there
    )


async def assemble(services: Services, scope: Scope, workspace: Workspace, draft: Draft) -> Content:
    """The content, not yet judged and without an expiry in days. Raises Invalid where a picture cannot be used."""
    content = named(draft, workspace, await _images(services, scope, draft.images) if draft.images else {})
    if draft.localized_images:
        localized = {language: await _images(services, scope, images) for language, images in draft.localized_images.items()}
        content = replace(content, localized_images=localized)
    if content.stamps is not None and content.stamps.stamp_image is not None:
        await services.images.accept_stamp(scope, f"image:{content.stamps.stamp_image}", "stamps.stamp_image")
    return content


def named(draft: Draft, workspace: Workspace, images: dict[ImageSlot, str]) -> Content:
    """The draft's content under the name of who issues it. `images`: by content hash."""
    name = draft.content.organization_name or workspace.organization_name
    return replace(draft.content, organization_name=name, description=draft.content.description or name, images=images)


def ending(content: Content, draft: Draft, issued_at_ms: int) -> Content:
    """With the date of an expiry that the draft gives in days from the issue."""
    if draft.expires_in_days is None:
        return content
    return replace(content, expires_at=issued_at_ms // 1000 + draft.expires_in_days * DAY_SECONDS)


async def _images(services: Services, scope: Scope, images: dict[ImageSlot, ImageSource]) -> dict[ImageSlot, str]:
    accepted = await asyncio.gather(*(services.images.accept(scope, one.source, slot, one.path) for slot, one in images.items()))
    return dict(zip(images, accepted, strict=True))


def check(services: Services, content: Content) -> tuple[Finding, ...]:
    """What both wallets' rules say of the content. Raises Invalid when either would refuse it."""
    found = both_wallets(services)(content)
    refuse(found)
    return found

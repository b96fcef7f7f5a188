"""Passes to try a design with: of a template's draft, or of what is published, with values that the editor made up. They are passes
of the test environment like any other; whoever may edit the template there may have one, since editing is what they are for.

May not enter: HTTP, live data."""

from dataclasses import dataclass, replace
from enum import StrEnum

from msgspec.structs import replace as changed

from billfold.domain.content import Content, ImageSlot, JsonObject
from billfold.domain.drafts import Draft, ImageSource
from billfold.domain.errors import Conflict, NotFound
from billfold.domain.filling import filling_of
from billfold.domain.ids import Environment, PassId, TemplateId
from billfold.domain.keys import Actor, authorize
from billfold.domain.passes import Pass
from billfold.flows import issue, templates, update
from billfold.ports import Services

_RIGHTS = frozenset({"passes:read", "passes:write"})


class Which(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Sample:
    """`again`: the pass was there and has changed."""

    serial: PassId
    again: bool


async def hand_out(
    services: Services, actor: Actor, template: str, which: Which, values: JsonObject, earlier: str | None = None
) -> Sample:
    """A pass with `values`. `earlier`: a sample that the same editor was given, which then changes and is not made anew;
    whoever calls has made sure that it is one.

    Raises NotFound, WrongScope, Forbidden, TooMany; Conflict where nothing is published; Invalid where a wallet would refuse it."""
    authorize(actor, "templates.draft")
    if actor.scope.environment is not Environment.TEST:
        raise Conflict("samples_are_tests", "samples are passes of the test environment")
    maker = replace(actor, scopes=actor.scopes | _RIGHTS)
    if which is Which.PUBLISHED:
        return await _of_published(services, maker, template, values, earlier)
    return await _of_draft(services, maker, template, values, earlier)


async def _of_published(services: Services, maker: Actor, template: str, values: JsonObject, earlier: str | None) -> Sample:
    found = await templates.find(services, maker, template)
    if (known := await _known(services, maker, earlier)) and known.template_id == found.id:
        await update.replace_values(services, maker, known, values)
        return Sample(known.id, True)
    made = await issue.store_from_template(services, maker, TemplateId(found.id), values)
    return Sample(made.pass_.id, False)


async def _of_draft(services: Services, maker: Actor, template: str, values: JsonObject, earlier: str | None) -> Sample:
    draft = (await templates.read_draft(services, maker, template)).draft
    filled = _asked_for(filling_of(draft.content, draft.rules).fill(values, services.clock.now_ms()))
    if (known := await _known(services, maker, earlier)) and known.template_id is None:
        await update.replace_pass(services, maker, known, filled)
        return Sample(known.id, True)
    made = await issue.store_pass(services, maker, filled)
    return Sample(made.pass_.id, False)


async def _known(services: Services, maker: Actor, earlier: str | None) -> Pass | None:
    """None where it is gone or void."""
    if not earlier:
        return None
    try:
        found = await update.find_pass(services, maker, earlier, "passes.replace")
    except NotFound:
        return None
    return None if found.voided else found


def _asked_for(content: Content) -> Draft:
    """A content as somebody asks for it who has the pictures already."""
    images = _sources(content.images, "images")
    localized = {one: _sources(found, f"localized_images.{one}") for one, found in content.localized_images.items()}
    return Draft(changed(content, images={}, localized_images={}), images, None, localized)


def _sources(images: dict[ImageSlot, str], path: str) -> dict[ImageSlot, ImageSource]:
    return {slot: ImageSource(f"image:{kept}", f"{path}.{slot.value}") for slot, kept in images.items()}

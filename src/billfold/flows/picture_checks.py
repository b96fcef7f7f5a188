"""What is said of a content's pictures, and of a pass's by what its values change of its template's.

A template is told of its pictures when it is saved. A pass is told what its own values make of them: a colour behind a logo, a
count of stamps, an address that Google gets. Where a template's values say nothing of pictures, its passes cost nothing here.
May not enter: what is wrong with a picture (images/lint.py, own_pictures.py), storage, HTTP."""

from typing import Final

from billfold.domain.content import Content, StampCard
from billfold.domain.filling import Filling, Kept, filling_of
from billfold.domain.findings import Finding
from billfold.domain.ids import Scope
from billfold.domain.passes import Pass, Template, content_of
from billfold.domain.templates import Rules, examples_of
from billfold.domain.views import LOOKS_KEPT
from billfold.flows import own_pictures
from billfold.ports import Services

_COLORS: Final = frozenset({"background_color", "foreground_color"})
"""What stands behind pictures, and on them."""


async def of_content(services: Services, scope: Scope, content: Content) -> tuple[Finding, ...]:
    """Its pictures are on the shelf, where each was measured once: no pixel is looked at."""
    return (*await services.images.findings(scope, content), *await own_pictures.findings(services, content))


async def of_pass(services: Services, template: Template, pass_: Pass) -> tuple[Finding, ...]:
    """What is said of the pass's pictures and not of its template's. Paths lead into the content."""
    varying = _varying.of(template.content, template.rules, _Varying)
    return await varying.findings(services, template, pass_) if varying.places else ()


class _Varying:
    """What values change of a template's pictures. `places`: where they do, paths into the content. What was measured of a picture
    never changes, so what is said of it under one look is kept."""

    def __init__(self, content: Content, rules: Rules) -> None:
        self._filling = filling_of(content, rules)
        self.places = _places(self._filling, content, rules)
        self._of_template: frozenset[Finding] | None = None
        self._by_look: dict[tuple[str, str, StampCard | None], tuple[Finding, ...]] = {}

    async def findings(self, services: Services, template: Template, pass_: Pass) -> tuple[Finding, ...]:
        if self._of_template is None:
            self._of_template = await self._whatever_values(services, template)
        told, content = self._of_template, content_of(pass_, template)
        look = (content.background_color, content.foreground_color, content.stamps)
        measured = self._by_look.get(look)
        if measured is None:
            if len(self._by_look) >= LOOKS_KEPT:
                self._by_look.clear()
            found = await services.images.findings(pass_.scope, content)
            measured = self._by_look[look] = tuple(one for one in found if one not in told)
        named = await own_pictures.findings(services, content)
        return (*measured, *(one for one in named if one not in told))

    async def _whatever_values(self, services: Services, template: Template) -> frozenset[Finding]:
        """What the template was told: it is found with its examples and with no values at all."""
        filled = [self._filling.fill(values) for values in (examples_of(template.rules), {})]
        with_examples, with_none = [await of_content(services, template.scope, one) for one in filled]
        both = frozenset(with_examples) & frozenset(with_none)
        return frozenset(one for one in both if not any(place.startswith(one.path) for place in self.places))


def _places(filling: Filling, content: Content, rules: Rules) -> tuple[str, ...]:
    named = tuple(f"overrides.{one.part}.{one.path}" for one in own_pictures.places(content.kind))
    found = [one.path for one in filling.places if one.path.startswith(("stamps.", *named))]
    if content.images or content.localized_images or content.stamps is not None:
        found += sorted(_COLORS & rules.bindings.keys())
    return tuple(found)


_varying: Final[Kept[_Varying]] = Kept()

"""Previews on `/v1`: what each wallet shows of a pass, of a template or of a content, as PNG or SVG. Parse, call one flow, draw.

Drawing takes milliseconds of a processor, so it runs beside the event loop, two at a time; what was drawn is kept for a while.
May not enter: decisions, layout (rendering/)."""

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field as Rule

import billfold
from billfold.api.pictures import PNG, POLICY, SVG, kept
from billfold.api.v1.content import ContentIn, draft_of
from billfold.api.v1.operations import EXAMPLE_PASS, EXAMPLE_TEMPLATE, TEMPLATE_CONTENT, binary, empty, refusals, request_example
from billfold.api.v1.parts import Language
from billfold.api.v1.passes import Values, in_content
from billfold.api.v1.route import Asking
from billfold.api.v1.starters import StarterName
from billfold.api.v1.template_shapes import starter_body
from billfold.api.v1.types import In
from billfold.domain.content import encode
from billfold.domain.errors import Invalid
from billfold.domain.keys import authorize
from billfold.flows import preview as flow
from billfold.flows.preview import Look
from billfold.ports import Services
from billfold.rendering.preview import Wallet, png, svg
from billfold.rendering.scene import Scene, Scheme, Side
from billfold.starters import catalogue

KEPT_BYTES_MAX = 32 * 1024 * 1024
DRAWING_MAX = 2
MEDIA = {"png": PNG, "svg": SVG}

TemplateId = Annotated[str, Path(description="The id of a template.", examples=[EXAMPLE_TEMPLATE])]
PassId = Annotated[str, Path(description="The id of a pass, its serial number.", examples=[EXAMPLE_PASS])]
WalletName = Annotated[Literal["apple", "google"], Query(description="Whose phone shows it.")]
SideWord = Literal["front", "back", "lock", "nearby", "watch"]
SideName = Annotated[
    SideWord,
    Query(description="The card, what stands behind it, the lock screen at a change, the lock screen near a place, or a watch."),
]
SchemeName = Annotated[Literal["light", "dark"], Query(description="Of what stands around the card.")]
Scale = Annotated[float, Query(ge=0.5, le=4, description="Pixels a point; a card is 375 points wide.")]
Spoken = Annotated[Language | None, Query(description="The phone's language; without one the pass's own.")]


class PreviewIn(In):
    """A content as `/v1/passes` takes it, and how it is looked at. Nothing is issued."""

    content: ContentIn
    values: Annotated[Values | None, Rule(description="Fill expressions like `{{ member.name }}` with these.")] = None
    wallet: Literal["apple", "google"] = "apple"
    side: SideWord = "front"
    scheme: Literal["light", "dark"] = "light"
    language: Language | None = None
    changed: Annotated[str | None, Rule(max_length=64, description="Key of the field whose change the lock screen tells.")] = None
    scale: Annotated[float, Rule(ge=0.5, le=4)] = 2.0
    format: Literal["png", "svg"] = "png"


@dataclass(frozen=True, slots=True)
class View:
    """How a look is looked at: the part of a picture's name that is not the pass."""

    wallet: str
    side: str
    scheme: str
    scale: float
    form: str
    changed: str | None = None


class Drawings:
    """Draws, and keeps what it drew last, bounded by bytes."""

    def __init__(self, bytes_max: int = KEPT_BYTES_MAX) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes, self._bytes_max = 0, bytes_max
        self._turns = asyncio.Semaphore(DRAWING_MAX)

    async def answer(self, request: Request, look: Look, view: View, cache: str = "private, no-cache") -> Response:
        """The picture, named by all that it shows: the same of a pass that changed without showing it."""
        name = _name(look, view)
        return await kept(request, name, MEDIA[view.form], lambda: self._get(look, view, name), cache)

    async def drawn(self, look: Look, view: View) -> bytes:
        return await self._get(look, view, _name(look, view))

    async def _get(self, look: Look, view: View, name: str) -> bytes:
        if (found := self._kept.get(name)) is not None:
            self._kept.move_to_end(name)
            return found
        async with self._turns:
            made = await asyncio.to_thread(draw, look, view)
        if name not in self._kept:
            self._kept[name] = made
            self._bytes += len(made)
            while self._bytes > self._bytes_max:
                self._bytes -= len(self._kept.popitem(last=False)[1])
        return made


def draw(look: Look, view: View) -> bytes:
    scene = Scene(look.content, look.language, look.pictures, Scheme(view.scheme), view.changed, look.more)
    document = svg(scene, Wallet(view.wallet), Side(view.side))
    return document.encode() if view.form == "svg" else png(document, view.scale)


def add_previews(router: APIRouter, services: Services) -> None:
    drawings = Drawings()
    for form, media in MEDIA.items():
        _add_of_pass(router, services, drawings, form, media)
        _add_of_template(router, services, drawings, form, media)
        _add_of_starter(router, services, drawings, form, media)
    _add_of_content(router, services, drawings)


def _add_of_pass(router: APIRouter, services: Services, drawings: Drawings, form: str, media: str) -> None:
    @router.get(
        f"/passes/{{pass_id}}/preview.{form}",
        name="passes.read",
        operation_id=f"previewPass{form.capitalize()}",
        summary=f"What a wallet shows of the pass, as {form.upper()}",
        response_class=Response,
        responses=binary(200, media, "The picture.") | empty(304, "The caller has it.") | refusals(404),
    )
    async def of_pass(
        request: Request,
        actor: Asking,
        pass_id: PassId,
        wallet: WalletName = "apple",
        side: SideName = "front",
        scheme: SchemeName = "light",
        language: Spoken = None,
        scale: Scale = 2.0,
    ) -> Response:
        look = await flow.of_pass(services, actor, pass_id, language, wallet)
        return await drawings.answer(request, look, View(wallet, side, scheme, scale, form))


def _add_of_template(router: APIRouter, services: Services, drawings: Drawings, form: str, media: str) -> None:
    @router.get(
        f"/templates/{{template_id}}/preview.{form}",
        name="templates.read",
        operation_id=f"previewTemplate{form.capitalize()}",
        summary=f"What a wallet shows of the template, with its example values, as {form.upper()}",
        response_class=Response,
        responses=binary(200, media, "The picture.") | empty(304, "The caller has it.") | refusals(404),
    )
    async def of_template(
        request: Request,
        actor: Asking,
        template_id: TemplateId,
        draft: Annotated[bool, Query(description="What is saved and not yet published, where there is such a draft.")] = False,
        wallet: WalletName = "apple",
        side: SideName = "front",
        scheme: SchemeName = "light",
        language: Spoken = None,
        scale: Scale = 2.0,
    ) -> Response:
        look = await flow.of_template(services, actor, template_id, language, wallet, draft=draft)
        return await drawings.answer(request, look, View(wallet, side, scheme, scale, form))


def _add_of_starter(router: APIRouter, services: Services, drawings: Drawings, form: str, media: str) -> None:
    @router.get(
        f"/starters/{{starter}}/preview.{form}",
        name="starters.read",
        operation_id=f"previewStarter{form.capitalize()}",
        summary=f"What a wallet shows of a starter, with the values of its first person, as {form.upper()}",
        response_class=Response,
        responses=binary(200, media, "The picture.") | empty(304, "The caller has it.") | refusals(404),
    )
    async def of_starter(
        request: Request,
        actor: Asking,
        starter: StarterName,
        wallet: WalletName = "apple",
        side: SideName = "front",
        scheme: SchemeName = "light",
        language: Spoken = None,
        scale: Scale = 2.0,
    ) -> Response:
        authorize(actor, "starters.read")
        body = starter_body(starter)
        values = catalogue.load(starter).samples[0].values
        look = await flow.of_draft(services, actor, draft_of(body.content), language, wallet, values)
        return await drawings.answer(request, look, View(wallet, side, scheme, scale, form), "private, max-age=3600")


def _name(look: Look, view: View) -> str:
    """A release may draw the same otherwise."""
    return hashlib.sha256(encode(look.content) + repr((billfold.__version__, look.language, view)).encode()).hexdigest()[:32]


def _either() -> dict[int | str, dict[str, object]]:
    made = binary(200, PNG, "The picture; an SVG where `format` says so.")
    made[200]["content"] |= binary(200, SVG, "")[200]["content"]  # type: ignore[operator]
    return made


def _add_of_content(router: APIRouter, services: Services, drawings: Drawings) -> None:
    @router.post(
        "/previews",
        name="previews.create",
        operation_id="previewContent",
        summary="What a wallet would show of a content",
        response_class=Response,
        responses=_either() | refusals(body=True),
        openapi_extra=request_example({"content": TEMPLATE_CONTENT, "wallet": "google", "side": "front"}),
    )
    async def of_content(actor: Asking, body: PreviewIn) -> Response:
        try:
            look = await flow.of_draft(services, actor, draft_of(body.content), body.language, body.wallet, body.values)
        except Invalid as error:
            raise in_content(error) from None
        view = View(body.wallet, body.side, body.scheme, body.scale, body.format, body.changed)
        headers = {"Cache-Control": "no-store", "Content-Security-Policy": POLICY}
        return Response(await drawings.drawn(look, view), headers=headers, media_type=MEDIA[body.format])

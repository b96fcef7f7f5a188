"""What hands a pass out, on `/v1`: the QR code of its link as a picture, and links, button and mail to copy (S0-04, S0-05).

May not enter: decisions, how a code or a snippet is made (snippets/)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from billfold.api.pictures import PNG, SVG, kept
from billfold.api.v1 import answers
from billfold.api.v1.answers import PassSnippets
from billfold.api.v1.operations import EXAMPLE_PASS, answer, binary, empty, refusals
from billfold.api.v1.parts import Language
from billfold.api.v1.passes import PassId
from billfold.api.v1.route import Asking
from billfold.flows import share
from billfold.ports import Services
from billfold.snippets import link_code
from billfold.snippets.making import snippets_of

Size = Annotated[int, Query(ge=link_code.PIXELS_MIN, le=link_code.PIXELS_MAX, description="Pixels of a side, the margin included.")]
Quiet = Annotated[int, Query(ge=0, le=link_code.QUIET_MODULES_MAX, description="White modules around the code; readers want four.")]
_PAGE = f"http://127.0.0.1:8000/p/{EXAMPLE_PASS}"
_SHOWN = {
    "language": "en",
    "share_url": _PAGE,
    "direct_url": f"{_PAGE}/go",
    "qr_svg_url": f"{_PAGE}/qr.svg",
    "qr_png_url": f"{_PAGE}/qr.png",
    "button_html": f'<a href="{_PAGE}" lang="en" style="...">Add to your wallet</a>',
    "mail_html": '<table role="presentation" lang="en" ...>...</table>',
}


def add_snippets(router: APIRouter, services: Services) -> None:
    _add_code(router, services, "png", PNG)
    _add_code(router, services, "svg", SVG)

    @router.get(
        "/passes/{pass_id}/snippets",
        name="passes.read",
        operation_id="readPassSnippets",
        summary="What hands the pass out: links, QR code, a button and a mail to copy",
        responses=answer(200, PassSnippets, _SHOWN, "Addresses and HTML, ready to be used as they are.") | refusals(404),
    )
    async def snippets(
        actor: Asking,
        pass_id: PassId,
        language: Annotated[Language | None, Query(description="Of what they say; without one the pass's own.")] = None,
    ) -> Response:
        made = await snippets_of(services, await share.to_hand_out(services, actor, pass_id), language)
        shown = PassSnippets(
            language=made.language,
            share_url=made.links.page,
            direct_url=made.links.direct,
            qr_svg_url=made.links.code_svg,
            qr_png_url=made.links.code_png,
            button_html=made.button,
            mail_html=made.mail,
        )
        return Response(answers.body(shown), media_type="application/json")


def _add_code(router: APIRouter, services: Services, form: Literal["png", "svg"], media: str) -> None:
    @router.get(
        f"/passes/{{pass_id}}/qr.{form}",
        name="passes.read",
        operation_id=f"readPassQr{form.capitalize()}",
        summary=f"The QR code of the pass's link, as {form.upper()}",
        response_class=Response,
        responses=binary(200, media, "The picture, dark on white.") | empty(304, "The caller has it.") | refusals(404),
    )
    async def code(
        request: Request, actor: Asking, pass_id: PassId, size: Size = link_code.PIXELS, quiet_zone: Quiet = link_code.QUIET_MODULES
    ) -> Response:
        opened = await share.to_hand_out(services, actor, pass_id)
        link = services.addresses.share(opened.pass_.id)

        async def draw() -> bytes:
            return (
                link_code.link_png(link, size, quiet_zone) if form == "png" else link_code.link_svg(link, size, quiet_zone).encode()
            )

        return await kept(request, f"{opened.pass_.id}-{size}-{quiet_zone}", media, draw)

"""The hosted pages of one pass, `/p/<serial>`, and of several, `/ps/<serial>.<serial>`: each visitor sees the one right thing,
without a script (S3-35..S3-38, S0-05).

A GET uses nothing up. The page of a person is never cached and never tells another site where the visitor came from.
May not enter: storage, decisions about passes."""

import base64
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
import segno
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from billfold.api.apple_web_service import PKPASSES, bundle_response, quietly
from billfold.api.languages import PAGE
from billfold.domain import formatting, texts
from billfold.domain.content import ImageSlot
from billfold.domain.errors import NotFound
from billfold.domain.events import EventKind
from billfold.domain.ids import Environment, Scope, scope_of_pass
from billfold.flows import offer, share
from billfold.flows.register import Shown
from billfold.ports import Services
from billfold.web import languages

_PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
POLICY = "; ".join(
    (
        "default-src 'none'",
        "img-src 'self' data:",
        "style-src 'nonce-{}'",
        *(f"{one} 'none'" for one in ("base-uri", "form-action", "frame-ancestors")),
    )
)
"""The page loads nothing but its own style and the brand's logo, runs no script, and stands in no other site's frame."""
_BOTS = ("bot", "crawler", "spider", "facebookexternalhit", "whatsapp", "slackbot", "preview", "curl/", "wget/", "python-")


def visitor_of(user_agent: str) -> str:
    """iphone, android, desktop or bot. An iPad that asks for desktop pages looks like a Mac: that page has Apple's button too."""
    agent = user_agent.lower()
    if any(word in agent for word in _BOTS):
        return "bot"
    if "iphone" in agent or "ipad" in agent or "ipod" in agent:
        return "iphone"
    if "android" in agent:
        return "android"
    return "desktop"


PHONE_HEADER = "x-billfold-phone"
"""A page's script cannot choose its User-Agent, so the phones of `/phones` say here which phone they are."""


def _visitor(request: Request) -> str:
    """As `visitor_of`. The word of a phone in a page counts for a pass of the test environment alone."""
    named = request.headers.get(PHONE_HEADER, "")
    scope = scope_of_pass(request.path_params.get("serial") or request.path_params["serials"].partition(".")[0])
    if named in ("iphone", "android") and scope is not None and scope.environment is Environment.TEST:
        return named
    return visitor_of(request.headers.get("user-agent", ""))


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _qr(address: str) -> str:
    return segno.make(address, error="m", micro=False).svg_inline(omitsize=True, border=4, dark="#111827", light="#ffffff")


def _shown_in(shown: Shown, accepted: str) -> dict[str, object]:
    """One pass on the page of several, in the visitor's language if it has it."""
    language = languages.choose(accepted, texts.languages(shown.content))
    return {
        "content": texts.in_language(shown.content, language),
        "language": language,
        "value": lambda one: formatting.display(one, language),
        "google": f"/p/{shown.pass_.id}/go",
    }


class SharePages:
    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        return [
            Route("/p/{serial}", self.page),
            Route("/p/{serial}/go", self.go),
            Route("/p/{serial}/apple", self.apple),
            Route("/ps/{serials}", self.pack_page),
            Route("/ps/{serials}/apple", self.pack),
            Route("/i/{scope}/{name}", self.image),
        ]

    async def page(self, request: Request) -> Response:
        visitor = _visitor(request)
        try:
            shown = await share.open_link(self._services, request.path_params["serial"])
        except NotFound:
            return _private(HTMLResponse(_PAGES.get_template("missing.html").render(), 404))
        nonce = base64.b64encode(secrets.token_bytes(12)).decode()
        page = await self._render(shown, visitor, request.headers.get("accept-language", ""), nonce)
        response = HTMLResponse(page, headers={"Content-Security-Policy": POLICY.format(nonce)})
        response.background = BackgroundTask(self._record, shown, EventKind.LINK_OPENED, "", visitor)
        return _private(response)

    async def _render(self, shown: Shown, visitor: str, accepted: str, nonce: str) -> str:
        """`accepted`: an Accept-Language header. The page speaks to the visitor in theirs, the card in one that it has."""
        content, pass_ = shown.content, shown.pass_
        language, around = languages.choose(accepted, texts.languages(content)), languages.choose(accepted, tuple(PAGE))
        given = content.images.get(ImageSlot.LOGO)
        logo = given and await self._services.images.public_hash(pass_.scope, ImageSlot.LOGO, given)
        address = self._services.addresses.share(pass_.id)
        now = self._services.clock.now_ms() // 1000
        google = None if visitor == "iphone" else await offer.save_url(self._services, pass_, content)
        return _PAGES.get_template("share.html").render(
            content=texts.in_language(content, language),
            language=language,
            around=around,
            say=PAGE[around],
            value=lambda one: formatting.display(one, language),
            serial=pass_.id,
            visitor=visitor,
            logo=f"/i/{pass_.scope.code}/{logo}.png" if logo else None,
            apple=f"/p/{pass_.id}/apple",
            google=google,
            address=address,
            qr=_qr(address),
            state="voided" if content.voided else "expired" if content.expires_at is not None and content.expires_at <= now else "",
            nonce=nonce,
        )

    async def go(self, request: Request) -> Response:
        """The direct form of the link: straight to the wallet of this phone; a desktop goes to the page."""
        visitor = _visitor(request)
        serial = request.path_params["serial"]
        if visitor == "iphone":
            return await self.apple(request)
        if visitor != "android":
            return _private(RedirectResponse(f"/p/{serial}", 302))
        try:
            shown = await share.open_link(self._services, serial)
        except NotFound:
            return _private(RedirectResponse(f"/p/{serial}", 302))
        response = RedirectResponse(await offer.save_url(self._services, shown.pass_, shown.content), 302)
        response.background = BackgroundTask(self._record, shown, EventKind.LINK_OPENED, "google", visitor)
        return _private(response)

    async def apple(self, request: Request) -> Response:
        visitor = _visitor(request)
        try:
            shown = await share.open_link(self._services, request.path_params["serial"])
        except NotFound:
            return _private(HTMLResponse(_PAGES.get_template("missing.html").render(), 404))
        response = await bundle_response(self._services, shown)
        place = place_of(request.query_params)
        response.background = BackgroundTask(self._record, shown, EventKind.PASS_DOWNLOADED, "apple", visitor, place)
        return _private(response)

    async def pack_page(self, request: Request) -> Response:
        """The page of several passes: one button on an iPhone, one for each pass elsewhere."""
        visitor = _visitor(request)
        try:
            several = await share.open_links(self._services, request.path_params["serials"])
        except NotFound:
            return _private(HTMLResponse(_PAGES.get_template("missing.html").render(), 404))
        nonce = base64.b64encode(secrets.token_bytes(12)).decode()
        ids = [one.pass_.id for one in several]
        address = self._services.addresses.share_pack(ids)
        accepted = request.headers.get("accept-language", "")
        around = languages.choose(accepted, tuple(PAGE))
        page = _PAGES.get_template("pack.html").render(
            content=several[0].content,
            passes=[_shown_in(one, accepted) for one in several],
            around=around,
            say=PAGE[around],
            visitor=visitor,
            apple=f"/ps/{'.'.join(ids)}/apple",
            qr=_qr(address),
            nonce=nonce,
        )
        response = HTMLResponse(page, headers={"Content-Security-Policy": POLICY.format(nonce)})
        response.background = BackgroundTask(self._record_all, several, EventKind.LINK_OPENED, "", visitor)
        return _private(response)

    async def pack(self, request: Request) -> Response:
        """All of them in one download, which an iPhone's browser takes."""
        visitor = _visitor(request)
        try:
            several = await share.open_links(self._services, request.path_params["serials"])
        except NotFound:
            return _private(HTMLResponse(_PAGES.get_template("missing.html").render(), 404))
        data = await offer.pack(self._services, [(one.pass_, one.content) for one in several])
        response = Response(data, headers={"Content-Disposition": 'attachment; filename="passes.pkpasses"'}, media_type=PKPASSES)
        response.background = BackgroundTask(self._record_all, several, EventKind.PASS_DOWNLOADED, "apple", visitor)
        return _private(response)

    async def image(self, request: Request) -> Response:
        """A picture by content hash: the address that Google keeps for ever."""
        scope, name = Scope.parse(request.path_params["scope"]), request.path_params["name"]
        hash_ = name.removesuffix(".png")
        known = len(hash_) == 64 and all(one in "0123456789abcdef" for one in hash_)
        data = await self._services.blobs.get(hash_) if scope and known and name.endswith(".png") else None
        if data is None:
            return Response(b"", 404)
        return Response(
            data, 200, {"Cache-Control": "public, max-age=31536000, immutable", "ETag": f'"{hash_}"'}, media_type="image/png"
        )

    async def _record_all(self, several: Sequence[Shown], kind: EventKind, wallet: str, visitor: str) -> None:
        for one in several:
            await self._record(one, kind, wallet, visitor)

    async def _record(self, shown: Shown, kind: EventKind, wallet: str, visitor: str, place: share.Place = None) -> None:
        if visitor != "bot":
            await quietly(share.record(self._services, shown, kind, wallet, visitor, place))


_DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,8})?\Z")


def place_of(query: Mapping[str, str]) -> share.Place:
    """`?lat=38.72&long=-9.14` of a page that may know where its visitor is. Anything that is no place on earth is none."""
    given = [query.get(name, "") for name in ("lat", "long")]
    if not all(_DEGREES.match(one) for one in given):
        return None
    latitude, longitude = map(float, given)
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None

"""The hosted pages of one pass, `/p/<serial>`, and of several, `/ps/<serial>.<serial>`: each visitor sees the one right thing,
without a script (S3-35..S3-38, S0-05).

A GET uses nothing up, costs no signature until a wallet is chosen, and never tells another site where the visitor came from. What a
browser keeps it asks about each time, and is told when nothing changed.
May not enter: storage, decisions about passes, what the pages show (share_view.py)."""

import hashlib
import re
from collections.abc import Mapping, Sequence

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

import billfold
from billfold.api import share_view
from billfold.api.apple_web_service import PKPASSES, bundle_response, quietly
from billfold.api.pictures import PNG, POLICY, SVG, has, kept
from billfold.api.share_view import Page, Tongue, tongue_of, without_code
from billfold.api.v1.previews import Drawings, View
from billfold.api.visitors import System, Visitor, visitor_of
from billfold.domain import texts
from billfold.domain.errors import NotFound
from billfold.domain.events import EventKind
from billfold.domain.ids import Environment, Scope, scope_of_pass
from billfold.domain.sharing import State
from billfold.flows import offer, preview, share
from billfold.flows.register import Shown
from billfold.flows.share import Opened
from billfold.ports import Services
from billfold.snippets.link_code import link_png, link_svg

PHONE_HEADER = "x-billfold-phone"
"""A page's script cannot choose its User-Agent, so the phones of `/phones` say here which phone they are."""
VARY = "Accept-Language, User-Agent, X-Billfold-Phone"
DAY_SECONDS = 86_400


def _visitor(request: Request) -> Visitor:
    """The word of a phone in a page counts for a pass of the test environment alone."""
    named = request.headers.get(PHONE_HEADER, "")
    scope = scope_of_pass(request.path_params.get("serial") or request.path_params["serials"].partition(".")[0])
    good = named in ("iphone", "android") and scope is not None and scope.environment is Environment.TEST
    return visitor_of(request.method, request.headers, named if good else "")


def _tongue(request: Request) -> Tongue:
    return tongue_of(request.headers.get("accept-language", ""), request.query_params.get("lang", ""))


def _private(response: Response, cache: str = "private, no-store") -> Response:
    response.headers["Cache-Control"] = cache
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _shown(request: Request, page: Page) -> Response:
    """The page, or that the browser has it."""
    tag = f'"{hashlib.sha256(page.html.encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Vary": VARY, "Content-Security-Policy": page.policy}
    response = Response(status_code=304, headers=headers) if has(request, tag) else HTMLResponse(page.html, headers=headers)
    return _private(response, "private, no-cache")


def _missing(request: Request) -> Response:
    page = share_view.missing(_tongue(request))
    return _private(HTMLResponse(page.html, 404, {"Content-Security-Policy": page.policy, "Vary": VARY}))


class SharePages:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._drawings = Drawings()

    def routes(self) -> list[Route]:
        return [
            Route("/p/{serial}", self.page),
            Route("/p/{serial}/go", self.go),
            Route("/p/{serial}/apple", self.apple),
            Route("/p/{serial}/google", self.google),
            Route("/p/{serial}/picture.svg", self.picture),
            Route("/p/{serial}/qr.svg", self.code),
            Route("/p/{serial}/qr.png", self.code),
            Route("/ps/{serials}", self.pack_page),
            Route("/ps/{serials}/apple", self.pack),
            Route("/i/{scope}/{name}", self.image),
        ]

    async def _open(self, request: Request) -> Opened:
        return await share.open_link(self._services, request.path_params["serial"])

    # --- pages

    async def page(self, request: Request) -> Response:
        visitor = _visitor(request)
        try:
            opened = await self._open(request)
        except NotFound:
            return _missing(request)
        response = _shown(request, await share_view.of_pass(self._services, opened, visitor, _tongue(request)))
        return self._counted(response, [opened], EventKind.LINK_OPENED, "", visitor)

    async def pack_page(self, request: Request) -> Response:
        visitor = _visitor(request)
        try:
            several = await share.open_links(self._services, request.path_params["serials"])
        except NotFound:
            return _missing(request)
        response = _shown(request, await share_view.of_several(self._services, several, visitor, _tongue(request)))
        return self._counted(response, several, EventKind.LINK_OPENED, "", visitor)

    # --- into the wallet

    async def go(self, request: Request) -> Response:
        """The direct form of the link: straight to the wallet of this phone. Whoever cannot go there is led to the page: a
        computer, a program, an app's own browser."""
        visitor = _visitor(request)
        if visitor.app is None and request.method == "GET":
            if visitor.system is System.IPHONE:
                return await self.apple(request)
            if visitor.system is System.ANDROID:
                return await self._to_google(request, visitor, EventKind.LINK_OPENED)
        return self._to_page(request)

    async def apple(self, request: Request) -> Response:
        visitor = _visitor(request)
        try:
            opened = await self._open(request)
        except NotFound:
            return _missing(request)
        if self._removed(opened):
            return self._to_page(request)
        response = _private(await bundle_response(self._services, opened, head=request.method == "HEAD"))
        return self._counted(response, [opened], EventKind.PASS_DOWNLOADED, "apple", visitor, place_of(request.query_params))

    async def google(self, request: Request) -> Response:
        """The save link is made for whoever goes to Google, not for whoever looks at the page; the page has been counted."""
        visitor = _visitor(request)
        return await self._to_google(request, visitor, None) if visitor.counts else self._to_page(request)

    async def _to_google(self, request: Request, visitor: Visitor, kind: EventKind | None) -> Response:
        try:
            opened = await self._open(request)
        except NotFound:
            return self._to_page(request)
        if self._removed(opened):
            return self._to_page(request)
        response = _private(RedirectResponse(await offer.save_url(self._services, opened.pass_, opened.content), 302))
        return self._counted(response, [opened], kind, "google", visitor) if kind else response

    def _to_page(self, request: Request) -> Response:
        return _private(RedirectResponse(f"/p/{request.path_params['serial']}", 302))

    def _removed(self, opened: Opened) -> bool:
        return opened.state(self._services.clock.now_ms()) is State.REMOVED

    async def pack(self, request: Request) -> Response:
        """All of them in one download, which an iPhone's browser takes."""
        visitor = _visitor(request)
        try:
            several = await share.open_links(self._services, request.path_params["serials"])
        except NotFound:
            return _missing(request)
        data = await offer.pack(self._services, [(one.pass_, one.content) for one in several])
        headers = {"Content-Disposition": 'attachment; filename="passes.pkpasses"'}
        response = _private(Response(data, headers=headers, media_type=PKPASSES))
        return self._counted(response, several, EventKind.PASS_DOWNLOADED, "apple", visitor)

    # --- pictures

    async def picture(self, request: Request) -> Response:
        """The pass as a wallet shows it, by the one renderer. `code=none`: without its own code, beside which the link's stands.
        What the address says wrong is as if it said nothing."""
        try:
            opened = await self._open(request)
        except NotFound:
            return Response(b"", 404)
        if self._removed(opened):
            return Response(b"", 404)
        wallet = "google" if request.query_params.get("wallet") == "google" else "apple"
        known, asked = texts.languages(opened.content), request.query_params.get("language", "")
        language, bare = asked if asked in known else known[0], request.query_params.get("code") == "none"
        named = repr((billfold.__version__, opened.pass_.id, opened.pass_.version, wallet, language, bare))
        name = hashlib.sha256(named.encode()).hexdigest()[:32]

        async def draw() -> bytes:
            content = without_code(opened.content) if bare else opened.content
            look = await preview.look_at(self._services, opened.pass_.scope, content, language, wallet)
            return await self._drawings.drawn(look, View(wallet, "front", "light", 1.0, "svg"))

        return _private(await kept(request, name, SVG, draw), "private, no-cache")

    async def code(self, request: Request) -> Response:
        """The QR code of the link, for mails and pages of others. Whoever has its address has the link already."""
        try:
            opened = await self._open(request)
        except NotFound:
            return Response(b"", 404)
        address, svg = self._services.addresses.share(opened.pass_.id), request.url.path.endswith(".svg")
        data = link_svg(address).encode() if svg else link_png(address)
        headers = {"Cache-Control": f"public, max-age={DAY_SECONDS}", "Content-Security-Policy": POLICY}
        return Response(data, headers=headers, media_type=SVG if svg else PNG)

    async def image(self, request: Request) -> Response:
        """A picture by content hash: the address that Google keeps for ever."""
        scope, name = Scope.parse(request.path_params["scope"]), request.path_params["name"]
        hash_ = name.removesuffix(".png")
        known = len(hash_) == 64 and all(one in "0123456789abcdef" for one in hash_)
        if not scope or not known or not name.endswith(".png"):
            return Response(b"", 404)
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "ETag": f'"{hash_}"'}
        if has(request, f'"{hash_}"'):
            return Response(status_code=304, headers=headers)
        data = await self._services.blobs.get(hash_)
        return Response(b"", 404) if data is None else Response(data, 200, headers, media_type=PNG)

    # --- what is counted

    def _counted(
        self,
        response: Response,
        several: Sequence[Opened],
        kind: EventKind,
        wallet: str,
        visitor: Visitor,
        place: share.Place = None,
    ) -> Response:
        """Once the answer is sent, the fact is kept; unless it was a program, or a browser that loads ahead."""
        if visitor.counts:
            response.background = BackgroundTask(self._record, several, kind, wallet, visitor.system.value, place)
        return response

    async def _record(self, several: Sequence[Shown], kind: EventKind, wallet: str, visitor: str, place: share.Place) -> None:
        for one in several:
            await quietly(share.record(self._services, one, kind, wallet, visitor, place))


_DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,8})?\Z")


def place_of(query: Mapping[str, str]) -> share.Place:
    """`?lat=38.72&long=-9.14` of a page that may know where its visitor is. Anything that is no place on earth is none."""
    given = [query.get(name, "") for name in ("lat", "long")]
    if not all(_DEGREES.match(one) for one in given):
        return None
    latitude, longitude = map(float, given)
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None

"""A small server that keeps passes as Apple's web service asks, written for these tests alone; and made to do wrong on request.

It shares no code with Billfold's server side: bundles by openssl, state in dictionaries, pushes by libcurl.
"""

from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from billfold.sandbox.apns.courier import create_courier
from billfold.sandbox.apns.server import PushServer
from billfold.sandbox.authority import IssuedCertificate
from sandbox.apns.sender import Sender
from sandbox.phones.bundles import bundle, pass_json, zipped

AUTHENTICATION_TOKEN = "vxwxd7J8AlNNFPS8k0a0FfUFtq0ewzFdc"
BUNDLE_TYPE = "application/vnd.apple.pkpass"
FIRST_SECOND = 1_795_000_000


@dataclass
class KeptPass:
    content: dict[str, object]
    data: bytes
    tag: int
    last_modified: str


@dataclass
class HonestServer:
    """`wrong` holds names of faults; each is read where it acts. `calls` is what devices asked, in order."""

    push_server: PushServer
    issued: IssuedCertificate
    url: str = ""
    sender: Sender | None = None
    passes: dict[str, KeptPass] = field(default_factory=dict)
    registrations: dict[tuple[str, str], str] = field(default_factory=dict)
    logs: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    wrong: set[str] = field(default_factory=set)
    failures: list[int] = field(default_factory=list)
    tag: int = 100

    def put(self, serial: str = "C-1", **changes: object) -> None:
        """Makes or changes a pass, without telling anybody."""
        self.tag += 1
        service = {"webServiceURL": f"{self.url}/apple/", "authenticationToken": AUTHENTICATION_TOKEN}
        content = pass_json(serial, **{**service, **changes})
        last_modified = formatdate(FIRST_SECOND + self.tag, usegmt=True)
        self.passes[serial] = KeptPass(content, bundle(content, self.issued), self.tag, last_modified)

    async def push(self) -> list[int]:
        """Tells every registered phone, once."""
        assert self.sender is not None
        return [(await self.sender.push(token)).status for token in sorted(set(self.registrations.values()))]

    def app(self) -> Starlette:
        device = "/apple/v1/devices/{device}/registrations/{type}"
        return Starlette(
            routes=[
                Route("/p/{serial}", self.share_page),
                Route("/redirect/{serial}", self.redirect),
                Route("/direct/{serial}", self.download),
                Route("/pack", self.pack),
                Route(device + "/{serial}", self.register, methods=["POST"]),
                Route(device + "/{serial}", self.unregister, methods=["DELETE"]),
                Route(device, self.list_changed),
                Route("/apple/v1/passes/{type}/{serial}", self.serve),
                Route("/apple/v1/log", self.log, methods=["POST"]),
                Mount("/sandbox/apns", create_courier(self.push_server)),
            ]
        )

    async def share_page(self, request: Request) -> Response:
        if "iPhone" not in request.headers["user-agent"]:
            return HTMLResponse("<p>Open this on your phone")
        serial = request.path_params["serial"]
        if serial not in self.passes:
            return HTMLResponse("<p>gone", 404)
        mark = "" if "unmarked" in self.wrong else ' data-wallet="apple"'
        target = "/p/none" if "dead button" in self.wrong else f"/direct/{serial}"
        return HTMLResponse(f'<a href="/help">Help</a> <a{mark} href="{target}"><img alt="Add to Apple Wallet"></a>')

    async def redirect(self, request: Request) -> Response:
        return RedirectResponse(f"/p/{request.path_params['serial']}", 302)

    async def download(self, request: Request) -> Response:
        kept = self.passes[request.path_params["serial"]]
        headers = {"Last-Modified": kept.last_modified}
        return Response(kept.data, media_type=BUNDLE_TYPE, headers=headers)

    async def pack(self, _request: Request) -> Response:
        """All passes in one download."""
        files = {f"{serial}.pkpass": kept.data for serial, kept in self.passes.items()}
        return Response(zipped(files), media_type="application/vnd.apple.pkpasses")

    def _refused(self, request: Request) -> Response | None:
        self.calls.append(f"{request.method} {request.url.path.removeprefix('/apple/v1/')}?{request.url.query}".rstrip("?"))
        if self.failures:
            return Response(status_code=self.failures.pop(0))
        authorized = request.headers.get("authorization") == f"ApplePass {AUTHENTICATION_TOKEN}"
        if "serial" in request.path_params and not authorized:
            return Response(status_code=401)
        return None

    async def register(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        key = (request.path_params["device"], request.path_params["serial"])
        status = 200 if key in self.registrations else 201
        self.registrations[key] = (await request.json())["pushToken"]
        return Response(status_code=status)

    async def unregister(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        self.registrations.pop((request.path_params["device"], request.path_params["serial"]), None)
        return Response(status_code=204 if "204 to delete" in self.wrong else 200)

    async def list_changed(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        since = request.query_params.get("passesUpdatedSince")
        mine = [serial for device, serial in self.registrations if device == request.path_params["device"]]
        changed = [serial for serial in mine if since is None or self.passes[serial].tag > int(since)]
        last_updated = str(max([self.passes[serial].tag for serial in mine], default=0))
        if since is not None and "lists the unchanged" in self.wrong:
            changed, last_updated = mine, str(int(since) + 1)
        if since is not None and "same tag" in self.wrong:
            changed, last_updated = mine, since
        if "lists strangers" in self.wrong:
            changed = [*changed, "stranger"]
        if not changed and "200 when empty" not in self.wrong:
            return Response(status_code=204)
        if "tag as number" in self.wrong:
            return JSONResponse({"serialNumbers": changed, "lastUpdated": int(last_updated)})
        if "list is no JSON" in self.wrong:
            return Response("<html>")
        return JSONResponse({"serialNumbers": changed, "lastUpdated": last_updated})

    async def serve(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        kept = self.passes[request.path_params["serial"]]
        since = request.headers.get("if-modified-since")
        current = since is not None and parsedate_to_datetime(kept.last_modified) <= parsedate_to_datetime(since)
        headers = {"Last-Modified": kept.last_modified}
        if current and "always 200" not in self.wrong:
            return Response(status_code=304, headers=headers)
        if "no last-modified" in self.wrong:
            headers = {}
        if "bad last-modified" in self.wrong:
            headers = {"Last-Modified": "yesterday"}
        data = kept.data
        if "broken bundle" in self.wrong:
            data = data[:-20]
        if "another pass" in self.wrong:
            data = bundle(pass_json("other"), self.issued)
        media_type = "text/html" if "error page" in self.wrong else BUNDLE_TYPE
        return Response(data, media_type=media_type, headers=headers)

    async def log(self, request: Request) -> Response:
        self.logs += (await request.json())["logs"]
        return Response(status_code=500 if "broken log" in self.wrong else 200)

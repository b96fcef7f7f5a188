"""The catcher's web side: what was caught, as pages and as JSON, and the control desk for faults.

A caught message is what somebody else wrote: its HTML is shown in a frame that runs nothing, loads nothing and has no origin;
around it everything is escaped. May not enter: SMTP."""

import base64
import json
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import jinja2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from billfold.sandbox.mail.box import Caught, header
from billfold.sandbox.mail.faults import KINDS
from billfold.sandbox.mail.server import MailCatcher

LISTED = 100
PAGE_POLICY = (
    "default-src 'none'; style-src 'nonce-{}'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HTML_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
_CID = re.compile(r"cid:([^\"'\s)>]{1,200})")
_PICTURES = ("image/png", "image/jpeg", "image/gif")
_PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


def create_pages(catcher: MailCatcher) -> Starlette:
    """The app. It runs on the event loop of `catcher`, which somebody else starts and stops."""
    desk = _Desk(catcher)
    return Starlette(
        routes=[
            Route("/", desk.page, methods=["GET"]),
            Route("/messages", desk.messages, methods=["GET"]),
            Route("/messages/{id:int}", desk.message, methods=["GET"]),
            Route("/messages/{id:int}/raw", desk.raw, methods=["GET"]),
            Route("/{id:int}", desk.one, methods=["GET"]),
            Route("/{id:int}/html", desk.html, methods=["GET"]),
            Route("/control/faults", desk.faults, methods=["GET", "POST", "DELETE"]),
            Route("/control/messages", desk.clear, methods=["DELETE"]),
        ]
    )


class _Desk:
    def __init__(self, catcher: MailCatcher) -> None:
        self._catcher = catcher

    async def page(self, request: Request) -> Response:
        to = request.query_params.get("to", "")[:320]
        found = [_summary(one) for one in _first(self._catcher, to)]
        return _page("list.html", base=_base(request), to=to, messages=found, kept=len(self._catcher.box))

    async def one(self, request: Request) -> Response:
        caught = self._catcher.box.find(request.path_params["id"])
        if caught is None:
            return PlainTextResponse("no such message", 404)
        headers = [(name, header(caught.message, name)) for name in dict.fromkeys(caught.message.keys())]
        return _page(
            "message.html",
            base=_base(request),
            one=_summary(caught),
            headers=headers,
            text=_quiet(caught.text),
            has_html=bool(_quiet(caught.html)),
        )

    async def html(self, request: Request) -> Response:
        """The HTML of a message, alone, with its own pictures inside it."""
        caught = self._catcher.box.find(request.path_params["id"])
        if caught is None:
            return PlainTextResponse("no such message", 404)
        enclosed = caught.enclosed()

        def inside(match: re.Match[str]) -> str:
            media_type, data = enclosed.get(match[1], ("", b""))
            return f"data:{media_type};base64,{base64.b64encode(data).decode()}" if media_type in _PICTURES else "data:,"

        return HTMLResponse(
            _CID.sub(inside, _quiet(caught.html)),
            headers={"Content-Security-Policy": HTML_POLICY, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"},
        )

    async def messages(self, request: Request) -> Response:
        to = request.query_params.get("to", "")[:320]
        return _json({"messages": [_summary(one) for one in _first(self._catcher, to)]})

    async def message(self, request: Request) -> Response:
        caught = self._catcher.box.find(request.path_params["id"])
        if caught is None:
            return _json({"error": "no such message"}, 404)
        message = caught.message
        headers = {name.lower(): header(message, name) for name in message.keys()}  # noqa: SIM118  (not a mapping: keys repeat)
        return _json(_summary(caught) | {"headers": headers, "text": _quiet(caught.text), "html": _quiet(caught.html)})

    async def raw(self, request: Request) -> Response:
        caught = self._catcher.box.find(request.path_params["id"])
        if caught is None:
            return PlainTextResponse("no such message", 404)
        headers = {"X-Content-Type-Options": "nosniff", "Content-Disposition": f'attachment; filename="message-{caught.id}.eml"'}
        return Response(caught.raw, 200, headers, media_type="text/plain; charset=utf-8")

    async def faults(self, request: Request) -> Response:
        """POST {"kind": "greylist", "count": 3}: the next so many messages meet with it."""
        faults = self._catcher.faults
        if request.method == "DELETE":
            faults.clear()
        if request.method == "POST":
            wish = await _wish(request)
            if wish is None:
                return _json({"error": f"send kind, one of {', '.join(KINDS)}, and count, a whole number up to 1000"}, 422)
            faults.plan(*wish)
        return _json({"planned": faults.planned(), "kinds": list(KINDS)})

    async def clear(self, _request: Request) -> Response:
        self._catcher.box.clear()
        return Response(status_code=204)


async def _wish(request: Request) -> tuple[str, int] | None:
    try:
        wish = json.loads(await request.body())
        kind, count = wish["kind"], wish.get("count", 1)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    good = kind in KINDS and isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= 1000
    return (kind, count) if good else None


def _first(catcher: MailCatcher, to: str) -> list[Caught]:
    return [one for one, _ in zip(catcher.box.newest(to), range(LISTED), strict=False)]


def _summary(caught: Caught) -> dict[str, object]:
    message = caught.message
    return {
        "id": caught.id,
        "at": datetime.fromtimestamp(caught.at_ms / 1000, UTC).isoformat(timespec="seconds"),
        "envelope_from": caught.sender,
        "to": list(caught.recipients),
        "from": header(message, "From"),
        "subject": header(message, "Subject"),
        "bytes": len(caught.raw),
    }


def _quiet(read: Callable[[], str]) -> str:
    """A part of a message, "" where nobody can read it."""
    try:
        return read()
    except (LookupError, ValueError):  # a charset that nobody knows, bytes that are none of it
        return ""


def _base(request: Request) -> str:
    """Where the app is mounted, for links."""
    return str(request.scope.get("root_path", ""))


def _page(name: str, **shown: object) -> Response:
    nonce = secrets.token_urlsafe(12)
    headers = {"Content-Security-Policy": PAGE_POLICY.format(nonce), "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
    return HTMLResponse(_PAGES.get_template(name).render(nonce=nonce, **shown), headers=headers)


def _json(body: object, status: int = 200) -> Response:
    return JSONResponse(body, status, {"Cache-Control": "no-store"})

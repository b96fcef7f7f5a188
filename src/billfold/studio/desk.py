"""The console's front desk: reads the cookie, opens the demo's door, checks every form, and shows pages with the right frame.

A page of the console is a function of a `Visit`; what it posts has been checked (origin and token) before it is called.
May not enter: what any page is about. Source: reference/reliability-security.md T23."""

import hmac
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from billfold.domain import people
from billfold.domain.errors import (
    BillfoldError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    ProofNeeded,
    TooMany,
    Unauthenticated,
    WrongScope,
)
from billfold.domain.ids import Environment
from billfold.domain.keys import Actor, authorize
from billfold.domain.people import DEMO_PERSON
from billfold.flows import sign_in
from billfold.flows.sign_in import SignedIn
from billfold.ports import Services
from billfold.studio.navigation import Entry
from billfold.studio.passkeys import NOBODYS
from billfold.studio.proof import prove_again
from billfold.web.here import Here
from billfold.web.pages import PageRoom, page
from billfold.web.policy import STRICT, Policy

ROOM = PageRoom("studio", Path(__file__).parent)
POLICY = STRICT.allowing("publickey-credentials-create", "publickey-credentials-get")
FORM_BYTES_MAX, FIELDS_MAX = 64_000, 50
PROOF = "proof"
"""The field of a form that proves once more who sends it."""
HOME = "/studio"
SIGN_IN = "/studio/sign-in"


class ForeignForm(BillfoldError):
    """A form that none of our pages of this session sent."""


@dataclass(frozen=True)
class Visit:
    """Somebody signed in who asks for something, in one environment. `form` is empty unless something was posted."""

    request: Request
    services: Services
    desk: "Desk"
    signed_in: SignedIn
    environment: Environment
    form: dict[str, list[str]] = field(default_factory=dict)

    @property
    def actor(self) -> Actor:
        """Raises Forbidden."""
        return self.signed_in.actor(self.environment)

    def may(self, operation: str) -> bool:
        try:
            authorize(self.actor, operation)
        except Forbidden:
            return False
        except ProofNeeded:
            return True
        return True

    def _sees(self, entry: Entry) -> bool:
        return entry.operation is None or self.may(entry.operation)

    def given(self, name: str) -> str:
        return self.form.get(name, [""])[0]

    def address(self, path: str) -> str:
        """Of a page of the console in this environment."""
        return f"{HOME}/{self.environment}{path}"

    def show(
        self, template: str, *, room: PageRoom = ROOM, status: int = 200, policy: Policy = POLICY, **values: Any
    ) -> HTMLResponse:
        """`room`: whose page it is, where that is another room within the console."""
        return page(
            self.request,
            room,
            template,
            status=status,
            policy=policy,
            visit=self,
            person=self.signed_in.person,
            demo=self.signed_in.person.id == DEMO_PERSON,
            environment=self.environment.value,
            switch=self._switch(),
            entries=[
                (one, one.address(self.environment))
                for one in self.desk.entries
                if one.operation is None or self.may(one.operation)
            ],
            csrf=self.desk.form_token(self.signed_in.session.id),
            **values,
        )

    def go(self, path: str) -> Response:
        return RedirectResponse(self.address(path), 303)

    def _switch(self) -> list[tuple[str, str]]:
        """(environment, the same page there)."""
        rest = self.request.url.path.removeprefix(f"{HOME}/{self.environment}")
        return [(one.value, f"{HOME}/{one}{rest}") for one in Environment]


Page = Callable[[Visit], Awaitable[Response]]
OpenPage = Callable[[Request, dict[str, list[str]]], Awaitable[Response]]


class Desk:
    def __init__(self, services: Services, here: Here, demo_workspace: str, entries: Sequence[Entry]) -> None:
        self.services, self.here, self.demo_workspace, self.entries = services, here, demo_workspace, entries
        prefix = "__Host-" if here.secure else ""
        self._session_cookie, self._visit_cookie = f"{prefix}billfold", f"{prefix}billfold-visit"

    # --- pages of those who are signed in

    def inside(self, answer: Page) -> Callable[[Request], Awaitable[Response]]:
        """For GET and POST alike."""

        async def endpoint(request: Request) -> Response:
            try:
                environment = Environment(request.path_params.get("environment", "test"))
            except ValueError:
                return self.plain(request, "problem.html", status=404, what="not_found")
            signed_in, fresh = await self._who(request)
            if signed_in is None:
                return RedirectResponse(f"{SIGN_IN}?next={quote(request.url.path)}", 303)
            response = await self._answered(request, signed_in, environment, answer)
            if fresh:
                self.remember(response, signed_in)
            return response

        return endpoint

    async def _answered(self, request: Request, signed_in: SignedIn, environment: Environment, answer: Page) -> Response:
        try:
            form = await self._checked_form(request, signed_in.session.id) if request.method == "POST" else {}
            typed = form.pop(PROOF, [""])[0]
            visit = Visit(request, self.services, self, signed_in, environment, form)
            visit.actor  # noqa: B018  (raises where the person may not go at all)
            return await self._with_proof(visit, typed, answer)
        except BillfoldError as error:
            return self.refusal(request, error)

    async def _with_proof(self, visit: Visit, typed: str, answer: Page) -> Response:
        """`typed`: what the form brings along to prove who sends it, if anything."""
        try:
            if typed:
                visit = replace(visit, signed_in=await prove_again(self.services, visit.request, visit.signed_in, typed))
        except Unauthenticated:
            return await self.ask_for_proof(visit, wrong=True)
        try:
            return await answer(visit)
        except ProofNeeded as needed:
            if _wants_json(visit.request):
                told = {"title": str(needed), "prove": visit.address("/prove")}
                return JSONResponse(told, 403, media_type="application/problem+json")
            return await self.ask_for_proof(visit)

    async def ask_for_proof(self, visit: Visit, *, wrong: bool = False, next: str = "") -> Response:
        """The page that asks who somebody is, and whose form then does what was asked for. `next`: where to, when nothing was."""
        action, kept, me = visit.request.url.path, visit.form, visit.signed_in.person
        if visit.request.method == "GET":
            action, kept = visit.address("/prove"), {"next": [next or action]}
        passkeys = await self.services.store.read(lambda tx: tx.people.passkeys(me.workspace, me.id))
        status = 401 if wrong else 200 if next else 403
        return visit.show(
            "prove.html", status=status, action=action, kept=kept, wrong=wrong, types=bool(me.password), passkeys=bool(passkeys)
        )

    async def _who(self, request: Request) -> tuple[SignedIn | None, bool]:
        """(who, whether the session is new)."""
        token = request.cookies.get(self._session_cookie, "")
        try:
            return await sign_in.resume(self.services, token), False
        except Unauthenticated:
            pass
        if request.method != "GET" or not self.here.at_this_machine(request):
            return None, False
        if request.headers.get("sec-fetch-site", "none") == "cross-site":
            return None, False
        return await sign_in.by_demo_door(self.services, self.demo_workspace, request.headers.get("user-agent", "")), True

    async def caller(self, request: Request, environment: Environment, *, writes: bool) -> Actor:
        """Who asks for something that is no page. Raises Unauthenticated, Forbidden; ForeignForm for a write that is not ours."""
        signed_in = await sign_in.resume(self.services, request.cookies.get(self._session_cookie, ""))
        if writes:
            self._check_sender(request, signed_in.session.id, request.headers.get("x-csrf-token", ""))
        return signed_in.actor(environment)

    # --- pages before that

    def outside(self, answer: OpenPage) -> Callable[[Request], Awaitable[Response]]:
        """Sign-in and joining: the form's token belongs to a cookie of the visit alone."""

        async def endpoint(request: Request) -> Response:
            try:
                form: dict[str, list[str]] = {}
                if request.method == "POST":
                    form = await self._checked_form(request, request.cookies.get(self._visit_cookie, ""))
                return await answer(request, form)
            except BillfoldError as error:
                return self.refusal(request, error)

        return endpoint

    def plain(self, request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A page for nobody in particular, with a form's token."""
        visit = request.cookies.get(self._visit_cookie, "") or secrets.token_urlsafe(24)
        response = page(request, ROOM, template, status=status, policy=POLICY, csrf=self.form_token(visit), **values)
        response.set_cookie(self._visit_cookie, visit, path="/", secure=self.here.secure, httponly=True, samesite="lax")
        return response

    def refusal(self, request: Request, error: BillfoldError) -> Response:
        """In words that say nothing of what there is."""
        what, status = next((words for kind, words in _REFUSALS.items() if isinstance(error, kind)), ("failed", 400))
        detail = str(error) if isinstance(error, Invalid | Conflict) else ""
        response: Response
        if _wants_json(request):
            title = ROOM.texts.speaker("en")(f"problem.{what}")
            response = JSONResponse({"title": title, "detail": detail or title}, status, media_type="application/problem+json")
        else:
            response = self.plain(request, "problem.html", status=status, what=what, detail=detail)
        if isinstance(error, TooMany):
            response.headers["Retry-After"] = str(error.retry_after_seconds)
        return response

    # --- cookies and forms

    def form_token(self, bound_to: str) -> str:
        return self.services.secrets.mac("console-form", NOBODYS, bound_to).hex()

    async def _checked_form(self, request: Request, bound_to: str) -> dict[str, list[str]]:
        """Raises ForeignForm unless one of our pages sent it, in this session."""
        length = request.headers.get("content-length", "")
        if not length.isdigit() or int(length) > FORM_BYTES_MAX:
            raise ForeignForm
        form: dict[str, list[str]] = {}
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            try:
                body = (await request.body()).decode("utf-8")
                pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
            except ValueError:
                raise ForeignForm from None
            for name, value in pairs:
                if "\0" in name + value:  # nobody types it into a page of ours, and PostgreSQL keeps no text with it
                    raise ForeignForm
                form.setdefault(name, []).append(value)
        self._check_sender(request, bound_to, request.headers.get("x-csrf-token") or form.get("csrf", [""])[0])
        return form

    def _check_sender(self, request: Request, bound_to: str, token: str) -> None:
        if self.here.own_origin(request) is None or not bound_to:
            raise ForeignForm
        if not hmac.compare_digest(token.encode(), self.form_token(bound_to).encode()):
            raise ForeignForm

    def remember(self, response: Response, signed_in: SignedIn) -> None:
        response.set_cookie(
            self._session_cookie,
            signed_in.token,
            max_age=people.ABSOLUTE_MS // 1000,
            path="/",
            secure=self.here.secure,
            httponly=True,
            samesite="lax",
        )

    def forget(self, response: Response) -> None:
        response.delete_cookie(self._session_cookie, path="/", secure=self.here.secure, httponly=True, samesite="lax")

    async def end_present(self, request: Request) -> None:
        """Whoever signs in anew leaves the session that this browser had."""
        try:
            await sign_in.sign_out(
                self.services, await sign_in.resume(self.services, request.cookies.get(self._session_cookie, ""))
            )
        except Unauthenticated:
            return


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


async def json_of(request: Request) -> dict[str, object]:
    """Raises Unauthenticated for what is no JSON object: nobody's page sent that."""
    try:
        found = json.loads(await request.body())
    except ValueError:
        raise Unauthenticated("malformed") from None
    if not isinstance(found, dict):
        raise Unauthenticated("malformed")
    return found


_REFUSALS: dict[type[BillfoldError], tuple[str, int]] = {
    ForeignForm: ("foreign_form", 403),
    Forbidden: ("forbidden", 403),
    ProofNeeded: ("proof_needed", 403),
    NotFound: ("not_found", 404),
    WrongScope: ("not_found", 404),
    Unauthenticated: ("no_match", 401),
    TooMany: ("too_many", 429),
    Invalid: ("invalid", 422),
    Conflict: ("conflict", 409),
}

"""Sign-in, joining by an invitation, and leaving. Answers are alike whatever was wrong; a GET uses nothing up.

May not enter: what proves somebody (domain/people.py, flows/sign_in.py)."""

import secrets

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from billfold.domain import people
from billfold.domain.errors import Invalid, Unauthenticated
from billfold.domain.people import Invitation
from billfold.flows import accounts, sign_in
from billfold.flows import people as people_flows
from billfold.flows.people import Joined, Secret
from billfold.flows.sign_in import SignedIn
from billfold.studio import passkeys
from billfold.studio.desk import HOME, SIGN_IN, Desk, Visit, json_of
from billfold.studio.passkeys import Ceremony
from billfold.studio.proof import SURFACE, account_name, code_set_up
from billfold.web.guesses import attempt, count_failed

Form = dict[str, list[str]]


def _first(form: Form, name: str) -> str:
    return form.get(name, [""])[0]


def next_page(given: str) -> str:
    """Where to go after signing in: a page of the console, nothing else."""
    plain = given.startswith(f"{HOME}/") and all(one.isalnum() or one in "/-_" for one in given)
    return given if plain and not given.startswith(SIGN_IN) else HOME


class SignInPages:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._services = desk, desk.services

    def routes(self) -> list[Route]:
        outside, inside = self._desk.outside, self._desk.inside
        return [
            Route(SIGN_IN, outside(self.sign_in), methods=["GET", "POST"]),
            Route(f"{SIGN_IN}/passkey", outside(self.ask_passkey), methods=["POST"]),
            Route(f"{SIGN_IN}/passkey/answer", outside(self.take_passkey), methods=["POST"]),
            Route(f"{HOME}/join/{{token}}", outside(self.join), methods=["GET", "POST"]),
            Route(f"{HOME}/join/{{token}}/passkey", outside(self.ask_new_passkey), methods=["POST"]),
            Route(f"{HOME}/join/{{token}}/passkey/answer", outside(self.take_new_passkey), methods=["POST"]),
            Route(f"{HOME}/sign-out", inside(self.sign_out), methods=["POST"]),
        ]

    # --- sign-in

    async def sign_in(self, request: Request, form: Form) -> Response:
        target = next_page(_first(form, "next") or request.query_params.get("next", ""))
        if not form:
            return await self._sign_in_page(request, target)
        email, workspace = _first(form, "email"), await self._workspace(_first(form, "workspace"))
        try:
            attempt(self._services, request, SURFACE, account_name(workspace, email))
            signed_in = await sign_in.by_password(
                self._services, workspace, email, _first(form, "password"), _first(form, "code"), _agent(request)
            )
        except Unauthenticated as error:
            count_failed(request, SURFACE, error.reason)
            return await self._sign_in_page(request, target, email=email[:200], wrong=True)
        return await self._enter(request, signed_in, RedirectResponse(target, 303))

    async def _sign_in_page(self, request: Request, target: str, email: str = "", wrong: bool = False) -> Response:
        everybody = await self._services.store.read(lambda tx: tx.workspaces.all())
        return self._desk.plain(
            request,
            "sign_in.html",
            status=401 if wrong else 200,
            email=email,
            wrong=wrong,
            next=target,
            several=len(everybody) > 1,
            workspace=self._desk.demo_workspace,
        )

    async def _workspace(self, given: str) -> str:
        everybody = await self._services.store.read(lambda tx: tx.workspaces.all())
        wanted = given.strip().lower()
        return next((one.id for one in everybody if one.id == wanted or len(everybody) == 1), self._desk.demo_workspace)

    async def _enter(self, request: Request, signed_in: SignedIn, response: Response) -> Response:
        """The browser forgets the session that it had, and gets the token of the new one."""
        await self._desk.end_present(request)
        self._desk.remember(response, signed_in)
        return response

    async def ask_passkey(self, request: Request, _form: Form) -> Response:
        one = passkeys.begin(self._services, "sign-in", request.headers["origin"])
        return JSONResponse(passkeys.to_sign_in(self._services, one))

    async def take_passkey(self, request: Request, _form: Form) -> Response:
        asked = await json_of(request)
        one = Ceremony("sign-in", request.headers["origin"], str(asked.get("state", "")))
        workspace, passkey_id = passkeys.claimed(asked.get("answer"))
        attempt(self._services, request, SURFACE, f"passkey {passkey_id[:100]}")
        try:
            found = await self._services.store.read(lambda tx: tx.people.passkey(workspace, passkey_id))
            person = await self._services.store.read(lambda tx: tx.people.find(workspace, found.person_id) if found else None)
            if found is None or person is None:
                raise Unauthenticated("unknown")
            count = passkeys.signed(self._services, one, asked.get("answer"), found)
            signed_in = await sign_in.by_passkey(self._services, person, passkey_id, count, one.state, _agent(request))
        except Unauthenticated as error:
            count_failed(request, SURFACE, error.reason)
            raise
        return await self._enter(request, signed_in, JSONResponse({"next": next_page(str(asked.get("next", "")))}))

    async def sign_out(self, visit: Visit) -> Response:
        await sign_in.sign_out(self._services, visit.signed_in)
        response = RedirectResponse(SIGN_IN, 303)
        self._desk.forget(response)
        return response

    # --- joining

    async def join(self, request: Request, form: Form) -> Response:
        token = request.path_params["token"]
        invitation = await people_flows.open_invitation(self._services, token)
        if not form:
            return self._join_page(request, invitation, secrets.token_hex(16))
        salt = _first(form, "salt")[:64]
        secret = Secret(password=_first(form, "password"), totp_salt=salt, code=_first(form, "code"))
        try:
            joined = await self._let_in(token, invitation, _first(form, "name"), _first(form, "email"), secret)
        except Invalid as error:
            given = {"name": _first(form, "name")[:100], "email": _first(form, "email")[:200]}
            errors = {one.path: f"{one.message}; {one.mend}" for one in error.problems}
            return self._join_page(request, invitation, salt, errors=errors, **given)
        return await self._joined(request, joined, self._desk.plain(request, "recovery.html", codes=joined.recovery_codes))

    def _join_page(
        self,
        request: Request,
        invitation: Invitation,
        salt: str,
        errors: dict[str, str] | None = None,
        name: str = "",
        email: str = "",
    ) -> Response:
        return self._desk.plain(
            request,
            "join.html",
            status=422 if errors else 200,
            invitation=invitation,
            token=request.path_params["token"],
            shown=code_set_up(self._services, invitation.workspace, invitation.email, salt),
            errors=errors or {},
            name=name,
            email=email,
        )

    async def _let_in(self, token: str, invitation: Invitation, name: str, email: str, secret: Secret) -> Joined:
        if invitation.person_id:
            return await accounts.recover(self._services, invitation, secret)
        return await people_flows.join(self._services, token, name, email, secret)

    async def _joined(self, request: Request, joined: Joined, response: Response) -> Response:
        return await self._enter(request, await sign_in.after_joining(self._services, joined.person, _agent(request)), response)

    async def ask_new_passkey(self, request: Request, _form: Form) -> Response:
        invitation = await people_flows.open_invitation(self._services, request.path_params["token"])
        asked = await json_of(request)
        email = invitation.email or people.normal_email(str(asked.get("email", "")))
        name = email if invitation.person_id else people.normal_name(str(asked.get("name", "")))
        one = passkeys.begin(self._services, f"join {invitation.id}", request.headers["origin"])
        return JSONResponse(passkeys.to_make(self._services, one, invitation.workspace, email, name, []))

    async def take_new_passkey(self, request: Request, _form: Form) -> Response:
        token = request.path_params["token"]
        invitation = await people_flows.open_invitation(self._services, token)
        asked = await json_of(request)
        one = Ceremony(f"join {invitation.id}", request.headers["origin"], str(asked.get("state", "")))
        secret = passkeys.made(self._services, one, asked.get("answer"))
        joined = await self._let_in(token, invitation, str(asked.get("name", "")), str(asked.get("email", "")), secret)
        return await self._joined(request, joined, JSONResponse({"next": HOME}))


def _agent(request: Request) -> str:
    return request.headers.get("user-agent", "")

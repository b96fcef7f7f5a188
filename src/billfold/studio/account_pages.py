"""One's own account: passkeys, password, phone, sessions, and the proof that is asked for again before what matters.

May not enter: what a proof is good for (domain/keys.py), what changes a secret (flows/accounts.py)."""

import secrets

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from billfold.domain.errors import Invalid, Unauthenticated
from billfold.domain.keys import require_proof
from billfold.flows import accounts, people
from billfold.flows.people import Secret
from billfold.studio import passkeys
from billfold.studio.desk import HOME, Desk, Visit, json_of
from billfold.studio.passkeys import Ceremony
from billfold.studio.people_pages import sessions_of
from billfold.studio.proof import SURFACE, code_set_up
from billfold.studio.sign_in_pages import next_page
from billfold.studio.words import ago, moment
from billfold.web.guesses import attempt, count_failed


class AccountPages:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._services = desk, desk.services

    def routes(self) -> list[Route]:
        inside, here = self._desk.inside, f"{HOME}/{{environment}}"
        both = {"prove": self.prove, "account/secret": self.secret}
        posts = {
            "account/end": self.end,
            "account/password": self.password,
            "account/passkey": self.add_passkey,
            "account/passkey/remove": self.remove_passkey,
            "prove/passkey": self.prove_by_passkey,
        }
        return [
            Route(f"{here}/account", inside(self.account), methods=["GET"]),
            *(Route(f"{here}/{path}", inside(answer), methods=["GET", "POST"]) for path, answer in both.items()),
            *(Route(f"{here}/{path}", inside(answer), methods=["POST"]) for path, answer in posts.items()),
        ]

    async def account(self, visit: Visit, errors: dict[str, str] | None = None) -> Response:
        me, now = visit.signed_in.person, self._services.clock.now_ms()
        known, open_ = await self._services.store.read(
            lambda tx: (
                tx.people.passkeys(me.workspace, me.id),
                [one for one in tx.people.sessions(me.workspace) if one.person_id == me.id and one.alive(now)],
            )
        )
        sessions, status = sessions_of(visit, open_), 422 if errors else 200
        return visit.show(
            "account.html", status=status, passkeys=known, sessions=sessions, ago=ago, moment=moment, now=now, errors=errors or {}
        )

    async def end(self, visit: Visit) -> Response:
        me = visit.signed_in.person
        await people.end_sessions(self._services, visit.actor, me.id, visit.given("session") or None)
        return visit.go("/account")

    # --- password and code

    async def password(self, visit: Visit) -> Response:
        me = visit.signed_in.person
        attempt(self._services, visit.request, SURFACE, f"password {me.workspace} {me.id}")
        try:
            fresh = await accounts.change_password(self._services, visit.signed_in, visit.given("present"), visit.given("password"))
        except Invalid as error:
            return await self.account(visit, _by_field(error))
        response = visit.go("/account")
        self._desk.remember(response, fresh)
        return response

    async def secret(self, visit: Visit) -> Response:
        """A first password, or another phone: both anew, with the code that the phone shows."""
        accounts.may_change_secrets(visit.actor)
        if not visit.form:
            return self._secret_page(visit, secrets.token_hex(16), {})
        salt = visit.given("salt")[:64]
        try:
            fresh, codes = await accounts.set_secret(
                self._services, visit.signed_in, visit.actor, Secret(visit.given("password"), salt, visit.given("code"))
            )
        except Invalid as error:
            return self._secret_page(visit, salt, _by_field(error))
        response = self._desk.plain(visit.request, "recovery.html", codes=codes)
        self._desk.remember(response, fresh)
        return response

    def _secret_page(self, visit: Visit, salt: str, errors: dict[str, str]) -> Response:
        me = visit.signed_in.person
        shown = code_set_up(self._services, me.workspace, me.email, salt)
        return visit.show("secret.html", status=422 if errors else 200, errors=errors, shown=shown)

    # --- passkeys

    async def add_passkey(self, visit: Visit) -> Response:
        """The question without an answer, and then with one."""
        accounts.may_change_secrets(visit.actor)
        asked, person, origin = await json_of(visit.request), visit.signed_in.person, visit.request.headers["origin"]
        purpose = f"add {person.id}"
        if "answer" not in asked:
            known = await self._services.store.read(lambda tx: tx.people.passkeys(person.workspace, person.id))
            one = passkeys.begin(self._services, purpose, origin)
            return JSONResponse(passkeys.to_make(self._services, one, person.workspace, person.email, person.name, known))
        secret = passkeys.made(self._services, Ceremony(purpose, origin, str(asked.get("state", ""))), asked["answer"])
        await accounts.add_passkey(self._services, visit.actor, person, secret)
        return JSONResponse({"next": visit.address("/account")})

    async def remove_passkey(self, visit: Visit) -> Response:
        await accounts.remove_passkey(self._services, visit.actor, visit.signed_in.person, visit.given("passkey"))
        return visit.go("/account")

    # --- who is it?

    async def prove(self, visit: Visit) -> Response:
        target = next_page(visit.given("next") or visit.request.query_params.get("next", ""))
        if not visit.form:
            return await self._desk.ask_for_proof(visit, next=target)
        require_proof(visit.actor)
        return RedirectResponse(target, 303)

    async def prove_by_passkey(self, visit: Visit) -> Response:
        """Likewise in two steps; what waits for the proof is sent again by the page."""
        asked, me, origin = await json_of(visit.request), visit.signed_in.person, visit.request.headers["origin"]
        purpose = f"prove {visit.signed_in.session.id}"
        if "answer" not in asked:
            return JSONResponse(passkeys.to_sign_in(self._services, passkeys.begin(self._services, purpose, origin)))
        one = Ceremony(purpose, origin, str(asked.get("state", "")))
        _, passkey_id = passkeys.claimed(asked["answer"])
        attempt(self._services, visit.request, SURFACE, f"passkey {passkey_id[:100]}")
        try:
            found = await self._services.store.read(lambda tx: tx.people.passkey(me.workspace, passkey_id))
            if found is None or found.person_id != me.id:
                raise Unauthenticated("unknown")
            count = passkeys.signed(self._services, one, asked["answer"], found)
            await accounts.prove_by_passkey(self._services, visit.signed_in, passkey_id, count, one.state)
        except Unauthenticated as error:
            count_failed(visit.request, SURFACE, error.reason)
            raise
        return JSONResponse({})


def _by_field(error: Invalid) -> dict[str, str]:
    return {one.path: f"{one.message}; {one.mend}" for one in error.problems}

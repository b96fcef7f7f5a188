"""The control API: what an operator or a test does to the stand-in itself. Nothing of it exists at Google.

With a token every call must carry it; without one only callers on this machine get through, and no browser page on it.
May not enter: what requests of the Wallet API mean."""

import hmac
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, fields

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from billfold.sandbox.google import accounts, errors
from billfold.sandbox.google.api import Api
from billfold.sandbox.google.callbacks import Callbacks
from billfold.sandbox.google.clock import SECOND_MS, Clock
from billfold.sandbox.google.errors import invalid_argument
from billfold.sandbox.google.faults import Fault, Faults
from billfold.sandbox.google.notices import Notices
from billfold.sandbox.google.saves import check_account
from billfold.sandbox.google.state import GoogleState, Settings
from billfold.sandbox.google.values import Json, JsonObject, NotJson, parse_object
from billfold.sandbox.google.web import answer, answer_error, read_body

_LOCAL = ("127.0.0.1", "::1")
_FORWARDED = ("forwarded", "x-forwarded-for", "via")


def _text(body: JsonObject, name: str, default: str | None = None) -> str:
    value = body.get(name, default)
    if not isinstance(value, str):
        raise invalid_argument(f"{name} must be a text")
    return value


def _number(body: JsonObject, name: str, default: int, low: int, high: int) -> int:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise invalid_argument(f"{name} must be a whole number from {low} to {high}")
    return value


def _flag(body: JsonObject, name: str) -> bool | None:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise invalid_argument(f"{name} must be true or false")
    return value


def _issuer_id(text: str) -> str:
    if re.fullmatch(r"[0-9]{1,20}", text) is None:
        raise invalid_argument("issuer_id must be a number of at most 20 digits")
    return text


@dataclass(frozen=True)
class Control:
    state: GoogleState
    api: Api
    callbacks: Callbacks
    notices: Notices
    faults: Faults
    base_clock: Clock
    clock: Clock
    external_url: str
    token: str | None

    def routes(self) -> list[Route]:
        table: list[tuple[str, str, Callable[[JsonObject, dict[str, str]], JsonObject]]] = [
            ("GET", "/state", self.show),
            ("POST", "/reset", self.reset),
            ("POST", "/settings", self.settings),
            ("POST", "/issuers", self.register_issuer),
            ("POST", "/issuers/{issuer_id}", self.switch_issuer),
            ("POST", "/service-accounts", self.service_account),
            ("POST", "/users", self.user),
            ("GET", "/faults", self.show_faults),
            ("POST", "/faults", self.add_fault),
            ("DELETE", "/faults", self.clear_faults),
            ("GET", "/clock", self.show_clock),
            ("POST", "/clock", self.move_clock),
            ("POST", "/tokens/expire", self.expire_tokens),
            ("GET", "/notifications", self.notifications),
            ("GET", "/callbacks", self.show_callbacks),
            ("POST", "/callbacks/rotate", self.rotate),
        ]
        return [Route("/control" + path, self._endpoint(run), methods=[verb]) for verb, path, run in table]

    def _endpoint(self, run: Callable[[JsonObject, dict[str, str]], JsonObject]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                self._admit(request)
                body = parse_object(await read_body(request.receive)) if request.method == "POST" else {}
                with self.state.transaction():
                    done = run(body, request.path_params)
                self.notices.hub.wake()
                return answer(200, done)
            except NotJson as problem:
                return answer_error(errors.not_json(str(problem)))
            except errors.ApiError as error:
                return answer_error(error)

        return endpoint

    def _admit(self, request: Request) -> None:
        if self.token is not None:
            given = request.headers.get("authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode()):
                raise errors.front_end(401, "The control API needs its token.", "required")
            return
        here = request.client is not None and request.client.host in _LOCAL
        if not here or any(name in request.headers for name in _FORWARDED):
            raise errors.front_end(403, "The control API is for callers on this machine.", "forbidden")
        json_sent = request.headers.get("content-type", "").startswith("application/json")
        if "origin" in request.headers or (request.method == "POST" and not json_sent):
            raise errors.front_end(403, "Send Content-Type: application/json, and not from a web page.", "forbidden")

    # --- what can be asked ---------------------------------------------------------------------------------------------

    def show(self, body: JsonObject, path: dict[str, str]) -> JsonObject:
        counts: JsonObject = {
            table: int(self.state.rows(f"select count(*) from {table}")[0][0])  # noqa: S608 (names from here)
            for table in ("issuer", "resource", "saved", "notification", "callback")
        }
        return {"settings": {**asdict(self.state.settings)}, "counts": counts}

    def reset(self, body: JsonObject, path: dict[str, str]) -> JsonObject:
        self.state.reset()
        self.api.forget_rate()
        return self.show(body, path)

    def settings(self, body: JsonObject, path: dict[str, str]) -> JsonObject:
        known = {each.name: type(each.default) for each in fields(Settings)}
        changes: dict[str, bool | int] = {}
        for name, value in body.items():
            if name not in known or type(value) is not known[name]:
                raise invalid_argument(f"{name[:40]} is no setting, or has another type; known are {', '.join(known)}")
            changes[name] = bool(value) if known[name] is bool else _number(body, name, 0, -(2**52), 2**52)
        return {**asdict(self.state.change_settings(**changes))}

    def register_issuer(self, body: JsonObject, path: dict[str, str]) -> JsonObject:
        issuer_id = _issuer_id(_text(body, "issuer_id"))
        pem = _text(body, "public_key_pem")
        try:
            accounts.check_public_key(pem)
        except ValueError as error:
            raise invalid_argument(f"public_key_pem: {error}") from None
        email = _text(body, "service_account_email")
        self.state.register_issuer(issuer_id, email, pem, _text(body, "key_id"))
        return {"issuer_id": issuer_id, "service_account_email": email}

    def switch_issuer(self, body: JsonObject, path: dict[str, str]) -> JsonObject:
        issuer_id = path["issuer_id"]
        if self.state.issuer(issuer_id) is None:
            raise errors.issuer_not_found(issuer_id)
        self.state.switch_issuer(issuer_id, allowlisted=_flag(body, "allowlisted"), demo_mode=_flag(body, "demo_mode"))
        found = self.state.issuer(issuer_id)
        assert found is not None
        return {"issuer_id": issuer_id, "allowlisted": found.allowlisted, "demo_mode": found.demo_mode}

    def service_account(self, body: JsonObject, path: dict[str, str]) -> JsonObject:
        return accounts.make_service_account_file(self.state, _issuer_id(_text(body, "issuer_id")), self.external_url)

    def user(self, body: JsonObject, path: dict[str, str]) -> JsonObject:
        account = check_account(_text(body, "account"))
        tester = bool(_flag(body, "tester"))
        self.state.run("insert or replace into wallet_user values (?, ?)", account, int(tester))
        return {"account": account, "tester": tester}

    def show_faults(self, body: JsonObject, path: dict[str, str]) -> JsonObject:
        return {"faults": self.faults.shown()}

    def add_fault(self, body: JsonObject, path: dict[str, str]) -> JsonObject:
        status = _number(body, "status", 0, 0, 599)
        if 0 < status < 400:
            raise invalid_argument("status must be 0 (only delay) or an error status")
        pattern = _text(body, "path", "")
        try:
            re.compile(pattern)
        except re.error as error:
            raise invalid_argument(f"path is no regular expression: {error}") from None
        count, delay_ms = _number(body, "count", 1, 1, 10**6), _number(body, "delay_ms", 0, 0, 600_000)
        self.faults.add(Fault(status, count, _text(body, "method", ""), pattern, delay_ms, bool(_flag(body, "after"))))
        return self.show_faults(body, path)

    def clear_faults(self, body: JsonObject, path: dict[str, str]) -> JsonObject:
        self.faults.clear()
        return self.show_faults(body, path)

    def show_clock(self, body: JsonObject, path: dict[str, str]) -> JsonObject:
        return {"now_ms": self.clock.now_ms(), "offset_ms": self.state.settings.clock_offset_ms}

    def move_clock(self, body: JsonObject, path: dict[str, str]) -> JsonObject:
        """Either `advance_seconds` or `now_ms`; nothing of both puts it back."""
        offset = 0
        if "advance_seconds" in body:
            step = _number(body, "advance_seconds", 0, -(10**9), 10**9)
            offset = self.state.settings.clock_offset_ms + step * SECOND_MS
        elif "now_ms" in body:
            offset = _number(body, "now_ms", 0, 0, 2**52) - self.base_clock.now_ms()
        self.state.change_settings(clock_offset_ms=offset)
        return self.show_clock(body, path)

    def expire_tokens(self, body: JsonObject, path: dict[str, str]) -> JsonObject:
        accounts.expire_tokens(self.state)
        return {}

    def notifications(self, body: JsonObject, path: dict[str, str]) -> JsonObject:
        return {"notifications": self.notices.log()}

    def show_callbacks(self, body: JsonObject, path: dict[str, str]) -> JsonObject:
        return {"callbacks": self.callbacks.log()}

    def rotate(self, body: JsonObject, path: dict[str, str]) -> JsonObject:
        """`keys`: which of root and intermediate get a new key; both where it is absent."""
        wanted: Json = body.get("keys", ["root", "intermediate"])
        names = [name for name in ("root", "intermediate") if isinstance(wanted, list) and name in wanted]
        for name in names:
            self.callbacks.keys.rotate(name)
        return {"rotated": [*names]}

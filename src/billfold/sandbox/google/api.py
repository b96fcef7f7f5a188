"""One API request to one answer: sign-in, rate, method, strict JSON, partial answers. Batches come through here too.

May not enter: the web framework. Source: reference/google-wallet.md section 2, section 8.2 rules 1, 2, 20, 21 and 26."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

import msgspec

from billfold.sandbox.google import errors
from billfold.sandbox.google.accounts import SCOPE, Caller, caller
from billfold.sandbox.google.clock import SECOND_MS, Clock
from billfold.sandbox.google.issuers import Issuers
from billfold.sandbox.google.partial import BadSelector, select
from billfold.sandbox.google.resources import Resources
from billfold.sandbox.google.saves import Saves
from billfold.sandbox.google.schema import Method, Schemas
from billfold.sandbox.google.state import GoogleState
from billfold.sandbox.google.values import JsonObject, NotJson, as_text, parse_object
from billfold.sandbox.google.verticals import BY_METHOD, ResourceType, issuer_of


class ApiRequest(msgspec.Struct, frozen=True):
    """`path` starts with /walletobjects/ and is still percent-encoded; `authorization` is the header's text."""

    verb: str
    path: str
    query: str
    authorization: str
    body: bytes


class ApiAnswer(msgspec.Struct, frozen=True):
    status: int
    body: JsonObject


class _Call(msgspec.Struct, frozen=True):
    """A request after sign-in: the method's arguments."""

    target: str
    query: dict[str, str]
    body: JsonObject
    caller: Caller


@dataclass
class Api:
    state: GoogleState
    schemas: Schemas
    resources: Resources
    issuers: Issuers
    saves: Saves
    sign_in_clock: Clock
    _recent: dict[str, deque[int]] = field(default_factory=dict)

    def handle(self, request: ApiRequest) -> ApiAnswer:
        """Never raises for anything that a caller can send; each request is one transaction."""
        try:
            with self.state.transaction():
                return ApiAnswer(200, self._answer(request))
        except errors.ApiError as error:
            if error.aftermath is not None:
                error.aftermath()
            return ApiAnswer(error.code, error.body())

    def forget_rate(self) -> None:
        self._recent.clear()

    def _answer(self, request: ApiRequest) -> JsonObject:
        method, target = self._method(request)
        query = dict(parse_qsl(request.query, keep_blank_values=True)) if request.query else {}
        who = self._sign_in(request, query)
        for name in query:
            if name not in method.parameters and name not in self.schemas.common_parameters:
                text = f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.'
                raise errors.bad_payload([errors.Violation("", text)])
        try:
            body = parse_object(request.body) if request.verb in ("POST", "PUT", "PATCH") else {}
        except NotJson as problem:
            raise errors.not_json(str(problem)) from None
        call = _Call(target, query, body, who)
        self._keep_rate(call)
        answer = self._run(method.id, call)
        try:
            return select(answer, query["fields"]) if query.get("fields") else answer
        except BadSelector:
            raise errors.invalid_argument("Invalid field selection " + query["fields"][:60]) from None

    def _method(self, request: ApiRequest) -> tuple[Method, str]:
        found = self.schemas.method(request.verb, request.path)
        if found is None:
            raise errors.no_such_method()  # also every DELETE (rule 20)
        method, match = found
        return method, unquote(match.group(1), errors="replace") if match.groups() else ""

    def _sign_in(self, request: ApiRequest, query: dict[str, str]) -> Caller:
        scheme, _, token = request.authorization.partition(" ")
        token = token.strip() if scheme.lower() == "bearer" else query.get("access_token", "")
        if not token:
            raise errors.login_required()
        who = caller(self.state, self.sign_in_clock, token)
        if who is None:
            raise errors.invalid_token()
        if SCOPE not in who.scope.split():
            raise errors.insufficient_scope()
        return who

    def _keep_rate(self, call: _Call) -> None:
        """At most N requests in any second per issuer (rule 21); what names no issuer counts for the account."""
        limit = self.state.settings.requests_per_second
        if not limit:
            return
        named = call.target or as_text(call.body.get("id")) or call.query.get("classId", "")
        issuer = issuer_of(named) or call.query.get("issuerId") or (named if named.isdigit() else call.caller.email)
        now = self.resources.notices.clock.now_ms()
        if len(self._recent) > 1000:
            self._recent.clear()
        recent = self._recent.setdefault(issuer, deque())
        while recent and not now - SECOND_MS < recent[0] <= now:
            recent.popleft()
        if len(recent) >= limit:
            raise errors.too_fast(issuer)
        recent.append(now)

    def _run(self, method_id: str, call: _Call) -> JsonObject:
        _, group, verb = method_id.split(".", 2)
        kind = BY_METHOD.get(group)
        if kind is not None:
            return self._on_resource(kind, verb, call)
        plain: dict[str, Callable[[], JsonObject]] = {
            "issuer.get": lambda: self.issuers.get(call.target, call.caller),
            "issuer.list": lambda: self.issuers.list_all(call.caller),
            "issuer.insert": lambda: self.issuers.insert(call.body, call.caller),
            "issuer.update": lambda: self.issuers.update(call.target, call.body, call.caller, patch=False),
            "issuer.patch": lambda: self.issuers.update(call.target, call.body, call.caller, patch=True),
            "permissions.get": lambda: self.issuers.permissions(call.target, call.caller),
            "permissions.update": lambda: self.issuers.replace_permissions(call.target, call.body, call.caller),
            "jwt.insert": lambda: self.saves.insert_jwt(call.body),
            "jwt.validate": lambda: self.saves.validate_jwt(call.body, call.caller),
        }
        run = plain.get(f"{group}.{verb}")
        if run is None:
            raise errors.not_covered(method_id)
        return run()

    def _on_resource(self, kind: ResourceType, verb: str, call: _Call) -> JsonObject:
        target, body, who = call.target, call.body, call.caller
        match verb:
            case "insert":
                return self.resources.insert(kind, body, who)
            case "get":
                return self.resources.get(kind, target, who)
            case "list":
                return self.resources.page(kind, call.query, who)
            case "update":
                return self.resources.update(kind, target, body, who)
            case "patch":
                return self.resources.patch(kind, target, body, who)
            case "addmessage":
                return self.resources.add_message(kind, target, body, who)
            case _:
                return self.resources.modify_linked_offers(kind, target, body, who)

"""Source S2's API on our flows: `/passes`, `/search/pass`, `/passes/url`, `/passes/scan/storecard`. A facade holds no logic.

Plain Starlette routes, since a till waits for the last one. Errors are that vendor's: `{"message": ..., "errors": {field: [...]}}`.
May not enter: storage, wallets, decisions."""

from collections.abc import Awaitable, Callable, Mapping

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from billfold.api import loyalty_facade_answers as answers
from billfold.api import loyalty_facade_params as params
from billfold.api.loyalty_facade_params import TITLE_MAX, Params
from billfold.api.sign_in import actor_of
from billfold.domain.errors import BillfoldError
from billfold.domain.keys import Actor, authorize_ability
from billfold.domain.scanning import DESCRIPTION_MAX, REFERENCE_MAX
from billfold.flows.scans import member_cards, storecard
from billfold.flows.scans.member_cards import Named, Wanted
from billfold.flows.scans.storecard import Delta
from billfold.ports import Services

VAT_PERCENT = (0, 21)
"""S2-37. `/v1` takes any rate."""
_LOG = structlog.get_logger("billfold.api")
Handler = Callable[[Params, Actor], Awaitable[Response]]


class _Guarded:
    """An ASGI application for one path, which its route calls as it is. `operations`: method → S2's word for the scopes that
    are asked before the body is read ("" where the flow asks itself), and who answers."""

    def __init__(self, services: Services, operations: Mapping[str, tuple[str, Handler]]) -> None:
        self._services, self._operations = services, operations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._work(request)
        except ClientDisconnect:
            raise
        except BillfoldError as error:
            response = answers.problem(error)
        except Exception as error:  # the last stop: a bug shows nothing of the inside
            _LOG.error("request_failed", request_id=getattr(request.state, "request_id", ""), exc_info=error)
            response = answers.json_response(500, {"message": answers.WORDS[500]})
        await response(scope, receive, send)

    async def _work(self, request: Request) -> Response:
        served = self._operations.get("GET" if request.method == "HEAD" else request.method)
        if served is None:
            return answers.wrong_method(self._operations)
        ability, handler = served
        actor = await actor_of(self._services, request, "loyalty")
        self._services.limits.check(actor.key_id)
        if ability:
            authorize_ability(actor, ability)
        return await handler(await params.read(request), actor)


class LoyaltyFacade:
    """The seven requests, each one call of a flow."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        passes = {"GET": self.inspect, "PUT": self.modify, "DELETE": self.remove, "POST": self.send}
        table: dict[str, dict[str, tuple[str, Handler]]] = {
            "/passes": {method: ("passes.get", handler) for method, handler in passes.items()},
            "/search/pass": {"GET": ("search.pass", self.search)},
            "/passes/url": {"POST": ("passes.get", self.link)},
            "/passes/scan/storecard": {"POST": ("", self.scan)},
        }
        guarded = {path: _Guarded(self._services, served) for path, served in table.items()}
        served = [Route(path, guarded[path], methods=list(operations)) for path, operations in table.items()]
        return [*served, *(Route(path, one) for path, one in guarded.items())]  # the latter for methods that nobody serves

    async def inspect(self, given: Params, actor: Actor) -> Response:
        """GET /passes."""
        named = _named(given)
        given.check()
        view = await member_cards.inspect(self._services, actor, named)
        return _success(data=answers.inspected(view, self._services.clock.now_ms()))

    async def search(self, given: Params, actor: Actor) -> Response:
        """GET /search/pass."""
        code = given.text("pass_code")
        given.check()
        now = self._services.clock.now_ms()
        views = await member_cards.search(self._services, actor, code)
        return _success(data=[answers.found(one, now) for one in views])

    async def modify(self, given: Params, actor: Actor) -> Response:
        """PUT /passes."""
        named, status = _named(given), given.status()
        expires = given.moment_ms("expiration_date", required=True)
        given.check()
        transaction = await member_cards.modify(self._services, actor, named, status, expires)
        return _success(message="Pass updated successfully", transaction_id=transaction)

    async def remove(self, given: Params, actor: Actor) -> Response:
        """DELETE /passes."""
        named = _named(given)
        given.check()
        transaction = await member_cards.remove(self._services, actor, named)
        return _success(message="Pass removed", transaction_id=transaction)

    async def send(self, given: Params, actor: Actor) -> Response:
        """POST /passes."""
        wanted = _wanted(given)
        given.check()
        await member_cards.issue(self._services, actor, wanted, by_mail=True)
        return _success(message="Email has been send")

    async def link(self, given: Params, actor: Actor) -> Response:
        """POST /passes/url."""
        wanted = _wanted(given)
        given.check()
        card = await member_cards.issue(self._services, actor, wanted, by_mail=False)
        return _success(url=self._services.addresses.share(card.pass_id))

    async def scan(self, given: Params, actor: Actor) -> Response:
        """POST /passes/scan/storecard."""
        delta = Delta(
            pass_code=given.text("pass_code"),
            organization=given.text("organization_identifier"),
            points=given.decimal("points"),
            balance=given.decimal("balance"),
            description=given.text("description", DESCRIPTION_MAX, required=False),
            reference=given.text("transaction_reference", REFERENCE_MAX, required=False),
            external_reference=given.text("external_reference", DESCRIPTION_MAX, required=False),
            vat_percent=given.whole("vat_rate", *VAT_PERCENT),
        )
        if not given.given("points") and not given.given("balance"):
            for name, other in (("points", "balance"), ("balance", "points")):
                given.wrong(name, "required_without", f"is required when {other} is not present")
        given.check()
        return answers.json_response(200, answers.scanned(await storecard.modify(self._services, actor, delta)))


def _named(given: Params) -> Named:
    return Named(given.uuid("brand_id"), given.email(), given.text("pass_code"))


def _wanted(given: Params) -> Wanted:
    return Wanted(
        brand_id=given.uuid("brand_id"),
        email=given.email(),
        programme_id=given.text("coupon_id"),
        status=given.status(),
        title=given.text("pass_title", TITLE_MAX, required=False),
        expires_at_ms=given.moment_ms("expiration_date", required=False),
    )


def _success(**members: object) -> Response:
    return answers.json_response(200, {"success": True} | members)

"""What a terminal's device asks on `/v1`: a token for its code, who it is, its PIN, what it needs to scan without a network.

May not enter: making and naming terminals (terminals.py), decisions, storage."""

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import Field as Rule
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Route

from billfold.api import sign_in, strict_json
from billfold.api.problems import problem_response
from billfold.api.v1 import answers, scan_examples
from billfold.api.v1.operations import PREFIX, answer, empty, refusals, request_example
from billfold.api.v1.route import Asking, request_id_of
from billfold.api.v1.types import In, Out, iso
from billfold.domain.errors import FieldProblem, Invalid, Unauthenticated
from billfold.domain.loyalty import Product, Programme, Terminal
from billfold.flows.scans import devices
from billfold.flows.scans.devices import Granted, Synced
from billfold.ports import Services

ENROL_PATH = PREFIX + "/terminals/enrol"
ENROL_BYTES_MAX = 1_024


class PinIn(In):
    pin: Annotated[str, Rule(pattern=r"^[0-9]{4,12}$")]


class ProductOfTill(Out):
    """`price_minor`, `price_points`: None where it is not sold that way."""

    id: str
    number: int
    name: str
    currency: str
    price_minor: int | None
    price_points: int | None
    vat_bp: int | None


class ProgrammeOfTill(Out):
    id: str
    kind: Literal["coupon", "storecard", "prepaidcard"]
    title: str
    category: str
    currency: str
    points: bool
    stamps_goal: int | None
    allowed_products: list[str]


class TerminalOfDevice(Out):
    """`pin`: whether it asks for one."""

    id: str
    name: str
    place: str
    product: ProductOfTill | None
    points_multiplier_percent: int
    pin: bool
    last_device_seq: int
    revoked: bool


class OfflineShown(Out):
    """What the device may do until it is heard again; `grant` is the same, signed (compact JWS, ES256). `unsigned`: whether it may
    take cards whose code is not signed."""

    grant: str
    count: int
    amount_minor: dict[str, int]
    expires_at: str
    unsigned: bool


class SyncShown(Out):
    """`public_key`: JWK that verifies signed card codes and grants. `voided`: cards that may not be used
    though their code verifies."""

    now: str
    terminal: TerminalOfDevice
    products: list[ProductOfTill]
    programmes: list[ProgrammeOfTill]
    offline: OfflineShown
    public_key: dict[str, str]
    voided: list[str]
    last_device_seq: int


def add_terminals_device(router: APIRouter, services: Services) -> None:
    @router.get(
        "/terminals/me",
        name="scans.execute",
        operation_id="readOwnTerminal",
        summary="The terminal whose device token this is",
        responses=answer(200, TerminalOfDevice, scan_examples.TERMINAL, "The terminal.") | refusals(404),
    )
    async def me(actor: Asking) -> Response:
        terminal, product, heard = await devices.me(services, actor)
        return _json(terminal_shown(terminal, product, heard.last_seq))

    @router.post(
        "/terminals/me/pin",
        name="scans.execute",
        operation_id="checkPin",
        summary="Is this the terminal's PIN?",
        status_code=204,
        responses=empty(204, "It is.") | refusals(404, body=True),
        openapi_extra=request_example({"pin": "1234"}),
    )
    async def pin(actor: Asking, body: PinIn) -> Response:
        await devices.check_pin(services, actor, body.pin)
        return Response(status_code=204)

    @router.get(
        "/terminals/me/sync",
        name="scans.execute",
        operation_id="syncTerminal",
        summary="Everything that a device needs to scan without a network",
        responses=answer(200, SyncShown, scan_examples.SYNC, "Catalogue, grant, key, and what may not be used.") | refusals(404),
    )
    async def sync(actor: Asking) -> Response:
        return _json(_synced(await devices.sync(services, actor)))


def enrol_route(services: Services) -> Route:
    """The one address that takes no key: the code that an operator reads out is the secret."""

    async def enrol(request: Request) -> Response:
        try:
            return await _enrol(services, request)
        except ClientDisconnect:
            raise
        except Exception as error:  # the last stop, as in route.py
            return problem_response(error, request_id_of(request))

    return Route(ENROL_PATH, enrol, methods=["POST"])


async def _enrol(services: Services, request: Request) -> Response:
    given = strict_json.parse(await request.body(), bytes_max=ENROL_BYTES_MAX)
    code = given.get("code") if isinstance(given, dict) and given.keys() == {"code"} else None
    if not isinstance(code, str):
        raise Invalid(FieldProblem("code", "missing", "the terminal's code is missing", 'send {"code": "ABCD-EFGH-JKLM"}'))
    try:
        enrolled = await devices.enrol(services, code)
    except Unauthenticated as error:
        sign_in.failed(services, request, "enrol", error)
        raise
    body = EnrolledShown(
        token=enrolled.token,
        terminal=terminal_shown(enrolled.terminal, None, 0),
        environment=enrolled.terminal.scope.environment.value,
        organization_name=enrolled.organization_name,
    )
    return Response(answers.body(body), 201, {"Cache-Control": "no-store"}, media_type="application/json")


class EnrolledShown(Out):
    """`token` leaves this once and is kept nowhere."""

    token: str
    terminal: TerminalOfDevice
    environment: Literal["test", "live"]
    organization_name: str


def terminal_shown(terminal: Terminal, product: Product | None, last_seq: int) -> TerminalOfDevice:
    return TerminalOfDevice(
        id=terminal.id,
        name=terminal.name,
        place=terminal.place,
        product=_product(product) if product else None,
        points_multiplier_percent=terminal.points_multiplier_percent,
        pin=bool(terminal.pin_hash),
        last_device_seq=last_seq,
        revoked=terminal.revoked_at_ms is not None,
    )


def offline_shown(granted: Granted) -> OfflineShown:
    grant = granted.grant
    return OfflineShown(
        grant=granted.token,
        count=grant.count,
        amount_minor=dict(grant.amount_minor),
        expires_at=iso(grant.expires_at_ms),
        unsigned=granted.unsigned,
    )


def _synced(synced: Synced) -> SyncShown:
    own = next((one for one in synced.products if one.id == synced.terminal.product_id), None)
    return SyncShown(
        now=iso(synced.at_ms),
        terminal=terminal_shown(synced.terminal, own, synced.last_seq),
        products=[_product(one) for one in synced.products],
        programmes=[_programme(one) for one in synced.programmes],
        offline=offline_shown(synced.granted),
        public_key=synced.public_key,
        voided=list(synced.voided),
        last_device_seq=synced.last_seq,
    )


def _product(product: Product) -> ProductOfTill:
    return ProductOfTill(
        id=product.id,
        number=product.number,
        name=product.name,
        currency=product.currency,
        price_minor=product.price_minor,
        price_points=product.price_points,
        vat_bp=product.vat_bp,
    )


def _programme(programme: Programme) -> ProgrammeOfTill:
    return ProgrammeOfTill(
        id=programme.id,
        kind=programme.kind.value,
        title=programme.title,
        category=programme.category.value,
        currency=programme.currency,
        points=programme.points,
        stamps_goal=programme.stamps_goal,
        allowed_products=list(programme.allowed_products),
    )


def _json(shown: Out) -> Response:
    return Response(answers.body(shown), 200, media_type="application/json")

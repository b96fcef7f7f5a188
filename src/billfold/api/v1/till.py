"""The till on `/v1`: who holds what and what is sold. Parse, call one flow, render. May not enter: decisions, storage, scans."""

from collections.abc import Awaitable
from typing import Any, cast

from fastapi import APIRouter, Response

from billfold.api.v1 import answers
from billfold.api.v1 import till_shapes as shapes
from billfold.api.v1.operations import EXAMPLE_TEMPLATE, answer, empty, refusals
from billfold.api.v1.route import Asking
from billfold.api.v1.till_resources import Resource, ThingId, add_resource
from billfold.domain.errors import NotFound
from billfold.domain.ids import TemplateId, scope_of_template
from billfold.domain.keys import Actor
from billfold.domain.loyalty import Brand, Member, Product, Programme, Terminal
from billfold.flows.loyalty import catalogue, members, terminals
from billfold.flows.loyalty.keeping import After
from billfold.ports import Services

EXAMPLE_BRAND = "019a9f2e-7c00-7000-8000-3f1d6b7a9c01"
EXAMPLE_MEMBER = "019a9f2e-7c00-7000-8000-3f1d6b7a9c02"
EXAMPLE_PRODUCT = "019a9f2e-7c00-7000-8000-3f1d6b7a9c03"
EXAMPLE_PROGRAMME = "019a9f2e-7c00-7000-8000-3f1d6b7a9c04"
EXAMPLE_TERMINAL = "019a9f2e-7c00-7000-8000-3f1d6b7a9c05"
_TIMES: dict[str, object] = {"created_at": "2026-11-20T12:00:00.000Z", "updated_at": "2026-11-20T12:00:00.000Z"}
_BRAND: dict[str, object] = {"name": "Kettle & Crumb", "color": "#3b2417", "website": "https://kettleandcrumb.example"}
_PRODUCT: dict[str, object] = {"name": "Flat white", "currency": "EUR", "price_minor": 350, "price_points": 40, "vat_bp": 900}
_PROGRAMME: dict[str, object] = {"title": "Coffee club", "points": True, "valid_days": 365, "reminder_days": 14}
_MEMBER: dict[str, object] = {"email": "ada@example.com", "name": "Ada Lovelace", "attributes": {"tier": "gold"}}
_TERMINAL: dict[str, object] = {"name": "Counter 1", "place": "Lisbon"}


def add_till(router: APIRouter, services: Services) -> None:
    for resource in (_brands(services), _products(services), _programmes(services), _members(services), _terminals(services)):
        add_resource(router, services, cast("Resource[object]", resource))
    _add_erasure(router, services)
    _add_terminal_verbs(router, services)


def _brands(services: Services) -> Resource[Brand]:
    return Resource(
        "brand",
        *(shapes.BrandIn, shapes.BrandIn, shapes.BrandShown, _BRAND, _BRAND),
        {"id": EXAMPLE_BRAND, **_BRAND, "logo": "", **_TIMES, "archived_at": None},
        create=lambda actor, body, after: catalogue.create_brand(services, actor, body.asked(), after=after),
        replace=lambda actor, id_, body: catalogue.replace_brand(services, actor, id_, body.asked()),
        find=lambda actor, id_: catalogue.find_brand(services, actor, id_),
        show=shapes.brand_shown,
        page=lambda actor, after, limit, _words, _brand: catalogue.list_brands(services, actor, after, limit),
    )


def _products(services: Services) -> Resource[Product]:
    return Resource(
        "product",
        *(shapes.NewProduct, shapes.ProductIn, shapes.ProductShown, _PRODUCT, _PRODUCT),
        {"id": EXAMPLE_PRODUCT, "number": 7, **_PRODUCT, "external_reference": "", **_TIMES, "archived_at": None},
        create=lambda actor, body, after: catalogue.create_product(services, actor, body.asked(), body.number, after=after),
        replace=lambda actor, id_, body: catalogue.replace_product(services, actor, id_, body.asked()),
        find=lambda actor, id_: catalogue.find_product(services, actor, id_),
        show=shapes.product_shown,
        page=lambda actor, after, limit, _words, _brand: catalogue.list_products(services, actor, after, limit),
    )


def _programmes(services: Services) -> Resource[Programme]:
    made: dict[str, object] = {"brand_id": EXAMPLE_BRAND, "kind": "storecard", "template_id": EXAMPLE_TEMPLATE, "currency": "EUR"}
    shown: dict[str, object] = {
        "id": EXAMPLE_PROGRAMME,
        **made,
        **_PROGRAMME,
        "category": "prepaid",
        "stamps_goal": None,
        "units": ["EUR", "points"],
        "allowed_products": [],
        "floor_minor": 0,
        "price_minor": None,
        "price_points": None,
        "external_reference": "",
        "earn_points_per_unit": 0,
        "points_valid_days": None,
        "vat_treatment": "multi_purpose",
        **_TIMES,
        "archived_at": None,
    }

    def create(actor: Actor, body: Any, after: After[Programme]) -> Awaitable[Programme]:
        if scope_of_template(body.template_id) != actor.scope:
            raise NotFound("template")
        kind, template = shapes.kind_of(body.kind), TemplateId(body.template_id)
        return catalogue.create_programme(services, actor, body.brand_id, kind, template, body.currency, body.asked(), after=after)

    return Resource(
        "programme",
        *(shapes.NewProgramme, shapes.ProgrammeIn, shapes.ProgrammeShown, made | _PROGRAMME, _PROGRAMME, shown),
        create=create,
        replace=lambda actor, id_, body: catalogue.replace_programme(services, actor, id_, body.asked()),
        find=lambda actor, id_: catalogue.find_programme(services, actor, id_),
        show=shapes.programme_shown,
        page=lambda actor, after, limit, _words, _brand: catalogue.list_programmes(services, actor, after, limit),
    )


def _members(services: Services) -> Resource[Member]:
    new: dict[str, object] = {"brand_id": EXAMPLE_BRAND}
    more: dict[str, object] = {"external_id": None, "language": None, "unsubscribed_at": None}
    return Resource(
        "member",
        *(shapes.NewMember, shapes.MemberIn, shapes.MemberShown, new | _MEMBER, _MEMBER),
        {"id": EXAMPLE_MEMBER, **new, **_MEMBER, **more, **_TIMES},
        create=lambda actor, body, after: members.create(services, actor, body.brand_id, body.asked(), after=after),
        replace=lambda actor, id_, body: members.replace_member(services, actor, id_, body.asked()),
        find=lambda actor, id_: members.find(services, actor, id_),
        show=shapes.member_shown,
        page=lambda actor, after, limit, words, brand: members.search(services, actor, words, after, limit, brand),
        searched=True,
    )


_SHOWN_TERMINAL: dict[str, object] = {
    "id": EXAMPLE_TERMINAL,
    **_TERMINAL,
    "product_id": None,
    "points_multiplier_percent": 100,
    "external_device_id": "",
    "pin": False,
    "enrolled": False,
    "enrolment_until": None,
    "last_seen_at": None,
    **_TIMES,
    "revoked_at": None,
}


def _terminals(services: Services) -> Resource[Terminal]:
    return Resource(
        "terminal",
        *(shapes.TerminalIn, shapes.TerminalIn, shapes.TerminalShown, _TERMINAL, _TERMINAL, _SHOWN_TERMINAL),
        create=lambda actor, body, after: terminals.create(services, actor, body.asked(), after=after),
        replace=lambda actor, id_, body: terminals.replace_terminal(services, actor, id_, body.asked()),
        find=lambda actor, id_: terminals.find(services, actor, id_),
        show=shapes.terminal_shown,
        page=lambda actor, after, limit, _words, _brand: terminals.list_terminals(services, actor, after, limit),
    )


def _add_erasure(router: APIRouter, services: Services) -> None:
    @router.delete(
        "/members/{member_id}",
        name="members.erase",
        operation_id="eraseMember",
        summary="Forget a person; the ledger stays and knows nobody's name",
        status_code=204,
        response_class=Response,
        responses=empty(204, "Forgotten. The person's cards are blank and void on every phone.") | refusals(404),
    )
    async def erase(actor: Asking, member_id: ThingId) -> Response:
        await members.erase(services, actor, member_id)
        return Response(status_code=204)


def _add_terminal_verbs(router: APIRouter, services: Services) -> None:
    code: dict[str, object] = _SHOWN_TERMINAL | {"enrolment_until": "2026-11-21T12:00:00.000Z", "enrolment_code": "ABCD-EFGH-JKLM"}

    @router.post(
        "/terminals/{terminal_id}/enrolment",
        name="terminals.write",
        operation_id="renewEnrolment",
        summary="A code, good once and for a day, by which a device becomes the terminal",
        responses=answer(200, shapes.EnrolmentShown, code, "The code is shown this once.") | refusals(404),
    )
    async def renew(actor: Asking, terminal_id: ThingId) -> Response:
        terminal, fresh = await terminals.renew_enrolment(services, actor, terminal_id)
        return Response(answers.body(shapes.enrolment_shown(terminal, fresh)), media_type="application/json")

    @router.delete(
        "/terminals/{terminal_id}",
        name="terminals.write",
        operation_id="revokeTerminal",
        summary="Revoke a terminal: its device token is refused at once",
        status_code=204,
        response_class=Response,
        responses=empty(204, "Revoked.") | refusals(404),
    )
    async def revoke(actor: Asking, terminal_id: ThingId) -> Response:
        await terminals.revoke(services, actor, terminal_id)
        return Response(status_code=204)

"""Cards on `/v1`: issue, list, find by code, change, take away. Parse, call one flow, render. May not enter: decisions, storage."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from billfold.api.v1 import answers, cursors
from billfold.api.v1 import till_shapes as shapes
from billfold.api.v1.answers import Listed
from billfold.api.v1.idempotency import Keep, Once
from billfold.api.v1.operations import EXAMPLE_PASS, answer, once, refusals, request_example
from billfold.api.v1.passes import PassId
from billfold.api.v1.route import Asking
from billfold.api.v1.till import EXAMPLE_BRAND, EXAMPLE_MEMBER, EXAMPLE_PROGRAMME
from billfold.api.v1.types import Id, Limit, Out
from billfold.domain.loyalty import Card, CardStatus
from billfold.flows.batch import Repeat
from billfold.flows.loyalty import cards as flow
from billfold.flows.loyalty.showing import Changed
from billfold.loyalty_ports import CardFilter
from billfold.ports import Services, Tx

_VALUES: dict[str, object] = {"name": "Ada Lovelace", "member_id": "LOYALTY-98765"}
_NEW: dict[str, object] = {
    "programme_id": EXAMPLE_PROGRAMME,
    "member_id": EXAMPLE_MEMBER,
    "expires_at": "2027-12-31T23:59:59Z",
    "values": _VALUES,
}
_SHOWN: dict[str, object] = {
    "pass_id": EXAMPLE_PASS,
    "code": EXAMPLE_PASS,
    "programme_id": EXAMPLE_PROGRAMME,
    "brand_id": EXAMPLE_BRAND,
    "member_id": EXAMPLE_MEMBER,
    "status": "active",
    "usable": None,
    "title": "",
    "starts_at": None,
    "expires_at": "2027-12-31T23:59:59.000Z",
    "reminder_at": None,
    "reminded_at": None,
    "downloaded_at": None,
    "latitude": None,
    "longitude": None,
    "batch": "",
    "demo": False,
    "historical": False,
    "created_at": "2026-11-20T12:00:00.000Z",
    "updated_at": "2026-11-20T12:00:00.000Z",
    "removed_at": None,
    "share_url": f"http://127.0.0.1:8000/p/{EXAMPLE_PASS}",
}
_CHANGED = _SHOWN | {"notified": 1, "transaction_id": "019a9f2e-7c00-7000-8000-3f1d6b7a9c09"}
_BATCH: dict[str, object] = {"cards": [{"programme_id": EXAMPLE_PROGRAMME, "batch": "spring-2027", "values": _VALUES}]}
_BATCHED: dict[str, object] = {
    "issued": 1,
    "refused": 0,
    "results": [{"index": 0, "card": _SHOWN | {"batch": "spring-2027", "member_id": None}, "errors": []}],
}


def add_cards(router: APIRouter, services: Services) -> None:
    _add_issue(router, services)
    _add_changes(router, services)
    _add_reads(router, services)


def _shown(services: Services, card: Card) -> shapes.CardShown:
    return shapes.card_shown(card, services.clock.now_ms(), services.addresses.share(card.pass_id))


def _add_issue(router: APIRouter, services: Services) -> None:
    @router.post(
        "/cards",
        name="cards.issue",
        operation_id="issueCard",
        summary="Issue a card, for a member or for nobody",
        status_code=201,
        responses=answer(201, shapes.CardShown, _SHOWN, "The card; `share_url` is its holder's.") | refusals(404, 409, body=True),
        openapi_extra=once(request_example(_NEW)),
    )
    async def issue(request: Request, actor: Asking, body: shapes.NewCard) -> Response:
        async def work(keep: Keep) -> bytes:
            def after(tx: Tx, card: Card) -> None:
                keep(tx, answers.body(_shown(services, card)))

            return answers.body(_shown(services, await flow.issue(services, actor, _asked(body), after)))

        return await Once(services, actor, request, body).answer(201, work)

    @router.post(
        "/card-batches",
        name="cards.issue",
        operation_id="issueCards",
        summary="Issue up to 500 cards; what is wrong with one says nothing of the others",
        responses=answer(200, shapes.CardsIssued, _BATCHED, "One result for each, in order.") | refusals(409, body=True),
        openapi_extra=once(request_example(_BATCH)),
    )
    async def issue_many(request: Request, actor: Asking, body: shapes.NewCards) -> Response:
        single = Once(services, actor, request, body)

        async def work(keep: Keep) -> bytes:
            repeat = Repeat(single.key, single.fingerprint) if single.key else None
            outcomes = await flow.issue_many(services, actor, [_asked(one) for one in body.cards], repeat)
            shown = [None if one.card is None else _shown(services, one.card) for one in outcomes]
            made = answers.body(shapes.cards_issued(outcomes, shown))
            if repeat:
                await services.store.write(lambda tx: keep(tx, made))
            return made

        return await single.answer(200, work)


def _asked(body: shapes.NewCard) -> flow.NewCard:
    return flow.NewCard(
        programme_id=body.programme_id,
        member_id=body.member_id,
        code=body.code or "",
        status=CardStatus(body.status),
        title=body.title,
        starts_at_ms=_ms(body.starts_at),
        expires_at_ms=_ms(body.expires_at),
        reminder_at_ms=_ms(body.reminder_at),
        batch=body.batch,
        demo=body.demo,
        historical=body.historical,
        values=body.values,
        opening=body.opening,
    )


def _ms(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1000


def _add_changes(router: APIRouter, services: Services) -> None:
    @router.patch(
        "/cards/{pass_id}",
        name="cards.change",
        operation_id="changeCard",
        summary="Change a card's status, dates or title; phones follow",
        responses=answer(200, shapes.CardChanged, _CHANGED, "The card as it is now.") | refusals(404, body=True),
        openapi_extra=request_example({"status": "blocked"}),
    )
    async def change(actor: Asking, pass_id: PassId, body: shapes.CardIn) -> Response:
        sent = body.model_fields_set
        dates = {
            f"{name}_ms": (_ms(getattr(body, name)),) if name in sent else None
            for name in ("starts_at", "expires_at", "reminder_at")
        }
        status = CardStatus(body.status) if body.status is not None else None
        return _changed(services, await flow.change(services, actor, pass_id, flow.Change(status, body.title, **dates)))

    @router.delete(
        "/cards/{pass_id}",
        name="cards.change",
        operation_id="removeCard",
        summary="Take a card from its member: it is void, and shows nobody's name",
        responses=answer(200, shapes.CardChanged, _CHANGED, "The card as it is now.") | refusals(404),
    )
    async def remove(actor: Asking, pass_id: PassId) -> Response:
        return _changed(services, await flow.remove(services, actor, pass_id))


def _changed(services: Services, done: Changed) -> Response:
    now, share_url = services.clock.now_ms(), services.addresses.share(done.card.pass_id)
    return _json(shapes.card_changed(done.card, now, share_url, done.notified, done.transaction_id))


def _add_reads(router: APIRouter, services: Services) -> None:
    @router.get(
        "/cards",
        name="cards.read",
        operation_id="listCards",
        summary="List cards, or find those with a code",
        responses=answer(200, Listed[shapes.CardShown], {"items": [_SHOWN], "next_cursor": None, "more": False}, "One page, by id.")
        | refusals(),
    )
    async def list_cards(
        actor: Asking,
        limit: Annotated[Limit, Query()] = 50,
        cursor: Annotated[str | None, Query(max_length=100)] = None,
        code: Annotated[str | None, Query(max_length=200, description="What a barcode says, or a card's id; newest first.")] = None,
        member_id: Annotated[Id | None, Query()] = None,
        programme_id: Annotated[Id | None, Query()] = None,
        brand_id: Annotated[Id | None, Query()] = None,
        status: Annotated[shapes.StatusName | None, Query()] = None,
        batch: Annotated[str | None, Query(max_length=64)] = None,
    ) -> Response:
        if code is not None:
            found = [_shown(services, one) for one in await flow.by_code(services, actor, code)]
            return _json(Listed[shapes.CardShown](items=found, next_cursor=None, more=False))
        wanted = CardFilter(member_id, programme_id, brand_id, CardStatus(status) if status else None, batch)
        page = await flow.list_cards(services, actor, wanted, cursors.read(cursor), limit)
        following = cursors.write(page.items[-1].pass_id) if page.more else None
        items = [_shown(services, one) for one in page.items]
        return _json(Listed[shapes.CardShown](items=items, next_cursor=following, more=page.more))

    @router.get(
        "/cards/{pass_id}",
        name="cards.read",
        operation_id="readCard",
        summary="Read a card",
        responses=answer(200, shapes.CardShown, _SHOWN, "The card.") | refusals(404),
    )
    async def read(actor: Asking, pass_id: PassId) -> Response:
        return _json(_shown(services, await flow.find(services, actor, pass_id)))


def _json(shown: Out) -> Response:
    return Response(answers.body(shown), media_type="application/json")

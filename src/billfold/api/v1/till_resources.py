"""Brands, products, programmes, members and terminals on `/v1`: each is made, listed, read and replaced in the same four ways.

May not enter: what each of them is (till_shapes.py), decisions, storage."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import APIRouter, Path, Query, Request, Response

from billfold.api.v1 import answers, cursors
from billfold.api.v1.answers import Listed
from billfold.api.v1.idempotency import Keep, Once
from billfold.api.v1.operations import answer, once, refusals, request_example
from billfold.api.v1.route import Asking
from billfold.api.v1.types import Id, In, Limit, Out
from billfold.domain.keys import Actor
from billfold.flows.lists import Page
from billfold.flows.loyalty.keeping import After
from billfold.ports import Services, Tx

T = TypeVar("T")
ThingId = Annotated[str, Path(pattern=r"^[0-9A-Za-z_-]{1,64}$")]


@dataclass(frozen=True)
class Resource(Generic[T]):
    """`noun`: as in `brand`; its list is at `/brands`. `new`, `body`, `shown`: shapes, with their examples. Functions are flows."""

    noun: str
    new: type[In]
    body: type[In]
    shown: type[Out]
    new_example: dict[str, object]
    example: dict[str, object]
    shown_example: dict[str, object]
    create: Callable[[Actor, Any, After[T]], Awaitable[T]]
    replace: Callable[[Actor, str, Any], Awaitable[T]]
    find: Callable[[Actor, str], Awaitable[T]]
    show: Callable[[T], Out]
    page: Callable[[Actor, str | None, int, str, str | None], Awaitable[Page[T]]]
    """(actor, after, limit, words, brand id)"""
    searched: bool = False
    id_of: Callable[[T], str] = lambda one: one.id  # type: ignore[attr-defined]

    @property
    def title(self) -> str:
        return self.noun.capitalize()


def add_resource(router: APIRouter, services: Services, of: Resource[T]) -> None:
    _add_writes(router, services, of)
    _add_reads(router, of)


def _add_writes(router: APIRouter, services: Services, of: Resource[T]) -> None:
    new, body_type = of.new, of.body

    @router.post(
        f"/{of.noun}s",
        name=f"{of.noun}s.write",
        operation_id=f"create{of.title}",
        summary=f"Make a {of.noun}",
        status_code=201,
        responses=answer(201, of.shown, of.shown_example, f"The {of.noun}.") | refusals(404, 409, body=True),
        openapi_extra=once(request_example(of.new_example)),
    )
    async def create(request: Request, actor: Asking, body: new) -> Response:  # type: ignore[valid-type]
        async def work(keep: Keep) -> bytes:
            def after(tx: Tx, made: T) -> None:
                keep(tx, answers.body(of.show(made)))

            return answers.body(of.show(await of.create(actor, body, after)))

        return await Once(services, actor, request, body).answer(201, work)

    @router.put(
        f"/{of.noun}s/{{{of.noun}_id}}",
        name=f"{of.noun}s.write",
        operation_id=f"replace{of.title}",
        summary=f"Change a {of.noun}: send all of it",
        responses=answer(200, of.shown, of.shown_example, f"The {of.noun} as it is now.") | refusals(404, 409, body=True),
        openapi_extra=request_example(of.example),
    )
    async def replace(actor: Asking, thing_id: _named(of), body: body_type) -> Response:  # type: ignore[valid-type]
        return _json(of.show(await of.replace(actor, thing_id, body)))


def _add_reads(router: APIRouter, of: Resource[T]) -> None:
    cursor_example = cursors.write(str(of.shown_example["id"]))
    listed = Listed[of.shown]  # type: ignore[name-defined]
    page_example = {"items": [of.shown_example], "next_cursor": cursor_example, "more": True}
    described = answer(200, listed, page_example, "One page.") | refusals()
    read_name = f"{of.noun}s.read"

    async def page(actor: Actor, limit: int, cursor: str | None, words: str = "", brand_id: str | None = None) -> Response:
        found = await of.page(actor, cursors.read(cursor), limit, words, brand_id)
        following = cursors.write(of.id_of(found.items[-1])) if found.more else None
        return _json(listed(items=[of.show(one) for one in found.items], next_cursor=following, more=found.more))

    route = {"name": read_name, "operation_id": f"list{of.title}s", "summary": f"List {of.noun}s", "responses": described}
    if of.searched:

        @router.get(f"/{of.noun}s", **route)  # type: ignore[arg-type]
        async def search(
            actor: Asking,
            limit: Annotated[Limit, Query()] = 50,
            cursor: Annotated[str | None, Query(max_length=100)] = None,
            search: Annotated[str, Query(max_length=200, description="Beginning of an address, a name or an external id.")] = "",
            brand_id: Annotated[Id | None, Query(description="Only this brand's.")] = None,
        ) -> Response:
            return await page(actor, limit, cursor, search, brand_id)

    else:

        @router.get(f"/{of.noun}s", **route)  # type: ignore[arg-type]
        async def list_all(
            actor: Asking,
            limit: Annotated[Limit, Query()] = 50,
            cursor: Annotated[str | None, Query(max_length=100)] = None,
        ) -> Response:
            return await page(actor, limit, cursor)

    @router.get(
        f"/{of.noun}s/{{{of.noun}_id}}",
        name=read_name,
        operation_id=f"read{of.title}",
        summary=f"Read a {of.noun}",
        responses=answer(200, of.shown, of.shown_example, f"The {of.noun}.") | refusals(404),
    )
    async def read(actor: Asking, thing_id: _named(of)) -> Response:  # type: ignore[valid-type]
        return _json(of.show(await of.find(actor, thing_id)))


def _named(of: Resource[T]) -> Any:
    return Annotated[str, Path(alias=f"{of.noun}_id", pattern=r"^[0-9A-Za-z_-]{1,64}$")]


def _json(shown: Out) -> Response:
    return Response(answers.body(shown), media_type="application/json")

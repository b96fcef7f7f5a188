"""Templates on `/v1`: make, list, read, publish. Parse, call one flow, render. May not enter: decisions, storage."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from billfold.api.v1 import answers, cursors
from billfold.api.v1.answers import Listed, TemplatePublished, TemplateShown, TemplateSummary
from billfold.api.v1.content import ContentIn, draft_of
from billfold.api.v1.idempotency import Keep, Once
from billfold.api.v1.operations import (
    CONTENT_SHOWN,
    EXAMPLE_TEMPLATE,
    TEMPLATE_CONTENT,
    TEMPLATE_SHOWN,
    answer,
    once,
    refusals,
    request_example,
)
from billfold.api.v1.passes import in_content
from billfold.api.v1.route import Asking
from billfold.api.v1.types import In, Limit, Name
from billfold.domain.errors import Invalid
from billfold.domain.passes import Template
from billfold.flows import lists
from billfold.flows import templates as flow
from billfold.ports import Services, Tx

TemplateId = Annotated[str, Path(description="The id of a template.", examples=[EXAMPLE_TEMPLATE])]


class TemplateIn(In):
    """`content` may hold `{{ name }}`, which each pass fills with its own value."""

    name: Name
    content: ContentIn


def add_templates(router: APIRouter, services: Services) -> None:
    _add_writes(router, services)
    _add_reads(router, services)


def _add_writes(router: APIRouter, services: Services) -> None:
    @router.post(
        "/templates",
        name="templates.create",
        operation_id="createTemplate",
        summary="Make a template",
        status_code=201,
        responses=answer(201, TemplateShown, TEMPLATE_SHOWN | {"content": CONTENT_SHOWN}, "The template is stored.")
        | refusals(409, body=True),
        openapi_extra=once(request_example({"name": "Coffee card", "content": TEMPLATE_CONTENT})),
    )
    async def create(request: Request, actor: Asking, body: TemplateIn) -> Response:
        async def work(keep: Keep) -> bytes:
            def after(tx: Tx, stored: Template) -> None:
                keep(tx, answers.body(answers.template_shown(stored)))

            try:
                stored = await flow.create(services, actor, body.name, draft_of(body.content), after)
            except Invalid as error:
                raise in_content(error) from None
            return answers.body(answers.template_shown(stored))

        return await Once(services, actor, request, body).answer(201, work)

    @router.put(
        "/templates/{template_id}",
        name="templates.publish",
        operation_id="publishTemplate",
        summary="Replace a template, and tell every phone that has a pass of it",
        responses=answer(
            200,
            TemplatePublished,
            TEMPLATE_SHOWN | {"content": CONTENT_SHOWN, "unchanged": False},
            "Published, or unchanged when it was equal.",
        )
        | refusals(404, 409, body=True),
        openapi_extra=request_example({"name": "Coffee card", "content": TEMPLATE_CONTENT}),
    )
    async def publish(actor: Asking, template_id: TemplateId, body: TemplateIn) -> Response:
        await flow.find(services, actor, template_id, "templates.publish")  # whose it is, before what the body says
        try:
            stored, changed = await flow.publish(services, actor, template_id, body.name, draft_of(body.content))
        except Invalid as error:
            raise in_content(error) from None
        return _json(answers.body(answers.template_published(stored, changed)))


def _add_reads(router: APIRouter, services: Services) -> None:
    @router.get(
        "/templates",
        name="templates.list",
        operation_id="listTemplates",
        summary="List templates",
        responses=answer(
            200, Listed[TemplateSummary], {"items": [TEMPLATE_SHOWN], "next_cursor": None, "more": False}, "One page, by id."
        )
        | refusals(),
    )
    async def list_templates(
        actor: Asking,
        limit: Annotated[Limit, Query()] = 50,
        cursor: Annotated[str | None, Query(max_length=100)] = None,
    ) -> Response:
        page = await lists.templates(services, actor, cursors.read(cursor), limit)
        following = cursors.write(page.items[-1].id) if page.more else None
        items = [answers.template_summary(one) for one in page.items]
        return _json(answers.body(Listed[TemplateSummary](items=items, next_cursor=following, more=page.more)))

    @router.get(
        "/templates/{template_id}",
        name="templates.read",
        operation_id="readTemplate",
        summary="One template",
        responses=answer(200, TemplateShown, TEMPLATE_SHOWN | {"content": CONTENT_SHOWN}, "The template as published.")
        | refusals(404),
    )
    async def read(actor: Asking, template_id: TemplateId) -> Response:
        return _json(answers.body(answers.template_shown(await flow.find(services, actor, template_id))))


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")

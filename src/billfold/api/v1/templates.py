"""Templates on `/v1`: make, draft, publish, go back, remove. Parse, call one flow, render. May not enter: decisions, storage."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Path, Query, Request, Response

from billfold.api.v1 import answers, cursors, template_shapes
from billfold.api.v1.answers import Listed
from billfold.api.v1.idempotency import Keep, Once
from billfold.api.v1.operations import (
    CONTENT_SHOWN,
    DRAFT_SHOWN,
    EXAMPLE_TEMPLATE,
    PUBLISHED_SHOWN,
    REVISION_SHOWN,
    TEMPLATE_BODY,
    TEMPLATE_MADE,
    TEMPLATE_SHOWN,
    TEMPLATE_SUMMARY,
    answer,
    once,
    refusals,
    request_example,
)
from billfold.api.v1.passes import in_content
from billfold.api.v1.route import Asking
from billfold.api.v1.template_shapes import (
    DraftShown,
    NewTemplate,
    RevisionList,
    RevisionShown,
    TemplateIn,
    TemplateMade,
    TemplatePublished,
    TemplateRemoved,
    TemplateShown,
    TemplateSummary,
    given_of,
    settled,
)
from billfold.api.v1.types import Count, Limit
from billfold.domain.errors import Invalid
from billfold.flows import lists
from billfold.flows import templates as flow
from billfold.flows.templates import AfterPublication, Made, Publication
from billfold.ports import Services, Tx

TemplateId = Annotated[str, Path(description="The id of a template.", examples=[EXAMPLE_TEMPLATE])]
RevisionNumber = Annotated[Count, Path(description="Counts from 1.", examples=[1])]
DryRun = Annotated[Literal["true", "false"], Query(description="true: tell what would change and who would be told; do nothing.")]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        pattern=r'^"[0-9]{1,15}"$',
        description="The draft's version that you began from, in quotes. Without it the save takes the place of whatever is there.",
    ),
]


def _version(given: str | None) -> int | None:
    return None if given is None else int(given.strip('"'))


def add_templates(router: APIRouter, services: Services) -> None:
    _add_writes(router, services)
    _add_drafts(router, services)
    _add_reads(router, services)
    _add_revisions(router, services)


def _add_writes(router: APIRouter, services: Services) -> None:
    @router.post(
        "/templates",
        name="templates.create",
        operation_id="createTemplate",
        summary="Make a template, published at once or as a draft",
        status_code=201,
        responses=answer(201, TemplateMade, TEMPLATE_MADE | {"content": CONTENT_SHOWN}, "The template is stored.")
        | refusals(409, body=True),
        openapi_extra=once(request_example(TEMPLATE_BODY)),
    )
    async def create(request: Request, actor: Asking, body: NewTemplate) -> Response:
        async def work(keep: Keep) -> bytes:
            def after(tx: Tx, made: Made) -> None:
                keep(tx, answers.body(template_shapes.template_made(made)))

            given = given_of(settled(body))
            try:
                made = await flow.create(services, actor, given.name, given.draft, after, rules=given.rules, publish=body.publish)
            except Invalid as error:
                raise in_content(error) from None
            return answers.body(template_shapes.template_made(made))

        return await Once(services, actor, request, body).answer(201, work)

    @router.put(
        "/templates/{template_id}",
        name="templates.publish",
        operation_id="publishTemplate",
        summary="Replace a template, and tell every phone that has a pass of it",
        responses=answer(
            200, TemplatePublished, PUBLISHED_SHOWN | {"content": CONTENT_SHOWN}, "Published, or unchanged when it was equal."
        )
        | refusals(404, 409, body=True),
        openapi_extra=request_example(TEMPLATE_BODY),
    )
    async def publish(actor: Asking, template_id: TemplateId, body: TemplateIn, dry_run: DryRun = "false") -> Response:
        await flow.find(services, actor, template_id, "templates.publish")  # whose it is, before what the body says
        given = given_of(body)
        try:
            done = await flow.publish(
                services, actor, template_id, given.name, given.draft, rules=given.rules, dry=dry_run == "true"
            )
        except Invalid as error:
            raise in_content(error) from None
        return _json(answers.body(template_shapes.template_published(done)))

    @router.delete(
        "/templates/{template_id}",
        name="templates.delete",
        operation_id="deleteTemplate",
        summary="Delete a template without passes; archive one that has passes",
        responses=answer(200, TemplateRemoved, {"id": EXAMPLE_TEMPLATE, "outcome": "archived"}, "Deleted or archived.")
        | refusals(404),
    )
    async def delete(actor: Asking, template_id: TemplateId) -> Response:
        left = await flow.remove(services, actor, template_id)
        return _json(answers.body(TemplateRemoved(id=template_id, outcome="archived" if left else "deleted")))


def _add_drafts(router: APIRouter, services: Services) -> None:
    @router.get(
        "/templates/{template_id}/draft",
        name="templates.read",
        operation_id="readTemplateDraft",
        summary="What an editor opens: the saved draft, else what is published",
        responses=answer(200, DraftShown, DRAFT_SHOWN | {"content": CONTENT_SHOWN}, "With what is wrong with it.") | refusals(404),
    )
    async def read_draft(actor: Asking, template_id: TemplateId) -> Response:
        return _draft(template_shapes.draft_shown(await flow.read_draft(services, actor, template_id)))

    @router.put(
        "/templates/{template_id}/draft",
        name="templates.draft",
        operation_id="saveTemplateDraft",
        summary="Save the draft; nobody sees it until it is published",
        responses=answer(200, DraftShown, DRAFT_SHOWN | {"content": CONTENT_SHOWN}, "Saved, with what is wrong with it.")
        | refusals(404, 412, body=True),
        openapi_extra=request_example(TEMPLATE_BODY),
    )
    async def save_draft(actor: Asking, template_id: TemplateId, body: TemplateIn, if_match: IfMatch = None) -> Response:
        await flow.find(services, actor, template_id, "templates.draft")
        try:
            saved = await flow.save_draft(services, actor, template_id, given_of(body), _version(if_match))
        except Invalid as error:
            raise in_content(error) from None
        return _draft(template_shapes.draft_shown(saved))

    @router.post(
        "/templates/{template_id}/publish",
        name="templates.publish",
        operation_id="publishTemplateDraft",
        summary="Publish the draft, and tell every phone that has a pass of the template",
        responses=answer(
            200, TemplatePublished, PUBLISHED_SHOWN | {"content": CONTENT_SHOWN}, "Published; unchanged without a draft."
        )
        | refusals(400, 404, 409, 412, 413),
        openapi_extra=once(),
    )
    async def publish_draft(
        request: Request, actor: Asking, template_id: TemplateId, dry_run: DryRun = "false", if_match: IfMatch = None
    ) -> Response:
        async def done(after: AfterPublication | None) -> Publication:
            dry = dry_run == "true"
            return await flow.publish_draft(services, actor, template_id, _version(if_match), dry=dry, after=after)

        return await _published(services, request, actor, done)


def _add_reads(router: APIRouter, services: Services) -> None:
    @router.get(
        "/templates",
        name="templates.list",
        operation_id="listTemplates",
        summary="List templates, without the archived ones",
        responses=answer(
            200, Listed[TemplateSummary], {"items": [TEMPLATE_SUMMARY], "next_cursor": None, "more": False}, "One page, by id."
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
        items = [template_shapes.template_summary(one) for one in page.items]
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
        return _json(answers.body(template_shapes.template_shown(await flow.find(services, actor, template_id))))


def _add_revisions(router: APIRouter, services: Services) -> None:
    @router.get(
        "/templates/{template_id}/revisions",
        name="templates.read",
        operation_id="listTemplateRevisions",
        summary="What was published, newest first",
        responses=answer(
            200,
            RevisionList,
            {"items": [{name: REVISION_SHOWN[name] for name in template_shapes.RevisionSummary.model_fields}], "next_before": None},
            "Revisions are kept for ever.",
        )
        | refusals(404),
    )
    async def list_revisions(
        actor: Asking,
        template_id: TemplateId,
        limit: Annotated[Limit, Query()] = 50,
        before: Annotated[Count | None, Query(description="Only revisions before this one.")] = None,
    ) -> Response:
        found, more = await flow.revisions(services, actor, template_id, before, limit)
        items = [template_shapes.revision_summary(one) for one in found]
        return _json(answers.body(RevisionList(items=items, next_before=found[-1].revision if more else None)))

    @router.get(
        "/templates/{template_id}/revisions/{revision}",
        name="templates.read",
        operation_id="readTemplateRevision",
        summary="What a revision said",
        responses=answer(200, RevisionShown, REVISION_SHOWN | {"content": CONTENT_SHOWN}, "As it was published.") | refusals(404),
    )
    async def read_revision(actor: Asking, template_id: TemplateId, revision: RevisionNumber) -> Response:
        found = await flow.read_revision(services, actor, template_id, revision)
        return _json(answers.body(template_shapes.revision_shown(found)))

    @router.post(
        "/templates/{template_id}/revisions/{revision}/restore",
        name="templates.publish",
        operation_id="restoreTemplateRevision",
        summary="Go back: publish again what an earlier revision said",
        responses=answer(
            200, TemplatePublished, PUBLISHED_SHOWN | {"content": CONTENT_SHOWN}, "A new revision; unchanged when it is the same."
        )
        | refusals(400, 404, 409, 413),
        openapi_extra=once(),
    )
    async def restore(
        request: Request, actor: Asking, template_id: TemplateId, revision: RevisionNumber, dry_run: DryRun = "false"
    ) -> Response:
        async def done(after: AfterPublication | None) -> Publication:
            return await flow.restore(services, actor, template_id, revision, dry=dry_run == "true", after=after)

        return await _published(services, request, actor, done)


async def _published(
    services: Services, request: Request, actor: Asking, done: Callable[[AfterPublication | None], Awaitable[Publication]]
) -> Response:
    """Once under an idempotency key; what would be done is told each time anew."""

    async def work(keep: Keep) -> bytes:
        def after(tx: Tx, published: Publication) -> None:
            keep(tx, answers.body(template_shapes.template_published(published)))

        try:
            return answers.body(template_shapes.template_published(await done(after)))
        except Invalid as error:
            raise in_content(error) from None

    return await Once(services, actor, request).answer(200, work)


def _draft(shown: DraftShown) -> Response:
    return Response(answers.body(shown), media_type="application/json", headers={"ETag": f'"{shown.version}"'})


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")

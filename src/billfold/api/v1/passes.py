"""Passes on `/v1`: issue, list, read, replace, void, and what phones install from. Parse, call one flow, render.

May not enter: decisions, storage."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from billfold.api.pieces import InPieces
from billfold.api.v1 import answers, cursors
from billfold.api.v1.answers import Listed, PassChanged, PassDetail, PassesIssued, PassLinks, PassMade, PassReplaced, PassSummary
from billfold.api.v1.content import ContentIn, draft_of, within
from billfold.api.v1.idempotency import Keep, Once
from billfold.api.v1.operations import (
    BATCH_BODY,
    BATCH_SHOWN,
    CONTENT,
    CONTENT_SHOWN,
    EXAMPLE_PASS,
    PASS_CHANGED,
    PASS_MADE,
    PASS_REPLACED,
    PASS_SHOWN,
    answer,
    binary,
    once,
    refusals,
    request_example,
)
from billfold.api.v1.route import Asking
from billfold.api.v1.types import Id, In, Limit, ValueName
from billfold.domain.errors import FieldProblem, Invalid, NotFound, WrongScope
from billfold.domain.ids import TemplateId, scope_of_template
from billfold.domain.keys import Actor
from billfold.flows import batch, issue, lists, offer, update
from billfold.flows.update import Updated
from billfold.ports import Services, Tx

BATCH_PATH = "/passes/batch"
PKPASS = "application/vnd.apple.pkpass"
PKPASSES = "application/vnd.apple.pkpasses"
PACKED_MAX = 10
Values = Annotated[
    dict[ValueName, object],
    Field(max_length=100, description="Fills `{{ name }}` in the template: texts, numbers, booleans, objects and lists of these."),
]
PassId = Annotated[str, Path(description="The id of a pass: its serial number on both wallets.", examples=[EXAMPLE_PASS])]


class NewPass(In):
    """Either `content`, or `template_id` with `values`."""

    content: ContentIn | None = None
    template_id: Id | None = None
    values: Values | None = None


class ChangedPass(In):
    """`content` for a pass that has its own, `values` for one that shows a template. What is left out is gone."""

    content: ContentIn | None = None
    values: Values | None = None


class ChangedValues(In):
    """Values to merge into those that the pass has (RFC 7396): objects merge, null removes, the rest replaces."""

    values: Values


class BatchRow(In):
    values: Values = Field(default_factory=dict)


class Batch(In):
    """Up to 1,000 passes of one template."""

    template_id: Id
    passes: Annotated[list[BatchRow], Field(min_length=1, max_length=1_000)]


def _template_id(actor: Actor, text: str) -> TemplateId:
    scope = scope_of_template(text)
    if scope != actor.scope:
        raise WrongScope("template") if scope else NotFound("template")
    return TemplateId(text)


def _one_of(body: NewPass | ChangedPass) -> None:
    """Raises Invalid unless the body says in one way what the pass shows."""
    other = "template_id" if isinstance(body, NewPass) else "values"
    if (body.content is None) == (getattr(body, other) is None):
        raise Invalid(FieldProblem("", "one_of", f"needs either content or {other}", "send exactly one of the two"))
    if body.content is not None and body.values is not None:
        raise Invalid(FieldProblem("values", "excludes", "a pass with content of its own has no values", "leave values out"))


async def _store(services: Services, actor: Actor, body: NewPass, after: issue.After) -> issue.Stored:
    try:
        if body.content is not None:
            return await issue.store_pass(services, actor, draft_of(body.content), after)
        assert body.template_id is not None
        template_id = _template_id(actor, body.template_id)
        return await issue.store_from_template(services, actor, template_id, body.values or {}, after, told=True)
    except Invalid as error:
        raise in_content(error) from None


_OF_A_BODY = {"content", "values", "template_id", "schema", "bindings", "missing", "name"}


def in_content(error: Invalid) -> Invalid:
    """What wallets and pictures say about a content, said about the body."""
    return Invalid(*(one if _root(one) in _OF_A_BODY else within("content", Invalid(one)).problems[0] for one in error.problems))


def _root(one: FieldProblem) -> str:
    return one.path.partition(".")[0].partition("[")[0]


def add_passes(router: APIRouter, services: Services) -> None:
    _add_batch(router, services)
    _add_writes(router, services)
    _add_values(router, services)
    _add_pack(router, services)
    _add_reads(router, services)
    _add_offers(router, services)


def _add_batch(router: APIRouter, services: Services) -> None:
    @router.post(
        BATCH_PATH,
        name="passes.batch",
        operation_id="createPasses",
        summary="Issue up to 1,000 passes of one template",
        description="Rows are judged one by one: those that are wrong are told, the others are issued.",
        responses=answer(200, PassesIssued, BATCH_SHOWN, "What became of each row, in order.") | refusals(404, 409, body=True),
        openapi_extra=once(request_example(BATCH_BODY)),
    )
    async def create_many(request: Request, actor: Asking, body: Batch) -> Response:
        template_id = _template_id(actor, body.template_id)
        single = Once(services, actor, request, body)

        async def work(keep: Keep) -> bytes:
            repeat = batch.Repeat(single.key, single.fingerprint) if single.key else None
            done = await batch.issue_batch(services, actor, template_id, [one.values for one in body.passes], repeat)
            made = answers.body(answers.passes_issued(services.addresses, done))
            if repeat:
                await services.store.write(lambda tx: keep(tx, made))
            return made

        return await single.answer(200, work)


def _add_values(router: APIRouter, services: Services) -> None:
    @router.patch(
        "/passes/{pass_id}/values",
        name="passes.replace",
        operation_id="mergePassValues",
        summary="Change some values of a pass that shows a template, and tell every phone",
        responses=answer(200, PassReplaced, PASS_REPLACED, "Changed, or unchanged when equal.") | refusals(404, 409, body=True),
        openapi_extra=request_example({"values": {"name": "Ada King"}}),
    )
    async def merge(actor: Asking, pass_id: PassId, body: ChangedValues) -> Response:
        known = await update.find_pass(services, actor, pass_id, "passes.replace")
        try:
            updated = await update.merge_values(services, actor, known, body.values, told=True)
        except Invalid as error:
            raise in_content(error) from None
        return _json(answers.body(answers.pass_replaced(services.addresses, updated)))


def _add_writes(router: APIRouter, services: Services) -> None:
    addresses = services.addresses

    @router.post(
        "/passes",
        name="passes.create",
        operation_id="createPass",
        summary="Issue a pass",
        status_code=201,
        responses=answer(201, PassMade, PASS_MADE, "The pass is stored; its links work at once.") | refusals(404, 409, body=True),
        openapi_extra=once(request_example({"content": CONTENT})),
    )
    async def create(request: Request, actor: Asking, body: NewPass) -> Response:
        _one_of(body)

        async def work(keep: Keep) -> bytes:
            def after(tx: Tx, made: issue.Stored) -> None:
                keep(tx, answers.body(answers.pass_made(addresses, made)))

            return answers.body(answers.pass_made(addresses, await _store(services, actor, body, after)))

        return await Once(services, actor, request, body).answer(201, work)

    @router.put(
        "/passes/{pass_id}",
        name="passes.replace",
        operation_id="replacePass",
        summary="Replace what a pass shows, and tell every phone",
        responses=answer(200, PassReplaced, PASS_REPLACED, "Changed, or unchanged when it was equal.")
        | refusals(404, 409, body=True),
        openapi_extra=request_example({"content": CONTENT}),
    )
    async def replace(actor: Asking, pass_id: PassId, body: ChangedPass) -> Response:
        known = await update.find_pass(services, actor, pass_id, "passes.replace")  # whose pass it is, before what the body says
        _one_of(body)
        try:
            if body.content is not None:
                updated = await update.replace_pass(services, actor, known, draft_of(body.content), told=True)
            else:
                updated = await update.replace_values(services, actor, known, body.values or {}, told=True)
        except Invalid as error:
            raise in_content(error) from None
        return _json(answers.body(answers.pass_replaced(addresses, updated)))

    @router.post(
        "/passes/{pass_id}/void",
        name="passes.void",
        operation_id="voidPass",
        summary="Mark a pass as no longer valid, on every phone, for good",
        responses=answer(200, PassChanged, PASS_CHANGED | {"voided": True}, "Void; unchanged when it was already.")
        | refusals(400, 404, 409, 413),
        openapi_extra=once(),
    )
    async def void(request: Request, actor: Asking, pass_id: PassId) -> Response:
        async def work(keep: Keep) -> bytes:
            def after(tx: Tx, updated: Updated) -> None:
                keep(tx, answers.body(answers.pass_changed(addresses, updated)))

            return answers.body(answers.pass_changed(addresses, await update.void_pass(services, actor, pass_id, after)))

        return await Once(services, actor, request).answer(200, work)


def _add_pack(router: APIRouter, services: Services) -> None:
    @router.get(
        "/packs",
        name="passes.read",
        operation_id="readPassPack",
        summary="The signed bundles of several passes in one download",
        response_class=Response,
        responses=binary(200, PKPASSES, "A .pkpasses file, which iPhones take in Safari; its page for holders is in `Link`.")
        | refusals(404, 409),
    )
    async def read_pack(
        actor: Asking,
        ids: Annotated[list[Id], Query(min_length=1, max_length=PACKED_MAX, description="Passes, each once: `ids=...&ids=...`.")],
    ) -> Response:
        if len(set(ids)) < len(ids):
            raise Invalid(FieldProblem("ids", "repeated", "a pass is named twice", "name each pass once"))
        states = [await lists.read_pass(services, actor, one) for one in ids]
        data = await offer.pack(services, [(one.pass_, one.content) for one in states])
        page = services.addresses.share_pack([one.pass_.id for one in states])
        headers = {"Content-Disposition": 'attachment; filename="passes.pkpasses"', "Link": f'<{page}>; rel="alternate"'}
        return Response(data, headers=headers, media_type=PKPASSES)


def _add_reads(router: APIRouter, services: Services) -> None:
    addresses = services.addresses

    @router.get(
        "/passes",
        name="passes.list",
        operation_id="listPasses",
        summary="List passes",
        responses=answer(200, Listed[PassSummary], {"items": [PASS_SHOWN], "next_cursor": None, "more": False}, "One page, by id.")
        | refusals(404),
    )
    async def list_passes(
        actor: Asking,
        limit: Annotated[Limit, Query()] = 50,
        cursor: Annotated[str | None, Query(max_length=100)] = None,
        template_id: Annotated[Id | None, Query(description="Only passes of this template.")] = None,
    ) -> Response:
        page = await lists.passes(services, actor, cursors.read(cursor), limit, template_id)
        following = cursors.write(page.items[-1].id) if page.more else None
        items = [answers.pass_summary(addresses, one) for one in page.items]
        return _json(answers.body(Listed[PassSummary](items=items, next_cursor=following, more=page.more)))

    @router.get(
        "/passes/{pass_id}",
        name="passes.read",
        operation_id="readPass",
        summary="One pass: what its holder sees, and what each phone has",
        responses=answer(
            200,
            PassDetail,
            PASS_SHOWN
            | {
                "content": CONTENT_SHOWN,
                "delivery": [
                    {
                        "channel": "google",
                        "target": EXAMPLE_PASS,
                        "wanted": 17,
                        "delivered": 17,
                        "attempts": 0,
                        "current": True,
                        "last_error": None,
                    }
                ],
            },
            "The pass as it is now.",
        )
        | refusals(404),
    )
    async def read(actor: Asking, pass_id: PassId) -> Response:
        return _json(answers.body(answers.pass_detail(addresses, await lists.read_pass(services, actor, pass_id))))


def _add_offers(router: APIRouter, services: Services) -> None:
    addresses = services.addresses

    @router.get(
        "/passes/{pass_id}/apple",
        name="passes.read",
        operation_id="readAppleBundle",
        summary="The signed bundle that an iPhone installs from",
        response_class=Response,
        responses=binary(200, PKPASS, "A .pkpass file, as the pass is now.") | refusals(404, 409),
    )
    async def apple_bundle(actor: Asking, pass_id: PassId) -> Response:
        state = await lists.read_pass(services, actor, pass_id)
        bundle = await offer.bundle(services, state.pass_, state.content)
        headers = {"Content-Disposition": f'attachment; filename="{state.pass_.id}.pkpass"'}
        return InPieces(bundle.pieces(), headers, PKPASS)

    @router.get(
        "/passes/{pass_id}/links",
        name="passes.read",
        operation_id="readPassLinks",
        summary="Where phones get the pass",
        responses=answer(
            200,
            PassLinks,
            {
                "share_url": PASS_SHOWN["share_url"],
                "google_save_url": "https://pay.google.com/gp/v/save/eyJ...",
                "apple_bundle_url": f"http://127.0.0.1:8000/v1/passes/{EXAMPLE_PASS}/apple",
            },
            "Links that work now.",
        )
        | refusals(404, 409),
    )
    async def links(actor: Asking, pass_id: PassId) -> Response:
        state = await lists.read_pass(services, actor, pass_id)
        save_url = await offer.save_url(services, state.pass_, state.content)
        bundle_url = f"{addresses.public_url}/v1/passes/{state.pass_.id}/apple"
        made = PassLinks(share_url=addresses.share(state.pass_.id), google_save_url=save_url, apple_bundle_url=bundle_url)
        return _json(answers.body(made))


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")

"""Access keys on `/v1`: make, list, revoke. A key's text leaves once and is kept nowhere, also not under an idempotency key.

May not enter: decisions, storage."""

import re
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from billfold.api.v1 import answers
from billfold.api.v1.answers import KeyCreated, KeyList
from billfold.api.v1.idempotency import Keep, Once
from billfold.api.v1.operations import EXAMPLE_KEY, KEY_SHOWN, answer, empty, once, refusals, request_example
from billfold.api.v1.route import Asking
from billfold.api.v1.types import In, Moment, Name
from billfold.domain.errors import NotFound
from billfold.domain.keys import AccessKey
from billfold.flows import keys
from billfold.ports import Services, Tx

ScopeName = Literal[
    "passes:read",
    "passes:write",
    "templates:read",
    "templates:write",
    "keys:manage",
    "ledger:write",
    "ledger:read",
    "mail:read",
    "mail:bounces",
    "members:read",
    "members:write",
    "cards:read",
    "cards:write",
    "products:write",
    "terminals:manage",
    "usage:read",
    "events:read",
]
KeyId = Annotated[str, Path(description="The public id of an access key.", examples=[EXAMPLE_KEY])]
_ID = re.compile(r"[0-9A-Za-z]{10}\Z")


class NewKey(In):
    """A key can make only keys that hold no more than itself."""

    name: Name
    scopes: Annotated[list[ScopeName], Field(min_length=1, max_length=20)]
    expires_at: Moment | None = None


def add_keys(router: APIRouter, services: Services) -> None:
    @router.post(
        "/keys",
        name="keys.create",
        operation_id="createKey",
        summary="Make an access key",
        status_code=201,
        responses=answer(
            201, KeyCreated, KEY_SHOWN | {"key": "bf_test_..."}, "The key; `key` is shown this once and stored nowhere."
        )
        | refusals(409, body=True),
        openapi_extra=once(request_example({"name": "till 3", "scopes": ["passes:read", "passes:write"]})),
    )
    async def create(request: Request, actor: Asking, body: NewKey) -> Response:
        async def work(keep: Keep) -> bytes:
            def after(tx: Tx, key: AccessKey) -> None:
                keep(tx, answers.body(answers.key_created(key, None)))

            expires_at_ms = None if body.expires_at is None else body.expires_at * 1000
            made = await keys.create(services, actor, body.name, frozenset(body.scopes), expires_at_ms, after)
            return answers.body(answers.key_created(made.key, made.text))

        return await Once(services, actor, request, body).answer(201, work)

    @router.get(
        "/keys",
        name="keys.list",
        operation_id="listKeys",
        summary="List the access keys of this environment, revoked ones too",
        responses=answer(200, KeyList, {"items": [KEY_SHOWN]}, "All keys, the oldest first.") | refusals(),
    )
    async def list_keys(actor: Asking) -> Response:
        found = await keys.list_keys(services, actor)
        shown = KeyList(items=[answers.key_shown(one) for one in found])
        return Response(answers.body(shown), media_type="application/json")

    @router.delete(
        "/keys/{key_id}",
        name="keys.revoke",
        operation_id="revokeKey",
        summary="Revoke an access key, at once and for good",
        status_code=204,
        response_class=Response,
        responses=empty(204, "The key no longer works anywhere.") | refusals(404),
    )
    async def revoke(actor: Asking, key_id: KeyId) -> Response:
        if not _ID.match(key_id):
            raise NotFound("access key")
        await keys.revoke(services, actor, key_id)
        return Response(status_code=204)

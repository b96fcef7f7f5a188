"""Mails on `/v1`: what was sent and what became of it; what came back is handed in. Parse, call one flow, render.

May not enter: decisions, storage."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from billfold.api import strict_json
from billfold.api.v1 import answers, cursors
from billfold.api.v1.answers import Listed
from billfold.api.v1.operations import EXAMPLE_PASS, answer, refusals
from billfold.api.v1.route import Asking
from billfold.api.v1.types import Id, Limit, Out, iso, iso_or_none
from billfold.domain.errors import FieldProblem
from billfold.domain.mail import StoredMail
from billfold.flows import mail_lists, mail_returns
from billfold.ports import Services

EXAMPLE_MAIL = "pass_link:0193b2c4"
NOTICE_TYPES = ("message/rfc822", "application/octet-stream")
MailId = Annotated[str, Path(description="The id of a mail.", pattern=r"^[0-9A-Za-z._:-]{1,128}$", examples=[EXAMPLE_MAIL])]


class MailShown(Out):
    """`to`: None without the scope `mail:read`, and once the address was forgotten. `last_error`: a mail server's status codes, or
    why nothing was sent."""

    id: str
    kind: Literal["pass_link", "reminder"]
    state: Literal["queued", "sent", "bounced", "failed", "suppressed"]
    to: str | None
    pass_id: str | None
    brand_id: str | None
    language: str
    attempts: int
    last_error: str | None
    queued_at: str
    settled_at: str | None


class BounceNoted(Out):
    """The mail that the notice is about, as it is now."""

    mail: MailShown


_EXAMPLE: dict[str, object] = {
    "id": EXAMPLE_MAIL,
    "kind": "pass_link",
    "state": "sent",
    "to": "ada@example.com",
    "pass_id": EXAMPLE_PASS,
    "brand_id": None,
    "language": "en",
    "attempts": 1,
    "last_error": None,
    "queued_at": "2026-11-20T12:00:00.000Z",
    "settled_at": "2026-11-20T12:00:01.000Z",
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}


def add_mail(router: APIRouter, services: Services) -> None:
    @router.get(
        "/mail",
        name="mail.list",
        operation_id="listMail",
        summary="What was sent and what became of it, newest first",
        responses=answer(200, Listed[MailShown], {"items": [_EXAMPLE], "next_cursor": None, "more": False}, "One page.")
        | refusals(),
    )
    async def list_mail(
        actor: Asking,
        limit: Annotated[Limit, Query()] = 50,
        cursor: Annotated[str | None, Query(max_length=100)] = None,
        pass_id: Annotated[Id | None, Query(description="Only mails about this pass.")] = None,
    ) -> Response:
        page = await mail_lists.page(services, actor, cursors.read(cursor), limit, pass_id)
        following = cursors.write(page.items[-1].ticket) if page.more else None
        return _json(Listed[MailShown](items=list(map(_shown, page.items)), next_cursor=following, more=page.more))

    @router.get(
        "/mail/{mail_id}",
        name="mail.read",
        operation_id="readMail",
        summary="One mail",
        responses=answer(200, MailShown, _EXAMPLE, "The mail.") | refusals(404),
    )
    async def read_mail(actor: Asking, mail_id: MailId) -> Response:
        return _json(_shown(await mail_lists.find(services, actor, mail_id)))

    @router.post(
        "/mail/bounces",
        name="mail.bounce",
        operation_id="reportBounce",
        summary="Hand in a bounce or complaint that came to the return path",
        description="The message as it arrived, headers first. Which mail it is about is told by the address it came to.",
        responses=answer(200, BounceNoted, {"mail": _EXAMPLE | {"state": "bounced", "last_error": "5.1.1"}}, "It was noted.")
        | refusals(400, 404, 413, 415),
        openapi_extra={"requestBody": {"required": True, "content": dict.fromkeys(NOTICE_TYPES, _BINARY)}},
    )
    async def report_bounce(request: Request, actor: Asking) -> Response:
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        raw = await request.body()
        if media_type not in NOTICE_TYPES:
            mend = f"send it as it arrived, as {NOTICE_TYPES[0]}"
            raise strict_json.MediaTypeUnsupported(FieldProblem("", "media_type", "this type of body is not taken here", mend))
        return _json(BounceNoted(mail=_shown(await mail_returns.hand_in(services, actor, raw))))


def _shown(row: StoredMail) -> MailShown:
    mail = row.mail
    return MailShown(
        id=mail.id,
        kind=mail.kind.value,
        state=row.state.value,
        to=mail.to or None,
        pass_id=mail.pass_id,
        brand_id=mail.brand_id,
        language=mail.language,
        attempts=row.attempts,
        last_error=row.last_error,
        queued_at=iso(row.queued_at_ms),
        settled_at=iso_or_none(row.settled_at_ms or None),
    )


def _json(shown: Out) -> Response:
    return Response(answers.body(shown), media_type="application/json")

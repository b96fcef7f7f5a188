"""Messages to a pass's holder on `/v1`. Parse, call one flow, render. May not enter: decisions, storage."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from billfold.api.v1 import answers
from billfold.api.v1.answers import MessageSent
from billfold.api.v1.idempotency import Keep, Once
from billfold.api.v1.operations import EXAMPLE_PASS, answer, once, refusals, request_example
from billfold.api.v1.parts import Language
from billfold.api.v1.route import Asking
from billfold.api.v1.types import In
from billfold.flows import messages
from billfold.flows.messages import Sent
from billfold.ports import Services, Tx

Header = Annotated[str, Field(min_length=1, max_length=64, examples=["Bayroast Coffee"])]
Body = Annotated[str, Field(min_length=1, max_length=500, examples=["Your table is ready."])]


class MessageWords(In):
    header: Header | None = None
    body: Body | None = None


class NewMessage(In):
    """What the holder reads. On Google Wallet the header stands over the body; on Apple Wallet it is the field's label.

    `translations`: language → the words of holders whose phone speaks it."""

    header: Header
    body: Body
    translations: Annotated[dict[Language, MessageWords], Field(max_length=20)] = Field(default_factory=dict)


EXAMPLE = {
    "id": "01936d2e-5f00-7000-8000-000000000000",
    "at": "2026-11-20T12:00:00.000Z",
    "header": "Bayroast Coffee",
    "body": "Your table is ready.",
    "pass_id": EXAMPLE_PASS,
    "notified_devices": 2,
    "announced_on_apple": True,
}


def add_messages(router: APIRouter, services: Services) -> None:
    @router.post(
        "/passes/{pass_id}/messages",
        name="passes.message",
        operation_id="sendMessage",
        summary="Send a message to the holder of a pass, on every phone",
        status_code=201,
        responses=answer(201, MessageSent, EXAMPLE, "Kept with the pass; every phone will be told.")
        | refusals(404, 409, body=True),
        openapi_extra=once(request_example({"header": "Bayroast Coffee", "body": "Your table is ready."})),
    )
    async def send(
        request: Request,
        actor: Asking,
        pass_id: Annotated[str, Path(description="The id of a pass.", examples=[EXAMPLE_PASS])],
        body: NewMessage,
    ) -> Response:
        async def work(keep: Keep) -> bytes:
            def after(tx: Tx, sent: Sent) -> None:
                keep(tx, answers.body(answers.message_sent(sent)))

            words = {language: said.model_dump(exclude_none=True) for language, said in body.translations.items()}
            sent = await messages.send(services, actor, pass_id, body.header, body.body, after, words)
            return answers.body(answers.message_sent(sent))

        return await Once(services, actor, request, body).answer(201, work)

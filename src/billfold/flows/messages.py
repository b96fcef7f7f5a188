"""Send a message to a pass's holder, on every phone. May not enter: wire shapes, pushing, which wallet says it how."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from billfold.domain import messages
from billfold.domain.delivery import Priority
from billfold.domain.errors import NotFound
from billfold.domain.events import Event, EventKind
from billfold.domain.keys import Actor
from billfold.domain.messages import Message, Words
from billfold.domain.passes import Pass, content_of
from billfold.flows.issue import count_use, find_workspace
from billfold.flows.update import find_pass
from billfold.ports import Services, Tx


@dataclass(frozen=True, slots=True)
class Sent:
    """`notified`: how many devices and Google holders will be told. `announced_on_apple`: whether iPhones show it on the lock
    screen; else it stands inside the pass only."""

    pass_: Pass
    message: Message
    notified: int
    announced_on_apple: bool


_NO_WORDS: Words = {}
After = Callable[[Tx, Sent], None]
"""What else commits with the message."""


async def send(
    services: Services,
    actor: Actor,
    serial: str,
    header: str,
    body: str,
    after: After | None = None,
    translations: Words = _NO_WORDS,
) -> Sent:
    """Raises NotFound, WrongScope, Forbidden, TooMany. Counts as a changed pass."""
    known = await find_pass(services, actor, serial, "passes.message")
    workspace = await find_workspace(services, actor.scope)
    now, scope = services.clock.now_ms(), actor.scope
    words = {language: dict(said) for language, said in translations.items() if said}
    message = Message(services.entropy.event_id(), now, header, body, words)

    def transaction(tx: Tx) -> Sent:
        found = tx.passes.find_locked(scope, known.id)
        if found is None:
            raise NotFound("pass")
        template = tx.templates.find(scope, found.template_id) if found.template_id is not None else None
        announced = messages.announced(content_of(found, template))
        count_use(tx, workspace, scope, "updated", now)
        number = tx.numbers.next(scope)
        kept = messages.appended(found.messages, message)
        stored = replace(found, messages=kept, number=number, updated_at_ms=now)
        tx.passes.replace(stored)
        notified = tx.deliveries.want_pass(scope, known.id, found.pass_type, number, now, Priority.INTERACTIVE)
        cause = actor.principal
        data: dict[str, str | int] = {"notified": notified, "message": message.id}
        tx.events.append(Event(services.entropy.event_id(), scope, now, EventKind.MESSAGE_SENT, known.id, cause=cause, data=data))
        sent = Sent(stored, message, notified, announced)
        if after:
            after(tx, sent)
        return sent

    sent = await services.store.write(transaction)
    services.wake()
    return sent

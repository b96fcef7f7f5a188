"""A holder has filled in the form beside a pass: the answers become its values, and the phone gets its token back, signed.

Source: reference/apple-wallet.md section 3. May not enter: HTTP, the phone's names for the answers (api/apple_web_service.py)."""

from collections.abc import Mapping
from dataclasses import replace

from billfold.domain.delivery import Priority
from billfold.domain.errors import Unauthenticated
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import PassId, Scope
from billfold.domain.passes import Pass, Template, content_of
from billfold.domain.personalization import VALUE, answered, is_answered
from billfold.domain.templates import values_fingerprint
from billfold.flows import register
from billfold.ports import Services, Tx


async def personalize(
    services: Services, scope: Scope, pass_type: str, serial: str, token: str, answers: Mapping[str, object]
) -> bytes:
    """The signature over `token`. Asked again, also with other answers, it is signed again and nothing changes: the first ones
    count, since nothing but the serial number says who asks.

    Raises Unauthenticated (also for an unknown pass and one without a form), Invalid."""
    known = (await register.show_of_type(services, scope, pass_type, serial)).pass_
    wanted, finish = await services.sign_token(known, token.encode())
    now = services.clock.now_ms()

    def transaction(tx: Tx) -> None:
        found = tx.passes.find_locked(scope, PassId(serial))
        if found is None:
            raise Unauthenticated("unknown")
        if is_answered(found.values):
            return
        template = tx.templates.find(scope, found.template_id) if found.template_id else None
        form = content_of(found, template).sign_up
        if form is None:
            raise Unauthenticated("unknown")
        values = found.values | {VALUE: answered(form, answers)}
        number = tx.numbers.next(scope)
        stored = _stored(found, template, values)
        tx.passes.replace(replace(stored, number=number, updated_at_ms=now))
        notified = tx.deliveries.want_pass(scope, found.id, found.pass_type, number, now, Priority.INTERACTIVE)
        data: dict[str, str | int] = {"notified": notified, "answers": len(values[VALUE])}  # type: ignore[arg-type]
        tx.events.append(Event(services.entropy.event_id(), scope, now, EventKind.PASS_PERSONALIZED, serial, "apple", data=data))

    await services.store.write(transaction)
    services.wake()
    return finish((await services.sign((wanted,)))[0])


def _stored(found: Pass, template: Template | None, values: dict[str, object]) -> Pass:
    """A pass of a template is known by its values; one with a content of its own by that, which stays what was sent."""
    return replace(found, values=values, fingerprint=values_fingerprint(values) if template else found.fingerprint)

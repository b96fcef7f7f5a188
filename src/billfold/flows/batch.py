"""Issue many passes of one template in one request: what is wrong with a row says nothing of the others, and what was done is not
done again when the request is repeated with its key.

May not enter: HTTP, wire shapes, wallets' formats, calls to Apple or Google (workers make those)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from billfold.domain.content import JsonObject
from billfold.domain.delivery import Priority
from billfold.domain.errors import FieldProblem, IdempotencyMismatch, Invalid
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import TemplateId, new_pass_id
from billfold.domain.keys import Actor, authorize
from billfold.domain.passes import Pass
from billfold.domain.templates import values_fingerprint
from billfold.flows.issue import count_use, find_workspace, open_template
from billfold.flows.template_checks import check_pass
from billfold.ports import SavedAnswer, Services, Tx

CHUNK = 100
"""Rows of one transaction: other requests' writes get between two of them."""


class Row(msgspec.Struct, frozen=True):
    """What became of one row: the new pass's id, or what is wrong with it (path, code, message, mend)."""

    id: str | None = None
    problems: tuple[tuple[str, str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Repeat:
    """The caller's idempotency key, and the fingerprint of the whole request."""

    key: str
    fingerprint: str

    def of_chunk(self, number: int) -> str:
        """No caller can send a key with a space."""
        return f"{self.key} chunk {number}"


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[Row]).decode


async def issue_batch(
    services: Services, actor: Actor, template_id: TemplateId, rows: Sequence[JsonObject], repeat: Repeat | None
) -> list[Row]:
    """One outcome for each row, in order. Rows that are wrong are not issued; the others are, chunk after chunk.

    Raises NotFound, Conflict, Forbidden, CredentialMissing; TooMany when the month's quota ends on the way: what was issued before
    stays, and repeating the request with its key goes on from there."""
    authorize(actor, "passes.batch")
    scope = actor.scope
    template = await open_template(services, scope, template_id)
    workspace = await find_workspace(services, scope)
    pass_type, issuer = await services.apple.identity(scope), await services.google.identity(scope)
    done: list[Row] = []

    def made(values: JsonObject, now: int) -> Pass | Row:
        try:
            check_pass(services, template, values, now)
        except Invalid as error:
            return Row(problems=tuple(map(_plain, error.problems)))
        identity = new_pass_id(scope, now, services.entropy.bytes(11))
        mark = values_fingerprint(values)
        return Pass(identity, scope, None, mark, 0, 0, now, now, pass_type, issuer, template_id, 0, values)

    def issue(tx: Tx, new: Sequence[Pass | Row], chunk: int, now: int) -> list[Row]:
        if repeat and (saved := tx.idempotency.find(scope, repeat.of_chunk(chunk))):
            if saved.fingerprint != repeat.fingerprint:
                raise IdempotencyMismatch
            return _decode(saved.body)
        if passes := [one for one in new if isinstance(one, Pass)]:
            count_use(tx, workspace, scope, "issued", now, len(passes))
            _add(services, tx, actor, passes, tx.numbers.next(scope), now)
        outcome = [one if isinstance(one, Row) else Row(one.id) for one in new]
        if repeat:
            tx.idempotency.add(scope, repeat.of_chunk(chunk), SavedAnswer(repeat.fingerprint, 200, _encode(outcome), now))
        return outcome

    for chunk, start in enumerate(range(0, len(rows), CHUNK)):
        now = services.clock.now_ms()
        new = [made(values, now) for values in rows[start : start + CHUNK]]
        done += await services.store.write(lambda tx, new=new, chunk=chunk, now=now: issue(tx, new, chunk, now))  # type: ignore[misc]
        services.wake()
    return done


def _add(services: Services, tx: Tx, actor: Actor, passes: Sequence[Pass], number: int, now: int) -> None:
    """All passes of a chunk carry one number: they became visible together."""
    for one in passes:
        tx.passes.add(replace(one, number=number, issued_number=number), actor.key_id)
        cause = actor.principal
        tx.events.append(Event(services.entropy.event_id(), one.scope, now, EventKind.PASS_ISSUED, one.id, cause=cause))
        tx.deliveries.want_object(one.scope, one.id, number, now, Priority.NEW)


def _plain(problem: FieldProblem) -> tuple[str, str, str, str]:
    return problem.path, problem.code, problem.message, problem.mend

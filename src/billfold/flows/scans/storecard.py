"""Source S2's way to scan: signed deltas of points and money in one request, under a reference that makes a repeat a repeat.

May not enter: HTTP, what a scan does (execute.py)."""

import hashlib
import uuid
from dataclasses import dataclass
from decimal import Decimal

from billfold.domain.decimals import minor_units
from billfold.domain.errors import FieldProblem, Invalid
from billfold.domain.keys import Actor, authorize
from billfold.domain.loyalty import Card, Programme, ProgrammeKind
from billfold.domain.scan_errors import CodeUnknown
from billfold.domain.scanning import POINTS, STAMPS, Action
from billfold.flows.scans import execute, view
from billfold.flows.scans.execute import ScanAsked, Scanned
from billfold.ports import Services, Tx


@dataclass(frozen=True, slots=True)
class Delta:
    """`points`, `balance`: signed, None where they do not change. `organization`: the workspace that the caller means.
    `vat_percent`: whole."""

    pass_code: str
    organization: str
    points: Decimal | None
    balance: Decimal | None
    description: str = ""
    reference: str = ""
    external_reference: str = ""
    vat_percent: int | None = None


async def modify(services: Services, actor: Actor, delta: Delta) -> Scanned:
    """A terminal's device token needs no scope (S2-03); any other key needs `scans:write`. Raises as `execute.scan` does."""
    if actor.terminal_id is None:
        authorize(actor, "scans.execute")
    if delta.organization != actor.scope.workspace:
        raise Invalid(FieldProblem("organization_identifier", "unknown", "is not the organisation of this token", ""))
    card, programme = await services.store.read(lambda tx: _card(services, tx, actor, delta))
    reference = delta.reference or str(uuid.UUID(bytes=services.entropy.bytes(16), version=4))
    asked = ScanAsked(
        id=_scan_id(card, reference),
        action=Action.MODIFY,
        pass_id=card.pass_id,
        amounts=_amounts(delta, programme),
        description=delta.description,
        vat_bp=None if delta.vat_percent is None else delta.vat_percent * 100,
        reference=reference,
        transaction_id=delta.external_reference or str(uuid.UUID(bytes=services.entropy.bytes(16), version=4)),
        any_body=True,
    )
    scanned = await services.store.write(lambda tx: execute.scan_in(services, tx, actor, asked), short=True)
    if scanned.notified:
        services.wake()
    execute.check_declined(scanned.record, {})
    return scanned


def _card(services: Services, tx: Tx, actor: Actor, delta: Delta) -> tuple[Card, Programme]:
    """The first card of that code that is a store card or a prepaid card: a coupon has nothing to add to. Raises CodeUnknown."""
    for card in view.by_code(services, tx, actor.scope, delta.pass_code, services.clock.now_ms()).cards:
        programme = tx.programmes.find(actor.scope, card.programme_id)
        if programme is not None and programme.kind is not ProgrammeKind.COUPON:
            return card, programme
    raise CodeUnknown


def _scan_id(card: Card, reference: str) -> str:
    """S2-34: the same pass, the same store card, the same reference."""
    return "s2-" + hashlib.sha256(f"{card.pass_id}\0{card.programme_id}\0{reference}".encode()).hexdigest()


def _amounts(delta: Delta, programme: Programme) -> dict[str, int]:
    """Raises Invalid for zero, for decimals that the unit has not, and for what this card does not count."""
    counted = POINTS if programme.points else STAMPS if programme.stamps_goal else ""
    named = (("points", delta.points, counted), ("balance", delta.balance, programme.currency))
    amounts: dict[str, int] = {}
    problems: list[FieldProblem] = []
    for path, value, unit in named:
        if value is None:
            continue
        if not unit:
            problems.append(FieldProblem(path, "not_counted", "is nothing that this card counts", "leave it out"))
            continue
        try:
            amounts[unit] = minor_units(value, unit, path)
        except Invalid as error:
            problems.extend(error.problems)
    if problems:
        raise Invalid(*problems)
    return amounts

"""What was scanned: the last scans of a terminal, the history of a card. May not enter: changing anything."""

from dataclasses import dataclass

from billfold.domain.errors import NotFound
from billfold.domain.ids import PassId
from billfold.domain.keys import Actor, authorize
from billfold.domain.loyalty import Card, Member
from billfold.flows.scans import view
from billfold.flows.scans.view import CardView
from billfold.ports import Services, Tx
from billfold.scan_ports import ScanRecord

RECENT = 10


@dataclass(frozen=True, slots=True)
class Recent:
    record: ScanRecord
    card: Card
    title: str
    member: Member | None
    undone: bool


async def inspect(services: Services, actor: Actor, code: str) -> list[CardView]:
    """The cards that a code leads to. A rotating code is not used up by being looked at. Raises CodeUnknown, Forbidden."""
    authorize(actor, "scans.execute")
    now = services.clock.now_ms()

    def read(tx: Tx) -> list[CardView]:
        return [view.view_of(tx, card) for card in view.by_code(services, tx, actor.scope, code, now).cards]

    return await services.store.read(read)


async def recent(services: Services, actor: Actor) -> list[Recent]:
    """Of the terminal that asks. Raises NotFound, Forbidden."""
    authorize(actor, "scans.execute")
    terminal_id = actor.terminal_id
    if terminal_id is None:
        raise NotFound("terminal")
    return await services.store.read(
        lambda tx: [_recent(tx, one) for one in tx.scans.of_terminal(actor.scope, terminal_id, RECENT)]
    )


def _recent(tx: Tx, record: ScanRecord) -> Recent:
    card = tx.cards.find(record.scope, record.pass_id)
    assert card is not None, "a card's row stays"
    programme = tx.programmes.find(record.scope, card.programme_id)
    member = tx.members.find(record.scope, card.member_id) if card.member_id else None
    undone = tx.scans.undo_of(record.scope, record.id) is not None
    return Recent(record, card, card.title or (programme.title if programme else ""), member, undone)


async def history(services: Services, actor: Actor, pass_id: str, before: str | None, limit: int) -> list[ScanRecord]:
    """Of one card, newest first (S2-49). Raises NotFound, Forbidden."""
    authorize(actor, "scans.list")

    def read(tx: Tx) -> list[ScanRecord]:
        if tx.cards.find(actor.scope, PassId(pass_id)) is None:
            raise NotFound("card")
        return tx.scans.of_pass(actor.scope, PassId(pass_id), before, limit)

    return await services.store.read(read)

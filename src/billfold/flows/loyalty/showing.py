"""A card changes and its pass shows it, in one transaction: the row, the recorded fact, the values, the number, what phones want.

May not enter: HTTP, who may do so, wallets' formats."""

from dataclasses import dataclass, replace
from typing import Protocol

from billfold.domain.card_values import values_of
from billfold.domain.delivery import Priority
from billfold.domain.events import Event, EventKind
from billfold.domain.keys import Actor
from billfold.domain.loyalty import Card, CardStatus
from billfold.domain.offline import code_text
from billfold.domain.templates import values_fingerprint
from billfold.ports import Clock, Entropy, Tx
from billfold.scan_ports import CardCodes, Scanning


@dataclass(frozen=True, slots=True)
class Changed:
    """`transaction_id`: of the event that records it, a UUID (S2-21). `notified`: devices that hear of it."""

    card: Card
    notified: int
    transaction_id: str


class Recording(Protocol):
    """What a recorded change needs of `Services`."""

    @property
    def clock(self) -> Clock: ...
    @property
    def entropy(self) -> Entropy: ...
    @property
    def scanning(self) -> Scanning: ...


def change_in(
    services: Recording,
    tx: Tx,
    actor: Actor,
    before: Card,
    after: Card,
    *,
    cause: str = "",
    priority: int = Priority.INTERACTIVE,
) -> Changed:
    """`before`: locked. `after`: the same card as it is to be. `cause`: where nobody asked for it, like a schedule."""
    now = services.clock.now_ms()
    after = replace(after, updated_at_ms=now)
    tx.cards.replace(after)
    event_id = services.entropy.event_id()
    data: dict[str, str | int] = {"before": before.status.value, "after": after.status.value}
    kind = EventKind.CARD_CHANGED if before.status is after.status else EventKind.CARD_STATUS_CHANGED
    if after.removed_at_ms is not None and before.removed_at_ms is None:
        kind = EventKind.CARD_REMOVED
    tx.events.append(Event(event_id, after.scope, now, kind, after.pass_id, cause=cause or actor.principal, data=data))
    return Changed(after, show_in(services.scanning.codes, tx, after, now, priority), event_id)


def show_in(codes: CardCodes, tx: Tx, card: Card, now: int, priority: int = Priority.INTERACTIVE) -> int:
    """The pass shows the card as it is, and its member and brand as they are. How many devices will hear of it: none when the
    holder sees nothing new."""
    found = tx.passes.find_locked(card.scope, card.pass_id)
    programme = tx.programmes.find(card.scope, card.programme_id)
    assert found is not None, "a card is a pass"
    assert programme is not None, "programmes are never removed"
    brand = tx.brands.find(card.scope, card.brand_id)
    member = tx.members.find(card.scope, card.member_id) if card.member_id is not None else None
    values = values_of(found.values, card, programme, brand, member, signed_code(codes, card))
    fingerprint, voided = values_fingerprint(values), is_void(card)
    if (fingerprint, voided) == (found.fingerprint, found.voided):
        return 0
    tx.passes.renew(replace(found, values=values, fingerprint=fingerprint, voided=voided, updated_at_ms=now))
    return tx.deliveries.want_taken(card.scope, card.pass_id, now, priority)


def signed_code(codes: CardCodes, card: Card) -> str:
    """What a barcode says so that a device can tell without a network that the card is ours, and until when."""
    text = code_text(card.pass_id, card.expires_at_ms)
    return f"{text}.{codes.sign(card.scope, text)}"


def is_void(card: Card) -> bool:
    """How both wallets look when a card is of no use: greyed and without its code. That it has expired is told by its date."""
    return card.removed_at_ms is not None or card.status is not CardStatus.ACTIVE

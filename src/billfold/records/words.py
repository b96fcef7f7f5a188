"""Values of events, steps and postings as a page's texts want them. May not enter: the texts themselves."""

from dataclasses import dataclass

from billfold.domain.events import Event, EventKind
from billfold.domain.ledger import decimal_text
from billfold.domain.loyalty import Card
from billfold.domain.passes import Pass
from billfold.studio.words import moment

_VISITORS = frozenset({"iphone", "android", "desktop", "bot"})
_BALANCE = "balance."


@dataclass(frozen=True, slots=True)
class Happened:
    """One row of a timeline. `kind`: of the text; `detail`: key of a second text, "" for none; `other`: a pass that it leads to."""

    at: str
    kind: str
    wallet: str
    detail: str = ""
    text: str = ""
    other: str = ""


def happened(event: Event) -> Happened:
    data, name = event.data, event.kind.value.replace(".", "_")
    row = (moment(event.at_ms), name, event.wallet)
    if event.kind is EventKind.LINK_OPENED and data.get("visitor") in _VISITORS:
        return Happened(*row, f"visitor.{data['visitor']}")
    if "notified" in data:
        return Happened(*row, "detail.notified", str(data["notified"]))
    if event.kind is EventKind.BALANCE_CHANGED:
        held = {key.removeprefix(_BALANCE): value for key, value in data.items() if key.startswith(_BALANCE)}
        shown = ", ".join(f"{decimal_text(int(value), unit)} {unit}" for unit, value in sorted(held.items()))
        return Happened(*row, "detail.balance", shown)
    if event.kind is EventKind.PASS_REISSUED:
        other = data.get("by") or data.get("instead_of") or ""
        return Happened(*row, "detail.by" if "by" in data else "detail.instead_of", other=str(other))
    if event.kind is EventKind.CARD_STATUS_CHANGED:
        return Happened(*row, "detail.status", f"{data.get('before')} → {data.get('after')}")
    return Happened(*row)


def state_of(pass_: Pass, card: Card | None, now_ms: int) -> tuple[str, str]:
    """(key of its text, the badge's tone)."""
    if card is not None and (key := state_word(card, now_ms))[0] != "state.valid":
        return key
    return ("state.void", "bad") if pass_.voided else ("state.valid", "good")


def state_word(card: Card, now_ms: int) -> tuple[str, str]:
    """The same of a card."""
    if why := card.usable(now_ms):
        return f"state.{why}", "warn" if why == "not_started" else "bad"
    return "state.valid", "good"

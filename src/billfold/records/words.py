"""Values of events, steps and postings as a page's texts want them. May not enter: the texts themselves."""

from collections.abc import Mapping
from dataclasses import dataclass

from billfold.domain.events import Event, EventKind
from billfold.domain.ledger import decimal_text
from billfold.domain.loyalty import Card
from billfold.domain.passes import Pass
from billfold.domain.scanning import POINTS, STAMPS, Action
from billfold.domain.vat import Vat
from billfold.scan_ports import ScanRecord
from billfold.studio.words import moment

_VISITORS = frozenset({"iphone", "android", "desktop", "bot"})


@dataclass(frozen=True, slots=True)
class Happened:
    """A row of a timeline. `kind`, `detail`: keys of texts, the second "" for none; `other`: a pass that it leads to."""

    at: str
    kind: str
    wallet: str
    detail: str = ""
    text: str = ""
    other: str = ""


def happened(event: Event) -> Happened:
    detail, text, other = _detail(event)
    return Happened(moment(event.at_ms), f"events.{event.kind.value.replace('.', '_')}", event.wallet, detail, text, other)


def _detail(event: Event) -> tuple[str, str, str]:
    """(key of a second text, its value, another pass)."""
    data = event.data
    match event.kind:
        case EventKind.LINK_OPENED if data.get("visitor") in _VISITORS:
            return f"visitor.{data['visitor']}", "", ""
        case EventKind.BALANCE_CHANGED:
            return "detail.balance", _amounts(event, "balance."), ""
        case EventKind.CARD_SCANNED if changes := _amounts(event, "change."):
            return "detail.scanned", changes, ""
        case EventKind.SCAN_DECLINED:
            return "detail.declined", str(data.get("declined", "")).replace("_", " "), ""
        case EventKind.PASS_REISSUED:
            other = data.get("by") or data.get("instead_of") or ""
            return "detail.by" if "by" in data else "detail.instead_of", "", str(other)
        case EventKind.CARD_STATUS_CHANGED:
            return "detail.status", f"{data.get('before')} → {data.get('after')}", ""
    return ("detail.notified", str(data["notified"]), "") if "notified" in data else ("", "", "")


def _amounts(event: Event, before: str) -> str:
    """Of the members that begin so."""
    return amounts({name.removeprefix(before): int(value) for name, value in event.data.items() if name.startswith(before)})


def amounts(given: Mapping[str, int]) -> str:
    """`3.50 EUR, 12 points`."""
    return ", ".join(f"{decimal_text(minor, unit)} {unit}" for unit, minor in sorted(given.items()))


def tax(vat: Vat | None) -> str:
    """`4.55 + 0.95 (21 %)`: net and tax of an amount; the rate alone where points or stamps paid."""
    if vat is None:
        return ""
    rate = f"{vat.rate_bp / 100:g} %"
    return f"{decimal_text(vat.net, vat.unit)} + {decimal_text(vat.vat, vat.unit)} ({rate})" if vat.unit else rate


@dataclass(frozen=True, slots=True)
class ScanRow:
    """A row of a card's history (S2-49). `action`: the key of its text; `text`: what it was for; `odd`: why it was declined, or
    what is odd about it; `vat`: the rate, where there is one."""

    at: str
    action: str
    text: str
    changes: str
    vat: str
    odd: str


def scan_row(record: ScanRecord) -> ScanRow:
    odd = (record.declined or record.flag).replace("_", " ")
    vat = f"{record.vat[0] / 100:g} %" if record.vat else ""
    return ScanRow(moment(record.at_ms), f"action.{_action(record)}", record.description, amounts(record.changes), vat, odd)


def _action(record: ScanRecord) -> Action:
    """What signed amounts mean to people: money or points that went, money that came, points that came."""
    action, changes = Action(record.action), record.changes
    if action is not Action.MODIFY or not changes:
        return action
    if any(minor < 0 for minor in changes.values()):
        return Action.CHARGE
    return Action.EARN if changes.keys() <= {POINTS, STAMPS} else Action.TOP_UP


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

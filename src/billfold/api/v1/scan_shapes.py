"""Shapes of scans on `/v1`: what a device sends, what it is shown of a card and of what it did.

May not enter: lookups, decisions."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field as Rule
from pydantic import ValidationError, WrapValidator

from billfold.api.v1.ledger import BalanceShown
from billfold.api.v1.types import CallerId, In, Moment, iso, iso_or_none
from billfold.domain.ledger import decimal_text
from billfold.domain.loyalty import Member
from billfold.domain.scanning import DESCRIPTION_MAX, REFERENCE_MAX, Action
from billfold.flows.scans.execute import ScanAsked, Scanned
from billfold.flows.scans.lists import Recent
from billfold.flows.scans.upload import Item, Outcome
from billfold.flows.scans.view import CODE_MAX, CardView
from billfold.scan_ports import Quarantined, ScanRecord

ScanId = Annotated[CallerId, Rule(description="The device makes it before the first try and keeps it.")]
PassIdIn = Annotated[str, Rule(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
CodeIn = Annotated[str, Rule(min_length=1, max_length=CODE_MAX, description="What the barcode says, or the pass id typed in.")]
ActionName = Literal["charge", "earn", "top_up", "stamp", "redeem", "check_in"]
Unit = Annotated[str, Rule(pattern=r"^([A-Z]{3}|points|stamps)$", examples=["EUR", "points"])]
Taken = Annotated[int, Rule(ge=1, le=10**12, description="Whole minor units, positive: the action says the sign.")]


class ScanIn(In):
    """`code` or `pass_id`. `dry_run`: explains everything and does nothing."""

    id: ScanId
    action: ActionName
    code: CodeIn | None = None
    pass_id: PassIdIn | None = None
    amounts: Annotated[dict[Unit, Taken], Rule(max_length=4)] = Rule(default_factory=dict)
    product_id: Annotated[str, Rule(max_length=64)] | None = None
    description: Annotated[str, Rule(max_length=DESCRIPTION_MAX)] = ""
    vat_bp: Annotated[int, Rule(ge=0, le=10_000, description="Basis points: 2100 is 21 %.")] | None = None
    reference: Annotated[str, Rule(max_length=REFERENCE_MAX)] = ""
    device_seq: Annotated[int, Rule(ge=1, le=2**53)] | None = None
    occurred_at: Moment | None = None
    dry_run: bool = False


class UploadItemIn(ScanIn):
    """A scan that was made without a network. `verified`: the device checked the card's signed code itself."""

    device_seq: Annotated[int, Rule(ge=1, le=2**53)]
    occurred_at: Moment
    verified: bool = False


@dataclass(frozen=True, slots=True)
class BadItem:
    """An item that could not be read: it has an answer of its own, and does not stop the others."""

    id: str
    path: str
    problem: str


def _tolerant(value: object, read: Callable[[object], UploadItemIn]) -> UploadItemIn | BadItem:
    try:
        return read(value)
    except ValidationError as error:
        found = error.errors()[0]
        given = value.get("id") if isinstance(value, dict) else None
        path = ".".join(str(step) for step in found["loc"] if isinstance(step, str) and step.isidentifier())
        return BadItem(given if isinstance(given, str) and len(given) <= 128 else "", path, str(found["type"]))


class UploadIn(In):
    """`grant`: what the device was allowed at its last sync. `sent_at`: what its clock says now."""

    grant: Annotated[str, Rule(max_length=4_096)] = ""
    sent_at: Moment | None = None
    items: Annotated[list[Annotated[UploadItemIn, WrapValidator(_tolerant)]], Rule(max_length=500)]


class InspectIn(In):
    code: CodeIn


class UndoIn(In):
    """`undoes`: the scan's id."""

    id: ScanId
    undoes: ScanId


class DecisionIn(In):
    decision: Literal["book", "drop"]


@dataclass(frozen=True, slots=True)
class MemberOfCard:
    name: str


@dataclass(frozen=True, slots=True)
class BrandOfCard:
    id: str
    name: str
    color: str


@dataclass(frozen=True, slots=True)
class CardShown:
    """`usable`: "" when it may be charged now, else why not. `allowed_products`: names, empty for all."""

    pass_id: str
    code: str
    kind: Literal["coupon", "storecard", "prepaidcard"]
    category: str
    title: str
    status: Literal["active", "expired", "redeemed", "blocked"]
    usable: Literal["", "blocked", "expired", "redeemed", "not_started", "removed"]
    member: MemberOfCard | None
    brand: BrandOfCard | None
    balances: list[BalanceShown]
    stamps_goal: int | None
    allowed_products: list[str]
    expires_at: str | None
    voided: bool


@dataclass(frozen=True, slots=True)
class Cards:
    cards: list[CardShown]


@dataclass(frozen=True, slots=True)
class ProductNamed:
    number: int
    name: str


@dataclass(frozen=True, slots=True)
class VatShown:
    rate_bp: int
    net_minor: int
    vat_minor: int
    gross_minor: int


@dataclass(frozen=True, slots=True)
class ScanShown:
    """`card`: after the scan; on a repeat with the balances of then. `reward`: the stamp card is full. `phone_will_say`: of a dry
    run. `flag`: what is odd about a scan that was made without a network."""

    id: str
    repeated: bool
    dry_run: bool
    action: str
    card: CardShown
    changes: list[BalanceShown]
    description: str
    product: ProductNamed | None
    resolved_by: str
    vat: VatShown | None
    notified: int
    phone_will_say: list[str]
    reward: bool
    flag: str
    undoes: str | None
    at: str


@dataclass(frozen=True, slots=True)
class CardNamed:
    pass_id: str
    title: str
    member: MemberOfCard | None


@dataclass(frozen=True, slots=True)
class RecentShown:
    id: str
    at: str
    action: str
    card: CardNamed
    changes: list[BalanceShown]
    undone: bool


@dataclass(frozen=True, slots=True)
class RecentList:
    items: list[RecentShown]


@dataclass(frozen=True, slots=True)
class HistoryShown:
    """One scan of a card, as it was recorded."""

    id: str
    at: str
    occurred_at: str
    action: str
    changes: list[BalanceShown]
    balances: list[BalanceShown]
    description: str
    reference: str
    product: ProductNamed | None
    vat: VatShown | None
    terminal_id: str | None
    declined: str
    flag: str
    undoes: str | None


@dataclass(frozen=True, slots=True)
class HistoryList:
    """`next_before`: ask with it for the next page; None at the end."""

    items: list[HistoryShown]
    next_before: str | None


@dataclass(frozen=True, slots=True)
class OutcomeShown:
    id: str
    result: Literal["applied", "replayed", "declined", "flagged", "quarantined"]
    code: str
    detail: dict[str, str]
    scan: ScanShown | None


@dataclass(frozen=True, slots=True)
class QuarantinedShown:
    """`item`: as the device sent it."""

    id: str
    terminal_id: str
    reason: str
    item: dict[str, object]
    received_at: str
    decision: str
    decided_at: str | None
    scan: ScanShown | None


@dataclass(frozen=True, slots=True)
class QuarantineList:
    items: list[QuarantinedShown]
    next_cursor: str | None


def asked_of(body: ScanIn) -> ScanAsked:
    return ScanAsked(
        id=body.id,
        action=Action(body.action),
        pass_id=body.pass_id or "",
        code=body.code or "",
        amounts=body.amounts,
        product_id=body.product_id,
        description=body.description,
        vat_bp=body.vat_bp,
        reference=body.reference,
        device_seq=body.device_seq,
        dry_run=body.dry_run,
    )


def item_of(body: UploadItemIn) -> Item:
    raw = json.dumps(body.model_dump(mode="json"), separators=(",", ":"))
    return Item(asked_of(body), body.device_seq, body.occurred_at * 1000, body.verified, raw)


def kept_item(raw: str) -> Item:
    """An item read again as it was kept: `occurred_at` is whole seconds there."""
    kept = json.loads(raw)
    body = UploadItemIn.model_validate(kept | {"occurred_at": iso(kept["occurred_at"] * 1000)})
    return item_of(body)


def card_shown(view: CardView, now_ms: int, balances: Mapping[str, int] | None = None) -> CardShown:
    """`balances`: those of an earlier moment."""
    card, programme = view.card, view.programme
    return CardShown(
        pass_id=card.pass_id,
        code=card.code,
        kind=programme.kind.value,
        category=programme.category.value,
        title=card.title or programme.title,
        status=card.status_at(now_ms).value,
        usable=card.usable(now_ms),  # type: ignore[arg-type]  # one of the words above
        member=_member(view.member),
        brand=BrandOfCard(id=view.brand.id, name=view.brand.name, color=view.brand.color) if view.brand else None,
        balances=amounts(view.balances if balances is None else balances),
        stamps_goal=programme.stamps_goal,
        allowed_products=[one.name for one in view.allowed],
        expires_at=iso_or_none(card.expires_at_ms),
        voided=view.voided,
    )


def scan_shown(scanned: Scanned, now_ms: int, *, dry_run: bool = False) -> ScanShown:
    record = scanned.record
    return ScanShown(
        id=record.id,
        repeated=scanned.repeated,
        dry_run=dry_run,
        action=record.action,
        card=card_shown(scanned.view, now_ms, record.balances),
        changes=amounts(record.changes),
        description=record.description,
        product=_product(record),
        resolved_by=record.resolved_by,
        vat=_vat(record),
        notified=scanned.notified,
        phone_will_say=list(scanned.will_say),
        reward=record.reward,
        flag=record.flag,
        undoes=record.undoes,
        at=iso(record.at_ms),
    )


def recent_shown(one: Recent) -> RecentShown:
    named = CardNamed(pass_id=one.card.pass_id, title=one.title, member=_member(one.member))
    record = one.record
    return RecentShown(
        id=record.id, at=iso(record.at_ms), action=record.action, card=named, changes=amounts(record.changes), undone=one.undone
    )


def history_shown(record: ScanRecord) -> HistoryShown:
    return HistoryShown(
        id=record.id,
        at=iso(record.at_ms),
        occurred_at=iso(record.occurred_at_ms),
        action=record.action,
        changes=amounts(record.changes),
        balances=amounts(record.balances),
        description=record.description,
        reference=record.reference,
        product=_product(record),
        vat=_vat(record),
        terminal_id=record.terminal_id,
        declined=record.declined,
        flag=record.flag,
        undoes=record.undoes,
    )


def outcome_shown(outcome: Outcome, now_ms: int) -> OutcomeShown:
    scan = scan_shown(outcome.scanned, now_ms) if outcome.scanned else None
    return OutcomeShown(id=outcome.id, result=outcome.result.value, code=outcome.code, detail=outcome.detail, scan=scan)


def quarantined_shown(item: Quarantined, scan: ScanShown | None = None) -> QuarantinedShown:
    kept = json.loads(item.item)
    return QuarantinedShown(
        id=item.id,
        terminal_id=item.terminal_id,
        reason=item.reason,
        item=kept | {"occurred_at": iso(kept["occurred_at"] * 1000)},
        received_at=iso(item.received_at_ms),
        decision=item.decision,
        decided_at=iso_or_none(item.decided_at_ms),
        scan=scan,
    )


def amounts(given: Mapping[str, int]) -> list[BalanceShown]:
    return [BalanceShown(unit=unit, minor=minor, amount=decimal_text(minor, unit)) for unit, minor in given.items()]


def _member(member: Member | None) -> MemberOfCard | None:
    return MemberOfCard(name=member.name) if member else None


def _product(record: ScanRecord) -> ProductNamed | None:
    return ProductNamed(number=record.product[1], name=record.product[2]) if record.product else None


def _vat(record: ScanRecord) -> VatShown | None:
    if record.vat is None:
        return None
    rate, net, tax, gross = record.vat
    return VatShown(rate_bp=rate, net_minor=net, vat_minor=tax, gross_minor=gross)

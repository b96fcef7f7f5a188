"""The ledger on `/v1`: post an operation, read one, balances and statement of a pass. Parse, call one flow, render.

An operation's `id` is the caller's: repeated, it gives the first answer again and does nothing, however late.
May not enter: decisions, storage."""

from dataclasses import asdict, astuple, dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field as Rule

from billfold.api.v1 import answers
from billfold.api.v1.idempotency import REPLAYED
from billfold.api.v1.operations import EXAMPLE_PASS, answer, refusals, request_example
from billfold.api.v1.passes import PassId
from billfold.api.v1.route import Asking
from billfold.api.v1.types import CallerId, Id, In, Label, Limit, Moment, iso
from billfold.domain import declines
from billfold.domain.errors import Forbidden
from billfold.domain.keys import OVERDRAFT
from billfold.domain.ledger import NO_FACTS, AccountKey, Entry, Facts, Kind, Operation, decimal_text
from billfold.domain.lots import Limits
from billfold.domain.vat import RATE_BP_MAX
from billfold.flows import ledger as flow
from billfold.flows import ledger_reads as reads
from billfold.flows.ledger import Answered, Asked
from billfold.flows.ledger_reads import Balance
from billfold.ports import Services

KindName = Literal[
    "charge",
    "earn",
    "top_up",
    "redeem",
    "refund",
    "void",
    "expire",
    "adjust",
    "transfer",
    "opening",
    "reserve",
    "confirm",
    "release",
    "chargeback",
]
EXAMPLE_OPERATION = "5f0c2a6e-3b0a-4b1e-9d55-2f8f5a1c7e10"
OperationId = Annotated[
    str, Path(description="The id that the caller gave.", pattern=r"^[!-~]{16,128}$", examples=[EXAMPLE_OPERATION])
]
Unit = Annotated[str, Rule(pattern=r"^([A-Z]{3}|points|stamps|visits|entries)$", examples=["EUR", "points"])]
Minor = Annotated[int, Rule(ge=-(10**12), le=10**12, description="Whole minor units: 550 is 5.50 EUR.")]
UnitQuery = Annotated[str, Query(pattern=r"^([A-Z]{3}|points|stamps|visits|entries)$", description="EUR, points, stamps...")]


class MetadataIn(In):
    """What reports want to know of an operation. Ids are those of your own things."""

    product_id: Id | None = None
    terminal_id: Id | None = None
    device_seq: Annotated[int, Rule(ge=1, le=2**53, description="Counts what one device ever did.")] | None = None
    business_date: Annotated[str, Rule(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["2026-11-20"])] | None = None


class LotIn(In):
    """What is credited of this unit can be spent from `available_at` on and until `expires_at`; one of the two may be left out."""

    available_at: Moment | None = None
    expires_at: Moment | None = None


class OperationIn(In):
    """`id`: made by the caller before the first try and kept for every repeat; it stays taken for ever."""

    id: CallerId
    kind: KindName
    pass_id: Annotated[str, Rule(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
    amounts: Annotated[dict[Unit, Minor], Rule(max_length=8, description="Unit → signed minor units.")] = Rule(default_factory=dict)
    to_pass_id: Annotated[str, Rule(pattern=r"^[0-9A-Za-z_-]{1,64}$", description="Of a transfer.")] | None = None
    reverses: Annotated[str, Rule(pattern=r"^[!-~]{16,128}$", description="What a refund gives back or a void undoes.")] | None = (
        None
    )
    description: Label = ""
    reference: Label = ""
    occurred_at: Annotated[Moment | None, Rule(description="When it happened, where that was earlier.")] = None
    vat_rate_bp: (
        Annotated[
            int,
            Rule(ge=0, le=RATE_BP_MAX, description="Rate of the tax in it: 2100 is 21 %. Of a top-up whose tax is due at once."),
        ]
        | None
    ) = None
    metadata: MetadataIn | None = None
    lots: Annotated[dict[Unit, LotIn], Rule(max_length=8, description="Unit → limits in time of what is credited.")] = Rule(
        default_factory=dict
    )
    floors: Annotated[
        dict[Unit, Annotated[int, Rule(ge=-(10**12), le=0)]],
        Rule(max_length=8, description="Unit → how far below zero, for accounts that this opens. Needs `ledger:overdraft`."),
    ] = Rule(default_factory=dict)
    payment_reference: Annotated[str, Rule(min_length=1, max_length=200, description="Of the money: it credits once.")] | None = (
        None
    )
    reserved_until: Annotated[Moment | None, Rule(description="When a reservation that is not confirmed is released.")] = None


@dataclass(frozen=True, slots=True)
class BalanceShown:
    unit: str
    minor: int
    amount: str


@dataclass(frozen=True, slots=True)
class VatShown:
    """Tax in the amount, rounded once, half away from zero. `net_minor` + `vat_minor` = `gross_minor`; below zero: given back. All
    zero where points or stamps paid."""

    unit: str
    rate_bp: int
    net_minor: int
    vat_minor: int
    gross_minor: int


@dataclass(frozen=True, slots=True)
class MetadataShown:
    product_id: str | None
    terminal_id: str | None
    device_seq: int | None
    business_date: str | None


@dataclass(frozen=True, slots=True)
class OperationShown:
    """`declined`: why nothing was posted. `balances`: right after the operation, also when it is repeated later. `flags`:
    `shortfall` (the card had less; the rest is the merchant's loss), `overdraft` (it went below the floor by leave)."""

    id: str
    kind: KindName
    at: str
    declined: str | None
    reverses: str | None
    description: str
    reference: str
    repeated: bool
    notified: int
    balances: dict[str, list[BalanceShown]]
    vat: VatShown | None
    flags: list[str]
    metadata: MetadataShown


@dataclass(frozen=True, slots=True)
class PostingShown:
    """`vat`: of its operation. Of a sale; of a top-up whose tax is due with the money (`single_purpose`)."""

    sequence: int
    operation: str
    kind: KindName
    at: str
    minor: int
    amount: str
    balance_minor: int
    balance: str
    vat: VatShown | None


@dataclass(frozen=True, slots=True)
class ExpiringShown:
    at: str
    minor: int


@dataclass(frozen=True, slots=True)
class BalanceNow(BalanceShown):
    """`available_minor`: what can be spent now. `pending_minor`: earned, not yet to be spent; both are part of the balance, and so
    is what has expired and is not yet booked out. `expiring`: what expires next. `reserved_minor`: announced, no part of it yet."""

    available_minor: int
    pending_minor: int
    reserved_minor: int
    expiring: ExpiringShown | None


@dataclass(frozen=True, slots=True)
class BalanceList:
    items: list[BalanceNow]


@dataclass(frozen=True, slots=True)
class StatementShown:
    """`next_before`: ask with it for the next page; None at the end."""

    unit: str
    items: list[PostingShown]
    next_before: int | None


_BALANCE = {"unit": "EUR", "minor": 1950, "amount": "19.50"}
_BALANCE_NOW: dict[str, object] = {
    "unit": "points",
    "minor": 120,
    "amount": "120",
    "available_minor": 100,
    "pending_minor": 20,
    "reserved_minor": 0,
    "expiring": {"at": "2026-12-31T23:00:00.000Z", "minor": 40},
}
_OPERATION: dict[str, object] = {
    "id": EXAMPLE_OPERATION,
    "kind": "charge",
    "at": "2026-11-20T12:00:00.000Z",
    "declined": None,
    "reverses": None,
    "description": "Latte macchiato",
    "reference": "",
    "repeated": False,
    "notified": 1,
    "balances": {EXAMPLE_PASS: [_BALANCE]},
    "vat": {"unit": "EUR", "rate_bp": 2100, "net_minor": 455, "vat_minor": 95, "gross_minor": 550},
    "flags": [],
    "metadata": {"product_id": "latte-42", "terminal_id": None, "device_seq": None, "business_date": None},
}
_POSTING: dict[str, object] = {
    "sequence": 2,
    "operation": EXAMPLE_OPERATION,
    "kind": "charge",
    "at": "2026-11-20T12:00:00.000Z",
    "minor": -550,
    "amount": "-5.50",
    "balance_minor": 1950,
    "balance": "19.50",
    "vat": {"unit": "EUR", "rate_bp": 2100, "net_minor": 455, "vat_minor": 95, "gross_minor": 550},
}
_REQUEST = {"id": "till-3-0000000000000042", "kind": "earn", "pass_id": EXAMPLE_PASS, "amounts": {"points": 12}}


def add_ledger(router: APIRouter, services: Services) -> None:
    _add_post(router, services)
    _add_reads(router, services)


def _add_post(router: APIRouter, services: Services) -> None:
    @router.post(
        "/operations",
        name="operations.create",
        operation_id="createOperation",
        summary="Charge, credit, refund, void: once, whatever is repeated",
        status_code=201,
        responses=answer(201, OperationShown, _OPERATION, "Posted now, or before (`Idempotency-Replayed: true`).")
        | refusals(402, 404, 409, 410, body=True),
        openapi_extra=request_example(_REQUEST),
    )
    async def create(actor: Asking, body: OperationIn) -> Response:
        asked = Asked(
            body.id,
            Kind(body.kind),
            body.pass_id,
            body.amounts,
            body.to_pass_id,
            body.reverses,
            body.description,
            body.reference,
            _ms(body.occurred_at),
            body.vat_rate_bp,
            _facts(body.metadata),
            floors=body.floors,
            limits={unit: Limits(_ms(one.available_at), _ms(one.expires_at)) for unit, one in body.lots.items()},
            payment=body.payment_reference,
            reserved_until_ms=_ms(body.reserved_until),
        )
        if body.floors and OVERDRAFT not in actor.scopes:
            raise Forbidden(OVERDRAFT)
        return _answer(await flow.post(services, actor, asked))


def _add_reads(router: APIRouter, services: Services) -> None:
    @router.get(
        "/operations/{operation_id}",
        name="operations.read",
        operation_id="readOperation",
        summary="One operation, as it was decided",
        responses=answer(200, OperationShown, _OPERATION, "The operation.") | refusals(404),
    )
    async def read(actor: Asking, operation_id: OperationId) -> Response:
        return _json(_shown(Answered(await reads.find(services, actor, operation_id), repeated=True)))

    @router.get(
        "/passes/{pass_id}/balances",
        name="operations.read",
        operation_id="readBalances",
        summary="What is on a pass",
        responses=answer(200, BalanceList, {"items": [_BALANCE_NOW]}, "One entry a unit.") | refusals(404),
    )
    async def balances(actor: Asking, pass_id: PassId) -> Response:
        found = await reads.balances(services, actor, pass_id)
        return _json(BalanceList(items=list(map(_balance_now, found))))

    @router.get(
        "/passes/{pass_id}/statement",
        name="operations.read",
        operation_id="readStatement",
        summary="What happened to one unit of a pass, newest first",
        responses=answer(200, StatementShown, {"unit": "EUR", "items": [_POSTING], "next_before": None}, "One page.")
        | refusals(404),
    )
    async def statement(
        actor: Asking,
        pass_id: PassId,
        unit: UnitQuery = "points",
        limit: Annotated[Limit, Query()] = 50,
        before: Annotated[int | None, Query(ge=1, le=2**53, description="`next_before` of the page before.")] = None,
    ) -> Response:
        found = await reads.statement(services, actor, pass_id, unit, before, limit)
        following = found[-1].posting.sequence if len(found) == limit and found[-1].posting.sequence > 1 else None
        return _json(StatementShown(unit=unit, items=list(map(_posting, found)), next_before=following))


def _ms(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1000


def _facts(given: MetadataIn | None) -> Facts:
    return Facts(given.terminal_id, given.product_id, given.device_seq, given.business_date) if given else NO_FACTS


def _answer(answered: Answered) -> Response:
    """Raises Declined, whose problem shows the operation as an answer would."""
    shown = _shown(answered)
    if reason := answered.operation.declined:
        raise declines.error_of(reason, asdict(shown))
    response = _json(shown, 201)
    if answered.repeated:
        response.headers[REPLAYED] = "true"
    return response


def _shown(answered: Answered) -> OperationShown:
    operation: Operation = answered.operation
    order, facts = operation.order, operation.order.facts
    balances: dict[str, list[BalanceShown]] = {}
    for key, balance in operation.balances().items():
        balances.setdefault(key.owner, []).append(_balance(key, balance))
    return OperationShown(
        id=order.id,
        kind=order.kind.value,
        at=iso(order.at_ms),
        declined=operation.declined or None,
        reverses=order.reverses,
        description=order.description,
        reference=order.reference,
        repeated=answered.repeated,
        notified=answered.notified,
        balances=balances,
        vat=VatShown(*astuple(order.vat)) if order.vat else None,
        flags=list(order.flags),
        metadata=MetadataShown(facts.product_id, facts.terminal_id, facts.device_seq, facts.business_date),
    )


def _balance(key: AccountKey, balance: int) -> BalanceShown:
    return BalanceShown(unit=key.unit, minor=balance, amount=decimal_text(balance, key.unit))


def _balance_now(one: Balance) -> BalanceNow:
    account, lot = one.account, one.expiring
    expiring = ExpiringShown(at=iso(lot.expires_at_ms), minor=lot.left) if lot and lot.expires_at_ms is not None else None
    return BalanceNow(
        **asdict(_balance(account.key, account.balance)),
        available_minor=one.available,
        pending_minor=one.pending,
        reserved_minor=one.reserved,
        expiring=expiring,
    )


def _posting(entry: Entry) -> PostingShown:
    one = entry.posting
    return PostingShown(
        sequence=one.sequence,
        operation=one.operation,
        kind=one.kind.value,
        at=iso(one.at_ms),
        minor=one.amount,
        amount=decimal_text(one.amount, one.key.unit),
        balance_minor=one.balance,
        balance=decimal_text(one.balance, one.key.unit),
        vat=VatShown(*astuple(entry.vat)) if entry.vat else None,
    )


def _json(shown: object, status: int = 200) -> Response:
    return Response(answers.plain(shown), status, media_type="application/json")

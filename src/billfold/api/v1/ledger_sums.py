"""The books added up, on `/v1`: tax of a period, and reconciliation. Parse, call one flow, render. May not enter: sums, storage."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Response

from billfold.api.v1 import answers
from billfold.api.v1.ledger import KindName
from billfold.api.v1.operations import EXAMPLE_PASS, answer, refusals
from billfold.api.v1.route import Asking
from billfold.api.v1.types import Day, iso
from billfold.domain.ledger import decimal_text
from billfold.flows import ledger_sums as flow
from billfold.flows.ledger_sums import Reconciled
from billfold.ledger_ports import TaxTotal, Total, Turnover
from billfold.ports import Services

First = Annotated[Day | None, Query(alias="from", description="The first day (UTC); else that of this month.")]
Until = Annotated[Day | None, Query(description="The day after the last (UTC); else tomorrow.")]


@dataclass(frozen=True, slots=True)
class TaxTotalShown:
    """Tax of operations of one kind and rate; what was given back counts below zero."""

    unit: str
    rate_bp: int
    kind: KindName
    operations: int
    net_minor: int
    vat_minor: int
    gross_minor: int


@dataclass(frozen=True, slots=True)
class TaxList:
    items: list[TaxTotalShown]


@dataclass(frozen=True, slots=True)
class TurnoverShown:
    """What operations of one kind changed on passes. `terminal_id`: of the till that they were made at."""

    unit: str
    kind: KindName
    terminal_id: str | None
    operations: int
    minor: int
    amount: str


@dataclass(frozen=True, slots=True)
class TotalShown:
    """`account`: `passes` (what all of them hold), or a system account."""

    account: str
    unit: str
    accounts: int
    minor: int
    amount: str


@dataclass(frozen=True, slots=True)
class FrozenShown:
    account: str
    unit: str
    reason: str


@dataclass(frozen=True, slots=True)
class AnchorShown:
    """What all chains had come to, signed by the daily check. `root`: hex."""

    through: str
    at: str
    accounts: int
    postings: int
    root: str


@dataclass(frozen=True, slots=True)
class ReconciliationShown:
    """`good`: each unit sums to zero over all accounts, and no account is frozen. `turnover` is of the period, all else of now."""

    good: bool
    turnover: list[TurnoverShown]
    balances: list[TotalShown]
    unbalanced: list[str]
    frozen: list[FrozenShown]
    anchor: AnchorShown | None


_TAX: dict[str, object] = {
    "unit": "EUR",
    "rate_bp": 2100,
    "kind": "charge",
    "operations": 12,
    "net_minor": 5455,
    "vat_minor": 1145,
    "gross_minor": 6600,
}
_RECONCILIATION: dict[str, object] = {
    "good": False,
    "turnover": [
        {"unit": "EUR", "kind": "charge", "terminal_id": None, "operations": 12, "minor": -6600, "amount": "-66.00"},
        {"unit": "EUR", "kind": "top_up", "terminal_id": None, "operations": 2, "minor": 10000, "amount": "100.00"},
    ],
    "balances": [
        {"account": "passes", "unit": "EUR", "accounts": 2, "minor": 3400, "amount": "34.00"},
        {"account": "funding", "unit": "EUR", "accounts": 1, "minor": -10000, "amount": "-100.00"},
        {"account": "sales", "unit": "EUR", "accounts": 1, "minor": 5455, "amount": "54.55"},
        {"account": "vat_due", "unit": "EUR", "accounts": 1, "minor": 1145, "amount": "11.45"},
    ],
    "unbalanced": [],
    "frozen": [{"account": EXAMPLE_PASS, "unit": "points", "reason": "#3 was changed after it was written"}],
    "anchor": {
        "through": "2026-11-20T03:00:00.000Z",
        "at": "2026-11-20T03:15:00.000Z",
        "accounts": 6,
        "postings": 28,
        "root": "5f" * 32,
    },
}


def add_ledger_sums(router: APIRouter, services: Services) -> None:
    @router.get(
        "/ledger/taxes",
        name="ledger.sums",
        operation_id="listTaxes",
        summary="The tax that was owed in a period, by currency, rate and kind",
        responses=answer(200, TaxList, {"items": [_TAX]}, "Sales, and top-ups whose tax is due with the money.") | refusals(),
    )
    async def taxes(actor: Asking, first: First = None, until: Until = None) -> Response:
        found = await flow.taxes(services, actor, first, until)
        return _json(TaxList(items=list(map(_tax, found))))

    @router.get(
        "/ledger/reconciliation",
        name="ledger.sums",
        operation_id="reconcile",
        summary="What each till turned over in a period, and whether the books add up",
        responses=answer(200, ReconciliationShown, _RECONCILIATION, "All accounts of the workspace, added up.") | refusals(),
    )
    async def reconciliation(actor: Asking, first: First = None, until: Until = None) -> Response:
        return _json(_shown(await flow.reconcile(services, actor, first, until)))


def _tax(one: TaxTotal) -> TaxTotalShown:
    return TaxTotalShown(
        unit=one.unit,
        rate_bp=one.rate_bp,
        kind=one.kind.value,
        operations=one.operations,
        net_minor=one.net,
        vat_minor=one.vat,
        gross_minor=one.gross,
    )


def _shown(found: Reconciled) -> ReconciliationShown:
    anchor = found.anchor
    return ReconciliationShown(
        good=found.good,
        turnover=list(map(_turnover, found.turnover)),
        balances=list(map(_total, found.balances)),
        unbalanced=list(found.unbalanced),
        frozen=[FrozenShown(account=key.owner, unit=key.unit, reason=why) for key, why in found.frozen],
        anchor=AnchorShown(
            through=iso(anchor.through_ms),
            at=iso(anchor.at_ms),
            accounts=anchor.accounts,
            postings=anchor.postings,
            root=anchor.root,
        )
        if anchor
        else None,
    )


def _turnover(one: Turnover) -> TurnoverShown:
    return TurnoverShown(
        unit=one.unit,
        kind=one.kind.value,
        terminal_id=one.terminal_id,
        operations=one.operations,
        minor=one.amount,
        amount=decimal_text(one.amount, one.unit),
    )


def _total(one: Total) -> TotalShown:
    amount = decimal_text(one.amount, one.unit)
    return TotalShown(account=one.account, unit=one.unit, accounts=one.accounts, minor=one.amount, amount=amount)


def _json(shown: object) -> Response:
    return Response(answers.plain(shown), media_type="application/json")

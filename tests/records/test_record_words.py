"""Every fact, every kind of posting and every step of an explanation has a word on the page, and none shows an id in its place."""

import ast
import inspect

import pytest

from billfold.domain import explanations
from billfold.domain.events import Event, EventKind
from billfold.domain.ids import PassId
from billfold.domain.ledger import Kind
from billfold.domain.mail import MailKind, MailState
from billfold.domain.vat import Vat
from billfold.records.room import ROOM
from billfold.records.words import happened, scan_row, tax
from billfold.scan_ports import ScanRecord
from storage.material import NOW, OURS

KEYS = ROOM.texts.keys()


def test_whatever_may_happen_has_a_word() -> None:
    words = {f"events.{one.value.replace('.', '_')}" for one in EventKind} | {f"kind.{one.value}" for one in Kind}
    words |= {f"mails.{one.value}" for one in (*MailKind, *MailState)}
    assert words - KEYS == set()


@pytest.mark.requirement("S2-49")
@pytest.mark.parametrize(
    ("action", "changes", "word"),
    [
        ("modify", {"EUR": -350, "points": 3}, "action.charge"),
        ("modify", {"points": -30}, "action.charge"),
        ("modify", {"EUR": 1_000}, "action.top_up"),
        ("modify", {"points": 1}, "action.earn"),
        ("modify", {}, "action.modify"),
        ("check_in", {}, "action.check_in"),
    ],
)
def test_a_scan_is_called_what_it_was(action: str, changes: dict[str, int], word: str) -> None:
    record = ScanRecord("s", OURS, PassId("p"), action, "", NOW, NOW, "key", description="Tea", changes=changes, vat=(900, 0, 0, 0))
    row = scan_row(record)
    assert (row.action, row.text, row.vat, row.odd) == (word, "Tea", "9 %", "")
    assert word in KEYS


def test_tax_is_written_with_what_it_is_part_of() -> None:
    assert tax(Vat("EUR", 2_100, 455, 95, 550)) == "4.55 + 0.95 (21 %)"
    assert (tax(Vat("", 900, 0, 0, 0)), tax(None)) == ("9 %", "")


def test_every_step_of_an_explanation_has_a_sentence() -> None:
    calls = [one for one in ast.walk(ast.parse(inspect.getsource(explanations))) if isinstance(one, ast.Call)]
    steps = [one.args[0] for one in calls if isinstance(one.func, ast.Name) and one.func.id == "Step"]
    codes = {one.value for step in steps for one in ast.walk(step) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    assert len(codes) > 20
    assert {f"why.{code}" for code in codes} - KEYS == set()


@pytest.mark.parametrize(
    ("kind", "data", "detail", "text", "other"),
    [
        (EventKind.LINK_OPENED, {"visitor": "iphone"}, "visitor.iphone", "", ""),
        (EventKind.LINK_OPENED, {"visitor": "<b>"}, "", "", ""),
        (EventKind.PASS_UPDATED, {"notified": 2}, "detail.notified", "2", ""),
        (EventKind.BALANCE_CHANGED, {"balance.points": 12, "balance.EUR": 350}, "detail.balance", "3.50 EUR, 12 points", ""),
        (EventKind.CARD_SCANNED, {"change.EUR": -350, "notified": 1}, "detail.scanned", "-3.50 EUR", ""),
        (EventKind.SCAN_DECLINED, {"declined": "insufficient_balance"}, "detail.declined", "insufficient balance", ""),
        (EventKind.PASS_REISSUED, {"by": "p2"}, "detail.by", "", "p2"),
        (EventKind.PASS_REISSUED, {"instead_of": "p1"}, "detail.instead_of", "", "p1"),
        (EventKind.CARD_STATUS_CHANGED, {"before": "active", "after": "blocked"}, "detail.status", "active → blocked", ""),
    ],
)
def test_a_row_of_the_timeline_says_what_the_fact_holds(
    kind: EventKind, data: dict[str, str | int], detail: str, text: str, other: str
) -> None:
    row = happened(Event("e", OURS, NOW, kind, "p", data=data))
    assert (row.detail, row.text, row.other) == (detail, text, other)
    assert not row.detail or row.detail in KEYS

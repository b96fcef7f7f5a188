"""`kill -9` of the server while sixteen tills scan cards and ring up sales: nothing that was answered is lost, doubled or drifted.

20 kills on each engine; TEST_KILLS=500 makes it as many. A virtual iPhone follows a card through all of them.
May not enter: how the tills work (tills.py), how the books are judged (books.py)."""

import asyncio
import json
import os
import random
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from billfold.sandbox.phones.events import Updated
from billfold.sandbox.phones.iphone import VirtualIphone
from e2e.books import Rows, Told, findings, read_journals, read_rows
from e2e.conftest import ROOT, Billfold, running
from e2e.tills import Journal, Till
from servers import ran

KILLS = int(os.environ.get("TEST_KILLS", "20"))
TILLS, CARDS = 16, 12
ANSWERS_MIN = 40
"""So many answers between two kills at least, so that each kill has something to lose."""
CARD = {
    "description": "Store card",
    "header": [{"key": "euros", "label": "BALANCE", "value": "{{ balances.EUR }}", "change_message": "Now %@"}],
    "secondary": [{"key": "points", "label": "POINTS", "value": "{{ balances.points }}"}],
}


def made(billfold: Billfold, path: str, body: dict[str, object] | None = None) -> dict[str, Any]:
    answer = billfold.api("POST", path, body)
    assert answer.status in (200, 201), answer.body
    return dict(answer.json)


def make_cards(billfold: Billfold) -> list[dict[str, str]]:
    template = made(billfold, "/v1/templates", {"name": "Store card", "content": CARD})["id"]
    offered = {"brand_id": made(billfold, "/v1/brands", {"name": "Kettle & Crumb"})["id"], "template_id": template}
    offered |= {"kind": "storecard", "title": "Store card", "currency": "EUR", "points": True}
    programme = made(billfold, "/v1/programmes", offered)["id"]
    return [made(billfold, "/v1/cards", {"programme_id": programme}) for _ in range(CARDS)]


def device_token(billfold: Billfold, name: str) -> str:
    """Of a new terminal, as a device gets it that is enrolled."""
    terminal = made(billfold, "/v1/terminals", {"name": name})["id"]
    code = made(billfold, f"/v1/terminals/{terminal}/enrolment")["enrolment_code"]
    return str(made(billfold, "/v1/terminals/enrol", {"code": code})["token"])


def kill_again_and_again(billfold: Billfold, tills: list[Till], dice: random.Random) -> None:
    for till in tills:
        till.start()
    for _ in range(KILLS):
        before = sum(till.journal.answers for till in tills)
        while sum(till.journal.answers for till in tills) < before + ANSWERS_MIN:
            assert not any(till.unexpected for till in tills), [line for till in tills for line in till.unexpected]
            time.sleep(0.002)
        time.sleep(dice.uniform(0, 0.15))
        billfold.kill()
        billfold.start()
    for till in tills:
        till.closing.set()
        till.join(60)
        assert not till.is_alive()
    assert [line for till in tills for line in till.unexpected] == []


def verified(billfold: Billfold) -> dict[str, object]:
    """What an operator sees who asks whether the books are right."""
    done = ran(["ledger", "verify", "--json", "--data", str(billfold.data)], billfold.environment, ROOT)
    assert done.stdout, done.stderr
    return dict(json.loads(done.stdout))


def shown_by(phone: VirtualIphone) -> str:
    return next(one.value for one in phone.passes[0].opened.content.card.fields if one.key == "euros")


def went_back(phone: VirtualIphone, rows: Rows, card: str) -> list[str]:
    """I13: each balance that the phone showed stands on the account after those that it showed before."""
    balances = [f"{one.balance / 100:.2f}" for one in rows.accounts[card, "EUR"]]
    place, found = 0, []
    for event in phone.history:
        for change in event.changes if isinstance(event, Updated) else ():
            if change.key != "euros":
                continue
            if change.new not in balances[place:]:
                found.append(f"I13 the phone showed {change.new} after posting {place}")
            else:
                place += balances[place:].index(change.new) + 1
    return found


def spoiled(told: dict[str, Told], rows: Rows) -> list[tuple[str, dict[str, Told], Rows]]:
    """The same journals and books with one fault each, and the invariant that has to find it."""
    key, postings = max(rows.accounts.items(), key=lambda item: len(item[1]))
    last = postings[-1]
    lost = replace(rows, operations={id_: one for id_, one in rows.operations.items() if id_ != postings[3].operation})
    unscanned = replace(rows, scans=dict(list(rows.scans.items())[1:]))
    silent = {id_: one for id_, one in told.items() if id_ != last.operation}
    backwards = replace(rows, accounts=rows.accounts | {key: postings[::-1]})
    more = replace(last, amount=last.amount + 1, balance=last.balance + 1)
    drifted = replace(rows, accounts=rows.accounts | {key: [*postings[:-1], more]})
    return [
        *(("I6", told, lost), ("I6", told, drifted), ("I6", told, unscanned), ("I7", silent, rows)),
        *(("I11", told, backwards), ("I12", told, backwards), ("I12", told, drifted)),
    ]


@pytest.mark.requirement("S2-27", "S2-34", "S2-35")
async def test_the_ledger_through_kill_9(tmp_path: Path, database_url: str) -> None:
    dice, closing = random.Random(20261125), threading.Event()
    with running(tmp_path, database_url, lease_seconds="5") as billfold:
        held = await asyncio.to_thread(make_cards, billfold)
        cards = [one["pass_id"] for one in held]
        address = billfold.url.removeprefix("http://")
        tills = [
            Till(
                *(address, billfold.key, await asyncio.to_thread(device_token, billfold, f"till-{nth}"), f"till-{nth}", cards),
                *(Journal(tmp_path / f"till-{nth}.journal"), closing, random.Random(nth)),
            )
            for nth in range(TILLS)
        ]
        async with VirtualIphone(home=tmp_path / "iphone", openssl=None, retry_delays_seconds=(0.2,) * 50) as phone:
            await phone.add(held[0]["share_url"])
            await asyncio.to_thread(kill_again_and_again, billfold, tills, dice)
            told = read_journals(till.journal.path for till in tills)
            rows = read_rows(database_url, cards)
            assert findings(told, rows) == []
            newest = f"{rows.accounts[cards[0], 'EUR'][-1].balance / 100:.2f}"
            async with asyncio.timeout(60):
                while shown_by(phone) != newest:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            assert went_back(phone, rows, cards[0]) == []
        report = await asyncio.to_thread(verified, billfold)
        assert (report["good"], report["drifts"]) == (True, [])
    in_doubt = [id_ for id_, one in told.items() if one.answered is None]
    answers = sum(len(one.answers) for one in told.values())
    done = sum(id_ in rows.operations for id_ in in_doubt)
    print(f"{KILLS} kills, {len(told)} operations, {answers} answers; without an answer {len(in_doubt)}, of which {done} were done")
    assert answers >= KILLS * ANSWERS_MIN
    for invariant, journals, books in spoiled(told, rows):  # the judge sees what is wrong
        assert any(line.startswith(invariant + " ") for line in findings(journals, books)), invariant

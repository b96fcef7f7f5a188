"""Tills that ring up sales at a running server and keep a journal each, through whatever befalls the server.

A line is written and synced before a request leaves and again when its answer is there, so the journals are a second set of books.
A till that hears nothing asks again under the same id, as the documentation tells clients to, or now and then never.
May not enter: code of Billfold (what the journals are judged by is in books.py)."""

import contextlib
import http.client
import json
import os
import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OPENING = {"EUR": 6000, "points": 40}
"""On each card before the first sale: so little that some charges are declined."""
AGAIN_SECONDS = 0.1
GIVES_UP = 0.1
"""Share of unanswered requests that are never sent again: nobody knows then whether they were done."""
TWICE_AT_ONCE = 0.05
"""Share of requests that leave on two connections before either is answered."""

SCANNED = {"charge": {"EUR", "points"}, "top_up": {"EUR"}, "earn": {"points"}}
"""What a till does by scanning a card, with a device token: kind → units. What it gives back and moves it does by an API key."""

Sale = dict[str, Any]
"""What is to become of the books, as /v1/operations takes it. A scan of the same is an operation under the scan's id."""


def is_scan(sale: Sale) -> bool:
    return sale["kind"] in SCANNED and sale["amounts"].keys() <= SCANNED[sale["kind"]]


class Journal:
    """One till's file: `{"at": ns, "sent": sale}` before a request, `{"at": ns, "answered": id, ...}` after each answer to it.

    `at` is of one monotonic clock for all tills: before anything left, and after everything had arrived."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answers = 0
        self._file = path.open("a", encoding="utf-8")

    def sent(self, sale: Sale) -> None:
        self._keep({"at": time.monotonic_ns(), "sent": sale})

    def answered(self, id_: str, what: dict[str, Any]) -> None:
        self._keep({"at": time.monotonic_ns(), "answered": id_, **what})
        self.answers += 1

    def _keep(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


@dataclass(eq=False)
class Till(threading.Thread):
    """Works until `closing` is set, and then until its last request is answered."""

    address: str
    key: str
    device_token: str
    name_: str
    cards: list[str]
    journal: Journal
    closing: threading.Event
    dice: random.Random
    unexpected: list[str] = field(default_factory=list)
    _lines: list[http.client.HTTPConnection] = field(default_factory=list)
    _kept: list[Sale] = field(default_factory=list)
    """Answered sales that may be asked for again; `_charges` are those of them that may be given back."""
    _charges: list[Sale] = field(default_factory=list)
    _scans: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By id: the bodies of the scans so far, each numbered once as a device does."""

    def __post_init__(self) -> None:
        super().__init__(name=self.name_, daemon=True)

    def run(self) -> None:
        with contextlib.closing(self.journal):
            for card in self.cards if self.name_ == "till-0" else ():
                self._ring_up(self._new("top_up", card, OPENING), gives_up=0)
            while not self.closing.is_set() and not self.unexpected:
                self._ring_up(self._next(), GIVES_UP)
        self._hang_up()

    # --- what is sold ---

    def _new(self, kind: str, card: str, amounts: dict[str, int], **more: str) -> Sale:
        id_ = f"{self.name_}-{self.dice.getrandbits(128):032x}"
        return {"id": id_, "kind": kind, "pass_id": card, "amounts": amounts, **more}

    def _next(self) -> Sale:
        card, amount, roll = self.dice.choice(self.cards), self.dice.randint(1, 900), self.dice.random()
        if roll < 0.45:
            points = {"points": -self.dice.randint(1, 5)} if self.dice.random() < 0.3 else {}
            return self._new("charge", card, {"EUR": -amount} | points)
        if roll < 0.60:
            return self._new("top_up", card, {"EUR": amount})
        if roll < 0.70:
            return self._new("earn", card, {"points": self.dice.randint(1, 5)})
        if roll < 0.78:
            other = self.dice.choice([one for one in self.cards if one != card])
            return self._new("transfer", card, {"EUR": amount}, to_pass_id=other)
        if roll < 0.90 and self._charges:
            return self._back(self.dice.choice(self._charges))
        if self._kept:
            return self.dice.choice(self._kept)
        return self._new("earn", card, {"points": 1})

    def _back(self, charge: Sale) -> Sale:
        """Gives back part of a charge, sometimes more than is left of it, or undoes it."""
        if self.dice.random() < 0.4:
            return self._new("void", charge["pass_id"], {}, reverses=charge["id"])
        part = self.dice.randint(1, -charge["amounts"]["EUR"])
        return self._new("refund", charge["pass_id"], {"EUR": part}, reverses=charge["id"])

    # --- how it is asked for ---

    def _ring_up(self, sale: Sale, gives_up: float) -> None:
        self.journal.sent(sale)
        copies = 2 if self.dice.random() < TWICE_AT_ONCE else 1
        while not self.unexpected:
            if self._connected(copies):
                answers = self._ask(sale, copies)
                for status, headers, body in answers:
                    self._note(sale, status, headers, body)
                if answers or self.dice.random() < gives_up:
                    return
            time.sleep(AGAIN_SECONDS)

    def _connected(self, lines: int) -> bool:
        try:
            while len(self._lines) < lines:
                line = http.client.HTTPConnection(self.address, timeout=20)
                line.connect()
                self._lines.append(line)
        except OSError:
            return False
        return True

    def _ask(self, sale: Sale, copies: int) -> list[tuple[int, http.client.HTTPMessage, bytes]]:
        """The answers to all copies; none when the server dies meanwhile or says that it cannot now."""
        answers = []
        path, body, token = "/v1/operations", sale, self.key
        if is_scan(sale):
            path, body, token = "/v1/scans", self._scan(sale), self.device_token
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            for line in self._lines[:copies]:
                line.request("POST", path, json.dumps(body), headers)
            for line in self._lines[:copies]:
                answer = line.getresponse()
                answers.append((answer.status, answer.headers, answer.read()))
        except (OSError, http.client.HTTPException):
            self._hang_up()
        return [one for one in answers if one[0] != 503]

    def _scan(self, sale: Sale) -> dict[str, Any]:
        amounts = {unit: abs(amount) for unit, amount in sale["amounts"].items()}
        body = {"id": sale["id"], "pass_id": sale["pass_id"], "action": sale["kind"], "amounts": amounts}
        return self._scans.setdefault(sale["id"], body | {"device_seq": len(self._scans) + 1})

    def _hang_up(self) -> None:
        while self._lines:
            self._lines.pop().close()

    def _note(self, sale: Sale, status: int, headers: http.client.HTTPMessage, body: bytes) -> None:
        if status not in (201, 402):
            self.unexpected.append(f"{status} {body[:300]!r} for {sale}")
            return
        read = json.loads(body)
        told = read.get("balances") or {}
        if "card" in read:  # of a scan: all that the card counts, of which the sale changed some
            told = {sale["pass_id"]: [one for one in read["card"]["balances"] if one["unit"] in sale["amounts"]]}
        balances = {owner: {one["unit"]: one["minor"] for one in units} for owner, units in told.items() if units}
        what = {
            "declined": status == 402 or read.get("declined") is not None,
            "repeated": bool(read.get("repeated")) or headers.get("Idempotency-Replayed") == "true",
            "balances": balances,
        }
        self.journal.answered(sale["id"], what)
        if sale in self._kept:
            return
        self._kept.append(sale)
        if sale["kind"] == "charge" and not what["declined"]:
            self._charges.append(sale)

"""SIGKILL right after an answer loses nothing that was answered: 20 rounds on each engine.

Clients write and keep a journal of acknowledged answers; the server is killed at any moment and started again; then the tables
are read by plain SQL. May not enter: code of Billfold (the judge must not share its mistakes)."""

import base64
import contextlib
import http.client
import io
import json
import os
import random
import sqlite3
import threading
import time
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from e2e.conftest import Billfold, running

ROUNDS, CLIENTS = 20, 4
ACKNOWLEDGED_MIN = 6
"""Answers in a round before the server may be killed, so that each round has something to lose."""


class Journal:
    """A file that has each acknowledged answer before the next request is sent."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._guard = threading.Lock()
        self._path = path
        self.lines = 0

    def add(self, **entry: str) -> None:
        with self._guard:
            self._file.write(json.dumps(entry) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            self.lines += 1

    def read(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self._path.read_text(encoding="utf-8").splitlines()]


@dataclass(eq=False)
class Writer(threading.Thread):
    """One client: issues a pass, registers a device for it, changes it three times, and so on, until the server is gone."""

    address: str
    key: str
    name_: str
    journal: Journal
    sent: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """What was asked for each pass, in order: the last one may have been done without an answer."""
    unexpected: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def run(self) -> None:
        connection = http.client.HTTPConnection(self.address, timeout=20)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            while self._one_pass(connection):
                pass

    def _ask(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: object, authorization: str
    ) -> bytes | None:
        headers = {"Authorization": authorization, "Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body), headers)
        answer = connection.getresponse()
        read = answer.read()
        if answer.status not in (200, 201):
            self.unexpected.append(f"{method} {answer.status} {read[:200]!r}")
            return None
        return read

    def _one_pass(self, connection: http.client.HTTPConnection) -> bool:
        bearer = f"Bearer {self.key}"
        first = f"{self.name_} {time.monotonic_ns()}"
        answer = self._ask(connection, "POST", "/api/passes", _body(first), bearer)
        if answer is None:
            return False
        made = json.loads(answer)
        serial = made["serialNumber"]
        self.sent[serial].append(first)
        self.journal.add(kind="pass.issued", serial=serial, text=first)
        document = json.loads(zipfile.ZipFile(io.BytesIO(base64.b64decode(made["applePass"]))).read("pass.json"))
        device, pass_type = f"device-{serial[-12:]}", document["passTypeIdentifier"]
        path = f"{urlsplit(document['webServiceURL']).path}/v1/devices/{device}/registrations/{pass_type}/{serial}"
        token = {"pushToken": serial[-10:].encode().hex() * 3}
        if self._ask(connection, "POST", path, token, f"ApplePass {document['authenticationToken']}") is None:
            return False
        self.journal.add(kind="pass.installed", serial=serial, target=f"{pass_type}/{device}", address=token["pushToken"])
        for change in range(3):
            text = f"{first} change {change}"
            self.sent[serial].append(text)
            if self._ask(connection, "PUT", f"/api/passes/{serial}", _body(text), bearer) is None:
                return False
            self.journal.add(kind="pass.updated", serial=serial, text=text)
        return True


def _body(text: str) -> dict[str, str]:
    return {"barcodeValue": "LOYALTY-98765", "barcodeFormat": "QR", "logoText": text}


@contextlib.contextmanager
def reader(url: str) -> Iterator[Callable[[str], list[tuple]]]:
    """Runs SQL by the database's own driver."""
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            yield lambda query: connection.execute(query).fetchall()
    else:
        with psycopg.connect(url) as connection:
            yield lambda query: connection.execute(query).fetchall()
            connection.rollback()


def losses(ask: Callable[[str], list[tuple]], journal: Journal, sent: dict[str, list[str]]) -> list[str]:
    """What the journal says and the database does not, in words; empty when nothing was lost."""
    stored = ask("SELECT id, content, number FROM pass WHERE content IS NOT NULL")  # without the demo's cards
    passes = {serial: (bytes(content).decode(), number) for serial, content, number in stored}
    events = Counter(ask("SELECT subject, kind FROM event"))
    deliveries = ask("SELECT channel, target, wanted, address FROM delivery")
    rows = {(channel, target): (wanted, address) for channel, target, wanted, address in deliveries}
    held = {
        (serial, f"{pass_type}/{device}")
        for serial, pass_type, device in ask("SELECT pass_id, pass_type, device FROM registration")
    }
    lost = []
    acknowledged: dict[str, list[dict[str, str]]] = defaultdict(list)
    for entry in journal.read():
        acknowledged[entry["serial"]].append(entry)
    for serial, entries in acknowledged.items():
        if serial not in passes:
            lost.append(f"the pass {serial}")
            continue
        content, number = passes[serial]
        newest = [entry["text"] for entry in entries if "text" in entry][-1]
        # The change that was under way may have happened as well, but nothing older may be there.
        possible = sent[serial][sent[serial].index(newest) :]
        if not any(f'"{text}"' in content for text in possible):
            lost.append(f"{newest!r} of {serial}")
        lost.extend(
            f"{kind} of {serial}: {events[serial, kind]} events for {count} answers"
            for kind, count in Counter(entry["kind"] for entry in entries).items()
            if not count <= events[serial, kind] <= count + 1 or (kind == "pass.issued" and events[serial, kind] != 1)
        )
        if rows.get(("google", serial), (0, ""))[0] != number:
            lost.append(f"the wish of {serial} for Google")
        for entry in entries:
            if entry["kind"] != "pass.installed":
                continue
            wanted, address = rows.get(("apple", entry["target"]), (-1, ""))
            if (serial, entry["target"]) not in held or address != entry["address"]:
                lost.append(f"the registration of {serial}")
            if wanted != (number if events[serial, "pass.updated"] else 0):
                lost.append(f"the wish of the phone with {serial}")
    return lost


def contradictions(ask: Callable[[str], list[tuple]]) -> list[str]:
    """What no moment of death may leave behind."""
    found = []
    if ask("SELECT number FROM pass GROUP BY number HAVING count(*) > 1"):
        found.append("two passes have one change number")
    counter = "SELECT value FROM counter c WHERE c.workspace = p.workspace AND c.environment = p.environment"
    if ask(f"SELECT id FROM pass p WHERE number > ({counter})"):
        found.append("a number beyond the counter")
    if ask("SELECT p.id FROM pass p LEFT JOIN event e ON e.subject = p.id AND e.kind = 'pass.issued' WHERE e.id IS NULL"):
        found.append("a pass without its event")
    wish = "SELECT 1 FROM delivery d WHERE d.target = p.id AND d.channel = 'google' AND d.wanted >= p.number"
    if ask(f"SELECT p.id FROM pass p WHERE NOT EXISTS ({wish})"):
        found.append("a pass without its wish")
    return found


def one_round(billfold: Billfold, journal: Journal, dice: random.Random, nth: int) -> list[Writer]:
    writers = [
        Writer(urlsplit(billfold.url).netloc, billfold.key, f"round {nth} client {client}", journal) for client in range(CLIENTS)
    ]
    before = journal.lines
    for writer in writers:
        writer.start()
    while journal.lines < before + ACKNOWLEDGED_MIN and any(writer.is_alive() for writer in writers):
        time.sleep(0.002)
    time.sleep(dice.uniform(0, 0.25))
    billfold.kill()
    for writer in writers:
        writer.join(30)
        assert not writer.is_alive()
    assert journal.lines >= before + ACKNOWLEDGED_MIN, [line for writer in writers for line in writer.unexpected]
    return writers


@pytest.mark.requirement("S3-01", "S0-39", "S1-11")
def test_what_was_answered_survives_sigkill(tmp_path: Path, database_url: str) -> None:
    journal, dice = Journal(tmp_path / "journal"), random.Random(20261120)
    sent: dict[str, list[str]] = {}
    with running(tmp_path, database_url) as billfold:
        for nth in range(ROUNDS):
            for writer in one_round(billfold, journal, dice, nth):
                assert writer.unexpected == []
                sent |= writer.sent
            billfold.start()
            with reader(database_url) as ask:
                assert losses(ask, journal, sent) == []
                assert contradictions(ask) == []
        charged = [entry for entry in journal.read() if entry["kind"] in ("pass.issued", "pass.updated")]
        assert billfold.api("GET", "/api/auth/usage").json["count"] >= len(charged)
    with reader(database_url) as ask:
        if database_url.startswith("sqlite"):
            assert ask("PRAGMA integrity_check") == [("ok",)]
            assert ask("PRAGMA foreign_key_check") == []
        held = [entry for entry in journal.read() if entry["kind"] == "pass.installed"]
        for step in (
            f"UPDATE pass SET number = number - 1 WHERE id = '{held[0]['serial']}' RETURNING 1",
            f"DELETE FROM event WHERE subject = '{held[1]['serial']}' AND kind = 'pass.issued' RETURNING 1",
            f"DELETE FROM delivery WHERE target = '{held[2]['target']}' RETURNING 1",
            f"DELETE FROM registration WHERE pass_id = '{held[3]['serial']}' RETURNING 1",
        ):  # the judge sees what is taken away (and nothing of it is committed)
            before = len(losses(ask, journal, sent))
            assert ask(step) == [(1,)]
            assert len(losses(ask, journal, sent)) > before

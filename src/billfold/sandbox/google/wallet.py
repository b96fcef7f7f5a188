"""What the phone of one account knows: its saved passes, and a stream of what changes and what it would show.

No such interface exists at Google; it is here for virtual phones. May not enter: the issuer's API.
Source: reference/google-wallet.md sections 1.6 and 4."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from billfold.sandbox.google.clock import Clock
from billfold.sandbox.google.notices import Hub, title_of
from billfold.sandbox.google.saves import Saves
from billfold.sandbox.google.state import GoogleState, Stored
from billfold.sandbox.google.values import Json, JsonObject, as_object, as_text, dig, dump
from billfold.sandbox.google.verticals import CLASS, OBJECT

KEEP_ALIVE_SECONDS = 15
_NOTICES_SHOWN = 50


@dataclass(frozen=True)
class Wallet:
    state: GoogleState
    clock: Clock
    hub: Hub
    saves: Saves

    def objects(self, account: str) -> JsonObject:
        """All saved passes; `lastEventId` is where a stream must begin to miss nothing after this answer."""
        last = self.last_event(account)
        shown: list[Json] = [
            {**self._entry(each), "notices": self._notices(account, each.id)} for each in self.saves.saved_by(account)
        ]
        return {"account": account, "lastEventId": str(last), "objects": shown}

    def _entry(self, stored: Stored) -> JsonObject:
        parent = self.state.resource(CLASS, stored.class_id)
        return {
            "objectId": stored.id,
            "classId": stored.class_id,
            "vertical": stored.vertical,
            "title": title_of(self.state, stored),
            "section": "expired" if self._expired(stored) else "active",
            "object": stored.body,
            "class": parent.body if parent else {},
        }

    def _expired(self, stored: Stored) -> bool:
        """Google takes up to 24 hours to move a pass whose interval is over; here it moves at once."""
        if stored.body.get("state") in ("COMPLETED", "EXPIRED", "INACTIVE"):
            return True
        text = as_text(dig(stored.body, "validTimeInterval", "end", "date"))
        try:
            end = datetime.fromisoformat(text)
        except ValueError:
            return False
        aware = end if end.tzinfo else end.replace(tzinfo=UTC)
        return aware.timestamp() * 1000 < self.clock.now_ms()

    def _notices(self, account: str, object_id: str) -> list[Json]:
        sql = """select * from (select * from event where account = ? and object_id = ? and type = 'notification'
                 order by seq desc limit ?) order by seq"""
        rows = self.state.rows(sql, account, object_id, _NOTICES_SHOWN)
        return [as_object(json.loads(row["data"])) for row in rows]

    def last_event(self, account: str) -> int:
        return int(self.state.rows("select coalesce(max(seq), 0) from event where account = ?", account)[0][0])

    async def stream(self, account: str, after: int) -> AsyncIterator[bytes]:
        """Server-Sent Events of `account` after the event `after`, until the stand-in closes or the reader leaves."""
        woken = self.hub.join()
        try:
            yield b"retry: 500\n\n"
            while not self.hub.closing:
                woken.clear()
                rows = self.state.rows("select * from event where account = ? and seq > ? order by seq limit 100", account, after)
                for row in rows:
                    after = row["seq"]
                    yield self._event(row)
                if not rows:
                    try:
                        await asyncio.wait_for(woken.wait(), KEEP_ALIVE_SECONDS)
                    except TimeoutError:
                        yield b": keep-alive\n\n"
        finally:
            self.hub.leave(woken)

    def _event(self, row: sqlite3.Row) -> bytes:
        """An event names what happened; what the pass holds is as of now, for a phone that comes late shows only that."""
        data: JsonObject = {"type": row["type"], "account": row["account"], "objectId": row["object_id"]}
        data |= as_object(json.loads(row["data"]))
        stored = self.state.resource(OBJECT, row["object_id"])
        if stored is not None and row["type"] in ("saved", "changed"):
            data = {**data, **self._entry(stored)}
        return b"id: %d\nevent: %s\ndata: %s\n\n" % (row["seq"], row["type"].encode(), dump(data))

"""Who would have seen what: the notices that phones show, their quotas, and the events that virtual phones follow.

The texts are invented; Google's own are not published. May not enter: HTTP, validation.
Source: reference/google-wallet.md section 4, section 8.2 rules 13, 14 and 27."""

import asyncio
import json
from dataclasses import dataclass

from billfold.sandbox.google.clock import DAY_MS, Clock
from billfold.sandbox.google.state import GoogleState, Stored
from billfold.sandbox.google.values import Json, JsonObject, as_text, dig
from billfold.sandbox.google.verticals import CLASS, OBJECT

QUOTA = 3
MESSAGE, UPDATE = "message", "update"
_TEXT = {MESSAGE: "You have a new message", UPDATE: "Your pass has been updated"}

# What a change must touch before NOTIFY_ON_UPDATE tells anybody. Loyalty is documented, event and flight are a guess.
_NOTIFYING: dict[tuple[str, str], tuple[tuple[str, ...], ...]] = {
    ("loyalty", CLASS): (("programName",), ("rewardsTier",), ("secondaryRewardsTier",)),
    ("loyalty", OBJECT): (("loyaltyPoints", "balance"), ("secondaryLoyaltyPoints", "balance")),
    ("eventTicket", CLASS): (("eventName",), ("dateTime",), ("venue",)),
    ("eventTicket", OBJECT): (("seatInfo",),),
    ("flight", OBJECT): (("boardingAndSeatingInfo",),),
}


class Hub:
    """Wakes whoever follows events or sends callbacks. All of it lives in one event loop."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()
        self.closing = False

    def join(self) -> asyncio.Event:
        event = asyncio.Event()
        self._waiting.add(event)
        return event

    def leave(self, event: asyncio.Event) -> None:
        self._waiting.discard(event)

    def wake(self) -> None:
        for event in self._waiting:
            event.set()

    def close(self) -> None:
        self.closing = True
        self.wake()


def notifying_change(kind: tuple[str, str], before: JsonObject, after: JsonObject) -> bool:
    """Whether a field on Google's list for this vertical and level differs."""
    return any(dig(before, *path) != dig(after, *path) for path in _NOTIFYING.get(kind, ()))


@dataclass(frozen=True)
class Notices:
    state: GoogleState
    clock: Clock
    hub: Hub

    def quota_left(self, kind: str, resource_id: str, channel: str) -> bool:
        since = self.clock.now_ms() - DAY_MS
        sql = "select count(*) from notice_count where kind = ? and id = ? and channel = ? and at_ms > ?"
        return int(self.state.rows(sql, kind, resource_id, channel, since)[0][0]) < QUOTA

    def spend(self, kind: str, resource_id: str, channel: str) -> None:
        now = self.clock.now_ms()
        self.state.run("delete from notice_count where at_ms <= ?", now - DAY_MS)
        self.state.run("insert into notice_count values (?, ?, ?, ?)", kind, resource_id, channel, now)

    def event(self, account: str, type_: str, object_id: str, data: JsonObject) -> None:
        """One thing that the phone of `account` learns of."""
        sql = "insert into event (account, type, object_id, data) values (?, ?, ?, ?)"
        self.state.run(sql, account, type_, object_id, json.dumps(data))
        self.hub.wake()

    def _held(self, target: Stored) -> list[tuple[str, str]]:
        if target.kind == CLASS:
            return self.state.held_objects_of(target.id)
        return [(target.id, account) for account in self.state.holders(target.id)]

    def changed(self, target: Stored) -> None:
        """A class or object has new content: each phone that holds it, or an object of it, will sync."""
        for object_id, account in self._held(target):
            self.event(account, "changed", object_id, {"resourceId": target.id})

    def notify(self, target: Stored, channel: str, message: JsonObject) -> None:
        """The phones of all holders show a notice, which is logged."""
        held = self._held(target)
        for object_id, account in held:
            title, text = self._title(object_id), _TEXT[channel]
            data: JsonObject = {"resourceId": target.id, "cause": channel, "title": title, "text": text, "message": message}
            self.event(account, "notification", object_id, data)
        self._log(target, channel, True, sorted({account for _, account in held}), message)

    def suppressed(self, target: Stored, channel: str, message: JsonObject) -> None:
        """The quota is spent: nobody sees anything, and the log says so."""
        self._log(target, channel, False, [], message)

    def _log(self, target: Stored, channel: str, shown: bool, accounts: list[str], message: JsonObject) -> None:
        self.state.run(
            "insert into notification (at_ms, cause, kind, id, shown, accounts, title, text, message) values (?,?,?,?,?,?,?,?,?)",
            *(self.clock.now_ms(), channel, target.kind, target.id, int(shown), json.dumps(accounts)),
            *(self._title(target.id) if target.kind == OBJECT else "", _TEXT[channel], json.dumps(message)),
        )

    def _title(self, object_id: str) -> str:
        found = self.state.resource(OBJECT, object_id)
        return title_of(self.state, found) if found else ""

    def log(self) -> list[Json]:
        rows = self.state.rows("select * from notification order by seq")
        return [
            {
                **{name: row[name] for name in ("seq", "at_ms", "cause", "kind", "id", "title", "text")},
                "shown": bool(row["shown"]),
                "accounts": json.loads(row["accounts"]),
                "message": json.loads(row["message"]),
            }
            for row in rows
        ]


def title_of(state: GoogleState, stored: Stored) -> str:
    """What the card's title area starts with; [TEST ONLY] in demo mode."""
    parent = state.resource(CLASS, stored.class_id)
    name = as_text(dig(stored.body, "cardTitle", "defaultValue", "value"))
    if parent is not None:
        name = name or as_text(parent.body.get("issuerName"))
    issuer = state.issuer(stored.issuer_id)
    return f"[TEST ONLY] {name}" if issuer and issuer.demo_mode else name

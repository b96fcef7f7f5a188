"""What happens on a virtual phone: one frozen class for each kind of event, and the log that keeps and tells them.

May not enter: network, disk.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all. `at` is when the phone saw it, aware, UTC."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def name(self) -> str:
        return type(self).__name__.lower()

    def to_json(self) -> str:
        """One line: `event`, `at`, then the event's own members, named as on Apple's wire (serialNumber)."""
        members = {_camel(name): _camel_all(value) for name, value in asdict(self).items() if name != "at"}
        at = self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return json.dumps({"event": self.name, "at": at, **members}, ensure_ascii=False, default=str)


@dataclass(frozen=True)
class ShownField:
    """A field as it reads on the card. `group` is header, primary, secondary, auxiliary, back...; `value` is formatted."""

    group: str
    key: str
    label: str
    value: str


@dataclass(frozen=True)
class FieldChange:
    """A field whose value is another than before. `old` None: it is new; `new` None: it is gone."""

    key: str
    label: str
    old: str | None
    new: str | None


@dataclass(frozen=True, kw_only=True)
class Card:
    """The face of a pass, whichever wallet shows it. `barcode`: the message of the code that this phone draws.

    `layout`: which look an iPhone chose; `relevance`: when and where the lock screen offers it; `nfc`: readers get something."""

    title: str
    organization_name: str
    fields: tuple[ShownField, ...]
    background_color: str | None = None
    foreground_color: str | None = None
    barcode: str | None = None
    voided: bool = False
    barcode_format: str | None = None
    layout: str | None = None
    expired: bool = False
    relevance: tuple[str, ...] = ()
    nfc: bool = False


@dataclass(frozen=True, kw_only=True)
class Opened(Event):
    """The link answered. `content_type` tells whether it was the page or the pass itself."""

    link: str
    status: int
    content_type: str


@dataclass(frozen=True, kw_only=True)
class Installed(Event):
    """The pass is in the wallet. `again`: it was there before, and was replaced."""

    serial_number: str
    pass_type_identifier: str
    card: Card
    again: bool = False


@dataclass(frozen=True, kw_only=True)
class Registered(Event):
    """The server took the registration. `status` is 201 when new, 200 when it knew it."""

    serial_number: str
    device_library_identifier: str
    status: int


@dataclass(frozen=True, kw_only=True)
class Waiting(Event):
    """The line on which pushes or changes arrive is open."""

    topic: str


@dataclass(frozen=True, kw_only=True)
class Pushed(Event):
    topic: str


@dataclass(frozen=True, kw_only=True)
class Fetched(Event):
    """The server gave the pass anew."""

    serial_number: str
    last_modified: str | None


@dataclass(frozen=True, kw_only=True)
class Unchanged(Event):
    """Asked, and nothing is new. `serial_number` None: nothing at all is new for the pass type."""

    serial_number: str | None = None


@dataclass(frozen=True, kw_only=True)
class Notified(Event):
    """The lock screen shows a line. `generic`: a text of the system's, not the issuer's."""

    serial_number: str
    title: str
    text: str
    generic: bool = False


@dataclass(frozen=True, kw_only=True)
class Updated(Event):
    """The card shows the new version. `message` is a text inside the pass (Android)."""

    serial_number: str
    changes: tuple[FieldChange, ...]
    card: Card
    message: str | None = None


@dataclass(frozen=True, kw_only=True)
class Complained(Event):
    """The server did wrong, and the phone told its log endpoint so in this text."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Removed(Event):
    serial_number: str


@dataclass(frozen=True, kw_only=True)
class Failed(Event):
    """Something did not work. `gives_up`: the phone will not try again by itself."""

    text: str
    gives_up: bool = False


class EventLog:
    """All events of a phone in their order. Any number of readers, each from the beginning, until `close`."""

    def __init__(self) -> None:
        self.history: list[Event] = []
        self._closed = False
        self._news = asyncio.Event()

    def add(self, event: Event) -> None:
        self.history.append(event)
        self._wake()

    def close(self) -> None:
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def follow(self, start: int = 0) -> AsyncIterator[Event]:
        position = start
        while True:
            news = self._news
            while position < len(self.history):
                yield self.history[position]
                position += 1
            if self._closed:
                return
            if position == len(self.history) and news is self._news:
                await news.wait()


def event_members(kind: type[Event]) -> tuple[str, ...]:
    """The member names of an event's JSON line, for help texts."""
    return tuple(_camel(member.name) for member in fields(kind) if member.name != "at")


def _camel_all(value: object) -> object:
    if isinstance(value, dict):
        return {_camel(name): _camel_all(member) for name, member in value.items()}
    return [_camel_all(member) for member in value] if isinstance(value, list | tuple) else value


def _camel(name: str) -> str:
    return re.sub(r"_(.)", lambda match: match[1].upper(), name)

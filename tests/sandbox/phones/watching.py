"""Waits until a phone has reported what the test asks for."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol, TypeVar

from billfold.sandbox.phones.events import Event

Kind = TypeVar("Kind", bound=Event)
PATIENCE_SECONDS = 20  # only a hang takes that long


class Phone(Protocol):
    @property
    def history(self) -> tuple[Event, ...]: ...

    def events(self) -> AsyncIterator[Event]: ...


def seen(phone: Phone, kind: type[Kind]) -> list[Kind]:
    return [event for event in phone.history if isinstance(event, kind)]


async def until(phone: Phone, kind: type[Kind], count: int = 1) -> Kind:
    """The `count`-th event of a kind, when it has happened."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for event in phone.events():
            if isinstance(event, kind):
                count -= 1
                if count == 0:
                    return event
    raise AssertionError(f"the phone was switched off without {kind.__name__}")


def names(phone: Phone, start: int = 0) -> list[str]:
    return [event.name for event in phone.history[start:]]

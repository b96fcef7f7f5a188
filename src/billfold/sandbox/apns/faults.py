"""Faults on demand: what shall go wrong with the next pushes, for how many of them, or for how long.

Decides only; server.py and connection.py act it out. May not enter: sockets, the clock (time is a parameter, in seconds).
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

FaultKind = Literal[
    "answer",  # answer with status and reason, deliver nothing
    "slow",  # answer as usual, delay_seconds later
    "silence",  # a black hole: never answer, deliver nothing
    "reset_stream",  # RST_STREAM with error_code
    "goaway",  # GOAWAY naming this push as the last one served, then close when it is answered
    "goaway_close",  # the same and close at once, with whatever was not answered
    "reset_connection",  # TCP reset in place of an answer, deliver nothing
    "lose_answer",  # deliver the push, then TCP reset: the sender cannot know
]


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """One thing that goes wrong. It lets `after` pushes pass, then befalls `count` of them (None: all).

    `lasts_seconds` ends it by itself, counted from the moment it was asked for.
    """

    kind: FaultKind
    count: Annotated[int, msgspec.Meta(ge=1)] | None = None
    after: Annotated[int, msgspec.Meta(ge=0)] = 0
    lasts_seconds: Annotated[float, msgspec.Meta(gt=0)] | None = None
    status: Annotated[int, msgspec.Meta(ge=200, le=599)] = 503
    reason: str | None = "ServiceUnavailable"
    retry_after_seconds: Annotated[int, msgspec.Meta(ge=0)] | None = None
    delay_seconds: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    error_code: Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)] = 7  # REFUSED_STREAM


@dataclass
class _Active:
    fault: Fault
    still_to_pass: int
    still_to_befall: int | None
    ends_at: float | None


class FaultPlan:
    """The faults now in force, the oldest first; of several that apply the oldest wins."""

    def __init__(self) -> None:
        self._active: list[_Active] = []

    def add(self, fault: Fault, now: float) -> None:
        ends_at = None if fault.lasts_seconds is None else now + fault.lasts_seconds
        self._active.append(_Active(fault, fault.after, fault.count, ends_at))

    def heal(self) -> None:
        self._active.clear()

    def next_push(self, now: float) -> Fault | None:
        """The fault that befalls the push at hand, which is thereby counted."""
        if not self._active:
            return None
        self._active = [entry for entry in self._active if entry.ends_at is None or entry.ends_at > now]
        for entry in self._active:
            if entry.still_to_pass > 0:
                entry.still_to_pass -= 1
                continue
            if entry.still_to_befall is not None:
                entry.still_to_befall -= 1
                if entry.still_to_befall == 0:
                    self._active.remove(entry)
            return entry.fault
        return None

    def in_force(self, now: float) -> tuple[Fault, ...]:
        return tuple(entry.fault for entry in self._active if entry.ends_at is None or entry.ends_at > now)

"""What is measured of a picture once, when it comes in, so that judging it later costs no pixels (lint.py).

Values only; measured in the child process (measure.py). May not enter: Pillow, what the numbers mean for a wallet.
"""

from dataclasses import dataclass, field

import msgspec

BINS = 32
GRID = 16


@dataclass(frozen=True, slots=True)
class Facts:
    """Of the whole picture, upright, as it was sent. Lightness is relative luminance in sRGB's curve, 0 (black) to 1.

    `border`: share of the width or height at the left, top, right and bottom that is transparent. `coverage`: mean opacity.
    `ink`: share of what is opaque in each of 32 steps of lightness. `edge`: colour of the outermost pixels where they are opaque
    and all alike. `light`, `busy`: mean and deviation of lightness (0 to 255) in 16 x 16 fields by rows, on white."""

    width: int
    height: int
    bytes: int
    format: str
    animated: bool
    four_inks: bool
    coverage: float
    border: tuple[float, float, float, float]
    ink: tuple[float, ...]
    edge: str | None
    light: tuple[int, ...]
    busy: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept beside a stored picture. `root`: the picture that this one is a part of, or itself; `frame`: which part, as at
    the end of an address. `sizes`: bytes of each file made, `strip@3x` → bytes."""

    root: str
    facts: Facts | None = None
    frame: str | None = None
    sizes: dict[str, int] = field(default_factory=dict)


_ENCODER = msgspec.json.Encoder(order="deterministic")
_RECORDS = msgspec.json.Decoder(Record)
_FACTS = msgspec.json.Decoder(Facts)


def encode(record: Record) -> str:
    return _ENCODER.encode(record).decode()


def decode(text: str) -> Record:
    """Raises ValueError for what `encode` did not make."""
    return _RECORDS.decode(text)


def facts_of(data: bytes) -> Facts:
    """Checks types and counts: the child has read bytes of strangers. Raises ValueError."""
    facts = _FACTS.decode(data)
    if len(facts.ink) != BINS or len(facts.light) != GRID * GRID or len(facts.busy) != GRID * GRID:
        raise ValueError("a measure has the wrong length")
    return facts

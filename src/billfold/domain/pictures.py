"""What is known of pictures outside of the room that keeps them: values only. May not enter: pixels, addresses, storing."""

from dataclasses import dataclass

import msgspec

from billfold.domain.errors import FieldProblem


@dataclass(frozen=True, slots=True)
class ShelvedPicture:
    """A picture that was taken in. Sizes are those of what was sent; `bytes` None when that was not kept. `frame`: which part of
    another picture it is, like `focus=0.5,0.3`. `notes`: what is worth saying of it before it has a place."""

    hash: str
    width: int
    height: int
    created_at_ms: int
    bytes: int | None
    frame: str | None
    notes: tuple[FieldProblem, ...] = ()


class PublicPictures(msgspec.Struct, frozen=True):
    """Content hashes of what Google is shown: there is always a logo."""

    logo: str
    wide_logo: str | None = None
    hero: str | None = None
    module: str | None = None

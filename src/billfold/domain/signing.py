"""What is to be signed and with which key, and who does it. May not enter: making a signature, where keys come from."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class SigningKey:
    """A private RSA key (PEM), checked when it was taken in. Known by being this object: whoever keeps what was made of it keeps it
    for as long as somebody holds the key."""

    pem: bytes = field(repr=False)


class ToSign(msgspec.Struct, frozen=True):
    """A SHA-256 digest, and the key that is to sign it (RSASSA-PKCS1-v1_5)."""

    key: SigningKey
    digest: bytes


class Pending(Protocol):
    """Signatures that are being made, in order. Awaiting raises Unavailable where they cannot be; what nobody awaits any more is
    cancelled."""

    def __await__(self) -> Generator[Any, None, list[bytes]]: ...
    def cancel(self) -> bool: ...


class Signatures(Protocol):
    def __call__(self, wanted: Sequence[ToSign], /) -> Pending:
        """Begins at once, where another core can do it, while requests go on. Raises Unavailable."""

"""What is to be signed and with which key, and who does it. May not enter: making a signature, where keys come from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class SigningKey:
    """A private RSA key (PEM), checked when it was taken in. Known by being this object: whoever keeps what was made of it keeps it
    for as long as somebody holds the key."""

    pem: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ToSign:
    """A SHA-256 digest, and the key that is to sign it (RSASSA-PKCS1-v1_5)."""

    key: SigningKey
    digest: bytes


class Signatures(Protocol):
    async def __call__(self, wanted: Sequence[ToSign], /) -> list[bytes]:
        """The signatures, in order, made where another core can make them, while requests go on. Raises Unavailable."""

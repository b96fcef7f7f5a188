"""Bundles in pieces: what many passes share, once, and what each has for itself.

The pictures are most of a bundle and the same in all passes that show them: an answer names the one copy instead of making its
own, and their base64, which is most of what POST /api/passes has to say, is made once. May not enter: what the bytes are."""

import msgspec

_encode = msgspec.json.Encoder().encode
"""Writes bytes as base64 between quotes, faster than the standard library does without."""


class Shared:
    """How many bundles begin. `own`: bytes after those of `before`; `length`: of all."""

    __slots__ = ("_before", "_left", "_text", "length", "pieces", "size")

    def __init__(self, own: bytes, before: "Shared | None" = None) -> None:
        self.pieces: tuple[bytes, ...] = (*before.pieces, own) if before else (own,)
        self.length: int = len(own) + (before.length if before else 0)
        self.size = len(own) * 7 // 3  # bytes in memory, the base64 among them
        self._before = before
        self._text: tuple[bytes, ...] | None = None
        self._left = b""

    def text(self) -> tuple[tuple[bytes, ...], bytes]:
        """(base64 in pieces, of as many bytes as are whole groups of three; the others, two at most). Made once."""
        if self._text is None:
            texts, left = self._before.text() if self._before else ((), b"")
            own = left + self.pieces[-1]
            whole = len(own) // 3 * 3
            self._left = own[whole:]
            self._text = (*texts, base64(memoryview(own)[:whole]))
        return self._text, self._left


class Bundle:
    """A signed bundle. `bytes` gives it as one string, a copy."""

    __slots__ = ("_own", "_shared")

    def __init__(self, shared: Shared, own: bytes) -> None:
        self._shared, self._own = shared, own

    def __len__(self) -> int:
        return self._shared.length + len(self._own)

    def __bytes__(self) -> bytes:
        return b"".join(self.pieces())

    def pieces(self) -> tuple[bytes, ...]:
        return (*self._shared.pieces, self._own)

    def text(self) -> tuple[bytes, ...]:
        """The same as base64."""
        texts, left = self._shared.text()
        return (*texts, base64(left + self._own))


def base64(data: bytes | memoryview) -> bytes:
    return _encode(data)[1:-1]

"""Answers in pieces: bytes that many answers share are sent as they are, not copied for each. May not enter: what they say."""

from collections.abc import Mapping, Sequence

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

JOINED_BYTES_MAX = 32 * 1024
"""Up to here a copy costs less than one more message to the server."""


class InPieces(Response):
    """200 with these bytes, one after the other."""

    def __init__(self, pieces: Sequence[bytes], headers: Mapping[str, str], media_type: str) -> None:
        length = sum(map(len, pieces))
        self._pieces = pieces if length > JOINED_BYTES_MAX else (b"".join(pieces),)
        super().__init__(None, 200, {**headers, "Content-Length": str(length)}, media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        *first, last = self._pieces
        for piece in first:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": last})
        if self.background is not None:
            await self.background()

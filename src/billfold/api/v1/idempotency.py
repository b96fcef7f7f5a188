"""Idempotency keys of POSTs: the answer is kept in the transaction of its effect, and given again to whoever asks again.

A key belongs to the workspace and environment, not to the access key. Refusals are not kept: the key stays free. Source:
reference/reliability-security.md section 3.5. May not enter: what the requests do."""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from billfold.api.problems import MalformedKey
from billfold.domain.errors import FieldProblem, IdempotencyMismatch
from billfold.domain.keys import Actor
from billfold.ports import SavedAnswer, Services, Tx

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{16,128}\Z")
Keep = Callable[[Tx, bytes], None]
"""Keeps the answer's body, inside the transaction of its effect."""


class _Answered(Exception):
    def __init__(self, saved: SavedAnswer) -> None:
        self.saved = saved


def fingerprint(request: Request, body: BaseModel | None) -> str:
    """SHA-256 over method, path (which holds the API's version and the ids) and the checked body in canonical form."""
    text = json.dumps(
        [request.method, request.url.path, body.model_dump(mode="json") if body else None], sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(text.encode()).hexdigest()


class Once:
    """One POST, done at most once under its idempotency key; without a key, simply done."""

    def __init__(self, services: Services, actor: Actor, request: Request, body: BaseModel | None = None) -> None:
        """Raises MalformedKey."""
        self._services, self._scope = services, actor.scope
        self.key = request.headers.get(HEADER)
        if self.key is not None and not _KEY.match(self.key):
            mend = "use 16 to 128 visible ASCII characters, as of a UUID"
            raise MalformedKey(FieldProblem(HEADER, "malformed", "is no idempotency key", mend))
        self.fingerprint = fingerprint(request, body) if self.key else ""

    async def answer(self, status: int, work: Callable[[Keep], Awaitable[bytes]]) -> Response:
        """What `work` answers, or what was answered before. Raises IdempotencyMismatch, and what `work` raises."""
        if self.key is None:
            return _response(status, await work(lambda _tx, _body: None))
        if saved := await self._find():
            return self._replay(saved)

        def keep(tx: Tx, body: bytes) -> None:
            assert self.key is not None
            if saved := tx.idempotency.find(self._scope, self.key):
                raise _Answered(saved)
            answer = SavedAnswer(self.fingerprint, status, body, self._services.clock.now_ms())
            tx.idempotency.add(self._scope, self.key, answer)

        try:
            return _response(status, await work(keep))
        except _Answered as answered:
            return self._replay(answered.saved)
        except Exception:
            # Two that came at once: the database refuses the second one's key, then the first one's answer is there.
            if saved := await self._find():
                return self._replay(saved)
            raise

    async def _find(self) -> SavedAnswer | None:
        key = self.key
        assert key is not None
        return await self._services.store.read(lambda tx: tx.idempotency.find(self._scope, key))

    def _replay(self, saved: SavedAnswer) -> Response:
        if saved.fingerprint != self.fingerprint:
            raise IdempotencyMismatch
        response = _response(saved.status, saved.body)
        response.headers[REPLAYED] = "true"
        return response


def _response(status: int, body: bytes) -> Response:
    return Response(body, status, media_type="application/json")

"""Google's one route: a signed word that somebody saved or removed a pass. Answered quickly, believed only as a hint to look.

May not enter: how the signature is checked (wallets/google/callbacks.py), what follows (flows/callbacks.py)."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from billfold.domain.errors import Invalid, Unavailable
from billfold.domain.ids import Scope
from billfold.flows import callbacks
from billfold.ports import CallbackReader, Services

BODY_BYTES_MAX = 20_000


class GoogleCallbacks:
    def __init__(self, services: Services, reader: CallbackReader) -> None:
        self._services, self._reader = services, reader

    def routes(self) -> list[Route]:
        return [Route("/google/{scope}/callback", self.receive, methods=["POST"])]

    async def receive(self, request: Request) -> Response:
        """200 when genuine (also the second time), 400 when not, 503 when it cannot be checked now (Google sends it again)."""
        scope = Scope.parse(request.path_params["scope"])
        body = await request.body()
        if scope is None or len(body) > BODY_BYTES_MAX:
            return Response(b"", 400)
        try:
            await callbacks.receive(self._services, self._reader, scope, body)
        except Invalid:
            return Response(b"", 400)
        except Unavailable as error:
            return Response(b"", 503, {"Retry-After": str(error.retry_after_seconds)})
        return Response(b"", 200)

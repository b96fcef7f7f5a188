"""The REST API's door: an ASGI application of its own, since workers knock at it all day and need nothing of the web framework.

May not enter: what requests mean (api.py), any other address."""

from starlette.types import Receive, Scope, Send

from billfold.sandbox.google import errors
from billfold.sandbox.google.api import Api, ApiRequest
from billfold.sandbox.google.web import CHALLENGE, answer, answer_error, path_below_root, read_body

ROOT = "/walletobjects/"
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def leads_to_api(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["method"] in VERBS and path_below_root(scope).startswith(ROOT)


class Door:
    def __init__(self, api: Api) -> None:
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = scope.get("raw_path") or scope["path"].encode()
        path = raw.decode("latin-1").partition("?")[0]
        path = path[max(path.find(ROOT), 0) :]  # without the mount point; %2F in ids stays
        authorization = next((value for name, value in scope["headers"] if name == b"authorization"), b"").decode("latin-1")
        try:
            body = await read_body(receive)
        except errors.ApiError as error:
            await answer_error(error)(scope, receive, send)
            return
        done = self._api.handle(ApiRequest(scope["method"], path, scope["query_string"].decode("latin-1"), authorization, body))
        await answer(done.status, done.body, CHALLENGE if done.status == 401 else None)(scope, receive, send)

"""The stand-ins together: their controls are for whoever runs the server, not for the world."""

import pytest
from starlette.responses import PlainTextResponse

from billfold.sandbox.site import LocalControl


async def status_of(path: str, client: str, headers: list[tuple[bytes, bytes]]) -> int:
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b""}

    scope = {"type": "http", "method": "GET", "path": f"/sandbox/apns{path}", "root_path": "/sandbox/apns", "headers": headers}
    await LocalControl(PlainTextResponse("reached"))(scope | {"client": (client, 1)}, receive, send)
    return sent[0]["status"]


@pytest.mark.parametrize(
    ("path", "client", "headers", "status"),
    [
        ("/control/faults", "127.0.0.1", [], 200),
        ("/control/faults", "::1", [], 200),
        ("/control/faults", "192.0.2.7", [], 403),
        ("/control/faults", "127.0.0.1", [(b"x-forwarded-for", b"192.0.2.7")], 403),
        ("/devices", "192.0.2.7", [(b"x-forwarded-for", b"192.0.2.8")], 200),
    ],
)
async def test_controls_answer_this_machine_alone(path, client, headers, status):
    assert await status_of(path, client, headers) == status

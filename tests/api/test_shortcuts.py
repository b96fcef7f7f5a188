"""An operation found by its exact address answers as it does the ordinary way. Below a prefix every request goes that way."""

from typing import Any

import pytest

from api.client import Client
from api.conftest import World, on_sqlite

pytestmark = on_sqlite

CHARGE = {"id": "shortcut-000000001", "kind": "charge", "pass_id": "mine00t-nothing", "amounts": {"EUR": -1}}


def below(prefix: str, app: Any) -> Any:
    async def moved(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "root_path": prefix, "path": prefix + scope["path"]}, receive, send)

    return moved


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/operations", CHARGE, 404),
        ("POST", "/v1/operations", CHARGE | {"amount": 1}, 422),
        ("POST", "/v1/operations", b'{"id":', 400),
        ("POST", "/v1/scans", {"id": "shortcut-000000002", "action": "charge", "pass_id": "mine00t-nothing"}, 404),
        ("GET", "/v1/scans", None, 405),
        ("PUT", "/v1/operations", CHARGE, 405),
        ("POST", "/v1/operations/", CHARGE, 404),
        ("POST", "/api/passes", {"barcodeValue": 7}, 400),
        ("GET", "/api/passes", None, 405),
        ("GET", "/api/auth/usage", None, 200),
        ("HEAD", "/healthz", None, 200),
        ("GET", "/apple", None, 404),
    ],
)
async def test_both_ways_lead_to_the_same_answer(world: World, method: str, path: str, body: object, status: int) -> None:
    ordinary = Client(below("/here", world.app), world.client.key)
    for short, long in ((world.client, ordinary), (world.client.with_key(None), ordinary.with_key(None))):
        one, other = await short.ask(method, path, body), await long.ask(method, path, body)
        assert (one.status, one.body) == (other.status, other.body)
        assert one.headers.keys() == other.headers.keys()
    assert (await world.client.ask(method, path, body)).status == status

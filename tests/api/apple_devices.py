"""What a device knows and asks, for the tests of the PassKit web service. May not enter: tests."""

import base64
import io
import json
import zipfile
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from api.client import Answer, Client
from api.conftest import FACADE_CARD, MINE, World
from billfold.domain.delivery import Channel, Due
from billfold.ports import Tx

PUSH_TOKEN = "a1" * 32
FOREVER = 2**62


@dataclass(frozen=True)
class Card:
    """What a device knows of a pass: only what its pass.json says."""

    client: Client
    serial: str
    token: str
    pass_type: str
    base: str
    bundle: bytes = field(repr=False)

    @property
    def address(self) -> str:
        return f"{self.base}/passes/{self.pass_type}/{self.serial}"

    def registration(self, device: str = "device-1") -> str:
        return f"{self.base}/devices/{device}/registrations/{self.pass_type}/{self.serial}"

    async def ask(self, method: str, path: str, body: object = None, token: str | None = "", **headers: str) -> Answer:
        """`token`: another than the pass's own; None sends no Authorization."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            named.setdefault("Authorization", f"ApplePass {token or self.token}")
        return await self.client.ask(method, path, body, headers=named)

    async def register(self, device: str = "device-1", push_token: str = PUSH_TOKEN) -> int:
        return (await self.ask("POST", self.registration(device), {"pushToken": push_token})).status

    async def unregister(self, device: str = "device-1") -> int:
        return (await self.ask("DELETE", self.registration(device))).status

    async def fetch(self, since: str | None = None, method: str = "GET") -> Answer:
        return await self.ask(method, self.address, **({"If_Modified_Since": since} if since else {}))


def card_of(world: World, issued: Answer) -> Card:
    assert issued.status == 200, issued.body
    bundle = base64.b64decode(issued.json["applePass"])
    document = json.loads(zipfile.ZipFile(io.BytesIO(bundle)).read("pass.json"))
    base = urlsplit(document["webServiceURL"]).path + "/v1"
    nobody = world.client.with_key(None)
    return Card(nobody, document["serialNumber"], document["authenticationToken"], document["passTypeIdentifier"], base, bundle)


async def issue(world: World, client: Client | None = None, **changes: object) -> Card:
    return card_of(world, await (client or world.client).post("/api/passes", FACADE_CARD | changes))


async def change(world: World, card: Card, text: str) -> None:
    answer = await world.client.put(f"/api/passes/{card.serial}", FACADE_CARD | {"logoText": text})
    assert answer.status == 200, answer.body
    assert not answer.json["unchanged"]


async def what_changed(card: Card, device: str = "device-1", tag: str | None = None) -> tuple[list[str], str] | None:
    """The list as a device reads it; None for "nothing"."""
    query = "" if tag is None else f"?passesUpdatedSince={quote(tag)}"
    path = f"{card.base}/devices/{device}/registrations/{card.pass_type}{query}"
    answer = await card.ask("GET", path, token=None)
    assert answer.headers["cache-control"] == "no-store"
    if answer.status == 204:
        assert answer.body == b""
        return None
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert set(answer.json) == {"serialNumbers", "lastUpdated"}
    serials, newest = answer.json["serialNumbers"], answer.json["lastUpdated"]
    assert serials
    assert all(type(one) is str for one in serials)
    assert type(newest) is str
    return serials, newest


async def due(world: World) -> list[Due]:
    """Which devices are to be told."""

    def read(tx: Tx) -> list[Due]:
        return [row for bucket in range(8) for row in tx.deliveries.due(MINE, Channel.APPLE, bucket, FOREVER, 1000)]

    return await world.services.store.read(read)

"""Amounts through the API: exact or refused, never rounded silently."""

import pytest

from api.conftest import World, on_sqlite
from api.test_operations import card, post

REFUSED = {
    "zero": b"0",
    "minus zero": b"-0",
    "minus zero as a float": b"-0.0",
    "a sum of floats": b"0.30000000000000004",
    "a whole float": b"5.0",
    "an exponent": b"5e2",
    "text": b'"5"',
    "true": b"true",
    "null": b"null",
    "beyond every float": b"1e400",
    "2^63": b"9223372036854775808",
    "beyond the limit": b"1000000000001",
    "a list": b"[5]",
    "not a number": b"NaN",
}


@on_sqlite
@pytest.mark.parametrize("amount", REFUSED.values(), ids=REFUSED)
async def test_what_is_no_whole_number_of_minor_units_is_refused(world: World, amount: bytes) -> None:
    held = await card(world)
    body = b'{"id":"amount-000000000001","kind":"adjust","pass_id":"%s","amounts":{"EUR":%s}}' % (held.encode(), amount)
    refused = await world.client.post("/v1/operations", body)
    assert refused.status in (400, 422), refused.body
    assert amount.strip(b'"[]') not in refused.body or len(amount) < 6, "an error never echoes what was sent"
    assert (await world.client.get(f"/v1/passes/{held}/balances")).json["items"] == []


@on_sqlite
@pytest.mark.parametrize(
    ("unit", "minor", "text"),
    [
        ("JPY", 550, "550"),
        ("EUR", 550, "5.50"),
        ("KWD", 550, "0.550"),
        ("EUR", 1, "0.01"),
        ("KWD", 1, "0.001"),
        ("EUR", 10**12, "10000000000.00"),
        ("points", 550, "550"),
    ],
)
async def test_every_currency_has_its_own_decimals(world: World, unit: str, minor: int, text: str) -> None:
    held = await card(world)
    answer = await post(world, "amount", "top_up", held, {unit: minor})
    (shown,) = answer.json["balances"][held]
    assert (shown["minor"], shown["amount"]) == (minor, text)
    assert (await world.client.get(f"/v1/passes/{held}")).json["values"]["balances"][unit] == text

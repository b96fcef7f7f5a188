"""Amounts through the API: exact or refused, never rounded silently; and thousands of operations with repeats have one effect."""

import asyncio
import os
import random

import pytest

from api.conftest import World, on_sqlite
from api.test_operations import card, post
from billfold.storage import ledger_checker

OPERATIONS = int(os.environ.get("TEST_OPERATIONS", "500"))
"""docs/ledger-proofs.md: 100,000 for a long run."""

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


async def test_thousands_of_operations_with_repeats_have_one_effect_each(world: World, migrated_url: str) -> None:
    """Three in ten are sent again: the same body, another one, at once, or later."""
    dice = random.Random(11)
    held = [await card(world) for _ in range(8)]
    sent: list[tuple[str, str, str, dict[str, int]]] = []
    effects: dict[str, int] = dict.fromkeys(held, 0)
    posted: dict[str, int] = {}
    mismatches = 0

    async def tell(one: tuple[str, str, str, dict[str, int]]) -> None:
        answer = await post(world, *one)
        assert answer.status in (201, 402), answer.body
        if answer.status == 201:
            posted.setdefault(one[0], one[3]["EUR"])

    while len(sent) < OPERATIONS:
        batch, known = [], len(sent)
        for _ in range(16):
            if sent and dice.random() < 0.3:
                one = dice.choice(sent)
                if dice.random() < 0.2 and one in sent[:known]:
                    other = await post(world, one[0], one[1], one[2], {"EUR": one[3]["EUR"] + (1 if one[1] == "top_up" else -1)})
                    assert other.status == 422
                    mismatches += 1
                else:
                    batch += [one] * dice.randint(1, 3)
            else:
                kind, sign = dice.choice((("top_up", 1), ("charge", -1)))
                one = (f"op-{len(sent):09}-", kind, dice.choice(held), {"EUR": sign * dice.randint(1, 500)})
                sent.append(one)
                batch.append(one)
        await asyncio.gather(*map(tell, batch))
    for one in sent:
        effects[one[2]] += posted.get(one[0], 0)
    for pass_id, total in effects.items():
        items = (await world.client.get(f"/v1/passes/{pass_id}/balances")).json["items"]
        assert [one["minor"] for one in items] == [total]
    report = await asyncio.to_thread(ledger_checker.verify, migrated_url)
    assert (report.drifts, report.operations) == ([], len(sent))
    assert mismatches

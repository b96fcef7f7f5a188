"""Rotating codes, smart tap and linked passes at Google, judged by the stand-in of its API."""

import asyncio
import base64
import json
from typing import Any

import pytest
from msgspec.structs import replace

from billfold.domain import totp
from billfold.domain.content import BarcodeFormat, Kind, RotatingBarcode
from billfold.domain.delivery import Delivered, RetryLater
from billfold.domain.ids import pass_id
from clocks import FakeClock
from wallets.google.cards import LOYALTY
from wallets.google.material import COFFEE, ISSUER, NOW_MS, SCOPE
from wallets.offers import given_out

CODE = RotatingBarcode(BarcodeFormat.QR, "T-{totp_timestamp_seconds}-{totp_value_0}", alt_text="98765")
ROTATING = replace(COFFEE, rotating_barcode=CODE)


async def link_of(world: Any, made: Any) -> str:
    link: str = (await given_out(world.wallet.prepare(made, made.content))).save_url
    return link.removeprefix(f"{world.google.url}/gp/v/save/")


def claims_of(token: str) -> str:
    part = token.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()


async def test_a_rotating_code_shows_what_a_scanner_takes(world: Any) -> None:
    made = await world.issue(ROTATING)
    assert await world.publish(made) == [Delivered()]
    code = world.object(made)["rotatingBarcode"]
    [parameter] = code["totpDetails"]["parameters"]
    assert code["type"] == "QR_CODE"
    assert (code["valuePattern"], code["alternateText"]) == (CODE.pattern, "98765")
    assert (code["totpDetails"]["algorithm"], code["totpDetails"]["periodMillis"]) == ("TOTP_SHA1", "30000")
    assert parameter["valueLength"] == 8
    shown = totp.message(CODE, bytes.fromhex(parameter["key"]), NOW_MS)
    secret = world.wallet._code_secret(SCOPE, made.id)
    assert totp.verify(CODE, secret, shown, NOW_MS + 20_000) == NOW_MS // 30_000
    assert "barcode" not in world.object(made)  # a copy of a fixed code would defeat it


async def test_each_pass_has_a_secret_of_its_own(world: Any) -> None:
    first, second = await world.issue(ROTATING), await world.issue(ROTATING, seed=b"another pass 123")
    await world.publish(first, second)
    keys = {world.object(one)["rotatingBarcode"]["totpDetails"]["parameters"][0]["key"] for one in (first, second)}
    assert len(keys) == 2


async def test_the_secret_never_travels_in_a_link_and_the_link_works_at_once(world: Any) -> None:
    made = await world.issue(ROTATING)
    token = await link_of(world, made)
    assert json.loads(claims_of(token))["payload"] == {
        "genericObjects": [{"id": f"{ISSUER}.{made.id}", "classId": f"{ISSUER}.d3m0abt-layout-12"}]
    }
    saved = world.google.save(token)
    assert saved.status == 200, saved.raw
    assert "rotatingBarcode" in world.object(made)
    assert await world.publish(made) == [Delivered()]  # the worker finds it there


async def test_a_link_is_given_out_though_google_cannot_be_reached_and_works_when_the_object_has_arrived(world: Any) -> None:
    made = await world.issue(ROTATING)
    world.fault(503, count=3)
    token = await link_of(world, made)
    assert world.google.save(token).status == 404
    world.google.control("DELETE", "/faults")
    assert await world.publish(made) == [Delivered()]
    assert world.google.save(token).status == 200


async def test_many_links_of_one_new_pass_make_its_object_once(world: Any) -> None:
    made = await world.issue(ROTATING)
    await asyncio.gather(*(link_of(world, made) for _ in range(5)))
    assert world.verbs().count("POST genericObject") == 1


@pytest.mark.parametrize("content", [COFFEE, LOYALTY])
async def test_a_smart_tap_value_switches_its_class_on(world: Any, content: Any) -> None:
    made = await world.issue(replace(content, smart_tap="TAP-98765"))
    assert await world.publish(made) == [Delivered()]
    kind = "loyalty" if content.kind is Kind.LOYALTY else "generic"
    found = world.google.api("GET", f"/{kind}Object/{ISSUER}.{made.id}").json
    class_ = world.google.api("GET", f"/{kind}Class/{found['classId']}").json
    assert found["smartTapRedemptionValue"] == "TAP-98765"
    assert (class_["enableSmartTap"], class_["redemptionIssuers"]) == (True, [ISSUER])


async def test_linked_passes_come_along_once_google_has_them(world: Any) -> None:
    coupon = await world.issue(seed=b"coupon of a card")
    made = await world.issue(replace(COFFEE, linked=(coupon.id,)))
    assert await world.publish(made) == [RetryLater("waits for a linked pass to be at Google")]
    assert "linkedObjectIds" not in world.object(made)
    assert [await world.publish(one) for one in (coupon, made)] == [[Delivered()], [Delivered()]]
    assert world.object(made)["linkedObjectIds"] == [f"{ISSUER}.{coupon.id}"]


async def test_nobody_waits_for_a_linked_pass_that_does_not_come(world: Any, clock: FakeClock) -> None:
    coupon = await world.issue(seed=b"coupon of a card")
    made = await world.issue(replace(COFFEE, linked=(coupon.id, pass_id(SCOPE, b"never issued 123"))))
    clock.advance(seconds=7_200)
    assert await world.publish(made) == [Delivered()]
    assert "linkedObjectIds" not in world.object(made)

"""What a bookkeeper asks of a period over `/v1`: the tax that was owed, what each till turned over, whether the books add up."""

import pytest

from api.conftest import MINE, World, on_sqlite
from api.shop import open_shop
from api.test_operations import card, post
from api.test_scans import scan
from billfold.domain.ledger import AccountKey

ALL = "from=2000-01-01&until=2100-01-01"


@pytest.mark.requirement("S2-50")
async def test_a_period_is_reconciled_by_unit_kind_and_till(world: World) -> None:
    shop = await open_shop(world)
    held = await shop.card(EUR=2_000)
    await scan(shop.device, held, "charge", {"EUR": 500})
    await scan(shop.device, held, "charge", {"EUR": 300})
    await scan(shop.device, held, "charge", {"EUR": 9_000})  # declined
    await scan(shop.second, held, "top_up", {"EUR": 1_000})
    found = (await shop.client.get(f"/v1/ledger/reconciliation?{ALL}")).json
    of_euros = [one for one in found["turnover"] if one["unit"] == "EUR"]
    turnover = {(one["kind"], one["terminal_id"]): (one["operations"], one["minor"]) for one in of_euros}
    first, second = (one.id for one in shop.terminals)
    assert turnover == {("opening", None): (1, 2_000), ("charge", first): (2, -800), ("top_up", second): (1, 1_000)}
    assert found["good"] is True
    assert found["unbalanced"] == []
    euros = {one["account"]: one["minor"] for one in found["balances"] if one["unit"] == "EUR"}
    assert euros["passes"] == 2_200
    assert (sum(euros.values()), euros["sales"] + euros["vat_due"]) == (0, 800)
    nothing = (await shop.client.get("/v1/ledger/reconciliation?from=2000-01-01&until=2000-01-02")).json
    assert (nothing["turnover"], nothing["balances"]) == ([], found["balances"])


@on_sqlite
async def test_a_day_of_the_books_that_an_operation_names_is_its_day(world: World) -> None:
    held = await card(world)
    await post(world, "top-up", "top_up", held, {"EUR": 1_000})
    await post(world, "late", "charge", held, {"EUR": -121}, vat_rate_bp=2100, metadata={"business_date": "2001-02-03"})
    of_that_day = (await world.client.get("/v1/ledger/taxes?from=2001-02-03&until=2001-02-04")).json["items"]
    assert [(one["kind"], one["vat_minor"]) for one in of_that_day] == [("charge", 21)]
    assert (await world.client.get("/v1/ledger/taxes")).json["items"] == []


async def test_an_account_that_does_not_add_up_is_told(world: World) -> None:
    held = await card(world)
    await post(world, "top-up", "top_up", held, {"EUR": 1_000})
    key = AccountKey(held, "EUR")
    await world.services.store.write(lambda tx: tx.audit.freeze(MINE, key, "#1 was changed after it was written"))
    found = (await world.client.get("/v1/ledger/reconciliation")).json
    assert found["good"] is False
    assert found["frozen"] == [{"account": held, "unit": "EUR", "reason": "#1 was changed after it was written"}]
    assert (await world.other.get("/v1/ledger/reconciliation")).json == {
        "good": True,
        "turnover": [],
        "balances": [],
        "unbalanced": [],
        "frozen": [],
        "anchor": None,
    }


@on_sqlite
async def test_days_that_are_none_are_refused(world: World) -> None:
    for query, path in (("from=2026-02-30", "from"), ("from=yesterday", "from"), ("from=2026-02-02&until=2026-02-02", "until")):
        refused = await world.client.get(f"/v1/ledger/taxes?{query}")
        assert (refused.status, refused.paths) == (422, {path})

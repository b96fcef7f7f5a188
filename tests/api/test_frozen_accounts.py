"""An account whose books do not add up takes nothing more until somebody has looked, and the gauge that pages people counts it."""

from api.conftest import MINE, World
from api.test_operations import card, post
from billfold.domain.ledger import AccountKey


async def test_a_frozen_account_is_counted_and_takes_postings_again_once_it_is_thawed(world: World) -> None:
    held, other = await card(world), await card(world)
    assert (await post(world, "before", "earn", held, {"points": 5})).status == 201
    key = AccountKey(held, "points")
    assert await world.services.store.write(lambda tx: tx.audit.freeze(MINE, key, "I1: the account and its postings"))
    assert "billfold_ledger_drift_accounts 1.0" in (await world.client.get("/metrics")).body.decode()
    refused = await post(world, "frozen", "earn", held, {"points": 5})
    assert (refused.status, refused.json["code"]) == (409, "account_frozen")
    assert (await post(world, "another", "earn", other, {"points": 5})).status == 201, "nobody else is held up"
    assert (await post(world, "before", "earn", held, {"points": 5})).json["repeated"], "what was done is still told"
    assert [(one[1], one[2]) for one in await world.services.store.read(lambda tx: tx.audit.frozen())] == [
        (key, "I1: the account and its postings")
    ]
    assert await world.services.store.write(lambda tx: tx.audit.thaw(MINE, key))
    assert not await world.services.store.write(lambda tx: tx.audit.thaw(MINE, key))
    again = await post(world, "frozen", "earn", held, {"points": 5})
    assert (again.status, again.json["balances"][held][0]["minor"]) == (201, 10)

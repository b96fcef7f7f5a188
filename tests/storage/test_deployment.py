"""What the server writes down for its workers, and how it is compared."""

from dataclasses import replace

from billfold.flows import deployment
from billfold.flows.deployment import Facts
from billfold.ports import Store

SERVER = Facts("https://cards.example", "0123456789abcdef", "https://cards.example/sandbox/google")


async def differing(store: Store, ours: Facts) -> list[str]:
    return [one.setting for one in await deployment.differences(store, ours)]


async def test_before_any_server_ran_nothing_differs(store: Store) -> None:
    assert await differing(store, SERVER) == []


async def test_what_differs_is_named_the_worst_first(store: Store) -> None:
    await deployment.remember(store, SERVER)
    assert await differing(store, SERVER) == []
    assert await differing(store, replace(SERVER, public_url="https://other.example")) == ["public_url"]
    assert await differing(store, replace(SERVER, sandbox="")) == ["sandbox"]
    assert await differing(store, Facts("https://other.example", "f" * 16, "elsewhere")) == ["key_file", "public_url", "sandbox"]


async def test_the_server_that_started_last_has_the_word(store: Store) -> None:
    await deployment.remember(store, SERVER)
    await deployment.remember(store, replace(SERVER, sandbox=""))
    assert await differing(store, SERVER) == ["sandbox"]
    assert await store.read(lambda tx: tx.deployment.facts()) == {"public_url": SERVER.public_url, "key": SERVER.key, "sandbox": ""}

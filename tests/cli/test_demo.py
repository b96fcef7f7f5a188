"""The demo's till: made at the first start, found at each other one, and every name in the printed line is good."""

import re
from pathlib import Path
from typing import Any

import pytest

from billfold import bootstrap
from billfold.bootstrap import DEMO
from billfold.cli import demo
from billfold.domain.content import Content, ImageSlot, encode
from billfold.domain.ids import PassId
from billfold.domain.offline import read_code
from billfold.domain.passes import content_of
from billfold.flows import keys
from billfold.sandbox.site import Sandbox
from billfold.settings import Settings
from billfold.starters import catalogue


def assert_names_no_other_shop(content: Content) -> None:
    """A starter is drawn for a shop of its own: neither its name, its address nor its goods stand on the demo's brand."""
    said = encode(content).decode()
    shops = {str(catalogue.load(name).template["content"]["organization_name"]) for name in catalogue.names()}  # type: ignore[index,call-overload]
    assert (content.organization_name, content.logo_text) == ("Kettle & Crumb", "Kettle & Crumb")
    assert not [one for one in shops - {"Kettle & Crumb"} if one in said]
    assert set(re.findall(r"\w+\.example", said)) == {"kettleandcrumb.example"}
    assert not re.search("bouquet|Strauß", said)
    assert set(content.images) == {ImageSlot.LOGO, ImageSlot.ICON}


@pytest.mark.requirement("S2-01", "S2-06", "S2-12", "S2-51")
async def test_each_start_names_the_same_things(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    sandbox = Sandbox(tmp_path / "sandbox", settings.public_url)
    await sandbox.start(0)
    parts = await bootstrap.open_parts(settings, serving=True, sandbox=sandbox)
    try:
        await bootstrap.furnish(parts)
        first: dict[str, Any] = await demo.furnish(parts)
        events = len(await parts.store.read(lambda tx: tx.events.list(DEMO, None, 1000)))
        assert await demo.furnish(parts) == first
        assert len(await parts.store.read(lambda tx: tx.events.list(DEMO, None, 1000))) == events, "the second start makes nothing"
        who = {
            name: await keys.authenticate(parts.services, first[name])
            for name in ("api_token", "weak_token", "scanner_device_token", "scanner_device_token_with_product")
        }
        assert (who["weak_token"].scopes, "cards:write" in who["api_token"].scopes) == (frozenset(), True)
        for name, product in (("scanner_device_token", None), ("scanner_device_token_with_product", first["products"][0]["id"])):
            terminal_id = who[name].terminal_id
            assert terminal_id is not None
            terminal = await parts.store.read(lambda tx, terminal_id=terminal_id: tx.terminals.find(DEMO, terminal_id))  # type: ignore[misc]
            assert terminal is not None
            assert (terminal.product_id, terminal.key_id) == (product, who[name].key_id)
        member = await parts.store.read(lambda tx: tx.members.by_email(DEMO, first["brand_id"], first["email"]))
        for name in ("storecard", "punchcard", "coupon"):
            serial = PassId(first[f"{name}_pass_code"])
            card = await parts.store.read(lambda tx, serial=serial: tx.cards.find(DEMO, serial))  # type: ignore[misc]
            assert card is not None
            assert member is not None
            assert (card.member_id, card.demo) == (member.id, True)
            stored = await parts.store.read(lambda tx, serial=serial: tx.passes.find(DEMO, serial))  # type: ignore[misc]
            assert stored is not None
            template = await parts.store.read(lambda tx, id_=stored.template_id: tx.templates.find(DEMO, id_))  # type: ignore[misc]
            content = content_of(stored, template)
            assert_names_no_other_shop(content)
            barcode = content.barcode
            assert barcode is not None
            code = read_code(barcode.message)
            assert code is not None, "a till can verify the demo's cards without a network"
            assert (code.pass_id, barcode.alt_text) == (serial, serial)
    finally:
        await sandbox.stop()
        await parts.close()

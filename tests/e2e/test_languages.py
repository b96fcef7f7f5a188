"""One pass, phones of several languages and systems: each shows the holder's own words, and so does the line on its lock screen."""

import asyncio
import base64
import io

import pytest
from PIL import Image

from billfold.sandbox.phones.events import Complained, Notified
from billfold.sandbox.phones.iphone import VirtualIphone
from e2e.test_main_job import seen

pytestmark = pytest.mark.parametrize("engine", ["sqlite"])  # what a phone reads is the same over either
LINES = {
    "en": ("BALANCE", "You now have €1,012.50"),
    "de-AT": ("GUTHABEN", "Du hast jetzt 1.012,50 €"),
    "fr": ("SOLDE", "Vous avez maintenant 1 012,50 €"),
    "it": ("BALANCE", "You now have 1.012,50 €"),
}
"""Language of the phone → label and lock screen. Italian is not translated: base texts, numbers in Italian all the same."""


def picture(color: str) -> str:
    out = io.BytesIO()
    Image.new("RGB", (1125, 432), color).save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def card(balance: str) -> dict[str, object]:
    field = {
        "key": "balance",
        "label": "BALANCE",
        "value": balance,
        "change_message": "You now have %@",
        "format": {"type": "money", "currency": "EUR"},
    }
    return {
        "description": "Prepaid card",
        "style": "store_card",
        "language": "en",
        "header": [field],
        "barcode": {"format": "EAN13", "message": "4006381333931"},
        "barcode_fallbacks": [{"format": "QR", "message": "4006381333931"}],
        "images": {"strip": picture("#334455")},
        "localized_images": {"de": {"strip": picture("#554433")}},
        "translations": {
            "de": {"fields.balance.label": "GUTHABEN", "fields.balance.change_message": "Du hast jetzt %@"},
            "fr": {"fields.balance.label": "SOLDE", "fields.balance.change_message": "Vous avez maintenant %@"},
        },
    }


@pytest.mark.requirement("S0-40", "S3-32")
async def test_each_phone_reads_its_own_language_and_the_code_that_its_system_draws(billfold):
    made = await asyncio.to_thread(billfold.api, "POST", "/v1/passes", {"content": card("10")})
    assert made.status == 201, made.body
    phones = {language: VirtualIphone(language=language, ios=27 if language == "en" else 26) for language in LINES}
    try:
        for phone in phones.values():
            await phone.__aenter__()
            await phone.add(made.json["share_url"])
        changed = await asyncio.to_thread(billfold.api, "PUT", f"/v1/passes/{made.json['id']}", {"content": card("1012.50")})
        assert changed.status == 200, changed.body
        for language, phone in phones.items():
            line = await seen(phone, Notified)
            shown = phone.passes[0].opened.content.card
            text = line.text.replace("\u00a0", " ").replace("\u202f", " ")
            assert (shown.fields[0].label, text) == LINES[language]
            assert shown.barcode_format == ("EAN13" if language == "en" else "QR")
            assert not [event for event in phone.history if isinstance(event, Complained)]
    finally:
        for phone in phones.values():
            await phone.close()

"""The hosted page speaks the visitor's language, and shows the card in the one of its languages that the visitor likes best."""

import pytest

from api.conftest import CARD, World, on_sqlite
from billfold.api.languages import PAGE
from billfold.web.languages import choose, wanted

CARD_OF_THREE = CARD | {
    "language": "en",
    "primary": [{"key": "balance", "label": "BALANCE", "value": "1234.5", "format": {"type": "money", "currency": "EUR"}}],
    "translations": {"de": {"fields.balance.label": "GUTHABEN"}, "fr": {"fields.balance.label": "SOLDE"}},
}


@on_sqlite
async def test_the_card_and_the_page_around_it_each_speak_as_well_as_they_can(world: World) -> None:
    made = (await world.client.post("/v1/passes", {"content": CARD_OF_THREE})).json["id"]
    for header, label, amount, promise in (
        ("de-AT,de;q=0.9,en;q=0.5", "GUTHABEN", "1.234,50", PAGE["de"]["promise"]),
        ("fr", "SOLDE", "1 234,50", PAGE["fr"]["promise"]),
        ("ja", "BALANCE", "€1,234.50", PAGE["en"]["promise"]),
        ("", "BALANCE", "€1,234.50", PAGE["en"]["promise"]),
    ):
        page = await world.client.ask("GET", f"/p/{made}", headers={"Accept-Language": header})
        text = page.body.decode().replace("\u202f", " ").replace("\xa0", " ").replace("&#39;", "'")
        assert label in text, header
        assert amount in text, header
        assert promise in text, header


def test_headers_of_any_form_are_read_or_passed_over() -> None:
    assert wanted("de;q=0.5, fr, en;q=0.7") == ["fr", "en", "de"]
    assert wanted("de;q=0, *, ;q=1, fr;q=x, e n") == []
    assert choose("pt-BR, pt;q=0.9", ("en", "pt-PT", "pt-BR")) == "pt-BR"
    assert choose("pt", ("en", "pt-PT")) == "pt-PT"
    assert choose("DE", ("en", "de")) == "de"
    assert choose("," * 10_000, ("en",)) == "en"


@pytest.mark.parametrize("language", list(PAGE))
def test_every_language_says_everything(language: str) -> None:
    assert PAGE[language].keys() == PAGE["en"].keys()

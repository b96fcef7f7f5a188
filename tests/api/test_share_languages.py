"""The hosted page speaks the visitor's language, and shows the card in the one of its languages that the visitor likes best."""

import html
import re

import pytest

from api.conftest import CARD, World, on_sqlite
from billfold.api.share_view import TEXTS, own_name, tongue_of
from billfold.snippets import making
from billfold.web.languages import choose, wanted

CARD_OF_THREE = CARD | {
    "language": "en",
    "primary": [{"key": "balance", "label": "BALANCE", "value": "1234.5", "format": {"type": "money", "currency": "EUR"}}],
    "translations": {
        "de": {"fields.balance.label": "GUTHABEN"},
        "fr": {"fields.balance.label": "SOLDE"},
        "pt-BR": {"fields.balance.label": "SALDO"},
    },
}


async def page_of(world: World, path: str, header: str = "") -> str:
    page = await world.client.ask("GET", path, headers={"Accept-Language": header})
    assert page.status == 200
    return html.unescape(page.body.decode()).replace("\u202f", " ").replace("\xa0", " ")


@on_sqlite
async def test_the_card_and_the_page_around_it_each_speak_as_well_as_they_can(world: World) -> None:
    made = (await world.client.post("/v1/passes", {"content": CARD_OF_THREE})).json["id"]
    for header, label, amount, spoken in (
        ("de-AT,de;q=0.9,en;q=0.5", "GUTHABEN", "1.234,50", "de"),
        ("fr", "SOLDE", "1 234,50", "fr"),
        ("pt-BR,pt;q=0.8", "SALDO", "1.234,50", "en"),
        ("ja", "BALANCE", "€1,234.50", "en"),
        ("", "BALANCE", "€1,234.50", "en"),
    ):
        text = await page_of(world, f"/p/{made}", header)
        assert label in text, header
        assert amount in text, header
        assert TEXTS.speaker(spoken)("promise") in text, header
        assert f'<html lang="{spoken}">' in text


@on_sqlite
async def test_the_switch_offers_every_language_by_its_own_name_and_outweighs_the_browser(world: World) -> None:
    made = (await world.client.post("/v1/passes", {"content": CARD_OF_THREE})).json["id"]
    for path in (f"/p/{made}", f"/ps/{made}"):
        text = await page_of(world, path, "en")
        offered = re.findall(r'<a href="\?lang=([^"]+)" hreflang="[^"]+" lang="[^"]+">([^<]+)</a>', text)
        assert dict(offered) == {"de": "Deutsch", "fr": "Français", "pt-BR": "Português (Brasil)"}
        assert '<span lang="en" aria-current="true">English</span>' in text
        switched = await page_of(world, f"{path}?lang=fr", "en")
        assert "SOLDE" in switched
        assert TEXTS.speaker("fr")("promise") in switched
        assert '<span lang="fr" aria-current="true">Français</span>' in switched
        mixed = await page_of(world, f"{path}?lang=pt-BR", "de")
        assert "SALDO" in mixed
        assert TEXTS.speaker("de")("promise") in mixed, "words that Portuguese lacks come in the next language of the browser"
    for odd in ("%3Cscript%3E", "x" * 300, "../en", "de%00", ""):
        assert "BALANCE" in await page_of(world, f"/p/{made}?lang={odd}", "en"), odd


def test_a_language_without_a_known_name_is_called_by_its_tag() -> None:
    assert [own_name(tag) for tag in ("de", "fr-CA", "zh-Hant", "tlh", "qq", "")] == [
        "Deutsch", "Français (Canada)", "中文 (繁體)", "tlh", "qq", "",
    ]  # fmt: skip
    assert tongue_of("en", "de-CH").accepted == "de-CH,en"


def test_headers_of_any_form_are_read_or_passed_over() -> None:
    assert wanted("de;q=0.5, fr, en;q=0.7") == ["fr", "en", "de"]
    assert wanted("de;q=0, *, ;q=1, fr;q=x, e n") == []
    assert choose("pt-BR, pt;q=0.9", ("en", "pt-PT", "pt-BR")) == "pt-BR"
    assert choose("pt", ("en", "pt-PT")) == "pt-PT"
    assert choose("DE", ("en", "de")) == "de"
    assert choose("," * 10_000, ("en",)) == "en"


@pytest.mark.parametrize("texts", [TEXTS, making.TEXTS], ids=["page", "snippets"])
def test_every_language_says_everything(texts) -> None:  # type: ignore[no-untyped-def]
    assert set(texts.languages) == {"en", "de", "fr"}
    for language in texts.languages:
        said = texts._by_language[language]
        assert said.keys() == texts.keys()
        for key, text in said.items():
            assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", texts._by_language["en"][key])), (language, key)

"""Languages: what a phone of any language reads from the strings files is what the content says in that language."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from billfold.domain import texts
from billfold.domain.content import Barcode, BarcodeFormat, Content, Field, ImageSlot, Location, NumberFormat, Poster, Style
from billfold.sandbox.phones.strings import parse_strings
from billfold.wallets.apple.languages import localized
from billfold.wallets.apple.phrasebooks import is_translated
from billfold.wallets.apple.rules import check

LABELS = {
    "de": {"fields.points.label": "PUNKTE", "fields.points.change_message": "Du hast jetzt %@ Punkte"},
    "fr": {"fields.points.label": "POINTS À VOUS"},
}


def tables(content: Content) -> dict[str, dict[str, str]]:
    """Language → key → text, read by the virtual iPhone's parser, which knows nothing of ours."""
    _, files = localized(content)
    assert all(name.endswith(".lproj/pass.strings") for name, _ in files)
    return {name.removesuffix(".lproj/pass.strings"): parse_strings(data) for name, data in files}


def read_in(content: Content, language: str) -> dict[str, str]:
    """Path → what a phone of this language shows there."""
    keyed, _ = localized(content)
    table = tables(content).get(language, {})
    return {path: table.get(text, text) if is_translated(path) else text for path, text in texts.paths(keyed).items()}


def test_a_content_without_translations_has_no_files_and_stays_the_same_object(make_content: Any) -> None:
    content = make_content(language="de")
    assert localized(content) == (content, ())
    assert localized(content)[0] is content


def test_the_key_is_the_literal_text_and_every_folder_has_the_same_keys(make_content: Any) -> None:
    content = make_content(language="en", translations=LABELS)
    assert localized(content)[0] is content
    assert tables(content) == {
        "en": {"POINTS": "POINTS", "You hit %@ points": "You hit %@ points"},
        "de": {"POINTS": "PUNKTE", "You hit %@ points": "Du hast jetzt %@ Punkte"},
        "fr": {"POINTS": "POINTS À VOUS", "You hit %@ points": "You hit %@ points"},
    }


def test_the_base_language_has_its_folder_also_when_nobody_named_it(make_content: Any) -> None:
    assert list(tables(make_content(translations={"de": LABELS["de"]}))) == ["en", "de"]
    assert list(tables(make_content(language="pt-BR", translations={"de": LABELS["de"]}))) == ["pt-BR", "de"]


def test_a_language_that_has_pictures_alone_gets_its_strings_too(make_content: Any) -> None:
    content = make_content(translations={"de": LABELS["de"]}, localized_images={"it": {ImageSlot.STRIP: "0" * 64}})
    assert tables(content)["it"]["POINTS"] == "POINTS"


def test_a_region_reads_its_main_language_where_it_has_no_words_of_its_own(make_content: Any) -> None:
    words = {"fr": {"fields.points.label": "PTS", "fields.tier.label": "NIVEAU"}, "fr-CA": {"fields.points.label": "P."}}
    assert tables(make_content(translations=words))["fr-CA"] == {"POINTS": "P.", "TIER": "NIVEAU"}


def test_one_text_with_other_words_elsewhere_gets_a_key_of_its_own_that_changes_with_it(make_content: Any) -> None:
    def content(value: str) -> Content:
        changes = {"header": (Field("a", value, "Gold"),), "primary": (Field("b", "Gold", "Gold"),), "secondary": ()}
        words = {"de": {"fields.a.label": "Feld", "fields.b.value": "Stufe Gold"}}
        made: Content = make_content(translations=words, **changes)
        return made

    first, files = localized(content("Gold"))
    assert first.header[0].label == "Gold"
    assert (first.header[0].value, first.primary[0].label) == ("Gold [fields.a.value]", "Gold [fields.b.label]")
    assert read_in(content("Gold"), "de")["fields.a.value"] == "Gold"
    assert read_in(content("Gold"), "de")["fields.b.value"] == "Stufe Gold"
    assert read_in(content("Gold"), "en")["fields.b.label"] == "Gold"
    assert localized(content("Onyx"))[0].header[0].value == "Onyx"
    assert files


def test_the_text_beside_a_code_is_never_a_key(make_content: Any) -> None:
    words = {"de": {"fields.a.label": "Feld", "barcode.alt_text": "Nummer"}}
    code = Barcode(BarcodeFormat.QR, "1", "Gold")
    content = make_content(header=(Field("a", "1", "Gold"),), barcode=code, translations=words)
    assert localized(content)[0].barcode == code


def test_a_semantic_tag_speaks_the_phone_s_language_where_apple_calls_it_localizable(make_content: Any) -> None:
    words = {
        "semantics.venueName": "Alter Saal",
        "fields.tier.semantics.venueRoom": "Parkett",
        "semantics.eventStartDate": "2027",
        "semantics.eventType": "Konzert",
    }
    tags: dict[str, object] = {
        "venueName": "Old Hall",
        "eventStartDate": "2027-01-05T09:00Z",
        "eventType": "PKEventTypeGeneric",
        "eventName": "Gold",
    }
    tier = Field("tier", "Gold", "TIER", semantics={"venueRoom": "Stalls"})
    content = make_content(style=Style.EVENT_TICKET, semantics=tags, secondary=(tier,), language="en", translations={"de": words})
    assert read_in(content, "de") | {"semantics.venueName": "Alter Saal"} == read_in(content, "de")
    assert tables(content)["de"] == {"Old Hall": "Alter Saal", "Stalls": "Parkett"}
    assert localized(content)[0].semantics == tags
    lost = {one.path for one in check(content) if one.code == "translation_lost"}
    assert lost == {"translations.de.semantics.eventStartDate", "translations.de.semantics.eventType"}


def test_a_tag_that_nobody_translates_never_reads_as_a_field_with_the_same_text(make_content: Any) -> None:
    """A phone looks an airport up by its code, whatever the field beside it says."""
    tags: dict[str, object] = {"departureAirportCode": "VIE"}
    content = make_content(
        header=(Field("from", "VIE", "FROM"),), semantics=tags, language="en", translations={"de": {"fields.from.value": "Wien"}}
    )
    assert localized(content)[0].semantics == tags
    assert "VIE" not in tables(content)["de"]
    assert read_in(content, "de")["fields.from.value"] == "Wien"
    assert read_in(content, "en")["fields.from.value"] == "VIE"


def test_a_text_that_is_empty_in_the_base_language_gets_a_key(make_content: Any) -> None:
    content = make_content(header=(Field("a", "", "A"),), translations={"de": {"fields.a.value": "nur hier"}})
    assert read_in(content, "de")["fields.a.value"] == "nur hier"
    assert read_in(content, "en")["fields.a.value"] == ""


def test_files_are_utf_16_big_end_first_with_its_mark(make_content: Any) -> None:
    files = dict(localized(make_content(translations=LABELS))[1])
    assert all(data[:2] == b"\xfe\xff" for data in files.values())
    assert files["de.lproj/pass.strings"].decode("utf-16").startswith('"POINTS" = "PUNKTE";\n')
    assert "POINTS À VOUS" in files["fr.lproj/pass.strings"].decode("utf-16")


def test_threads_that_ask_at_once_get_each_their_own_answer(make_content: Any) -> None:
    contents = [make_content(description=f"Card {n}", translations={"de": {"description": f"Karte {n}"}}) for n in range(50)]

    def ask(number: int) -> bool:
        content = contents[number % 50]
        return (
            dict(localized(content)[1])["de.lproj/pass.strings"].decode("utf-16")
            == f'"{content.description}" = "Karte {number % 50}";\n'
        )

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask, range(4000)))


# --- any content ------------------------------------------------------------------------------------------------------------------

awkward = st.sampled_from(
    ["", "A", "B", '"', "\\", "\\n", "\n", "\r\n", "é", "名", "😀", '";\n"x" = "y', "/* A */", "// B", "%@", "\t"]
)
words = awkward | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
keys = st.sampled_from(["a", "b", "c", "d", "e", "f"])


@st.composite
def contents(draw: st.DrawFn) -> Content:
    names = draw(st.lists(keys, unique=True, max_size=6))
    made = [Field(key, draw(words), draw(st.none() | words), draw(st.none() | words)) for key in names]
    made = [replace(one, value="12", format=NumberFormat()) if draw(st.booleans()) else one for one in made]
    content = Content(
        draw(words),
        draw(words),
        logo_text=draw(st.none() | words),
        semantics={
            name: draw(words) for name in draw(st.sets(st.sampled_from(["eventName", "eventType", "venueRoom", "unknown"])))
        },
        header=tuple(made[:2]),
        back=tuple(replace(one, rich_text=draw(st.none() | words)) for one in made[2:]),
        poster=Poster(primary=tuple(made[:1])) if draw(st.booleans()) else None,
        locations=tuple(Location(1, 2, None, text) for text in draw(st.lists(st.none() | words, max_size=2))),
        barcode=Barcode(BarcodeFormat.QR, "1", draw(st.none() | words)),
        language=draw(st.sampled_from([None, "en", "de"])),
    )
    paths = st.sampled_from([*texts.paths(content), "fields.nobody.label"])
    languages = st.sampled_from(["de", "fr", "fr-CA", "zh-Hans"])
    return replace(content, translations=draw(st.dictionaries(languages, st.dictionaries(paths, words, max_size=8), max_size=4)))


@settings(deadline=None, max_examples=400)
@given(contents())
def test_every_language_reads_its_own_words_and_every_folder_has_the_same_keys(content: Content) -> None:
    found = tables(content)
    assert len({frozenset(table) for table in found.values()}) <= 1
    assert set(found) in (set(), set(texts.languages(content)))
    for language in texts.languages(content):
        expected = texts.paths(texts.in_language(content, language))
        expected |= {path: text for path, text in texts.paths(content).items() if not is_translated(path)}
        assert read_in(content, language) == expected
    assert localized(content) == localized(content)


@pytest.mark.parametrize("text", ['";', "\\", "\\\\n", 'a"b', "\n\n", "\r", "/*", "\ufeff", "\u2028", "\x01"])
def test_signs_that_mean_something_to_a_reader_arrive_as_they_are(make_content: Any, text: str) -> None:
    content = make_content(header=(Field("a", "1", f"x{text}y"),), translations={"de": {"fields.a.label": f"{text}z{text}"}})
    assert read_in(content, "de")["fields.a.label"] == f"{text}z{text}"

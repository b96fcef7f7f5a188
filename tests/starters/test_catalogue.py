"""The starters as data: whole in three languages, with values of three people, good for both wallets, with pictures of our own."""

import importlib.util
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from PIL import Image

from billfold.api.v1.content import ContentIn, draft_of
from billfold.domain import texts
from billfold.domain.content import Content, ImageSlot
from billfold.domain.errors import NotFound
from billfold.domain.filling import filling_of
from billfold.domain.passes import fill
from billfold.images import framing
from billfold.images.slots import PREPARED_FOR, SLOTS
from billfold.rendering.fonts import ELLIPSIS
from billfold.rendering.preview import Wallet, svg
from billfold.rendering.scene import Scene
from billfold.starters import catalogue, till
from billfold.starters.catalogue import LANGUAGES, Starter
from billfold.wallets.apple import rules as apple_rules
from billfold.wallets.google import rules as google_rules

ROOT = Path(__file__).resolve().parents[2]
INDUSTRIES = {
    "boarding-pass", "cafe-stamps", "coupon", "event-ticket", "gift-card", "gym", "membership", "parking", "prepaid-card",
    "retail-points",
}  # fmt: skip
EVERY = pytest.mark.parametrize("name", catalogue.names())


def content_of(starter: Starter) -> Content:
    body = starter.body()["content"]
    assert isinstance(body, dict)
    return draft_of(ContentIn.model_validate(body)).content


@pytest.mark.requirement("S0-57", "S0-58")
def test_there_is_one_for_each_industry() -> None:
    assert set(catalogue.names()) >= INDUSTRIES


@pytest.mark.parametrize("name", ["", "nothing", "../starters/gym", "gym/", "Gym"])
def test_what_is_none_is_not_found(name: str) -> None:
    with pytest.raises(NotFound):
        catalogue.load(name)


@EVERY
def test_it_speaks_three_languages_in_every_text(name: str) -> None:
    starter = catalogue.load(name)
    content = content_of(starter)
    assert tuple(starter.title) == tuple(starter.about) == LANGUAGES
    assert texts.languages(content) == ("en", "de", "fr")
    names = {"organization_name", "logo_text"}
    said = {path for path, text in texts.paths(content).items() if re.search(r"[a-z]{3}", re.sub(r"\{\{.*?\}\}", "", text).lower())}
    same = {path for path in said if path.endswith(("contact.value",)) or texts.tag_of(path) == "eventType"}
    for language in ("de", "fr"):
        lacking = said - same - names - set(texts.translation(content, language))
        assert {one for one in lacking if not _same_word(content, one)} == set(), language
        assert set(texts.translation(content, language)) <= set(texts.paths(content)), "a translation of no text"


def _same_word(content: Content, path: str) -> bool:
    """A text that needs no translation, as it is made of values alone."""
    return "{{" in texts.paths(content)[path]


@EVERY
def test_it_has_values_of_three_people_one_for_each_language(name: str) -> None:
    starter = catalogue.load(name)
    assert [one.language for one in starter.samples] == list(LANGUAGES)
    assert len({str(one.values) for one in starter.samples}) == 3
    filling = filling_of(content_of(starter))
    schema: Any = starter.template["schema"]
    assert {one["name"] for one in schema} == set(filling.reads()) | _bound(starter), "each value is described, and each is shown"
    for sample in starter.samples:
        assert filling.lacking(sample.values) == []


def _bound(starter: Starter) -> set[str]:
    bindings: Any = starter.template.get("bindings", {})
    return set(re.findall(r"\{\{ ([\w.]+) \}\}", str(bindings)))


@EVERY
def test_apples_rules_have_nothing_to_say(name: str) -> None:
    starter = catalogue.load(name)
    content = content_of(starter)
    for sample in starter.samples:
        filled = fill(content, sample.values)
        for language in LANGUAGES:
            assert apple_rules.check(texts.in_language(filled, language)) == (), (sample.language, language)


LOST_ON_GOOGLE = {
    "google.alignment_lost", "google.change_message_inside", "google.color_lost", "google.front_in_details",
    "google.header_fields_in_row", "google.image_lost", "google.label_replaced", "google.strip_below_barcode",
    "google.thumbnail_in_details",
}  # fmt: skip
"""What no pass that uses an iPhone's layout can keep on Google (docs/google-wallet.md)."""


@EVERY
def test_of_google_nothing_is_said_but_what_is_lost_to_every_such_pass(name: str) -> None:
    starter = catalogue.load(name)
    content = content_of(starter)
    pictures = {ImageSlot(slot): "0" * 64 for slot in starter.template["content"]["images"]}  # type: ignore[index,call-overload]
    for sample in starter.samples:
        filled = replace(fill(content, sample.values), images=pictures)
        found = google_rules.check(filled)
        # A boarding pass has more fields than Google shows as texts; the flight's own places hold most of them again.
        # A plan's name is longer than the seven characters that Google promises to show of a level.
        # A florist's whole name is longer than the twelve that it promises of an offer's provider.
        own = {"boarding-pass": {"google.modules_overflow"}, "gym": {"google.text_long"}, "coupon": {"google.text_long"}}
        expected = LOST_ON_GOOGLE | own.get(name, set())
        assert {one.code for one in found} <= expected, sample.language
        assert {one.severity for one in found} <= {"warning"}


@EVERY
def test_no_text_of_its_face_is_cut(name: str) -> None:
    starter = catalogue.load(name)
    content = content_of(starter)
    for sample in starter.samples:
        shown = texts.in_language(fill(content, sample.values), sample.language)
        for wallet in Wallet:
            document = svg(Scene(shown, sample.language, {ImageSlot.ICON: starter.pictures["icon.png"]}), wallet)
            assert ELLIPSIS not in document, (sample.language, wallet)


@EVERY
def test_its_pictures_fit_their_places_and_are_small(name: str) -> None:
    starter = catalogue.load(name)
    content: Any = starter.template["content"]
    assert {"logo", "icon"} <= set(content["images"])
    assert set(content["images"].values()) == set(starter.pictures)
    for slot in content["images"]:
        assert ImageSlot(slot) in PREPARED_FOR
    for file, data in starter.pictures.items():
        assert len(data) < 20_000, file
        assert Image.open(io.BytesIO(data)).format == "PNG"


def test_the_bow_of_the_gift_card_is_whole_on_both_wallets() -> None:
    """Google cuts a strip lower than an iPhone shows it: what is gold beside the ribbon must be inside of both."""
    strip = Image.open(io.BytesIO(catalogue.load("gift-card").pictures["strip.png"])).convert("RGB")
    _, top, _, bottom = framing.shown(SLOTS["google_hero"], *strip.size, None)
    gold = strip.getchannel("R").point(lambda red: 255 if red > 150 else 0)
    gold.paste(0, (802, 0, 873, strip.height))  # the ribbon, which goes round the card
    _, upper, _, lower = gold.getbbox() or (0, 0, 0, 0)
    assert top * strip.height < upper < lower < bottom * strip.height


def test_the_pictures_are_those_that_the_script_draws() -> None:
    spec = importlib.util.spec_from_file_location("draw_starters", ROOT / "tools" / "draw_starters.py")
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    kept = {(name, file.removesuffix(".png")) for name in catalogue.names() for file in catalogue.load(name).pictures}
    assert kept == {(name, slot) for name, pictures in script.PICTURES.items() for slot in pictures}
    for name in ("gym", "membership", "boarding-pass"):  # each way of drawing once; all of them take ten seconds
        for slot, draw in script.PICTURES[name].items():
            drawn = Image.open(io.BytesIO(draw())).convert("RGBA")
            assert drawn.tobytes() == Image.open(io.BytesIO(catalogue.load(name).pictures[f"{slot}.png"])).convert("RGBA").tobytes()


@pytest.mark.parametrize("name", till.FROM)
def test_as_a_template_of_the_till_it_has_an_example_of_all_that_it_reads_and_requires_nothing(name: str) -> None:
    body = till.body(name)
    read = set(re.findall(r"{{ ([a-z_]+(?:\.\w+)+)", json.dumps(body)))
    schema = {one["name"]: one for one in body["schema"]}
    assert "card.signed_code" in read
    assert read <= schema.keys()
    assert all(one["example"] and not one.get("required") for one in schema.values())

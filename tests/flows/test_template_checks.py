"""A pass judged by what its values change gets the findings that it gets when it is judged as if it were new."""

import random
import string
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billfold.domain.content import (
    Barcode,
    BarcodeFormat,
    Beacon,
    Content,
    DateFormat,
    Field,
    Kind,
    Location,
    MoneyFormat,
    Nfc,
    NumberFormat,
    Overrides,
    Poster,
    StampCard,
    Style,
    TransitType,
)
from billfold.domain.filling import Filling
from billfold.domain.findings import Finding
from billfold.domain.templates import Rules
from billfold.flows.template_checks import Judge
from billfold.wallets.apple import rules as apple
from billfold.wallets.google import rules as google


def both(content: Content) -> tuple[Finding, ...]:
    return (*apple.check(content), *google.check(content))


def card(format: BarcodeFormat = BarcodeFormat.QR, **more: Any) -> Content:
    whole: dict[str, Any] = {
        "logo_text": "{{ brand }}",
        "header": (Field("points", "{{ points | number }}", "POINTS", "{{ message }}"),),
        "primary": (Field("name", "{{ name }}", "{{ label }}"),),
        "secondary": (Field("due", "{{ due }}", format=DateFormat()), Field("sum", "{{ euro }}", format=MoneyFormat("EUR"))),
        "auxiliary": (Field("n", "{{ points }}", format=NumberFormat()), Field("x", "{{ name }}, {{ label }}")),
        "back": (Field("www", "{{ link }}", "{{ label }}"), Field("more", "{{ note }}")),
        "barcode": Barcode(format, "M-{{ id }}", "{{ id }}"),
        "language": "en",
        "translations": {"de": {"fields.name.label": "{{ label }}", "fields.points.change_message": "{{ message }}"}},
        "semantics": {"balance": {"amount": "{{ euro }}", "currencyCode": "EUR"}},
    }
    return Content("Bayroast", "Card", Style.STORE_CARD, **whole | more)


RULES = Rules(bindings={"background_color": "{{ color }}", "expires_at": "{{ due }}", "relevant_at": "{{ at }}"})
CARDS = [
    card(),
    card(BarcodeFormat.EAN13, barcode=Barcode(BarcodeFormat.EAN13, "{{ id }}")),
    card(BarcodeFormat.CODE128, kind=Kind.GIFT_CARD),
    card(BarcodeFormat.CODE39),
    card(BarcodeFormat.ITF),
    card(BarcodeFormat.PDF417, stamps=StampCard("{{ points }}", "10")),
]
TICKET = Content(
    "{{ brand }}",
    "{{ name }}",
    Style.BOARDING_PASS,
    logo_text="{{ brand }}",
    transit_type=TransitType.AIR,
    primary=(Field("from", "{{ label }}", "{{ name }}"), Field("to", "{{ id }}")),
    barcode=Barcode(BarcodeFormat.AZTEC, "{{ note }}"),
    grouping="{{ id }}",
)
EVENT = Content(
    "Bayroast",
    "{{ name }}",
    Style.EVENT_TICKET,
    language="en",
    enhanced=True,
    primary=(Field("event", "{{ name }}", "{{ label }}", "{{ message }}"),),
    secondary=(Field("same", "{{ label }}", "{{ name }}"),),
    additional=(Field("more", "{{ note }}", "{{ label }}"),),
    back=(Field("rich", "{{ link }}", rich_text="<a href='{{ link }}'>{{ name }}</a>", detectors=()),),
    poster=Poster(primary=(Field("event", "{{ name }}"),), footer=(Field("f", "{{ note }}", "{{ label }}"),)),
    barcode=Barcode(BarcodeFormat.QR, "{{ id }}", encoding="iso-8859-1"),
    barcode_fallbacks=(Barcode(BarcodeFormat.CODE128, "{{ note }}"),),
    locations=(Location(48.2, 16.4, None, "{{ note }}"), Location(48.3, 16.4, None, "{{ name }}")),
    beacons=(Beacon("f8f589e9-c07e-58b0-aeaa-a36bc4a2b0f1", relevant_text="{{ name }}"),),
    nfc=Nfc("{{ id }}", "x"),
    smart_tap="{{ id }}",
    translations={
        "de": {"fields.event.label": "{{ label }}", "fields.same.value": "{{ name }} {{ label }}", "poster.f.label": "{{ label }}"},
        "fr": {
            "description": "{{ note }}",
            "locations[0].relevant_text": "{{ name }}",
            "fields.event.change_message": "{{ message }}",
        },
    },
    semantics={"eventName": "{{ name }}", "seats": [{"seatNumber": "{{ id }}"}]},
    overrides=Overrides(apple={"userInfo": {"name": "{{ name }}"}}, google_object={"state": "{{ label }}"}),
)


def texts(alphabet: str, longest: int = 60) -> st.SearchStrategy[str]:
    return st.integers(0, longest).flatmap(lambda length: st.text(alphabet, min_size=length, max_size=length))


LETTERS = string.ascii_letters + "äéß '-"
ANY_TEXT = st.one_of(
    texts(LETTERS),
    texts("abc", 700),
    texts(string.digits + " .,-+()€", 30),
    texts(string.printable, 40),
    st.text(max_size=30),
    st.sampled_from(
        [
            "",
            " ",
            "%@",
            "You have %@",
            "%@ %@",
            "www.a.example",
            "a@b.example",
            "+49 30 123456",
            "https://a.example",
            "<a href='x'>",
            "😀",
        ]
    ),
)
NUMBERS = st.one_of(st.integers(-(10**12), 10**12), st.floats(-1e6, 1e6), st.sampled_from(["1", "1.5", "x", "", None]))
VALUES = st.fixed_dictionaries(
    {
        **dict.fromkeys(("brand", "name", "label", "message", "link", "note"), ANY_TEXT),
        "points": NUMBERS,
        "euro": NUMBERS,
        "id": st.one_of(ANY_TEXT, st.sampled_from(["4006381333931", "4006381333930", "12", "123", "A1-B", "abc"])),
        "due": st.one_of(st.sampled_from(["2026-12-31", "2026-12-31T18:00:00+01:00", "soon", ""]), ANY_TEXT),
        "at": st.sampled_from(["2026-12-31", "2027-12-31", None]),
        "color": st.sampled_from(["#ffffff", "#000000", "#AABBCC", "red", None]),
    }
)


@pytest.fixture(scope="module", params=[*CARDS, TICKET, EVENT], ids=lambda one: f"{one.style.value}-{one.barcode.format.value}")
def judged(request: pytest.FixtureRequest) -> tuple[Filling, Judge]:
    """One judge for all examples, as the product keeps one for all passes."""
    filling = Filling(request.param, RULES)
    return filling, Judge(filling, both)


@settings(max_examples=150, deadline=None)
@given(values=VALUES)
def test_both_ways_give_the_same_findings(judged: tuple[Filling, Judge], values: dict[str, Any]) -> None:
    filling, judge = judged
    assert judge.judge(values).findings == both(filling.fill(values))


def counted() -> tuple[list[Content], Callable[[Content], tuple[Finding, ...]]]:
    asked: list[Content] = []

    def check(content: Content) -> tuple[Finding, ...]:
        asked.append(content)
        return both(content)

    return asked, check


def test_a_thousand_passes_ask_the_rules_few_times() -> None:
    """However many customers: their names, points and numbers look alike to the rules."""
    filling = Filling(card(), RULES)
    asked, check = counted()
    judge, chance = Judge(filling, check), random.Random(7)
    common = {"brand": "Bayroast", "label": "MEMBER", "message": "You have %@", "link": "https://a.example", "note": "Thank you"}
    for at in range(1_000):
        first, last = chance.choice(["Ada", "Grace", "Maximilian"]), "x" * chance.randrange(3, 12)
        values = common | {"name": f"{first} {last}", "points": chance.randrange(5_000), "euro": 12.5, "id": f"{at:05d}"}
        assert judge.judge(values).findings == both(filling.fill(values))
    assert len(asked) < 300
    before = len(asked)
    for at in range(1_000, 2_000):
        judge.judge(common | {"name": "Grace Hopper", "points": 1234, "euro": 12.5, "id": f"{at:05d}"})
    assert len(asked) <= before + 3


def test_dates_from_the_issue_are_judged_by_each_issue() -> None:
    content = Content("Bayroast", "Ticket {{ name }}", Style.EVENT_TICKET, relevant_at=10 * 86_400)
    filling = Filling(content, Rules(expires_in_days=5))
    judge = Judge(filling, both)
    for days in (1, 4, 6, 20):
        issued = days * 86_400_000
        assert judge.judge({"name": "A"}, issued).findings == both(filling.fill({"name": "A"}, issued))

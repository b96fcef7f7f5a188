"""Pictures of passes: what is on them, judged by decoders, an XML parser and a browser that others wrote."""

import base64
import io
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import zxingcpp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image, ImageChops, ImageStat

from billfold.domain.content import (
    Barcode,
    BarcodeFormat,
    Beacon,
    Content,
    DateFormat,
    Field,
    ImageSlot,
    Location,
    MoneyFormat,
    Poster,
    Relevance,
    Style,
    TransitType,
)
from billfold.images.defaults import default_logo
from billfold.rendering import apple_back, apple_front, fonts, google
from billfold.rendering.preview import SCRIPTS, Wallet, png, scripts_missing, svg
from billfold.rendering.scene import Scene, Scheme, Side
from judges import judge

LOGO = default_logo("#c2410c", "BC")
CARD = Content(
    "Bayroast Coffee",
    "Loyalty card",
    logo_text="Bayroast",
    style=Style.STORE_CARD,
    header=(Field("points", "1250", "POINTS", "Now %@ points"),),
    primary=(Field("balance", "24.50", "Balance", format=MoneyFormat("EUR")),),
    secondary=(Field("member", "Ada Lovelace", "MEMBER"), Field("tier", "Gold", "TIER")),
    auxiliary=(Field("shop", "Harbour", "SHOP"),),
    back=(Field("terms", "One point for each euro.", "Terms"),),
    barcode=Barcode(BarcodeFormat.QR, "LOYALTY-98765", "98765"),
    locations=(Location(48.2, 16.4, relevant_text="Your coffee is near"),),
    expires_at=1_830_297_600,
)
MESSAGES = {
    BarcodeFormat.QR: "LOYALTY-98765 é",
    BarcodeFormat.AZTEC: "TICKET-2026-000123",
    BarcodeFormat.PDF417: "M1LOVELACE/ADA       EABC123 VIELISBA 0204 332Y014C0042 100",
    BarcodeFormat.CODE128: "GROVE20-4711",
    BarcodeFormat.CODE39: "GYM-20481",
    BarcodeFormat.CODABAR: "A1234B",
    BarcodeFormat.EAN13: "4006381333931",
    BarcodeFormat.EAN8: "96385074",
    BarcodeFormat.UPC_A: "036000291452",
    BarcodeFormat.ITF: "00012345678905",
    BarcodeFormat.DATA_MATRIX: "PARKING 12",
}
ZBAR = (BarcodeFormat.QR, BarcodeFormat.CODE128, BarcodeFormat.CODE39, BarcodeFormat.EAN13, BarcodeFormat.EAN8, BarcodeFormat.ITF)
VIEWS = [(wallet, side) for wallet in Wallet for side in Side]


def scene(content: Content = CARD, **more: object) -> Scene:
    pictures = {ImageSlot.LOGO: LOGO, ImageSlot.ICON: LOGO}
    return Scene(content, pictures=pictures, **more)  # type: ignore[arg-type]


def texts(document: str) -> list[str]:
    return ["".join(one.itertext()) for one in ET.fromstring(document).iter("{http://www.w3.org/2000/svg}text")]


def said(document: str) -> str:
    return "\n".join(texts(document))


@pytest.mark.requirement("S3-39")
@pytest.mark.parametrize("style", list(Style))
@pytest.mark.parametrize(("wallet", "side"), VIEWS)
def test_every_style_is_drawn_for_both_wallets(style: Style, wallet: Wallet, side: Side) -> None:
    transit = TransitType.TRAIN if style is Style.BOARDING_PASS else None
    for scheme in Scheme:
        document = svg(scene(replace(CARD, style=style, transit_type=transit), scheme=scheme), wallet, side)
        root = ET.fromstring(document)
        assert root.get("width") == "375"
        assert texts(document)


@pytest.mark.requirement("S3-33")
def test_each_wallet_puts_the_fields_where_it_does() -> None:
    apple, android = texts(svg(scene(), Wallet.APPLE)), texts(svg(scene(), Wallet.GOOGLE))
    assert "1250" in apple
    assert "€24.50" in apple
    assert {"1250", "€24.50", "Ada Lovelace", "Gold", "Harbour"} <= set(android)
    strip = {ImageSlot.STRIP: LOGO}
    below = svg(Scene(CARD, pictures=strip), Wallet.GOOGLE)
    code_at, strip_at = below.index('fill="#000000"'), below.rindex("<image")
    assert code_at < strip_at, "on Google the strip stands below the code"
    assert svg(Scene(CARD, pictures=strip), Wallet.APPLE).index("<image") < svg(Scene(CARD, pictures=strip), Wallet.APPLE).index(
        'fill="#000000"'
    )


def test_the_rows_of_a_google_card_are_those_that_its_class_asks_for() -> None:
    """wallets/google lays rows out for the real card: the picture must not differ."""
    from billfold.wallets.google.modules import front_groups, layout

    for header, secondary, auxiliary in ((1, 2, 1), (0, 0, 0), (3, 4, 4), (2, 1, 0), (0, 7, 5)):
        content = replace(
            CARD,
            header=tuple(Field(f"h{n}", "1") for n in range(header)),
            secondary=tuple(Field(f"s{n}", "1") for n in range(secondary)),
            auxiliary=tuple(Field(f"a{n}", "1") for n in range(auxiliary)),
        )
        assert tuple(len(row) for row in google.rows(content)) == layout(front_groups(content))


@pytest.mark.requirement("S3-32", "S3-28")
def test_the_lock_screens_differ_as_the_wallets_do() -> None:
    apple, android = said(svg(scene(), Wallet.APPLE, Side.LOCK)), said(svg(scene(), Wallet.GOOGLE, Side.LOCK))
    assert "Now 1250 points" in apple
    assert "1250" not in android
    tier = replace(CARD, secondary=(Field("tier", "Gold", "TIER", "You are %@ now"),))
    assert "You are Gold now" in said(svg(scene(tier, changed="tier"), Wallet.APPLE, Side.LOCK))
    silent = replace(CARD, header=(Field("points", "1250", "POINTS"),), locations=())
    assert "Pass updated." in said(svg(scene(silent), Wallet.APPLE, Side.LOCK))


@pytest.mark.requirement("S3-32", "S3-34")
def test_near_a_place_apple_says_the_passs_words_and_google_its_own() -> None:
    apple, android = said(svg(scene(), Wallet.APPLE, Side.NEARBY)), said(svg(scene(), Wallet.GOOGLE, Side.NEARBY))
    assert "Your coffee is near" in apple
    assert "Your coffee is near" not in android
    assert "near a place" in android
    beacon = replace(CARD, locations=(), beacons=(Beacon("f8f589e0-8b1c-4f1a-9a0e-0d3c1f1e2a11", relevant_text="At the till"),))
    assert "At the till" in said(svg(scene(beacon), Wallet.APPLE, Side.NEARBY))
    assert "Android never" in said(svg(scene(beacon), Wallet.GOOGLE, Side.NEARBY))
    many = replace(CARD, locations=tuple(Location(48.2, 16.4 + at, relevant_text=f"Shop {at}") for at in range(10)))
    assert [one for one in texts(svg(scene(many), Wallet.APPLE, Side.NEARBY)) if one.startswith("Shop")] == [
        "Shop 0",
        "Shop 1",
        "Shop 2",
    ]


def test_a_pass_is_offered_by_its_time_alone_where_its_style_allows() -> None:
    soon = replace(CARD, locations=(), relevant=(Relevance(1_800_000_000),))
    assert "never" in said(svg(scene(soon), Wallet.APPLE, Side.NEARBY))
    ticket = replace(soon, style=Style.EVENT_TICKET)
    assert "Soon" in texts(svg(scene(ticket), Wallet.APPLE, Side.NEARBY))


def test_a_watch_shows_the_card_without_its_pictures_and_the_code_last() -> None:
    pictures = {ImageSlot.LOGO: LOGO, ImageSlot.STRIP: LOGO, ImageSlot.THUMBNAIL: LOGO}
    document = svg(Scene(CARD, pictures=pictures), Wallet.APPLE, Side.WATCH)
    assert document.count("<image") == 1
    assert {"1250", "€24.50", "Ada Lovelace", "Gold", "Harbour"} <= set(texts(document))
    assert "98765" not in texts(document), "no text below the code"
    assert document.rindex('fill="#000000"') > document.rindex("<text")
    linear = replace(CARD, barcode=Barcode(BarcodeFormat.CODE128, "GROVE20-4711"))
    assert svg(Scene(linear), Wallet.APPLE, Side.WATCH).count('fill="#ffffff"/>') == 0, "a watch draws no Code 128"
    second = replace(linear, barcode_fallbacks=(Barcode(BarcodeFormat.QR, "GROVE20-4711"),))
    assert codes_in(png(svg(Scene(second), Wallet.APPLE, Side.WATCH))) == {"GROVE20-4711"}
    wide = replace(CARD, barcode=Barcode(BarcodeFormat.PDF417, "GROVE20-4711"))
    assert codes_in(png(svg(Scene(wide), Wallet.APPLE, Side.WATCH))) == {"GROVE20-4711"}, "upright"
    for format_ in (BarcodeFormat.QR, BarcodeFormat.CODE128, BarcodeFormat.PDF417):
        coded = replace(CARD, barcode=Barcode(format_, "GROVE20-4711"))
        assert codes_in(png(svg(scene(coded), Wallet.GOOGLE, Side.WATCH))) == {"GROVE20-4711"}


def codes_in(picture: bytes) -> set[str]:
    return {one.text for one in zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)).convert("L"))}


@pytest.mark.requirement("S3-44")
def test_scripts_without_a_font_are_named() -> None:
    """Which those are is the machine's; Latin comes along, and no font has what nobody may define."""
    assert scripts_missing({"Latin": "A", "Greek": "Ω", "nobody's": "\U000ffffd"}) == ("nobody's",)
    assert set(scripts_missing()) <= SCRIPTS.keys()


def test_the_back_shows_rich_text_in_place_of_the_value_and_additional_fields_first() -> None:
    """As pass.json has them: `attributedValue` overrides, and only links are interpreted."""
    rich = 'Book <a href="https://grove.example/?a=1&amp;b=2">a table &amp; more</a>'
    linked = Field("web", "Our website: grove.example", "Web", rich_text=rich)
    content = replace(CARD, back=(linked,), additional=(Field("dress", "Black tie", "Dress"),))
    text = said(svg(scene(content), Wallet.APPLE, Side.BACK))
    assert "Book a table & more" in text
    assert "grove.example" not in text
    assert text.index("Black tie") < text.index("Book a table")


def test_the_back_shows_everything_and_the_end_of_validity() -> None:
    long = replace(
        CARD,
        back=(Field("terms", "word " * 200 + "end.", "Terms"), Field("date", "2026-12-31T18:00Z", "When", format=DateFormat())),
    )
    for wallet in Wallet:
        words = said(svg(scene(long), wallet, Side.BACK))
        assert "end." in words
        assert "Dec 31, 2026" in words
        assert "Jan 1, 2028" in words
    german = Scene(long, "de")
    assert "Gültig bis" in said(svg(german, Wallet.APPLE, Side.BACK))
    assert "31.12.2026" in said(svg(german, Wallet.APPLE, Side.BACK))


def test_a_line_never_ends_between_a_number_and_its_unit() -> None:
    text = "Un bagage de 8\u00a0kg"
    fitting = fonts.width("Un bagage de 8", 14) + 1
    assert fonts.wrap(text, 14, fitting, 3) == ["Un bagage de", "8\u00a0kg"]


def test_what_a_phone_leaves_out_is_left_out() -> None:
    crowded = replace(CARD, secondary=tuple(Field(f"s{n}", f"value{n}", f"LABEL{n}") for n in range(6)), auxiliary=())
    assert sum(one.startswith("value") for one in texts(svg(scene(crowded), Wallet.APPLE))) == 4
    poster = replace(CARD, poster=Poster(primary=(Field("p", "Poster only", "P"),)))
    assert "Poster only" in said(svg(scene(poster), Wallet.APPLE))
    assert "Gold" not in said(svg(scene(poster), Wallet.APPLE))
    void = replace(CARD, voided=True)
    assert "No longer valid" in said(svg(scene(void), Wallet.GOOGLE))


# --- judged by others -------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("S3-07")
@pytest.mark.parametrize("scale", [2.0, 3.0])
@pytest.mark.parametrize("format_", list(MESSAGES))
def test_decoders_read_every_barcode_from_the_picture(format_: BarcodeFormat, scale: float, tmp_path: Path) -> None:
    content = replace(CARD, barcode=Barcode(format_, MESSAGES[format_]))
    wallet = Wallet.GOOGLE if format_ in (BarcodeFormat.EAN8, BarcodeFormat.UPC_A, BarcodeFormat.DATA_MATRIX) else Wallet.APPLE
    picture = png(svg(scene(content), wallet), scale)
    found = codes_in(picture)
    assert MESSAGES[format_] in found or f"0{MESSAGES[format_]}" in found, found
    if format_ in ZBAR:
        (tmp_path / "a.png").write_bytes(picture)
        command = [judge("zbarimg"), "-q", "--raw", "-Si25.enable", str(tmp_path / "a.png")]
        read = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        assert read == MESSAGES[format_]


def test_the_picture_of_a_scene_is_the_same_each_time() -> None:
    document = svg(scene(), Wallet.APPLE)
    assert svg(scene(), Wallet.APPLE) == document
    assert png(document) == png(document)


@pytest.mark.parametrize(("wallet", "side"), VIEWS)
def test_a_browser_draws_the_same(wallet: Wallet, side: Side, browser_page: object) -> None:
    """Chromium's rendering of the SVG beside ours: same size, almost the same pixels."""
    document = svg(scene(), wallet, side)
    ours = Image.open(io.BytesIO(png(document, 1.0))).convert("RGB")
    faces = "".join(
        f"@font-face{{font-family:Inter;font-weight:{600 if bold else 400};"
        f"src:url(data:font/ttf;base64,{base64.b64encode(path.read_bytes()).decode()})}}"
        for bold, path in fonts.FILES.items()
    )
    browser_page.set_content(f"<style>{faces}body{{margin:0;background:#000}}svg{{display:block}}</style>{document}")  # type: ignore[attr-defined]
    browser_page.evaluate("document.fonts.ready")  # type: ignore[attr-defined]
    shot = browser_page.locator("svg").screenshot()  # type: ignore[attr-defined]
    theirs = Image.open(io.BytesIO(shot)).convert("RGB")
    assert theirs.size == ours.size
    ground = Image.new("RGB", ours.size)
    ground.paste(Image.open(io.BytesIO(png(document, 1.0))), (0, 0), Image.open(io.BytesIO(png(document, 1.0))).convert("RGBA"))
    difference = ImageStat.Stat(ImageChops.difference(ground, theirs)).mean
    assert max(difference) < 4, difference


# --- hostile texts ----------------------------------------------------------------------------------------------------------------

TEXTS = st.text(max_size=120) | st.sampled_from(
    ["", "W" * 300, "<script>alert(1)</script>", "&amp;\"'>", "\0\x1b", "日本語" * 40, "a\nb\n" * 30, "👩‍👩‍👧" * 9]
)
FIELDS = st.lists(st.builds(Field, st.uuids().map(str), TEXTS, st.none() | TEXTS, st.none() | TEXTS), max_size=7).map(tuple)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.builds(
        Content,
        TEXTS.filter(bool),
        TEXTS.filter(bool),
        style=st.sampled_from(Style),
        logo_text=st.none() | TEXTS,
        header=FIELDS,
        primary=FIELDS,
        secondary=FIELDS,
        auxiliary=FIELDS,
        back=FIELDS,
        barcode=st.none() | st.builds(Barcode, st.sampled_from(BarcodeFormat), TEXTS),
        voided=st.booleans(),
    )
)
def test_no_text_leaves_its_card_or_becomes_markup(content: Content) -> None:
    for wallet, side in VIEWS:
        document = svg(scene(content), wallet, side)
        root = ET.fromstring(document)
        tags = {one.tag.partition("}")[2] for one in root.iter()}
        assert tags <= {
            *("svg", "title", "defs", "rect", "path", "text", "g", "image", "line", "circle", "clipPath", "linearGradient", "stop"),
            *("filter", "feGaussianBlur"),
        }
        assert all(
            value.startswith("data:image/png") for one in root.iter() for name, value in one.items() if name.endswith("href")
        )
    front = apple_front.Front(scene(content))
    front.draw()
    for left, baseline, wide, size in front.canvas.texts:
        assert left >= -0.01
        assert left + wide <= apple_front.WIDTH + 0.01
        assert baseline - size > -8
    assert apple_back.WIDTH == google.WIDTH == apple_front.WIDTH

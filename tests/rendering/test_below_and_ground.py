"""What an iPhone shows below a pass, and grounds that many passes have alike."""

import io
import xml.etree.ElementTree as ET

import pytest
from msgspec.structs import replace
from PIL import Image, ImageChops, ImageStat

from billfold.domain.content import Barcode, BarcodeFormat, Content, Field, ImageSlot, JsonObject, Overrides, Poster, Style
from billfold.images.defaults import default_logo
from billfold.rendering import grounds, preview
from billfold.rendering.preview import Wallet, png, svg
from billfold.rendering.scene import Scene, Scheme, Side

PICTURE = default_logo("#c2410c", "BC")
ACTIONS: list[JsonObject] = [{"type": "shop", "identifier": "a"}, {"type": "call", "identifier": "b"}]
FINAL = {"date": "2027-05-11T14:00+02:00", "isAllDay": True}
ENTRIES: list[JsonObject] = [
    {"name": "Semi-final", "isActive": True, "dateInformation": {"date": "2027-05-04T14:00+02:00"}},
    {"name": "Final", "dateInformation": FINAL, "semantics": {"venueName": "Old Hall"}},
    {"name": "Gala"},
    {"name": "Ball", "dateInformation": {"date": "2027-06-01T20:00+02:00", "isUnannounced": True}},
]
POSTER = Content("Museum", "Card", poster=Poster(primary=(Field("a", "Ada"),)))
TICKET = Content("Hall", "Ticket", Style.EVENT_TICKET, primary=(Field("a", "Cup"),), enhanced=True)
BLURRED = Content("Hall", "Ticket", Style.EVENT_TICKET, primary=(Field("a", "Cup"),), barcode=Barcode(BarcodeFormat.QR, "T-1"))
PICTURES = {ImageSlot.ARTWORK: PICTURE}


def texts(content: Content, side: Side = Side.FRONT, language: str = "en", scheme: Scheme = Scheme.LIGHT) -> list[str]:
    drawn = svg(Scene(content, language, PICTURES, scheme), Wallet.APPLE, side)
    return ["".join(one.itertext()) for one in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]


def own(content: Content, **apple: object) -> Content:
    return replace(content, overrides=Overrides(apple=apple))


@pytest.mark.parametrize(("language", "names"), [("en", ["Shop", "Call"]), ("de-AT", ["Einkaufen", "Anrufen"])])
def test_featured_actions_stand_below_the_face_in_the_phones_words(language: str, names: list[str]) -> None:
    third: JsonObject = {"type": "order", "identifier": "c"}
    assert texts(own(POSTER, featuredActions=[*ACTIONS, third]), language=language)[-2:] == names
    assert texts(own(POSTER, featuredActions=[{"type": "fly"}, "shop", {}])) == texts(POSTER)
    assert texts(own(TICKET, featuredActions=ACTIONS)) == texts(TICKET), "a poster ticket has no room for them"
    plain = svg(Scene(POSTER, pictures=PICTURES), Wallet.APPLE)
    longer = svg(Scene(own(POSTER, featuredActions=ACTIONS), pictures=PICTURES), Wallet.APPLE)
    assert [ET.fromstring(one).get("height") for one in (plain, longer)] == ["480", "536"]


def test_upcoming_entries_of_a_poster_ticket_stand_below_it_and_all_on_its_back() -> None:
    season = own(TICKET, upcomingPassInformation=ENTRIES)
    shown = texts(season)
    assert shown[-8:] == [
        *("Upcoming", "Now", "Semi-final", "May 4, 2027, 2:00 PM"),
        *("Final", "May 11, 2027 · Old Hall", "Gala", "Date to be determined"),
    ]
    back = texts(season, Side.BACK, scheme=Scheme.DARK)
    assert [one for one in back if one in ("Semi-final", "Final", "Gala", "Ball")] == ["Semi-final", "Final", "Gala", "Ball"]
    assert "To be announced" in back
    assert texts(own(BLURRED, upcomingPassInformation=ENTRIES)) == texts(BLURRED), "other layouts show none"
    assert texts(own(TICKET, upcomingPassInformation={"name": "Gala"})) == texts(TICKET)


@pytest.mark.parametrize(("content", "slot"), [(POSTER, ImageSlot.ARTWORK), (BLURRED, ImageSlot.BACKGROUND)])
def test_passes_of_a_template_have_one_ground_and_nobody_sees_that_it_is_kept(content: Content, slot: ImageSlot) -> None:
    pictures = {slot: PICTURE, ImageSlot.THUMBNAIL: PICTURE, ImageSlot.LOGO: PICTURE}
    other = replace(content, description="Other", voided=True)
    drawn = [svg(Scene(one, pictures=pictures), Wallet.APPLE) for one in (content, other)]
    parts = [grounds.split(one) for one in drawn]
    assert parts[0] is not None
    assert parts[1] is not None
    assert parts[0][0] == parts[1][0]
    assert parts[0][1] != parts[1][1]
    at_once = Image.open(io.BytesIO(preview._drawn(drawn[1], 1.0)))
    laid = Image.open(io.BytesIO(png(drawn[1], 1.0)))
    assert laid.size == at_once.size
    difference = ImageChops.difference(laid.convert("RGBA"), at_once.convert("RGBA"))
    assert max(ImageStat.Stat(difference).mean) < 0.6
    kept = preview._ground.cache_info().hits
    png(drawn[0], 1.0)
    assert preview._ground.cache_info().hits == kept + 1


def test_what_has_no_ground_is_drawn_as_it_is() -> None:
    assert grounds.split(svg(Scene(Content("Shop", "Card")), Wallet.APPLE)) is None

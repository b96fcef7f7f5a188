"""Messages as a holder reads them: the newest as a field, in its place or first on the back; those before it below."""

from msgspec.structs import replace

from billfold.domain import texts
from billfold.domain.content import Content, Field
from billfold.domain.messages import KEPT, Message, announced, appended, with_messages, without_messages

TERMS = Field("terms", "One coffee a day.", "Terms")
PLAIN = Content("Bayroast", "Card", back=(TERMS,))
READY = replace(PLAIN, back=(TERMS, Field("message", "Welcome", "News")))


def message(number: int) -> Message:
    return Message(f"{number:04}", number, f"Header {number}", f"Body {number}")


def test_the_newest_message_is_a_back_field_whose_change_says_its_text() -> None:
    [first, second, *rest] = with_messages(PLAIN, (message(1),)).back
    assert first == Field("message", "Body 1", "Header 1", "%@")
    assert (second, rest) == (TERMS, [])


def test_those_before_it_stand_below() -> None:
    shown = with_messages(PLAIN, (message(1), message(2), message(3)))
    assert shown.back[0].value == "Body 3"
    assert shown.back[-1] == Field("message_earlier", "Header 2: Body 2\nHeader 1: Body 1")


def test_it_takes_the_place_of_the_pass_s_own_field() -> None:
    assert [one.key for one in with_messages(READY, (message(1),)).back] == ["terms", "message"]
    assert (announced(READY), announced(PLAIN)) == (True, False)


def test_again_changes_nothing_and_taken_away_it_is_as_before() -> None:
    two = (message(1), message(2))
    assert with_messages(with_messages(PLAIN, two), two) == with_messages(PLAIN, two)
    assert without_messages(with_messages(PLAIN, two)) == PLAIN
    assert with_messages(PLAIN, ()) is PLAIN


def test_a_message_in_several_languages_is_read_in_the_phone_s_own() -> None:
    own = {"de": {"fields.message.label": "Neuigkeiten", "description": "Karte"}, "it": {"fields.message.label": "Novità"}}
    first = Message("1", 1, "Bar", "Your table is ready.", {"de": {"body": "Dein Tisch ist frei."}})
    shown = with_messages(replace(READY, language="en", translations=own), (message(0), first))
    german, french = texts.in_language(shown, "de"), texts.in_language(shown, "fr")
    assert [(one.label, one.value) for one in german.back[1:]] == [("Bar", "Dein Tisch ist frei."), (None, "Header 0: Body 0")]
    assert french.back[1].value == "Your table is ready."
    assert texts.in_language(shown, "it").back[1].label == "Bar", "words of the field that stood there are not the message's"
    assert german.description == "Karte"
    assert without_messages(with_messages(PLAIN, (first,))) == PLAIN


def test_ten_are_kept() -> None:
    kept: tuple[Message, ...] = ()
    for number in range(15):
        kept = appended(kept, message(number))
    assert [one.at_ms for one in kept] == list(range(5, 15))
    assert len(kept) == KEPT

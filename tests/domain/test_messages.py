"""Messages as a holder reads them: the newest as a field, in its place or first on the back; those before it below."""

from msgspec.structs import replace

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


def test_ten_are_kept() -> None:
    kept: tuple[Message, ...] = ()
    for number in range(15):
        kept = appended(kept, message(number))
    assert [one.at_ms for one in kept] == list(range(5, 15))
    assert len(kept) == KEPT

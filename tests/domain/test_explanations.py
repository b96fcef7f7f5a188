"""Why a phone shows what it shows: what stands in the way is the last step, and the first fault ends the tale."""

import pytest

from billfold.domain.explanations import Shown, State, Step, Trace, Wish, of_google, of_nobody, of_phone

ISSUED, CHANGED, SENT, NOW = 1_000_000, 2_000_000, 2_001_000, 2_030_000
LATER = SENT + 10 * 60_000
SHOWN = Shown(7, True, CHANGED, announced=True)
FETCHED = Shown(7, True, CHANGED, announced=True, fetched=(7, 2_002_000))


def codes(steps: tuple[Step, ...]) -> list[str]:
    return [one.code for one in steps]


@pytest.mark.parametrize(
    ("wish", "last", "state"),
    [
        (None, "not_wanted_yet", State.WAIT),
        (Wish(5, 5), "not_wanted_yet", State.WAIT),
        (Wish(7, 5, due_at_ms=NOW), "queued", State.WAIT),
        (Wish(7, 5, 3, due_at_ms=NOW, last_error="503 ServiceUnavailable"), "retrying", State.BAD),
        (Wish(7, 5, 0, due_at_ms=NOW, last_error="403 BadCertificate"), "credential", State.BAD),
        (Wish(7, 5, 1, parked=True, last_error="400 BadTopic"), "parked", State.BAD),
        (Wish(7, 7, sent_at_ms=SENT), "not_asked_yet", State.WAIT),
        (Wish(9, 8, sent_at_ms=SENT, last_error="503", attempts=1), "not_asked_yet", State.WAIT),
    ],
)
def test_the_last_step_is_what_stands_in_the_way(wish: Wish | None, last: str, state: State) -> None:
    steps = of_phone(SHOWN, wish, ISSUED, NOW)
    assert codes(steps)[:2] == ["registered", "changed"]
    assert (steps[-1].code, steps[-1].state) == (last, state)
    assert all(one.state is State.GOOD for one in steps[:-1])


def test_a_phone_that_was_told_long_ago_and_never_asked_is_what_to_look_at() -> None:
    steps = of_phone(SHOWN, Wish(7, 7, sent_at_ms=SENT), ISSUED, LATER)
    assert (steps[-1].code, steps[-1].state) == ("silent_phone", State.BAD)


def test_a_phone_that_fetched_shows_what_it_should() -> None:
    assert codes(of_phone(FETCHED, Wish(7, 7, sent_at_ms=SENT), ISSUED, LATER)) == ["registered", "changed", "told", "fetched"]
    pulled = of_phone(FETCHED, Wish(7, 5, 2, last_error="503"), ISSUED, LATER)
    assert codes(pulled) == ["registered", "changed", "fetched"]  # by itself, without any push


def test_of_several_phones_nobody_can_say_which_one_fetched() -> None:
    steps = of_phone(FETCHED, Wish(7, 7, sent_at_ms=SENT), ISSUED, LATER, phones=2)
    assert (codes(steps)[-1], steps[-1].count) == ("some_fetched", 2)
    behind = of_phone(FETCHED, Wish(7, 5, 2, last_error="503"), ISSUED, LATER, phones=2)
    assert codes(behind)[-1] == "retrying"  # the other one's fetch says nothing of this one


def test_an_older_version_that_was_fetched_is_not_this_one() -> None:
    older = Shown(7, True, CHANGED, announced=True, fetched=(6, 1_900_000))
    assert codes(of_phone(older, Wish(7, 7, sent_at_ms=SENT), ISSUED, LATER))[-1] == "silent_phone"


def test_nothing_changed_means_nobody_is_told() -> None:
    unchanged = Shown(3, False, ISSUED, announced=True)
    assert codes(of_phone(unchanged, Wish(0, 0), ISSUED, NOW)) == ["registered", "unchanged"]
    assert codes(of_google(unchanged, Wish(3, 3), True, (), NOW)) == ["saved", "unchanged"]


def test_a_change_without_a_sentence_comes_silently() -> None:
    silent = Shown(7, True, CHANGED, announced=False, fetched=(7, 2_002_000))
    assert codes(of_phone(silent, Wish(7, 7, sent_at_ms=SENT), ISSUED, LATER))[-1] == "unannounced"


def test_a_device_that_came_after_the_change_is_current() -> None:
    assert codes(of_phone(SHOWN, Wish(0, 0), CHANGED + 5, NOW))[-1] == "installed_current"


@pytest.mark.parametrize(
    ("trace", "expected"),
    [
        (Trace(), ["never_opened"]),
        (Trace(opened_at_ms=5), ["opened"]),
        (Trace(5, 6), ["opened", "downloaded", "never_registered"]),
        (Trace(5, 6, removed_at_ms=9), ["opened", "downloaded", "removed"]),
        (Trace(5, 6, gone_at_ms=9), ["opened", "downloaded", "gone"]),
        (Trace(5, 10, removed_at_ms=9), ["opened", "downloaded", "never_registered"]),  # taken again since
    ],
)
def test_without_a_device_the_link_tells_how_far_it_came(trace: Trace, expected: list[str]) -> None:
    assert codes(of_nobody(trace)) == expected


def test_google_brings_what_was_written_and_stops_notifying_after_three() -> None:
    assert codes(of_google(SHOWN, None, False, (), NOW)) == ["not_saved"]
    written = Wish(7, 7, sent_at_ms=SENT)
    assert codes(of_google(SHOWN, written, True, (NOW - 5,), NOW)) == ["saved", "changed", "written", "google_brings"]
    assert "google_quota" in codes(of_google(SHOWN, written, True, (NOW - 5, NOW - 6, NOW - 7), NOW))
    assert codes(of_google(SHOWN, Wish(7, 5, 2, last_error="500"), True, (), NOW))[-1] == "retrying"

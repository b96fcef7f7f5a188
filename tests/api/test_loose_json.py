"""The two spellings of source S2's own curl lines are read; whatever is in doubt is refused, and nothing is guessed."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.api import loose_json
from billfold.api.loose_json import Bare
from billfold.api.strict_json import Malformed

SINGLE = """{
'points': 1,
'balance': 5.50,
'organization_identifier': 'demo00',
'description': 'Latte macchiato',
'transaction_reference': "it\\'s 1",
'vat_rate': 21
}"""
BARE = """{
email: ada@example.com,
brand_id: 0190b3a0-0000-7000-8000-000000000001,
expiration_date: 2027-01-31T10:00:00Z,
pass_title: Welcome,
status: active
}"""


def kinds(found: dict[str, object]) -> dict[str, tuple[bool, str]]:
    return {name: (isinstance(value, Bare), str(value)) for name, value in found.items()}


@pytest.mark.requirement("S2-27", "S2-02")
def test_single_quotes_are_read() -> None:
    assert kinds(loose_json.parse(SINGLE.encode())) == {
        "points": (True, "1"),
        "balance": (True, "5.50"),
        "organization_identifier": (False, "demo00"),
        "description": (False, "Latte macchiato"),
        "transaction_reference": (False, "it's 1"),
        "vat_rate": (True, "21"),
    }


@pytest.mark.requirement("S2-23", "S2-26")
def test_what_a_shell_leaves_of_quotes_is_read() -> None:
    assert kinds(loose_json.parse(BARE.encode())) == {
        "email": (True, "ada@example.com"),
        "brand_id": (True, "0190b3a0-0000-7000-8000-000000000001"),
        "expiration_date": (True, "2027-01-31T10:00:00Z"),
        "pass_title": (True, "Welcome"),
        "status": (True, "active"),
    }


REFUSED = [
    "",
    "[]",
    "1",
    "{",
    "{a}",
    "{a:}",
    "{a: }",
    "{a:b,}",
    "{,a:b}",
    "{a:b c:d}x",
    "{a:b}{",
    "{'a':'b' 'c'}",
    "{'a':'b'c}",
    "{'a' 'b'}",
    "{a: {b: c}}",
    "{a: [1]}",
    "{'a': 'b",
    "{'a': 'b\n'}",
    "{'a': '\\x41'}",
    "{'a': '\\ud800'}",
    "{'a': '\\u0000'}",
    "{a b: c}",
    "{'a': 1, \"a\": 2}",
    "{a: 1, 'a': 2}",
    "{1: 2}",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_in_doubt_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        loose_json.parse(text.encode())


@pytest.mark.parametrize("body", [b"{a: \xff}", b"{" + b"a: b," * 5_000 + b"c: d}", b"{a:" + b" " * 17_000 + b"b}"])
def test_bytes_have_bounds(body: bytes) -> None:
    with pytest.raises(Malformed):
        loose_json.parse(body)


def test_more_pairs_than_any_request_has_are_refused() -> None:
    with pytest.raises(Malformed):
        loose_json.parse(("{" + ",".join(f"a{number}: 1" for number in range(51)) + "}").encode())


_NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,15}", fullmatch=True)
_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
_TOKENS = st.text(string.ascii_letters + string.digits + "@.-_:/+", min_size=1, max_size=30)


def single(text: str) -> str:
    """As somebody would write it who knows JSON's escapes and likes the other quote better."""
    return "'" + json.dumps(text)[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"


@given(st.dictionaries(_NAMES, _TEXTS, max_size=8))
def test_every_text_in_single_quotes_comes_back_as_it_was(given_: dict[str, str]) -> None:
    body = "{" + ", ".join(f"{single(name)}: {single(value)}" for name, value in given_.items()) + "}"
    found = loose_json.parse(body.encode())
    assert found == given_
    assert not any(isinstance(value, Bare) for value in found.values())


@given(st.dictionaries(_NAMES, _TOKENS, max_size=8))
def test_every_bare_word_comes_back_as_bare(given_: dict[str, str]) -> None:
    body = "{" + ", ".join(f"{name}: {value}" for name, value in given_.items()) + "}"
    found = loose_json.parse(body.encode())
    assert found == given_
    assert all(isinstance(value, Bare) for value in found.values())


@given(st.binary(max_size=200) | st.text("{}[]:,'\"\\ab1 \n\tu0", max_size=60).map(str.encode))
def test_any_bytes_are_an_object_of_texts_or_refused(body: bytes) -> None:
    try:
        found = loose_json.parse(body)
    except Malformed:
        found = {}
    assert all(isinstance(value, str) for value in found.values())

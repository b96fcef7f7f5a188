"""One parser for all surfaces: what it takes, and what it refuses, naming the mend and never repeating the input."""

import json
import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from billfold.api import strict_json
from billfold.domain.errors import Invalid

SECRET = "kohlrabi"

REFUSED = {
    "nothing": (b"", "body_missing"),
    "blank": (b"  ", "not_json"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "not_json"),
    "two values": (b"{} {}", "not_json"),
    "a comment": (b'{"a": 1} // b', "not_json"),
    "a trailing comma": (b'{"a": 1,}', "not_json"),
    "single quotes": (b"{'a': 1}", "not_json"),
    "a leading zero": (b'{"a": 01}', "not_json"),
    "a raw line feed in a text": (b'{"a": "\n"}', "not_json"),
    "a raw NUL in a text": (b'{"a": "\x00"}', "not_json"),
    "an escaped NUL": (rb'{"a": "\u0000"}', "nul_in_text"),
    "an escaped NUL in a name": (rb'{"a\u0000": 1}', "nul_in_text"),
    "a lone high surrogate": (rb'{"a": "\ud800"}', "lone_surrogate"),
    "a lone low surrogate deep down": (rb'[[["\uDC00x"]]]', "lone_surrogate"),
    "surrogates in the wrong order": (rb'"\udc00\ud800"', "lone_surrogate"),
    "a surrogate in raw bytes": (b'"\xed\xa0\x80"', "not_utf8"),
    "latin-1": ("Café".join('""').encode("latin-1"), "not_utf8"),
    "overlong UTF-8": (b'"\xc0\x80"', "not_utf8"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "not_utf8"),
    "NaN": (b'{"a": NaN}', "number_not_finite"),
    "Infinity": (b'{"a": Infinity}', "number_not_finite"),
    "minus Infinity": (b'{"a": -Infinity}', "number_not_finite"),
    "1e400": (b'{"a": 1e400}', "number_too_large"),
    "2^63": (b'{"a": 9223372036854775808}', "number_too_large"),
    "below -2^63": (b"-9223372036854775809", "number_too_large"),
    "5,000 digits": (b'{"a": ' + b"9" * 5_000 + b"}", "number_too_large"),
    "5,000 decimals": (b"0." + b"1" * 5_000, "number_too_large"),
    "a name twice": (b'{"a": 1, "a": 1}', "duplicate_name"),
    "a name twice, once escaped": (rb'{"a": 1, "\u0061": 2}', "duplicate_name"),
    "a name twice deep down": (b'[{"a": [{"b": 1, "b": 2}]}]', "duplicate_name"),
    "33 levels": (b"[" * 33 + b"]" * 33, "too_deep"),
    "33 levels of both kinds": (b'[{"a":' * 17 + b"1" + b"}]" * 17, "too_deep"),
    "100,000 levels": (b"[" * 100_000 + b"]" * 100_000, "too_deep"),
    "100,000 levels of objects, never closed": (b'{"a":' * 100_000, "too_deep"),
    "too deep after a text with quotes and brackets": (rb'["\"]]]]]]",' + b"[" * 40 + b"]" * 40 + b"]", "too_deep"),
}


@pytest.mark.requirement("S3-23")
@pytest.mark.parametrize(("body", "code"), REFUSED.values(), ids=REFUSED)
def test_what_could_be_read_in_two_ways_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        strict_json.parse(body, bytes_max=1_000_000)
    (problem,) = refused.value.problems
    assert problem.code == code
    assert problem.mend


def test_a_body_beyond_its_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(strict_json.TooLarge):
        strict_json.parse(b"[" * 11, bytes_max=10)
    assert strict_json.parse(b"[1,2,3,4 ]", bytes_max=10) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "body",
    [
        f'{{"{SECRET} ": 1, "{SECRET} ": 2}}'.encode(),
        f'{{"a": ["{SECRET}", NaN]}}'.encode(),
        f'{{"a": "{SECRET}" x}}'.encode(),
        b'"' + SECRET.encode() + b'\xff"',
        f'"{SECRET}\\ud800"'.encode(),
        f'"{SECRET}'.encode(),
    ],
)
def test_a_refusal_repeats_nothing_of_the_body(body: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        strict_json.parse(body, bytes_max=1000)
    assert SECRET not in str(refused.value)


PLACES = {
    "in a list of objects": (b'{"headerFields": [{"label": "a"}, {"label": "b", "value": NaN}]}', "headerFields[1].value"),
    "in a list of lists": (b"[1, [2, 1e400]]", "[1][1]"),
    "after texts that look like JSON": (rb'{"a": "{\"b\": [1,", "c": {"d": "\u0000"}}', "c.d"),
    "of a name that comes twice": (rb'{"a": {"b": 1}, "c": {"b": 1, "\u0062": 2}}', "c.b"),
    "of a name with odd characters": (rb'{"a": {"<b>\u0000": 1}}', "a.(a name with odd characters)"),
    "of bytes that are no UTF-8": (b'{"a": ["b", "\xff"]}', "a[1]"),
    "of what is no JSON": (b'{"a": {"b": \'c\'}}', "a.b"),
    "of a text without an end": (b'{"a": {"b": "c}}', "a.b"),
    "of the first level too many": (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", "a" + "[0]" * 11),
    "of the whole body": (b"NaN", ""),
    "beyond where anybody looks": (b"[" + b"1," * 20_000 + b"NaN]", ""),
}


@pytest.mark.requirement("S3-23")
@pytest.mark.parametrize(("body", "path"), PLACES.values(), ids=PLACES)
def test_a_refusal_names_the_field(body: bytes, path: str) -> None:
    with pytest.raises(Invalid) as refused:
        strict_json.parse(body, bytes_max=1_000_000)
    assert [one.path for one in refused.value.problems] == [path]


TAKEN = {
    "32 levels": b"[" * 32 + b"]" * 32,
    "32 levels of both kinds": b'[{"a":' * 16 + b"1" + b"}]" * 16,
    "a hundred neighbours": b"[" + b"[[]]," * 100 + b"{}]",
    "brackets in a text": b'["' + b"[{" * 10_000 + b'"]',
    "escaped quotes and backslashes before brackets": rb'["\\", "\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "\\\""]',
    "64-bit integers": b"[9223372036854775807, -9223372036854775808, -0]",
    "floats": b"[1.5, 1e3, 1E-400, 0.1, -2.5e+10]",
    "a pair of surrogates": rb'"\ud83d\ude00"',
    "an escaped backslash before u0000": rb'"\\u0000 \\ud800"',
    "a picture of some megabytes": b'{"logo": "data:image/png;base64,' + b"iVBORw0KGgo" * 400_000 + b'"}',
}


@pytest.mark.parametrize("body", TAKEN.values(), ids=TAKEN)
def test_what_has_one_meaning_is_taken(body: bytes) -> None:
    assert strict_json.parse(body, bytes_max=10_000_000) == json.loads(body)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text('abc"\\[{é😀', max_size=4), inner, max_size=5),
    max_leaves=30,
)


@given(values, st.booleans())
@settings(max_examples=300, deadline=None)
def test_every_value_comes_back_as_it_was(value: object, escaped: bool) -> None:
    assert strict_json.parse(json.dumps(value, ensure_ascii=escaped).encode(), bytes_max=1_000_000) == value


@given(st.binary(max_size=200) | st.text('{}[]":,\\u0d8 e1-.\n', max_size=120).map(str.encode))
@example(b'{"a": "\\')
@settings(max_examples=1_000, deadline=None)
def test_any_bytes_are_either_read_or_refused(body: bytes) -> None:
    """Never another exception; and what is taken, the standard library reads alike."""
    try:
        value = strict_json.parse(body, bytes_max=1_000)
    except Invalid:
        return
    assert value == json.loads(body)
    assert not (isinstance(value, float) and math.isnan(value))

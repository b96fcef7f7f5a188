"""What a template's text may ask of a pass's values: everything that people need, nothing that an attacker could use."""

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billfold.domain import expressions
from billfold.domain.expressions import Expression, Lacking, Program, faults, plain_text

VALUES: dict[str, Any] = {
    "member": {"points": 12345, "euro": 1234.5, "name": "Ada", "tags": ["gold", "vip"], "active": True, "gone": None},
    "one": 1,
    "two": 2,
    "until": "2026-12-31",
    "at": "2026-12-31T18:05:00+01:00",
    "first.name": "flat",
    "member-id": "M 1",
    "say": "{{ member.name }} {% for %}",
    "list": [1, 2],
    "zero": 0,
}


def worked(source: str, language: str = "en") -> object:
    return Program([source], language).run(VALUES)[0]


@pytest.mark.parametrize(
    ("source", "english", "german", "french"),
    [
        ("member.points | number", "12,345", "12.345", "12\u202f345"),
        ("member.points | number(2)", "12,345.00", "12.345,00", "12\u202f345,00"),
        ('member.euro | money("EUR")', "€1,234.50", "1.234,50\xa0€", "1\u202f234,50\xa0€"),
        ('until | date("long")', "December 31, 2026", "31. Dezember 2026", "31 décembre 2026"),
        ("at | date", "Dec 31, 2026", "31.12.2026", "31 déc. 2026"),
        ("at | time", "6:05\u202fPM", "18:05", "18:05"),
        ('one | plural(one="one", other="many")', "one", "one", "one"),
        ('two | plural(one="one", other="many")', "many", "many", "many"),
        ('zero | plural(one="one", other="many")', "many", "many", "one"),
    ],
)
def test_numbers_money_and_dates_are_written_as_the_language_writes_them(
    source: str, english: str, german: str, french: str
) -> None:
    assert [worked(source, language) for language in ("en", "de", "fr")] == [english, german, french]


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("member.name", "Ada"),
        ("member.name | upper", "ADA"),
        ("member.name | lower", "ada"),
        ("member.tags[1]", "vip"),
        ("member.tags.1", "vip"),
        ('member["name"]', "Ada"),
        ("first.name", "flat"),
        ("member-id", "M 1"),
        ("10 - two", 8),
        ("(member.points + 5) / 10", 1235.0),
        ("0 - two", -2),
        ('"vip" in member.tags', True),
        ('"gold" if member.active else "none"', "gold"),
        ('"yes" if two > 1 and not zero else "no"', "yes"),
        ('nobody | default("guest")', "guest"),
        ('member.gone | default("guest") | upper', "GUEST"),
        ("say", "{{ member.name }} {% for %}"),
    ],
)
def test_a_value_is_put_in_as_it_is(source: str, value: object) -> None:
    assert worked(source) == value


@pytest.mark.parametrize(
    "source", ["nobody", "nobody.at.all", "member.nothing", "member.gone", "list[9]", "nobody | number", "member.name.upper"]
)
def test_what_is_not_there_is_lacking_and_named(source: str) -> None:
    found = worked(source)
    assert isinstance(found, Lacking)
    assert found.name == source.partition(" ")[0].replace("[", ".").replace("]", "")


ATTACKS = [
    *("''.__class__.__mro__[1].__subclasses__()", "member.__class__", "member.__class__.__init__.__globals__"),
    *("self.__init__.__globals__", "self", "cycler.__init__.__globals__.os.popen('id').read()", "lipsum.__globals__"),
    *("config", "request", "range(1000000000)", "dict()", "namespace()", "joiner()", "super()", "loop.index"),
    *("member.name.format(member)", "'%s' % member", "'{0.__class__}'.format(member)", "member | attr('__class__')"),
    *("member | map(attribute='__class__')", "list | tojson", "list | xmlattr", "member | pprint", "list | join", "list | list"),
    *("member['__class__']", "member[say]", "member.items()", "list.append(1)", "member.update(a=1)", "member.name.upper()"),
    *("'a' * 1000000000", "list * 1000000000", "2 ** 99999999", "9 // 1", "7 % 2", "'a' ~ 'b'", "[1] + [2]", "(1, 2)", "{'a': 1}"),
    *(
        "1 << 99",
        "member is mapping",
        "lambda: 1",
        "x := 1",
        "member | default(**member)",
        "member | number(*list)",
    ),
    *("'a'|upper|upper()|center(99999999)", "'x'|replace('x', 'y')", "99999999999999999999 * 9999", "(" * 60 + "1" + ")" * 60),
    *("not " * 70 + "two", "-" * 250 + "two", "two" + " + two" * 60, "'" + "a" * 400 + "'", "%}{% for i in list %}", "# comment"),
    *("member\n.name\n.__class__", "ｓｅｌｆ", "member.name }}{{ self", "{{ member", "two if", "1 if", "|upper", "two |", "\x00"),
]
TOO_BIG = [
    "member.points * 9223372036854775807",
    "9223372036854775807 + 9223372036854775807",
    "1 / zero",
    "two - 'a'",
    "list + list",
]


@pytest.mark.parametrize("source", [*ATTACKS, *TOO_BIG])
def test_what_an_attacker_would_write_gives_nothing(source: str) -> None:
    """Refused when a template is checked, and without any effect where it stands in one all the same."""
    found = worked(source)
    assert isinstance(found, Lacking), found
    good, bad = Program(["member.name | upper", source], "en").run(VALUES)
    assert good == "ADA"
    assert isinstance(bad, Lacking)


@pytest.mark.parametrize(
    "source", ["'%s' % member", "range(9)", "member.items()", "list | join", "x" * 301, "two ** 2", "2 +", "[1]"]
)
def test_what_is_no_part_of_the_language_is_a_fault_that_does_not_repeat_it(source: str) -> None:
    (fault,) = faults("Hello {{ " + source + " }}")
    assert fault.code
    assert fault.mend
    assert source not in fault.message + fault.mend


@pytest.mark.parametrize(
    ("source", "idle"),
    [
        ("p | money", True),
        ('p | money("Euro")', True),
        ('p | money("EUR")', False),
        ("p | money(currency)", False),
        ('p | number("2")', True),
        ("p | number(11)", True),
        ("p | number", False),
        ("p | number(2)", False),
        ('p | date("weird")', True),
        ('p | time("full")', False),
        ('p | plural(many="x")', True),
        ('p | plural(one="x", other="y")', False),
        ('(p | date("weird")) | upper', True),
        ('p | default("weird")', False),
    ],
)
def test_a_filter_that_makes_nothing_of_what_it_is_given_is_told(source: str, idle: bool) -> None:
    assert [one.code for one in faults(f"{{{{ {source} }}}}")] == ["filter_idle"] * idle


def test_statements_comments_and_open_braces_are_text_and_told() -> None:
    text = "{% for i in list %}x{% endfor %}"
    assert expressions.pieces(text) == [text]
    assert [one.code for one in faults(text)] == ["statement"]
    assert [one.code for one in faults("{{ member.name")] == ["expression_open"]
    assert expressions.pieces("a {{ b") == ["a ", "{{ b"]
    assert [one.code for one in faults("{{ a }}" * 51)] == ["expressions_too_many"]


PATHS = st.sampled_from(
    ["member.points", "member.euro", "member.name", "one", "until", "nobody", "member.tags[0]", "list", "member"]
)
FILTERS = st.sampled_from(
    [
        "number",
        "number(1)",
        'money("USD")',
        "date",
        'date("full")',
        "time",
        "upper",
        "lower",
        'default("x")',
        'plural(one="a", other="b")',
    ]
)


@given(PATHS, st.lists(FILTERS, max_size=3), st.sampled_from(["en", "de", "ar", "ja", "xx"]))
def test_the_short_way_and_the_sandbox_agree(path: str, filters: list[str], language: str) -> None:
    source = " | ".join([path, *filters])
    read = expressions._read(source)
    assert isinstance(read, Expression)
    (short,) = Program([source], language).run(VALUES)
    together = Program([source, "1 - 1", "one if one else two"], language)
    sandboxed = expressions._compiled_alone(source, language)(VALUES)[0] if read.tree is not None else short
    if isinstance(short, Lacking):
        assert sandboxed is None or isinstance(sandboxed, expressions.ChainableUndefined | Lacking)
    else:
        assert short == sandboxed
    assert together.run(VALUES)[0] == short


@given(st.text(alphabet=string.printable, max_size=60))
def test_no_text_of_an_expression_breaks_anything(source: str) -> None:
    (found,) = Program([source], "en").run(VALUES)
    assert isinstance(plain_text(found), str)
    faults("{{ " + source + " }}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    JSON,
    st.sampled_from(["v", "v.a", "v | number", 'v | money("EUR")', "v | date", "v | time", "v | upper", "v - 1", "v > 1", "-v"]),
)
def test_no_value_breaks_anything(value: object, source: str) -> None:
    (found,) = Program([source], "de").run({"v": value})
    assert isinstance(plain_text(found), str)

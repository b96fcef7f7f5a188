"""A template's own rules: what its values are, what is wrong with it before a pass is made, and what differs between revisions."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from billfold.domain import template_rules
from billfold.domain.content import Content, DateFormat, Field, MoneyFormat, NumberFormat, Poster
from billfold.domain.merging import merge
from billfold.domain.templates import (
    NO_RULES,
    Missing,
    Rules,
    ValueRule,
    ValueType,
    check_values,
    completed,
    decode_rules,
    defaults_of,
    encode_rules,
    examples_of,
    longest_of,
    lookup,
    text_hash,
    type_fault,
    values_fingerprint,
)


def test_an_idle_filter_is_a_warning_so_that_what_is_published_stays_so() -> None:
    content = Content("Bayroast", "Card", primary=(Field("since", '{{ since | date("weird") }}'),))
    (one,) = [one for one in template_rules.check(content, NO_RULES) if one.code == "filter_idle"]
    assert (one.severity, one.path) == ("warning", "content.primary[0].value")


CARD = Content(
    "Bayroast",
    "Card of {{ name }}",
    language="en",
    header=(Field("points", "{{ points | number }}", "POINTS", "You have %@ now"),),
    translations={"de": {"description": "Karte von {{ name }}", "fields.points.label": "PUNKTE"}},
)


def found(content: Content, rules: Rules = NO_RULES) -> set[tuple[str, str, str]]:
    return {(one.code, one.severity, one.path) for one in template_rules.check(content, rules)}


def translated(**words: str) -> Content:
    full = CARD.translations["de"] | {"fields.points.change_message": "Jetzt %@"}
    return replace(CARD, translations={"de": full | {path.replace("__", "."): text for path, text in words.items()}})


def test_a_whole_translation_is_without_findings() -> None:
    assert found(translated()) == set()


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (replace(translated(), language=None), ("language_missing", "content.language")),
        (replace(translated(), language="de"), ("language_is_base", "content.translations.de")),
        (CARD, ("translation_missing", "content.translations.de.fields.points.change_message")),
        (translated(fields__gone__label="X"), ("translation_path_unknown", "content.translations.de.fields.gone.label")),
        (
            translated(fields__points__change_message="Neue Punkte"),
            ("translation_placeholder", "content.translations.de.fields.points.change_message"),
        ),
        (translated(description="Karte von {{ nmae }}"), ("translation_expressions", "content.translations.de.description")),
        (translated(description="Karte"), ("translation_expressions", "content.translations.de.description")),
    ],
)
def test_what_a_language_lacks_is_told(content: Content, finding: tuple[str, str]) -> None:
    code, path = finding
    assert (code, "warning", path) in found(content)


def test_texts_of_values_alone_need_no_translation() -> None:
    assert not any(path.endswith("fields.points.value") for _, _, path in found(CARD))


def test_what_a_filter_has_written_no_format_reads_again() -> None:
    fields = tuple(
        Field(f"n{at}", text, format=shown)
        for at, (text, shown) in enumerate(
            [
                ("{{ points }}", NumberFormat()),
                ("{{ points | number }}", None),
                ("{{ points | number }}", NumberFormat()),
                ("{{ a + b }}", MoneyFormat("EUR")),
                ("{{ (a + b) | money('EUR') }}", MoneyFormat("EUR")),
                ("{{ due | date }}", DateFormat()),
            ]
        )
    )
    content = Content(
        "Bayroast", "Card", back=fields, poster=Poster(primary=(Field("p", "{{ n | number }}", format=NumberFormat()),))
    )
    paths = {path for code, severity, path in found(content) if (code, severity) == ("written_twice", "error")}
    assert paths == {"content.back[2].value", "content.back[4].value", "content.back[5].value", "content.poster.primary[0].value"}


def test_a_schema_contradicts_itself_nowhere() -> None:
    rules = Rules(
        schema=(
            ValueRule("a b"),
            ValueRule("member"),
            ValueRule("member.name", example=5),
            ValueRule("tier", default="x" * 9, max_length=3),
        ),
        bindings={"logo_text": "{{ a }}", "expires_at": "{{ a.b() }}"},
    )
    assert {(code, path) for code, severity, path in found(Content("B", "C"), rules) if severity == "error"} == {
        ("value_name", "schema[0].name"),
        ("value_inside_value", "schema"),
        ("value_type", "schema[2].example"),
        ("value_too_long", "schema[3].default"),
        ("not_bindable", "bindings.logo_text"),
        ("expression_not_allowed", "bindings.expires_at"),
    }


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (ValueType.TEXT, "5", 5),
        (ValueType.INTEGER, 5, 5.0),
        (ValueType.INTEGER, -5, True),
        (ValueType.NUMBER, 5.5, "5.5"),
        (ValueType.BOOLEAN, False, 0),
        (ValueType.DATE, "2026-12-31", "31.12.2026"),
        (ValueType.DATE, "2026-12-31T18:00:00+01:00", "2026-12-31T18:00:00"),
        (ValueType.COLOR, "#aaBB00", "#ab0"),
        (ValueType.OBJECT, {}, []),
        (ValueType.LIST, [], {}),
    ],
)
def test_each_type_takes_its_own_values_alone(kind: ValueType, good: object, bad: object) -> None:
    assert type_fault(kind, good) is None
    assert type_fault(kind, bad) is not None
    rules = Rules(schema=(ValueRule("v", kind),))
    assert check_values(rules, {"v": good}) == []
    assert [one.path for one in check_values(rules, {"v": bad})] == ["values.v"]


def test_what_is_required_may_come_from_a_default() -> None:
    rules = Rules(schema=(ValueRule("a", required=True), ValueRule("b.c", required=True, default="x")))
    assert [(one.path, one.code) for one in check_values(rules, {"b": {}})] == [("values.a", "value_missing")]


def test_examples_and_longest_values_fit_the_schema() -> None:
    schema = tuple(
        ValueRule(f"v{at}.x", kind, max_length=5 if kind is ValueType.TEXT else None) for at, kind in enumerate(ValueType)
    )
    rules = Rules(schema=schema)
    for values in (examples_of(rules), longest_of(rules)):
        assert check_values(rules, values) == []
        assert all(lookup(values, rule.name) is not None for rule in schema)
    assert lookup(longest_of(rules), "v0.x") == "Examp"


def test_rules_come_back_whole_and_equal_ones_are_one() -> None:
    rules = Rules((ValueRule("a", ValueType.NUMBER, example=1.5),), Missing.ERROR, {"expires_at": "{{ a }}"}, 30)
    assert decode_rules(encode_rules(rules)) == rules
    assert (encode_rules(NO_RULES), decode_rules(None)) == (None, NO_RULES)
    assert text_hash(CARD, rules) == text_hash(replace(CARD), replace(rules))
    assert text_hash(CARD, rules) != text_hash(CARD, NO_RULES)


def test_what_differs_is_named_by_path_and_fields_by_key() -> None:
    after = replace(CARD, header=(Field("tier", "Gold"), replace(CARD.header[0], label="STARS")), logo_text="New")
    assert template_rules.changes((CARD, NO_RULES), (after, Rules(missing=Missing.ERROR))) == (
        *("content.header[points].label", "content.header[tier].key", "content.header[tier].value", "content.logo_text", "missing"),
    )
    assert template_rules.changes((CARD, NO_RULES), (CARD, NO_RULES)) == ()
    assert "content.description" in template_rules.changes(None, (CARD, NO_RULES))


VALUES = st.recursive(
    st.none() | st.integers(-5, 5) | st.text("ab", max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


@given(OBJECTS, OBJECTS)
def test_a_merge_puts_in_what_it_says_and_takes_out_null(before: dict[str, Any], change: dict[str, Any]) -> None:
    after = merge(before, change)
    assert merge(after, change) == after
    assert {name for name in before if name not in change} <= after.keys()
    for name, one in change.items():
        if one is None:
            assert name not in after
        elif not isinstance(one, dict):
            assert after[name] == one


@given(OBJECTS, OBJECTS)
def test_defaults_change_nothing_that_is_said(defaults: dict[str, Any], values: dict[str, Any]) -> None:
    full = completed(defaults, values)
    assert full.keys() == defaults.keys() | values.keys()
    for name, one in values.items():
        if one is not None and not isinstance(one, dict):
            assert full[name] == one


def test_texts_alone_keep_the_fingerprint_that_they_had() -> None:
    assert values_fingerprint({"b": "2", "a": "1"}) == "620212b29b47b12526369997f37ac5746a547c4983c2ddff1adffdfd11a90fce"
    assert values_fingerprint({"a": 1}) != values_fingerprint({"a": "1"})
    assert values_fingerprint({"a": {"x": 1, "y": 2}}) == values_fingerprint({"a": {"y": 2, "x": 1}})


def test_defaults_lead_into_objects() -> None:
    rules = Rules(schema=(ValueRule("a.b", default=1), ValueRule("a.c", default=2), ValueRule("d")))
    assert defaults_of(rules) == {"a": {"b": 1, "c": 2}}

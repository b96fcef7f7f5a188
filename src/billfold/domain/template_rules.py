"""What is wrong with a template before any pass is made of it, as far as no wallet needs be asked: its expressions, its schema,
its bindings and its languages; and what differs between two revisions.

Findings' paths begin at the request: `content.header[0].value`, `schema[1].example`. May not enter: a wallet's rules, storage."""

import re
from collections.abc import Iterator

import msgspec

from billfold.domain import expressions, filling, texts
from billfold.domain.content import Content, Field, JsonObject, encode
from billfold.domain.findings import Finding
from billfold.domain.templates import BINDABLE, Rules, ValueRule, encode_rules, type_fault

ERROR, WARNING = "error", "warning"
WRITTEN_TWICE = "written_twice"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*\Z")
_NAMES = ("organization_name", "logo_text")
"""What is mostly the same in every language."""
_LETTER = re.compile(r"[^\W\d_]")


def check(content: Content, rules: Rules) -> tuple[Finding, ...]:
    """Errors first."""
    found = [*_expressions(content, rules), *_formats(content), *_schema(rules), *_bindings(rules), *_languages(content)]
    return tuple(sorted(found, key=lambda one: one.severity))


def _expressions(content: Content, rules: Rules) -> Iterator[Finding]:
    for path, fault in filling.faults(content, rules):
        severity = WARNING if fault.code in ("statement", "expression_open", "filter_idle") else ERROR
        where = path if path.startswith("bindings.") else f"content.{path}"
        yield Finding(fault.code, severity, where, fault.message, fault.mend)


def _formats(content: Content) -> Iterator[Finding]:
    """A format takes a value as it is; what a filter has written for people it can no longer read."""
    for group in texts.GROUPS:
        yield from _written_twice(getattr(content, group), f"content.{group}")
    for group in texts.POSTER_GROUPS if content.poster is not None else ():
        yield from _written_twice(getattr(content.poster, group), f"content.poster.{group}")


def _written_twice(fields: tuple[Field, ...], path: str) -> Iterator[Finding]:
    for at, one in enumerate(fields):
        if one.format is not None and any(map(expressions.depends_on_language, expressions.sources(one.value))):
            message = "the field has a format, and a filter has already written the value for people"
            yield Finding(WRITTEN_TWICE, ERROR, f"{path}[{at}].value", message, "leave the filter away, or the format")


def _schema(rules: Rules) -> Iterator[Finding]:
    seen: set[str] = set()
    for at, rule in enumerate(rules.schema):
        path = f"schema[{at}]"
        if not NAME.match(rule.name):
            mend = "begin with a letter; letters, digits and _, and dots to lead into objects"
            yield Finding("value_name", ERROR, f"{path}.name", "this is no name of a value", mend)
        if rule.name in seen:
            yield Finding("value_declared_twice", ERROR, f"{path}.name", "another value has this name", "declare each value once")
        seen.add(rule.name)
        for part in ("example", "default"):
            yield from _sample(rule, part, f"{path}.{part}")
    for name in seen:
        if any(other.startswith(name + ".") for other in seen):
            mend = "declare the object's own values only"
            yield Finding("value_inside_value", ERROR, "schema", "a declared value lies inside another", mend)
            return


def _sample(rule: ValueRule, part: str, path: str) -> Iterator[Finding]:
    given = getattr(rule, part)
    if given is None:
        return
    if (wrong := type_fault(rule.type, given)) is not None:
        yield Finding("value_type", ERROR, path, *wrong)
    elif rule.max_length is not None and isinstance(given, str) and len(given) > rule.max_length:
        yield Finding("value_too_long", ERROR, path, f"longer than {rule.max_length} characters", "shorten it")


def _bindings(rules: Rules) -> Iterator[Finding]:
    for name, source in rules.bindings.items():
        if name not in BINDABLE:
            mend = "bind one of " + ", ".join(BINDABLE)
            yield Finding("not_bindable", ERROR, f"bindings.{name}", "this member takes no value from the pass", mend)
        elif not expressions.sources(source):
            yield Finding("no_expression", ERROR, f"bindings.{name}", "this holds no expression", "write it like {{ tier.color }}")


# --- languages --------------------------------------------------------------------------------------------------------------------


def _languages(content: Content) -> Iterator[Finding]:
    """What a holder of another language would miss. Paths of texts are those of domain/texts.py."""
    if not content.translations:
        return
    if content.language is None:
        text = "the texts' own language is not said, so phones take it for English"
        yield Finding("language_missing", WARNING, "content.language", text, "say it, like en or de")
    base = texts.paths(content)
    for language in sorted(content.translations):
        where = f"content.translations.{language}"
        if language == content.language:
            yield Finding(
                "language_is_base", WARNING, where, "this is the base language: its translation is not used", "leave it away"
            )
            continue
        own = content.translations[language]
        for path in own:
            if path not in base:
                mend = "name a text that the content has, like fields.points.label; a field with a format has no text value"
                yield Finding("translation_path_unknown", WARNING, f"{where}.{path}", "no text has this path", mend)
        yield from _language(base, own, texts.translation(content, language), where)


def _language(base: dict[str, str], own: dict[str, str], found: dict[str, str], where: str) -> Iterator[Finding]:
    for path, text in base.items():
        if path not in found:
            if path not in _NAMES and texts.tag_of(path) is None and _has_words(text):
                yield Finding("translation_missing", WARNING, f"{where}.{path}", "this text has no translation", "translate it")
        elif path in own:
            yield from _pair(text, own[path], f"{where}.{path}")


def _pair(text: str, translated: str, path: str) -> Iterator[Finding]:
    if text.count("%@") == 1 and translated.count("%@") != 1:
        message = "the translation does not say the new value"
        yield Finding("translation_placeholder", WARNING, path, message, "write %@ once, where the value goes")
    if _asked(text) != _asked(translated):
        message = "the translation shows other values than the base text"
        yield Finding("translation_expressions", WARNING, path, message, "use the same values in both")


def _has_words(text: str) -> bool:
    """Whether there is anything to translate: not in a text of values and addresses alone."""
    said = "".join(one for one in expressions.pieces(text) if isinstance(one, str))
    return any(_LETTER.search(one) for one in said.split() if "://" not in one and "@" not in one)


def _asked(text: str) -> set[str]:
    return {name for source in expressions.sources(text) for name in expressions.reads(source)}


# --- what differs -----------------------------------------------------------------------------------------------------------------

CHANGES_MAX = 200


def changes(before: tuple[Content, Rules] | None, after: tuple[Content, Rules]) -> tuple[str, ...]:
    """Paths of members that differ, at most CHANGES_MAX; of a list that got longer or shorter its own path."""
    old = {} if before is None else _flat(*before)
    new = _flat(*after)
    return tuple(sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path)))[:CHANGES_MAX]


def _flat(content: Content, rules: Rules) -> dict[str, object]:
    said: JsonObject = {"content": msgspec.json.decode(encode(content))}
    said |= msgspec.json.decode(encode_rules(rules) or b"{}")
    return dict(_leaves(said, ""))


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _leaves(one, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for at, one in enumerate(value):
            label = one["key"] if isinstance(one, dict) and "key" in one else at
            yield from _leaves(one, f"{path}[{label}]")
    else:
        yield path, value

"""The texts of a content that a language may have its own words for, each with the path by which a translation names it.

A field is named by its key, since that stays when fields move: `fields.points.label`; a semantic tag by its own name:
`semantics.venueName`, `fields.seat.semantics.venueRoom`. May not enter: a wallet's way to keep translations, formatting of numbers
and dates, which tags hold words (a date or a code is text too)."""

from collections.abc import Callable, Iterator

import msgspec

from billfold.domain.content import Content, Field, JsonObject, Poster

FIELD_PARTS = ("label", "value", "change_message", "rich_text")
GROUPS = ("header", "primary", "secondary", "auxiliary", "additional", "back")
POSTER_GROUPS = ("header", "primary", "footer", "additional")
_PLAIN = ("organization_name", "description", "logo_text")
_PLACED = ("locations", "beacons")
_TAG = "semantics."
_SIGN_UP = ("description", "terms")


def paths(content: Content) -> dict[str, str]:
    """Path → text, of all texts that may be translated, in the order in which they are shown. A field with a format has no text
    value: the phone writes its number or date in its own language."""
    return dict(_walk(content))


def tag_of(path: str) -> str | None:
    """The name of the semantic tag that a path names; None for other texts. A field may be called `semantics`."""
    _, found, name = path.rpartition(_TAG)
    return name if found and name not in FIELD_PARTS else None


def tags(content: Content) -> dict[str, str]:
    """Path → text, of the semantic tags alone."""
    return {path: text for path, text in _walk(content) if _TAG in path and tag_of(path) is not None}


def _walk(content: Content) -> Iterator[tuple[str, str]]:
    for name in _PLAIN:
        if (text := getattr(content, name)) is not None:
            yield name, text
    for one in content.fields():
        yield from _of_field(f"fields.{one.key}", one)
    if content.poster is not None:
        for group in POSTER_GROUPS:
            for one in getattr(content.poster, group):
                yield from _of_field(f"poster.{one.key}", one)
    for name in _PLACED:
        for number, place in enumerate(getattr(content, name)):
            if place.relevant_text is not None:
                yield f"{name}[{number}].relevant_text", place.relevant_text
    if content.barcode is not None and content.barcode.alt_text is not None:
        yield "barcode.alt_text", content.barcode.alt_text
    yield from _of_tags("", content.semantics)
    if content.sign_up is not None:
        for part in _SIGN_UP:
            if (text := getattr(content.sign_up, part)) is not None:
                yield f"sign_up.{part}", text


def _of_field(name: str, one: Field) -> Iterator[tuple[str, str]]:
    for part in FIELD_PARTS:
        text = getattr(one, part)
        if text is not None and not (part == "value" and one.format is not None):
            yield f"{name}.{part}", text
    if one.semantics:
        yield from _of_tags(f"{name}.", one.semantics)


def _of_tags(start: str, semantics: JsonObject) -> Iterator[tuple[str, str]]:
    for name, value in semantics.items():
        if isinstance(value, str) and name.isalnum() and name not in FIELD_PARTS:
            yield f"{start}{_TAG}{name}", value


def rewrite(content: Content, change: Callable[[str, str], str]) -> Content:
    """The content with each text put through `change(path, text)`; the same object when nothing changed."""
    plain: dict[str, object] = {name: change(name, text) for name in _PLAIN if (text := getattr(content, name)) is not None}
    for group in GROUPS:
        if fields := getattr(content, group):
            plain[group] = tuple(_rewrite_field(one, f"fields.{one.key}", change) for one in fields)
    if content.poster is not None:
        posters = {
            group: tuple(_rewrite_field(one, f"poster.{one.key}", change) for one in getattr(content.poster, group))
            for group in POSTER_GROUPS
        }
        plain["poster"] = Poster(**posters)
    for name in _PLACED:
        if places := getattr(content, name):
            plain[name] = tuple(
                place
                if place.relevant_text is None
                else msgspec.structs.replace(place, relevant_text=change(f"{name}[{number}].relevant_text", place.relevant_text))
                for number, place in enumerate(places)
            )
    if content.barcode is not None and content.barcode.alt_text is not None:
        plain["barcode"] = msgspec.structs.replace(content.barcode, alt_text=change("barcode.alt_text", content.barcode.alt_text))
    if content.semantics:
        plain["semantics"] = _rewrite_tags("", content.semantics, change)
    if (form := content.sign_up) is not None:
        said = {part: change(f"sign_up.{part}", text) for part in _SIGN_UP if (text := getattr(form, part)) is not None}
        plain["sign_up"] = msgspec.structs.replace(form, **said)
    return msgspec.structs.replace(content, **plain)


def _rewrite_field(one: Field, name: str, change: Callable[[str, str], str]) -> Field:
    parts: dict[str, object] = {
        part: change(f"{name}.{part}", text)
        for part in FIELD_PARTS
        if (text := getattr(one, part)) is not None and not (part == "value" and one.format is not None)
    }
    if one.semantics:
        parts["semantics"] = _rewrite_tags(f"{name}.", one.semantics, change)
    return msgspec.structs.replace(one, **parts)


def _rewrite_tags(start: str, semantics: JsonObject, change: Callable[[str, str], str]) -> JsonObject:
    return semantics | {path.rpartition(".")[2]: change(path, text) for path, text in _of_tags(start, semantics)}


def in_language(content: Content, language: str) -> Content:
    """What a holder whose phone speaks `language` reads: its translation, that of its main language, or the base texts."""
    words = translation(content, language)
    return rewrite(content, words.get) if words else content


def translation(content: Content, language: str) -> dict[str, str]:
    """Path → text for `fr-CA`: its own words, those of `fr` where it has none, nothing where it is the base language."""
    main = language.partition("-")[0]
    base = content.language
    if base is not None and language == base:
        return {}
    found = dict(content.translations.get(main, {})) if main != base else {}
    return found | content.translations.get(language, {})


def languages(content: Content) -> tuple[str, ...]:
    """Base language first (`en` where the content does not say), then the others by name."""
    base = content.language or "en"
    others = {*content.translations, *content.localized_images} - {base}
    return (base, *sorted(others))

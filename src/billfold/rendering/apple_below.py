"""What an iPhone shows below the face of a pass: featured actions (iOS 27), and a poster ticket's upcoming entries (iOS 26), which
stand on its back too. Source: reference/apple-wallet.md sections 2.8 and 2.10.

No neutral member says either, so this is the one module of the room that reads a wallet's own words: those that are merged into
the signed file as they stand. May not enter: the face, addresses behind buttons."""

from dataclasses import dataclass

from billfold.domain.content import Content, DateFormat, DateStyle, Field, ImageSlot, JsonObject, Style
from billfold.domain.formatting import display
from billfold.rendering import fonts
from billfold.rendering.scene import Scene, Scheme
from billfold.rendering.svg import Canvas
from billfold.rendering.words import words

ACTIONS_MAX = 2
ENTRIES_ON_FRONT, ENTRIES_ON_BACK = 3, 40
_GAP, _BUTTON, _ROW, _HEADING = 12.0, 44.0, 46.0, 34.0
_INSET = 16.0
_POSTERS = (Style.EVENT_TICKET, Style.BOARDING_PASS)
_ON_DAY = DateFormat(DateStyle.MEDIUM, own_time_zone=True)
_AT_TIME = DateFormat(DateStyle.MEDIUM, DateStyle.SHORT, own_time_zone=True)


@dataclass(frozen=True, slots=True)
class Entry:
    """`when`: as the phone writes it. `active`: it is the one to be shown at a gate now."""

    name: str
    when: str
    place: str
    active: bool

    def line(self) -> str:
        return " · ".join(one for one in (self.when, self.place) if one)


def actions(scene: Scene) -> tuple[str, ...]:
    """The phone's words for the first two actions; none on the newer layouts of tickets and boarding passes, which have no room."""
    content, say = scene.content, words(scene.language)
    if content.enhanced and content.style in _POSTERS:
        return ()
    types = [one.get("type") for one in _listed(content, "featuredActions")]
    return tuple([say[name] for one in types if (name := f"action_{one}") in say][:ACTIONS_MAX])


def entries(scene: Scene) -> tuple[Entry, ...]:
    """In their order. Only a ticket's newer layout shows them, and only where it has its picture."""
    content = scene.content
    if not (content.enhanced and content.style is Style.EVENT_TICKET and ImageSlot.ARTWORK in scene.pictures):
        return ()
    return tuple(_entry(one, scene.language) for one in _listed(content, "upcomingPassInformation") if one.get("name"))


def draw(canvas: Canvas, scene: Scene, top: float, width: float) -> float:
    """Below `top`, the face's lower edge. Gives back where all of it ends: `top` where there is nothing."""
    ground, ink, faint = ("#1c1c1e", "#ffffff", "#98989f") if scene.scheme is Scheme.DARK else ("#f2f2f7", "#000000", "#6d6d72")
    if shown := actions(scene):
        wide = (width - _GAP * (len(shown) - 1)) / len(shown)
        for number, name in enumerate(shown):
            left = number * (wide + _GAP)
            canvas.rect(left, top + _GAP, wide, _BUTTON, ground, _BUTTON / 2)
            text, size = fonts.shrink(name, 15.5, wide - 2 * _INSET, 11, bold=True)
            canvas.text(left + wide / 2, top + _GAP + 27, text, size, ink, bold=True, anchor="middle")
        top += _GAP + _BUTTON
    if coming := entries(scene)[:ENTRIES_ON_FRONT]:
        say = words(scene.language)
        canvas.rect(0, top + _GAP, width, _HEADING + _ROW * len(coming) + 4, ground, 16)
        canvas.text(_INSET, top + _GAP + 23, say["upcoming"], 15.5, ink, bold=True)
        top += _GAP + _HEADING
        for one in coming:
            room = width - 2 * _INSET
            if one.active:
                canvas.text(width - _INSET, top + 17, say["happening"], 12.5, faint, bold=True, anchor="end")
                room -= fonts.width(say["happening"], 12.5, True) + 10
            canvas.text(_INSET, top + 17, fonts.shorten(one.name, 14.5, room), 14.5, ink)
            canvas.text(_INSET, top + 34, fonts.shorten(one.line(), 12.5, width - 2 * _INSET), 12.5, faint)
            top += _ROW
        top += 4
    return top


def facts(scene: Scene) -> list[Field]:
    """The entries as lines of the back, the first under their heading."""
    heading = words(scene.language)["upcoming"]
    lines = [f"{one.name}\n{one.line()}" for one in entries(scene)[:ENTRIES_ON_BACK]]
    return [Field(f"upcoming{at}", line, None if at else heading) for at, line in enumerate(lines)]


def _listed(content: Content, name: str) -> list[JsonObject]:
    found = content.overrides.apple.get(name) if content.overrides else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _entry(given: JsonObject, language: str) -> Entry:
    tags = given.get("semantics")
    place = tags.get("venueName") if isinstance(tags, dict) else None
    when = _when(given.get("dateInformation"), language)
    return Entry(str(given["name"]), when, place if isinstance(place, str) else "", given.get("isActive") is True)


def _when(given: object, language: str) -> str:
    """Without a date, or with one that is not to be shown, the phone says so."""
    say = words(language)
    if not isinstance(given, dict) or given.get("isUndetermined") is True or not isinstance(given.get("date"), str):
        return say["undetermined"]
    if given.get("isUnannounced") is True:
        return say["unannounced"]
    days_alone = given.get("isAllDay") is True or given.get("ignoreTimeComponents") is True
    return display(Field("when", str(given["date"]), format=_ON_DAY if days_alone else _AT_TIME), language)

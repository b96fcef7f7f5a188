"""Draws a virtual phone in the terminal: the card, the lock-screen line, one dim line for what happens behind.

May not enter: the phones' doings, only their events. Texts come from passes of strangers: they are drawn, never interpreted.
"""

import re

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from billfold.sandbox.phones.events import (
    Card,
    Complained,
    Event,
    Failed,
    Fetched,
    FieldChange,
    Installed,
    Notified,
    Opened,
    Pushed,
    Registered,
    Removed,
    ShownField,
    Unchanged,
    Updated,
    Waiting,
)

_CARD_WIDTH = 48
_FRONT = ("secondary", "auxiliary", "footer")
_COLOR = re.compile(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)|#([0-9a-fA-F]{6})")
_NOT_PRINTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class PhoneScreen:
    """Prints events as they come."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)

    def show(self, event: Event) -> None:
        for part in _parts(event):
            self._console.print(part)


def _parts(event: Event) -> list[RenderableType]:
    match event:
        case Opened():
            return [_behind(f"opened {event.link}")]
        case Installed():
            word = "replaced" if event.again else "added"
            return [_behind(f"{word} to the wallet, serial number {event.serial_number}"), draw_card(event.card)]
        case Registered():
            return [_behind(f"registered for updates ({event.status})")]
        case Waiting():
            return [_behind("waiting for changes; Ctrl-C switches the phone off")]
        case Pushed():
            return [_behind("push received")]
        case Fetched():
            return [_behind("fetched the new version")]
        case Unchanged():
            return [_behind("nothing new")]
        case Notified():
            return [_lock_screen(event)]
        case Updated():
            message = [_behind(f"inside the pass: {event.message}")] if event.message else []
            return [*(_change(change) for change in event.changes), *message, draw_card(event.card)]
        case Complained():
            return [Text(_safe(f"! complained to the server: {event.text}"), style="yellow")]
        case Removed():
            return [_behind("removed from the wallet")]
        case Failed():
            return [Text(_safe(f"! {event.text}"), style="red")]
        case _:
            return [_behind(event.name)]


def draw_card(card: Card) -> Panel:
    """The front of the pass, then a hint of its back."""
    head = Table.grid(expand=True)
    head.add_column(ratio=1)
    head.add_column(justify="right")
    header = [field for field in card.fields if field.group == "header"]
    right = Text("\n").join([_field(field, justify="right") for field in header]) if header else Text("")
    head.add_row(Text(_safe(card.title), style="bold"), right)
    rows: list[RenderableType] = [head]
    rows += [
        Text.assemble((f"{_safe(field.label)}\n" if field.label else "", "dim"), (_safe(field.value), "bold"))
        for field in card.fields
        if field.group == "primary"
    ]
    front = [field for field in card.fields if field.group in _FRONT]
    for start in range(0, len(front), 3):
        row = Table.grid(expand=True, padding=(0, 1))
        for _ in front[start : start + 3]:
            row.add_column(ratio=1)
        row.add_row(*[_field(field) for field in front[start : start + 3]])
        rows.append(row)
    if card.barcode:
        kind = f" ({_safe(card.barcode_format)})" if card.barcode_format else ""
        rows.append(Text(f"▌▐▌║▐ {_safe(card.barcode)}{kind}", justify="center"))
    if card.relevance:
        rows.append(Text("\n".join(f"⌖ {_safe(line)}" for line in card.relevance), style="dim"))
    behind = sum(field.group in ("back", "additionalInfo") for field in card.fields)
    return Panel(
        Group(*rows),
        width=_CARD_WIDTH,
        border_style=_border(card.background_color),
        title="VOID" if card.voided else "EXPIRED" if card.expired else None,
        subtitle=f"{behind} on the back" if behind else None,
    )


def _field(field: ShownField, justify: str = "left") -> Text:
    text = Text.assemble((f"{_safe(field.label)}\n" if field.label else "", "dim"), _safe(field.value))
    text.justify = "right" if justify == "right" else "left"
    return text


def _lock_screen(event: Notified) -> Panel:
    title = Text(_safe(event.title), style="bold")
    return Panel(Group(title, Text(_safe(event.text))), width=_CARD_WIDTH, style="reverse", title="lock screen")


def _change(change: FieldChange) -> Text:
    name = change.label or change.key
    return Text(_safe(f"  {name}: {'-' if change.old is None else change.old} → {'-' if change.new is None else change.new}"))


def _behind(text: str) -> Text:
    return Text(f"· {_safe(text)}", style="dim")


def _border(color: str | None) -> str:
    match = _COLOR.fullmatch(color or "")
    if match is None:
        return "none"
    if match[4]:
        return f"#{match[4]}"
    red, green, blue = (min(int(part), 255) for part in match.groups()[:3])
    return f"#{red:02x}{green:02x}{blue:02x}"


def _safe(text: str) -> str:
    """Without control characters: a pass must not be able to rewrite the terminal."""
    return _NOT_PRINTED.sub("�", text)

"""What changed between two versions of a pass, and which line the lock screen shows for it.

Pure. Source: reference/apple-wallet.md section 6.
"""

from dataclasses import dataclass

from billfold.sandbox.phones.content import PassContent
from billfold.sandbox.phones.events import FieldChange
from billfold.sandbox.phones.formats import language_of

GENERIC_LINE = language_of("en").changed


@dataclass(frozen=True)
class LockScreenLine:
    """`generic`: the system's words, for several changes at once or a message without its placeholder."""

    text: str
    generic: bool = False


def compare(old: PassContent, new: PassContent) -> tuple[FieldChange, ...]:
    """Fields paired by key, changed when the value differs; in the order of the new version, then what is gone."""
    before = {field.shown.key: field for field in old.fields}
    after = {field.shown.key: field for field in new.fields}
    changes = [
        FieldChange(key, field.shown.label, before[key].shown.value if key in before else None, field.shown.value)
        for key, field in after.items()
        if key not in before or before[key].value != field.value
    ]
    changes += [FieldChange(key, field.shown.label, field.shown.value, None) for key, field in before.items() if key not in after]
    return tuple(changes)


def lock_screen_line(old: PassContent, new: PassContent, language: str = "en") -> LockScreenLine | None:
    """In the phone's language. None: a silent update. Only a field of both versions whose new one has a change message counts."""
    messages = {field.shown.key: field.change_message for field in new.fields}
    told = [change for change in compare(old, new) if change.old is not None and messages.get(change.key)]
    if not told:
        return None
    message = messages[told[0].key] or ""
    if len(told) > 1 or "%@" not in message:
        return LockScreenLine(language_of(language).changed, generic=True)
    return LockScreenLine(message.replace("%@", told[0].new or ""))

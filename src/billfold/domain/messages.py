"""Messages to one pass's holder: kept with the pass, announced once, read inside it.

On Apple the newest is a back field, whose change message is the text itself; Google has messages of its own, which publishing sends
one by one. A phone announces a change of a value, so the first message is announced on iPhones only where the pass had the field
`message` before. May not enter: storage, quotas, a wallet's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from billfold.domain.content import Content, Field

KEPT = 10
"""As many as Google keeps."""
FIELD = "message"
EARLIER = "message_earlier"
_FIELDS = (FIELD, EARLIER)
_PATHS = (f"fields.{FIELD}.", f"fields.{EARLIER}.")
HEADER, BODY = "header", "body"

Words = Mapping[str, Mapping[str, str]]
"""Language → header and body, as far as they differ from the message's own."""


@dataclass(frozen=True, slots=True)
class Message:
    """`id` sorts by time. `translations`: as `Words`."""

    id: str
    at_ms: int
    header: str
    body: str
    translations: dict[str, dict[str, str]] = field(default_factory=dict)

    def said(self, part: str, language: str) -> str:
        """Header or body in a language, or as it is."""
        own: str = getattr(self, part)
        return self.translations.get(language, {}).get(part, own)


def appended(messages: tuple[Message, ...], one: Message) -> tuple[Message, ...]:
    """The newest last; the oldest go."""
    return (*messages, one)[-KEPT:]


def announced(content: Content) -> bool:
    """Whether an iPhone that has this content announces the next message: it has the field already."""
    return any(one.key == FIELD for one in content.fields())


def with_messages(content: Content, messages: tuple[Message, ...]) -> Content:
    """What a holder reads: the newest message as the back field `message`, in place of one that is there; those before it below."""
    if not messages:
        return content
    newest, before = messages[-1], messages[:-1]
    shown = Field(FIELD, newest.body, newest.header, "%@")
    rest = (Field(EARLIER, _told(before, "")),) if before else ()
    plain = without_messages(content)
    if any(one.key == FIELD for one in content.back):
        back = tuple(shown if one.key == FIELD else one for one in content.back if one.key != EARLIER)
    else:
        back = (shown, *plain.back)
    return msgspec.structs.replace(plain, back=back + rest, translations=_translated(plain, newest, before))


def _told(before: Sequence[Message], language: str) -> str:
    return "\n".join(f"{one.said(HEADER, language)}: {one.said(BODY, language)}" for one in reversed(before))


def _translated(plain: Content, newest: Message, before: Sequence[Message]) -> dict[str, dict[str, str]]:
    """What the content has words for, and the messages' own beside them."""
    made = dict(plain.translations)
    for language in dict.fromkeys(language for one in (newest, *before) for language in one.translations):
        words = {f"fields.{FIELD}.label": newest.said(HEADER, language), f"fields.{FIELD}.value": newest.said(BODY, language)}
        if before:
            words[f"fields.{EARLIER}.value"] = _told(before, language)
        made[language] = made.get(language, {}) | words
    return made


def without_messages(content: Content) -> Content:
    """The content but for what `with_messages` put into it."""
    if not any(one.key in _FIELDS for one in content.back):
        return content
    back = tuple(one for one in content.back if one.key not in _FIELDS)
    kept = {
        language: {path: text for path, text in words.items() if not path.startswith(_PATHS)}
        for language, words in content.translations.items()
    }
    translations = {language: words for language, words in kept.items() if words or not content.translations[language]}
    return msgspec.structs.replace(content, back=back, translations=translations)

"""Messages to one pass's holder: kept with the pass, announced once, read inside it.

On Apple the newest is a back field, whose change message is the text itself; Google has messages of its own, which publishing sends
one by one. A phone announces a change of a value, so the first message is announced on iPhones only where the pass had the field
`message` before. May not enter: storage, quotas, a wallet's words."""

from dataclasses import dataclass

import msgspec

from billfold.domain.content import Content, Field

KEPT = 10
"""As many as Google keeps."""
FIELD = "message"
EARLIER = "message_earlier"
_FIELDS = (FIELD, EARLIER)


@dataclass(frozen=True, slots=True)
class Message:
    """`id` sorts by time."""

    id: str
    at_ms: int
    header: str
    body: str


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
    newest = messages[-1]
    field = Field(FIELD, newest.body, newest.header, "%@")
    earlier = "\n".join(f"{one.header}: {one.body}" for one in reversed(messages[:-1]))
    rest = (Field(EARLIER, earlier),) if earlier else ()
    plain = without_messages(content)
    if any(one.key == FIELD for one in content.back):
        back = tuple(field if one.key == FIELD else one for one in content.back if one.key != EARLIER)
    else:
        back = (field, *plain.back)
    return msgspec.structs.replace(plain, back=back + rest)


def without_messages(content: Content) -> Content:
    """The content but for what `with_messages` put into it."""
    if not any(one.key in _FIELDS for one in content.back):
        return content
    return msgspec.structs.replace(content, back=tuple(one for one in content.back if one.key not in _FIELDS))

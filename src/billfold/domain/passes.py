"""A pass and a template as stored values, and the few decisions about them.

Content is derived (design 2.2): a pass made from a template keeps only its values, one sent whole (source S3) keeps its content.
May not enter: how either wallet shows it, storage, the clock."""

from dataclasses import dataclass, field

import msgspec

from billfold.domain.content import Content, JsonObject
from billfold.domain.filling import filling_of
from billfold.domain.ids import PassId, Scope, TemplateId
from billfold.domain.loyalty import CardStatus
from billfold.domain.messages import Message, with_messages
from billfold.domain.personalization import shown
from billfold.domain.templates import NO_RULES, Rules, seconds_of

FIRST_DATE = 1_420_070_400
"""2015-01-01T00:00:00Z. A version's HTTP date is this plus its number in seconds: two versions never share one (ADR 4)."""


@dataclass(frozen=True, slots=True)
class Template:
    """`number`: the change number of the published revision; it applies to every pass made from the template. `revision` 0: never
    published, `content` is then the draft's. `archived_at_ms`: no new passes are made of it since; those there are live on."""

    id: TemplateId
    scope: Scope
    name: str
    revision: int
    content: Content
    number: int
    created_at_ms: int
    updated_at_ms: int
    rules: Rules = NO_RULES
    archived_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Pass:
    """One issued pass. `content` is None where it comes from a template. `fingerprint` is that of content or values.

    `number`: change number of its last own change; `issued_number`: of its issue; `template_number`: of its template, or 0.
    `pass_type`: the Apple pass type identifier that it was issued under, for ever; `issuer_id`: likewise for Google."""

    id: PassId
    scope: Scope
    content: Content | None
    fingerprint: str
    number: int
    issued_number: int
    issued_at_ms: int
    updated_at_ms: int
    pass_type: str
    issuer_id: str
    template_id: TemplateId | None = None
    template_number: int = 0
    values: JsonObject = field(default_factory=dict)
    voided: bool = False
    messages: tuple[Message, ...] = ()

    @property
    def version(self) -> int:
        """The highest change number that applies to this pass."""
        return max(self.number, self.template_number)

    @property
    def changed_since_issue(self) -> bool:
        return self.version > self.issued_number

    @property
    def used_up(self) -> bool:
        """Whether it is void because its card was redeemed, as its values say; not withdrawn."""
        card = self.values.get("card")
        return self.voided and isinstance(card, dict) and card.get("status") == CardStatus.REDEEMED


def last_modified(version: int) -> int:
    """The HTTP date of a version, in whole seconds since 1970. Strictly grows with the version and never depends on a clock."""
    return FIRST_DATE + version


def fill(content: Content, values: JsonObject) -> Content:
    """A template's content with each `{{ name }}` replaced by the pass's own value; a name without a value becomes "".

    Values are put in as they are and never looked through for further names."""
    return filling_of(content).fill(values)


def content_of(pass_: Pass, template: Template | None) -> Content:
    """What the holder sees: the pass's own content, or its template's filled with its values; void when the pass is. Pure."""
    content = pass_.content
    if content is None:
        assert template is not None, "a pass without content has a template"
        content = filling_of(template.content, template.rules).fill(pass_.values, pass_.issued_at_ms)
        card = pass_.values.get("card")
        if isinstance(card, dict) and (until := seconds_of(card.get("expires_at"))) is not None:
            content = msgspec.structs.replace(content, expires_at=until)  # a card ends on its own day, whatever its template says
    if content.sign_up is not None:
        content = shown(content, pass_.values)
    if pass_.messages:
        content = with_messages(content, pass_.messages)
    return msgspec.structs.replace(content, voided=True) if pass_.voided else content

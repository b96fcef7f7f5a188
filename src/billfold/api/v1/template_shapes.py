"""Templates on `/v1`'s wire: bodies to what the flows take, and answers. May not enter: decisions, routes, storage."""

from typing import Annotated, Literal

import msgspec
from pydantic import ConfigDict, Field

from billfold.api.v1.answers import FindingShown, finding_shown
from billfold.api.v1.content import ContentIn, ContentOut, content_out, draft_of
from billfold.api.v1.types import In, Name, Out, iso, iso_or_none
from billfold.domain.errors import FieldProblem, Invalid, NotFound
from billfold.domain.passes import Template
from billfold.domain.templates import Missing, Revision, Rules, ValueRule, ValueType
from billfold.flows.templates import Given, Made, Publication, Saved
from billfold.starters import catalogue

TypeName = Literal["text", "integer", "number", "boolean", "date", "color", "object", "list"]
Bindable = Literal["background_color", "foreground_color", "label_color", "expires_at", "relevant_at", "valid_from", "max_distance"]
Expression = Annotated[str, Field(max_length=400, examples=["{{ tier.color }}"])]
Sample = Annotated[object, Field(description="A value of the type.")]


class ValueRuleIn(In):
    """A value that each pass has. `name` may lead into objects: `member.points`. `example` is for checks and previews; `default`
    stands in where a pass has none."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$", max_length=64, examples=["member.points"])]
    type: TypeName = "text"
    required: bool = False
    label: Annotated[str, Field(max_length=100, description="For people who fill it in.")] | None = None
    example: Sample = None
    default: Sample = None
    max_length: Annotated[int, Field(ge=1, le=4_000, description="Of a text, in characters.")] | None = None


class _RulesIn(In):
    schema_: Annotated[
        list[ValueRuleIn], Field(alias="schema", max_length=100, description="The values that each pass has, checked at its issue.")
    ] = Field(default_factory=list)
    missing: Annotated[
        Literal["empty", "error"], Field(description="An expression whose value a pass lacks: shows nothing, or refuses the pass.")
    ] = "empty"
    bindings: Annotated[
        dict[Bindable, Expression], Field(description="Members that are no texts and come from the pass → expression.")
    ] = Field(default_factory=dict)


class TemplateIn(_RulesIn):
    """`content` may hold `{{ name }}`, which each pass fills with its own value. What is left out is gone."""

    name: Name
    content: ContentIn


class NewTemplate(_RulesIn):
    """Either name and content, or the name of a starter, whose own name stands where none is given. `publish` false: a draft, of
    which no passes can be made yet."""

    name: Name | None = None
    content: ContentIn | None = None
    starter: Annotated[str, Field(max_length=64, description="One of `/v1/starters`.", examples=["cafe-stamps"])] | None = None
    publish: bool = True


def settled(body: NewTemplate) -> TemplateIn:
    """The template that is asked for. Raises Invalid."""
    if body.starter is not None:
        if body.content is not None or body.schema_ or body.bindings:
            mend = "send the starter's name alone, or the template that GET /v1/starters/{name} gives, changed as you like"
            raise Invalid(FieldProblem("starter", "excludes", "a starter brings its own content, schema and bindings", mend))
        try:
            return starter_body(body.starter, body.name)
        except NotFound:
            raise Invalid(FieldProblem("starter", "unknown", "there is no such starter", "see /v1/starters")) from None
    if body.name is None or body.content is None:
        missing = "name" if body.name is None else "content"
        raise Invalid(FieldProblem(missing, "missing", "field required", "send name and content, or the name of a starter"))
    rules = {"schema": body.schema_, "missing": body.missing, "bindings": body.bindings}
    return TemplateIn.model_validate({"name": body.name, "content": body.content, **rules})


def starter_body(starter: str, name: str | None = None) -> TemplateIn:
    """A starter as it would be sent, pictures in it. Raises NotFound."""
    body = catalogue.load(starter).body()
    return TemplateIn.model_validate(body if name is None else body | {"name": name})


def given_of(body: TemplateIn) -> Given:
    """Raises Invalid where fields of the content contradict each other."""
    schema = tuple(
        ValueRule(one.name, ValueType(one.type), one.required, one.label, one.example, one.default, one.max_length)
        for one in body.schema_
    )
    bindings: dict[str, str] = dict(body.bindings)  # type: ignore[arg-type]  # the keys are texts of a few kinds
    return Given(body.name, draft_of(body.content), Rules(schema, Missing(body.missing), bindings))


# --- answers ----------------------------------------------------------------------------------------------------------------------


class ValueRuleOut(Out):
    name: str
    type: TypeName
    required: bool
    label: str | None
    example: Sample
    default: Sample
    max_length: int | None


class Said(Out):
    """What a draft or a revision says."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True)

    name: str
    content: ContentOut
    schema_: list[ValueRuleOut] = Field(alias="schema")
    missing: Literal["empty", "error"]
    bindings: dict[str, str]
    expires_in_days: Annotated[int | None, Field(description="Counted from the issue of each pass.")]


class TemplateSummary(Out):
    """`revision` 0: never published. `archived_at`: no new passes are made of it since."""

    id: str
    name: str
    revision: int
    version: int
    created_at: str
    updated_at: str
    archived_at: str | None


class TemplateShown(Said):
    """As published; a template that never was, as its draft."""

    id: str
    revision: int
    version: int
    created_at: str
    updated_at: str
    archived_at: str | None


class TemplateMade(TemplateShown):
    """`findings`: what a wallet cuts, drops or shows otherwise. An error would have refused what is published."""

    findings: list[FindingShown]


class ReachShown(Out):
    """Who has passes of a template. At most 10,000 passes are counted; `more`: there are more."""

    passes: int
    devices: int
    google_holders: int
    more: bool


class TemplatePublished(TemplateShown):
    """`changes`: paths that differ from what was published before. `dry_run`: nothing was done, this is what would be."""

    unchanged: bool
    changes: list[str]
    reach: ReachShown
    findings: list[FindingShown]
    dry_run: bool


class DraftShown(Said):
    """`version` goes into `If-Match` of the next save; 0: nothing is saved, this is what is published. `based_on`: the revision
    that it began from."""

    template_id: str
    version: int
    based_on: int
    saved_at: str
    findings: list[FindingShown]


class RevisionSummary(Out):
    revision: int
    name: str
    version: int
    published_at: str
    key_id: str
    restored_from: int | None


class RevisionShown(Said):
    revision: int
    version: int
    published_at: str
    key_id: str
    restored_from: int | None


class RevisionList(Out):
    """Newest first. `next_before` goes on with older ones; null at the end."""

    items: list[RevisionSummary]
    next_before: int | None


class TemplateRemoved(Out):
    """`deleted`: it had no passes and is gone. `archived`: its passes live on, no new ones are made."""

    id: str
    outcome: Literal["deleted", "archived"]


def _said(one: "Template | Revision | Saved") -> dict[str, object]:
    said = one.draft if isinstance(one, Saved) else one
    rules = said.rules
    declared = [
        {name: getattr(rule, name) for name in ValueRuleOut.model_fields} | {"type": rule.type.value} for rule in rules.schema
    ]
    return {
        "name": said.name,
        "content": content_out(said.content),
        "schema": declared,
        "missing": rules.missing.value,
        "bindings": msgspec.to_builtins(rules.bindings),
        "expires_in_days": rules.expires_in_days,
    }


def _facts(template: Template) -> dict[str, object]:
    return {
        "id": template.id,
        "revision": template.revision,
        "version": template.number,
        "created_at": iso(template.created_at_ms),
        "updated_at": iso(template.updated_at_ms),
        "archived_at": iso_or_none(template.archived_at_ms),
    }


def template_summary(template: Template) -> TemplateSummary:
    return TemplateSummary.model_validate(_facts(template) | {"name": template.name})


def template_shown(template: Template) -> TemplateShown:
    return TemplateShown.model_validate(_facts(template) | _said(template))


def template_made(made: Made) -> TemplateMade:
    more = {"findings": list(map(finding_shown, made.findings))}
    return TemplateMade.model_validate(_facts(made.template) | _said(made.template) | more)


def template_published(done: Publication) -> TemplatePublished:
    reach = ReachShown(
        passes=done.reach.passes, devices=done.reach.devices, google_holders=done.reach.google_holders, more=done.reach.more
    )
    more = {
        "unchanged": done.unchanged,
        "changes": list(done.changes),
        "reach": reach,
        "findings": list(map(finding_shown, done.findings)),
        "dry_run": done.dry,
    }
    return TemplatePublished.model_validate(_facts(done.template) | _said(done.template) | more)


def draft_shown(saved: Saved) -> DraftShown:
    facts = {
        "template_id": saved.draft.template_id,
        "version": saved.draft.version,
        "based_on": saved.draft.based_on,
        "saved_at": iso(saved.draft.saved_at_ms),
        "findings": list(map(finding_shown, saved.findings)),
    }
    return DraftShown.model_validate(facts | _said(saved))


def _revision_facts(one: Revision) -> dict[str, object]:
    return {
        "revision": one.revision,
        "version": one.number,
        "published_at": iso(one.published_at_ms),
        "key_id": one.key_id,
        "restored_from": one.restored_from,
    }


def revision_shown(one: Revision) -> RevisionShown:
    return RevisionShown.model_validate(_revision_facts(one) | _said(one))


def revision_summary(one: Revision) -> RevisionSummary:
    return RevisionSummary.model_validate(_revision_facts(one) | {"name": one.name})

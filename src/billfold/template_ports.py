"""What the flows need of stored templates, beside ports.py: what is published, drafts, revisions, and who has passes of one.

May not enter: any adapter, SQL, HTTP."""

from dataclasses import dataclass
from typing import Protocol

from billfold.domain.ids import Scope, TemplateId
from billfold.domain.passes import Template
from billfold.domain.templates import Revision, TemplateDraft


@dataclass(frozen=True, slots=True)
class Reach:
    """Who has passes of a template. Counted up to a limit; `more`: there are more passes than were counted."""

    passes: int
    devices: int
    google_holders: int
    more: bool


class Templates(Protocol):
    def add(self, template: Template) -> None: ...
    def replace(self, template: Template) -> None: ...
    def find(self, scope: Scope, template_id: TemplateId) -> Template | None: ...
    def find_locked(self, scope: Scope, template_id: TemplateId) -> Template | None:
        """The same, and nobody else changes or removes it until commit."""

    def remove(self, scope: Scope, template_id: TemplateId) -> None:
        """With its draft and revisions. There are no passes of it."""

    def add_revision(self, revision: Revision) -> None:
        """Kept for ever; what equal revisions say is stored once."""

    def revision(self, scope: Scope, template_id: TemplateId, revision: int) -> Revision | None: ...
    def revisions(self, scope: Scope, template_id: TemplateId, before: int | None, limit: int) -> list[Revision]:
        """Newest first, those before `before`."""

    def draft(self, scope: Scope, template_id: TemplateId) -> TemplateDraft | None: ...
    def put_draft(self, draft: TemplateDraft, key_id: str) -> None: ...
    def drop_draft(self, scope: Scope, template_id: TemplateId) -> None: ...
    def reach(self, scope: Scope, template_id: TemplateId, at_most: int) -> Reach: ...
    def list(self, scope: Scope, after: str | None, limit: int) -> list[Template]:
        """By id, those after `after`, without the archived ones."""

"""The part of ports.py that is about looking at many passes and at one of them. May not enter: any adapter, decisions."""

from typing import Protocol

from billfold.domain.events import Event
from billfold.domain.ids import PassId, Scope, TemplateId
from billfold.domain.passes import Pass


class Records(Protocol):
    """Each reads a stretch of an index, however much is stored."""

    def newest(self, scope: Scope, before: Pass | None, limit: int) -> list[Pass]:
        """The newest issued first, those after `before` in that order."""

    def void(self, scope: Scope, after: str, limit: int, template_id: TemplateId | None = None) -> list[Pass]:
        """By id, those after `after`; of one template, where it is given."""

    def newest_events(self, scope: Scope, subject: str, limit: int) -> list[Event]:
        """What happened to one pass, the last first."""

    def registered(self, scope: Scope, pass_id: PassId) -> dict[str, int]:
        """Delivery target of each device that holds the pass → since when."""


class HasRecords(Protocol):
    """The part of ports.Tx that is about them."""

    records: Records

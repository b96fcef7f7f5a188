"""What the console's navigation leads to, in order. An entry shows where its page exists and the person may open it.

A new page needs one line here and its text under `[navigation]`. May not enter: routes."""

from collections.abc import Iterable
from dataclasses import dataclass

from billfold.domain.ids import Environment


@dataclass(frozen=True, slots=True)
class Entry:
    """`route`: the path of its route as routes say it. `operation`: what a person must be able to do to see it; None: everybody."""

    name: str
    route: str
    operation: str | None = None

    def address(self, environment: Environment) -> str:
        return self.route.replace("{environment}", environment.value)


ENTRIES = (
    Entry("overview", "/studio/{environment}"),
    Entry("designs", "/studio/{environment}/designs", "templates.list"),
    Entry("passes", "/studio/{environment}/passes", "passes.list"),
    Entry("members", "/studio/{environment}/members", "members.read"),
    Entry("scanner", "/scan", "passes.read"),
    Entry("keys", "/studio/{environment}/keys", "keys.list"),
    Entry("phones", "/phones"),
    Entry("playground", "/studio/test/playground"),
    Entry("docs", "/docs"),
    Entry("people", "/studio/{environment}/people", "people.list"),
    Entry("going_live", "/studio/{environment}/going-live", "keys.list"),
    Entry("settings", "/studio/{environment}/settings", "people.list"),
)


def present(routes: Iterable[str]) -> tuple[Entry, ...]:
    """Those of `ENTRIES` that lead somewhere."""
    known = frozenset(routes)
    return tuple(one for one in ENTRIES if one.route in known)

"""Values that storage and worker tests are made of: scopes, passes, templates, registrations. May not enter: fixtures."""

from dataclasses import replace

from billfold.domain import ids
from billfold.domain.content import Content, Field, encode, fingerprint
from billfold.domain.ids import Environment, PassId, Scope, TemplateId
from billfold.domain.passes import Pass, Template
from billfold.ports import Registration, Tx, Workspace

OURS = Scope("d3m0ab", Environment.TEST)
LIVE = Scope("d3m0ab", Environment.LIVE)
THEIRS = Scope("0ther1", Environment.TEST)
FOREIGN = (LIVE, THEIRS)
"""Scopes that must see nothing of OURS."""
NOW = 1_795_176_000_000
PASS_TYPE = "pass.example.card"
END_CONNECTIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'billfold' AND datname = current_database()"
)
"""Of the test's own database: the same server has those of the tests that run beside it."""


def pass_id(number: int, scope: Scope = OURS) -> PassId:
    return ids.pass_id(scope, number.to_bytes(16, "big"))


def template_id(number: int, scope: Scope = OURS) -> TemplateId:
    return ids.template_id(scope, (number * 2).to_bytes(11, "big"))


def a_content(points: str = "1,200") -> Content:
    return Content("Grand Café", "Loyalty card", header=(Field("points", points, "Points", "You hit %@"),))


def a_pass(nth: int = 1, /, scope: Scope = OURS, **changes: object) -> Pass:
    content = a_content()
    made = Pass(pass_id(nth, scope), scope, content, fingerprint(encode(content)), 1, 1, NOW, NOW, PASS_TYPE, "3388000000000000001")
    return replace(made, **changes)  # type: ignore[arg-type]


def a_template(nth: int = 1, /, scope: Scope = OURS, **changes: object) -> Template:
    return replace(Template(template_id(nth, scope), scope, "Card", 1, a_content(), 1, NOW, NOW), **changes)  # type: ignore[arg-type]


def register(tx: Tx, held: Pass, device: str, number: int = 0, *, token: str = "", at_ms: int = NOW, want: bool = False) -> bool:
    made = Registration(held.scope, held.pass_type, device, held.id, number, at_ms)
    return tx.registrations.add(made, token or f"token-{device}", at_ms, want)


def add_workspaces(tx: Tx) -> None:
    for scope in (OURS, THEIRS):
        tx.workspaces.add(Workspace(scope.workspace, scope.workspace, "Grand Café", NOW))

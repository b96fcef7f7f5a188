"""Imports point one way. The table below is the architecture; the syntax trees of src/ are held against it.

An import counts wherever it stands: at the top, inside a function, under TYPE_CHECKING, or as a module's name in `import_module`,
`call` and `later` of the command line.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from architecture.sources import MODULES, SOURCE, parse

PAGES = {"studio", "scanner", "phones_page", "designer", "manual", "playground", "records"}
"""Rooms of pages, neighbours that never meet."""
EVERYTHING_INSIDE = PAGES | {
    "web",
    "api",
    "workers",
    "flows",
    "wallets.apple",
    "wallets.google",
    "storage",
    "connectors",
    "outgoing",
    "images",
    "signers",
    "mail",
}

MAY_IMPORT: dict[str, set[str]] = {
    "domain": set(),
    "ports": {"domain"},
    "settings": set(),
    "logs": set(),
    "limits": {"domain"},  # token buckets, which edges use and bootstrap makes
    "flows": {"ports", "domain"},
    # Adapters: neighbours that never meet. They are joined by bootstrap alone, through the ports.
    "storage": {"ports", "domain", "logs"},
    "outgoing": {"ports", "domain", "logs"},
    "images": {"ports", "domain", "logs"},
    "signers": {"ports", "domain", "logs"},
    "mail": {"ports", "domain", "logs"},
    "connectors": {"ports", "domain", "logs"},
    "rendering": {"domain"},  # pictures of contents: pure, drawn by whichever edge is asked
    "wallets.alike": {"domain"},  # what is worked out once for passes that are alike, by either wallet for itself
    "wallets.apple": {"wallets.alike", "ports", "domain", "logs"},
    "wallets.google": {"wallets.alike", "ports", "domain", "logs"},
    "wallets": set(),
    # Edges: they are given what they need, they never pick it.
    "web": {"flows", "ports", "domain", "logs", "limits"},  # what every page stands on
    "snippets": {"web", "flows", "ports", "domain"},  # codes, buttons and mails that hand a pass out
    "api": {"web", "flows", "ports", "domain", "logs", "limits", "rendering", "starters", "snippets"},
    "studio": {"web", "flows", "ports", "domain", "logs", "limits", "rendering"},
    "manual": {"studio", "web", "domain"},
    "playground": {"studio", "phones_page", "web", "flows", "domain"},
    "designer": {"studio", "phones_page", "web", "flows", "ports", "domain", "logs", "limits"},
    "records": {"studio", "web", "flows", "ports", "domain", "logs", "limits", "snippets"},
    "scanner": {"web", "flows", "ports", "domain", "logs", "limits"},
    "phones_page": {"web", "flows", "ports", "domain", "logs", "limits"},
    "workers": {"flows", "ports", "domain", "logs"},
    # The composition root (keyring and glue are part of it) is above the edges, which it starts; only cli knows it.
    "bootstrap": EVERYTHING_INSIDE | {"ports", "domain", "settings", "logs", "limits", "sandbox"},
    "cli": PAGES
    | {
        "bootstrap",
        "web",
        "api",
        "workers",
        "settings",
        "logs",
        "sandbox",
        "flows",
        "ports",
        "domain",
        "rendering",
        "starters",
    },
    # The stand-ins judge the rest, so they share nothing with it.
    "starters": {"domain"},  # data, and what reads it
    "sandbox": set(),
    "top": {"cli"},
}
ROOM_OF_MODULE = {
    "keyring": "bootstrap",
    "glue": "bootstrap",
    "checker": "bootstrap",
    "mailroom": "bootstrap",
    "check_ports": "ports",
    "image_ports": "ports",
    "template_ports": "ports",
    "ahead_ports": "ports",
    "upkeep_ports": "ports",
    "ledger_ports": "ports",
    "loyalty_ports": "ports",
    "scan_ports": "ports",
    "scan_codes": "bootstrap",
    "mail_ports": "ports",
    "people_ports": "ports",
    "record_ports": "ports",
    "__main__": "top",
    "__init__": "top",
}
"""Modules beside the rooms that belong to one."""

EXCEPTIONS: set[tuple[str, str]] = {
    ("billfold.cli.main", "storage"),  # `billfold migrate` runs before there is anything to compose
    ("billfold.cli.checkup", "storage"),  # asks for the database's revision without opening the rest
}
"""Tolerated for now: (module, room). An entry that is no longer needed fails the test, so the list only shrinks."""


NAMES = set(MODULES.values())


def room_of(module: str) -> str:
    """billfold.wallets.apple.push → wallets.apple; billfold.ports → ports; billfold itself → top."""
    parts = module.split(".")[1:]
    if not parts:
        return "top"
    if parts[0] == "wallets" and len(parts) > 1:
        return f"wallets.{parts[1]}"
    return ROOM_OF_MODULE.get(parts[0], parts[0])


def imports_of(module: str, tree: ast.Module, package: bool) -> Iterator[tuple[str, int]]:
    """(module of Billfold, line) of every import in `tree`."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((alias.name, node.lineno) for alias in names if alias.name.split(".")[0] == "billfold")
            case ast.ImportFrom(module=source, names=names, level=level):
                start = module.split(".")[: len(module.split(".")) - level + package] if level else []
                base = ".".join([*start, *(source or "").split(".")]).strip(".")
                if base.split(".")[0] == "billfold":
                    # `from billfold.api import limits` names a module of that package, or something that the package holds
                    found = [f"{base}.{alias.name}" for alias in names]
                    found = [name if name in NAMES or base == "billfold" else base for name in dict.fromkeys(found)]
                    yield from ((name, node.lineno) for name in found)
            case ast.Call(func=ast.Name(id="import_module" | "call" | "later"), args=arguments):
                for argument in arguments:
                    if isinstance(argument, ast.Constant) and str(argument.value).startswith("billfold."):
                        yield str(argument.value), node.lineno
            case _:
                pass


def edges() -> list[tuple[str, str, str]]:
    """(module, room that it imports, where) for every import that leaves its room."""
    found = []
    for path, module in MODULES.items():
        for imported, line in imports_of(module, parse(path), path.name == "__init__.py"):
            if imported in ("billfold", "billfold.__version__"):
                continue  # anybody may ask for the version
            target = room_of(imported)
            if target != room_of(module):
                found.append((module, target, f"{path.relative_to(SOURCE.parent)}:{line}"))
    return found


def test_every_module_belongs_to_a_room_that_the_table_knows() -> None:
    assert {room_of(module) for module in MODULES.values()} <= set(MAY_IMPORT)


def test_imports_point_one_way() -> None:
    wrong = [
        f"{where}: {module} imports {target}"
        for module, target, where in edges()
        if target not in MAY_IMPORT[room_of(module)] and (module, target) not in EXCEPTIONS
    ]
    assert wrong == [], "\n".join(wrong)


def test_the_list_of_exceptions_only_shrinks() -> None:
    used = {(module, target) for module, target, _ in edges() if target not in MAY_IMPORT[room_of(module)]}
    assert used >= EXCEPTIONS, f"no longer needed, remove: {sorted(EXCEPTIONS - used)}"


def test_the_table_itself_has_no_cycle() -> None:
    done: set[str] = set()
    while len(done) < len(MAY_IMPORT):
        free = {room for room, below in MAY_IMPORT.items() if room not in done and below & set(MAY_IMPORT) <= done}
        assert free, f"cycle among {set(MAY_IMPORT) - done}"
        done |= free


def test_no_two_modules_import_each_other() -> None:
    """Within a room too: a cycle is two files that are one, or one thing that both should import."""
    graph = {
        module: {name for name, _ in imports_of(module, parse(path), path.name == "__init__.py") if name in NAMES} - {module}
        for path, module in MODULES.items()
        if room_of(module) != "cli"  # its modules load each other when called
    }
    waiting = dict(graph)
    while free := [module for module, below in waiting.items() if not below & set(waiting)]:
        for module in free:
            del waiting[module]
    assert waiting == {}, f"in a cycle, or above one: {sorted(waiting)}"


def test_only_the_command_line_imports_inside_functions() -> None:
    """Elsewhere such an import is a knot asking to be cut."""
    knots = [
        f"{path.relative_to(SOURCE.parent)}:{node.lineno}"
        for path, module in MODULES.items()
        if room_of(module) not in ("cli", "sandbox")
        for function in ast.walk(parse(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("billfold"))
        or (isinstance(node, ast.Import) and any(alias.name.startswith("billfold") for alias in node.names))
    ]
    assert knots == []


@pytest.mark.parametrize("room", ["domain", "ports"])
def test_pure_rooms_reach_for_nothing_outside(room: str) -> None:
    """The domain decides on values: no clock, randomness, files, network, framework."""
    forbidden = {
        "os",
        "io",
        "time",
        "random",
        "secrets",
        "socket",
        "pathlib",
        "subprocess",
        "asyncio",
        "threading",
        "logging",
        "structlog",
    }
    forbidden |= {"sqlalchemy", "fastapi", "starlette", "pydantic", "pycurl", "psycopg", "sqlite3", "PIL", "cryptography"}
    for path, module in MODULES.items():
        if room_of(module) == room:
            for node in ast.walk(parse(path)):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                assert not {name.split(".")[0] for name in names} & forbidden, f"{path}:{getattr(node, 'lineno', 0)}"


@pytest.mark.parametrize(
    ("line", "module", "expected"),
    [
        ("from billfold.storage import schema, Odd", "billfold.api.x", ["billfold.storage.schema", "billfold.storage"]),
        ("from billfold import ports, settings", "billfold.api.x", ["billfold.ports", "billfold.settings"]),
        ("from billfold.wallets import apple", "billfold.api.x", ["billfold.wallets.apple"]),
        ("def f():\n    import billfold.storage.store", "billfold.api.x", ["billfold.storage.store"]),
        ("from .passes import a", "billfold.api.x", ["billfold.api.passes"]),
        ("from ..storage import a", "billfold.api.x", ["billfold.storage"]),
        ("call('billfold.bootstrap', 'serve')", "billfold.cli.main", ["billfold.bootstrap"]),
        ("import os, billfoldish", "billfold.api.x", []),
    ],
)
def test_the_walker_sees_every_way_to_import(line: str, module: str, expected: list[str]) -> None:
    assert [name for name, _ in imports_of(module, ast.parse(line), package=False)] == expected


def test_the_walker_walks() -> None:
    assert len(MODULES) > 20
    assert Path(SOURCE / "billfold" / "ports.py") in MODULES

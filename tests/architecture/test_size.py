"""A file that passes 500 lines is two things; a function that passes 70 cannot be read at once. What is above shrinks only."""

import ast
from pathlib import Path

import pytest

from architecture.sources import MODULES, ROOT, parse

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70

LONG_FILES: dict[str, int] = {}
"""File → lines it has now. Lower the number when the file gets shorter; take the entry away below the limit."""

LONG_FUNCTIONS: dict[str, int] = {}
"""file::function → lines it has now. Lowered and taken away likewise."""


def sources() -> list[Path]:
    return [ROOT / "run.py", *MODULES]


def over(found: dict[str, int], limit: int) -> dict[str, int]:
    return {name: lines for name, lines in found.items() if lines > limit}


def file_lines() -> dict[str, int]:
    return {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in sources()}


def function_lines() -> dict[str, int]:
    return {
        f"{path.relative_to(ROOT)}::{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in sources()
        if path.parent.name != "versions"  # a migration is a list of steps, written once
        for node in ast.walk(parse(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_no_file_is_long() -> None:
    assert over(file_lines(), FILE_LINES_MAX) == LONG_FILES


def test_no_function_is_long() -> None:
    assert over(function_lines(), FUNCTION_LINES_MAX) == LONG_FUNCTIONS


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_is_for(path: Path) -> None:
    docstring = ast.get_docstring(parse(path)) or ""
    assert len(docstring.split()) >= 5, f"{path.relative_to(ROOT)} opens with no docstring that says what it is for"

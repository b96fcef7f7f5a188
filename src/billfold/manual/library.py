"""The documents: read from `docs/`, turned into HTML once, their links led to where the server shows them.

Markdown may hold no HTML of its own. May not enter: routes, the frame of a page."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

_BESIDE, _CHECKOUT = Path(__file__).with_name("docs"), Path(__file__).parents[3] / "docs"
ADDRESS = "/docs"
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("begin", ("getting-started", "api-passes", "templates", "starters", "designer", "share-page", "playground", "phones")),
    ("build", ("loyalty", "scans", "loyalty-api", "ledger", "mail", "images", "apple-passes", "google-wallet", "problems")),
    ("run", ("going-live", "commands", "settings", "people", "records", "scanner", "why-does-my-pass-not-open", "ledger-proofs")),
    ("know", ("benchmarks", "ARCHITECTURE", "glossary", "pages", "CHANGELOG")),
)
"""Group → its documents in order; whatever else there is stands at the end of the last one."""
_NAME = re.compile(r"[A-Za-z0-9-]{1,60}\Z")


@dataclass(frozen=True, slots=True)
class Heading:
    """`anchor`: its id in the page."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Document:
    name: str
    title: str
    html: str
    headings: tuple[Heading, ...]


def folder() -> Path:
    """Where the documents are: beside this file in a package, at the root of a checkout."""
    return _BESIDE if _BESIDE.is_dir() else _CHECKOUT


def _file(name: str) -> Path:
    return folder().parent / "CHANGELOG.md" if name == "CHANGELOG" and not _BESIDE.is_dir() else folder() / f"{name}.md"


def _is_there(name: str) -> bool:
    return _NAME.match(name) is not None and _file(name).is_file()


def names() -> tuple[str, ...]:
    """Every document that is there, in the order of the groups."""
    listed = [name for _, group in GROUPS for name in group]
    found = {path.stem for path in folder().glob("*.md")} | ({"CHANGELOG"} if _file("CHANGELOG").is_file() else set())
    return (*(name for name in listed if name in found), *sorted(found - set(listed)))


def groups() -> list[tuple[str, list[Document]]]:
    there, listed = names(), {name for _, group in GROUPS for name in group}
    made = [(key, [name for name in group if name in there]) for key, group in GROUPS]
    made[-1][1].extend(name for name in there if name not in listed)
    return [(key, [one for name in group if (one := find(name))]) for key, group in made]


@lru_cache(maxsize=128)
def find(name: str) -> Document | None:
    """None for a name that is no document's."""
    if not _is_there(name):
        return None
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(_file(name).read_text(encoding="utf-8"))
    headings = tuple(_headings(tokens))
    for token in tokens:
        for child in token.children or ():
            _lead(child)
    title = next((one.text for one in headings if one.level == 1), name)
    return Document(name, title, str(reader.renderer.render(tokens, reader.options, {})), headings)


def picture(name: str) -> Path | None:
    """A picture that documents show."""
    path = folder() / "images" / name
    return path if re.fullmatch(r"[a-z0-9-]{1,60}\.(png|svg|webp)", name) and path.is_file() else None


def _headings(tokens: list[Token]) -> Iterator[Heading]:
    """Gives each an id of its own on the way."""
    seen: dict[str, int] = {}
    for place, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        text = "".join(one.content for one in tokens[place + 1].children or () if one.type in ("text", "code_inline"))
        anchor = re.sub(r"[^\w -]", "", text.lower()).strip().replace(" ", "-") or "section"
        seen[anchor] = seen.get(anchor, 0) + 1
        anchor = anchor if seen[anchor] == 1 else f"{anchor}-{seen[anchor] - 1}"
        token.attrSet("id", anchor)
        yield Heading(int(token.tag[1]), text, anchor)


def _lead(token: Token) -> None:
    """`settings.md#x` → `/docs/settings#x`; what is not shown here (records of decisions, sources) leads nowhere."""
    name = {"link_open": "href", "image": "src"}.get(token.type)
    if name is None:
        return
    target = str(token.attrGet(name) or "")
    if target.startswith(("#", "/")):
        return
    if target.startswith(("https://", "http://")):
        token.attrSet("rel", "noreferrer")
        return
    path, _, anchor = target.partition("#")
    stem = path.removeprefix("docs/").removeprefix("../")
    if token.type == "image":
        token.attrSet("src", f"{ADDRESS}/images/{stem.removeprefix('images/')}")
    elif stem.endswith(".md") and _is_there(stem.removesuffix(".md")):
        token.attrSet("href", f"{ADDRESS}/{stem.removesuffix('.md')}" + (f"#{anchor}" if anchor else ""))
    else:
        token.attrs = {}

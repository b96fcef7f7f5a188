"""One way to answer with a page: `page(request, ROOM, "template.html", ...)`. docs/pages.md shows how a room adds one.

A room of pages is a folder with `templates/`, `static/` and `texts/`. Every page escapes by itself, has a nonce of its own and says
nothing in words of its own: it asks `say`. May not enter: what a page is about, who asks."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import jinja2
from jinja2.utils import htmlsafe_json_dumps
from starlette.requests import Request
from starlette.responses import HTMLResponse

from billfold.web.assets import Assets
from billfold.web.languages import choose
from billfold.web.policy import STRICT, Policy, new_nonce
from billfold.web.templates import environment
from billfold.web.texts import Texts

_HERE = Path(__file__).parent
SHARED = Assets("web", _HERE / "static")
_MODULES = {"preact": "vendor/preact.mjs", "preact/hooks": "vendor/hooks.mjs", "htm": "vendor/htm.mjs"}


@dataclass(frozen=True)
class PageRoom:
    """A room that has pages: `PageRoom("scanner", Path(__file__).parent)`. `within`: the room whose frame its pages stand in, whose
    templates it extends as `frame/...` and whose texts it may say. `beside`: rooms whose components its
    pages show, with their texts."""

    name: str
    folder: Path
    within: "PageRoom | None" = None
    beside: "tuple[PageRoom, ...]" = ()

    @cached_property
    def assets(self) -> Assets:
        return Assets(self.name, self.folder / "static")

    @cached_property
    def texts(self) -> Texts:
        others = [*self.beside, *([self.within] if self.within else [])]
        return Texts(_HERE / "texts", *(one.folder / "texts" for one in others), self.folder / "texts")

    @cached_property
    def templates(self) -> jinja2.Environment:
        """Its own by name, those of all pages as `web/...`."""
        own, shared = jinja2.FileSystemLoader(self.folder / "templates"), jinja2.FileSystemLoader(_HERE / "templates")
        frame = self.within or self
        beside = {"web": shared, "frame": jinja2.FileSystemLoader(frame.folder / "templates")}
        made = environment(jinja2.ChoiceLoader([own, jinja2.PrefixLoader(beside)]))
        made.globals |= {"asset": self.assets.address, "frame": frame.assets.address, "shared": SHARED.address}
        return made


def _import_map() -> str:
    """Which names modules import by: the library's, and `billfold/...` for the files that all pages share."""
    names = {name: SHARED.address(file) for name, file in _MODULES.items()}
    return json.dumps({"imports": {**names, "billfold/": SHARED.base}})


def page(
    request: Request,
    room: PageRoom,
    template: str,
    *,
    status: int = 200,
    policy: Policy = STRICT,
    headers: dict[str, str] | None = None,
    **values: object,
) -> HTMLResponse:
    """The page, in the visitor's language. `policy`: what it may load and use beyond the strictest, `STRICT.allowing("camera")`.

    Templates also know `say`, `has` (whether there is such a text), `asset` (a file of their room), `shared` (one of all pages),
    `nonce` and `language`."""
    language = choose(request.headers.get("accept-language", ""), room.texts.languages)
    nonce = new_nonce()
    html = room.templates.get_template(template).render(
        values,
        say=room.texts.speaker(language),
        has=room.texts.keys().__contains__,
        language=language,
        nonce=nonce,
        import_map=_import_map(),
        script_texts=htmlsafe_json_dumps(room.texts.for_scripts(language)),
        path=request.url.path,
    )
    safe = policy.headers(nonce, https=request.url.scheme == "https")
    return HTMLResponse(html, status, headers=safe | (headers or {}))

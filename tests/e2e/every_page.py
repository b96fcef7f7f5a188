"""Every address that a browser may be sent to: the pages, and why each other route that answers a GET is none. What is there is
asked of the application itself, so a page that is new and not in this table fails the test that compares them.

May not enter: what is expected of a page."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from starlette.routing import BaseRoute, Route

from billfold import bootstrap
from billfold.api.app import create_native
from billfold.api.mail_links import MailLinks
from billfold.api.meta import create_meta_routes
from billfold.api.share import SharePages
from billfold.cli.pages import page_routes
from billfold.manual import library
from billfold.sandbox.site import Sandbox
from billfold.settings import Settings

CONSOLE = {
    f"/studio/{{environment}}{path}": f"/studio/test{filled}"
    for path, filled in {
        "": "",
        "/designs": "/designs",
        "/designs/new": "/designs/new",
        "/designs/{template_id}": "/designs/{template}",
        "/passes": "/passes",
        "/passes/new": "/passes/new?template={template}",
        "/passes/{serial}": "/passes/{card}",
        "/members": "/members",
        "/members/new": "/members/new",
        "/members/{member}": "/members/{member}",
        "/keys": "/keys",
        "/people": "/people",
        "/going-live": "/going-live",
        "/account": "/account",
        "/account/secret": "/account/secret",
        "/prove": "/prove",
    }.items()
}
"""Route of a page of the console → an address of it, where names in braces are things of the test's world."""
OUTSIDE = {"/studio/sign-in": "/studio/sign-in", "/studio/join/{token}": "/studio/join/{token}"}
OTHERS = {
    "/studio/test/playground": "/studio/test/playground",
    "/scan": "/scan",
    "/phones": "/phones",
    "/p/{serial}": "/p/{card}",
    "/ps/{serials}": "/ps/{card}.{pass}",
    "/u/{token}": "/u/{unsubscribe}",
    "/docs/api": "/docs/api",
    "/docs": "/docs",
    "/docs/problems": "/docs/problems",
}
NO_PAGES = {
    "/studio": "leads to the console's first page",
    "/playground": "leads to the Playground",
    "/studio/{environment}/playground": "leads to the Playground, or says that there is none",
    "/docs/": "leads to /docs",
    "/studio/{environment}/v1/{rest:path}": "JSON and pictures for the console's modules",
    "/scan/manifest.webmanifest": "JSON",
    "/scan/service-worker.js": "a script",
    "/p/{serial}/go": "leads into a wallet",
    "/p/{serial}/apple": "a bundle",
    "/p/{serial}/google": "leads into a wallet",
    **dict.fromkeys(("/p/{serial}/qr.png", "/p/{serial}/qr.svg", "/p/{serial}/picture.svg"), "a picture"),
    "/ps/{serials}/apple": "several bundles",
    "/i/{scope}/{name}": "a picture",
    "/docs/images/{name}": "a picture",
    "/livez": "for programs",
    "/healthz": "for programs",
    "/readyz": "for programs",
    "/metrics": "for programs",
    "/openapi.json": "for programs",
    "/llms.txt": "for programs",
}
DOCUMENTS = {f"/docs/{name}": f"/docs/{name}" for name in library.names()}
PAGES = CONSOLE | OUTSIDE | OTHERS | DOCUMENTS


async def routes(folder: Path) -> set[str]:
    """Of everything that answers a GET, but for files under `/assets`."""
    async with bootstrap.operate(Settings(data=folder, sandbox=False, signers=0)) as parts:
        native = create_native(parts.services, 1_000)
        with_phones = replace(parts, sandbox=cast(Any, Sandbox(folder / "sandbox", "http://127.0.0.1:1")))
        found: list[BaseRoute] = [*page_routes(with_phones, native), *SharePages(parts.services).routes()]
        found += [*MailLinks(parts.services).routes(), *create_meta_routes(parts.services, native)]
    return {one for one in _getting(found) if not one.startswith(("/assets/", "/docs/assets/"))}


def _getting(found: list[BaseRoute]) -> Iterator[str]:
    yield from (one.path for one in found if isinstance(one, Route) and "GET" in (one.methods or ()))


@dataclass(frozen=True)
class Things:
    """What the addresses of pages name."""

    template: str
    card: str
    pass_: str
    member: str
    token: str
    unsubscribe: str

    def address(self, page: str) -> str:
        names = {name.rstrip("_"): value for name, value in vars(self).items()}
        return page.format(**names)

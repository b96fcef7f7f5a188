"""Files of a room's `static/` folder, served under a hash of all of them: an address whose content never changes.

The hash stands in the path before the names, so modules import each other by relative names. Read once, kept in memory with their
gzip. May not enter: pages, files of visitors."""

import gzip
import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
}
"""What is served at all: licences and notes beside the files are not."""
PACKED = frozenset({".css", ".js", ".mjs", ".json", ".webmanifest", ".svg", ".wasm"})
FOR_EVER = "public, max-age=31536000, immutable"
HASH_LENGTH = 16


@dataclass(slots=True)
class _File:
    data: bytes
    media_type: str
    packs: bool
    packed: bytes = field(default=b"")

    def gzipped(self) -> bytes:
        if not self.packed:
            self.packed = gzip.compress(self.data, 9, mtime=0)
        return self.packed


class Assets:
    """The files of one room. `name` stands in their addresses."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self._folder = name, folder

    @cached_property
    def _files(self) -> dict[str, _File]:
        return {
            path.relative_to(self._folder).as_posix(): _File(path.read_bytes(), TYPES[path.suffix], path.suffix in PACKED)
            for path in sorted(self._folder.rglob("*"))
            if path.suffix in TYPES
        }

    @cached_property
    def base(self) -> str:
        """What the address of each file begins with; ends with a slash."""
        state = hashlib.sha256()
        for name, file in self._files.items():
            state.update(f"{name}\0{len(file.data)}\0".encode())
            state.update(file.data)
        return f"/assets/{self.name}/{state.hexdigest()[:HASH_LENGTH]}/"

    def address(self, name: str) -> str:
        """Raises KeyError for a file that is not there: a page that names it is wrong."""
        if name not in self._files:
            raise KeyError(f"{self.name} has no static file {name}")
        return self.base + name

    def addresses(self) -> list[str]:
        """Of every file: what a page that works without a network must keep."""
        return [self.base + name for name in self._files]

    def route(self) -> Route:
        return Route(f"/assets/{self.name}/{{hash}}/{{path:path}}", self._answer)

    async def _answer(self, request: Request) -> Response:
        file = self._files.get(request.path_params["path"])
        if file is None:
            return PlainTextResponse("no such file", 404)
        # A page that was open while the server was replaced still finds its files; nobody keeps them under the old hash.
        current = f"/{request.path_params['hash']}/" == self.base[-HASH_LENGTH - 2 :]
        headers = {
            "Cache-Control": FOR_EVER if current else "no-store",
            "Vary": "Accept-Encoding",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        if file.packs and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(file.gzipped(), headers=headers | {"Content-Encoding": "gzip"}, media_type=file.media_type)
        return Response(file.data, headers=headers, media_type=file.media_type)

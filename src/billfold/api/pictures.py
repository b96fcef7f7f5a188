"""A picture as an answer: the caller keeps it, asks each time whether it is still the same, and it can do nothing.

May not enter: what is in a picture, who may see it."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

PNG, SVG = "image/png", "image/svg+xml"
POLICY = "default-src 'none'; img-src data:; sandbox"
"""An SVG that somebody opens by itself runs nothing and loads nothing."""


def has(request: Request, tag: str) -> bool:
    """Whether the caller has what `tag` (quoted, as ETag says it) names."""
    return tag in request.headers.get("if-none-match", "")


async def kept(
    request: Request, name: str, media: str, draw: Callable[[], Awaitable[bytes]], cache: str = "private, no-cache"
) -> Response:
    """The picture, or 304, for which nothing is drawn. `name` is another one whenever the picture is. `cache`: whether a caller may
    show what it has without asking."""
    headers = {"ETag": f'"{name}"', "Cache-Control": cache, "Content-Security-Policy": POLICY}
    if has(request, f'"{name}"'):
        return Response(status_code=304, headers=headers)
    return Response(await draw(), headers=headers, media_type=media)

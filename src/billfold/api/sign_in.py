"""Who presents a key or token; those that are wrong are limited for all surfaces at once (web/guesses.py).

Only a wrong one is ever refused by the limit, so nobody who knows a good key can be locked out by others who do not, not even from
the same address. A guess beyond the limit hears 429, right or wrong alike in form. Source: reference/reliability-security.md T5.
May not enter: what a key is (flows/keys.py, domain/keys.py), cookies."""

import contextlib
from collections.abc import Awaitable, Callable

from starlette.requests import HTTPConnection
from starlette.types import Scope

from billfold.domain import keys as key_texts
from billfold.domain.errors import Unauthenticated
from billfold.domain.keys import Actor
from billfold.flows import keys
from billfold.ports import Services
from billfold.web.guesses import failed as failed
from billfold.web.guesses import source_of as source_of

SignIn = Callable[[Services, str], Awaitable[Actor]]


async def actor_of(services: Services, request: HTTPConnection, surface: str, authenticate: SignIn = keys.authenticate) -> Actor:
    """The holder of the request's key, or the person whom the console let through to here.

    Raises Unauthenticated; TooMany for a wrong key beyond the limit."""
    known = request.scope.get("state", {}).get("actor")
    if isinstance(known, Actor):
        return known
    text = ""
    try:
        text = keys.bearer(_authorization(request.scope))
        return await authenticate(services, text)
    except Unauthenticated as error:
        meant = ""
        with contextlib.suppress(Unauthenticated):
            meant = key_texts.parse(text).id
        failed(services, request, surface, error, meant)
        raise


def _authorization(scope: Scope) -> str | None:
    """As the headers of a request give it, which would be made for nothing else on the hot path."""
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"), None)

"""Who presents a key or token, and a limit on those that are wrong: one for all surfaces, by source and by the key that was meant.

Only a wrong one is ever refused by the limit, so nobody who knows a good key can be locked out by others who do not, not even from
the same address. A guess beyond the limit hears 429, right or wrong alike in form. Source: reference/reliability-security.md T5.
May not enter: what a key is (flows/keys.py, domain/keys.py), cookies."""

import contextlib
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.requests import HTTPConnection

from billfold.api.metrics import Metrics
from billfold.domain import keys as key_texts
from billfold.domain.errors import TooMany, Unauthenticated
from billfold.domain.keys import Actor
from billfold.flows import keys
from billfold.ports import Services

IPV6_PREFIX = 64
"""What one subscriber has: all of it is one source."""


async def actor_of(services: Services, request: HTTPConnection, surface: str) -> Actor:
    """The holder of the request's key. Raises Unauthenticated; TooMany for a wrong key beyond the limit."""
    text = ""
    try:
        text = keys.bearer(request.headers.get("authorization"))
        return await keys.authenticate(services, text)
    except Unauthenticated as error:
        meant = ""
        with contextlib.suppress(Unauthenticated):
            meant = key_texts.parse(text).id
        failed(services, request, surface, error, meant)
        raise


def failed(services: Services, request: HTTPConnection, surface: str, error: Unauthenticated, meant: str = "") -> None:
    """Counts a sign-in that failed. `meant`: the id of the key that was tried. Raises TooMany beyond the limit.

    Who presents nothing has guessed nothing, and is not counted against the limit."""
    reason = error.reason
    try:
        if reason != "missing":
            limits = services.failed_sign_ins
            limits.check_ahead(f"key {meant}")
            limits.check(f"source {source_of(request)}")
            if meant:
                limits.check(f"key {meant}")
    except TooMany:
        reason = "throttled"
        raise
    finally:
        metrics = getattr(request.state, "metrics", None)
        if isinstance(metrics, Metrics):
            metrics.sign_in_failed(surface, reason)


def source_of(request: HTTPConnection) -> str:
    """Where a request comes from: the peer, or who a trusted proxy says it is. An IPv6 network counts as one."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host[:100]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ip_network((int(address), IPV6_PREFIX), strict=False))
    return str(address)

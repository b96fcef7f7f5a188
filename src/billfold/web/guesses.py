"""One limit on guesses for every way to sign in: keys, tokens, passwords, passkeys. By source and by what was tried.

Source: reference/reliability-security.md T5, T23. May not enter: what a key, token or password is."""

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Protocol, runtime_checkable

from starlette.requests import HTTPConnection

from billfold.domain.errors import TooMany, Unauthenticated
from billfold.ports import Services

IPV6_PREFIX = 64
"""What one subscriber has: all of it is one source."""


@runtime_checkable
class Figures(Protocol):
    """Who counts the sign-ins that failed: the middleware's metrics."""

    def sign_in_failed(self, surface: str, reason: str) -> None: ...


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
        count_failed(request, surface, reason)


def attempt(services: Services, request: HTTPConnection, surface: str, meant: str) -> None:
    """Before a secret that people choose is compared: it has few possibilities, so a guess beyond the limit is not even looked at,
    and those under way at once all count. `meant`: the account. Raises TooMany."""
    try:
        services.failed_sign_ins.check_ahead(f"key {meant}")
        services.failed_sign_ins.check(f"source {source_of(request)}")
        services.failed_sign_ins.check(f"key {meant}")
    except TooMany:
        count_failed(request, surface, "throttled")
        raise


def count_failed(request: HTTPConnection, surface: str, reason: str) -> None:
    metrics = getattr(request.state, "metrics", None)
    if isinstance(metrics, Figures):
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

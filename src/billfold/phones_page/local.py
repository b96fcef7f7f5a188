"""Whether a request comes from this very machine, and from our own page in its browser. The demo's buttons need both.

A name that an attacker's DNS points here is not ours (rebinding), a forwarded request comes from elsewhere, and a form or script of
another site says so in `Origin`, which a page cannot forge. May not enter: who may do what elsewhere."""

import ipaddress
from urllib.parse import urlsplit

from starlette.requests import Request

_FORWARDED = ("forwarded", "x-forwarded-for", "via")


def is_loopback(host: str) -> bool:
    """`localhost`, or an address of the machine itself, with or without brackets."""
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def is_this_machine(request: Request) -> bool:
    """The caller sits here, no proxy stands between, and the browser was sent to a name of this machine's own."""
    caller = request.client.host if request.client else ""
    forwarded = any(name in request.headers for name in _FORWARDED)
    asked_for = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    return not forwarded and is_loopback(caller) and is_loopback(asked_for)


def is_own_page_on_this_machine(request: Request) -> bool:
    return is_this_machine(request) and request.headers.get("origin") == f"{request.url.scheme}://{request.headers.get('host', '')}"

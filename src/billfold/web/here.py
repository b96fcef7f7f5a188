"""Where our pages are reached, and whether somebody sits at this very machine. May not enter: who is signed in."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


def is_loopback(host: str) -> bool:
    """A name or address that means this machine, as it stands in a setting, a Host header or an address."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Here:
    """`public_url`: as everybody reaches us. `door`: whether the demo workspace may open by itself; only where the server listens
    on loopback and stands behind no proxy."""

    public_url: str
    door: bool = False

    @property
    def secure(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def origins(self) -> frozenset[str]:
        """Of pages that are ours. On this machine its three names mean the same server."""
        parts = urlsplit(self.public_url)
        found = {f"{parts.scheme}://{parts.netloc}"}
        if is_loopback(parts.hostname or ""):
            port = f":{parts.port}" if parts.port else ""
            found |= {f"{parts.scheme}://{name}{port}" for name in LOOPBACK_NAMES}
        return frozenset(found)

    def own_origin(self, request: Request) -> str | None:
        """The origin that the browser says a form comes from, where it is ours; browsers always say it with a POST."""
        origin = request.headers.get("origin", "")
        return origin if origin in self.origins else None

    def at_this_machine(self, request: Request) -> bool:
        """The caller has a loopback address and asked for a loopback name (another site's name that was made to point here does
        not do), and no proxy put its mark on the request."""
        if not self.door or any(name in request.headers for name in _FORWARDED):
            return False
        if request.client is None or not is_loopback(request.client.host):
            return False
        return f"{urlsplit(self.public_url).scheme}://{request.headers.get('host', '')}" in self.origins

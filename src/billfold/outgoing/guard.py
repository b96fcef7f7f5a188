"""Decides which addresses Billfold may ask: one strict parse of the text, and a list of what is public.

Pure: no resolver, no socket, no clock. client.py asks `is_public` again for every address that a name resolves to and
for the peer of the connection, because what a text looks like says little about where it leads.

May not enter: `ipaddress.is_global` and `is_private`. On Python 3.11 they call multicast, IPv4-compatible, NAT64, 6to4
and site-local addresses global (measured in reference/reliability-security.md section 0).
Sources: IANA special-purpose address registries for IPv4 and IPv6; RFC 3986; WHATWG URL ("ends in a number").
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import quote

from billfold.outgoing.errors import Refused

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

URL_LENGTH_MAX = 4_096
HOST_LENGTH_MAX = 253
PORTS_UNTRUSTED = frozenset({443})


class Role(Enum):
    """Who chose the address, hence how much it is trusted."""

    UNTRUSTED = "untrusted"
    """Somebody with an account typed it: https, port 443, a public host, and nothing else."""

    TRUSTED = "trusted"
    """The operator set it: any host and port, http too. Size and time are still bounded."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address parsed once. Whoever connects uses these parts and `url`, never the text that came in."""

    scheme: str
    host: str
    """Lower-case ASCII name, or the canonical form of an IP address (without brackets)."""
    port: int
    path: str
    """Path and query, percent-encoded, starting with a slash."""
    address: IPAddress | None
    """Set when the host is an IP address."""
    allowed_by_operator: bool = False
    """The operator listed this host and port: it may resolve to any address."""

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if isinstance(self.address, IPv6Address) else self.host
        default = 443 if self.scheme == "https" else 80
        return host if self.port == default else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


# --- addresses --------------------------------------------------------------------------------------------------------

_NOT_PUBLIC_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared, and some clouds' metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host agent: a public number that answers inside the cloud only
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relay, withdrawn
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)

_GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID, AMT
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
# ISATAP hides an IPv4 address behind these two interface identifiers (RFC 5214), under any prefix.
_ISATAP_MARKS = (0x00005EFE, 0x02005EFE)


def is_public(address: IPAddress, own: Iterable[IPNetwork] = ()) -> bool:
    """True only for a unicast address of the public internet that is not one of the operator's `own` networks.

    IPv6 outside 2000::/3 is refused as a whole. This covers every form that carries an IPv4 address (mapped,
    compatible, translated, NAT64), so such an address is never judged by its IPv6 half alone.
    """
    if any(address in network for network in own if network.version == address.version):
        return False
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_V4)
    if address.scope_id is not None or address not in _GLOBAL_UNICAST_V6:
        return False
    if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP_MARKS:
        return False
    return not any(address in network for network in _NOT_PUBLIC_V6)


# --- text -------------------------------------------------------------------------------------------------------------

_URL = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#]*)(?P<path>[^#]*)", re.IGNORECASE)
_PLAIN = re.compile(r"[!-\[\]-~]*")  # visible ASCII but for the backslash
_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]{2,45})\]|(?P<name>[^\[\]:@%]+))(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_LOOKS_NUMERIC = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")
# Characters on which IDNA 2003 (Python's codec) and IDNA 2008 (browsers) disagree: two readings, so neither.
_DEVIATIONS = frozenset("\u00df\u03c2\u200c\u200d\u1e9e")
_INSIDE_ONLY = ("localhost", "local", "internal", "intranet", "lan", "corp", "home", "private", "arpa", "onion", "invalid")
_PATH_SAFE = "/?%!$&'()*+,;=:@-._~[]"


def check_url(
    url: str,
    *,
    role: Role,
    allow_untrusted: frozenset[tuple[str, int]] = frozenset(),
    ports_untrusted: frozenset[int] = PORTS_UNTRUSTED,
) -> Target:
    """Parse `url` once and decide by its text alone. Raises Refused.

    `allow_untrusted` holds (host, port) pairs that the operator lets untrusted addresses reach, over http or https.
    A name that passes here must still have all of its addresses checked by `is_public`.
    """
    if len(url) > URL_LENGTH_MAX:
        raise Refused("length")
    if _PLAIN.fullmatch(url) is None and any(map(_is_odd, url)):
        raise Refused("characters")
    parts = _URL.fullmatch(url)
    if parts is None:
        raise Refused("form")
    authority = _AUTHORITY.fullmatch(parts["authority"])
    if authority is None:
        raise Refused("authority")
    scheme = parts["scheme"].lower()
    port = int(authority["port"]) if authority["port"] is not None else (443 if scheme == "https" else 80)
    if not 0 < port < 65_536:
        raise Refused("port")
    address: IPAddress | None
    if authority["v6"] is not None:
        address = _ipv6(authority["v6"])
        host = str(address)
    else:
        host, address = _name_or_ipv4(authority["name"])
    path = quote(parts["path"], safe=_PATH_SAFE, errors="strict")
    allowed = role is Role.UNTRUSTED and (host, port) in allow_untrusted
    target = Target(scheme, host, port, path if path.startswith("/") else f"/{path}", address, allowed)
    if role is Role.UNTRUSTED and not allowed:
        _check_untrusted(target, ports_untrusted)
    return target


def _is_odd(ch: str) -> bool:
    return ch == "\\" or ch.isspace() or unicodedata.category(ch) in ("Cc", "Cf", "Cs", "Co", "Cn")


def _check_untrusted(target: Target, ports: frozenset[int]) -> None:
    if target.scheme != "https":
        raise Refused("scheme")
    if target.port not in ports:
        raise Refused("port")
    if target.address is not None:
        if not is_public(target.address):
            raise Refused("address")
        return
    labels = target.host.split(".")
    if len(labels) < 2 or labels[-1] in _INSIDE_ONLY:
        raise Refused("name")


def _ipv6(text: str) -> IPv6Address:
    try:
        return IPv6Address(text)
    except ValueError as error:
        raise Refused("address form") from error


def _name_or_ipv4(text: str) -> tuple[str, IPv4Address | None]:
    """The canonical host. A host whose last label looks like a number is an IPv4 address in four plain decimal
    parts or nothing: shorter, octal and hexadecimal forms mean different things to different parsers."""
    host = text.lower() if text.isascii() else _to_ascii(text)
    if len(host) > HOST_LENGTH_MAX:
        raise Refused("name length")
    labels = host.split(".")
    if _LOOKS_NUMERIC.fullmatch(labels[-1]) or (labels[-1] == "" and len(labels) > 1):
        try:
            address = IPv4Address(host)
        except ValueError as error:
            raise Refused("address form") from error
        return str(address), address
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused("name form")
    return host, None


def _to_ascii(text: str) -> str:
    """International name to its ASCII form. Names that only look like ASCII (full-width digits, circled letters,
    ideographic full stops) are refused rather than folded: no honest address needs them."""
    if unicodedata.normalize("NFKC", text) != text or not _DEVIATIONS.isdisjoint(text):
        raise Refused("name folding")
    try:
        host = text.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise Refused("name encoding") from error
    if not any(label.startswith("xn--") for label in host.split(".")):
        raise Refused("name folding")
    return host

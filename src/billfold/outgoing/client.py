"""The one HTTP client for single questions: images by address, Google's REST API, root keys, webhooks.

Untrusted addresses: the text is checked, the name is resolved here, all addresses behind it must be public, libcurl is
told to connect to one that was checked (the name stays in TLS and Host), and both the socket and the connected peer are
compared with it. Redirects come back to this file and take the same way. push_pool.py is the sibling for pushes.
May not enter: what the answers mean, retries, credentials, proxies and cookies, environment variables.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address, ip_address
from types import MappingProxyType
from urllib.parse import urljoin

import pycurl

from billfold.outgoing.errors import OutgoingError, Refused, TimedOut, TooLarge, Unreachable
from billfold.outgoing.guard import PORTS_UNTRUSTED, IPAddress, IPNetwork, Role, Target, check_url, is_public
from billfold.outgoing.roots import system_roots_file

Resolver = Callable[[str], Awaitable[Sequence[IPAddress]]]

CONNECT_TIMEOUT_SECONDS = 5.0
ADDRESSES_TRIED_MAX = 3
HEADERS_BYTES_MAX = 64 * 1024
REDIRECTS = frozenset({301, 302, 303, 307, 308})
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
# Headers that carry the caller's secrets stay with the origin they were meant for.
_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
# Nothing was sent, so the next address may be tried.
_NOT_CONNECTED = (pycurl.E_COULDNT_CONNECT, pycurl.E_OPERATION_TIMEDOUT)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BREAKS = re.compile(r"[\r\n\0]")


@dataclass(frozen=True, slots=True)
class Response:
    """A complete answer. Header names are lower-case; repeated headers are joined by a comma."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Question:
    """One hop: what to send, and to which checked address (None: libcurl resolves, trusted only)."""

    method: str
    target: Target
    role: Role
    headers: Mapping[str, str]
    body: bytes | None
    max_bytes: int
    ca_pem: bytes | None


@dataclass(slots=True)
class _Receiver:
    """Collects one answer and stops libcurl when it grows beyond what is allowed."""

    max_bytes: int
    body: bytearray = field(default_factory=bytearray)
    lines: list[bytes] = field(default_factory=list)
    lines_bytes: int = 0
    overflow: bool = False
    strayed: bool = False

    def take_body(self, chunk: bytes) -> int:
        if len(self.body) + len(chunk) > self.max_bytes:
            self.overflow = True
            return 0
        self.body += chunk
        return len(chunk)

    def take_line(self, line: bytes) -> int:
        self.lines_bytes += len(line)
        if self.lines_bytes > HEADERS_BYTES_MAX:
            self.overflow = True
            return 0
        if line.startswith(b"HTTP/"):  # after an interim answer (1xx) the real one begins anew
            self.lines.clear()
        self.lines.append(line)
        return len(line)


class OutgoingClient:
    """Asks other people's servers, within limits. One per process and event loop; close it at the end.

    `resolver` answers a host name with its addresses (default: the system's resolver, in threads of this client).
    `allow_untrusted` lets untrusted addresses reach these (host, port) pairs whatever they resolve to.
    `ports_untrusted` are the ports that untrusted addresses may name.
    `own_networks` are the operator's own public addresses, refused to untrusted addresses like private ones.
    `ca_pem` replaces the system's certificate roots for trusted requests and for `allow_untrusted`.
    `refusal_bucket_seconds` rounds the time up that a refusal after a look-up takes, so that its length tells nothing.
    """

    def __init__(
        self,
        *,
        resolver: Resolver | None = None,
        allow_untrusted: frozenset[tuple[str, int]] = frozenset(),
        ports_untrusted: frozenset[int] = PORTS_UNTRUSTED,
        own_networks: Iterable[IPNetwork] = (),
        ca_pem: bytes | None = None,
        user_agent: str = "Billfold",
        untrusted_at_once_max: int = 16,
        refusal_bucket_seconds: float = 0.25,
    ) -> None:
        self._resolver = resolver or self._resolve_by_system
        self._allow_untrusted = allow_untrusted
        self._ports_untrusted = ports_untrusted
        self._own_networks = tuple(own_networks)
        self._ca_pem = ca_pem
        self._user_agent = user_agent
        self._bucket = refusal_bucket_seconds
        self._untrusted_slots = asyncio.Semaphore(untrusted_at_once_max)
        self._threads: ThreadPoolExecutor | None = None
        # Two multis, so that nothing a stranger caused (connections, look-ups) is ever reused for a trusted host.
        self._multis: dict[Role, pycurl.AsyncCurlMulti] = {}
        self._closed = False

    async def request(
        self,
        method: str,
        url: str,
        *,
        role: Role,
        headers: Mapping[str, str] = NO_HEADERS,
        body: bytes | None = None,
        timeout_seconds: float = 15,
        max_bytes: int = 5_000_000,
        redirects_max: int = 0,
        ca_pem: bytes | None = None,
    ) -> Response:
        """One answer, read whole, within `timeout_seconds` over all redirects.

        Any status is an answer, not an error. With `redirects_max=0` a redirect is returned as it is; more redirects
        than allowed are refused. A redirect of a trusted request to another origin is treated as untrusted.
        `ca_pem` replaces the certificate roots for this request (trusted only). Raises Refused, TimedOut, TooLarge,
        Unreachable; ValueError for a method or header that is not HTTP.
        """
        if self._closed:
            raise Unreachable("the client is closed")
        _check_headers(method, headers)
        target = self._check(url, role)
        question = _Question(method, target, role, headers, body, max_bytes, ca_pem)
        try:
            async with asyncio.timeout(timeout_seconds):
                if role is Role.TRUSTED:
                    return await self._follow(question, redirects_max)
                async with self._untrusted_slots:
                    return await self._follow(question, redirects_max)
        except TimeoutError as error:
            raise TimedOut from error

    async def close(self) -> None:
        """Ends open requests (their callers see Unreachable) and connections. Idempotent."""
        self._closed = True
        for multi in self._multis.values():
            await multi.aclose()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _check(self, url: str, role: Role) -> Target:
        return check_url(url, role=role, allow_untrusted=self._allow_untrusted, ports_untrusted=self._ports_untrusted)

    async def _follow(self, question: _Question, redirects_max: int) -> Response:
        for _ in range(redirects_max + 1):
            response = await self._ask(question)
            location = response.headers.get("location")
            if redirects_max == 0 or response.status not in REDIRECTS or location is None:
                return response
            question = self._redirected(question, response.status, location)
        raise Refused("redirects")

    def _redirected(self, question: _Question, status: int, location: str) -> _Question:
        # urljoin drops tabs and line ends silently; check_url below could not see them any more.
        if any(ord(ch) <= 0x20 or ord(ch) == 0x7F for ch in location):
            raise Refused("characters")
        try:
            joined = urljoin(question.target.url, location.partition("#")[0])
        except ValueError as error:
            raise Refused("form") from error
        method, body = question.method, question.body
        if status == 303 or (status in (301, 302) and method == "POST"):
            method, body = ("HEAD" if method == "HEAD" else "GET"), None
        target = self._check(joined, question.role)
        if target.origin == question.target.origin:
            return replace(question, target=target, method=method, body=body)
        # Another origin: whoever answered chose it, so the operator's trust ends here, and so do the caller's secrets.
        target = self._check(joined, Role.UNTRUSTED)
        headers = {name: value for name, value in question.headers.items() if name.lower() not in _SECRET_HEADERS}
        return replace(question, target=target, role=Role.UNTRUSTED, method=method, body=body, headers=headers)

    async def _ask(self, question: _Question) -> Response:
        if question.role is Role.TRUSTED:
            return await self._transfer(question, None)
        began = asyncio.get_running_loop().time()
        try:
            addresses = await self._checked_addresses(question.target)
        except Refused:
            await self._wait_for_bucket(began)
            raise
        for last, address in enumerate(addresses, start=1 - len(addresses)):
            try:
                return await self._transfer(question, address)
            except Unreachable as error:
                if last == 0 or error.curl_code not in _NOT_CONNECTED:
                    raise
        raise AssertionError("a checked name has an address")

    async def _checked_addresses(self, target: Target) -> Sequence[IPAddress]:
        """Addresses of the target, all of them allowed. A name without an address is refused in the same words, or
        the difference would tell which inside names exist."""
        if target.address is not None:
            addresses: Sequence[IPAddress] = (target.address,)
        else:
            try:
                addresses = tuple(await self._resolver(target.host))
            except OSError as error:
                raise Refused("no such name") from error
        if not addresses:
            raise Refused("no such name")
        if not target.allowed_by_operator and not all(is_public(item, self._own_networks) for item in addresses):
            raise Refused("address")
        return addresses[:ADDRESSES_TRIED_MAX]

    async def _wait_for_bucket(self, began: float) -> None:
        if self._bucket > 0:
            spent = asyncio.get_running_loop().time() - began
            await asyncio.sleep(self._bucket - spent % self._bucket)

    async def _resolve_by_system(self, host: str) -> Sequence[IPAddress]:
        if self._threads is None:  # threads of our own: slow name servers must not starve the rest of the process
            self._threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="billfold-resolver")
        loop = asyncio.get_running_loop()
        rows = await loop.run_in_executor(self._threads, _getaddrinfo, host)
        return tuple(dict.fromkeys(ip_address(text) for text in rows))

    async def _transfer(self, question: _Question, address: IPAddress | None) -> Response:
        multi = self._multis.get(question.role)
        if multi is None:
            multi = self._multis[question.role] = pycurl.AsyncCurlMulti()
        receiver = _Receiver(question.max_bytes)
        curl = pycurl.Curl()
        self._prepare(curl, question, receiver)
        if address is not None:
            _pin(curl, question.target, address, receiver)
        else:
            curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
        try:
            await multi.perform(curl)
        except pycurl.error as error:
            raise _translate(error, question, receiver) from error
        except asyncio.CancelledError:
            if self._closed and not _being_cancelled():
                raise Unreachable("the client was closed") from None
            raise
        response = Response(int(curl.getinfo(pycurl.RESPONSE_CODE)), _headers_of(receiver.lines), bytes(receiver.body))
        curl.close()
        return response

    def _prepare(self, curl: pycurl.Curl, question: _Question, receiver: _Receiver) -> None:
        target = question.target
        for option, value in (
            (pycurl.URL, target.url),
            (pycurl.PATH_AS_IS, 1),
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.PROXY, ""),  # an empty proxy also switches the environment's proxies off
            (pycurl.NOPROXY, "*"),
            (pycurl.NETRC, pycurl.NETRC_IGNORED),
            (pycurl.NOSIGNAL, 1),
            (pycurl.CONNECTTIMEOUT_MS, int(CONNECT_TIMEOUT_SECONDS * 1000)),
            (pycurl.MAXFILESIZE_LARGE, question.max_bytes),
            (pycurl.WRITEFUNCTION, receiver.take_body),
            (pycurl.HEADERFUNCTION, receiver.take_line),
            (pycurl.HTTPHEADER, self._header_lines(question)),
        ):
            curl.setopt(option, value)
        ca_pem = question.ca_pem or self._ca_pem
        if ca_pem is not None and (question.role is Role.TRUSTED or target.allowed_by_operator):
            curl.setopt(pycurl.CAINFO_BLOB, ca_pem)
        elif (roots := system_roots_file()) is not None:
            curl.setopt(pycurl.CAINFO, roots)
        if question.method == "HEAD":
            curl.setopt(pycurl.NOBODY, 1)
            return
        if question.body is not None or question.method in ("POST", "PUT", "PATCH"):
            curl.setopt(pycurl.POST, 1)
            curl.setopt(pycurl.POSTFIELDS, question.body or b"")
        if question.method not in ("GET", "POST"):
            curl.setopt(pycurl.CUSTOMREQUEST, question.method)

    def _header_lines(self, question: _Question) -> list[str]:
        """The caller's headers over our defaults. `Name:` removes what libcurl would add, `Name;` sends it empty."""
        defaults = {
            "User-Agent": self._user_agent,
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Expect": "",
            "Content-Type": "",
        }
        given = {name.lower() for name in question.headers}
        lines = [f"{name}: {value}" for name, value in defaults.items() if name.lower() not in given]
        lines += [f"{name}: {value}" if value else f"{name};" for name, value in question.headers.items()]
        return lines


def _pin(curl: pycurl.Curl, target: Target, address: IPAddress, receiver: _Receiver) -> None:
    """Connect to `address` and nowhere else, on a connection of its own, with the target's name in TLS and Host."""

    def open_socket(_purpose: int, wanted: tuple[int, int, int, tuple[str, int]]) -> socket.socket | int:
        family, kind, protocol, peer = wanted[0], wanted[1], wanted[2], wanted[3]
        if not same(peer[0], peer[1]):
            return pycurl.SOCKET_BAD
        return socket.socket(family, kind, protocol)

    def before_request(peer_host: str, _local_host: str, peer_port: int, _local_port: int) -> int:
        return pycurl.PREREQFUNC_OK if same(peer_host, peer_port) else pycurl.PREREQFUNC_ABORT

    def same(host: str, port: int) -> bool:
        receiver.strayed = receiver.strayed or ip_address(host) != address or port != target.port
        return not receiver.strayed

    literal = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
    curl.setopt(pycurl.CONNECT_TO, [f"::{literal}:{target.port}"])
    curl.setopt(pycurl.OPENSOCKETFUNCTION, open_socket)
    curl.setopt(pycurl.PREREQFUNCTION, before_request)
    curl.setopt(pycurl.FRESH_CONNECT, 1)
    curl.setopt(pycurl.FORBID_REUSE, 1)
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)


def _translate(error: pycurl.error, question: _Question, receiver: _Receiver) -> OutgoingError:
    code = int(error.args[0])
    if receiver.strayed:
        return Refused("peer")
    if receiver.overflow or code == pycurl.E_FILESIZE_EXCEEDED:
        return TooLarge(question.max_bytes)
    if question.role is Role.UNTRUSTED:
        return Unreachable(curl_code=code)
    return Unreachable(f"{question.target.authority}: {error.args[1] if len(error.args) > 1 else 'no answer'}", code)


def _check_headers(method: str, headers: Mapping[str, str]) -> None:
    if not method.isascii() or not method.isupper() or not method.isalpha():
        raise ValueError("method is not an HTTP method")
    for name, value in headers.items():
        if _TOKEN.fullmatch(name) is None:
            raise ValueError("a header name is not an HTTP token")
        if _BREAKS.search(value) or not value.isascii():
            raise ValueError(f"the value of header {name} holds a character that HTTP does not allow")


def _headers_of(lines: Sequence[bytes]) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            key, text = name.strip().lower(), value.strip()
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return MappingProxyType(headers)


def _getaddrinfo(host: str) -> list[str]:
    rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(row[4][0]) for row in rows]


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0

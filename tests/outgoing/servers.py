"""Real servers on loopback that the tests of this room talk to: honeypots that count, and a small HTTP/1.1 server.

May not enter: anything of billfold.outgoing.
"""

import asyncio
import datetime
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Answer = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


def answer(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Honeypot:
    """Listens on one port of 127.0.0.1 and, where the machine has it, of ::1. Every connection counts."""

    port: int
    connections: int = 0


@asynccontextmanager
async def honeypot() -> AsyncIterator[Honeypot]:
    pot = Honeypot(0)

    async def caught(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pot.connections += 1
        writer.close()

    servers = [await asyncio.start_server(caught, "127.0.0.1", 0)]
    pot.port = servers[0].sockets[0].getsockname()[1]
    if socket.has_ipv6:
        with suppress(OSError):  # no IPv6 loopback here: the v4 listener still counts
            servers.append(await asyncio.start_server(caught, "::1", pot.port))
    try:
        yield pot
    finally:
        for server in servers:
            server.close()


@dataclass
class Requested:
    """What the server saw of one request."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HttpServer:
    """Answers by path. `connections` counts accepted connections, `requests` holds what was asked."""

    port: int
    routes: dict[str, Answer]
    connections: int = 0
    requests: list[Requested] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        return [request.line for request in self.requests]


@asynccontextmanager
async def http_server(routes: dict[str, Answer], context: ssl.SSLContext | None = None) -> AsyncIterator[HttpServer]:
    server = HttpServer(0, routes)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        try:
            while True:
                requested = await _read(reader)
                server.requests.append(requested)
                route = server.routes.get(requested.line.split(" ")[1], answer(404))
                if isinstance(route, bytes):
                    writer.write(route)
                    await writer.drain()
                else:
                    await route(writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Requested:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Requested(head[0], headers, body)


@dataclass(frozen=True)
class Certificate:
    """A throwaway certificate that is its own root."""

    pem: bytes
    key_pem: bytes

    def write(self, folder: Path) -> tuple[Path, Path]:
        certificate, key = folder / "certificate.pem", folder / "key.pem"
        certificate.write_bytes(self.pem)
        key.write_bytes(self.key_pem)
        return certificate, key

    def context(self, folder: Path) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.write(folder))
        return context


def certificate(*names: str) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Certificate(
        built.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)

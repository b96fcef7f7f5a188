"""A sender of pushes that we did not write: libcurl over HTTP/2 with a client certificate."""

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path

import pycurl

from billfold.sandbox.authority import IssuedCertificate

TOPIC = "pass.com.example.coffee"
TOKEN = "ab" * 32
HEADERS = {
    "apns-topic": TOPIC,
    "apns-push-type": "background",
    "apns-priority": "5",
    "apns-expiration": "4000000000",
}


@dataclass
class Answered:
    """How one request ended. `error` is libcurl's number, 0 when an answer came."""

    error: int = 0
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    connections_used: int = 0

    @property
    def reason(self) -> str | None:
        return json.loads(self.body)["reason"] if self.body else None


class Sender:
    """Keeps its connection, as a sender should."""

    def __init__(self, folder: Path, issued: IssuedCertificate | None, root_pem: bytes, port: int) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.port = port
        (folder / "root.pem").write_bytes(root_pem)
        if issued is not None:
            (folder / "chain.pem").write_bytes(issued.chain_pem)
            (folder / "key.pem").write_bytes(issued.key_pem)
        self._has_certificate = issued is not None
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
        self._multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, 1)

    async def push(self, token: str = TOKEN, **changes: object) -> Answered:
        """One push. `headers` replaces members of HEADERS (None leaves one out); `body`, `method`, `path`, `seconds`."""
        return (await self.push_many([(token, changes)]))[0]

    async def push_many(self, pushes: list[tuple[str, dict[str, object]]]) -> list[Answered]:
        """All at once, over one connection."""
        return await asyncio.to_thread(self._perform, pushes)

    def _perform(self, pushes: list[tuple[str, dict[str, object]]]) -> list[Answered]:
        results = [Answered() for _ in pushes]
        handles: dict[pycurl.Curl, Answered] = {}
        for (token, changes), result in zip(pushes, results, strict=True):
            handle = self._handle(token, changes, result)
            handles[handle] = result
            self._multi.add_handle(handle)
        while handles:
            self._multi.perform()
            _, done, failed = self._multi.info_read()
            for handle, error in [(handle, 0) for handle in done] + [(entry[0], entry[1]) for entry in failed]:
                result = handles.pop(handle)
                result.error = error
                result.status = handle.getinfo(pycurl.RESPONSE_CODE)
                result.connections_used = handle.getinfo(pycurl.NUM_CONNECTS)
                self._multi.remove_handle(handle)
                handle.close()
            self._multi.select(0.05)
        return results

    def _handle(self, token: str, changes: dict[str, object], result: Answered) -> pycurl.Curl:
        headers = {**HEADERS, **(changes.get("headers") or {})}  # type: ignore[dict-item]
        lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
        handle = pycurl.Curl()
        handle.setopt(pycurl.URL, f"https://127.0.0.1:{self.port}{changes.get('path', f'/3/device/{token}')}")
        handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2)
        handle.setopt(pycurl.CAINFO, str(self.folder / "root.pem"))
        if self._has_certificate:
            handle.setopt(pycurl.SSLCERT, str(self.folder / "chain.pem"))
            handle.setopt(pycurl.SSLKEY, str(self.folder / "key.pem"))
        handle.setopt(pycurl.PIPEWAIT, 1)
        handle.setopt(pycurl.TIMEOUT_MS, int(float(str(changes.get("seconds", 20))) * 1000))
        handle.setopt(pycurl.HTTPHEADER, [*lines, *(changes.get("more_headers") or [])])  # type: ignore[misc]
        handle.setopt(pycurl.POSTFIELDS, changes.get("body", b"{}"))
        handle.setopt(pycurl.CUSTOMREQUEST, changes.get("method", "POST"))
        body = bytearray()

        def take_header(line: bytes) -> None:
            name, colon, value = line.decode().partition(":")
            if colon:
                result.headers[name.lower()] = value.strip()

        def take_body(data: bytes) -> None:
            body.extend(data)
            result.body = bytes(body)

        handle.setopt(pycurl.HEADERFUNCTION, take_header)
        handle.setopt(pycurl.WRITEFUNCTION, take_body)
        return handle

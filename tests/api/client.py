"""Asks an application in this process, as a server would: one ASGI call for each request. No sockets, no thread, no cookies."""

import json
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()
    """Each Set-Cookie header."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> str:
        """The type's slug of a problem; fails when the answer is none."""
        assert self.headers["content-type"] == "application/problem+json", (self.status, self.body)
        assert self.json["status"] == self.status
        return self.json["type"].rpartition("#")[2]

    @property
    def paths(self) -> set[str]:
        """Which fields a problem names."""
        return {one["path"] for one in self.json.get("errors", [])}


@dataclass
class Client:
    """Speaks for one access key, or for nobody."""

    app: Any
    key: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    address: str = "203.0.113.7"

    def with_key(self, key: str | None) -> "Client":
        return replace(self, key=key, headers=dict(self.headers))

    def at(self, address: str) -> "Client":
        return replace(self, address=address)

    async def ask(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None, chunks: list[bytes] | None = None
    ) -> Answer:
        """`body`: bytes as they are, anything else as JSON. `chunks`: a body without a declared length."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"authorization": f"Bearer {self.key}"} if self.key else {}
        if chunks is None:
            sent["content-length"] = str(len(data))
        if body is not None or chunks is not None:
            sent["content-type"] = "application/json"
        sent |= {name.lower(): value for name, value in {**self.headers, **(headers or {})}.items()}
        raw, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "path": unquote(raw),
            "raw_path": raw.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent.items() if value],
            "scheme": "http",
            "server": ("127.0.0.1", 8000),
            "client": (self.address, 40000),
            "root_path": "",
        }
        parts = list(chunks) if chunks is not None else [data]
        got: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            part = parts.pop(0) if parts else b""
            return {"type": "http.request", "body": part, "more_body": bool(parts)}

        async def send(message: dict[str, Any]) -> None:
            got.append(message)

        await self.app(scope, receive, send)
        answered = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in got[0]["headers"]}
        cookies = tuple(value.decode("latin-1") for name, value in got[0]["headers"] if name.lower() == b"set-cookie")
        return Answer(got[0]["status"], answered, b"".join(one.get("body", b"") for one in got[1:]), cookies)

    async def get(self, path: str, **more: Any) -> Answer:
        return await self.ask("GET", path, **more)

    async def post(self, path: str, body: object = None, **more: Any) -> Answer:
        return await self.ask("POST", path, body, **more)

    async def put(self, path: str, body: object = None, **more: Any) -> Answer:
        return await self.ask("PUT", path, body, **more)

    async def delete(self, path: str, **more: Any) -> Answer:
        return await self.ask("DELETE", path, **more)

"""Batches: a multipart/mixed body of HTTP requests in, one of HTTP answers out. One part's failure leaves the others alone.

May not enter: what the inner requests mean. Source: reference/google-wallet.md sections 2.3 and 8.1."""

import re
import secrets
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus

from billfold.sandbox.google.api import ApiAnswer, ApiRequest
from billfold.sandbox.google.errors import invalid_argument
from billfold.sandbox.google.values import dump

PARTS_MAX = 1000
_REQUEST_LINE = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (\S+)(?: HTTP/1\.[01])?")


@dataclass(frozen=True)
class Part:
    """`request` is None where the part holds no HTTP request."""

    content_id: str
    request: ApiRequest | None


def _split(raw: bytes) -> tuple[Message, bytes]:
    """Header lines and what follows the first empty line."""
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    headers = Message()
    for line in head.decode("latin-1").split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip()] = value.strip()
    return headers, body


def parse(content_type: str, body: bytes, authorization: str) -> list[Part]:
    """The parts of a batch; `authorization` is the batch's own, for parts without one. Raises ApiError 400."""
    outer = Message()
    outer["Content-Type"] = content_type.replace("\r", " ").replace("\n", " ")
    boundary = outer.get_boundary()
    if outer.get_content_maintype() != "multipart" or not boundary:
        raise invalid_argument("A batch must be multipart/mixed with a boundary.")
    pieces = (b"\n" + body.replace(b"\r\n", b"\n")).split(b"\n--" + boundary.encode("utf-8", errors="replace"))[1:]
    parts = [_part(piece.lstrip(b" \t").removeprefix(b"\n"), authorization) for piece in pieces if not piece.startswith(b"--")]
    if not parts or len(parts) > PARTS_MAX:
        raise invalid_argument(f"A batch must hold between 1 and {PARTS_MAX} requests.")
    return parts


def _part(raw: bytes, authorization: str) -> Part:
    headers, inner = _split(raw)
    content_id = str(headers.get("Content-ID", ""))
    line, _, rest = inner.lstrip(b"\n").partition(b"\n")
    match = _REQUEST_LINE.fullmatch(line.decode("latin-1").strip())
    if match is None:
        return Part(content_id, None)
    inner_headers, body = _split(rest) if rest and not rest.startswith(b"\n") else (Message(), rest)
    address, _, query = match.group(2).partition("?")
    start = address.find("/walletobjects/")
    path = address[start:] if start >= 0 else address
    own = str(inner_headers.get("Authorization", "")) or authorization
    return Part(content_id, ApiRequest(match.group(1), path, query, own, body.strip()))


def build(answers: list[tuple[Part, ApiAnswer]]) -> tuple[str, bytes]:
    """(content type, body) of the answer."""
    boundary = "batch_" + secrets.token_urlsafe(18)
    out: list[bytes] = []
    for part, answer in answers:
        body = dump(answer.body)
        inner_id = part.content_id.strip().strip("<>")
        head = [f"--{boundary}", "Content-Type: application/http"]
        if inner_id:
            head.append(f"Content-ID: <response-{inner_id}>")
        reason = HTTPStatus(answer.status).phrase if answer.status in HTTPStatus._value2member_map_ else "Unknown"
        head += ["", f"HTTP/1.1 {answer.status} {reason}", "Content-Type: application/json; charset=UTF-8"]
        head += [f"Content-Length: {len(body)}", "", ""]
        out.append("\r\n".join(head).encode("latin-1", errors="replace") + body + b"\r\n")
    return f"multipart/mixed; boundary={boundary}", b"".join(out) + f"--{boundary}--\r\n".encode()

"""What Apple's push service answers to one request: a pure decision on its headers, body and certificate.

May not enter: sockets, the clock, state. Source: reference/apple-wallet.md section 5 and 5.1.
"""

import json
import re
from dataclasses import dataclass

PAYLOAD_BYTES_MAX = 4096
APNS_ID_HEADER = b"apns-id"
PUSH_TYPES = frozenset(
    b"alert background complication controls fileprovider liveactivity location mdm pushtotalk voip widgets".split()
)

_PRIORITIES = frozenset((b"1", b"5", b"10"))
_DEVICE_PATH = re.compile(rb"/3/device/([^/?]*)\Z")
_PUSH_TOKEN = re.compile(rb"(?:[0-9a-fA-F]{2}){8,100}\Z")
_UUID = re.compile(rb"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\Z")
_SINGLE_HEADERS = frozenset(
    (b"apns-topic", b"apns-id", b"apns-push-type", b"apns-priority", b"apns-expiration", b"apns-collapse-id")
)


@dataclass(frozen=True)
class Answer:
    """A status and, unless it is 200, Apple's reason. `timestamp_milliseconds` belongs to 410 alone."""

    status: int
    reason: str | None = None
    timestamp_milliseconds: int | None = None
    retry_after_seconds: int | None = None

    def body(self) -> bytes:
        if self.reason is None:
            return b""
        content: dict[str, str | int] = {"reason": self.reason}
        if self.timestamp_milliseconds is not None:
            content["timestamp"] = self.timestamp_milliseconds
        return json.dumps(content, separators=(",", ":")).encode()


@dataclass(frozen=True)
class PushRequest:
    """A request that keeps every rule. `expires_at` is seconds since the epoch; 0 means one attempt only."""

    push_token: str
    topic: str
    apns_id: str | None
    expires_at: int


ACCEPTED = Answer(200)


def judge_request(headers: list[tuple[bytes, bytes]], body: bytes, topics: frozenset[str]) -> PushRequest | Answer:
    """`topics`: those that the client certificate speaks for."""
    named: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in named and name in _SINGLE_HEADERS:
            return Answer(400, "DuplicateHeaders")
        named[name] = value
    if not topics:
        return Answer(403, "BadCertificate")
    path = _DEVICE_PATH.match(named.get(b":path", b""))
    if path is None:
        return Answer(404, "BadPath")
    if named.get(b":method") != b"POST":
        return Answer(405, "MethodNotAllowed")
    if not path[1]:
        return Answer(400, "MissingDeviceToken")
    refusal = _judge_headers(named) or _judge_body(body)
    if refusal is not None:
        return refusal
    topic = named.get(b"apns-topic")
    if topic is None and len(topics) > 1:
        return Answer(400, "MissingTopic")
    topic_name = topic.decode("utf-8", "replace") if topic is not None else next(iter(topics))
    if not topic_name:
        return Answer(400, "BadTopic")
    if topic_name not in topics:
        return Answer(400, "TopicDisallowed")
    if _PUSH_TOKEN.match(path[1]) is None:
        return Answer(400, "BadDeviceToken")
    apns_id = named.get(APNS_ID_HEADER)
    return PushRequest(
        push_token=path[1].decode().lower(),
        topic=topic_name,
        apns_id=apns_id.decode() if apns_id else None,
        expires_at=int(named.get(b"apns-expiration", b"0")),
    )


def _judge_headers(named: dict[bytes, bytes]) -> Answer | None:
    if _UUID.match(named.get(APNS_ID_HEADER, b"00000000-0000-0000-0000-000000000000")) is None:
        return Answer(400, "BadMessageId")
    push_type = named.get(b"apns-push-type")
    if push_type is not None and push_type not in PUSH_TYPES:
        return Answer(400, "InvalidPushType")
    priority = named.get(b"apns-priority")
    if priority is not None and (priority not in _PRIORITIES or (push_type == b"background" and priority == b"10")):
        return Answer(400, "BadPriority")
    expiration = named.get(b"apns-expiration", b"0")
    if not expiration.isdigit() or len(expiration) > 12:
        return Answer(400, "BadExpirationDate")
    if len(named.get(b"apns-collapse-id", b"")) > 64:
        return Answer(400, "BadCollapseId")
    return None


def _judge_body(body: bytes) -> Answer | None:
    if not body:
        return Answer(400, "PayloadEmpty")
    if len(body) > PAYLOAD_BYTES_MAX:
        return Answer(413, "PayloadTooLarge")
    if body == b"{}":  # what nearly every pass push is
        return None
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        payload = None
    # Apple documents no reason for a body that is not a JSON object; this one is ours.
    return None if isinstance(payload, dict) else Answer(400, "BadPayload")

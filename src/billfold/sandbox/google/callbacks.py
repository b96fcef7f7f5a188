"""Save and delete callbacks: signed with keys of the stand-in's own, kept until delivered, late or twice when asked to be.

May not enter: the rules of classes and objects, and billfold's own outgoing client: the stand-in brings its own small one.
Source: reference/google-wallet.md section 5, section 8.2 rule 25."""

import asyncio
import base64
import contextlib
import json
import logging
import ssl
import struct
import uuid
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from billfold.sandbox.google.clock import DAY_MS, Clock
from billfold.sandbox.google.notices import Hub
from billfold.sandbox.google.state import GoogleState
from billfold.sandbox.google.values import Json, JsonObject, as_text

SAVED, DELETED = "save", "del"
PROTOCOL = "ECv2SigningOnly"
SENDER = "GooglePayPasses"
KEYS_MAX_AGE_SECONDS = 3600
ATTEMPTS_MAX = 20
TIMEOUT_SECONDS = 10
MESSAGE_LIFE_MS = 3_600_000
_BACK_OFF_MS = (1_000, 2_000, 5_000, 15_000, 60_000, 300_000)
_LOOK_SECONDS = 0.5  # how often the movable clock is looked at while something waits

_log = logging.getLogger(__name__)


def _lv(text: str) -> bytes:
    """Tink's length-value form: the length in bytes as four little-endian bytes, then the bytes."""
    raw = text.encode("utf-8")
    return struct.pack("<I", len(raw)) + raw


def _public(key: ec.EllipticCurvePrivateKey) -> str:
    form = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(form).decode()


def _sign(key: ec.EllipticCurvePrivateKey, *parts: str) -> str:
    return base64.b64encode(key.sign(b"".join(_lv(part) for part in parts), ec.ECDSA(hashes.SHA256()))).decode()


class Keys:
    """Root and intermediate P-256 keys, kept in the state file. Rotating a key forgets the old one."""

    def __init__(self, state: GoogleState) -> None:
        self._state = state

    def _key(self, name: str) -> ec.EllipticCurvePrivateKey:
        pem = self._state.meta(name)
        if pem is None:
            return self.rotate(name)
        key = serialization.load_pem_private_key(pem.encode(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key

    def rotate(self, name: str) -> ec.EllipticCurvePrivateKey:
        """A new key for `name`: "root" or "intermediate"."""
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        self._state.set_meta(name, pem.decode())
        return key

    def document(self, now_ms: int) -> JsonObject:
        """What /gp/m/issuer/keys answers."""
        key: JsonObject = {
            "keyValue": _public(self._key("root")),
            "protocolVersion": PROTOCOL,
            "keyExpiration": str(now_ms + 7 * DAY_MS),
        }
        return {"keys": [key]}

    def envelope(self, issuer_id: str, message: JsonObject, now_ms: int) -> bytes:
        """The body of one callback. In signedKey each = is written as an escape, as Google does: a trap for re-encoders."""
        intermediate = self._key("intermediate")
        signed_key = json.dumps(
            {"keyValue": _public(intermediate), "keyExpiration": str(now_ms + 2 * DAY_MS)}, separators=(",", ":")
        ).replace("=", "\\u003d")
        signed_message = json.dumps(message, separators=(",", ":"))
        body: JsonObject = {
            "signature": _sign(intermediate, SENDER, issuer_id, PROTOCOL, signed_message),
            "intermediateSigningKey": {
                "signedKey": signed_key,
                "signatures": [_sign(self._key("root"), SENDER, PROTOCOL, signed_key)],
            },
            "protocolVersion": PROTOCOL,
            "signedMessage": signed_message,
        }
        return json.dumps(body).encode()


class Callbacks:
    """The outbox, and the task that empties it. `tls` is for receivers with a certificate of a private authority."""

    def __init__(self, state: GoogleState, clock: Clock, hub: Hub, tls: ssl.SSLContext | None = None) -> None:
        self.keys = Keys(state)
        self._state = state
        self._clock = clock
        self._hub = hub
        self._tls = tls
        self._task: asyncio.Task[None] | None = None

    def queue(self, issuer_id: str, url: str, event_type: str, class_id: str, object_id: str) -> None:
        """Notes a callback, to be sent soon; called inside the transaction of its cause."""
        settings = self._state.settings
        copies = 2 if settings.callbacks_duplicate else 1
        if settings.callbacks_duplicate:
            self._state.change_settings(callbacks_duplicate=settings.callbacks_duplicate - 1)
        if settings.callbacks_lose:
            self._state.change_settings(callbacks_lose=settings.callbacks_lose - 1)
        nonce = str(uuid.uuid4())
        for _ in range(copies):
            self._state.run(
                """insert into callback (issuer_id, url, event_type, class_id, object_id, nonce, state, due_ms)
                   values (?, ?, ?, ?, ?, ?, ?, ?)""",
                *(issuer_id, url, event_type, class_id, object_id, nonce),
                *("lost" if settings.callbacks_lose else "waiting", self._clock.now_ms() + settings.callbacks_delay_ms),
            )
        self._hub.wake()

    def log(self) -> list[Json]:
        names = ("seq", "issuer_id", "url", "event_type", "class_id", "object_id", "nonce", "state", "attempts", "last_error")
        return [{name: row[name] for name in names} for row in self._state.rows("select * from callback order by seq")]

    # --- sending -------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts the sending task in the running loop, unless it runs."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._send_for_ever())

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _send_for_ever(self) -> None:
        woken = self._hub.join()
        try:
            while not self._hub.closing:
                woken.clear()
                try:
                    waiting = await self._send_due()
                except Exception:
                    _log.exception("sending callbacks failed; it goes on")
                    waiting = True
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), _LOOK_SECONDS if waiting else None)
        finally:
            self._hub.leave(woken)

    async def _send_due(self) -> bool:
        """Sends what is due, one after the other per address; gives back whether anything still waits."""
        settings = self._state.settings
        order = "desc" if settings.callbacks_reverse else "asc"
        if not settings.callbacks_hold:
            sql = f"select * from callback where state = 'waiting' and due_ms <= ? order by seq {order} limit 100"  # noqa: S608
            lanes: dict[str, list[tuple[int, str, int, JsonObject]]] = {}
            for row in self._state.rows(sql, self._clock.now_ms()):
                message: JsonObject = {
                    "classId": row["class_id"],
                    "objectId": row["object_id"],
                    "eventType": row["event_type"],
                    "expTimeMillis": self._clock.now_ms() + MESSAGE_LIFE_MS,
                    "count": 1,
                    "nonce": row["nonce"],
                }
                lanes.setdefault(row["url"], []).append((row["seq"], row["issuer_id"], row["attempts"], message))
            await asyncio.gather(*(self._send_lane(url, lane) for url, lane in lanes.items()))
        return bool(self._state.rows("select 1 from callback where state = 'waiting' limit 1"))

    async def _send_lane(self, url: str, lane: list[tuple[int, str, int, JsonObject]]) -> None:
        for seq, issuer_id, attempts, message in lane:
            body = self.keys.envelope(issuer_id, message, self._clock.now_ms())
            try:
                status = await asyncio.wait_for(post(url, body, self._tls), TIMEOUT_SECONDS)
                error = "" if 200 <= status < 300 else f"status {status}"
            except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError) as problem:
                error = f"{type(problem).__name__}: {problem}"
            self._note(seq, attempts + 1, error)

    def _note(self, seq: int, attempts: int, error: str) -> None:
        outcome = "sent" if not error else "given_up" if attempts >= ATTEMPTS_MAX else "waiting"
        due = self._clock.now_ms() + _BACK_OFF_MS[min(attempts, len(_BACK_OFF_MS)) - 1]
        self._state.run(
            "update callback set state = ?, attempts = ?, last_error = ?, due_ms = ? where seq = ?",
            *(outcome, attempts, error, due, seq),
        )


async def post(url: str, body: bytes, tls: ssl.SSLContext | None) -> int:
    """POSTs JSON over a connection of its own; gives back the status. Follows nothing. Raises OSError, ValueError."""
    parts = urlsplit(url)
    host = as_text(parts.hostname)
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("not an http or https address")
    secure = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
    reader, writer = await asyncio.open_connection(host, parts.port or (443 if secure else 80), ssl=secure)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        head = (
            f"POST {target} HTTP/1.1\r\nHost: {parts.netloc.rpartition('@')[2]}\r\nUser-Agent: Googlebot (stand-in)\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        writer.write(head.encode("ascii") + body)
        await writer.drain()
        words = (await reader.readline()).split(b" ", 2)
        if len(words) < 2 or not words[1].isdigit():
            raise ValueError("no HTTP answer")
        return int(words[1])
    finally:
        writer.close()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()

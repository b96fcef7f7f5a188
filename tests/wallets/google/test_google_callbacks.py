"""Google's signed callbacks: what a signer that shares no code with us makes is accepted, and no forgery of it is."""

import base64
import json
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from billfold.wallets.google.callbacks import Callback, CallbackRefused, RootKeys, claimed_issuer, parse_root_keys, verify
from wallets.google.material import ISSUER, NOW_MS

OTHER_ISSUER = "3388000000087654321"
HOUR_MS = 3_600_000
VERSION = "ECv2SigningOnly"


@cache
def key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def spki(one: Any) -> str:
    der = one.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def framed(*texts: str, count: Callable[[str], int] = lambda text: len(text.encode()), order: str = "<I") -> bytes:
    return b"".join(struct.pack(order, count(text)) + text.encode() for text in texts)


def signature(signer: ec.EllipticCurvePrivateKey, data: bytes) -> str:
    return base64.b64encode(signer.sign(data, ec.ECDSA(hashes.SHA256()))).decode()


@dataclass
class Signer:
    """Google's side, written from the description alone. Each member is something that a forger may set."""

    issuer: str = ISSUER
    sender: str = "GooglePayPasses"
    version: str = VERSION
    signed_version: str | None = None
    root: str = "root"
    intermediate: str = "intermediate"
    signing: str | None = None
    key_expiration: Any = str(NOW_MS + HOUR_MS)
    message: dict[str, Any] = field(default_factory=dict)
    order: str = "<I"
    count: Callable[[str], int] = lambda text: len(text.encode())

    def message_text(self) -> str:
        members = {
            "classId": f"{ISSUER}.d3m0abt-layout-1",
            "objectId": f"{ISSUER}.d3m0abt-0000000000000000000001",
            "eventType": "save",
            "expTimeMillis": NOW_MS + HOUR_MS,
            "count": 1,
            "nonce": "1a9e3df0-ec10-4a17-8b39-89d2d7f48e3b",
        }
        return json.dumps(
            {name: value for name, value in (members | self.message).items() if value is not None}, ensure_ascii=False
        )

    def body(self) -> dict[str, Any]:
        version = self.signed_version or self.version
        # Google escapes "=" inside this text, and signs it so.
        signed_key = json.dumps({"keyValue": spki(key(self.intermediate)), "keyExpiration": self.key_expiration})
        signed_key = signed_key.replace("=", "\\u003d")
        text = self.message_text()
        vouched = framed(self.sender, version, signed_key, order=self.order, count=self.count)
        signed = framed(self.sender, self.issuer, version, text, order=self.order, count=self.count)
        return {
            "protocolVersion": self.version,
            "signature": signature(key(self.signing or self.intermediate), signed),
            "intermediateSigningKey": {"signedKey": signed_key, "signatures": [signature(key(self.root), vouched)]},
            "signedMessage": text,
        }


def roots(*names: str, expiration: Any = str(NOW_MS + 10 * HOUR_MS), version: str = VERSION) -> RootKeys:
    keys = [{"keyValue": spki(key(name)), "protocolVersion": version, "keyExpiration": expiration} for name in names]
    return parse_root_keys(json.dumps({"keys": keys}).encode())


def heard(body: Any, root_keys: RootKeys | None = None, issuer: str = ISSUER, now_ms: int = NOW_MS) -> Callback:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return verify(data, issuer, root_keys or roots("root"), now_ms)


def refused(body: Any, reason: str, root_keys: RootKeys | None = None, **more: Any) -> None:
    with pytest.raises(CallbackRefused) as refusal:
        heard(body, root_keys, **more)
    assert refusal.value.reason == reason


@pytest.mark.parametrize("event", ["save", "del"])
def test_a_callback_that_google_signed_is_heard(event: str) -> None:
    got = heard(Signer(message={"eventType": event}).body())
    assert got == Callback(
        object_id=f"{ISSUER}.d3m0abt-0000000000000000000001",
        class_id=f"{ISSUER}.d3m0abt-layout-1",
        event_type=event,
        nonce="1a9e3df0-ec10-4a17-8b39-89d2d7f48e3b",
        expires_at_ms=NOW_MS + HOUR_MS,
        count=1,
    )


@pytest.mark.parametrize(
    "signer",
    [
        Signer(message={"count": None}),
        Signer(message={"somethingNew": {"a": 1}}),
        Signer(message={"expTimeMillis": str(NOW_MS + 1)}),
        Signer(message={"nonce": "ünïcödé-漢字-🎫"}),
        Signer(key_expiration=NOW_MS + 1),
    ],
    ids=["no count", "a new member", "times as text", "multi-byte text", "key expiry as number"],
)
def test_harmless_differences_are_accepted(signer: Signer) -> None:
    assert heard(signer.body()).event_type == "save"


def test_any_of_several_roots_and_signatures_will_do() -> None:
    body = Signer().body()
    body["intermediateSigningKey"]["signatures"].insert(0, signature(key("retired root"), b"x"))
    assert heard(body, roots("another root", "root")).event_type == "save"


# --- forgeries (reference/reliability-security.md G20) ----------------------------------------------------------------------------


def with_body(change: Callable[[dict[str, Any]], Any], **signer: Any) -> dict[str, Any]:
    body = Signer(**signer).body()
    change(body)
    return body


def swap_signatures(body: dict[str, Any]) -> None:
    inner = body["intermediateSigningKey"]
    body["signature"], inner["signatures"] = inner["signatures"][0], [body["signature"]]


def extend_expiry(body: dict[str, Any]) -> None:
    body["signedMessage"] = body["signedMessage"].replace(str(NOW_MS + HOUR_MS), str(NOW_MS + 99 * HOUR_MS))


def extend_key(body: dict[str, Any]) -> None:
    inner = body["intermediateSigningKey"]
    inner["signedKey"] = inner["signedKey"].replace(str(NOW_MS + HOUR_MS), str(NOW_MS + 99 * HOUR_MS))


def unescape(body: dict[str, Any]) -> None:
    inner = body["intermediateSigningKey"]
    inner["signedKey"] = inner["signedKey"].replace("\\u003d", "=")


def other_key(body: dict[str, Any]) -> None:
    """The forger's own key, in the place of the one that was vouched for."""
    inner = body["intermediateSigningKey"]
    inner["signedKey"] = inner["signedKey"].replace(spki(key("intermediate")).rstrip("="), spki(key("forger")).rstrip("="))


def p384_pem() -> str:
    return spki(ec.generate_private_key(ec.SECP384R1()))


FORGERIES: dict[str, tuple[Any, str]] = {
    "for another issuer": (Signer(issuer=OTHER_ISSUER), "message signature"),
    "for another issuer, ids to match": (
        Signer(issuer=OTHER_ISSUER, message={"objectId": f"{OTHER_ISSUER}.a", "classId": f"{OTHER_ISSUER}.b"}),
        "message signature",
    ),
    "another issuer's object": (Signer(message={"objectId": f"{OTHER_ISSUER}.a"}), "another issuer's object"),
    "another issuer's class": (Signer(message={"classId": f"{OTHER_ISSUER}.a"}), "another issuer's object"),
    "an issuer that begins alike": (Signer(message={"objectId": f"{ISSUER}9.a"}), "another issuer's object"),
    "expired intermediate": (Signer(key_expiration=str(NOW_MS)), "intermediate expired"),
    "intermediate without expiry": (Signer(key_expiration=None), "malformed intermediate key"),
    "expired message": (Signer(message={"expTimeMillis": NOW_MS}), "message expired"),
    "message without expiry": (Signer(message={"expTimeMillis": None}), "malformed message"),
    "expiry moved to the future": (with_body(extend_expiry), "message signature"),
    "key expiry moved to the future": (with_body(extend_key), "intermediate signature"),
    "wrong protocol version": (Signer(version="ECv1"), "protocol version"),
    "signed for another protocol version": (Signer(signed_version="ECv2"), "intermediate signature"),
    "wrong sender": (Signer(sender="GoogleWalletPasses"), "intermediate signature"),
    "lengths in characters": (Signer(count=len, message={"nonce": "🎫🎫🎫"}), "message signature"),
    "lengths big-endian": (Signer(order=">I"), "intermediate signature"),
    "swapped signatures": (with_body(swap_signatures), "intermediate signature"),
    "signed key written anew": (with_body(unescape), "intermediate signature"),
    "the forger's key": (with_body(other_key, signing="forger"), "intermediate signature"),
    "a root of the forger's": (Signer(root="forger", intermediate="forger"), "intermediate signature"),
    "message signed by the root": (Signer(signing="root"), "message signature"),
    "no signature of a root": (with_body(lambda b: b["intermediateSigningKey"].update(signatures=[])), "number of signatures"),
    "a flood of signatures": (
        with_body(lambda b: b["intermediateSigningKey"].update(signatures=["MEUCIQ=="] * 11)),
        "number of signatures",
    ),
    "no message signature": (with_body(lambda b: b.update(signature="")), "message signature"),
    "signature that is no base64": (with_body(lambda b: b.update(signature="*" + b["signature"])), "message signature"),
    "signature with spaces": (with_body(lambda b: b.update(signature=b["signature"] + "\n")), "message signature"),
    "unknown outer member": (with_body(lambda b: b.update(extra=1)), "malformed body"),
    "unknown inner member": (with_body(lambda b: b["intermediateSigningKey"].update(extra=1)), "malformed body"),
    "missing member": (with_body(lambda b: b.pop("protocolVersion")), "malformed body"),
    "member of another type": (with_body(lambda b: b.update(signedMessage={"a": 1})), "malformed body"),
    "unknown event": (Signer(message={"eventType": "steal"}), "event type"),
    "empty nonce": (Signer(message={"nonce": ""}), "malformed message"),
    "endless nonce": (Signer(message={"nonce": "n" * 5000}), "malformed message"),
    "message that is no object": (with_body(lambda b: b.update(signedMessage="[]")), "message signature"),
    "half a surrogate pair": (with_body(lambda b: b.update(signedMessage="\ud800")), "malformed body"),
    "oversize": (with_body(lambda b: b.update(padding="x" * 20_000)), "too large"),
    "oversize by spaces": (b" " * 20_000 + json.dumps(Signer().body()).encode(), "too large"),
    "not JSON": (b"hello", "malformed body"),
    "nothing": (b"", "malformed body"),
    "another encoding": (json.dumps(Signer().body()).encode("utf-16"), "malformed body"),
    "a deep well": (b"[" * 16_000, "malformed body"),
    "a list": ([Signer().body()], "malformed body"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_no_forgery_is_accepted(name: str) -> None:
    forged, reason = FORGERIES[name]
    refused(forged.body() if isinstance(forged, Signer) else forged, reason)


def test_an_expired_root_vouches_for_nobody() -> None:
    refused(Signer().body(), "intermediate signature", roots("root", expiration=str(NOW_MS)))


def test_a_root_of_another_protocol_or_without_expiry_is_not_used() -> None:
    refused(Signer().body(), "intermediate signature", roots("root", version="ECv2"))
    refused(Signer().body(), "intermediate signature", roots("root", expiration=""))
    refused(Signer().body(), "intermediate signature", RootKeys(()))


def test_a_key_of_another_kind_is_skipped_and_the_others_stay() -> None:
    good = {"keyValue": spki(key("root")), "protocolVersion": VERSION, "keyExpiration": str(NOW_MS + HOUR_MS)}
    document = {"keys": [good | {"keyValue": p384_pem()}, good | {"keyValue": "???"}, good | {"keyExpiration": "soon"}, good]}
    assert heard(Signer().body(), parse_root_keys(json.dumps(document).encode())).event_type == "save"


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"keys": 1}', b"<html>"])
def test_another_document_in_the_place_of_the_root_keys_is_refused(document: bytes) -> None:
    with pytest.raises(CallbackRefused):
        parse_root_keys(document)


def test_no_changed_byte_is_accepted() -> None:
    """Each byte changed in each of its lower seven bits. White space between members may become another white space, which is the
    same JSON: so the body is written without any."""
    body = json.dumps(Signer().body(), separators=(",", ":")).encode()
    root_keys = roots("root")
    accepted = []
    for place in range(len(body)):
        for bit in range(7):
            changed = bytearray(body)
            changed[place] ^= 1 << bit
            try:
                heard(bytes(changed), root_keys)
            except CallbackRefused:
                continue
            accepted.append((place, bit, body[max(0, place - 12) : place + 4]))
    assert not accepted


def test_the_claimed_issuer_only_chooses_among_our_own() -> None:
    assert claimed_issuer(json.dumps(Signer().body()).encode()) == ISSUER
    for body in (b"", b"{}", b"x" * 20_000, json.dumps(Signer(message={"objectId": "abc.1"}).body()).encode()):
        assert claimed_issuer(body) is None


# --- a callback that Google itself signed -----------------------------------------------------------------------------------------


def recorded() -> list[Path]:
    """Where a recorded callback may lie. It is not part of this repository: whoever published it keeps the rights in it."""
    named = os.environ.get("BILLFOLD_CALLBACK_VECTOR")
    beside = Path(__file__).resolve().parents[4] / "shared" / "reference" / "google" / "callback-vector.json"
    return [path for path in (Path(named) if named else beside,) if path.is_file()]


def vector(path: Path) -> tuple[bytes, str, RootKeys, int]:
    """Body, issuer, root keys and a time at which it was valid. The published root expiry was moved since, so it is set later."""
    found = json.loads(path.read_text())
    keys = found["root_keys_document"]
    for one in keys["keys"]:
        one["keyExpiration"] = str(found["clock"]["intermediate_keyExpiration"])
    body = json.dumps(found["callback_body"], separators=(",", ":")).encode()
    return body, found["recipient_id"], parse_root_keys(json.dumps(keys).encode()), found["clock"]["message_expTimeMillis"] - 1


if VECTORS := recorded():  # without one there is nothing to judge, and a test that cannot fail would only claim so

    @pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.name)
    def test_a_recorded_callback_of_google_s_verifies_and_no_changed_byte_of_it_does(path: Path) -> None:
        body, issuer, root_keys, now_ms = vector(path)
        assert verify(body, issuer, root_keys, now_ms).event_type == "del"
        refused(body, "message expired", root_keys, issuer=issuer, now_ms=now_ms + 1)
        refused(body, "message signature", root_keys, issuer=ISSUER, now_ms=now_ms)
        for place in range(len(body)):
            changed = bytearray(body)
            changed[place] ^= 1
            with pytest.raises(CallbackRefused):
                verify(bytes(changed), issuer, root_keys, now_ms)

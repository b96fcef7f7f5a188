"""Row 25 of section 8.2: callbacks, judged by a verifier written here from section 5.3 of the reference alone."""

import base64
import json
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from sandbox.google import samples
from sandbox.google.conftest import ISSUER, Google, serve, until

CLASS, TESTER, SECOND = f"{ISSUER}.card", "tester@example.com", "second.tester@example.com"


@dataclass
class Receiver:
    """A merchant's endpoint that answers what `answers` holds, then 200."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def events(self) -> list[tuple[str, str]]:
        found = [json.loads(json.loads(body)["signedMessage"]) for body in self.bodies]
        return [(each["eventType"], each["objectId"]) for each in found]

    def nonces(self) -> list[str]:
        return [json.loads(json.loads(body)["signedMessage"])["nonce"] for body in self.bodies]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(found.answers.pop(0) if found.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_address[1]}/hooks/google?brand=1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def lv(text: str) -> bytes:
    return struct.pack("<I", len(text.encode())) + text.encode()


def checks(key: str, signature: str, *parts: str) -> bool:
    public = load_der_public_key(base64.b64decode(key))
    assert isinstance(public, EllipticCurvePublicKey)
    assert public.curve.name == "secp256r1"
    try:
        public.verify(base64.b64decode(signature), b"".join(lv(part) for part in parts), ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def verified(body: bytes, keys: Any, issuer_id: str, now_ms: float) -> Any:
    """The message of a callback by the seven steps of section 5.3."""
    envelope = json.loads(body)
    assert set(envelope) == {"protocolVersion", "signature", "intermediateSigningKey", "signedMessage"}
    assert envelope["protocolVersion"] == "ECv2SigningOnly"
    intermediate = envelope["intermediateSigningKey"]
    assert set(intermediate) == {"signedKey", "signatures"}
    roots = [each for each in keys["keys"] if each["protocolVersion"] == "ECv2SigningOnly" and int(each["keyExpiration"]) > now_ms]
    parts = ("GooglePayPasses", "ECv2SigningOnly", intermediate["signedKey"])
    assert any(checks(root["keyValue"], each, *parts) for root in roots for each in intermediate["signatures"])
    signed_key = json.loads(intermediate["signedKey"])
    assert int(signed_key["keyExpiration"]) > now_ms
    parts4 = ("GooglePayPasses", issuer_id, "ECv2SigningOnly", envelope["signedMessage"])
    assert checks(signed_key["keyValue"], envelope["signature"], *parts4)
    message = json.loads(envelope["signedMessage"])
    assert message["expTimeMillis"] > now_ms
    assert message["classId"].startswith(f"{issuer_id}.")
    assert message["objectId"].startswith(f"{issuer_id}.")
    return message


def card(google: Google, receiver: Receiver, *suffixes: str) -> str:
    """A class that calls the receiver, with one object per suffix; gives back a save JWT of them all."""
    options = {"callbackOptions": {"url": receiver.url}}
    assert google.api("POST", "/loyaltyClass", samples.loyalty_class(CLASS, **options)).status == 200
    for suffix in suffixes:
        assert google.api("POST", "/loyaltyObject", samples.loyalty_object(f"{ISSUER}.{suffix}", CLASS)).status == 200
    return google.signed({"loyaltyObjects": [{"id": f"{ISSUER}.{suffix}"} for suffix in suffixes]})


def test_save_and_delete_are_called_back_and_verify(google: Google, receiver: Receiver) -> None:
    assert google.save(card(google, receiver, "one")).status == 200
    until(lambda: len(receiver.bodies) == 1)
    google.http("POST", f"/wallet/{TESTER}/remove/{ISSUER}.one")
    until(lambda: len(receiver.bodies) == 2)
    keys = google.http("GET", "/gp/m/issuer/keys")
    assert "max-age=" in keys.headers["cache-control"]
    found = [verified(body, keys.json, ISSUER, time.time() * 1000) for body in receiver.bodies]
    assert [each["eventType"] for each in found] == ["save", "del"]
    assert set(found[0]) == {"classId", "objectId", "eventType", "expTimeMillis", "count", "nonce"}
    assert (found[0]["classId"], found[0]["objectId"], found[0]["count"]) == (CLASS, f"{ISSUER}.one", 1)
    assert found[0]["nonce"] != found[1]["nonce"]


def test_the_signed_key_keeps_its_escapes_and_any_changed_byte_fails(google: Google, receiver: Receiver) -> None:
    google.save(card(google, receiver, "one"))
    until(lambda: len(receiver.bodies) == 1)
    keys = google.http("GET", "/gp/m/issuer/keys").json
    envelope = json.loads(receiver.bodies[0])
    assert "\\u003d" in envelope["intermediateSigningKey"]["signedKey"]
    assert "=" not in envelope["intermediateSigningKey"]["signedKey"]
    now = time.time() * 1000
    tampered = json.dumps({**envelope, "signedMessage": envelope["signedMessage"].replace("save", "del ")}).encode()
    reencoded = json.dumps(json.loads(envelope["intermediateSigningKey"]["signedKey"]), separators=(",", ":"))
    unescaped = {**envelope, "intermediateSigningKey": {**envelope["intermediateSigningKey"], "signedKey": reencoded}}
    for bad, issuer in ((tampered, ISSUER), (json.dumps(unescaped).encode(), ISSUER), (receiver.bodies[0], "3388")):
        with pytest.raises(AssertionError):
            verified(bad, keys, issuer, now)


def test_without_callback_options_nobody_is_called(google: Google, receiver: Receiver) -> None:
    one = google.loyalty()
    google.save(google.signed({"loyaltyObjects": [{"id": one}]}))
    assert google.control("GET", "/callbacks")["callbacks"] == []


def test_a_failing_receiver_is_tried_again_with_the_same_nonce(google: Google, receiver: Receiver) -> None:
    receiver.answers = [500, 302]
    google.save(card(google, receiver, "one"))
    for attempts in (1, 2):
        until(lambda n=attempts: google.control("GET", "/callbacks")["callbacks"][0]["attempts"] >= n)
        google.control("POST", "/clock", {"advance_seconds": 600})
    until(lambda: google.control("GET", "/callbacks")["callbacks"][0]["state"] == "sent")
    assert len(receiver.bodies) == 3
    assert len(set(receiver.nonces())) == 1


def test_duplicates_loss_and_delay_on_demand(google: Google, receiver: Receiver) -> None:
    jwt = card(google, receiver, "one", "two", "three")
    google.control("POST", "/settings", {"callbacks_duplicate": 1})
    google.save(jwt)
    until(lambda: len(receiver.bodies) == 4)
    assert len(set(receiver.nonces())) == 3
    google.control("POST", "/settings", {"callbacks_lose": 1, "callbacks_delay_ms": 3_600_000})
    for suffix in ("one", "two"):
        google.http("POST", f"/wallet/{TESTER}/remove/{ISSUER}.{suffix}")
    states = [each["state"] for each in google.control("GET", "/callbacks")["callbacks"][4:]]
    assert states == ["lost", "waiting"]
    google.control("POST", "/clock", {"advance_seconds": 3601})
    until(lambda: len(receiver.bodies) == 5)
    assert receiver.events()[-1] == ("del", f"{ISSUER}.two")


def test_what_was_held_back_can_come_in_reverse(google: Google, receiver: Receiver) -> None:
    google.control("POST", "/settings", {"callbacks_hold": True, "callbacks_reverse": True})
    google.save(card(google, receiver, "one"))
    google.http("POST", f"/wallet/{TESTER}/remove/{ISSUER}.one")
    assert [each["state"] for each in google.control("GET", "/callbacks")["callbacks"]] == ["waiting", "waiting"]
    google.control("POST", "/settings", {"callbacks_hold": False})
    until(lambda: len(receiver.bodies) == 2)
    assert [event for event, _ in receiver.events()] == ["del", "save"]


def test_each_holder_is_reported(google: Google, receiver: Receiver) -> None:
    jwt = card(google, receiver, "one")
    for account in (TESTER, SECOND, SECOND):
        google.save(jwt, account)
    until(lambda: len(receiver.bodies) == 2)
    assert receiver.events() == [("save", f"{ISSUER}.one")] * 2


def test_rotated_keys_are_published_and_used(fresh: Google, receiver: Receiver) -> None:
    before = fresh.http("GET", "/gp/m/issuer/keys").json
    fresh.control("POST", "/callbacks/rotate")
    after = fresh.http("GET", "/gp/m/issuer/keys").json
    assert before["keys"][0]["keyValue"] != after["keys"][0]["keyValue"]
    fresh.save(card(fresh, receiver, "one"))
    until(lambda: len(receiver.bodies) == 1)
    now = time.time() * 1000
    assert verified(receiver.bodies[0], after, ISSUER, now)["eventType"] == "save"
    with pytest.raises(AssertionError):
        verified(receiver.bodies[0], before, ISSUER, now)


def test_a_restart_keeps_keys_resources_saves_tokens_and_waiting_callbacks(tmp_path: Path, receiver: Receiver) -> None:
    path = tmp_path / "google.db"
    for first in serve(path):
        first.control("POST", "/settings", {"callbacks_hold": True, "requests_per_second": 5})
        first.save(card(first, receiver, "one"))
        keys = first.http("GET", "/gp/m/issuer/keys").json["keys"][0]["keyValue"]
        account, token = first.account, first.token
        read = first.api("GET", f"/loyaltyObject/{ISSUER}.one").json
    for second in serve(path, account):
        assert second.api("GET", f"/loyaltyObject/{ISSUER}.one", token=token).json == read
        assert second.http("GET", "/gp/m/issuer/keys").json["keys"][0]["keyValue"] == keys
        assert second.http("GET", f"/wallet/{TESTER}/objects").json["objects"][0]["objectId"] == f"{ISSUER}.one"
        assert second.control("GET", "/state")["settings"]["requests_per_second"] == 5
        assert second.api("GET", f"/loyaltyClass/{CLASS}").status == 200, "the same key file gets a new token"
        second.control("POST", "/settings", {"callbacks_hold": False})
        until(lambda: len(receiver.bodies) == 1)
    assert receiver.events() == [("save", f"{ISSUER}.one")]

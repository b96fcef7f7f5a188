"""Codes and grants that a device verifies without a network: signed for one scope, the same each time, refused when forged."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from billfold.domain.ids import Environment, Scope
from billfold.domain.offline import Grant
from billfold.scan_codes import Argon2Pins, CardCodes
from billfold.storage.sealing import Vault

MINE, LIVE = Scope("mine00", Environment.TEST), Scope("mine00", Environment.LIVE)
TEXT = "BF1.mine00t-AAAAAAAAAAAAAAAAAAAAAA.0"


def codes(key: bytes = b"k" * 32) -> CardCodes:
    return CardCodes(Vault(key))


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_what_was_signed_is_the_same_each_time_and_after_a_restart() -> None:
    assert codes().sign(MINE, TEXT) == codes().sign(MINE, TEXT)
    assert codes().sign(MINE, TEXT) != codes(b"q" * 32).sign(MINE, TEXT)


def test_a_device_verifies_with_the_public_key_alone() -> None:
    named = codes().public_key(MINE)
    assert named.keys() == {"kty", "crv", "x", "y", "alg", "use"}
    numbers = ec.EllipticCurvePublicNumbers(*(int.from_bytes(raw(named[one]), "big") for one in ("x", "y")), ec.SECP256R1())
    signature = raw(codes().sign(MINE, TEXT))
    assert len(signature) == 64
    der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    numbers.public_key().verify(der, TEXT.encode(), ec.ECDSA(SHA256()))


def test_nothing_else_verifies() -> None:
    ours = codes()
    good = ours.sign(MINE, TEXT)
    assert ours.verify(MINE, TEXT.encode(), good)
    other = "B" if good[0] == "A" else "A"
    for signature in (other + good[1:], good[:-1], good + "A", "", "A" * 86, "!" * 86):
        assert not ours.verify(MINE, TEXT.encode(), signature)
    assert not ours.verify(LIVE, TEXT.encode(), good)
    assert not ours.verify(MINE, b"BF1.mine00t-BBBBBBBBBBBBBBBBBBBBBB.0", good)


def test_a_grant_is_read_back_and_only_in_its_scope() -> None:
    ours, grant = codes(), Grant("t-1", 50, {"EUR": 10_000}, 7, 1_900_000_000_000)
    token = ours.sign_grant(MINE, grant, 1_800_000_000_000)
    assert ours.read_grant(MINE, token) == grant
    assert ours.read_grant(LIVE, token) is None
    head, body, signature = token.split(".")
    assert json.loads(raw(head))["alg"] == "ES256"
    more = json.loads(raw(body)) | {"count": 9_999}
    forged = base64.urlsafe_b64encode(json.dumps(more).encode()).rstrip(b"=").decode()
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    for wrong in (
        "",
        "a.b",
        "a.b.c",
        f"{head}.{forged}.{signature}",
        f"{none}.{body}.",
        codes(b"q" * 32).sign_grant(MINE, grant, 0),
    ):
        assert ours.read_grant(MINE, wrong) is None


@pytest.mark.requirement("S2-42")
async def test_a_pin_is_hashed_slowly_and_compared() -> None:
    pins = Argon2Pins()
    kept = await pins.hash("4711")
    assert kept.startswith("$argon2id$")
    assert "4711" not in kept
    assert await pins.verify(kept, "4711")
    assert not await pins.verify(kept, "4712")
    assert not await pins.verify("no hash", "4711")

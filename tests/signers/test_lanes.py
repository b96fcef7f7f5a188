"""Signatures made eight at a time: the same bytes as one by one, and never a wrong one, whatever the library or the machine does.

Where the processor has no lanes, what needs them is skipped and said so; everything else signs one by one there."""

import ctypes
import hashlib
from functools import lru_cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from billfold.signers import child, lanes


@lru_cache(maxsize=8)
def rsa_key(bits: int = 2048, number: int = 0, exponent: int = 65537) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(exponent, bits)


def digest(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest()


def expected(number: int, key: rsa.RSAPrivateKey) -> bytes:
    return key.sign(b"%d" % number, padding.PKCS1v15(), hashes.SHA256())


@pytest.fixture(scope="module")
def eight() -> lanes.Lanes:
    made = lanes.opened()
    if made is None:
        pytest.skip("this processor has no lanes for RSA (AVX-512 IFMA)")
    return made


def in_lane(eight: lanes.Lanes, key: rsa.RSAPrivateKey) -> lanes.LaneKey:
    made = eight.key(key)
    assert made is not None
    return made


@pytest.mark.parametrize("count", [1, 5, 8])
def test_each_lane_signs_with_its_own_key_what_openssl_signs(eight: lanes.Lanes, count: int) -> None:
    keys = [rsa_key(number=number % 3) for number in range(count)]
    made = eight.sign([(in_lane(eight, key), digest(number)) for number, key in enumerate(keys)])
    assert made == [expected(number, key) for number, key in enumerate(keys)]


def test_a_signature_that_came_out_wrong_is_not_given_out(eight: lanes.Lanes) -> None:
    """One flipped bit in half of the key is the fault from which the key could be computed."""
    keys = [in_lane(eight, rsa_key(number=number % 3)) for number in range(8)]
    ctypes.c_ubyte.from_address(keys[3].places[2]).value ^= 1
    assert eight.sign([(key, digest(number)) for number, key in enumerate(keys)]) is None


@pytest.mark.parametrize("key", [rsa_key(3072), rsa_key(exponent=3)], ids=["3072 bits", "exponent 3"])
def test_a_key_that_no_lane_fits_has_none(eight: lanes.Lanes, key: rsa.RSAPrivateKey) -> None:
    assert eight.key(key) is None


# --- the process that signs -------------------------------------------------------------------------------------------------------


def pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def answered(desk: child._Desk, jobs: list[list[tuple[int, int]]], keys: list[rsa.RSAPrivateKey]) -> None:
    """Hands each job over as messages, (key, what to sign) each, and reads the answers as the pool does."""
    for number, key in enumerate(keys):
        assert desk.take(child.KEY, number, pem(key)) is None
    asked = [
        desk.take(child.SIGN, number, b"".join(child.ITEM.pack(key, digest(what)) for key, what in job))
        for number, job in enumerate(jobs)
    ]
    got = b"".join(desk.answers([job for job in asked if job is not None]))
    for number, job in enumerate(jobs):
        kind, told, size = child.HEAD.unpack_from(got)
        assert (kind, told) == (child.ANSWER, number)
        body, got = got[child.HEAD.size : child.HEAD.size + size], got[child.HEAD.size + size :]
        for key, what in job:
            (length,) = child.LENGTH.unpack_from(body)
            assert body[2 : 2 + length] == expected(what, keys[key])
            body = body[2 + length :]
        assert body == b""
    assert got == b""


JOBS = [[(number % 2, number), (1, number + 100)] for number in range(11)]  # 22 signatures: two rounds, and six more


def test_jobs_that_came_together_are_answered_each_in_turn() -> None:
    answered(child._Desk(), JOBS, [rsa_key(), rsa_key(number=1)])


def test_a_key_without_a_lane_among_the_others_keeps_nobody_back() -> None:
    answered(child._Desk(), JOBS, [rsa_key(3072), rsa_key(number=1)])


def test_what_the_lanes_get_wrong_is_signed_one_by_one(eight: lanes.Lanes, monkeypatch: pytest.MonkeyPatch) -> None:
    class Faulty(lanes.LaneKey):
        def __init__(self, key: rsa.RSAPrivateKey) -> None:
            super().__init__(key)
            ctypes.c_ubyte.from_address(self.places[0]).value ^= 2

    monkeypatch.setattr(lanes, "LaneKey", Faulty)
    answered(child._Desk(), JOBS, [rsa_key(), rsa_key(number=1)])


def test_without_the_library_all_are_signed_one_by_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(lanes, "LIBRARY", tmp_path / "none.so")
    assert lanes.opened() is None
    answered(child._Desk(), JOBS, [rsa_key(), rsa_key(number=1)])


@pytest.mark.parametrize("binary", [b"", b"no library at all", b"\x7fELF\x02\x01" + bytes(100)])
def test_a_library_that_is_none_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, binary: bytes) -> None:
    monkeypatch.setattr(lanes, "LIBRARY", tmp_path / "broken.so")
    lanes.LIBRARY.write_bytes(binary)
    assert lanes.opened() is None


def test_the_library_is_loaded_without_what_it_has_no_use_for(eight: lanes.Lanes) -> None:
    changed = lanes.without_needless(whole := lanes.LIBRARY.read_bytes())
    assert len(changed) == len(whole)
    assert lanes.without_needless(changed) == changed
    mapped = Path("/proc/self/maps").read_text()
    assert "libcrypto_mb" in mapped
    assert not [name for name in lanes.NEEDLESS if name.decode() in mapped]

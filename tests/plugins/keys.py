"""What was loaded of an RSA key is not loaded again, and worlds of the API take their keys from a few that are made once a process:
making and checking them took more than half of the time of a test's world.

Each is a real key, and one world has no two alike. Servers in processes of their own make theirs themselves.
May not enter: keys of other sizes, certificates.
"""

import contextlib
import itertools
from collections.abc import Iterator
from functools import lru_cache

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

DIFFERENT = 24
_BITS = 2048
_make = rsa.generate_private_key
_made: list[rsa.RSAPrivateKey] = []
_turns = itertools.count()


def _one_of_few(public_exponent: int, key_size: int, backend: object = None) -> rsa.RSAPrivateKey:
    if key_size != _BITS or public_exponent != 65537:
        return _make(public_exponent, key_size)
    place = next(_turns) % DIFFERENT
    if place == len(_made):
        _made.append(_make(public_exponent, key_size))
    return _made[place]


@contextlib.contextmanager
def few_keys() -> Iterator[None]:
    """While a world is put together. Two worlds may have keys in common: not for tests in which one is a stranger to the other."""
    rsa.generate_private_key = _one_of_few
    try:
        yield
    finally:
        rsa.generate_private_key = _make


@pytest.fixture(scope="session", autouse=True)
def _loaded_once() -> Iterator[None]:
    load = serialization.load_pem_private_key

    @lru_cache(maxsize=256)
    def known(data: bytes, unchecked: bool) -> object:
        return load(data, None, unsafe_skip_rsa_key_validation=unchecked)

    def load_once(data: bytes, password: bytes | None, backend: object = None, **more: bool) -> object:
        unchecked = more.get("unsafe_skip_rsa_key_validation", False)
        if password is None and type(data) is bytes:
            return known(data, unchecked)
        return load(data, password, unsafe_skip_rsa_key_validation=unchecked)

    serialization.load_pem_private_key = load_once
    yield
    serialization.load_pem_private_key = load

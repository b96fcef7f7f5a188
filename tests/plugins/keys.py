"""RSA keys of 2,048 bits come from a few that are made once a process, and what was loaded is not loaded again: making and checking
them took more than half of the time of a test's world.

Each is a real key; one world has no two alike. Servers in processes of their own make theirs themselves.
May not enter: keys of other sizes, certificates.
"""

import itertools
from collections.abc import Iterator
from functools import lru_cache

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

DIFFERENT = 24
_BITS = 2048


@pytest.fixture(scope="session", autouse=True)
def _few_keys() -> Iterator[None]:
    make, load = rsa.generate_private_key, serialization.load_pem_private_key
    made: list[rsa.RSAPrivateKey] = []
    turns = itertools.count()

    def one_of_few(public_exponent: int, key_size: int, backend: object = None) -> rsa.RSAPrivateKey:
        if key_size != _BITS or public_exponent != 65537:
            return make(public_exponent, key_size)
        place = next(turns) % DIFFERENT
        if place == len(made):
            made.append(make(public_exponent, key_size))
        return made[place]

    @lru_cache(maxsize=4 * DIFFERENT)
    def known(data: bytes, unchecked: bool) -> object:
        return load(data, None, unsafe_skip_rsa_key_validation=unchecked)

    def load_once(data: bytes, password: bytes | None, backend: object = None, **more: bool) -> object:
        unchecked = more.get("unsafe_skip_rsa_key_validation", False)
        if password is None and type(data) is bytes:
            return known(data, unchecked)
        return load(data, password, unsafe_skip_rsa_key_validation=unchecked)

    rsa.generate_private_key, serialization.load_pem_private_key = one_of_few, load_once
    yield
    rsa.generate_private_key, serialization.load_pem_private_key = make, load

"""Finishes an offer in place: the RSA operation that a signer makes, by cryptography's own plain call."""

from collections.abc import Awaitable
from functools import lru_cache

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from billfold.domain.signing import ToSign
from billfold.ports import Offer, Unsigned


@lru_cache(maxsize=64)
def _key(pem: bytes) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def signature_of(wanted: ToSign) -> bytes:
    return _key(wanted.key.pem).sign(wanted.digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))


def finished(unsigned: Unsigned) -> Offer:
    return unsigned.finish(signature_of(unsigned.wanted))


async def given_out(prepared: Awaitable[Unsigned]) -> Offer:
    """As a flow does it: once the wallet has done what makes the offer work at once."""
    unsigned = await prepared
    if unsigned.ready:
        await unsigned.ready()
    return finished(unsigned)

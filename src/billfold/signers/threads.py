"""Signatures in threads of this process: `private_key.sign` lets go of the interpreter's lock, so they use the other cores.

May not enter: what is signed and why."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from weakref import WeakKeyDictionary

from cryptography.hazmat.primitives.asymmetric import rsa

from billfold.domain.signing import SigningKey, ToSign
from billfold.signers.child import load, sign


class SigningThreads:
    """Safe to share between event loops."""

    def __init__(self, count: int) -> None:
        self._threads = ThreadPoolExecutor(count, "billfold-sign")
        self._keys: WeakKeyDictionary[SigningKey, rsa.RSAPrivateKey] = WeakKeyDictionary()

    def __call__(self, wanted: Sequence[ToSign], /) -> asyncio.Future[list[bytes]]:
        work = [(self._key(one.key), one.digest) for one in wanted]
        return asyncio.get_running_loop().run_in_executor(self._threads, _sign, work)

    def _key(self, key: SigningKey) -> rsa.RSAPrivateKey:
        known = self._keys.get(key)
        if known is None:
            known = self._keys[key] = load(key.pem)
        return known

    def start(self) -> None:
        """Threads start as they are needed."""

    async def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)


def _sign(work: list[tuple[rsa.RSAPrivateKey, bytes]]) -> list[bytes]:
    return [sign(key, digest) for key, digest in work]

"""The process that holds signing keys and does nothing but sign. It reads requests from its socket and answers each in turn.

pool.py starts it as `python -I child.py` with one end of a socket pair as its standard input, and gives it each key through that
socket, once. It ends when the other end is closed, so also when the server was killed. Of all it is sent it trusts the form, since
nobody else can reach the socket; whatever is wrong ends it, and the pool starts another.
What has come together is signed together, where the processor can (lanes.py).
May not enter: anything else of Billfold, files (but for the kernel's word on priority), the network, printing.

Each message has a head of kind, number and bytes that follow:
    K  key number  the private key in PEM                        from now on known under this number
    F  key number                                                forgotten
    S  job number  for each signature: key number, SHA-256       to be signed (RSASSA-PKCS1-v1_5)
    A  job number  for each signature: its length and its bytes  the answer
    R  lanes                                                     said first: how many make a round, 0 for one by one"""

import contextlib
import os
import resource
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo

from billfold.signers import lanes

HEAD = struct.Struct(">cIH")
ITEM = struct.Struct(">I32s")
LENGTH = struct.Struct(">H")
KEY, FORGET, SIGN, ANSWER, READY = b"K", b"F", b"S", b"A", b"R"
READ_BYTES = 65_536
TOGETHER_MIN = 5
"""So many signatures pay for a round of the lanes, which costs as much as four."""
NICE = 5
"""How far a signature gives way to the event loop: a third of a core's time where both want the same one. Behind a round of
signatures the loop would wait for a millisecond or more, with all requests that need none."""
_AUTOGROUP, _AUTOGROUP_TRIES, _AUTOGROUP_SECONDS = Path("/proc/self/autogroup"), 20, 0.1

_PADDING = padding.PKCS1v15()
_AS_GIVEN = NoDigestInfo()  # a constant before the digest names it faster than the library does


def load(pem: bytes) -> rsa.RSAPrivateKey:
    """A key that passed all checks when it was imported: the primality check alone would cost 35 ms."""
    key = serialization.load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, rsa.RSAPrivateKey), "only RSA keys are imported"
    return key


def sign(key: rsa.RSAPrivateKey, digest: bytes) -> bytes:
    """RSASSA-PKCS1-v1_5 of a SHA-256 digest."""
    return key.sign(lanes.SHA256_INFO + digest, _PADDING, _AS_GIVEN)


@dataclass(frozen=True, slots=True)
class _Key:
    alone: rsa.RSAPrivateKey
    in_lane: lanes.LaneKey | None


_Item = tuple[_Key, bytes]
"""A key, and the digest that it is to sign."""
_Job = tuple[int, list[_Item]]


class _Desk:
    """The keys, and what is made with them."""

    def __init__(self) -> None:
        self._keys: dict[int, _Key] = {}
        self._lanes = lanes.opened()

    def ready(self) -> bytes:
        return HEAD.pack(READY, 0 if self._lanes is None else lanes.LANES, 0)

    def take(self, kind: bytes, number: int, body: bytes) -> _Job | None:
        """Carries out one message, and gives back what it asks to be signed."""
        if kind == SIGN:
            return number, [(self._keys[key], digest) for key, digest in ITEM.iter_unpack(body)]
        if kind == KEY:
            key = load(body)
            self._keys[number] = _Key(key, self._lanes.key(key) if self._lanes else None)
        else:
            assert kind == FORGET
            del self._keys[number]
        return None

    def answers(self, jobs: list[_Job]) -> Iterator[bytes]:
        """The answers, in order; those that are ready at the same time as one piece."""
        items = [item for _, wanted in jobs for item in wanted]
        made: list[bytes] = []
        ready: list[bytes] = []
        at = 0
        for number, wanted in jobs:
            at += len(wanted)
            while len(made) < at:
                if ready:
                    yield b"".join(ready)
                    ready.clear()
                made += self._next(items[len(made) : len(made) + lanes.LANES])
            answer = b"".join([LENGTH.pack(len(one)) + one for one in made[at - len(wanted) : at]])
            ready.append(HEAD.pack(ANSWER, number, len(answer)) + answer)
        yield b"".join(ready)

    def _next(self, items: list[_Item]) -> list[bytes]:
        """The first one's signature, or those of all when that costs less."""
        if self._lanes is not None and len(items) >= TOGETHER_MIN:
            together = [(key.in_lane, digest) for key, digest in items if key.in_lane is not None]
            if len(together) == len(items) and (made := self._lanes.sign(together)) is not None:
                return made
        key, digest = items[0]
        return [sign(key.alone, digest)]


def _serve(channel: socket.socket) -> None:
    desk = _Desk()
    channel.sendall(desk.ready())
    buffer = bytearray()
    while received := channel.recv(READ_BYTES):
        buffer += received
        at = 0
        jobs: list[_Job] = []
        while len(buffer) - at >= HEAD.size:
            kind, number, size = HEAD.unpack_from(buffer, at)
            if len(buffer) - at - HEAD.size < size:
                break
            job = desk.take(kind, number, bytes(buffer[at + HEAD.size : at + HEAD.size + size]))
            at += HEAD.size + size
            if job is not None:
                jobs.append(job)
        del buffer[:at]
        for piece in desk.answers(jobs) if jobs else ():
            channel.sendall(piece)


def _give_way() -> None:
    """Linux may weigh sessions against each other instead of processes (autogroup): then this one's counts, and its niceness not.
    It takes one such wish in a tenth of a second."""
    os.nice(NICE)
    for _ in range(_AUTOGROUP_TRIES):
        try:
            _AUTOGROUP.write_text(str(NICE))
        except BlockingIOError:
            time.sleep(_AUTOGROUP_SECONDS)
        except OSError:  # no Linux, or none that does so
            return
        else:
            return


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a key must not come to rest in a core file
    _give_way()
    with socket.socket(fileno=0) as channel, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        _serve(channel)


if __name__ == "__main__":
    main()

"""The process that holds signing keys and does nothing but sign. It reads requests from its socket and answers each in turn.

pool.py starts it as `python -I child.py` with one end of a socket pair as its standard input, and gives it each key through that
socket, once. It ends when the other end is closed, so also when the server was killed. Of all it is sent it trusts the form, since
nobody else can reach the socket; whatever is wrong ends it, and the pool starts another.
May not enter: anything else of Billfold, files, the network, printing.

Each message has a head of kind, number and bytes that follow:
    K  key number  the private key in PEM                        from now on known under this number
    F  key number                                                forgotten
    S  job number  for each signature: key number, SHA-256       to be signed (RSASSA-PKCS1-v1_5)
    A  job number  for each signature: its length and its bytes  the answer"""

import contextlib
import resource
import socket
import struct

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

HEAD = struct.Struct(">cIH")
ITEM = struct.Struct(">I32s")
LENGTH = struct.Struct(">H")
KEY, FORGET, SIGN, ANSWER = b"K", b"F", b"S", b"A"
READ_BYTES = 65_536

PADDING = padding.PKCS1v15()
HASH = Prehashed(hashes.SHA256())


def load(pem: bytes) -> rsa.RSAPrivateKey:
    """A key that passed all checks when it was imported: the primality check alone would cost 35 ms."""
    key = serialization.load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, rsa.RSAPrivateKey), "only RSA keys are imported"
    return key


def _serve(channel: socket.socket) -> None:
    keys: dict[int, rsa.RSAPrivateKey] = {}
    buffer = bytearray()
    while received := channel.recv(READ_BYTES):
        buffer += received
        at = 0
        while len(buffer) - at >= HEAD.size:
            kind, number, size = HEAD.unpack_from(buffer, at)
            if len(buffer) - at - HEAD.size < size:
                break
            body = bytes(buffer[at + HEAD.size : at + HEAD.size + size])
            at += HEAD.size + size
            if kind == SIGN:
                signed = [keys[key].sign(digest, PADDING, HASH) for key, digest in ITEM.iter_unpack(body)]
                answer = b"".join([LENGTH.pack(len(one)) + one for one in signed])
                channel.sendall(HEAD.pack(ANSWER, number, len(answer)) + answer)
            elif kind == KEY:
                keys[number] = load(body)
            else:
                assert kind == FORGET
                del keys[number]
        del buffer[:at]


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a key must not come to rest in a core file
    with socket.socket(fileno=0) as channel, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        _serve(channel)


if __name__ == "__main__":
    main()

"""Eight RSA signatures at a time, in the lanes of AVX-512: half the work of one after the other. Where the processor or the library
lacks it, `opened` says so, and signatures are made one by one.

It is libcrypto_mb of Intel's Cryptography Primitives (Apache-2.0), which pip brings. Each signature is raised to the public
exponent again before it is given out, as OpenSSL does too: a faulty one would give the key away. See ADR 11.
May not enter: anything else of Billfold, whose key it is, the server's own process."""

import ctypes
import os
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

LANES = 8
BITS, BYTES, HALF_BYTES = 2048, 256, 128
EXPONENT = 65537
LIBRARY = Path(sys.prefix, "lib", "libcrypto_mb.so")
NEEDLESS = frozenset({b"libsvml.so", b"libirng.so", b"libimf.so", b"libintlc.so.5"})
"""Run-time libraries of the compiler that the library names, takes nothing from, and comes without."""

_RSA_2048 = 1  # MBX_ALGO_RSA_2K
# RFC 8017 section 9.2: padding, and what says that a SHA-256 digest follows.
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
_START = b"\x00\x01" + b"\xff" * (BYTES - 3 - len(SHA256_INFO) - 32) + b"\x00" + SHA256_INFO
_Numbers = ctypes.c_char * HALF_BYTES
_Pointers = ctypes.c_void_p * LANES


class LaneKey:
    """The numbers of a key as the library reads them: little-endian, in memory that stays where it is."""

    __slots__ = ("_kept", "places")

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        own = key.private_numbers()
        halves = [_Numbers.from_buffer_copy(one.to_bytes(HALF_BYTES, "little")) for one in _crt(own)]
        modulus = ctypes.create_string_buffer(own.public_numbers.n.to_bytes(BYTES, "little"), BYTES)
        self._kept = (*halves, modulus)
        self.places = tuple(ctypes.addressof(one) for one in self._kept)


def _crt(own: rsa.RSAPrivateNumbers) -> tuple[int, int, int, int, int]:
    return own.p, own.q, own.dmp1, own.dmq1, own.iqmp


class Lanes:
    """One call at a time."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._private, self._public = library.mbx_rsa_private_crt_mb8, library.mbx_rsa_public_mb8
        for call in (self._private, self._public):
            call.restype = ctypes.c_uint32
        self._padded, self._signed, self._checked = (bytearray(LANES * BYTES) for _ in range(3))
        for lane in range(LANES):
            self._padded[lane * BYTES : lane * BYTES + len(_START)] = _START
        self._from, self._to, self._back = map(_places, (self._padded, self._signed, self._checked))
        self._keys = [_Pointers() for _ in range(6)]

    def key(self, key: rsa.RSAPrivateKey) -> LaneKey | None:
        """None for a key that the lanes have no place for: then it signs alone."""
        own = key.private_numbers()
        fits = key.key_size == BITS and own.public_numbers.e == EXPONENT and max(_crt(own)).bit_length() <= BITS // 2
        return LaneKey(key) if fits else None

    def sign(self, wanted: Sequence[tuple[LaneKey, bytes]]) -> list[bytes] | None:
        """The signatures (RSASSA-PKCS1-v1_5) of at most eight SHA-256 digests, each with its key; None when one came out wrong."""
        assert 0 < len(wanted) <= LANES
        for lane in range(LANES):
            key, digest = wanted[lane] if lane < len(wanted) else wanted[0]  # an empty lane would cost the same
            self._padded[(lane + 1) * BYTES - 32 : (lane + 1) * BYTES] = digest
            for pointers, place in zip(self._keys, key.places, strict=True):
                pointers[lane] = place
        *halves, modulus = self._keys
        failed = self._private(self._from, self._to, *halves, BITS, None, None)
        if failed or self._public(self._to, self._back, modulus, BITS, None, None) or self._checked != self._padded:
            return None
        return [bytes(self._signed[lane * BYTES : (lane + 1) * BYTES]) for lane in range(len(wanted))]


def _places(memory: bytearray) -> "ctypes.Array[ctypes.c_void_p]":
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))  # which also holds the memory where it is
    return _Pointers(*(start + lane * BYTES for lane in range(LANES)))


def opened() -> Lanes | None:
    """None where the library is not installed or not for this machine, or the processor has no lanes."""
    if sys.platform != "linux" or not LIBRARY.is_file():
        return None
    try:
        library = _loaded(LIBRARY.read_bytes())
        library.mbx_get_algo_info.restype = ctypes.c_uint64
        return Lanes(library) if library.mbx_get_algo_info(_RSA_2048) & LANES else None
    except (OSError, AttributeError, ValueError, struct.error):
        return None


def _loaded(binary: bytes) -> ctypes.CDLL:
    """The library from memory, as `patchelf --remove-needed` would leave its file."""
    file = os.memfd_create("libcrypto_mb")
    try:
        with open(file, "wb", closefd=False) as out:
            out.write(without_needless(binary))
        return ctypes.CDLL(f"/proc/self/fd/{file}")
    finally:
        os.close(file)


_SEGMENT = struct.Struct("<II6Q")
_ENTRY = struct.Struct("<QQ")
_LOAD, _DYNAMIC = 1, 2
_NEEDED, _STRINGS = 1, 5


def without_needless(binary: bytes) -> bytes:
    """A shared object (ELF, 64 bits, little-endian) without the NEEDLESS libraries' names. Raises ValueError, struct.error."""
    if binary[:6] != b"\x7fELF\x02\x01":
        raise ValueError("not a 64-bit shared object")
    (segments_at,) = struct.unpack_from("<Q", binary, 32)
    (count,) = struct.unpack_from("<H", binary, 56)
    segments = [_SEGMENT.unpack_from(binary, segments_at + number * _SEGMENT.size) for number in range(count)]
    [(at, size)] = [(offset, size) for kind, _, offset, _, _, size, *_ in segments if kind == _DYNAMIC]
    entries = list(_ENTRY.iter_unpack(binary[at : at + size]))
    [address] = [value for tag, value in entries if tag == _STRINGS]
    loads = [(offset, start, size) for kind, _, offset, start, _, size, *_ in segments if kind == _LOAD]
    [strings_at] = [offset + address - start for offset, start, size in loads if 0 <= address - start < size]

    def needless(tag: int, value: int) -> bool:
        return tag == _NEEDED and binary[strings_at + value : binary.index(b"\0", strings_at + value)] in NEEDLESS

    kept = b"".join(_ENTRY.pack(*entry) for entry in entries if not needless(*entry))
    return binary[:at] + kept.ljust(size, b"\0") + binary[at + size :]

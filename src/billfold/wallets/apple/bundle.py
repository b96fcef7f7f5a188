"""Builds the bytes of a .pkpass from files already in hand. Its counterpart is signing.py.

The images come first and never move, so their headers, data and directory records are made once and shared by all passes that
show them; manifest, signature and pass.json are the tail that each pass has for itself. Equal input gives equal bytes.
Entries are stored: deflating PNGs gains under 0.4 % and costs more than the signature (reference/pass-building.md).
May not enter: settings, network, disk, the clock. Source: Apple, "Building a Pass"; PKWARE APPNOTE 6.3.10; zip32 only."""

import json
import struct
from binascii import hexlify
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha1, sha256
from typing import Protocol
from zlib import crc32

from billfold.domain.bundles import Bundle, Shared

CONTENT_TYPE = "application/vnd.apple.pkpass"

_ZIP32_BYTES = 0xFFFF_FFFF
_ZIP32_ENTRIES = 0xFFFF
_MANIFEST, _SIGNATURE, _PASS = b"manifest.json", b"signature", b"pass.json"
_OWN = ("manifest.json", "signature", "pass.json")
_PASS_KEY, _BRACE = b'"pass.json":"', b'"}'
_ENDING_BYTES = 42
"""Of a manifest: the hash of pass.json in hexadecimal digits, and what closes it."""

# Local headers and directory records in pieces: what all entries share, then checksum and lengths, then what each name has.
_UTF8_NAMES, _STORED = 0x0800, 0
_DOS_TIME, _DOS_DATE = 0, 0x21  # 1980-01-01T00:00, the first that the format can say
_SHARED = struct.pack("<5H", 10, _UTF8_NAMES, _STORED, _DOS_TIME, _DOS_DATE)  # 10: version 1.0 suffices to unpack
_LOCAL = b"PK\3\4" + _SHARED
_CENTRAL = b"PK\1\2" + struct.pack("<H", 0x0314) + _SHARED  # made by version 2.0 on Unix, so that the mode below counts
_REST = struct.pack("<4HL", 0, 0, 0, 0, 0o100644 << 16)  # no extra field, comment, disk, internal attributes; the mode
_END = b"PK\5\6" + bytes(4)  # one disk
_SUMS = struct.Struct("<3L")  # checksum, and two equal lengths, since entries are stored
_PLACE = struct.Struct("<L")
_LOCAL_BYTES, _CENTRAL_BYTES = 30, 46
"""Without the name."""
_NO_COMMENT = bytes(2)


def _named_local(name: bytes) -> bytes:
    return struct.pack("<2H", len(name), 0) + name


def _named_central(name: bytes, place: int) -> bytes:
    return struct.pack("<H", len(name)) + _REST + _PLACE.pack(place) + name


_SIGNATURE_LOCAL, _PASS_LOCAL = _named_local(_SIGNATURE), _named_local(_PASS)
_PASS_CENTRAL = struct.pack("<H", len(_PASS)) + _REST


_SHA1 = sha1(usedforsecurity=False)
_check = lru_cache(maxsize=256)(crc32)
"""For the start of a signature, which is the same object for all of a certificate."""


class ManifestSigner(Protocol):
    """signing.Signer, as far as a bundle needs it."""

    def begin(self, digest: bytes, at: int) -> tuple[bytes, bytes, bytes]: ...
    def rsa(self, digest: bytes) -> bytes: ...


class Body:
    """The part that all passes with the same files share. `files`: (name in the bundle, bytes), pictures and strings.

    `before`: a body whose files come first and are taken over as they are: the same bytes, so that a few files more cost neither
    hashing nor memory for what is there already. `shared`: the entries, as bundles begin with them."""

    __slots__ = ("central", "frame", "manifest_prefix", "names", "shared", "size")
    names: frozenset[str]
    shared: Shared
    central: bytes
    manifest_prefix: bytes

    def __init__(self, files: Sequence[tuple[str, bytes]], before: "Body | None" = None) -> None:
        names = [name for name, _ in files]
        self.names = frozenset(names) if before is None else before.names.union(names)
        count = len(names) + (len(before.names) if before else 0)
        assert len(self.names) == count <= _ZIP32_ENTRIES - len(_OWN), "one entry a name"
        assert not any(_unsafe(name) for name in names), "plain relative names, none of our own"
        data: list[bytes] = []
        central = [before.central] if before else []
        lines = [before.manifest_prefix[1 : -len(_PASS_KEY)].decode()] if before else []
        offset = before.shared.length if before else 0
        for name, content in sorted(files):
            local, record = _records(name.encode(), content, offset)
            data += (local, content)
            central.append(record)
            offset += len(local) + len(content)
            lines.append(f"{json.dumps(name)}:{_quoted_sha1(content)},")
        assert offset < _ZIP32_BYTES // 2, "a bundle stays far below what zip32 can hold"
        own = b"".join(data)
        self.shared = Shared(own, before=before.shared if before else None)
        self.central = b"".join(central)
        self.manifest_prefix = ("{" + "".join(lines)).encode() + _PASS_KEY
        self.size = self.shared.size + len(self.central) + 2 * len(self.manifest_prefix)
        """Bytes that this body keeps in memory beside those of the one before."""
        self.frame = _Frame(self, count + len(_OWN))


class _Frame:
    """What stands still around the entries that each pass has for itself: on a given body the manifest differs in its ending alone,
    and it and the signature start at the same places."""

    __slots__ = (
        *("end", "manifest_bytes", "manifest_central", "manifest_check", "manifest_hash", "manifest_local"),
        *("signature_at", "signature_central"),
    )

    def __init__(self, body: Body, count: int) -> None:
        """`count`: of all entries."""
        prefix = body.manifest_prefix
        self.manifest_check, self.manifest_hash = crc32(prefix), sha256(prefix)
        self.manifest_local = _named_local(_MANIFEST) + prefix
        self.manifest_bytes = len(prefix) + _ENDING_BYTES
        self.signature_at = body.shared.length + _LOCAL_BYTES + len(_MANIFEST) + self.manifest_bytes
        self.manifest_central = _named_central(_MANIFEST, body.shared.length) + _CENTRAL
        self.signature_central = _named_central(_SIGNATURE, self.signature_at) + _CENTRAL
        size = len(body.central) + 3 * _CENTRAL_BYTES + len(_MANIFEST + _SIGNATURE + _PASS)
        self.end = _PASS + _END + struct.pack("<2HL", count, count, size)


class Unsealed:
    """A bundle that lacks its RSA signature over `digest`."""

    __slots__ = ("_body", "_ending", "_head", "_pass_json", "_rest", "digest")

    def __init__(self, body: Body, pass_json: bytes, signer: ManifestSigner, at: int) -> None:
        """`at`: signing time, seconds since 1970."""
        own = _SHA1.copy()  # a new one would look its digest up
        own.update(pass_json)
        ending = hexlify(own.digest()) + _BRACE
        manifest = body.frame.manifest_hash.copy()
        manifest.update(ending)
        self.digest, self._head, self._rest = signer.begin(manifest.digest(), at)
        self._body, self._pass_json, self._ending = body, pass_json, ending

    def sealed(self, signature: bytes) -> Bundle:
        """The whole bundle. pass.json stands last: it is the only member whose length differs from pass to pass."""
        body, frame, ending, pass_json = self._body, self._body.frame, self._ending, self._pass_json
        head, rest = self._head, self._rest
        size_1, size_2, size_3 = frame.manifest_bytes, len(head) + len(rest) + len(signature), len(pass_json)
        sums_1 = _SUMS.pack(crc32(ending, frame.manifest_check), size_1, size_1)
        sums_2 = _SUMS.pack(crc32(signature, crc32(rest, _check(head))), size_2, size_2)
        sums_3 = _SUMS.pack(crc32(pass_json), size_3, size_3)
        pass_at = frame.signature_at + _LOCAL_BYTES + len(_SIGNATURE) + size_2
        directory_at = pass_at + _LOCAL_BYTES + len(_PASS) + size_3
        own = (
            *(_LOCAL, sums_1, frame.manifest_local, ending),
            *(_LOCAL, sums_2, _SIGNATURE_LOCAL, head, rest, signature),
            *(_LOCAL, sums_3, _PASS_LOCAL, pass_json),
            *(body.central, _CENTRAL, sums_1, frame.manifest_central, sums_2, frame.signature_central, sums_3),
            *(_PASS_CENTRAL, _PLACE.pack(pass_at), frame.end, _PLACE.pack(directory_at), _NO_COMMENT),
        )
        return Bundle(body.shared, b"".join(own))


def build(body: Body, pass_json: bytes, signer: ManifestSigner, at: int) -> bytes:
    """A whole bundle, with the RSA operation made here. `at`: signing time, seconds since 1970."""
    unsealed = Unsealed(body, pass_json, signer, at)
    return bytes(unsealed.sealed(signer.rsa(unsealed.digest)))


def _records(name: bytes, content: bytes, offset: int) -> tuple[bytes, bytes]:
    """Local header and directory record of one stored entry."""
    sums = _SUMS.pack(crc32(content), len(content), len(content))
    return b"".join((_LOCAL, sums, _named_local(name))), b"".join((_CENTRAL, sums, _named_central(name, offset)))


def _quoted_sha1(content: bytes) -> str:
    """Wallet's manifest is SHA-1 whatever the signature's digest is; the signature over it is what protects the pass."""
    return f'"{sha1(content, usedforsecurity=False).hexdigest()}"'


def _unsafe(name: str) -> bool:
    steps = name.split("/")
    return name in _OWN or "\\" in name or "\0" in name or not all(step and step not in (".", "..") for step in steps)

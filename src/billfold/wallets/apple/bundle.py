"""Builds the bytes of a .pkpass from files already in hand. Its counterpart is signing.py.

The images come first and never move, so their headers, data and directory records are made once and shared by all passes that
show them; manifest, signature and pass.json are the tail that each pass has for itself. Equal input gives equal bytes.
Entries are stored: deflating PNGs gains under 0.4 % and costs more than the signature (reference/pass-building.md).
May not enter: settings, network, disk, the clock. Source: Apple, "Building a Pass"; PKWARE APPNOTE 6.3.10; zip32 only."""

import json
import struct
from collections.abc import Sequence
from hashlib import sha1
from typing import Protocol
from zlib import crc32

CONTENT_TYPE = "application/vnd.apple.pkpass"

_ZIP32_BYTES = 0xFFFF_FFFF
_ZIP32_ENTRIES = 0xFFFF
_MANIFEST, _SIGNATURE, _PASS = b"manifest.json", b"signature", b"pass.json"
_OWN = ("manifest.json", "signature", "pass.json")
_PASS_KEY = b'"pass.json":"'

# One entry's local header and directory record: what all entries share, checksum, two equal lengths (stored), lengths of names.
_UTF8_NAMES, _STORED = 0x0800, 0
_DOS_TIME, _DOS_DATE = 0, 0x21  # 1980-01-01T00:00, the first that the format can say
_SHARED = struct.pack("<5H", 10, _UTF8_NAMES, _STORED, _DOS_TIME, _DOS_DATE)  # 10: version 1.0 suffices to unpack
_LOCAL_HEAD = b"PK\3\4" + _SHARED
_CENTRAL_HEAD = b"PK\1\2" + struct.pack("<H", 0x0314) + _SHARED  # made by version 2.0 on Unix, so that the mode below counts
_REST = struct.pack("<4HL", 0, 0, 0, 0, 0o100644 << 16)  # no extra field, comment, disk, internal attributes; the mode
_LOCAL = struct.Struct("<14s3L2H")
_MANIFEST_LOCAL, _SIGNATURE_LOCAL, _PASS_LOCAL = (struct.Struct(f"<14s3L2H{len(name)}s") for name in (_MANIFEST, _SIGNATURE, _PASS))
_CENTRAL = struct.Struct("<16s3LH12sL")
_DIRECTORY = struct.Struct("<" + "".join(f"16s3LH12sL{len(name)}s" for name in (_MANIFEST, _SIGNATURE, _PASS)) + "4s4H2LH")


class ManifestSigner(Protocol):
    """signing.Signer, as far as a bundle needs it."""

    def begin(self, manifest: bytes, at: int) -> tuple[bytes, bytes]: ...
    def rsa(self, digest: bytes) -> bytes: ...


class Body:
    """The part that all passes with the same files share. `files`: (name in the bundle, bytes), pictures and strings.

    `before`: a body whose files come first and are taken over as they are: the same bytes, so that a few files more cost neither
    hashing nor memory for what is there already. `data`: the entries, in pieces that follow each other; `length`: of all."""

    __slots__ = ("central", "count", "data", "length", "manifest_check", "manifest_prefix", "names", "size")
    names: frozenset[str]
    data: tuple[bytes, ...]
    length: int
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
        offset = before.length if before else 0
        for name, content in sorted(files):
            local, record = _records(name.encode(), content, offset)
            data += (local, content)
            central.append(record)
            offset += len(local) + len(content)
            lines.append(f"{json.dumps(name)}:{_quoted_sha1(content)},")
        assert offset < _ZIP32_BYTES // 2, "a bundle stays far below what zip32 can hold"
        own = b"".join(data)
        self.data = (*before.data, own) if before else (own,)
        self.length = offset
        self.central = b"".join(central)
        self.count = count + len(_OWN)
        self.manifest_prefix = ("{" + "".join(lines)).encode() + _PASS_KEY
        self.manifest_check = crc32(self.manifest_prefix)
        self.size = len(own) + len(self.central) + len(self.manifest_prefix)
        """Bytes that this body keeps in memory beside those of the one before."""


class Unsealed:
    """A bundle that lacks its RSA signature over `digest`."""

    __slots__ = ("_body", "_manifest", "_manifest_check", "_pass_json", "_start", "digest")

    def __init__(self, body: Body, pass_json: bytes, signer: ManifestSigner, at: int) -> None:
        """`at`: signing time, seconds since 1970."""
        ending = b'%b"}' % sha1(pass_json, usedforsecurity=False).hexdigest().encode()
        manifest = body.manifest_prefix + ending
        self.digest, self._start = signer.begin(manifest, at)
        self._body, self._pass_json, self._manifest = body, pass_json, manifest
        self._manifest_check = crc32(ending, body.manifest_check)

    def parts(self, signature: bytes) -> tuple[tuple[bytes, ...], bytes]:
        """The bundle as (shared pieces, own), so that a server may send them without joining a copy for each pass."""
        return self._body.data, b"".join(self._own(signature))

    def sealed(self, signature: bytes) -> bytes:
        """The whole bundle."""
        return b"".join((*self._body.data, *self._own(signature)))

    def _own(self, signature: bytes) -> tuple[bytes, ...]:
        """What each pass has for itself. pass.json stands last: it is the only member whose length differs from pass to pass."""
        body, manifest, start, pass_json = self._body, self._manifest, self._start, self._pass_json
        size_1, size_2, size_3 = len(manifest), len(start) + len(signature), len(pass_json)
        check_1, check_2, check_3 = self._manifest_check, crc32(signature, crc32(start)), crc32(pass_json)
        at_1 = body.length
        at_2 = at_1 + 30 + 13 + size_1  # a local header of 30 bytes, the name, the content
        at_3 = at_2 + 30 + 9 + size_2
        directory = at_3 + 30 + 9 + size_3
        return (
            _MANIFEST_LOCAL.pack(_LOCAL_HEAD, check_1, size_1, size_1, 13, 0, _MANIFEST),
            manifest,
            _SIGNATURE_LOCAL.pack(_LOCAL_HEAD, check_2, size_2, size_2, 9, 0, _SIGNATURE),
            start,
            signature,
            _PASS_LOCAL.pack(_LOCAL_HEAD, check_3, size_3, size_3, 9, 0, _PASS),
            pass_json,
            body.central,
            _DIRECTORY.pack(
                *(_CENTRAL_HEAD, check_1, size_1, size_1, 13, _REST, at_1, _MANIFEST),
                *(_CENTRAL_HEAD, check_2, size_2, size_2, 9, _REST, at_2, _SIGNATURE),
                *(_CENTRAL_HEAD, check_3, size_3, size_3, 9, _REST, at_3, _PASS),
                *(b"PK\5\6", 0, 0, body.count, body.count, len(body.central) + _DIRECTORY.size - 22, directory, 0),
            ),
        )


def build(body: Body, pass_json: bytes, signer: ManifestSigner, at: int) -> bytes:
    """A whole bundle, with the RSA operation made here. `at`: signing time, seconds since 1970."""
    unsealed = Unsealed(body, pass_json, signer, at)
    return unsealed.sealed(signer.rsa(unsealed.digest))


def _records(name: bytes, content: bytes, offset: int) -> tuple[bytes, bytes]:
    """Local header and directory record of one stored entry."""
    check, size, length = crc32(content), len(content), len(name)
    local = _LOCAL.pack(_LOCAL_HEAD, check, size, size, length, 0)
    central = _CENTRAL.pack(_CENTRAL_HEAD, check, size, size, length, _REST, offset)
    return local + name, central + name


def _quoted_sha1(content: bytes) -> str:
    """Wallet's manifest is SHA-1 whatever the signature's digest is; the signature over it is what protects the pass."""
    return f'"{sha1(content, usedforsecurity=False).hexdigest()}"'


def _unsafe(name: str) -> bool:
    steps = name.split("/")
    return name in _OWN or "\\" in name or "\0" in name or not all(step and step not in (".", "..") for step in steps)

"""Secrets at rest: sealed with a key that stands outside the database, and bound to the record that they belong to.

AES-256-GCM; the record's scope, kind and name are authenticated, so a ciphertext that is moved to another tenant or record does not
open. The same key gives, by HKDF, the keys for MACs. May not enter: the database, what a secret is for."""

import contextlib
import os
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from billfold.domain.errors import CredentialRefused
from billfold.domain.ids import Scope
from billfold.storage.refusals import StoreRefused

_VERSION = b"\x01"
_KEY_BYTES, _NONCE_BYTES = 32, 12


class SealBroken(CredentialRefused):
    """A sealed secret does not open: another sealing key, another record, or damage."""

    def __init__(self, kind: str, name: str) -> None:
        mend = "put back the file secret.key that belongs to this database, or import the credential again"
        super().__init__("seal_broken", f"the sealed {kind} credential {name} does not open", mend)


class Vault:
    """`key`: 32 bytes. `Vault.at(path)` reads them from a file, which it makes at the first start."""

    def __init__(self, key: bytes) -> None:
        assert len(key) == _KEY_BYTES, "the sealing key has 32 bytes"
        self._key = key
        self._sealing = AESGCM(self._derived(b"seal"))
        self._derive = lru_cache(maxsize=4096)(self._derived)

    @classmethod
    def at(cls, path: Path) -> "Vault":
        """Raises StoreRefused when the file is no sealing key or others may read it."""
        return cls(_read_or_make(path))

    def seal(self, scope: Scope, kind: str, name: str, secret: bytes) -> bytes:
        """Version, nonce, ciphertext and tag."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + self._sealing.encrypt(nonce, secret, _binding(scope, kind, name))

    def open(self, scope: Scope, kind: str, name: str, sealed: bytes) -> bytes:
        """The secret. Raises SealBroken."""
        if sealed[:1] != _VERSION or len(sealed) < 1 + _NONCE_BYTES + 16:
            raise SealBroken(kind, name)
        nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._sealing.decrypt(nonce, ciphertext, _binding(scope, kind, name))
        except InvalidTag:
            raise SealBroken(kind, name) from None

    def derive(self, purpose: str, scope: Scope) -> bytes:
        """32 bytes for one purpose in one scope, the same at every start. Remembered, since each request may need one."""
        return self._derive(f"derive\0{purpose}\0{scope.code}".encode())

    def _derived(self, info: bytes) -> bytes:
        return HKDF(hashes.SHA256(), _KEY_BYTES, salt=None, info=b"billfold\0" + info).derive(self._key)


def _binding(scope: Scope, kind: str, name: str) -> bytes:
    """Unambiguous: each part with its length."""
    parts = (_VERSION, scope.code.encode(), kind.encode(), name.encode())
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _read_or_make(path: Path) -> bytes:
    for _ in range(2):
        try:
            return _read(path)
        except FileNotFoundError:
            _make(path)
    return _read(path)


def _read(path: Path) -> bytes:
    mode = path.stat().st_mode
    if mode & 0o077:
        raise StoreRefused(f"others may read the sealing key {path}", f"chmod 400 {path}")
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise StoreRefused(f"{path} is not a sealing key", "put back the file that belongs to this database")
    return key


def _make(path: Path) -> None:
    """All of it or nothing, and never over one that another process made meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    try:
        os.write(handle, secrets.token_bytes(_KEY_BYTES))
        os.fsync(handle)
    finally:
        os.close(handle)
    with contextlib.suppress(FileExistsError):
        os.link(temporary, path)
    temporary.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

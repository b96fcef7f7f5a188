"""Sealed secrets open only where they belong; pictures are whole or absent."""

import asyncio
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from billfold.storage.blobs import FolderBlobs
from billfold.storage.refusals import StoreRefused
from billfold.storage.sealing import SealBroken, Vault
from storage.material import LIVE, OURS, THEIRS

KEY = bytes(range(32))


def files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


def test_a_sealed_secret_opens_where_it_belongs() -> None:
    vault = Vault(KEY)
    sealed = vault.seal(OURS, "apple", "pass.a", b"private key")
    assert b"private key" not in sealed
    assert Vault(KEY).open(OURS, "apple", "pass.a", sealed) == b"private key"
    assert vault.seal(OURS, "apple", "pass.a", b"private key") != sealed, "a fresh nonce each time"


@pytest.mark.requirement("S0-55")
def test_a_sealed_secret_that_is_moved_or_changed_does_not_open() -> None:
    vault = Vault(KEY)
    sealed = vault.seal(OURS, "apple", "pass.a", b"private key")
    for scope, kind, name in (
        (THEIRS, "apple", "pass.a"),
        (LIVE, "apple", "pass.a"),
        (OURS, "google", "pass.a"),
        (OURS, "apple", "pass.b"),
        (OURS, "applep", "ass.a"),
    ):
        with pytest.raises(SealBroken):
            vault.open(scope, kind, name, sealed)
    with pytest.raises(SealBroken):
        Vault(bytes(32)).open(OURS, "apple", "pass.a", sealed)
    for place in range(len(sealed)):
        broken = bytearray(sealed)
        broken[place] ^= 1
        with pytest.raises(SealBroken):
            vault.open(OURS, "apple", "pass.a", bytes(broken))
    for short in (b"", sealed[:10], sealed[:-1]):
        with pytest.raises(SealBroken):
            vault.open(OURS, "apple", "pass.a", short)


def test_derived_keys_differ_by_purpose_and_scope_and_stay_the_same() -> None:
    vault = Vault(KEY)
    found = {vault.derive(purpose, scope) for purpose in ("token", "link") for scope in (OURS, LIVE, THEIRS)}
    assert len(found) == 6
    assert Vault(KEY).derive("token", OURS) in found
    expected = HKDF(hashes.SHA256(), 32, salt=None, info=b"billfold\0derive\0token\0d3m0abt").derive(KEY)
    assert vault.derive("token", OURS) == expected, "another derivation would make every pass's token invalid"


def test_the_key_file_is_made_once_and_only_we_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret.key"
    first = Vault.at(path).derive("x", OURS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert len(path.read_bytes()) == 32
    assert Vault.at(path).derive("x", OURS) == first
    assert [file.name for file in path.parent.iterdir()] == ["secret.key"]


def test_a_key_file_that_others_may_read_or_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    Vault.at(path)
    path.chmod(0o440)
    with pytest.raises(StoreRefused, match="chmod 400"):
        Vault.at(path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(StoreRefused, match="not a sealing key"):
        Vault.at(path)


async def test_bytes_come_back_by_their_hash_also_after_a_restart(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path)
    hash_ = await blobs.put(b"picture")
    assert hash_ == "2cea274d0bedc39ec4ab6ba9e59ec889e3ed6fb56a1cf088a64d9b383378dc97"
    assert await blobs.put(b"picture") == hash_
    assert await blobs.get(hash_) == b"picture"
    assert await FolderBlobs(tmp_path).get(hash_) == b"picture"
    assert [file.name for file in files(tmp_path)] == [hash_]


async def test_what_is_no_hash_names_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    blobs = FolderBlobs(tmp_path / "blobs")
    for name in ("../secret", "", "a" * 63, "A" * 64, "/etc/passwd", "a" * 64 + "\n", "0" * 64):
        assert await blobs.get(name) is None


async def test_a_damaged_file_counts_as_absent_and_is_made_again(tmp_path: Path) -> None:
    hash_ = await FolderBlobs(tmp_path).put(b"picture")
    [file] = files(tmp_path)
    file.write_bytes(b"pict")
    blobs = FolderBlobs(tmp_path)
    assert await blobs.get(hash_) is None
    assert await blobs.put(b"picture") == hash_
    assert await FolderBlobs(tmp_path).get(hash_) == b"picture"


async def test_memory_is_bounded(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path, memory_bytes_max=1_000)
    names = [await blobs.put(bytes([n]) * 200) for n in range(20)]
    big = await blobs.put(b"x" * 600)
    assert blobs._memory_bytes <= 1_000
    assert [await blobs.get(name) for name in (*names, big)] == [*(bytes([n]) * 200 for n in range(20)), b"x" * 600]
    assert blobs._memory_bytes <= 1_000


async def test_many_may_put_the_same_picture_at_once(tmp_path: Path) -> None:
    hashes_ = await asyncio.gather(*(FolderBlobs(tmp_path).put(b"same" * 1_000) for _ in range(16)))
    assert len(set(hashes_)) == 1
    assert len(files(tmp_path)) == 1

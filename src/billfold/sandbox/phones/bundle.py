"""Opens a .pkpass as a phone does: unpack under limits, check the manifest, the signature, the certificate, then the pass itself.

Anything wrong ends in InvalidPass with the reasons. May not enter: network. Source: reference/apple-wallet.md sections 1, 4.7, 9.
"""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from billfold.sandbox.phones.content import PassContent, Reader, read_content
from billfold.sandbox.phones.pass_rules import find_problems
from billfold.sandbox.phones.signature import SignatureInvalid, Trust, verify_signature
from billfold.sandbox.phones.strict_json import JsonInvalid, parse_object

BUNDLE_BYTES_MAX = 16 * 1024 * 1024
UNPACKED_BYTES_MAX = 64 * 1024 * 1024
ENTRIES_MAX = 500
_UNSIGNED = ("manifest.json", "signature")


class InvalidPass(Exception):
    """The phone would not take this file. `reasons` is never empty."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True)
class OpenedPass:
    """A bundle that passed every check."""

    data: bytes
    manifest_digest: str
    content: PassContent


async def open_bundle(data: bytes, trust: Trust, reader: Reader | None = None) -> OpenedPass:
    """Raises InvalidPass."""
    files = unpack(data)
    manifest = files.get("manifest.json")
    if manifest is None:
        raise InvalidPass("the bundle has no manifest.json")
    if "signature" not in files:
        raise InvalidPass("Signature is missing")
    check_manifest(manifest, files)
    try:
        signer = await verify_signature(manifest, files["signature"], trust)
    except SignatureInvalid as error:
        raise InvalidPass(f"Manifest signature did not verify successfully: {error}") from error
    if "pass.json" not in files:
        raise InvalidPass("the bundle has no pass.json at its root")
    try:
        pass_json = parse_object(files["pass.json"])
    except JsonInvalid as error:
        raise InvalidPass(f"pass.json: {error}") from error
    problems = find_problems(pass_json, files)
    mismatch = "{} may not match your certificate: the pass says {!r}, the certificate {!r}"
    if pass_json.get("passTypeIdentifier") != signer.pass_type_identifier:
        problems += [mismatch.format("passTypeIdentifier", pass_json.get("passTypeIdentifier"), signer.pass_type_identifier)]
    if pass_json.get("teamIdentifier") != signer.team_identifier:
        problems += [mismatch.format("teamIdentifier", pass_json.get("teamIdentifier"), signer.team_identifier)]
    if problems:
        raise InvalidPass(*problems)
    return OpenedPass(data, hashlib.sha256(manifest).hexdigest(), read_content(pass_json, files, reader))


def unpack(data: bytes, bytes_max: int = BUNDLE_BYTES_MAX) -> dict[str, bytes]:
    """The files of the archive. Raises InvalidPass for what is unsafe, oversized or not a plain zip."""
    if len(data) > bytes_max:
        raise InvalidPass(f"the bundle is larger than {bytes_max} bytes")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > ENTRIES_MAX or sum(entry.file_size for entry in entries) > max(UNPACKED_BYTES_MAX, bytes_max):
                raise InvalidPass("the bundle unpacks to too much")
            files: dict[str, bytes] = {}
            for entry in entries:
                _check_entry(entry, files)
                files[entry.filename] = archive.read(entry)
            return files
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError) as error:
        raise InvalidPass(f"not a zip archive that can be read: {error}") from error


def _check_entry(entry: zipfile.ZipInfo, seen: Mapping[str, bytes]) -> None:
    name = entry.filename
    if name.startswith("/") or "\\" in entry.orig_filename or ".." in name.split("/") or "\0" in entry.orig_filename:
        raise InvalidPass(f"unsafe path in the archive: {name!r}")
    if name in seen:
        raise InvalidPass(f"{name!r} is in the archive twice")
    if entry.flag_bits & 0x1:
        raise InvalidPass(f"{name!r} is encrypted")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InvalidPass(f"{name!r} is packed by a method that phones do not know")
    if entry.is_dir() or name.startswith("__MACOSX/") or name.rpartition("/")[2] == ".DS_Store":
        raise InvalidPass(f"{name!r} does not belong into a pass")


def check_manifest(manifest: bytes, files: Mapping[str, bytes]) -> None:
    """Raises InvalidPass unless the manifest names exactly the files of the archive, each with its SHA-1."""
    try:
        listed = parse_object(manifest)
    except JsonInvalid as error:
        raise InvalidPass(f"manifest.json: {error}") from error
    present = {name for name in files if name not in _UNSIGNED}
    reasons = [f"{name} is not in the manifest" for name in sorted(present - listed.keys())]
    reasons += [f"the manifest lists {name}, which is missing" for name in sorted(listed.keys() - present)]
    reasons += [
        f"{name} does not have the SHA-1 that the manifest gives"
        for name in sorted(present & listed.keys())
        if hashlib.sha1(files[name], usedforsecurity=False).hexdigest() != listed[name]
    ]
    if reasons:
        raise InvalidPass(*reasons)

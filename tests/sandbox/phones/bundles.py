"""Makes .pkpass bundles without any code of Billfold: zipfile, hashlib, and `openssl smime -sign`."""

import hashlib
import io
import json
import struct
import subprocess
import tempfile
import zipfile
import zlib
from pathlib import Path

from billfold.sandbox.authority import IssuedCertificate
from judges import judge

TYPE = "pass.com.example.coffee"
TEAM = "A1B2C3D4E5"


def png() -> bytes:
    """One grey pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\x80")) + chunk(b"IEND", b"")


def pass_json(serial_number: str = "C-1", **changes: object) -> dict[str, object]:
    """A store card. A member set to None is left out."""
    content = {
        "formatVersion": 1,
        "passTypeIdentifier": TYPE,
        "teamIdentifier": TEAM,
        "serialNumber": serial_number,
        "organizationName": "Bayroast Coffee",
        "description": "Loyalty card",
        "logoText": "Bayroast Coffee",
        "backgroundColor": "rgb(60, 40, 20)",
        "barcodes": [{"format": "PKBarcodeFormatQR", "message": "LOYALTY-98765", "messageEncoding": "iso-8859-1"}],
        "storeCard": store_card("1,250"),
    }
    content.update(changes)
    return {name: value for name, value in content.items() if value is not None}


def store_card(points: object, **more: object) -> dict[str, object]:
    field = {
        "key": "points",
        "label": "POINTS",
        "value": points,
        "changeMessage": "You hit %@ points. Free coffee unlocked!",
    }
    return {
        "headerFields": [{**field, **more}],
        "primaryFields": [{"key": "card", "label": "CARD", "value": "Coffee Rewards"}],
    }


def files_of(content: dict[str, object], extra: dict[str, bytes] | None = None) -> dict[str, bytes]:
    return {"pass.json": json.dumps(content).encode(), "icon.png": png(), "icon@2x.png": png(), **(extra or {})}


def manifest_of(files: dict[str, bytes]) -> bytes:
    return json.dumps({name: hashlib.sha1(data).hexdigest() for name, data in files.items()}, indent=1).encode()


def sign(manifest: bytes, issued: IssuedCertificate, *options: str, intermediate: bytes | None = None) -> bytes:
    """A detached signature by openssl. `options` replace nothing, they come after the usual ones."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in {
            "manifest.json": manifest,
            "certificate.pem": issued.certificate_pem,
            "key.pem": issued.key_pem,
            "intermediate.pem": issued.intermediate_pem if intermediate is None else intermediate,
        }.items():
            Path(folder, name).write_bytes(data)
        with_chain = ["-certfile", "intermediate.pem"] if intermediate != b"" else []
        command = ["smime", "-sign", "-binary", "-in", "manifest.json", "-signer", "certificate.pem", "-inkey", "key.pem"]
        subprocess.run(
            [judge("openssl"), *command, *with_chain, "-outform", "DER", "-out", "signature", *options],
            cwd=folder,
            check=True,
            capture_output=True,
        )
        return Path(folder, "signature").read_bytes()


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def bundle(content: dict[str, object], issued: IssuedCertificate, extra: dict[str, bytes] | None = None) -> bytes:
    files = files_of(content, extra)
    manifest = manifest_of(files)
    return zipped({**files, "manifest.json": manifest, "signature": sign(manifest, issued)})

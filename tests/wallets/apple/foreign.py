"""Passes as strangers make them: packed by the standard library, signed by a throwaway authority, with faults put in on purpose."""

import copy
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from functools import cache
from typing import Any

from PIL import Image

from billfold.wallets.apple.certificates import load_apple_credential
from billfold.wallets.apple.signing import Signer
from wallets.apple import authority

Json = dict[str, Any]

DOCUMENT: Json = {
    "formatVersion": 1,
    "passTypeIdentifier": authority.PASS_TYPE,
    "teamIdentifier": authority.TEAM,
    "serialNumber": "C-0001",
    "organizationName": "Corner Coffee",
    "description": "Loyalty card of Corner Coffee",
    "backgroundColor": "rgb(22, 101, 52)",
    "foregroundColor": "rgb(255, 255, 255)",
    "labelColor": "rgb(229, 231, 235)",
    "webServiceURL": "https://wallet.example/apple/",
    "authenticationToken": "vxwxd7J8AlNNFPS8k0a0FfUFtq0ewzFdc",
    "barcodes": [{"format": "PKBarcodeFormatQR", "message": "C-0001", "messageEncoding": "iso-8859-1", "altText": "C-0001"}],
    "storeCard": {
        "headerFields": [{"key": "points", "label": "POINTS", "value": 1200, "changeMessage": "You have %@ points"}],
        "primaryFields": [{"key": "name", "label": "MEMBER", "value": "Ada"}],
        "secondaryFields": [{"key": "since", "label": "SINCE", "value": "2026-01-05T09:00Z", "dateStyle": "PKDateStyleShort"}],
        "backFields": [{"key": "contact", "label": "Contact", "value": "hello@coffee.example"}],
    },
}
"""A pass.json that no rule has anything to say about."""


def document(change: Callable[[Json], object] | None = None, **changes: object) -> Json:
    """DOCUMENT with changes; a value of None takes the key away."""
    made = copy.deepcopy(DOCUMENT)
    made.update(changes)
    made = {key: value for key, value in made.items() if value is not None}
    if change is not None:
        change(made)
    return made


def styled(style: str, **changes: object) -> Json:
    """DOCUMENT in another style, its fields kept."""
    fields = copy.deepcopy(DOCUMENT["storeCard"])
    if style == "boardingPass":
        fields["transitType"] = "PKTransitTypeAir"
    return document(**{"storeCard": None, style: fields}, **changes)


@cache
def png(width: int = 38, height: int = 38) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (22, 101, 52)).save(out, "PNG")
    return out.getvalue()


@cache
def signer() -> Signer:
    leaf, key = authority.pem(authority.certificate()), authority.key_pem(authority.rsa_key("pass"))
    return Signer(load_apple_credential(leaf, key, None, [authority.intermediate().pem], authority.NOW))


def sign(manifest: bytes) -> bytes:
    return signer().sign(manifest, int(authority.NOW.timestamp()))


def manifest_of(files: dict[str, bytes]) -> bytes:
    return json.dumps({name: hashlib.sha1(data).hexdigest() for name, data in files.items()}).encode()


def files_of(pass_json: Json | bytes | None = None, **more: bytes) -> dict[str, bytes]:
    """What is packed, without manifest and signature."""
    given = DOCUMENT if pass_json is None else pass_json
    raw = given if isinstance(given, bytes) else json.dumps(given).encode()
    return {"pass.json": raw, "icon.png": png(), "icon@2x.png": png(76, 76), "logo.png": png(160, 50), **more}


def packed(files: dict[str, bytes], manifest: bytes | None = None, signature: bytes | None = None) -> bytes:
    """A signed archive of the files. b"" as manifest or signature leaves it out."""
    manifest = manifest_of(files) if manifest is None else manifest
    signature = sign(manifest) if signature is None else signature
    own = {"manifest.json": manifest, "signature": signature}
    return zipped({**files, **{name: data for name, data in own.items() if data}})


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()

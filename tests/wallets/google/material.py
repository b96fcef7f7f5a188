"""Material for the tests of Google's half: a service account, contents, and Google's own description as a judge.

May not enter: the code under test's own idea of what is right."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import strategies as st

import billfold.sandbox.google
from billfold.domain.content import Barcode, BarcodeFormat, Content, Field, ImageSlot, Kind, Location, Style
from billfold.domain.ids import Environment, Scope, pass_id
from billfold.domain.passes import Pass
from billfold.wallets.google.credentials import GoogleCredential

ISSUER = "3388000000012345678"
SCOPE = Scope("d3m0ab", Environment.TEST)
NOW_MS = 1_795_176_000_000

COFFEE = Content(
    organization_name="Bayroast",
    description="Bayroast Coffee loyalty card",
    logo_text="Bayroast Coffee",
    header=(Field("points", "1,250", "POINTS", "You hit %@ points. Free coffee unlocked!"),),
    primary=(Field("card", "Coffee Rewards", "CARD"),),
    secondary=(Field("tier", "Gold", "TIER"), Field("since", "2024", "MEMBER SINCE")),
    back=(Field("terms", "One coffee for each 100 points.", "Terms"), Field("web", "https://bayroast.example/help", "Help")),
    barcode=Barcode(BarcodeFormat.QR, "LOYALTY-98765", "98765"),
)


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def private_pem(key: Any = None) -> str:
    return (
        (key or rsa_key())
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )


def public_pem() -> str:
    return rsa_key().public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


@cache
def credential(token_uri: str = "https://oauth2.googleapis.com/token") -> GoogleCredential:
    return GoogleCredential(ISSUER, "billfold@project-1.iam.gserviceaccount.com", private_pem(), "a1" * 20, token_uri)


def pass_of(content: Content, number: int = 1, seed: bytes = b"0123456789abcdef", **more: Any) -> Pass:
    return Pass(pass_id(SCOPE, seed), SCOPE, content, "f", number, number, NOW_MS, NOW_MS, "pass.example.card", ISSUER, **more)


# --- any content ------------------------------------------------------------------------------------------------------------------

_TEXT = st.text(max_size=60)
_FIELDS = st.lists(
    st.builds(
        Field,
        key=st.text(min_size=1, max_size=12),
        value=st.one_of(_TEXT, st.just("https://example.com/a?b=c"), st.text(min_size=400, max_size=900)),
        label=st.none() | _TEXT,
        change_message=st.none() | st.just("now %@"),
    ),
    max_size=6,
).map(tuple)

CONTENTS = st.builds(
    Content,
    organization_name=st.text(min_size=1, max_size=64),
    description=_TEXT,
    style=st.sampled_from(Style),
    logo_text=st.none() | _TEXT,
    header=_FIELDS,
    primary=_FIELDS,
    secondary=_FIELDS,
    auxiliary=_FIELDS,
    back=_FIELDS,
    barcode=st.none()
    | st.builds(Barcode, st.sampled_from(BarcodeFormat), st.text(max_size=2000), st.none() | st.text(max_size=50)),
    background_color=st.from_regex(r"#[0-9a-f]{6}", fullmatch=True),
    images=st.dictionaries(st.sampled_from(ImageSlot), st.just("a" * 64)),
    locations=st.lists(
        st.builds(Location, st.floats(-90, 90), st.floats(-180, 180), st.none(), st.none() | _TEXT), max_size=10
    ).map(tuple),
    sharing_prohibited=st.booleans(),
    expires_at=st.none() | st.integers(0, 2**62),
    voided=st.booleans(),
    grouping=st.none() | st.text(max_size=30),
    kind=st.none() | st.sampled_from(Kind),
    valid_from=st.none() | st.integers(0, 2**62),
)


# --- Google's description ---------------------------------------------------------------------------------------------------------


@cache
def schemas() -> dict[str, Any]:
    path = Path(billfold.sandbox.google.__file__).parent / "data" / "walletobjects.v1.json"
    found: dict[str, Any] = json.loads(path.read_text())["schemas"]
    return found


def faults(value: Any, schema: str, *, patch: bool = False) -> list[str]:
    """What Google's discovery document has against `value`: unknown members, wrong types, unknown or old enum names, and missing
    members whose description begins with "Required.". In a patch null is allowed and nothing is required at the top."""
    if not isinstance(value, dict):
        return [f"{schema}: not an object"]
    known = schemas()[schema]["properties"]
    found = [f"{schema}.{name}: unknown" for name in value if name not in known]
    if not patch:
        found += [
            f"{schema}.{name}: missing"
            for name, one in known.items()
            if one.get("description", "").startswith("Required.") and name not in value
        ]
    for name, member in value.items():
        if name in known and not (patch and member is None):
            found += [f"{schema}.{name}{fault}" for fault in _value_faults(member, known[name], patch=patch)]
    return found


def _value_faults(value: Any, one: dict[str, Any], *, patch: bool) -> list[str]:
    if "$ref" in one:
        return [f" > {fault}" for fault in faults(value, one["$ref"], patch=patch)]
    kind = one["type"]
    if kind == "array":
        if not isinstance(value, list):
            return [": no list"]
        return [fault for item in value for fault in _value_faults(item, one["items"], patch=False)]
    right = {"string": str, "boolean": bool, "integer": int, "number": int | float}[kind]
    if not isinstance(value, right):
        return [f": {type(value).__name__} for {kind}"]
    if "enum" in one:
        current = [name for name, old in zip(one["enum"], one.get("enumDeprecated", [False] * 99), strict=False) if not old]
        if value not in current:
            return [f": {value} is no current enum name"]
    return [": deprecated"] if one.get("deprecated") else []

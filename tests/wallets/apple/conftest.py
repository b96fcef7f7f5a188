"""What the Apple tests share: a credential made by our own authority, and small makers of passes and contents."""

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from billfold.domain.content import Barcode, BarcodeFormat, Content, Field, Style, TransitType
from billfold.domain.ids import Environment, Scope, pass_id
from billfold.domain.passes import Pass
from billfold.wallets.apple.certificates import AppleCredential, load_apple_credential
from wallets.apple import authority

SCOPE = Scope("d3m0ab", Environment.TEST)
MESSAGES = {
    BarcodeFormat.CODE39: "C-1",
    BarcodeFormat.CODABAR: "A1234B",
    BarcodeFormat.EAN13: "4006381333931",
    BarcodeFormat.ITF: "00012345678905",
}
"""A message that the format can carry, where "C-1" is none."""


@pytest.fixture(scope="session")
def credential() -> AppleCredential:
    leaf, key = authority.pem(authority.certificate()), authority.key_pem(authority.rsa_key("pass"))
    return load_apple_credential(leaf, key, None, [authority.intermediate().pem], authority.NOW)


@pytest.fixture
def scope() -> Scope:
    return SCOPE


@pytest.fixture
def make_pass() -> Callable[..., Pass]:
    def make(number: int = 1, **changes: object) -> Pass:
        made = Pass(
            id=pass_id(SCOPE, number.to_bytes(16, "big")),
            scope=SCOPE,
            content=None,
            fingerprint="",
            number=number,
            issued_number=number,
            issued_at_ms=int(authority.NOW.timestamp() * 1000),
            updated_at_ms=int(authority.NOW.timestamp() * 1000),
            pass_type=authority.PASS_TYPE,
            issuer_id="",
        )
        return replace(made, **changes)

    return make


@pytest.fixture
def make_content() -> Callable[..., Content]:
    """A store card that the rules have nothing to say about; a boarding pass gets its transit type."""

    def make(**changes: object) -> Content:
        made = Content(
            organization_name="Corner Coffee",
            description="Loyalty card of Corner Coffee",
            style=Style.STORE_CARD,
            header=(Field("points", "1200", "POINTS", "You hit %@ points"),),
            primary=(Field("name", "Ada", "MEMBER"),),
            secondary=(Field("tier", "Gold", "TIER"),),
            back=(Field("contact", "hello@coffee.example", "Contact"),),
            barcode=Barcode(BarcodeFormat.QR, "C-0001", "C-0001"),
        )
        if changes.get("style") is Style.BOARDING_PASS:
            changes.setdefault("transit_type", TransitType.AIR)
        return msgspec.structs.replace(made, **changes)

    return make

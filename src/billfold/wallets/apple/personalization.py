"""Reward sign-up: the form that a bundle brings along, and the token that a phone wants back, signed, when it is filled in.

Source: reference/apple-wallet.md section 3 (WDG/PassPersonalization, WP/return-a-personalized-pass).
May not enter: what becomes of the answers (domain/personalization.py), HTTP."""

from collections.abc import Callable
from hashlib import sha256
from typing import Final, Protocol

import orjson
from msgspec.structs import replace

from billfold.domain.content import Content, ImageSlot, JsonObject, SignUp, SignUpField
from billfold.domain.ids import Scope
from billfold.domain.passes import Pass
from billfold.domain.signing import ToSign
from billfold.ports import Clock
from billfold.wallets.apple.certificates import AppleCredential
from billfold.wallets.apple.signing import Signer

FILE: Final = "personalization.json"
FIELDS: Final = {
    SignUpField.NAME: "PKPassPersonalizationFieldName",
    SignUpField.POSTAL_CODE: "PKPassPersonalizationFieldPostalCode",
    SignUpField.EMAIL: "PKPassPersonalizationFieldEmailAddress",
    SignUpField.PHONE: "PKPassPersonalizationFieldPhoneNumber",
}


class Credentials(Protocol):
    async def apple(self, scope: Scope, pass_type: str | None) -> AppleCredential:
        """Raises CredentialMissing."""


def offered(content: Content, *, has_nfc: bool) -> Content:
    """Without form and logo where phones would not show it: it goes with what a reader gets by near field, which needs Apple's
    entitlement; and without the logo of a form that is answered."""
    if content.sign_up is not None and content.nfc is not None and has_nfc:
        return content
    if content.sign_up is None and not _has_logo(content):
        return content
    localized = {language: _without_logo(images) for language, images in content.localized_images.items()}
    return replace(content, sign_up=None, images=_without_logo(content.images), localized_images=localized)


def file_of(form: SignUp) -> tuple[str, bytes]:
    """(name in the bundle, bytes): UTF-8, strict JSON."""
    out: JsonObject = {"requiredPersonalizationFields": [FIELDS[one] for one in form.ask], "description": form.description}
    if form.terms is not None:
        out["termsAndConditions"] = form.terms
    return FILE, orjson.dumps(out)


async def token_to_sign(
    credentials: Credentials, clock: Clock, pass_: Pass, token: bytes
) -> tuple[ToSign, Callable[[bytes], bytes]]:
    """(what is to be signed, what makes the detached signature of it): as over a manifest, with the pass's own certificate.

    Whoever calls sees to it that `token` can be no manifest, or strangers had passes signed. Raises CredentialMissing."""
    signer = Signer(await credentials.apple(pass_.scope, pass_.pass_type))
    digest, before, own = signer.begin(sha256(token).digest(), clock.now_ms() // 1000)
    return ToSign(signer.key, digest), lambda signature: before + own + signature


def _has_logo(content: Content) -> bool:
    slot = ImageSlot.PERSONALIZATION_LOGO
    return slot in content.images or any(slot in one for one in content.localized_images.values())


def _without_logo(images: dict[ImageSlot, str]) -> dict[ImageSlot, str]:
    return {slot: hash_ for slot, hash_ in images.items() if slot is not ImageSlot.PERSONALIZATION_LOGO}

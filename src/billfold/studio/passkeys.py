"""Passkeys in the browser's words (WebAuthn Level 3), by py_webauthn; the challenge is derived, so nothing is kept between the
question and the answer. The library is loaded at its first use: a server's start shall not wait for it.

May not enter: storage, who may do what."""

import base64
import binascii
import json
import secrets
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from billfold.domain.errors import FieldProblem, Invalid, Unauthenticated
from billfold.domain.people import CEREMONY_MS, Passkey
from billfold.flows.people import Secret
from billfold.ports import Services

NOBODYS = "000000"
"""Whose key makes challenges before it is known who asks."""


@dataclass(frozen=True, slots=True)
class Ceremony:
    """One question to a browser. `state` goes with it and comes back; `origin`: of the page that asks."""

    purpose: str
    origin: str
    state: str

    @property
    def rp_id(self) -> str:
        return urlsplit(self.origin).hostname or ""

    def challenge(self, services: Services) -> bytes:
        return services.secrets.mac("passkey-challenge", NOBODYS, f"{self.purpose}|{self.origin}|{self.state}")

    def in_time(self, now_ms: int) -> bool:
        until, _, _ = self.state.partition(".")
        return until.isdigit() and now_ms < int(until) <= now_ms + CEREMONY_MS


def begin(services: Services, purpose: str, origin: str) -> Ceremony:
    until = services.clock.now_ms() + CEREMONY_MS
    return Ceremony(purpose, origin, f"{until}.{secrets.token_hex(16)}")


def _library() -> Any:
    return import_module("webauthn")


def _structs() -> Any:
    return import_module("webauthn.helpers.structs")


def to_make(services: Services, one: Ceremony, workspace: str, email: str, name: str, known: list[Passkey]) -> dict[str, object]:
    """What `navigator.credentials.create` is given."""
    library, structs = _library(), _structs()
    handle = workspace.encode() + services.secrets.mac("passkey-user", workspace, email)[:16]
    options = library.generate_registration_options(
        rp_id=one.rp_id,
        rp_name="Billfold",
        user_id=handle,
        user_name=email,
        user_display_name=name or email,
        challenge=one.challenge(services),
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED, user_verification=structs.UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=_bytes(passkey.id)) for passkey in known],
    )
    return {"state": one.state, "options": json.loads(library.options_to_json(options))}


def made(services: Services, one: Ceremony, answer: object) -> Secret:
    """Raises Invalid for whatever does not hold."""
    if not one.in_time(services.clock.now_ms()):
        raise _refused()
    try:
        found = _library().verify_registration_response(
            credential=json.dumps(answer),
            expected_challenge=one.challenge(services),
            expected_rp_id=one.rp_id,
            expected_origin=one.origin,
            require_user_verification=True,
        )
    except Exception:  # the library raises many kinds, and Python's own for a crooked answer
        raise _refused() from None
    return Secret(
        passkey_id=_text(found.credential_id), passkey_key=_text(found.credential_public_key), passkey_count=found.sign_count
    )


def to_sign_in(services: Services, one: Ceremony) -> dict[str, object]:
    """What `navigator.credentials.get` is given: any passkey of ours, the browser asks which."""
    library, structs = _library(), _structs()
    options = library.generate_authentication_options(
        rp_id=one.rp_id, challenge=one.challenge(services), user_verification=structs.UserVerificationRequirement.REQUIRED
    )
    return {"state": one.state, "options": json.loads(library.options_to_json(options))}


def claimed(answer: object) -> tuple[str, str]:
    """(workspace, passkey id) that an answer names, not yet proved. Raises Unauthenticated."""
    try:
        assert isinstance(answer, dict)
        handle = _bytes(str(answer["response"]["userHandle"])).decode("latin-1")
        passkey_id = _text(_bytes(str(answer["id"])))
    except (AssertionError, KeyError, TypeError, ValueError, binascii.Error):
        raise Unauthenticated("malformed") from None
    return handle[:6], passkey_id


def signed(services: Services, one: Ceremony, answer: object, passkey: Passkey) -> int:
    """The sign count of a good answer. Raises Unauthenticated."""
    if not one.in_time(services.clock.now_ms()):
        raise Unauthenticated("expired")
    try:
        found = _library().verify_authentication_response(
            credential=json.dumps(answer),
            expected_challenge=one.challenge(services),
            expected_rp_id=one.rp_id,
            expected_origin=one.origin,
            credential_public_key=_bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except Exception:  # as above
        raise Unauthenticated("unknown") from None
    return int(found.new_sign_count)


def _refused() -> Invalid:
    return Invalid(FieldProblem("passkey", "passkey_refused", "the passkey could not be checked", "try it again"))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

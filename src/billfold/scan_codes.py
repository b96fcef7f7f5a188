"""scan_ports.CardCodes over the vault, and scan_ports.Pins over argon2: the adapters of the till. Part of bootstrap's work.

ES256 by joserfc and cryptography. A signature is the same each time (RFC 6979), so that a card's code does not change by itself.
May not enter: what is signed and what a device may do (domain/offline.py), HTTP."""

import asyncio
import base64
import binascii
import json

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from billfold.domain.ids import Scope
from billfold.domain.offline import Grant, ScanRules
from billfold.domain.schedules import HOUR_MS
from billfold.scan_ports import Scanning
from billfold.settings import Settings
from billfold.storage.sealing import Vault

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256. Source: SP 800-186."""
_HALF = 32
_ALGORITHM = ec.ECDSA(SHA256(), deterministic_signing=True)


class CardCodes:
    """Keys of scopes are derived once and kept."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._keys: dict[Scope, ec.EllipticCurvePrivateKey] = {}

    def sign(self, scope: Scope, text: str) -> str:
        r, s = decode_dss_signature(self._key(scope).sign(text.encode(), _ALGORITHM))
        return _base64url(r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big"))

    def verify(self, scope: Scope, text: bytes, signature: str) -> bool:
        try:
            raw = base64.urlsafe_b64decode(signature + "==")
        except (binascii.Error, ValueError):
            return False
        if len(raw) != 2 * _HALF or _base64url(raw) != signature:
            return False
        both = encode_dss_signature(int.from_bytes(raw[:_HALF], "big"), int.from_bytes(raw[_HALF:], "big"))
        try:
            self._key(scope).public_key().verify(both, text, ec.ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True

    def public_key(self, scope: Scope) -> dict[str, str]:
        named = self._jwk(scope).as_dict(private=False)
        return {name: str(named[name]) for name in ("kty", "crv", "x", "y")} | {"alg": "ES256", "use": "sig"}

    def sign_grant(self, scope: Scope, grant: Grant, now_ms: int) -> str:
        claims = {
            "sub": grant.terminal_id,
            "aud": scope.code,
            "iat": now_ms // 1000,
            "exp": grant.expires_at_ms // 1000,
            "count": grant.count,
            "amount_minor": dict(grant.amount_minor),
            "after_seq": grant.after_seq,
        }
        return jws.serialize_compact({"alg": "ES256", "typ": "JWT"}, json.dumps(claims).encode(), self._jwk(scope))

    def read_grant(self, scope: Scope, token: str) -> Grant | None:
        try:
            claims = json.loads(jws.deserialize_compact(token, self._jwk(scope), algorithms=["ES256"]).payload)
            if claims["aud"] != scope.code:
                return None
            amounts = {str(unit): int(amount) for unit, amount in claims["amount_minor"].items()}
            return Grant(claims["sub"], claims["count"], amounts, claims["after_seq"], claims["exp"] * 1000)
        except (JoseError, ValueError, KeyError, TypeError):
            return None

    def _jwk(self, scope: Scope) -> ECKey:
        return ECKey.import_key(self._key(scope))

    def _key(self, scope: Scope) -> ec.EllipticCurvePrivateKey:
        key = self._keys.get(scope)
        if key is None:
            seed = int.from_bytes(self._vault.derive("card-code", scope), "big")
            key = self._keys[scope] = ec.derive_private_key(seed % (_ORDER - 1) + 1, ec.SECP256R1())
        return key


class Argon2Pins:
    """A PIN has few digits: what protects it is the limit on guesses, and a hash that is slow to guess from a stolen database."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

    async def hash(self, pin: str) -> str:
        return await asyncio.to_thread(self._hasher.hash, pin)

    async def verify(self, pin_hash: str, pin: str) -> bool:
        try:
            return await asyncio.to_thread(self._hasher.verify, pin_hash, pin)
        except (Argon2Error, InvalidHashError):
            return False


def scanning(settings: Settings, vault: Vault) -> Scanning:
    """What scans need beside the database, as the operator has set it."""
    rules = ScanRules(
        vat_default_bp=settings.vat_default_bp,
        undo_ms=int(settings.scan_undo_hours * HOUR_MS),
        count=settings.offline_scans_max,
        amount_minor=settings.offline_amount_minor,
        grant_ms=int(settings.offline_hours * HOUR_MS),
        grace_ms=int(settings.offline_grace_hours * HOUR_MS),
        unsigned=settings.offline_unsigned,
    )
    return Scanning(CardCodes(vault), Argon2Pins(), rules)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

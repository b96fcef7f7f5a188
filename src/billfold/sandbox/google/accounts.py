"""Service accounts: their keys, RS256 tokens that they sign, and the access tokens that they get for them.

May not enter: classes and objects, HTTP. Source: reference/google-wallet.md sections 2.1 and 8.1; RFC 7515, RFC 7523."""

import base64
import binascii
import secrets

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from billfold.sandbox.google.clock import Clock
from billfold.sandbox.google.state import GoogleState
from billfold.sandbox.google.values import JsonObject, NotJson, as_text, dig, parse_object

SCOPE = "https://www.googleapis.com/auth/wallet_object.issuer"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_SECONDS = 3600
SKEW_SECONDS = 300
_AUDIENCES = frozenset({"https://oauth2.googleapis.com/token", "https://www.googleapis.com/oauth2/v4/token"})


class BadJwt(ValueError):
    """The text says what is wrong with the token."""


class TokenRefused(Exception):
    """An OAuth error answer: `error` and `description` of RFC 6749 section 5.2. The descriptions are invented."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


class Caller(msgspec.Struct, frozen=True):
    email: str
    scope: str


def make_service_account_file(state: GoogleState, issuer_id: str, external_url: str) -> JsonObject:
    """A new RSA key in the file format of Google's cloud console; its public half is registered as an owner of `issuer_id`."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key_id = secrets.token_hex(20)
    email = f"billfold-{secrets.token_hex(4)}@sandbox-{issuer_id}.iam.gserviceaccount.com"
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    state.register_issuer(issuer_id, email, public.decode(), key_id)
    base = external_url.rstrip("/")
    return {
        "type": "service_account",
        "project_id": f"sandbox-{issuer_id}",
        "private_key_id": key_id,
        "private_key": private.decode(),
        "client_email": email,
        "client_id": str(secrets.randbelow(10**21)).zfill(21),
        "auth_uri": f"{base}/auth",
        "token_uri": f"{base}/token",
        "auth_provider_x509_cert_url": f"{base}/oauth2/v1/certs",
        "client_x509_cert_url": f"{base}/robot/v1/metadata/x509/{email}",
        "universe_domain": "googleapis.com",
    }


def check_public_key(pem: str) -> None:
    """Raises ValueError unless `pem` is an RSA public key of at least 2048 bits."""
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except Exception as error:  # the library raises several kinds
        raise ValueError("not a PEM public key") from error
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < 2048:
        raise ValueError("not an RSA key of at least 2048 bits")


def _decode(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadJwt("not base64url") from None


def verified_claims(state: GoogleState, jwt: str) -> JsonObject:
    """The claims of `jwt`, signed RS256 with a registered key of the account named by its `iss`. Raises BadJwt."""
    parts = jwt.split(".")
    if len(parts) != 3 or not jwt.isascii():
        raise BadJwt("not a JWT of three parts")
    try:
        header, claims = parse_object(_decode(parts[0])), parse_object(_decode(parts[1]))
    except NotJson as error:
        raise BadJwt(f"header and claims must be JSON objects: {error}") from None
    if header.get("alg") != "RS256":
        raise BadJwt("alg must be RS256")
    email, key_id = as_text(claims.get("iss")), as_text(header.get("kid"))
    keys = state.rows("select public_key_pem from account_key where email = ? and (key_id = ? or ? = '')", email, key_id, key_id)
    if not keys:
        raise BadJwt("iss and kid name no registered key")
    signature = _decode(parts[2])
    signed = f"{parts[0]}.{parts[1]}".encode()
    if not any(_verifies(row["public_key_pem"], signature, signed) for row in keys):
        raise BadJwt("the signature does not verify")
    return claims


def _verifies(pem: str, signature: bytes, signed: bytes) -> bool:
    key = serialization.load_pem_public_key(pem.encode())
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def exchange(state: GoogleState, clock: Clock, token_url: str, grant_type: str, assertion: str) -> JsonObject:
    """The answer of the token endpoint. Raises TokenRefused."""
    if grant_type != GRANT:
        raise TokenRefused("unsupported_grant_type", f"grant_type must be {GRANT}")
    try:
        claims = verified_claims(state, assertion)
    except BadJwt as error:
        raise TokenRefused("invalid_grant", f"Invalid JWT: {error}") from None
    if claims.get("aud") not in _AUDIENCES | {token_url}:
        raise TokenRefused("invalid_grant", "Invalid JWT: aud must be the address of the token endpoint")
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int) or not isinstance(expires, int) or not 0 < expires - issued <= TOKEN_SECONDS:
        raise TokenRefused("invalid_grant", "Invalid JWT: iat and exp must be at most 3600 seconds apart")
    now = clock.now_ms() // 1000
    if expires < now - SKEW_SECONDS or issued > now + SKEW_SECONDS:
        raise TokenRefused("invalid_grant", "Invalid JWT: Token must be a short-lived token, check your iat and exp values")
    scope = as_text(dig(claims, "scope"))
    if not scope.strip():
        raise TokenRefused("invalid_scope", "scope is missing")
    token = "ya29." + secrets.token_urlsafe(32)
    with state.transaction():
        state.run("delete from access_token where expires_ms < ?", clock.now_ms())
        state.run(
            "insert into access_token values (?, ?, ?, ?)",
            *(token, as_text(claims.get("iss")), scope, clock.now_ms() + TOKEN_SECONDS * 1000),
        )
    return {"access_token": token, "expires_in": TOKEN_SECONDS - 1, "token_type": "Bearer"}


def caller(state: GoogleState, clock: Clock, token: str) -> Caller | None:
    """Who holds the access token, or None where it is unknown or expired."""
    found = state.rows("select * from access_token where token = ? and expires_ms > ?", token, clock.now_ms())
    return Caller(found[0]["email"], found[0]["scope"]) if found else None


def expire_tokens(state: GoogleState) -> None:
    state.run("delete from access_token")

"""A Google service account as a value: read from the key file that Google Cloud gives, checked, and packed for the vault.

Each refusal names the mend, since the usual mistakes (an OAuth client file, the client_id in place of the issuer id) give errors at
Google that point elsewhere. May not enter: the network, disk, sealing. Source: reference/google-wallet.md sections 1.1 and 2.1."""

import re
from dataclasses import dataclass, field

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from billfold.domain.errors import CredentialRefused

KEY_BITS_MIN = 2048
KEY_BITS_MAX = 4096
"""Above this the signature alone fills the save link; Google itself hands out 2048."""

_DOWNLOAD = "download a new JSON key: Google Cloud console, IAM & Admin, Service accounts, Keys, Add key, JSON"
_ISSUER = "take the issuer id from the Google Pay & Wallet Console, top of the Google Wallet API page: about 19 digits"


@dataclass(frozen=True, slots=True)
class GoogleCredential:
    """Who speaks to Google for an issuer. `private_key_pem` is the secret; it stays out of `repr`."""

    issuer_id: str
    client_email: str
    private_key_pem: str = field(repr=False)
    key_id: str
    token_uri: str


class _KeyFile(msgspec.Struct):
    """The members of a service account's key file that we use; the others (project, certificates) are ignored."""

    type: str = ""
    private_key_id: str = ""
    private_key: str = ""
    client_email: str = ""
    client_id: str = ""
    token_uri: str = ""
    installed: dict[str, object] = {}
    web: dict[str, object] = {}


def load_google_credential(data: bytes, issuer_id: str, *, foreign_token_uri: bool = False) -> GoogleCredential:
    """The credential in a service account's key file (JSON bytes), for the issuer `issuer_id` (decimal text).

    `foreign_token_uri`: accept a token address that is not Google's, for a stand-in. Raises CredentialRefused with the mend."""
    try:
        file = msgspec.json.decode(data, type=_KeyFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CredentialRefused("google_key_not_json", "the file is not the JSON key of a service account", _DOWNLOAD) from error
    _check_kind(file)
    _check_issuer(issuer_id, file)
    key = load_private_key(file.private_key)
    if not KEY_BITS_MIN <= key.key_size <= KEY_BITS_MAX:
        raise CredentialRefused("google_key_size", f"the key has {key.key_size} bits", _DOWNLOAD)
    if not foreign_token_uri and not re.match(r"https://([a-z0-9-]+\.)*googleapis\.com/", file.token_uri):
        raise CredentialRefused("google_token_uri", "the token_uri in the file is not Google's", _DOWNLOAD)
    return GoogleCredential(issuer_id, file.client_email, file.private_key, file.private_key_id, file.token_uri)


def load_private_key(pem: str, *, known: bool = False) -> rsa.RSAPrivateKey:
    """The RSA key in PEM text. Raises CredentialRefused: an unreadable key or one of another kind cannot sign RS256.

    `known`: of a credential, so that it passed all checks before; the primality check alone would cost the first request 35 ms."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=known)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CredentialRefused("google_key_unreadable", "the private_key in the file cannot be read", _DOWNLOAD) from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise CredentialRefused("google_key_not_rsa", "the private_key in the file is not an RSA key", _DOWNLOAD)
    return key


def encode(credential: GoogleCredential) -> bytes:
    """Everything, the secret included: only for sealing."""
    return msgspec.json.encode(credential)


def decode(data: bytes) -> GoogleCredential:
    """The inverse of `encode`."""
    return msgspec.json.decode(data, type=GoogleCredential)


def _check_kind(file: _KeyFile) -> None:
    if file.installed or file.web:
        raise CredentialRefused("google_key_wrong_kind", "this is the file of an OAuth client, not of a service account", _DOWNLOAD)
    if file.type and file.type != "service_account":
        raise CredentialRefused("google_key_wrong_kind", "this is a Google key file, but not of a service account", _DOWNLOAD)
    missing = [name for name in ("type", "private_key_id", "private_key", "client_email", "token_uri") if not getattr(file, name)]
    if missing:
        raise CredentialRefused("google_key_incomplete", f"the file lacks {', '.join(missing)}", _DOWNLOAD)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", file.client_email):
        raise CredentialRefused("google_key_incomplete", "the client_email in the file is no e-mail address", _DOWNLOAD)


def _check_issuer(issuer_id: str, file: _KeyFile) -> None:
    if issuer_id == file.client_id:
        raise CredentialRefused("google_issuer_is_client_id", "this is the service account's client_id, not the issuer id", _ISSUER)
    if not re.fullmatch(r"[0-9]{1,20}", issuer_id):
        raise CredentialRefused("google_issuer_not_numeric", "an issuer id has digits only", _ISSUER)

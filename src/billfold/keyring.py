"""The credentials of every workspace, opened when a wallet needs one and kept open for some seconds.

The only place that turns a sealed record into a signing key. Part of bootstrap's work, kept apart because it has state.
May not enter: HTTP, how files are checked (wallets/*/), anything that prints."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, TypeVar

from billfold.domain.errors import CredentialMissing
from billfold.domain.ids import Environment, Scope
from billfold.ports import Clock, Store, StoredCredential
from billfold.storage.sealing import Vault
from billfold.wallets.apple import certificates
from billfold.wallets.apple.certificates import AppleCredential
from billfold.wallets.apple.signing_request import SigningRequest
from billfold.wallets.google import credentials as accounts
from billfold.wallets.google.credentials import GoogleCredential

KEPT_SECONDS = 5.0
"""So long another process's import or renewal may go unseen."""

APPLE, GOOGLE, REQUEST = "apple", "google", "apple_request"
MENDS = {
    APPLE: "import one with `billfold certs import`",
    GOOGLE: "connect one with `billfold google connect`",
}
T = TypeVar("T")


@dataclass(slots=True)
class _Opened(Generic[T]):
    sealed: bytes
    value: T
    fresh_until: float


class Keyring:
    """The AppleCredentials and GoogleCredentials of the wallets. `sandbox_token_url`: where the test environment's service accounts
    get their tokens, whatever address the stand-in had when they were made."""

    def __init__(self, store: Store, vault: Vault, clock: Clock, sandbox_token_url: str | None) -> None:
        self._store, self._vault, self._clock = store, vault, clock
        self._sandbox_token_url = sandbox_token_url
        self._apple: dict[tuple[Scope, str | None], _Opened[AppleCredential]] = {}
        self._google: dict[tuple[Scope, str | None], _Opened[GoogleCredential]] = {}

    async def apple(self, scope: Scope, pass_type: str | None) -> AppleCredential:
        """Raises CredentialMissing."""
        if kept := _kept(self._apple, scope, pass_type):
            return kept
        return await self._open(self._apple, scope, APPLE, pass_type, certificates.decode)

    async def google(self, scope: Scope, issuer_id: str | None) -> GoogleCredential:
        """Raises CredentialMissing."""
        if kept := _kept(self._google, scope, issuer_id):
            return kept
        decode: Callable[[bytes], GoogleCredential] = accounts.decode
        if scope.environment is Environment.TEST and self._sandbox_token_url:
            decode = partial(_account_of_sandbox, self._sandbox_token_url)
        return await self._open(self._google, scope, GOOGLE, issuer_id, decode)

    async def _open(
        self,
        kept: dict[tuple[Scope, str | None], _Opened[T]],
        scope: Scope,
        kind: str,
        name: str | None,
        decode: Callable[[bytes], T],
    ) -> T:
        now = time.monotonic()
        stored = await self._find(scope, kind, name)
        if stored is None:
            raise CredentialMissing(kind, MENDS[kind])
        known = kept.get((scope, name))
        if known is None or known.sealed != stored.sealed:
            known = _Opened(stored.sealed, decode(self._vault.open(scope, kind, stored.name, stored.sealed)), 0.0)
            kept[(scope, name)] = known
        known.fresh_until = now + KEPT_SECONDS
        return known.value

    async def _find(self, scope: Scope, kind: str, name: str | None) -> StoredCredential | None:
        if name is not None:
            return await self._store.read(lambda tx: tx.credentials.find(scope, kind, name))
        newest = await self._store.read(lambda tx: tx.credentials.list(scope, kind))
        return newest[0] if newest else None

    async def add_apple(self, scope: Scope, credential: AppleCredential) -> StoredCredential:
        """Seals and stores; a renewed certificate of the same pass type takes the old one's place."""
        public = {
            "pass_type_identifier": credential.pass_type_identifier,
            "team_identifier": credential.team_identifier,
            "not_before": credential.not_before.isoformat(),
            "not_after": credential.not_after.isoformat(),
            "nfc": "yes" if credential.has_nfc else "no",
        }
        expires = int(credential.not_after.timestamp() * 1000)
        return await self._add(scope, APPLE, credential.pass_type_identifier, public, certificates.encode(credential), expires)

    async def add_request(self, scope: Scope, request: SigningRequest) -> StoredCredential:
        """Seals the key of a signing request until its certificate comes."""
        public = {"fingerprint": request.fingerprint}
        return await self._add(scope, REQUEST, request.fingerprint, public, request.key_pem, None)

    async def requested_keys(self, scope: Scope) -> list[bytes]:
        """The keys (PEM) of all signing requests made here, the newest first."""
        stored = await self._store.read(lambda tx: tx.credentials.list(scope, REQUEST))
        return [self._vault.open(scope, REQUEST, one.name, one.sealed) for one in stored]

    async def add_google(self, scope: Scope, credential: GoogleCredential) -> StoredCredential:
        public = {"issuer_id": credential.issuer_id, "client_email": credential.client_email}
        return await self._add(scope, GOOGLE, credential.issuer_id, public, accounts.encode(credential), None)

    async def _add(
        self, scope: Scope, kind: str, name: str, public: dict[str, str], secret: bytes, expires_at_ms: int | None
    ) -> StoredCredential:
        sealed = self._vault.seal(scope, kind, name, secret)
        stored = StoredCredential(scope, kind, name, public, sealed, self._clock.now_ms(), expires_at_ms)
        await self._store.write(lambda tx: tx.credentials.put(stored))
        return stored


def _kept(kept: dict[tuple[Scope, str | None], _Opened[T]], scope: Scope, name: str | None) -> T | None:
    """One that was opened a moment ago."""
    known = kept.get((scope, name))
    return known.value if known and known.fresh_until > time.monotonic() else None


def _account_of_sandbox(token_uri: str, record: bytes) -> GoogleCredential:
    return replace(accounts.decode(record), token_uri=token_uri)

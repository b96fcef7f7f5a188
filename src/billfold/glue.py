"""Small adapters that let one room speak to another's Protocol, so that neither imports the other. Used by bootstrap alone.

May not enter: decisions, settings."""

import base64
import ctypes
import gc
import hashlib
import hmac
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import uuid_utils

from billfold.domain.content import Content
from billfold.domain.delivery import Channel, Due, Outcome
from billfold.domain.errors import FieldProblem, Invalid
from billfold.domain.events import EventKind
from billfold.domain.ids import Environment, PassId, Scope
from billfold.domain.passes import Pass
from billfold.domain.totp import SECRET_BYTES
from billfold.images.shelf import Fetch, FetchRefused
from billfold.outgoing.client import OutgoingClient
from billfold.outgoing.errors import OutgoingError
from billfold.outgoing.guard import Role
from billfold.outgoing.push_pool import HttpTwoPool
from billfold.outgoing.push_pool import PushRequest as PoolRequest
from billfold.ports import CallbackNews, Finding, Tx, Unsigned, Wallet
from billfold.storage.sealing import Vault
from billfold.wallets.apple.certificates import AppleCredential
from billfold.wallets.apple.push import PushAnswer, PushRequest
from billfold.wallets.google.adapter import GoogleWallet, HolderChange
from billfold.wallets.google.callbacks import CallbackRefused
from billfold.wallets.google.http import NoAnswer

_TRIM = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""glibc alone has it."""


class SystemClock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


def give_back_memory() -> None:
    """After a broadcast: what the C library keeps of freed memory goes back to the system, where it knows how (glibc)."""
    gc.collect()
    if _TRIM is not None:
        _TRIM(0)


class SystemEntropy:
    def bytes(self, count: int) -> bytes:
        return os.urandom(count)

    def event_id(self) -> str:
        return str(uuid_utils.uuid7())


class PassSecrets:
    """ports.Secrets over the vault. The MAC keys of scopes are derived once and kept."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._keys: dict[Scope, bytes] = {}
        self._code_keys: dict[Scope, bytes] = {}

    def pass_token(self, scope: Scope, pass_id: PassId) -> str:
        key = self._keys.get(scope)
        if key is None:
            key = self._keys[scope] = self._vault.derive("apple-pass-token", scope)
        mac = hmac.digest(key, pass_id.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(mac[:24]).decode("ascii")

    def code_secret(self, scope: Scope, pass_id: PassId) -> bytes:
        key = self._code_keys.get(scope)
        if key is None:
            key = self._code_keys[scope] = self._vault.derive("rotating-code", scope)
        return hmac.digest(key, pass_id.encode(), hashlib.sha256)[:SECRET_BYTES]

    def mac(self, purpose: str, workspace: str, message: str) -> bytes:
        return hmac.digest(self._vault.derive(purpose, Scope(workspace, Environment.LIVE)), message.encode(), hashlib.sha256)


def mail_macs(vault: Vault) -> Callable[[Scope, str, str], str]:
    """The MACs of mail_ports.MailDesk: 120 bits, in letters that a mail server may turn into capitals and back."""

    def mac(scope: Scope, purpose: str, text: str) -> str:
        made = hmac.digest(vault.derive(f"mail-{purpose}", scope), text.encode(), hashlib.sha256)
        return base64.b32encode(made[:15]).decode("ascii").lower()

    return mac


class ByEnvironment:
    """ports.Wallet: the test environment's wallet or the live one, by the scope. They differ by credentials and addresses only."""

    def __init__(self, wallets: Mapping[Environment, Wallet]) -> None:
        self._wallets = wallets
        self.channel: Channel = wallets[Environment.TEST].channel

    def check(self, content: Content) -> tuple[Finding, ...]:
        return self._wallets[Environment.TEST].check(content)

    async def check_for(self, scope: Scope, content: Content) -> tuple[Finding, ...]:
        return await self._wallets[scope.environment].check_for(scope, content)

    async def identity(self, scope: Scope) -> str:
        return await self._wallets[scope.environment].identity(scope)

    async def prepare(self, pass_: Pass, content: Content) -> Unsigned:
        return await self._wallets[pass_.scope.environment].prepare(pass_, content)

    def rows_at_once(self, scope: Scope) -> int:
        return self._wallets[scope.environment].rows_at_once(scope)

    async def publish(self, scope: Scope, due: Sequence[Due]) -> list[Outcome]:
        return await self._wallets[scope.environment].publish(scope, due)


class PushPools:
    """wallets.apple.adapter.PushTransport: one pool of connections for each certificate and push service."""

    def __init__(self, url: str, ca_pem: bytes | None, *, streams_max: int, connections_max: int) -> None:
        self._url, self._ca_pem = url, ca_pem
        self._streams_max, self._connections_max = streams_max, connections_max
        self._pools: dict[bytes, HttpTwoPool] = {}

    async def post_many(self, credential: AppleCredential, requests: Sequence[PushRequest]) -> list[PushAnswer | Exception]:
        pool = self._pools.get(credential.certificate_pem)
        if pool is None:
            chain = credential.certificate_pem + credential.intermediate_pem
            pool = self._pools[credential.certificate_pem] = HttpTwoPool(
                self._url,
                chain,
                credential.key_pem,
                self._ca_pem,
                streams_max=self._streams_max,
                connections_max=self._connections_max,
            )
        # Both rooms' requests have the same members; a hundred thousand copies would say nothing more.
        return list(await pool.post_many(cast(Sequence[PoolRequest], requests)))

    def drop_connections(self, credential: AppleCredential) -> None:
        if pool := self._pools.get(credential.certificate_pem):
            pool.drop_connections()

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.close()


class GoogleCallbackDesk:
    """ports.CallbackReader over the Google wallet."""

    def __init__(self, wallet: GoogleWallet) -> None:
        self._wallet = wallet

    async def receive(self, scope: Scope, body: bytes, record: Callable[[Tx, CallbackNews], None]) -> None:
        try:
            callback = await self._wallet.verified_callback(scope, body)
        except CallbackRefused as refused:
            mend = "only Google's own callbacks are taken here"
            raise Invalid(FieldProblem("", "forged_callback", f"not a callback of ours ({refused})", mend)) from None

        def told(tx: Tx, change: HolderChange) -> None:
            record(tx, CallbackNews(change.pass_id, change.kind is EventKind.PASS_INSTALLED))

        await self._wallet.refresh_from_callback(scope, callback, told)


class TrustedHttp:
    """wallets.google.http.Http over the guarded client, for addresses that the operator set."""

    def __init__(self, outgoing: OutgoingClient) -> None:
        self._outgoing = outgoing

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_seconds: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        try:
            answer = await self._outgoing.request(
                method, url, role=Role.TRUSTED, headers=headers, body=body, timeout_seconds=timeout_seconds
            )
        except OutgoingError as error:
            raise NoAnswer(str(error)) from error
        return answer.status, answer.headers, answer.body


def picture_fetch(outgoing: OutgoingClient, bytes_max: int) -> Fetch:
    """Gets a picture from an address that a caller named: the full guard, three redirects at most."""

    async def fetch(url: str) -> bytes:
        try:
            answer = await outgoing.request("GET", url, role=Role.UNTRUSTED, max_bytes=bytes_max, redirects_max=3)
        except OutgoingError as error:
            raise FetchRefused(str(error)) from None
        if answer.status != 200:
            raise FetchRefused("the address did not answer with a picture")
        return answer.body

    return fetch

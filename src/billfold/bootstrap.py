"""Picks the adapters and puts them together: the only place that knows them all. Opens, lends and closes; cli/serving.py runs them.

May not enter: decisions, HTTP routes."""

import asyncio
import contextlib
import datetime
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from ipaddress import ip_network

from billfold import mailroom, scan_codes
from billfold.checker import CheckingThread
from billfold.domain.addresses import Addresses
from billfold.domain.delivery import Channel
from billfold.domain.errors import CredentialMissing, CredentialRefused, NotFound
from billfold.domain.ids import Environment, Scope
from billfold.domain.schedules import DAY_MS, HOUR_MS, MINUTE_MS, Retention
from billfold.flows import workspaces
from billfold.flows.deployment import Facts
from billfold.flows.housekeeping import RECONCILE_JOB, ensure_schedules
from billfold.flows.ledger import Books
from billfold.flows.ledger_check import CHECK_JOB, LedgerCheck
from billfold.flows.ledger_due import DUE_JOB, settle_due
from billfold.flows.loyalty.refreshing import REFRESH_JOB, refresh
from billfold.flows.loyalty.tending import TEND_JOB, Recorder, Tending
from billfold.flows.reconcile import HolderSource, Reconciler
from billfold.flows.scans import missing
from billfold.flows.scans.missing import MISSING_JOB
from billfold.glue import (
    ByEnvironment,
    GoogleCallbackDesk,
    PassSecrets,
    PushPools,
    SystemClock,
    SystemEntropy,
    TrustedHttp,
    give_back_memory,
    picture_fetch,
)
from billfold.images.pool import ImageWorkshop
from billfold.images.shelf import Shelf
from billfold.keyring import Keyring
from billfold.limits import TokenBuckets
from billfold.mail_ports import MailDesk
from billfold.outgoing.client import OutgoingClient
from billfold.ports import Services, Store, StoredCredential, Tx, Wallet, Workspace
from billfold.sandbox.authority import SandboxAuthority
from billfold.sandbox.site import Sandbox, SandboxAddresses, known_addresses
from billfold.scan_codes import Argon2Pins
from billfold.settings import Settings
from billfold.signers.pool import SigningProcesses
from billfold.signers.threads import SigningThreads
from billfold.storage import ledger_checker, revision
from billfold.storage.blobs import FolderBlobs
from billfold.storage.ledger_checker_report import Report as LedgerReport
from billfold.storage.sealing import Vault
from billfold.storage.store import open_store
from billfold.wallets.apple.adapter import AppleWallet
from billfold.wallets.apple.certificates import AppleCredential, check_for_live, load_apple_credential
from billfold.wallets.apple.packs import pack
from billfold.wallets.apple.personalization import token_to_sign
from billfold.wallets.apple.push import PushOptions
from billfold.wallets.apple.signing_request import make_signing_request
from billfold.wallets.apple.vocabulary import vocabulary
from billfold.wallets.google.adapter import GoogleOptions, GoogleWallet
from billfold.wallets.google.credentials import load_google_credential
from billfold.workers import jobs
from billfold.workers.runner import Runner

ANCHOR_PURPOSE = "ledger-anchor"
"""What the key is derived for that signs the books' anchors."""
DEMO_WORKSPACE = "demo00"
DEMO = Scope(DEMO_WORKSPACE, Environment.TEST)
SIGNING_THREADS = 2
"""Where no process of its own signs."""
Closer = Callable[[], Awaitable[None] | None]


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """What the operator hands in: a .p12, or a certificate and its key."""

    certificate: bytes
    key: bytes
    password: str | None
    intermediates: tuple[bytes, ...]


@dataclass(slots=True)
class Parts:
    """Everything that one process has open. `settings` are those in force, with the address that the server really has."""

    settings: Settings
    store: Store
    services: Services
    keyring: Keyring
    runner: Runner
    mail: mailroom.MailRoom
    callbacks: GoogleCallbackDesk
    vault: Vault
    sandbox: Sandbox | None
    facts: Facts
    warm: Callable[[], None]
    """Starts what would otherwise start with the first request that needs it."""
    closers: list[Closer] = field(default_factory=list)

    async def import_certificate(self, scope: Scope, files: CertificateFiles) -> tuple[StoredCredential, tuple[str, ...]]:
        """Checks and seals a pass certificate; also says what the operator should know. A certificate without a key is that of a
        signing request made here. Raises CredentialRefused, NotFound."""
        await self._known(scope)
        now = datetime.datetime.fromtimestamp(self.services.clock.now_ms() / 1000, datetime.UTC)
        try:
            credential = load_apple_credential(files.certificate, files.key, files.password, files.intermediates, now)
        except CredentialRefused as refused:
            if refused.code != "key_missing" or files.key:
                raise
            credential = await self._with_requested_key(scope, files, now, refused)
        if scope.environment is Environment.LIVE:
            check_for_live(credential)
        return await self.keyring.add_apple(scope, credential), credential.warnings(now)

    async def _with_requested_key(
        self, scope: Scope, files: CertificateFiles, now: datetime.datetime, refused: CredentialRefused
    ) -> AppleCredential:
        for key in await self.keyring.requested_keys(scope):
            try:
                return load_apple_credential(files.certificate, key, files.password, files.intermediates, now)
            except CredentialRefused as other:
                if other.code != "key_mismatch":
                    raise
        raise refused

    async def request_certificate(self, scope: Scope, name: str) -> bytes:
        """A signing request (PEM) for Apple, whose key stays here, sealed. Raises NotFound."""
        await self._known(scope)
        request = await asyncio.to_thread(make_signing_request, name)
        await self.keyring.add_request(scope, request)
        return request.request_pem

    async def _known(self, scope: Scope) -> None:
        if await self.store.read(lambda tx: tx.workspaces.find(scope.workspace)) is None:
            raise NotFound("workspace (`billfold doctor` lists them)")

    async def connect_google(self, scope: Scope, file: bytes, issuer_id: str) -> StoredCredential:
        """Checks and seals a service account. Raises CredentialRefused, NotFound."""
        await self._known(scope)
        return await self.keyring.add_google(scope, load_google_credential(file, issuer_id))

    async def close(self) -> None:
        for closer in reversed(self.closers):
            closing = closer()
            if closing is not None:
                await closing


async def open_parts(settings: Settings, *, serving: bool = False, sandbox: Sandbox | None = None) -> Parts:
    """Opens the database (brought to this version's tables), the vault, the wallets. `serving`: this is the one server process.

    `sandbox`: the stand-ins, started; a worker process finds those of the server by the data folder."""
    await asyncio.to_thread(_bring_up, settings.database_url)
    gap_ms = int(settings.push_gap_seconds * 1000)
    store = open_store(settings.database_url, gap_ms=gap_ms, exclusive=serving)
    clock, blobs = SystemClock(), FolderBlobs(settings.data / "blobs")
    assert settings.key_file is not None
    vault = Vault.at(settings.key_file)
    outgoing, workshop = _outgoing(settings), ImageWorkshop(bytes_max=settings.image_max_bytes)
    shelf = _shelf(settings, store, blobs, workshop, outgoing, clock)
    stand_ins = _stand_ins(settings, sandbox)
    keyring = Keyring(store, vault, clock, f"{stand_ins.google_url}/token" if stand_ins else None)
    check_value = vault.derive("deployment-check", DEMO).hex()[:16]
    facts = Facts(settings.public_url, check_value, stand_ins.google_url if stand_ins else "")
    secrets, addresses = PassSecrets(vault), Addresses(settings.public_url)
    sign = SigningProcesses(settings.signers) if settings.signers else SigningThreads(SIGNING_THREADS)
    checker = CheckingThread()
    closers: list[Closer] = [store.close, outgoing.close, workshop.close, sign.close, checker.close]
    apple = _apple_wallets(settings, stand_ins, keyring, secrets, shelf, addresses, clock, closers)
    google_options = _google_options(settings, stand_ins)
    google = GoogleWallet(
        store,
        keyring,
        TrustedHttp(outgoing),
        shelf,
        addresses.image,
        addresses.google_callback,
        clock,
        lambda scope: google_options[scope.environment],
        secrets.code_secret,
    )
    outbox = mailroom.outbox(settings, clock, vault)
    runner = _runner(settings, store, {Channel.APPLE: apple, Channel.GOOGLE: google}, google, outbox, vault, serving=serving)
    services = Services(
        store=store,
        blobs=blobs,
        clock=clock,
        entropy=SystemEntropy(),
        apple=apple,
        google=google,
        images=shelf,
        checker=checker,
        addresses=addresses,
        limits=TokenBuckets(settings.rate_limit_per_second, settings.rate_limit_burst, time.monotonic),
        secrets=secrets,
        sign=sign,
        pack=pack,
        sign_token=partial(token_to_sign, keyring, clock),
        wake=runner.wake,
        passwords=Argon2Pins(),
        failed_sign_ins=_failures(settings.failed_sign_ins_per_minute, 60, "sign_in", "too many wrong keys; use a good one"),
        mail=outbox,
        scanning=scan_codes.scanning(settings, vault),
        devices_per_pass_max=settings.devices_per_pass_max,
    )
    mail = mailroom.open_room(settings, services, stand_ins, sandbox, alone=_alone(settings, serving))
    desk = GoogleCallbackDesk(google)
    warm = partial(_warm, sign)
    return Parts(settings, store, services, keyring, runner, mail, desk, vault, sandbox, facts, warm, closers)


def _warm(sign: SigningProcesses | SigningThreads) -> None:
    sign.start()
    vocabulary()


def _shelf(
    settings: Settings, store: Store, blobs: FolderBlobs, workshop: ImageWorkshop, outgoing: OutgoingClient, clock: SystemClock
) -> Shelf:
    refused = "too many addresses gave no picture; send it as a data URI"
    return Shelf(
        store,
        blobs,
        workshop,
        picture_fetch(outgoing, settings.image_max_bytes),
        clock,
        bytes_max=settings.image_max_bytes,
        url_cache_seconds=settings.image_url_cache_seconds,
        refusals=_failures(settings.refused_fetches_per_hour, 3600, "fetches", refused),
    )


def _outgoing(settings: Settings) -> OutgoingClient:
    return OutgoingClient(
        allow_untrusted=frozenset(map(mailroom.host_port, settings.outgoing_allow)),
        own_networks=map(ip_network, settings.outgoing_forbid),
    )


def _runner(
    settings: Settings,
    store: Store,
    wallets: Mapping[Channel, Wallet],
    holders: HolderSource,
    outbox: MailDesk,
    vault: Vault,
    *,
    serving: bool,
) -> Runner:
    books = LedgerCheck(store, SystemEntropy().event_id, partial(vault.derive, ANCHOR_PURPOSE))
    visits: dict[str, jobs.Visit] = {CHECK_JOB: books.visit}
    if settings.google_reconcile_hour is not None:
        visits[RECONCILE_JOB] = Reconciler(store, holders, SystemEntropy().event_id, settings.google_reconcile_hour).visit
    # On SQLite the server is the one worker: under a name that stays, it takes up its own leases at once after a crash.
    return Runner(
        store,
        wallets,
        owner="server" if _alone(settings, serving) else None,
        lease_seconds=settings.lease_seconds,
        poll_seconds=settings.poll_seconds,
        gap_ms=int(settings.push_gap_seconds * 1000),
        steps=jobs.steps(_retention(settings), _steps(settings, outbox, vault)),
        visits=visits,
        rest=give_back_memory,
    )


def _steps(settings: Settings, outbox: MailDesk, vault: Vault) -> dict[str, jobs.Step]:
    """Of jobs that need more than the database."""
    clock, entropy = SystemClock(), SystemEntropy()
    recorder = Recorder(clock, entropy, scan_codes.scanning(settings, vault))
    return {
        TEND_JOB: Tending(recorder, outbox.queue).step,
        DUE_JOB: partial(settle_due, Books(clock, entropy)),
        MISSING_JOB: partial(missing.look, recorder),
        REFRESH_JOB: partial(refresh, recorder.scanning.codes),
    }


def _alone(settings: Settings, serving: bool) -> bool:
    return serving and settings.database_url.startswith("sqlite")


def _retention(settings: Settings) -> Retention:
    return Retention(
        idempotency_ms=int(settings.idempotency_keep_hours * HOUR_MS),
        callback_ms=int(settings.callback_keep_days * DAY_MS),
        job_ms=int(settings.job_keep_days * DAY_MS),
        image_source_ms=max(DAY_MS, int(settings.image_url_cache_seconds * 1000)),
        device_log_ms=int(settings.device_log_keep_days * DAY_MS),
        mail_ms=int(settings.mail_keep_days * DAY_MS),
        mail_address_ms=int(settings.mail_address_keep_days * DAY_MS),
        every_ms=int(settings.housekeeping_minutes * MINUTE_MS),
    )


def verify_ledger(settings: Settings, progress: Callable[[int], None]) -> LedgerReport:
    """Reads the books from outside; see storage/ledger_checker.py."""
    assert settings.key_file is not None
    vault = Vault.at(settings.key_file)

    def secret_of(workspace: str, environment: str) -> bytes:
        return vault.derive(ANCHOR_PURPOSE, Scope(workspace, Environment(environment)))

    return ledger_checker.verify(settings.database_url, progress, secret_of)


def _bring_up(url: str) -> None:
    """The database at this release's tables. Alembic is loaded where there is something to do: it costs a start 0.3 s and 8 MB."""
    if revision.current(url) != revision.head():
        import_module("billfold.storage.migrate").upgrade(url)


def _stand_ins(settings: Settings, sandbox: Sandbox | None) -> SandboxAddresses | None:
    if not settings.sandbox:
        return None
    return (
        SandboxAddresses(sandbox.push_url, sandbox.google_url, sandbox.mail.port)
        if sandbox
        else known_addresses(settings.data / "sandbox")
    )


def _apple_wallets(
    settings: Settings,
    stand_ins: SandboxAddresses | None,
    keyring: Keyring,
    secrets: PassSecrets,
    shelf: Shelf,
    addresses: Addresses,
    clock: SystemClock,
    closers: list[Closer],
) -> Wallet:
    """Apple's push service for live, the stand-in for test; without stand-ins both go to Apple."""

    def wallet(push_url: str, ca_pem: bytes | None) -> AppleWallet:
        pools = PushPools(push_url, ca_pem, streams_max=settings.push_streams, connections_max=settings.push_connections)
        options = PushOptions(push_url, settings.push_type, settings.push_priority, settings.push_expiration_seconds)
        closers.append(pools.close)
        return AppleWallet(keyring, secrets.pass_token, shelf, addresses.web_service, pools, clock, options)

    live = wallet(settings.push_url, settings.push_ca_file.read_bytes() if settings.push_ca_file else None)
    if stand_ins is None:
        return live
    root_pem = SandboxAuthority.open(settings.data / "sandbox").root_pem
    return ByEnvironment({Environment.TEST: wallet(stand_ins.push_url, root_pem), Environment.LIVE: live})


def _google_options(settings: Settings, stand_ins: SandboxAddresses | None) -> dict[Environment, GoogleOptions]:
    live = GoogleOptions(
        api_url=settings.google_url,
        save_base_url=settings.google_save_url,
        root_keys_url=settings.google_keys_url,
        requests_per_second=settings.google_requests_per_second,
    )
    if stand_ins is None:
        return {Environment.TEST: live, Environment.LIVE: live}
    base = stand_ins.google_url
    test = GoogleOptions(
        api_url=base,
        save_base_url=f"{base}/gp/v/save/",
        root_keys_url=f"{base}/gp/m/issuer/keys",
        requests_per_second=settings.google_requests_per_second,
        plain_callbacks=True,
    )
    return {Environment.TEST: test, Environment.LIVE: live}


def _failures(count: float, window_seconds: int, policy: str, message: str) -> TokenBuckets:
    return TokenBuckets(count / window_seconds, max(1, int(count)), time.monotonic, policy=policy, message=message)


@contextlib.asynccontextmanager
async def operate(settings: Settings) -> AsyncIterator[Parts]:
    """For commands of the operator, also while the server runs: everything open, nothing started."""
    await asyncio.to_thread(settings.data.mkdir, parents=True, exist_ok=True)
    parts = await open_parts(settings)
    try:
        await furnish(parts)
        yield parts
    finally:
        await parts.close()


async def furnish(parts: Parts) -> None:
    """The demo workspace, and sandbox credentials for each workspace that has none in its test environment."""
    services = parts.services
    made_at = services.clock.now_ms()
    quota = parts.settings.quota_passes_per_month
    await workspaces.ensure(services, Workspace(DEMO_WORKSPACE, "Demo", "Bayroast Coffee", made_at, quota))
    await _ensure_schedules(parts)
    if parts.sandbox is None:
        return
    for workspace in await parts.store.read(lambda tx: tx.workspaces.all()):
        await _issue_test_credentials(parts, parts.sandbox, workspace)


async def _ensure_schedules(parts: Parts) -> None:
    now, retention = await parts.store.now_ms(), _retention(parts.settings)

    def transaction(tx: Tx) -> None:
        for workspace in tx.workspaces.all():
            for environment in Environment:
                ensure_schedules(tx, Scope(workspace.id, environment), now, retention, parts.settings.google_reconcile_hour)

    await parts.store.write(transaction)


async def _issue_test_credentials(parts: Parts, sandbox: Sandbox, workspace: Workspace) -> None:
    scope = Scope(workspace.id, Environment.TEST)
    try:
        await parts.keyring.apple(scope, None)
    except CredentialMissing:
        issued = await asyncio.to_thread(sandbox.issue_certificate, workspace.id, workspace.organization_name)
        files = CertificateFiles(issued.certificate_pem, issued.key_pem, None, (issued.intermediate_pem,))
        await parts.import_certificate(scope, files)
    try:
        await parts.keyring.google(scope, None)
    except CredentialMissing:
        issuer_id, file = await asyncio.to_thread(sandbox.issue_account, workspace.id)
        await parts.keyring.add_google(scope, load_google_credential(file, issuer_id, foreign_token_uri=True))


async def demo_key(parts: Parts) -> str | None:
    """The demo's test key: derived from the sealing key, so that each start can show it though only its hash is stored."""
    secret = parts.vault.derive("demo-test-key", DEMO)
    return await workspaces.ensure_key(parts.services, DEMO, "demo", hashlib.shake_256(secret).digest(33))

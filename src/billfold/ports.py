"""What the flows need from the outside, as Protocols: storage, wallets, credentials, images, clock and ids. Adapters fulfil them,
bootstrap picks the adapters. May not enter: any adapter, SQL, HTTP.

Storage works in short synchronous transactions: `await store.write(fn)` runs `fn(tx)` alone and durably (group commit on SQLite, a
thread on PostgreSQL) and may run it again where its work was undone, so `fn` does no I/O and changes nothing outside `tx`."""

from collections.abc import Awaitable, Callable, Collection, Hashable, Sequence, Set
from dataclasses import dataclass
from typing import Protocol, TypeVar

import msgspec

from billfold.ahead_ports import AsksAhead
from billfold.check_ports import Checker
from billfold.domain.addresses import Addresses
from billfold.domain.bundles import Bundle
from billfold.domain.content import Content
from billfold.domain.delivery import Backlog, Channel, Due, Outcome
from billfold.domain.events import Event
from billfold.domain.findings import Finding as Finding  # every wallet's rules speak in it
from billfold.domain.ids import PassId, Scope, TemplateId
from billfold.domain.keys import AccessKey
from billfold.domain.passes import Pass
from billfold.domain.schedules import JobFigures
from billfold.domain.signing import Signatures, ToSign
from billfold.image_ports import ImageShelf
from billfold.ledger_ports import HasBooks
from billfold.loyalty_ports import Till
from billfold.mail_ports import MailDesk, Mails
from billfold.people_ports import Crew, Macs, Passwords
from billfold.record_ports import HasRecords
from billfold.scan_ports import Scanning
from billfold.template_ports import Reach as Reach
from billfold.template_ports import Templates as Templates
from billfold.upkeep_ports import Deployment as Deployment
from billfold.upkeep_ports import Pruning as Pruning

T = TypeVar("T")


# --- storage: rows in, values out -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Workspace:
    """A tenant. `organization_name`: default issuer name of its passes; `quota_month` None: no limit; VAT: basis points or None."""

    id: str
    name: str
    organization_name: str
    created_at_ms: int
    quota_month: int | None = None
    vat_default_bp: int | None = None
    vat_max_bp: int | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """One device that holds one pass and wants to hear of changes. `number`: change number of its making; 0 when the pass was
    still as issued, since then nothing can have been missed between the download and the registration."""

    scope: Scope
    pass_type: str
    device: str
    pass_id: PassId
    number: int
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class GoogleObject:
    """What Google has of a pass. `values`: field key → value as last sent; `notified_ms`: when messages that notify were sent."""

    scope: Scope
    pass_id: PassId
    class_id: str
    values: dict[str, str]
    notified_ms: tuple[int, ...] = ()
    has_users: bool = False


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """Facts in clear (`public`: names, ids, dates; no secret) and the sealed secret, opened only by the vault."""

    scope: Scope
    kind: str
    name: str
    public: dict[str, str]
    sealed: bytes
    created_at_ms: int
    expires_at_ms: int | None


@dataclass(frozen=True, slots=True)
class StoredImage:
    """A picture as given (normalised), by content hash, and what was made of it per slot: `variants["logo@2x"] = hash`.
    `record`: what was measured of it, in the words of images/facts.py; "" for a picture of a release that measured nothing."""

    scope: Scope
    hash: str
    width: int
    height: int
    variants: dict[str, str]
    created_at_ms: int
    record: str = ""


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """An answer kept under an idempotency key. `fingerprint`: of the request that it answers."""

    fingerprint: str
    status: int
    body: bytes
    created_at_ms: int


class Workspaces(Protocol):
    def add(self, workspace: Workspace) -> None: ...
    def find(self, workspace: str) -> Workspace | None: ...
    def all(self) -> list[Workspace]: ...
    def set_vat(self, workspace: str, default_bp: int | None, max_bp: int | None) -> bool: ...


class Numbers(Protocol):
    def next(self, scope: Scope) -> int:
        """The next change number of the scope. Holds the scope's counter until commit, so numbers become visible in their order:
        take it as the last thing but the rows that carry it."""

    def current(self, scope: Scope) -> int: ...
    def raise_by(self, scope: Scope, amount: int) -> int:
        """For a restore from backup: no number that a phone may have seen is given again."""


class Keys(Protocol):
    def add(self, key: AccessKey) -> None: ...
    def find(self, scope: Scope, key_id: str) -> AccessKey | None: ...
    def list(self, scope: Scope) -> list[AccessKey]: ...
    def revoke(self, scope: Scope, key_id: str, at_ms: int) -> bool: ...
    def expire(self, scope: Scope, key_id: str, until_ms: int) -> None:
        """At `until_ms`, unless it expires before that."""

    def touch(self, scope: Scope, key_id: str, at_ms: int) -> None: ...


class Passes(Protocol):
    def add(self, pass_: Pass, key_id: str) -> None: ...
    def find(self, scope: Scope, pass_id: PassId) -> Pass | None:
        """With `template_number` joined from its template."""

    def find_all(self, scope: Scope, pass_ids: Collection[PassId]) -> dict[PassId, Pass]:
        """Those that there are, in one statement."""

    def find_locked(self, scope: Scope, pass_id: PassId) -> Pass | None:
        """The same, and nobody else changes it until commit."""

    def replace(self, pass_: Pass) -> None:
        """Content or values, fingerprint, number, updated_at_ms, voided. Issue facts never change."""

    def renew(self, pass_: Pass) -> None:
        """The same under the next number, taken with it (Numbers.next) and named to nobody but Deliveries.want_taken."""

    def list(self, scope: Scope, after: str | None, limit: int, template_id: TemplateId | None = None) -> list[Pass]:
        """By id, those after `after`."""

    def count_issued_since(self, scope: Scope, since_ms: int) -> int: ...


class Registrations(Protocol):
    def add(self, registration: Registration, push_token: str, at_ms: int, want: bool) -> bool:
        """Makes or refreshes the registration, and the device's delivery row with its push token (an upsert). True when the
        registration is new. `want`: tell the device soon (wanted = registration.number)."""

    def remove(self, scope: Scope, pass_type: str, device: str, pass_id: PassId) -> bool:
        """True when it was there. The device's delivery row goes with its last registration."""

    def changed_since(self, scope: Scope, pass_type: str, device: str, tag: int | None) -> tuple[list[PassId], int]:
        """Passes of the type that the device holds and whose version (own, template's, or the registration's number) is above
        `tag`, and the greatest such number (>= tag)."""

    def count(self, scope: Scope, pass_id: PassId) -> int: ...
    def devices(self, scope: Scope, pass_id: PassId) -> list[str]:
        """Delivery targets (`<pass type>/<device>`) of the pass."""

    def forget_device(self, scope: Scope, target: str, before_ms: int | None) -> list[PassId]:
        """Removes the device and its registrations, but only when its push token was last (re)registered before `before_ms`."""


class Deliveries(Protocol):
    def want_pass(self, scope: Scope, pass_id: PassId, pass_type: str, number: int, now_ms: int, priority: int) -> int:
        """Every device registered for the pass wants `number` (Apple), and its Google object, if it has a row, does. Gives back how
        many rows (devices + Google holders) will be told."""

    def want_taken(self, scope: Scope, pass_id: PassId, now_ms: int, priority: int) -> int:
        """The same for the number that this transaction has taken last (Passes.renew)."""

    def want_object(self, scope: Scope, pass_id: PassId, number: int, now_ms: int, priority: int) -> None:
        """Makes or raises the Google row of a pass."""

    def want_template(
        self, scope: Scope, template_id: TemplateId, number: int, now_ms: int, after: str, limit: int
    ) -> tuple[str | None, int]:
        """One chunk of telling everybody who holds a pass of the template: passes by id after `after`; (last id or None at the end,
        rows wanted)."""

    def next_due_ms(self) -> int | None: ...
    def slices(self, now_ms: int) -> list[tuple[Scope, Channel, int]]: ...
    def urgency(self, now_ms: int) -> dict[tuple[Scope, Channel, int], int]:
        """Slices with rows due now, each with the priority of its most urgent one."""

    def due(self, scope: Scope, channel: Channel, bucket: int, now_ms: int, limit: int, besides: Set[str] = ...) -> list[Due]:
        """The most urgent first. Rows whose target is one of `besides` count towards `limit`, and are left out."""

    def settle(self, results: Sequence[tuple[Due, Outcome]], now_ms: int, gap_ms: int) -> list[PassId]:
        """Acknowledges; gives back the passes that went from a device which is gone, once for each device.

        Delivered: delivered = the claimed wanted (a newer wish stays due, but not before now + gap). RetryLater:
        attempts + 1, due_at by back-off or as asked. Parked: kept with its reason until the next change. Gone: forgotten.
        CredentialRejected: due_at later, no attempt counted."""

    def backlog(self) -> dict[Channel, Backlog]:
        """For the operator's figures. Counts whole tables: not for requests."""

    def state(self, scope: Scope, pass_id: PassId) -> list[dict[str, str | int]]:
        """For people: per device and wallet what is wanted, delivered, attempts, last error."""


class GoogleStates(Protocol):
    def find(self, scope: Scope, pass_id: PassId) -> GoogleObject | None: ...
    def put(self, state: GoogleObject) -> None: ...
    def note_values(self, scope: Scope, pass_id: PassId, values: dict[str, str]) -> None:
        """What a holder has who saved the pass from its link, where no worker has made the object yet; else nothing."""

    def set_has_users(self, scope: Scope, pass_id: PassId, has_users: bool) -> None: ...
    def class_fingerprint(self, scope: Scope, class_id: str) -> str | None: ...
    def next_class(self, scope: Scope, after: str) -> str | None:
        """The first class id after `after`."""

    def put_class(self, scope: Scope, class_id: str, fingerprint: str) -> None: ...
    def first_sight(self, scope: Scope, nonce: str, until_ms: int) -> bool:
        """False when a callback with this nonce came before. Atomic. `until_ms`: when the callback itself expires, or now if
        that is later; it is remembered for a good while after that."""


class Events(Protocol):
    def append(self, event: Event) -> None: ...
    def append_all(self, events: Sequence[Event]) -> None: ...  # one statement for each scope
    def settled(self) -> int: ...  # what commits from now on stands behind it; read in a transaction before the one that lists
    def list(self, scope: Scope, after: str | None, limit: int, subject: str | None = None, settled: int = ...) -> list[Event]:
        """Those behind the event `after` in the stream, as far as `settled`; without it, all that are visible."""


class Usage(Protocol):
    def add(self, scope: Scope, month: str, kind: str, amount: int = 1) -> int:
        """Raises the month's count (`2026-11`) of `kind` (issued, updated) and gives back the new count."""

    def count(self, scope: Scope, month: str) -> dict[str, int]: ...


class Idempotency(Protocol):
    def find(self, scope: Scope, key: str) -> SavedAnswer | None: ...
    def add(self, scope: Scope, key: str, answer: SavedAnswer) -> None: ...


class Images(Protocol):
    def find(self, scope: Scope, hash: str) -> StoredImage | None: ...
    def put(self, image: StoredImage) -> None:
        """Makes it, or adds its variants to those of one that is there."""

    def source(self, scope: Scope, url: str) -> tuple[str, int] | None:
        """(hash, fetched_at_ms) of what a URL gave last."""

    def put_source(self, scope: Scope, url: str, hash: str, at_ms: int) -> None: ...


class Credentials(Protocol):
    def put(self, credential: StoredCredential) -> None: ...
    def find(self, scope: Scope, kind: str, name: str) -> StoredCredential | None: ...
    def list(self, scope: Scope, kind: str) -> list[StoredCredential]:
        """Newest first: the first one is used for new passes."""


class DeviceLog(Protocol):
    def add(self, scope: Scope, lines: Sequence[str], at_ms: int) -> None:
        """Keeps the newest 1,000 lines of a scope."""

    def list(self, scope: Scope, limit: int) -> list[tuple[int, str]]: ...


@dataclass(frozen=True, slots=True)
class Job:
    """Long work with a cursor. `state`: waiting, running, paused, done, failed, cancelled."""

    id: str
    scope: Scope
    kind: str
    params: dict[str, str | int]
    state: str = "waiting"
    cursor: str = ""
    done: int = 0
    failed: int = 0
    total: int | None = None
    due_at_ms: int = 0
    error: str = ""


class Jobs(Protocol):
    def start(self, job: Job) -> None: ...
    def ensure(self, job: Job) -> None:
        """Starts it unless there is one with its id."""

    def due(self, now_ms: int, limit: int) -> list[Job]: ...
    def save(self, job: Job) -> None: ...
    def find(self, scope: Scope, job_id: str) -> Job | None: ...
    def find_locked(self, scope: Scope, job_id: str) -> Job | None:
        """The same, and nobody else changes it until commit: whoever pauses, cancels or takes a step finds it so."""

    def figures(self) -> list[JobFigures]:
        """For the operator. Counts the whole table: not for requests."""


class Leases(Protocol):
    def take(self, workspace: str, slice: str, owner: str, now_ms: int, until_ms: int) -> bool:
        """True when the slice is free, expired or already the owner's; then it is the owner's until `until_ms`."""

    def release(self, owner: str) -> None: ...


class Tx(Till, Crew, HasBooks, HasRecords, AsksAhead, Protocol):
    """The repositories inside one transaction."""

    workspaces: Workspaces
    numbers: Numbers
    keys: Keys
    templates: Templates
    passes: Passes
    registrations: Registrations
    deliveries: Deliveries
    google: GoogleStates
    events: Events
    usage: Usage
    idempotency: Idempotency
    images: Images
    credentials: Credentials
    device_log: DeviceLog
    jobs: Jobs
    leases: Leases
    mails: Mails
    pruning: Pruning
    deployment: Deployment


class Store(Protocol):
    async def write(self, fn: Callable[[Tx], T], *, short: bool = False) -> T:
        """Runs `fn` in a transaction, durable when this returns. An exception of `fn` undoes its own work only.

        `short`: it looks up and changes some ten single rows, whatever is stored; on SQLite it then runs in the event loop."""

    async def read(self, fn: Callable[[Tx], T], *, single: bool = False, long: bool = False) -> T:
        """Runs `fn` on one snapshot (`single`: of one statement). Short indexed reads; on SQLite at once, in the calling thread,
        unless they are `long`."""

    async def recall(self, key: Hashable, fn: Callable[[Tx], T]) -> T:
        """As `read` of one statement, kept under `key` while no process commits anything. Nobody changes the answer."""

    async def now_ms(self) -> int:
        """The clock that due_at and leases go by: the database's on PostgreSQL, this machine's on SQLite."""

    async def close(self) -> None: ...


class Blobs(Protocol):
    """Bytes by content hash (SHA-256, hex)."""

    async def put(self, data: bytes) -> str: ...
    async def get(self, hash: str) -> bytes | None: ...


# --- the world --------------------------------------------------------------------------------------------------------------------


class Clock(Protocol):
    def now_ms(self) -> int: ...


class Entropy(Protocol):
    """Randomness and ids, so that tests can repeat them."""

    def bytes(self, count: int) -> bytes: ...
    def event_id(self) -> str:
        """A UUIDv7 as text: sorts by time of making within this process."""


# --- wallets ----------------------------------------------------------------------------------------------------------------------


class Offer(msgspec.Struct, frozen=True):
    """What a phone installs from: Apple's signed bundle, or Google's save link."""

    bundle: Bundle | None = None
    save_url: str | None = None


class Unsigned(msgspec.Struct, frozen=True):
    """An offer that lacks one signature. `finish` puts it in: some microseconds, no I/O.
    `ready`: what the wallet does, once the pass is stored and before the offer is given out, so that the offer works at once."""

    wanted: ToSign
    finish: Callable[[bytes], Offer]
    ready: Callable[[], Awaitable[None]] | None = None


class Wallet(Protocol):
    channel: Channel

    def check(self, content: Content) -> tuple[Finding, ...]:
        """Pure. Empty when both the phone and we are content."""

    async def check_for(self, scope: Scope, content: Content) -> tuple[Finding, ...]:
        """The same, and what this issuer's credentials leave out of it. A credential that is missing says nothing."""

    async def identity(self, scope: Scope) -> str:
        """Under which name new passes are issued (pass type identifier, issuer id). Raises CredentialMissing."""

    async def prepare(self, pass_: Pass, content: Content) -> Unsigned:
        """The offer of a pass, stored or about to be, but for its signature."""

    def rows_at_once(self, scope: Scope) -> int:
        """How many rows one `publish` can make use of."""

    async def publish(self, scope: Scope, due: Sequence[Due]) -> list[Outcome]:
        """Brings each row's phone or object up to date; one outcome a row, in order. Never raises for what the other side does."""


@dataclass(frozen=True, slots=True)
class CallbackNews:
    """A genuine callback: somebody saved the pass in Google Wallet, or removed it."""

    pass_id: PassId
    saved: bool


class CallbackReader(Protocol):
    async def receive(self, scope: Scope, body: bytes, record: Callable[[Tx, CallbackNews], None]) -> None:
        """Checks the signature, asks Google who holds the object now and remembers it; `record` runs in the same transaction, once
        per callback. Raises Invalid for anything not signed for our issuer, Unavailable when Google cannot be asked."""


# --- what the flows are given -----------------------------------------------------------------------------------------------------


class Limits(Protocol):
    """Rates per access key, per source of failed sign-ins..., in this process."""

    def check(self, key_id: str) -> None:
        """Takes one from the key's bucket. Raises TooMany."""

    def check_ahead(self, key_id: str) -> None:
        """Raises TooMany as `check` would, and takes nothing: for what is counted only when it fails."""


class Secrets(Macs, Protocol):
    """What is derived from the key that is kept outside the database."""

    def pass_token(self, scope: Scope, pass_id: PassId) -> str:
        """Apple's authentication token of a pass: a MAC, never stored, 32 URL-safe characters."""

    def code_secret(self, scope: Scope, pass_id: PassId) -> bytes:
        """The secret of a pass's rotating code (domain/totp.py), never stored, 20 bytes."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a flow may use. `wake` tells the workers of this process that something is wanted; it carries no state.
    `pack`: several of Apple's bundles, each with a name, as one download. Raises Invalid when they are more than phones take.
    `sign_token`: what a phone wants signed by a pass's certificate, but for the signature."""

    store: Store
    blobs: Blobs
    clock: Clock
    entropy: Entropy
    apple: Wallet
    google: Wallet
    images: ImageShelf
    checker: Checker
    addresses: Addresses
    limits: Limits
    secrets: Secrets
    sign: Signatures
    pack: Callable[[Sequence[tuple[str, bytes]]], bytes]
    sign_token: Callable[[Pass, bytes], Awaitable[tuple[ToSign, Callable[[bytes], bytes]]]]
    wake: Callable[[], None]
    failed_sign_ins: Limits
    mail: MailDesk
    passwords: Passwords
    scanning: Scanning
    devices_per_pass_max: int = 50

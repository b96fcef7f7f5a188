"""Google's side of ports.Wallet: judge a content, make the save link, bring objects up to date, hear of saves and removals.

The parts stand beside this file; here they meet store, credentials, images and the network, all given as ports.
May not enter: Apple, storage, settings, sockets."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

import msgspec

from billfold.domain.content import Content, JsonObject
from billfold.domain.delivery import Channel, CredentialRejected, Delivered, Due, Gone, HolderPage, Outcome, Parked, RetryLater
from billfold.domain.errors import CredentialMissing, CredentialRefused, Unavailable
from billfold.domain.events import EventKind
from billfold.domain.ids import PassId, Scope, scope_of_pass
from billfold.domain.messages import without_messages
from billfold.domain.passes import Pass, Template, content_of
from billfold.image_ports import PassPictures
from billfold.ports import Clock, Finding, GoogleObject, Offer, Store, Tx, Unsigned
from billfold.wallets.google import objects, rules, skeletons
from billfold.wallets.google.callbacks import Callback, CallbackRefused, claimed_issuer
from billfold.wallets.google.classes import kind_of_class
from billfold.wallets.google.client import (
    API_URL,
    Denied,
    Failure,
    GoogleClient,
    Missing,
    Page,
    QuotaExceeded,
    Refused,
    Resource,
    ServerTrouble,
    SlowDown,
    Stored,
    Unknown,
)
from billfold.wallets.google.credentials import GoogleCredential
from billfold.wallets.google.forms import Form, form_of
from billfold.wallets.google.http import Http
from billfold.wallets.google.look import PublicImages
from billfold.wallets.google.objects import Extras
from billfold.wallets.google.pacing import Pacer
from billfold.wallets.google.publishing import Gate, Locks, NotPublished, Publisher, Wanted
from billfold.wallets.google.root_keys import ROOT_KEYS_URL, RootKeyCache
from billfold.wallets.google.save_link import SAVE_BASE_URL, Rs256Signer, save_claims, save_link, signer_of, whole_claims
from billfold.wallets.google.verticals import vertical_of

log = logging.getLogger(__name__)

TROUBLES_MAX: Final = 3
"""So many failures in a row and the rest of a batch waits: the other side is down, not one object."""

PAGE_SECONDS: Final = 0.25
"""Between two pages of a list: what people wait for goes first."""
REMEMBER_MAX_MS: Final = 10 * 365 * 86_400_000
"""A callback that claims to hold for longer is remembered for ten years and no longer."""
CLASSES_REMEMBERED: Final = 10_000
ENSURE_SECONDS: Final = 3.0
"""How long a save link with nothing but ids in it waits for its object."""
LINKED_MS: Final = 3_600_000
"""How long after its issue a linked pass is waited for; then the others go without it until their next change."""
_SLOW_DOWN_SECONDS: Final = 2.0
_QUOTA_SECONDS: Final = 3600.0


class GoogleCredentials(Protocol):
    async def google(self, scope: Scope, issuer_id: str | None) -> GoogleCredential:
        """The credential for an issuer; None: the newest one, for new passes. Raises CredentialMissing."""


@dataclass(frozen=True, slots=True)
class GoogleOptions:
    """Where Google is for an environment, and how fast it may be asked.

    `reserve`: requests of each second that only urgent batches use. `batch_seconds`: rows that a batch has not begun by then go
    back, so that newer and more urgent ones get their turn. `plain_callbacks`: a callback address without TLS is sent too, which
    only a stand-in accepts."""

    api_url: str = API_URL
    save_base_url: str = SAVE_BASE_URL
    root_keys_url: str = ROOT_KEYS_URL
    requests_per_second: float = 18.0
    reserve: int = 4
    in_flight_max: int = 16
    batch_seconds: float = 10.0
    timeout_seconds: float = 15.0
    plain_callbacks: bool = False


@dataclass(frozen=True, slots=True)
class HolderChange:
    """What a callback came to. `kind`: PASS_INSTALLED or PASS_REMOVED. `has_users`: as Google says now."""

    pass_id: PassId
    kind: EventKind
    has_users: bool


@dataclass(slots=True)
class _Issuer:
    """Everything that is kept for one issuer account between calls."""

    pacer: Pacer
    gate: Gate
    in_flight: dict[bool, asyncio.Semaphore]  # the urgent do not queue behind a broadcast
    held_until_ms: int = 0


@dataclass(slots=True)
class _Brake:
    """Ends a batch early for an issuer: `outcome` is then that of each row that was not tried yet. `until`: by the loop's clock."""

    until: float
    troubles: int = 0
    outcome: Outcome | None = None


class GoogleWallet:
    """`options` tells where Google is for a scope: the test environment has a stand-in. Tasks of one event loop may share it."""

    channel = Channel.GOOGLE

    def __init__(
        self,
        store: Store,
        credentials: GoogleCredentials,
        http: Http,
        images: PassPictures,
        image_url: Callable[[Scope, str], str],
        callback_url: Callable[[Scope], str | None],
        clock: Clock,
        options: Callable[[Scope], GoogleOptions] = lambda _: GoogleOptions(),
        code_secret: Callable[[Scope, PassId], bytes] = lambda *_: b"",
    ) -> None:
        self._store = store
        self._credentials = credentials
        self._http = http
        self._images = images
        self._image_url = image_url
        self._callback_url = callback_url
        self._clock = clock
        self._options = options
        self._code_secret = code_secret
        self._ensuring: set[asyncio.Task[Outcome]] = set()
        self._classes: set[str] = set()
        self._issuers: dict[tuple[str, str], _Issuer] = {}
        self._clients: dict[tuple[GoogleCredential, str], GoogleClient] = {}
        self._root_keys: dict[str, RootKeyCache] = {}
        self._locks = Locks()

    # --- check and offer ----------------------------------------------------------------------------------------------------------

    def check(self, content: Content) -> tuple[Finding, ...]:
        return rules.check(content)

    async def check_for(self, scope: Scope, content: Content) -> tuple[Finding, ...]:
        return rules.check(content)

    async def identity(self, scope: Scope) -> str:
        return (await self._credentials.google(scope, None)).issuer_id

    async def prepare(self, pass_: Pass, content: Content) -> Unsigned:
        """Makes the save link without asking Google anything, unless a link can only name its object (`_ensure`). Each link is new:
        it says when it was made."""
        signer = signer_of(await self._credentials.google(pass_.scope, pass_.issuer_id))
        content = _content(pass_, content)
        images = await self._public_images(pass_.scope, content)
        template = await self._template(pass_) if pass_.template_id is not None else None
        form = form_of(pass_, content, template, images)
        now = self._clock.now_ms() // 1000
        is_there = form.class_id in self._classes or await self._class_known(pass_.scope, form.class_id)
        claims, named_only = None, False
        if is_there and (whole := skeletons.object_json(pass_, content, form.class_id, images)) is not None:
            claims = whole_claims(signer, whole, form.class_id, now)
        if claims is None:
            claims, named_only = self._claims(signer, form, now, class_too=not is_there)
        link = save_link(signer, claims, base_url=self._options(pass_.scope).save_base_url)
        must_be_there = named_only and (content.rotating_barcode is not None or form.vertical.reviewed)
        ready = partial(self._ensure, pass_) if must_be_there else None
        return Unsigned(link.wanted, lambda signature: Offer(save_url=link.signed(signature)), ready)

    def _claims(self, signer: Rs256Signer, form: Form, now: int, *, class_too: bool) -> tuple[bytes, bool]:
        """As `save_claims` gives them. `class_too`: Google may not have it."""
        content, object_ = form.look.content, form.shape()
        own = content.overrides.google_object if content.overrides else None
        secret = content.rotating_barcode is not None

        def claims_with(class_: JsonObject | None) -> tuple[bytes, bool]:
            return save_claims(signer, object_, now, vertical=form.vertical, class_=class_, own=own, named_only=secret)

        if not class_too:
            return claims_with(None)
        # With the callback's address, so that we hear of whoever saves the pass before a worker made its class.
        class_ = form.essential_class() or {"id": form.class_id}
        url = self._usable_callback_url(form.pass_.scope)
        claims, named_only = claims_with(class_ | {"callbackOptions": {"url": url}} if url else class_)
        return claims_with(class_) if named_only and url else (claims, named_only)

    async def _class_known(self, scope: Scope, class_id: str) -> bool:
        """Whether Google has the class. Once it has, it has it for ever: those known so far are in `_classes`."""
        if await self._store.read(lambda tx: tx.google.class_fingerprint(scope, class_id)) is None:
            return False
        if len(self._classes) >= CLASSES_REMEMBERED:
            self._classes.clear()
        self._classes.add(class_id)
        return True

    async def _template(self, pass_: Pass) -> Template | None:
        id = pass_.template_id
        return await self._store.read(lambda tx: tx.templates.find(pass_.scope, id)) if id is not None else None

    async def _ensure(self, pass_: Pass) -> None:
        """A link that only names its object works once Google has it. Such a pass is therefore brought there before its link is
        given out, if no worker was faster; after ENSURE_SECONDS the link is given out all the same, and works when the object has
        arrived."""
        if await self._store.read(lambda tx: tx.google.find(pass_.scope, pass_.id)) is not None:
            return
        brakes = {pass_.issuer_id: _Brake(asyncio.get_running_loop().time() + ENSURE_SECONDS)}
        task = asyncio.create_task(self._publish(pass_.scope, pass_, brakes, urgent=True))
        self._ensuring.add(task)
        task.add_done_callback(self._ensuring.discard)
        await asyncio.wait([task], timeout=ENSURE_SECONDS)

    async def _public_images(self, scope: Scope, content: Content) -> PublicImages:
        public, address = await self._images.public(scope, content), self._image_url
        return PublicImages(
            logo=address(scope, public.logo),
            hero=address(scope, public.hero) if public.hero else None,
            thumbnail=address(scope, public.module) if public.module else None,
            wide_logo=address(scope, public.wide_logo) if public.wide_logo else None,
        )

    # --- publish ------------------------------------------------------------------------------------------------------------------

    def rows_at_once(self, scope: Scope) -> int:
        """What goes out in about a second. More would only be read, wait and go back, and keep out what is urgent."""
        options = self._options(scope)
        return max(options.reserve + 1, int(options.requests_per_second))

    async def publish(self, scope: Scope, due: Sequence[Due]) -> list[Outcome]:
        """A batch that fits the reserve counts as urgent: it is one person's change, not a broadcast."""
        options = self._options(scope)
        urgent = len(due) <= options.reserve
        until = asyncio.get_running_loop().time() + options.batch_seconds
        passes = await self._store.read(lambda tx: [tx.passes.find(scope, PassId(one.target)) for one in due])
        brakes = {one.issuer_id: _Brake(until) for one in passes if one}
        await self._sit_out_hold(scope, brakes)
        return await asyncio.gather(*(self._publish(scope, one, brakes, urgent) for one in passes))

    async def _sit_out_hold(self, scope: Scope, brakes: dict[str, _Brake]) -> None:
        """While Google wants to be left alone by all of its issuers, a batch waits as a whole, as long as it may: were its rows
        given back at once, the next ones would follow, and each row that waits be read and written for nothing."""
        held_until_ms = min((self._issuer(scope, one).held_until_ms for one in brakes), default=0)
        held = (held_until_ms - self._clock.now_ms()) / 1000
        if held > 0:
            await asyncio.sleep(min(held, self._options(scope).batch_seconds))

    async def _publish(self, scope: Scope, pass_: Pass | None, brakes: dict[str, _Brake], urgent: bool) -> Outcome:
        if pass_ is None:
            return Gone("there is no such pass")
        issuer, brake = self._issuer(scope, pass_.issuer_id), brakes[pass_.issuer_id]
        async with issuer.in_flight[urgent], self._locks.of(objects.object_id(pass_.issuer_id, pass_.id)):
            if brake.outcome is not None:
                return brake.outcome
            now_ms = self._clock.now_ms()
            if now_ms < issuer.held_until_ms:
                return RetryLater("Google asked to slow down", (issuer.held_until_ms - now_ms) / 1000)
            if asyncio.get_running_loop().time() > brake.until:
                return RetryLater("waits for its turn: Google takes so many a second", 0.0)
            try:
                client = await self._client(scope, pass_.issuer_id)
                try:
                    wanted = await self._wanted(scope, pass_.id)
                except (AssertionError, ValueError, TypeError, LookupError) as problem:
                    # A fault of ours in one pass must not keep the others of its batch back for ever.
                    log.exception("google.pass_unusable pass=%s", pass_.id)
                    return Parked(f"this pass cannot be put into Google's form ({type(problem).__name__})")
                await Publisher(self._store, client, issuer.gate, now_ms, self._locks, urgent=urgent).publish(wanted)
                if wanted.unlinked:
                    return RetryLater("waits for a linked pass to be at Google")
            except (CredentialMissing, CredentialRefused) as missing:
                brake.outcome = CredentialRejected(str(missing))
                return brake.outcome
            except NotPublished as failed:
                return self._failed(failed.answer, issuer, brake)
            brake.troubles = 0
            return Delivered()

    async def _wanted(self, scope: Scope, pass_id: PassId) -> Wanted:
        """Read inside the object's lock and just before it is sent, so that an older state never overwrites a newer one."""

        new_since_ms = self._clock.now_ms() - LINKED_MS

        def load(tx: Tx) -> tuple[Pass, Content, Template | None, GoogleObject | None, tuple[str, ...], tuple[str, ...]]:
            pass_ = tx.passes.find(scope, pass_id)
            assert pass_ is not None, "passes are never deleted"
            template = tx.templates.find(scope, pass_.template_id) if pass_.template_id is not None else None
            content = _content(pass_, content_of(pass_, template))
            there, coming = [], []
            for one in map(PassId, content.linked):
                other = tx.passes.find(scope, one)
                if other is None or other.issuer_id != pass_.issuer_id or one == pass_id:
                    continue  # Google links passes of one issuer only
                if (state := tx.google.find(scope, one)) and state.class_id:
                    there.append(one)
                elif other.issued_at_ms >= new_since_ms:
                    coming.append(one)
            return pass_, content, template, tx.google.find(scope, pass_id), tuple(there), tuple(coming)

        pass_, content, template, state, linked, unlinked = await self._store.read(load)
        form = form_of(pass_, content, template, await self._public_images(scope, content))
        class_fingerprint = await self._store.read(lambda tx: tx.google.class_fingerprint(scope, form.class_id), single=True)
        secret = self._code_secret(scope, pass_id) if content.rotating_barcode is not None else None
        object_ = form.object_(Extras(secret, linked))
        class_ = form.class_(self._usable_callback_url(scope))
        return Wanted(pass_, content, class_, object_, state, class_fingerprint, form.places, unlinked)

    def _failed(self, answer: Failure, issuer: _Issuer, brake: _Brake) -> Outcome:
        """What an answer means for the row, and for the rows after it."""
        outcome = outcome_of(answer)
        if isinstance(answer, SlowDown):
            seconds = _SLOW_DOWN_SECONDS if answer.retry_after_seconds is None else answer.retry_after_seconds
            issuer.held_until_ms = self._clock.now_ms() + int(seconds * 1000)
        elif isinstance(answer, Denied):
            brake.outcome = outcome
        elif isinstance(answer, ServerTrouble | Unknown):
            brake.troubles += 1
            if brake.troubles >= TROUBLES_MAX:
                brake.outcome = outcome
        return outcome

    # --- callbacks ----------------------------------------------------------------------------------------------------------------

    async def verified_callback(self, scope: Scope, body: bytes) -> Callback:
        """The callback in `body`, if Google signed it for an issuer that this scope has a credential of. Raises CallbackRefused;
        Unavailable without root keys, so that Google sends it again."""
        issuer_id = claimed_issuer(body)
        if issuer_id is None:
            raise CallbackRefused("malformed body")
        try:
            credential = await self._credentials.google(scope, issuer_id)
        except CredentialMissing as missing:
            raise CallbackRefused("not our issuer") from missing
        url = self._options(scope).root_keys_url
        cache = self._root_keys.setdefault(url, RootKeyCache(self._http, self._clock, url))
        return await cache.verify(body, credential.issuer_id)

    async def refresh_from_callback(
        self, scope: Scope, callback: Callback, record: Callable[[Tx, HolderChange], None] | None = None
    ) -> HolderChange | None:
        """Asks Google who holds the object now and remembers it. None: not a pass of this scope, or a callback that came before.

        `record` runs in the transaction that marks the callback as seen: its event is there once, or not at all. Raises Unavailable
        while Google cannot be asked; nothing is marked then, so the repeat counts."""
        issuer_id, _, suffix = callback.object_id.partition(".")
        pass_id = PassId(suffix)
        if scope_of_pass(suffix) != scope:
            return None
        content = await self._store.read(lambda tx: self._content(tx, scope, pass_id))
        if content is None:
            return None
        client = await self._client(scope, issuer_id)
        answer = await client.get(vertical_of(content).object_kind, callback.object_id, urgent=True)
        if not isinstance(answer, Stored):
            raise Unavailable("Google could not be asked about the object", retry_after_seconds=5)
        saved = callback.event_type == "save"
        told = answer.resource.has_users
        kind = EventKind.PASS_INSTALLED if saved else EventKind.PASS_REMOVED
        change = HolderChange(pass_id, kind, saved if told is None else told)
        now_ms = self._clock.now_ms()

        def remember(tx: Tx) -> HolderChange | None:
            if not tx.google.first_sight(scope, callback.nonce, max(now_ms, min(callback.expires_at_ms, now_ms + REMEMBER_MAX_MS))):
                return None
            if tx.google.find(scope, pass_id) is None:  # saved from the link before a worker made the object
                tx.google.put(GoogleObject(scope, pass_id, callback.class_id, {one.key: one.value for one in content.fields()}))
            tx.google.set_has_users(scope, pass_id, change.has_users)
            if record is not None:
                record(tx, change)
            return change

        return await self._store.write(remember)

    @staticmethod
    def _content(tx: Tx, scope: Scope, pass_id: PassId) -> Content | None:
        """None: no such pass."""
        pass_ = tx.passes.find(scope, pass_id)
        if pass_ is None:
            return None
        template = tx.templates.find(scope, pass_.template_id) if pass_.template_id is not None else None
        return _content(pass_, content_of(pass_, template))

    # --- who holds what -----------------------------------------------------------------------------------------------------------

    async def holders(self, scope: Scope, class_id: str, token: str | None) -> HolderPage:
        """One page of a class's objects; at most four a second. Raises Unavailable, CredentialMissing."""
        issuer_id, _, _ = class_id.partition(".")
        client = await self._client(scope, issuer_id)
        await asyncio.sleep(PAGE_SECONDS)
        mark = await self._store.read(lambda tx: tx.google.class_fingerprint(scope, class_id))
        answer = await client.list_page(kind_of_class(mark).removesuffix("Class") + "Object", class_id, token)
        if isinstance(answer, Missing | Refused):
            return HolderPage((), None)  # Google has no such class (any more)
        if not isinstance(answer, Page):
            raise Unavailable(f"Google could not be asked who holds what ({type(answer).__name__})")
        held = [msgspec.json.decode(one, type=Resource) for one in answer.resources]
        ours = [(PassId(one.id.partition(".")[2]), one.has_users) for one in held]
        known = ((pass_id, users) for pass_id, users in ours if users is not None and scope_of_pass(pass_id) == scope)
        return HolderPage(tuple(known), answer.token)

    async def is_held(self, scope: Scope, class_id: str, pass_id: PassId) -> bool:
        """Raises Unavailable, CredentialMissing."""
        issuer_id, _, _ = class_id.partition(".")
        client = await self._client(scope, issuer_id)
        mark = await self._store.read(lambda tx: tx.google.class_fingerprint(scope, class_id))
        kind = kind_of_class(mark).removesuffix("Class") + "Object"
        answer = await client.get(kind, objects.object_id(issuer_id, pass_id))
        if not isinstance(answer, Stored) or answer.resource.has_users is None:
            raise Unavailable("Google could not be asked about an object")
        return answer.resource.has_users

    # --- what is kept -------------------------------------------------------------------------------------------------------------

    async def _client(self, scope: Scope, issuer_id: str) -> GoogleClient:
        """Kept with its access token. Raises CredentialMissing."""
        credential = await self._credentials.google(scope, issuer_id)
        options = self._options(scope)
        key = (credential, options.api_url)
        client = self._clients.get(key)
        if client is None:
            pacer = self._issuer(scope, issuer_id).pacer
            client = self._clients[key] = GoogleClient(
                self._http, credential, pacer, self._clock, api_url=options.api_url, timeout_seconds=options.timeout_seconds
            )
        return client

    def _issuer(self, scope: Scope, issuer_id: str) -> _Issuer:
        """By issuer and address, not by workspace: Google counts an issuer's requests, whoever makes them."""
        options = self._options(scope)
        key = (issuer_id, options.api_url)
        issuer = self._issuers.get(key)
        if issuer is None:
            pacer = Pacer(options.requests_per_second, options.reserve)
            in_flight = {urgent: asyncio.Semaphore(options.in_flight_max) for urgent in (True, False)}
            issuer = self._issuers[key] = _Issuer(pacer, Gate(), in_flight)
        return issuer

    def _usable_callback_url(self, scope: Scope) -> str | None:
        url = self._callback_url(scope)
        if url is None or url.startswith("https://") or self._options(scope).plain_callbacks:
            return url
        return None


def _content(pass_: Pass, content: Content) -> Content:
    """Google has messages of its own, so they are no fields there."""
    return without_messages(content) if pass_.messages else content


def outcome_of(answer: Failure) -> Outcome:
    """What an answer means for a row of delivery."""
    match answer:
        case SlowDown():
            return RetryLater("Google asked to slow down", answer.retry_after_seconds)
        case ServerTrouble():
            return RetryLater(f"Google answered {answer.status}", answer.retry_after_seconds)
        case Unknown():
            return RetryLater(f"no answer from Google: {answer.reason}")
        case QuotaExceeded():
            return RetryLater(answer.message, _QUOTA_SECONDS)
        case Denied():
            return CredentialRejected(answer.message)
        case _:
            return Parked(answer.message)

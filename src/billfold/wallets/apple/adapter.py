"""Apple's side of ports.Wallet: judge a content, make the bundle that a phone installs, tell phones that something changed.

The parts are pure and stand beside this file; here they meet images, credentials and the push transport, all given as ports.
May not enter: Google, storage, settings, sockets."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from billfold.domain.content import Content
from billfold.domain.delivery import Channel, CredentialRejected, Due, Gone, Outcome, RetryLater
from billfold.domain.errors import CredentialMissing, CredentialRefused
from billfold.domain.ids import PassId, Scope
from billfold.domain.passes import Pass
from billfold.domain.signing import ToSign
from billfold.image_ports import PassPictures
from billfold.ports import Clock, Finding, Offer, Unsigned
from billfold.wallets.apple import bundle, languages, personalization, push, rules, rules_extras
from billfold.wallets.apple.certificates import AppleCredential
from billfold.wallets.apple.circuit import Circuit
from billfold.wallets.apple.languages import Files
from billfold.wallets.apple.pass_json import IssuingFacts, pass_json
from billfold.wallets.apple.signing import Signer

BODIES_BYTES_MAX = 64 * 1024 * 1024
SIGNERS_MAX = 256
ROWS_AT_ONCE = 500
"""Pushes of a batch: enough to fill a connection, few enough to be acknowledged in one transaction."""
ALL_REFUSED_MIN = 50
"""So many tokens, all of them called bad in one batch, speak of a wrong address or certificate rather than of dead phones."""

ASKED_ONCE_MAX = 8192

ImageFiles = tuple[tuple[str, str, bytes], ...]
"""(file name, content hash, bytes), as ports.PassPictures gives them."""
_BodyKey = tuple[tuple[tuple[str, str], ...], Files]


class AppleCredentials(Protocol):
    async def apple(self, scope: Scope, pass_type: str | None) -> AppleCredential:
        """The credential for a pass type; None: the newest one, for new passes. Raises CredentialMissing."""


class PushTransport(Protocol):
    """Keeps connections to APNs, one pool per credential (the TLS identity is the connection's)."""

    async def post_many(
        self, credential: AppleCredential, requests: Sequence[push.PushRequest]
    ) -> Sequence[push.PushAnswer | Exception]:
        """One answer or exception a request, in order. An exception means that nobody knows: the push may have arrived."""

    def drop_connections(self, credential: AppleCredential) -> None:
        """The next post opens new connections. Nothing in flight is lost that was not lost already."""


@dataclass(slots=True)
class _Batch:
    """Rows of one pass type. `rows`: push token → places in the list of due rows."""

    pass_type: str
    rows: dict[str, list[int]]


class AppleWallet:
    """Safe to share between tasks of one event loop."""

    channel = Channel.APPLE

    def __init__(
        self,
        credentials: AppleCredentials,
        token_for: Callable[[Scope, PassId], str],
        images: PassPictures,
        web_service_base: Callable[[Scope], str],
        transport: PushTransport,
        clock: Clock,
        push_options: push.PushOptions | None = None,
    ) -> None:
        self._credentials = credentials
        self._token_for = token_for
        self._images = images
        self._web_service_base = web_service_base
        self._transport = transport
        self._clock = clock
        self._options = push_options or push.PushOptions()
        self._bodies = _Bodies(BODIES_BYTES_MAX)
        self._signers: OrderedDict[bytes, Signer] = OrderedDict()
        self._circuits: dict[tuple[str, str, str], Circuit] = {}

    # --- check and offer ----------------------------------------------------------------------------------------------------------

    def check(self, content: Content) -> tuple[Finding, ...]:
        return rules.check(content)

    async def check_for(self, scope: Scope, content: Content) -> tuple[Finding, ...]:
        found = rules.check(content)
        if content.nfc is None and content.overrides is None:
            return found
        with contextlib.suppress(CredentialMissing):
            found += rules_extras.judge_entitlement(content, has_nfc=(await self._credentials.apple(scope, None)).has_nfc)
        return found

    async def identity(self, scope: Scope) -> str:
        return (await self._credentials.apple(scope, None)).pass_type_identifier

    async def prepare(self, pass_: Pass, content: Content) -> Unsigned:
        """The signed bundle. The same version of a pass gives the same bytes for as long as its certificate stays."""
        credential = await self._credentials.apple(pass_.scope, pass_.pass_type)
        content = personalization.offered(content, has_nfc=credential.has_nfc)
        files = await self._images.files(pass_.scope, content)
        content, strings = languages.localized(content)
        if content.sign_up is not None:
            strings += (personalization.file_of(content.sign_up),)
        signer = self._signer(credential)
        document = self._document(pass_, content, credential)
        unsealed = bundle.Unsealed(self._bodies.get(files, strings), document, signer, signed_at(pass_, credential))
        return Unsigned(ToSign(signer.key, unsealed.digest), lambda signature: Offer(bundle=unsealed.sealed(signature)))

    def _document(self, pass_: Pass, content: Content, credential: AppleCredential) -> bytes:
        facts = IssuingFacts(
            credential.pass_type_identifier,
            credential.team_identifier,
            self._web_service_base(pass_.scope),
            self._token_for(pass_.scope, pass_.id),
            credential.has_nfc,
        )
        return pass_json(pass_, content, facts)

    def _signer(self, credential: AppleCredential) -> Signer:
        """Kept by key and certificate: a renewed certificate has its own signer at once."""
        key = credential.certificate_pem
        signer = self._signers.get(key)
        if signer is None:
            signer = self._signers[key] = Signer(credential)
            if len(self._signers) > SIGNERS_MAX:
                self._signers.popitem(last=False)
        else:
            self._signers.move_to_end(key)
        return signer

    # --- publish ------------------------------------------------------------------------------------------------------------------

    def rows_at_once(self, scope: Scope) -> int:
        return ROWS_AT_ONCE

    async def publish(self, scope: Scope, due: Sequence[Due]) -> list[Outcome]:
        """One push for each phone and pass type, however many rows name it; one outcome for each row, in order."""
        outcomes: list[Outcome | None] = [None] * len(due)
        batches: dict[str, _Batch] = {}
        for place, row in enumerate(due):
            pass_type = row.target.partition("/")[0]
            batch = batches.setdefault(pass_type, _Batch(pass_type, {}))
            batch.rows.setdefault(row.address, []).append(place)
        results = await asyncio.gather(*(self._publish_batch(scope, batch) for batch in batches.values()))
        for batch, by_token in zip(batches.values(), results, strict=True):
            for token, places in batch.rows.items():
                for place in places:
                    outcomes[place] = by_token[token]
        return [outcome for outcome in outcomes if outcome is not None]

    async def _publish_batch(self, scope: Scope, batch: _Batch) -> dict[str, Outcome]:
        tokens = list(batch.rows)
        try:
            credential = await self._credentials.apple(scope, batch.pass_type)
        except CredentialMissing:
            return dict.fromkeys(tokens, CredentialRejected(f"no certificate for {batch.pass_type}"))
        except Exception:
            return dict.fromkeys(tokens, RetryLater("credential unreachable"))
        circuit = self._circuit(scope, credential)
        allowed = circuit.allowance(self._clock.now_ms())
        sent = await self._send(credential, circuit, tokens[:allowed])
        rest = tokens[allowed:]
        if rest and sent and circuit.allowance(self._clock.now_ms()) > 1:
            sent |= await self._send(credential, circuit, rest)  # the probe went well: the others need not wait
        elif rest:
            sent |= dict.fromkeys(rest, CredentialRejected(circuit.reason))
        return sent

    async def _send(self, credential: AppleCredential, circuit: Circuit, tokens: list[str]) -> dict[str, Outcome]:
        now_ms = self._clock.now_ms()
        shared = push.header_lines(self._options, credential.pass_type_identifier, now_ms // 1000)
        paths = {token: push.path(token) for token in tokens}
        requests = {token: push.PushRequest(path, shared) for token, path in paths.items() if path is not None}
        malformed: dict[str, Outcome] = {token: Gone("malformed push token") for token in tokens if token not in requests}
        if not requests:
            return malformed
        try:
            answers: Sequence[push.PushAnswer | Exception] = await self._transport.post_many(credential, list(requests.values()))
        except Exception as error:
            answers = [error] * len(requests)
        assert len(answers) == len(requests), "the transport answers each request"
        outcomes: dict[str, Outcome] = {}
        for token, answer in zip(requests, answers, strict=True):
            # Whatever the exception is, the push may or may not have arrived; a second one does no harm.
            outcomes[token] = RetryLater("unreachable") if isinstance(answer, Exception) else push.read(answer, now_ms // 1000)
        _doubt_a_massacre(outcomes)
        if circuit.record(list(outcomes.values()), [not isinstance(one, Exception) for one in answers], self._clock.now_ms()):
            self._transport.drop_connections(credential)
        return outcomes | malformed

    def _circuit(self, scope: Scope, credential: AppleCredential) -> Circuit:
        """One for each credential, so that one tenant's bad certificate never delays another; a new certificate starts afresh."""
        key = (scope.code, credential.pass_type_identifier, credential.serial)
        return self._circuits.setdefault(key, Circuit())


def signed_at(pass_: Pass, credential: AppleCredential) -> int:
    """The signing time of this version: when it was made, or when the certificate began if that was later. Seconds since 1970.

    Raises CredentialRefused when the pass changed after the certificate's end: Wallet judges a certificate at the signing time."""
    at = max(pass_.updated_at_ms // 1000, _seconds(credential.not_before))
    if at > _seconds(credential.not_after):
        raise CredentialRefused(
            "certificate_expired",
            f"the certificate of {credential.pass_type_identifier} expired on {credential.not_after:%Y-%m-%d}",
            "renew it at developer.apple.com for the same pass type identifier and import it",
        )
    return at


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _doubt_a_massacre(outcomes: dict[str, Outcome]) -> None:
    """When every one of many tokens is called bad without a time since when, the fault is ours: keep the registrations."""
    if len(outcomes) < ALL_REFUSED_MIN:
        return
    if all(isinstance(one, Gone) and one.since_ms is None for one in outcomes.values()):
        for token in outcomes:
            outcomes[token] = CredentialRejected("every push token was refused: check the push address and the certificate")


class _Bodies:
    """Shared bodies by what is in them, least recently used out first, bounded by bytes.

    Strings that only one pass has (a translated name) would fill it for nothing: those are kept when they are asked for again.
    A body with strings holds on to the one of its pictures, so that one stands behind it and goes after it."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._kept: OrderedDict[_BodyKey, bundle.Body] = OrderedDict()
        self._asked_once: OrderedDict[int, None] = OrderedDict()

    def get(self, files: ImageFiles, strings: Files = ()) -> bundle.Body:
        """Pictures first, then strings: the same input gives the same bytes, whatever was kept."""
        names = tuple([(name, content_hash) for name, content_hash, _ in files])
        pictures = self._get((names, ()), lambda: bundle.Body([(name, data) for name, _, data in files]))
        if not strings:
            return pictures
        key = (names, strings)
        if key not in self._kept and not self._asked_again(hash(key)):
            return bundle.Body(strings, before=pictures)
        body = self._get(key, lambda: bundle.Body(strings, before=pictures))
        if (names, ()) in self._kept:
            self._kept.move_to_end((names, ()))
        return body

    def _get(self, key: _BodyKey, make: Callable[[], bundle.Body]) -> bundle.Body:
        body = self._kept.get(key)
        if body is not None:
            self._kept.move_to_end(key)
            return body
        body = self._kept[key] = make()
        self._bytes += body.size
        while self._bytes > self._bytes_max and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1].size
        return body

    def _asked_again(self, key: int) -> bool:
        if key in self._asked_once:
            del self._asked_once[key]
            return True
        self._asked_once[key] = None
        if len(self._asked_once) > ASKED_ONCE_MAX:
            self._asked_once.popitem(last=False)
        return False

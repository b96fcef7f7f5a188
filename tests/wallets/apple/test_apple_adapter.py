"""The Apple wallet as the flows see it: bundles that stay the same, pushes that coalesce, faults that harm nobody else.

The transport here is a small program that plays APNs in memory; the real pool against a real HTTP/2 server is tested end to end."""

import asyncio
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import apple_authority as authority
import pytest

from billfold.domain.content import Content, ImageSlot
from billfold.domain.delivery import Channel, CredentialRejected, Delivered, Due, Gone, Outcome, RetryLater
from billfold.domain.errors import CredentialMissing, CredentialRefused
from billfold.domain.ids import Environment, PassId, Scope
from billfold.ports import Wallet
from billfold.wallets.apple.adapter import ALL_REFUSED_MIN, AppleWallet, _Bodies, initials
from billfold.wallets.apple.certificates import AppleCredential, load_apple_credential
from billfold.wallets.apple.circuit import ERRORS_MAX, OPEN_MS, SILENCE_MS
from billfold.wallets.apple.push import PushRequest

OTHER_TYPE = "pass.org.example.other"


@dataclass
class Answer:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Apns:
    """Answers by push token; anything not named is accepted."""

    answers: dict[str, Answer | Exception] = field(default_factory=dict)
    otherwise: Answer | Exception = field(default_factory=lambda: Answer(200))
    sent: list[tuple[str, str]] = field(default_factory=list)
    headers: list[tuple[bytes, ...]] = field(default_factory=list)
    dropped: int = 0

    async def post_many(self, credential: AppleCredential, requests: Sequence[PushRequest]) -> list[Answer | Exception]:
        await asyncio.sleep(0)
        tokens = [request.path.removeprefix("/3/device/") for request in requests]
        self.sent += [(credential.pass_type_identifier, token) for token in tokens]
        self.headers += [request.headers for request in requests]
        return [self.answers.get(token, self.otherwise) for token in tokens]

    def drop_connections(self, credential: AppleCredential) -> None:
        self.dropped += 1


@dataclass
class Vault:
    credentials: dict[str, AppleCredential]

    async def apple(self, scope: Scope, pass_type: str | None) -> AppleCredential:
        name = authority.PASS_TYPE if pass_type is None else pass_type
        if name not in self.credentials:
            raise CredentialMissing("apple", "import one with `billfold certs import`")
        return self.credentials[name]


@dataclass
class Shelf:
    """Pictures in memory. `icon`: bytes of the icon; the drawn one tells what it was drawn from."""

    served: int = 0

    async def accept(self, scope: Scope, source: str, slot: ImageSlot, path: str) -> str:
        raise NotImplementedError

    async def files(
        self, scope: Scope, images: dict[ImageSlot, str], initials: str, color: str
    ) -> tuple[tuple[str, str, bytes], ...]:
        self.served += 1
        drawn = f"{initials} on {color}"
        return (("icon.png", drawn, drawn.encode()), *((f"{slot}.png", hash_, b"\x89PNG") for slot, hash_ in images.items()))

    async def public_hash(self, scope: Scope, slot: ImageSlot, hash: str | None, initials: str, color: str) -> str | None:
        raise NotImplementedError


def other_credential() -> AppleCredential:
    leaf = authority.certificate(pass_type=OTHER_TYPE, extension=OTHER_TYPE)
    key = authority.key_pem(authority.rsa_key("pass"))
    return load_apple_credential(authority.pem(leaf), key, None, [authority.intermediate().pem], authority.NOW)


def token_for(scope: Scope, pass_id: PassId) -> str:
    return f"token-of-{pass_id}"


@dataclass
class Stage:
    wallet: AppleWallet
    apns: Apns
    vault: Vault
    shelf: Shelf


@pytest.fixture(params=[0, 2], ids=["inline", "threads"])
def stage(credential: AppleCredential, clock: Any, request: pytest.FixtureRequest) -> Any:
    apns, shelf = Apns(), Shelf()
    vault = Vault({authority.PASS_TYPE: credential, OTHER_TYPE: other_credential()})
    wallet = AppleWallet(
        credentials=vault,
        token_for=token_for,
        images=shelf,
        web_service_base=lambda scope: f"https://wallet.example/apple/{scope.code}",
        transport=apns,
        clock=clock,
        signing_threads=request.param,
    )
    yield Stage(wallet, apns, vault, shelf)
    wallet.close()


def due(scope: Scope, token: str, device: str = "", pass_type: str = authority.PASS_TYPE) -> Due:
    return Due(scope, Channel.APPLE, 0, f"{pass_type}/{device or 'device-of-' + token}", token, 2, 1, 0)


def opened(bundle: bytes | None) -> dict[str, bytes]:
    assert bundle is not None
    archive = zipfile.ZipFile(io.BytesIO(bundle))
    return {name: archive.read(name) for name in archive.namelist()}


# --- offer ------------------------------------------------------------------------------------------------------------------------


async def test_it_is_a_wallet(stage: Stage, scope: Scope) -> None:
    wallet: Wallet = stage.wallet
    assert wallet.channel is Channel.APPLE
    assert await wallet.identity(scope) == authority.PASS_TYPE


@pytest.mark.requirement("S3-22", "S3-57")
async def test_an_offer_is_a_signed_bundle_of_this_pass(stage: Stage, make_pass: Any, make_content: Any) -> None:
    pass_ = make_pass()
    files = opened((await stage.wallet.offer(pass_, make_content(images={ImageSlot.LOGO: "1"}))).bundle)
    assert set(files) == {"icon.png", "logo.png", "pass.json", "manifest.json", "signature"}
    document = json.loads(files["pass.json"])
    assert document["serialNumber"] == pass_.id
    assert document["authenticationToken"] == f"token-of-{pass_.id}"
    assert document["webServiceURL"] == "https://wallet.example/apple/d3m0abt"


async def test_the_same_version_gives_the_same_bytes_whenever_and_however_it_is_made(
    stage: Stage, make_pass: Any, make_content: Any, clock: Any, credential: AppleCredential, scope: Scope
) -> None:
    pass_, content = make_pass(), make_content()
    first = (await stage.wallet.offer(pass_, content)).bundle
    clock.advance(days=40)
    assert (await stage.wallet.offer(pass_, content)).bundle == first
    files = await stage.shelf.files(scope, {}, initials(content), content.background_color)
    assert stage.wallet.bundle_now(pass_, content, credential, files) == first
    later = replace(pass_, updated_at_ms=pass_.updated_at_ms + 1000)
    assert (await stage.wallet.offer(later, content)).bundle != first


async def test_offers_made_at_once_do_not_mix(stage: Stage, make_pass: Any, make_content: Any) -> None:
    passes = [make_pass(number) for number in range(40)]
    offers = await asyncio.gather(*(stage.wallet.offer(one, make_content(description=f"Card {one.id}")) for one in passes))
    for one, offer in zip(passes, offers, strict=True):
        document = json.loads(opened(offer.bundle)["pass.json"])
        assert (document["serialNumber"], document["description"]) == (one.id, f"Card {one.id}")


async def test_a_pass_older_than_a_renewed_certificate_is_signed_at_its_beginning(
    stage: Stage, make_pass: Any, make_content: Any, credential: AppleCredential
) -> None:
    before = int((credential.not_before - timedelta(days=200)).timestamp() * 1000)
    files = opened((await stage.wallet.offer(make_pass(updated_at_ms=before), make_content())).bundle)
    assert f"{credential.not_before:%y%m%d%H%M%SZ}".encode() in files["signature"]


async def test_a_change_after_the_end_of_the_certificate_is_refused_and_an_older_version_is_not(
    stage: Stage, make_pass: Any, make_content: Any, credential: AppleCredential
) -> None:
    after = int((credential.not_after + timedelta(seconds=1)).timestamp() * 1000)
    with pytest.raises(CredentialRefused, match="renew"):
        await stage.wallet.offer(make_pass(updated_at_ms=after), make_content())
    assert (await stage.wallet.offer(make_pass(), make_content())).bundle


async def test_a_pass_type_without_a_certificate_says_what_is_missing(stage: Stage, make_pass: Any, make_content: Any) -> None:
    with pytest.raises(CredentialMissing):
        await stage.wallet.offer(make_pass(pass_type="pass.org.example.gone"), make_content())


@pytest.mark.parametrize(
    ("logo_text", "name", "letters"),
    [
        ("Corner Coffee", "x", "CC"),
        (None, "billfold", "B"),
        ("  ", "élan vital bar", "ÉV"),
        ("!?", "???", "?"),
        ("ß", "x", "SS"),
        ("7 Eleven", "x", "7E"),
    ],
)
def test_the_drawn_icon_has_one_or_two_letters(make_content: Any, logo_text: str | None, name: str, letters: str) -> None:
    content: Content = make_content(logo_text=logo_text, organization_name=name)
    assert initials(content) == letters


def test_bodies_are_shared_by_what_is_in_them_and_bounded_by_bytes() -> None:
    bodies = _Bodies(3_000)

    def files(name: str, size: int = 900) -> tuple[tuple[str, str, bytes], ...]:
        return (("icon.png", name, bytes(size)),)

    first = bodies.get(files("a"))
    assert bodies.get(files("a")) is first
    bodies.get(files("b"))
    assert bodies.get(files("a")) is first
    bodies.get(files("c"))
    assert bodies.get(files("a")) is first, "used lately, so kept"
    big = bodies.get(files("d", 10_000))
    assert bodies.get(files("d", 10_000)) is big, "one that is larger than the bound is kept until the next"
    assert bodies.get(files("a")) is not first


# --- publish ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("S0-39", "S3-27")
async def test_one_push_a_phone_and_pass_type_however_many_rows(stage: Stage, scope: Scope) -> None:
    rows = [due(scope, "aa"), due(scope, "bb"), due(scope, "aa", "x"), due(scope, "aa", pass_type=OTHER_TYPE)]
    assert await stage.wallet.publish(scope, rows) == [Delivered()] * 4
    assert sorted(stage.apns.sent) == [(authority.PASS_TYPE, "aa"), (authority.PASS_TYPE, "bb"), (OTHER_TYPE, "aa")]
    assert {lines[0] for lines in stage.apns.headers} == {
        f"apns-topic: {one}".encode() for one in (authority.PASS_TYPE, OTHER_TYPE)
    }


async def test_outcomes_come_back_in_the_order_of_the_rows(stage: Stage, scope: Scope) -> None:
    stage.apns.answers = {
        "bb": Answer(410, b'{"reason": "Unregistered", "timestamp": 5}'),
        "cc": Answer(503, b"", {"retry-after": "3"}),
        "dd": ConnectionResetError(),
    }
    expected: list[Outcome] = [RetryLater("unreachable"), Delivered(), Gone("410 Unregistered", 5), RetryLater("503", 3.0)]
    assert await stage.wallet.publish(scope, [due(scope, token) for token in ("dd", "aa", "bb", "cc")]) == expected
    assert await stage.wallet.publish(scope, []) == []


async def test_a_token_that_cannot_be_one_is_gone_without_a_push(stage: Stage, scope: Scope) -> None:
    assert await stage.wallet.publish(scope, [due(scope, "../x"), due(scope, "aa")]) == [Gone("malformed push token"), Delivered()]
    assert await stage.wallet.publish(scope, [due(scope, "\r\n")]) == [Gone("malformed push token")]
    assert stage.apns.sent == [(authority.PASS_TYPE, "aa")]


async def test_whatever_the_transport_does_publish_answers_each_row(
    stage: Stage, scope: Scope, credential: AppleCredential
) -> None:
    class Broken(Apns):
        async def post_many(self, credential: AppleCredential, requests: Sequence[PushRequest]) -> list[Answer | Exception]:
            raise OSError("no route")

    wallet = AppleWallet(stage.vault, token_for, stage.shelf, lambda _: "", Broken(), FixedClock(), signing_threads=0)
    assert await wallet.publish(scope, [due(scope, "aa"), due(scope, "bb")]) == [RetryLater("unreachable")] * 2


@dataclass
class FixedClock:
    at_ms: int = 0

    def now_ms(self) -> int:
        return self.at_ms


async def test_a_missing_certificate_stops_its_own_rows_only(stage: Stage, scope: Scope) -> None:
    del stage.vault.credentials[OTHER_TYPE]
    first, second = await stage.wallet.publish(scope, [due(scope, "aa", pass_type=OTHER_TYPE), due(scope, "bb")])
    assert first == CredentialRejected(f"no certificate for {OTHER_TYPE}")
    assert second == Delivered()


REFUSED = Answer(403, b'{"reason": "BadCertificate"}')


async def test_a_refused_certificate_rests_sends_one_probe_and_then_all_the_others(stage: Stage, scope: Scope, clock: Any) -> None:
    rows = [due(scope, f"{number:02x}") for number in range(ERRORS_MAX + 3)]
    rejected: list[Outcome] = [CredentialRejected("403 BadCertificate")] * len(rows)
    stage.apns.otherwise = REFUSED
    assert await stage.wallet.publish(scope, rows) == rejected
    sent = len(stage.apns.sent)
    assert await stage.wallet.publish(scope, rows) == rejected
    assert len(stage.apns.sent) == sent, "nothing is sent while the circuit is open"
    clock.advance(ms=OPEN_MS)
    assert await stage.wallet.publish(scope, rows) == rejected
    assert len(stage.apns.sent) == sent + 1, "one probe"
    stage.apns.otherwise = Answer(200)
    clock.advance(ms=OPEN_MS)
    assert await stage.wallet.publish(scope, rows) == [Delivered()] * len(rows)
    assert len(stage.apns.sent) == sent + 1 + len(rows)


async def test_one_bad_certificate_delays_nobody_else_and_a_renewed_one_nothing(stage: Stage, scope: Scope) -> None:
    rows = [due(scope, f"{number:02x}") for number in range(ERRORS_MAX)]
    stage.apns.otherwise = REFUSED
    await stage.wallet.publish(scope, rows)
    stage.apns.otherwise = Answer(200)
    elsewhere = Scope("0ther0", Environment.LIVE)
    assert await stage.wallet.publish(elsewhere, [due(elsewhere, "aa")]) == [Delivered()]
    assert await stage.wallet.publish(scope, [due(scope, "aa", pass_type=OTHER_TYPE)]) == [Delivered()]
    stage.vault.credentials[authority.PASS_TYPE] = replace(stage.vault.credentials[authority.PASS_TYPE], serial="renewed")
    assert await stage.wallet.publish(scope, rows) == [Delivered()] * len(rows)


async def test_when_every_one_of_many_tokens_is_called_bad_no_registration_is_thrown_away(stage: Stage, scope: Scope) -> None:
    bad = Answer(400, b'{"reason": "BadDeviceToken"}')
    stage.apns.otherwise = bad
    few = [due(scope, f"{number:04x}") for number in range(ALL_REFUSED_MIN - 1)]
    assert await stage.wallet.publish(scope, few) == [Gone("400 BadDeviceToken")] * len(few)
    many = [due(scope, f"{number:04x}") for number in range(ALL_REFUSED_MIN)]
    assert all(isinstance(one, CredentialRejected) for one in await stage.wallet.publish(scope, many))


async def test_many_dead_tokens_with_a_time_are_believed(stage: Stage, scope: Scope) -> None:
    stage.apns.otherwise = Answer(410, b'{"reason": "Unregistered", "timestamp": 5}')
    many = [due(scope, f"{number:04x}") for number in range(ALL_REFUSED_MIN)]
    assert await stage.wallet.publish(scope, many) == [Gone("410 Unregistered", 5)] * len(many)


async def test_connections_that_answer_nothing_for_a_while_are_dropped(stage: Stage, scope: Scope, clock: Any) -> None:
    stage.apns.otherwise = TimeoutError()
    steps: list[Callable[[], None]] = [lambda: None, lambda: clock.advance(ms=SILENCE_MS - 1), lambda: clock.advance(ms=1)]
    dropped = []
    for step in steps:
        step()
        assert await stage.wallet.publish(scope, [due(scope, "aa")]) == [RetryLater("unreachable")]
        dropped.append(stage.apns.dropped)
    assert dropped == [0, 0, 1]

"""The Apple wallet as the flows see it: the bundle that it offers, and that the same version is always the same bytes.

Its pushes are in test_apple_publish.py."""

import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from billfold.domain.content import Content, ImageSlot, Nfc, initials
from billfold.domain.delivery import Channel
from billfold.domain.errors import CredentialMissing, CredentialRefused
from billfold.domain.ids import PassId, Scope
from billfold.domain.pictures import PublicPictures
from billfold.glue import PushPools
from billfold.ports import Unsigned, Wallet
from billfold.wallets.apple.adapter import AppleWallet, _Bodies
from billfold.wallets.apple.certificates import AppleCredential
from wallets.apple import authority
from wallets.offers import finished

P256 = "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


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

    async def files(self, scope: Scope, content: Content) -> tuple[tuple[str, str, bytes], ...]:
        self.served += 1
        drawn = f"{initials(content)} on {content.background_color}"
        return (
            ("icon.png", drawn, drawn.encode()),
            *((f"{slot}.png", hash_, b"\x89PNG") for slot, hash_ in content.images.items()),
        )

    async def public(self, scope: Scope, content: Content) -> PublicPictures:
        raise NotImplementedError


def token_for(scope: Scope, pass_id: PassId) -> str:
    return f"token-of-{pass_id}"


@dataclass
class Stage:
    wallet: AppleWallet
    shelf: Shelf


@pytest.fixture
def stage(credential: AppleCredential, clock: Any) -> Stage:
    shelf = Shelf()
    pools = PushPools("https://127.0.0.1:1", None, streams_max=1, connections_max=1)  # an offer never pushes
    wallet = AppleWallet(
        credentials=Vault({authority.PASS_TYPE: credential}),
        token_for=token_for,
        images=shelf,
        web_service_base=lambda scope: f"https://wallet.example/apple/{scope.code}",
        transport=pools,
        clock=clock,
    )
    return Stage(wallet, shelf)


def bundle_of(unsigned: Unsigned) -> bytes:
    made = finished(unsigned).bundle
    assert made is not None
    return bytes(made)


def opened(bundle: bytes) -> dict[str, bytes]:
    archive = zipfile.ZipFile(io.BytesIO(bundle))
    return {name: archive.read(name) for name in archive.namelist()}


async def test_it_is_a_wallet(stage: Stage, scope: Scope) -> None:
    wallet: Wallet = stage.wallet
    assert wallet.channel is Channel.APPLE
    assert await wallet.identity(scope) == authority.PASS_TYPE


@pytest.mark.requirement("S3-22", "S3-57")
async def test_an_offer_is_a_signed_bundle_of_this_pass(stage: Stage, make_pass: Any, make_content: Any) -> None:
    pass_ = make_pass()
    files = opened(bundle_of(await stage.wallet.prepare(pass_, make_content(images={ImageSlot.LOGO: "1"}))))
    assert set(files) == {"icon.png", "logo.png", "pass.json", "manifest.json", "signature"}
    document = json.loads(files["pass.json"])
    assert document["serialNumber"] == pass_.id
    assert document["authenticationToken"] == f"token-of-{pass_.id}"
    assert document["webServiceURL"] == "https://wallet.example/apple/d3m0abt"


async def test_the_same_version_gives_the_same_bytes_whenever_and_however_it_is_made(
    stage: Stage, make_pass: Any, make_content: Any, clock: Any, credential: AppleCredential, scope: Scope
) -> None:
    pass_, content = make_pass(), make_content()
    first = bundle_of(await stage.wallet.prepare(pass_, content))
    clock.advance(days=40)
    assert bundle_of(await stage.wallet.prepare(pass_, content)) == first
    later = replace(pass_, updated_at_ms=pass_.updated_at_ms + 1000)
    assert bundle_of(await stage.wallet.prepare(later, content)) != first


async def test_a_translated_pass_brings_its_strings_and_the_bytes_do_not_depend_on_what_was_made_before(
    stage: Stage, make_pass: Any, make_content: Any
) -> None:
    content = make_content(language="en", translations={"de": {"fields.tier.label": "STUFE"}})
    first, second, third = [bundle_of(await stage.wallet.prepare(make_pass(), content)) for _ in range(3)]
    assert first == second == third
    files = opened(first)
    assert files["de.lproj/pass.strings"].decode("utf-16") == '"TIER" = "STUFE";\n'
    assert files["en.lproj/pass.strings"].decode("utf-16") == '"TIER" = "TIER";\n'
    manifest = json.loads(files["manifest.json"])
    assert {"de.lproj/pass.strings", "en.lproj/pass.strings"} <= set(manifest)


def test_strings_that_one_pass_has_alone_leave_the_shared_bodies_in_their_place() -> None:
    files = (("icon.png", "hash", bytes(1000)),)
    bodies = _Bodies(bytes_max=1_000_000)
    shared = bodies.get(files)
    for number in range(2_000):
        bodies.get(files, (("en.lproj/pass.strings", f"{number}".encode()),))
    assert bodies.get(files) is shared
    again = (("en.lproj/pass.strings", b"7"),)
    assert bodies.get(files, again) is bodies.get(files, again)


async def test_near_field_is_told_of_where_the_certificate_is_not_entitled(stage: Stage, scope: Scope, make_content: Any) -> None:
    content = make_content(nfc=Nfc("member-1", P256))
    assert stage.wallet.check(content) == ()
    assert [one.code for one in await stage.wallet.check_for(scope, content)] == ["nfc_not_entitled"]
    assert await stage.wallet.check_for(scope, make_content()) == ()


async def test_offers_made_at_once_do_not_mix(stage: Stage, make_pass: Any, make_content: Any) -> None:
    passes = [make_pass(number) for number in range(40)]
    makers = [await stage.wallet.prepare(one, make_content(description=f"Card {one.id}")) for one in passes]
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(bundle_of, makers))
    for one, bundle in zip(passes, made, strict=True):
        document = json.loads(opened(bundle)["pass.json"])
        assert (document["serialNumber"], document["description"]) == (one.id, f"Card {one.id}")


async def test_a_pass_older_than_a_renewed_certificate_is_signed_at_its_beginning(
    stage: Stage, make_pass: Any, make_content: Any, credential: AppleCredential
) -> None:
    before = int((credential.not_before - timedelta(days=200)).timestamp() * 1000)
    files = opened(bundle_of(await stage.wallet.prepare(make_pass(updated_at_ms=before), make_content())))
    assert f"{credential.not_before:%y%m%d%H%M%SZ}".encode() in files["signature"]


async def test_a_change_after_the_end_of_the_certificate_is_refused_and_an_older_version_is_not(
    stage: Stage, make_pass: Any, make_content: Any, credential: AppleCredential
) -> None:
    after = int((credential.not_after + timedelta(seconds=1)).timestamp() * 1000)
    with pytest.raises(CredentialRefused, match="renew"):
        finished(await stage.wallet.prepare(make_pass(updated_at_ms=after), make_content()))
    assert bundle_of(await stage.wallet.prepare(make_pass(), make_content()))


async def test_a_pass_type_without_a_certificate_says_what_is_missing(stage: Stage, make_pass: Any, make_content: Any) -> None:
    with pytest.raises(CredentialMissing):
        finished(await stage.wallet.prepare(make_pass(pass_type="pass.org.example.gone"), make_content()))


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
    bodies = _Bodies(6_000)

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


def test_a_body_with_strings_goes_before_the_pictures_that_it_holds_on_to() -> None:
    bodies = _Bodies(6_700)
    files, strings = (("icon.png", "a", bytes(900)),), (("en.lproj/pass.strings", bytes(100)),)
    pictures = bodies.get(files)
    bodies.get(files, strings)
    grown = bodies.get(files, strings)
    assert bodies.get(files, strings) is grown
    bodies.get((("icon.png", "b", bytes(900)),))
    bodies.get((("icon.png", "c", bytes(700)),))
    assert bodies.get(files) is pictures
    assert bodies.get(files, strings) is not grown

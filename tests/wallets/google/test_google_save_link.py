"""The save link: a JWT that others can verify, short enough for every browser, whatever the pass holds."""

import dataclasses
import json
from typing import Any

import google.auth.crypt
import google.auth.jwt
import pytest
from hypothesis import given
from joserfc import jwt
from joserfc.jwk import RSAKey
from msgspec.structs import replace

from billfold.domain.content import Content, Field
from billfold.wallets.google.forms import form_of
from billfold.wallets.google.look import PublicImages
from billfold.wallets.google.save_link import JWT_LENGTH_MAX, SAVE_BASE_URL, UnsignedLink, save_claims, save_link, signer_of
from wallets.google.cards import CROSSED
from wallets.google.material import COFFEE, CONTENTS, ISSUER, credential, faults, pass_of, private_pem, public_pem, rsa_key
from wallets.offers import signature_of

IMAGES = PublicImages("https://cards.example/i/d3m0abt/" + "a" * 64 + ".png")
IAT = 1_795_176_000


def signed(link: UnsignedLink) -> str:
    return link.signed(signature_of(link.wanted))


def link_of(content: Content, images: PublicImages = IMAGES, **more: Any) -> str:
    signer = signer_of(credential())
    claims, _ = save_claims(signer, form_of(pass_of(content), content, None, images).shape(), IAT)
    return signed(save_link(signer, claims, **more))


def claims_of(link: str) -> dict[str, Any]:
    """Verified by joserfc, an implementation that Billfold's links do not go through."""
    token = jwt.decode(link.removeprefix(SAVE_BASE_URL), RSAKey.import_key(public_pem()), algorithms=["RS256"])
    assert token.header == {"alg": "RS256", "typ": "JWT", "kid": credential().key_id}
    return token.claims


@pytest.mark.requirement("S3-22", "S3-38")
def test_a_small_pass_travels_whole_in_its_link() -> None:
    small = replace(COFFEE, secondary=(), back=())
    claims = claims_of(link_of(small))
    assert {name: claims[name] for name in ("iss", "aud", "typ", "iat")} == {
        "iss": credential().client_email,
        "aud": "google",
        "typ": "savetowallet",
        "iat": IAT,
    }
    [object_], [class_] = claims["payload"]["genericObjects"], claims["payload"]["genericClasses"]
    assert object_["textModulesData"] == [{"id": "r1c1", "header": "POINTS", "body": "1,250"}]
    assert class_ == {"id": object_["classId"]}


def test_google_s_own_library_verifies_the_signature() -> None:
    token = link_of(COFFEE).removeprefix(SAVE_BASE_URL)
    header, claims, signed, signature = google.auth.jwt._unverified_decode(token)
    assert header["kid"] == credential().key_id
    assert claims["aud"] == "google"
    assert google.auth.crypt.verify_signature(signed, signature, [public_pem()])


def test_a_large_pass_keeps_in_its_link_what_is_needed_at_the_till() -> None:
    large = replace(COFFEE, back=(Field("terms", "x" * 900, "Terms"),))
    [object_] = claims_of(link_of(large))["payload"]["genericObjects"]
    assert set(object_) == {"id", "classId", "cardTitle", "header", "logo", "hexBackgroundColor", "barcode", "state"}
    assert object_["barcode"]["value"] == "LOYALTY-98765"


def test_a_pass_that_does_not_fit_at_all_is_named_by_its_ids() -> None:
    huge = replace(COFFEE, logo_text="x" * 2000)
    payload = claims_of(link_of(huge))["payload"]
    assert payload == {"genericObjects": [{"id": f"{ISSUER}.{pass_of(huge).id}", "classId": f"{ISSUER}.d3m0abt-layout-12"}]}


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_a_longer_key_leaves_less_room_and_the_limit_stays(bits: int) -> None:
    other = signer_of(dataclasses.replace(credential(), private_key_pem=private_pem(rsa_key(bits))))
    claims, _ = save_claims(other, form_of(pass_of(COFFEE), COFFEE, None, IMAGES).shape(), IAT)
    link = signed(save_link(other, claims))
    assert len(link.removeprefix(SAVE_BASE_URL)) <= JWT_LENGTH_MAX


def test_the_length_is_used_to_the_last_character() -> None:
    """The limit is met by arithmetic before anything is signed, so the arithmetic must be exact."""
    lengths = {
        len(link_of(replace(COFFEE, secondary=(), back=(Field("a", "x" * count),))).removeprefix(SAVE_BASE_URL))
        for count in range(120)
    }
    assert max(lengths) in range(JWT_LENGTH_MAX - 2, JWT_LENGTH_MAX + 1)


@given(CONTENTS | CROSSED)
@pytest.mark.requirement("S3-22")
def test_any_content_gives_a_link_of_at_most_1800_characters_that_google_s_description_accepts(content: Content) -> None:
    made = form_of(pass_of(content), content, None, IMAGES)
    signer = signer_of(credential())
    claims, named_only = save_claims(signer, made.shape(), IAT, vertical=made.vertical, class_=made.essential_class())
    assert len(signed(save_link(signer, claims)).removeprefix(SAVE_BASE_URL)) <= JWT_LENGTH_MAX
    payload = json.loads(claims)["payload"]
    [object_] = payload[f"{made.vertical.object_kind}s"]
    assert set(object_) == {"id", "classId"} if named_only else not faults(object_, made.vertical.object_type)
    if made.vertical.reviewed and not named_only:
        assert not faults(payload[f"{made.vertical.class_kind}es"][0], made.vertical.class_type)


def test_a_stand_in_s_links_begin_elsewhere() -> None:
    assert link_of(COFFEE, base_url="http://127.0.0.1:9/gp/v/save/").startswith("http://127.0.0.1:9/gp/v/save/ey")

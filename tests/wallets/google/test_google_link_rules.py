"""Save links of others explained: what Google's page would not take, and what does not arrive."""

import base64
import json
from typing import Any

import pytest

from billfold.checker import check_file, check_google
from billfold.domain.checks import Report
from billfold.wallets.google.forms import form_of
from billfold.wallets.google.look import PublicImages
from billfold.wallets.google.save_link import SAVE_BASE_URL, save_claims, save_link, signer_of
from wallets.google.cards import CARDS
from wallets.google.material import credential, pass_of
from wallets.offers import signature_of

IAT = 1_795_176_000
NOW_MS = IAT * 1000
IMAGES = PublicImages("https://cards.example/i/d3m0abt/" + "a" * 64 + ".png")
HEADER = {"alg": "RS256", "typ": "JWT", "kid": "a1"}
OBJECT = {"id": "3388000000000000001.ada", "classId": "3388000000000000001.card"}
CLAIMS = {"iss": "cards@shop.example", "aud": "google", "typ": "savetowallet", "iat": IAT, "payload": {"loyaltyObjects": [OBJECT]}}
KEYED = OBJECT | {
    "state": "ACTIVE",
    "rotatingBarcode": {
        "type": "QR_CODE",
        "valuePattern": "{totp_value_0}",
        "totpDetails": {"algorithm": "TOTP_SHA1", "periodMillis": "30000", "parameters": [{"key": "00", "valueLength": 8}]},
    },
}


def b64(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def link(claims: object = CLAIMS, header: object = HEADER, signature: str = "c2lnbmVk") -> bytes:
    return f"{SAVE_BASE_URL}{b64(header)}.{b64(claims)}.{signature}\n".encode()


def said(report: Report) -> set[str]:
    return {f"{one.severity} {one.code} {one.path}" for one in report.all_findings()}


def check(data: bytes) -> set[str]:
    report = check_file(data, NOW_MS)
    assert report.kind == "google"
    return said(report)


def claims(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (CLAIMS | changes).items() if value is not None}


@pytest.mark.parametrize("name", CARDS)
def test_in_links_of_our_own_nothing_is_wrong(name: str) -> None:
    signer, content = signer_of(credential()), CARDS[name]
    made = form_of(pass_of(content), content, None, IMAGES)
    said_by_it, _ = save_claims(signer, made.shape(), IAT, vertical=made.vertical)
    unsigned = save_link(signer, said_by_it)
    found = check(unsigned.signed(signature_of(unsigned.wanted)).encode())
    assert not [one for one in found if one.startswith("error") or "link" in one]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (link(), None),
        (link().removeprefix(SAVE_BASE_URL.encode()), None),
        (link(signature="c" * 1600), "warning google.link_long "),
        (link()[:120], "error google.link_form "),
        (link(signature=""), "error google.link_form "),
        (link(signature="ab+/cd=="), "error google.link_form "),
        (link([1]), "error google.link_form "),
        (link(header=HEADER | {"alg": "none"}), "error google.link_alg header.alg"),
        (link(claims(iss="3388000000000000001")), "error google.link_claim iss"),
        (link(claims(aud="https://pay.google.com")), "error google.link_claim aud"),
        (link(claims(typ="JWT")), "error google.link_claim typ"),
        (link(claims(typ="savetoandroidpay")), "warning google.link_outdated typ"),
        (link(claims(iat=None)), "warning google.link_undated iat"),
        (link(claims(iat=str(IAT))), "error google.link_claim iat"),
        (link(claims(iat=NOW_MS)), "error google.link_claim iat"),
        (link(claims(exp=IAT - 1)), "warning google.link_expired exp"),
        (link(claims(origins="shop.example")), "error google.link_claim origins"),
        (link(claims(payload=None)), "error google.link_payload payload"),
        (link(claims(payload={"loyaltyObjects": []})), "error google.link_payload payload"),
        (link(claims(payload={"loyaltyObject": [OBJECT]})), "error google.unknown_member payload.loyaltyObject"),
        (link(claims(payload={"loyaltyObjects": [KEYED]})), "warning google.link_secret payload"),
    ],
)
def test_each_rule_finds_its_fault(data: bytes, expected: str | None) -> None:
    found = check(data)
    assert found == set() if expected is None else expected in found
    assert len(found) <= 2


def test_what_a_link_is_made_from_is_judged_like_the_link() -> None:
    assert said(check_google(claims(aud="me"), NOW_MS)) == check(link(claims(aud="me"))) == {"error google.link_claim aud"}
    large = claims(payload={"loyaltyObjects": [KEYED | {"accountName": "x" * 1500}]})
    assert "warning google.link_long " in said(check_google(large, NOW_MS))
    assert check_file(json.dumps(CLAIMS).encode(), NOW_MS).opens


@pytest.mark.parametrize("data", [b"eyJ", b"eyJ.." * 2, b"eyJ" + b"." * 60_000, b"eyJ" + b"a" * 60_000, link()[:-40]])
def test_no_odd_link_makes_the_reader_fall_over(data: bytes) -> None:
    assert not check_file(data, NOW_MS).opens

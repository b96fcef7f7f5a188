"""A whole foreign pass explained: archive, manifest, pictures, languages, signature. openssl judges what we say of signatures."""

import hashlib
import json
import random
import subprocess
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs7

from billfold.wallets.apple.checking import Checked, check_file
from billfold.wallets.apple.cms import read_signed_data
from billfold.wallets.apple.reader import Kind
from judges import judge
from wallets.apple import authority
from wallets.apple.foreign import DOCUMENT, document, files_of, manifest_of, packed, png, sign, signer, styled, zipped
from wallets.apple.test_apple_document_rules import ROWS

NOW = authority.NOW
E, W = "error", "warning"
UNTRUSTED = f"{W} issuer_not_apple signature"  # said of every pass of these tests, whose authority is not Apple


def said(checked: Checked) -> set[str]:
    return {f"{one.severity} {one.code} {one.path}" for one in checked.all_findings()} - {UNTRUSTED}


def check(data: bytes, now: datetime = NOW) -> set[str]:
    return said(check_file(data, now))


def test_a_pass_that_is_right_is_explained_without_a_word() -> None:
    checked = check_file(packed(files_of()), NOW)
    assert checked.kind is Kind.PASS
    assert said(checked) == set()
    facts = checked.passes[0].signature
    assert facts is not None
    assert (facts.pass_type, facts.team, facts.digest, facts.signed_at) == (authority.PASS_TYPE, authority.TEAM, "sha256", NOW)
    assert (facts.issuer_generation, facts.issuer_is_apple, facts.has_nfc) == ("G4", False, False)


# --- manifest, pictures, languages ------------------------------------------------------------------------------------------------

FILES = files_of()
BARE = {name: data for name, data in FILES.items() if not name.startswith("icon")}
EN, DE = b'"points" = "Points";\n"name" = "Name";', '"points" = "Punkte";\n"name" = "Größe";'.encode("utf-16")


def with_manifest(**changes: str | None) -> bytes:
    listed = json.loads(manifest_of(FILES)) | changes
    return packed(FILES, json.dumps({name: digest for name, digest in listed.items() if digest is not None}).encode())


NOISE = random.Random(1).randbytes(1024 * 1024)
PACKAGES: list[tuple[str, str, bytes]] = [
    ("42", f"{E} icon_missing icon.png", packed(BARE)),
    ("42", f"{E} image_not_png icon.png", packed(FILES | {"icon.png": b"\xff\xd8\xff\xe0"})),
    ("42", f"{E} image_damaged icon.png", packed(FILES | {"icon.png": png()[:-20]})),
    ("42", f"{E} image_damaged icon.png", packed(FILES | {"icon.png": png().replace(b"IHDR", b"IHDX")})),
    ("43", f"{W} image_unknown picture.png", packed(FILES | {"picture.png": png()})),
    ("43", f"{W} image_not_shown thumbnail.png", packed(FILES | {"thumbnail.png": png()})),
    ("43", f"{W} image_size logo.png", packed(FILES | {"logo.png": png(700, 100)})),
    ("43", f"{W} image_large strip.png", packed(FILES | {"strip.png": png() + NOISE})),
    (
        "44",
        f"{W} images_exclude_each_other strip.png",
        packed(files_of(styled("eventTicket"), **{"strip.png": png(), "background.png": png()})),
    ),
    ("45", f"{W} image_at_root_too logo.png", packed(FILES | {"de.lproj/logo.png": png(), "en.lproj/logo.png": png()})),
    (
        "45",
        f"{W} image_resolutions_differ strip.png",
        packed(FILES | {"de.lproj/strip.png": png(), "en.lproj/strip.png": png(), "en.lproj/strip@2x.png": png()}),
    ),
    ("42", f"{W} icon_in_folders icon.png", packed(BARE | {"de.lproj/icon.png": png(), "en.lproj/icon.png": png()})),
    ("42", f"{E} icon_missing icon.png", packed(BARE | {"de.lproj/icon.png": png(), "en.lproj/pass.strings": EN})),
    ("43", f"{W} image_small logo.png", packed(FILES | {"logo.png": png(24, 24)})),
    ("43", f"{W} image_small icon@2x.png", packed(FILES | {"icon@2x.png": png(37, 37)})),
    (
        "45",
        f"{W} image_not_in_all_languages strip.png",
        packed(FILES | {"de.lproj/strip.png": png(375, 144), "de.lproj/pass.strings": EN, "en.lproj/pass.strings": EN}),
    ),
    ("46", f"{E} language_unknown german.lproj", packed(FILES | {"german.lproj/pass.strings": EN, "en.lproj/pass.strings": EN})),
    ("46", f"{W} language_alone es.lproj", packed(FILES | {"es.lproj/pass.strings": EN})),
    (
        "46",
        f"{W} strings_keys_differ de.lproj/pass.strings",
        packed(FILES | {"en.lproj/pass.strings": EN, "de.lproj/pass.strings": b'"points" = "Punkte";'}),
    ),
    (
        "46",
        f"{W} strings_keys_differ de.lproj/pass.strings",
        packed(FILES | {"en.lproj/pass.strings": EN, "de.lproj/pass.strings": b"// nothing yet"}),
    ),
    *[
        ("46", f"{W} strings_misplaced {name}", packed(FILES | {"en.lproj/pass.strings": EN, name: EN}))
        for name in ("de.lproj/Pass.strings", "de.lproj/Localizable.strings", "de.LPROJ/pass.strings", "x/de.lproj/pass.strings")
    ],
    (
        "46",
        f"{E} strings_unreadable en.lproj/pass.strings",
        packed(FILES | {"en.lproj/pass.strings": b'"points" = "Points"\n"name" = "Name";', "de.lproj/pass.strings": DE}),
    ),
    (
        "46",
        f"{W} strings_no_mark de.lproj/pass.strings",
        packed(FILES | {"en.lproj/pass.strings": EN, "de.lproj/pass.strings": DE.removeprefix(b"\xff\xfe")}),
    ),
    (
        "47",
        f"{E} key_missing personalization.description",
        packed(FILES | {"personalization.json": b'{"requiredPersonalizationFields": ["PKPassPersonalizationFieldName"]}'}),
    ),
    ("47", f"{E} personalization_logo_missing personalization", packed(FILES | {"personalization.json": b"{}"})),
    ("48", f"{E} manifest_missing manifest.json", packed(FILES, b"")),
    ("48", f"{E} manifest_omits logo.png", with_manifest(**{"logo.png": None})),
    ("48", f"{E} manifest_lists_missing strip.png", with_manifest(**{"strip.png": "0" * 40})),
    ("48", f"{E} manifest_digest logo.png", with_manifest(**{"logo.png": "0" * 40})),
    ("48", f"{E} manifest_digest logo.png", with_manifest(**{"logo.png": hashlib.sha256(FILES["logo.png"]).hexdigest()})),
    (
        "48",
        f"{E} manifest_digest_case logo.png",
        with_manifest(**{"logo.png": hashlib.sha1(FILES["logo.png"]).hexdigest().upper()}),
    ),
    ("51", f"{E} archive_junk __MACOSX/._pass.json", packed(FILES | {"__MACOSX/._pass.json": b"x"})),
    ("51", f"{E} archive_junk .DS_Store", packed(FILES | {".DS_Store": b"x"})),
    ("51", f"{E} pass_in_folder Card.pass/pass.json", zipped({f"Card.pass/{name}": data for name, data in FILES.items()})),
    ("51", f"{E} document_missing ", packed({name: data for name, data in FILES.items() if name != "pass.json"})),
    ("54", f"{W} pass_large ", packed(FILES | {"strip.png": png() + NOISE * 6})),
    ("-", f"{W} file_unknown notes.txt", packed(FILES | {"notes.txt": b"x"})),
]


@pytest.mark.parametrize(("row", "expected", "data"), PACKAGES, ids=[f"row {one[0]}: {one[1]}" for one in PACKAGES])
def test_each_rule_of_the_package_finds_its_fault(row: str, expected: str, data: bytes) -> None:
    assert expected in check(data), f"row {row}"


def test_languages_are_read_in_both_encodings() -> None:
    assert check(packed(FILES | {"en.lproj/pass.strings": EN, "de.lproj/pass.strings": DE})) == set()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (json.dumps(DOCUMENT).encode()[:-1] + b",}", "json_not_strict"),
        (b"// by hand\n" + json.dumps(DOCUMENT).encode(), "json_not_strict"),
        (b"\xef\xbb\xbf" + json.dumps(DOCUMENT).encode(), "json_not_utf8"),
        (json.dumps(DOCUMENT).encode("utf-16"), "json_not_utf8"),
        (json.dumps(document(description="Größe"), ensure_ascii=False).encode("latin-1"), "json_not_utf8"),
        (json.dumps(DOCUMENT).encode()[:-1] + b',"formatVersion":1}', "json_key_twice"),
        (json.dumps(DOCUMENT).encode()[:-1] + b',"maxDistance":NaN}', "json_number"),
        (json.dumps(DOCUMENT).encode()[:-1] + b',"maxDistance":1' + b"0" * 5000 + b"}", "json_number"),
        (b'{"description":', "json_unreadable"),
        (b"[1]", "json_no_object"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "json_too_deep"),
    ],
)
def test_odd_json_is_read_as_far_as_it_can_be_and_told(raw: bytes, expected: str) -> None:
    """Row 1. The same of a file alone and inside an archive."""
    assert f"{E} {expected} " in check(raw)
    checked = check_file(packed(files_of(raw)), NOW)
    assert f"{E} {expected} pass.json" in said(checked)
    if expected in ("json_not_strict", "json_not_utf8", "json_key_twice"):
        assert checked.passes[0].document is not None
        assert len(said(checked)) == 1


SLOW: dict[str, bytes] = {
    "many unknown keys": json.dumps(DOCUMENT | {f"colour{number}": 1 for number in range(60_000)}).encode(),
    "many unknown values": json.dumps(document(barcodes=[{"format": f"PKBarcode{number}"} for number in range(30_000)])).encode(),
    "many fields": json.dumps(
        document(storeCard={"backFields": [{"key": str(at), "value": "x"} for at in range(40_000)]})
    ).encode(),
    "markup without end": json.dumps(
        document(storeCard={"backFields": [{"key": "a", "value": "x", "attributedValue": "<a " * 400_000}]})
    ).encode(),
    "a long colour": json.dumps(document(labelColor="rgb(" * 400_000)).encode(),
    "a slow charset": json.dumps(
        document(barcodes=[{"format": "PKBarcodeFormatQR", "message": "ä漢" * 100_000, "messageEncoding": "punycode"}])
    ).encode(),
    "texts of comments": zipped({"de.lproj/pass.strings": b"/**/" * 400_000, "pass.json": b"{}"}, zipfile.ZIP_STORED),
    "half headers": b"PK\3\4\0\0\x08\0" + bytes(22) + b"PK" * 2_000_000,
    "a long manifest": packed(FILES, json.dumps({f"f{number}": "x" for number in range(60_000)}).encode()),
}
"""Made to take the square of their length, or more: each ends in about a second, most at once."""


@pytest.mark.parametrize("name", SLOW)
def test_what_is_made_to_be_slow_ends_in_a_short_report(name: str) -> None:
    findings = check_file(SLOW[name], NOW).all_findings()
    assert findings
    assert len(findings) < 100


def test_a_bundle_of_passes_is_explained_pass_by_pass() -> None:
    """Row 54."""
    one, other = packed(files_of()), packed(files_of(document(labelColor="white")))
    checked = check_file(zipped({"a.pkpass": one, "b.pkpass": other}), NOW)
    assert (checked.kind, [each.name for each in checked.passes]) == (Kind.PASSES, ["a.pkpass", "b.pkpass"])
    assert [len(each.findings) for each in checked.passes] == [1, 2]
    many = check(zipped({f"{number}.pkpass": one for number in range(11)} | {"readme.txt": b"x"}))
    assert many == {f"{E} bundle_too_many_passes ", f"{W} bundle_other_file readme.txt"}


def test_what_is_no_pass_at_all_is_told() -> None:
    checked = check_file(b"<!DOCTYPE html><title>404</title>", NOW)
    assert checked.kind is Kind.UNKNOWN
    assert said(checked) == {f"{E} not_an_archive "}


def test_a_document_that_cannot_be_unpacked_is_not_called_missing() -> None:
    """What is wrong with it is told, and no mend that leads astray."""
    bomb = check(zipped({"pass.json": b" " * (17 * 1024 * 1024)}))
    assert f"{E} archive_bomb pass.json" in bomb
    large = check(zipped({"pass.json": b"{}", "noise": NOISE * 33}, zipfile.ZIP_STORED))
    assert f"{E} archive_too_large " in large
    assert not any("document_missing" in one for one in bomb | large)


def test_every_row_of_the_checklist_is_shown() -> None:
    """Rows 35 and 49 to 50 have tests of their own; so have odd JSON of row 1 and the bundles of row 54."""
    shown = {row for row, *_ in ROWS} | {row for row, *_ in PACKAGES} | {"35", "49", "50"}
    assert {str(row) for row in range(1, 55)} <= shown


# --- signature --------------------------------------------------------------------------------------------------------------------

MANIFEST = manifest_of(FILES)
AT = int(NOW.timestamp())


def signed_by(
    leaf: x509.Certificate | None = None,
    above: list[x509.Certificate] | None = None,
    key: rsa.RSAPrivateKey | None = None,
    options: tuple[pkcs7.PKCS7Options, ...] = (pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary),
    manifest: bytes = MANIFEST,
) -> bytes:
    """Signed now, by the builder of `cryptography`."""
    builder = pkcs7.PKCS7SignatureBuilder().set_data(manifest)
    builder = builder.add_signer(leaf or authority.certificate(), key or authority.rsa_key("pass"), hashes.SHA256())
    for one in [authority.intermediate().certificate] if above is None else above:
        builder = builder.add_certificate(one)
    return builder.sign(serialization.Encoding.DER, list(options))


def told(signature: bytes, manifest: bytes = MANIFEST, now: datetime | None = None) -> set[str]:
    """Codes about the signature. What the builder signs has today's time."""
    checked = check_file(packed(FILES, manifest, signature), now or datetime.now(UTC))
    return {one.code for one in checked.all_findings() if one.path == "signature"} - {"issuer_not_apple"}


LONG = authority.certificate(begins=datetime(2020, 1, 1, tzinfo=UTC), ends=datetime(2070, 1, 1, tzinfo=UTC))


def test_other_signers_than_ours_are_understood() -> None:
    assert told(signed_by(LONG)) == set()


def test_a_signature_with_its_content_inside_is_told() -> None:
    assert told(signed_by(LONG, options=(pkcs7.PKCS7Options.Binary,))) == {"signature_not_detached"}


def test_signing_in_text_mode_is_recognised() -> None:
    manifest = MANIFEST.replace(b", ", b",\n")
    signature = signed_by(LONG, options=(pkcs7.PKCS7Options.DetachedSignature,), manifest=manifest)
    [one] = [
        found for found in check_file(packed(FILES, manifest, signature), datetime.now(UTC)).all_findings() if found.severity == E
    ]
    assert (one.code, "text mode" in one.message) == ("manifest_not_signed", True)


def test_a_signature_without_signing_time_is_told() -> None:
    no_attributes = (pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoAttributes)
    assert told(signed_by(LONG, options=no_attributes)) == {"signing_time_missing"}


def test_a_signature_whose_attributes_name_no_data_is_told() -> None:
    signature = signed_by(LONG)
    [info] = read_signed_data(signature).signers
    assert info.attributes is not None
    said_data, says_else = bytes.fromhex("06092a864886f70d010701"), bytes.fromhex("06092a864886f70d010702")
    attributes = info.attributes.replace(said_data, says_else)
    anew = authority.rsa_key("pass").sign(attributes, padding.PKCS1v15(), hashes.SHA256())
    changed = signature.replace(info.attributes[1:], attributes[1:]).replace(info.signature, anew)
    assert told(changed) == {"signature_content_type"}


def test_a_manifest_changed_after_signing_is_told() -> None:
    assert told(sign(MANIFEST), MANIFEST + b" ", NOW) == {"manifest_not_signed"}


def test_a_signature_by_another_key_is_told() -> None:
    forged = sign(MANIFEST)[:-256] + signed_by(LONG)[-256:]
    assert told(forged, now=NOW) == {"signature_wrong_key"}


def test_the_intermediate_is_chosen_by_key_and_named_by_generation() -> None:
    assert told(signed_by(LONG, above=[])) == {"intermediate_missing"}
    other_key = authority.intermediate("G4", "another").certificate
    assert told(signed_by(LONG, above=[other_key])) == {"intermediate_wrong"}
    wrong = check_file(packed(FILES, MANIFEST, signed_by(LONG, above=[authority.intermediate("G6").certificate])), NOW)
    [one] = [found for found in wrong.all_findings() if found.code == "intermediate_wrong"]
    assert "G4" in one.message
    assert "G6" in one.message
    assert "include G4" in one.mend


@pytest.mark.parametrize(
    ("organization", "opens"), [("Billfold Sandbox", True), ("Apple Inc.", True), ("Somebody Else", False), ("", False)]
)
def test_what_somebody_else_than_apple_has_certified_opens_in_the_sandbox_at_most(organization: str, opens: bool) -> None:
    """Of Apple's next intermediates we know the name alone, so that it is a warning."""
    above = authority.intermediate(organization=organization or "-")
    leaf = authority.certificate(issuer=above)
    checked = check_file(packed(FILES, MANIFEST, signed_by(leaf, above=[above.certificate])), NOW)
    severities = {one.severity for one in checked.all_findings() if one.code == "issuer_not_apple"}
    assert severities == {"warning" if opens else "error"}


def test_expiry_is_judged_at_the_signing_time() -> None:
    signature = sign(MANIFEST)
    assert told(signature, now=NOW) == set()
    assert told(signature, now=authority.ENDS - timedelta(days=10)) == {"certificate_expires_soon"}
    assert told(signature, now=authority.ENDS + timedelta(days=10)) == {"certificate_expired_since"}
    assert told(signature, now=NOW - timedelta(days=10)) == {"signing_time_future"}
    assert told(signer().sign(MANIFEST, int(authority.ENDS.timestamp()) + 9), now=authority.ENDS + timedelta(days=9)) == {
        "certificate_expired"
    }
    assert told(signer().sign(MANIFEST, int(authority.BEGINS.timestamp()) - 9), now=NOW) == {"certificate_not_yet_valid"}


def test_a_certificate_for_something_else_is_told() -> None:
    other = authority.certificate(pass_type=None, extension=None, ends=datetime(2070, 1, 1, tzinfo=UTC))
    assert "not_a_pass_certificate" in told(signed_by(other))


def test_identifiers_are_held_against_the_certificate() -> None:
    """Rows 4, 5 and 38."""
    nfc = {"message": "x", "encryptionPublicKey": "x"}
    given = document(passTypeIdentifier="pass.org.example.other", teamIdentifier="ZZZZZ12345", nfc=nfc)
    codes = {one.code for one in check_file(packed(files_of(given)), NOW).all_findings()}
    assert {"pass_type_mismatch", "team_mismatch", "nfc_not_entitled"} <= codes


@pytest.mark.parametrize(
    "signature", [b"x", b"-----BEGIN PKCS7-----", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", MANIFEST, b"\x30\x80" * 500]
)
def test_what_is_no_signature_is_told(signature: bytes) -> None:
    assert told(signature) == {"signature_unreadable"}


def test_a_missing_signature_is_told() -> None:
    assert f"{E} signature_missing signature" in check(packed(FILES, signature=b""))


def test_no_cut_or_changed_signature_makes_the_reader_fall_over() -> None:
    good = sign(MANIFEST)
    for place in range(0, len(good), 7):
        told(good[:place] or b"x", now=NOW)
        told(good[:place] + bytes((good[place] ^ 0x55,)) + good[place + 1 :], now=NOW)


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("option", ["", "-stream", "-keyid"])
def test_openssl_and_we_agree_on_what_openssl_signs(digest: str, option: str, tmp_path: Path) -> None:
    """-stream writes BER with indefinite lengths, and the content inside; -keyid names the signer by its key."""
    write = {
        "manifest.json": MANIFEST,
        "leaf.pem": authority.pem(LONG),
        "key.pem": authority.key_pem(authority.rsa_key("pass")),
        "above.pem": authority.intermediate().pem,
        "root.pem": authority.root().pem,
    }
    for name, data in write.items():
        (tmp_path / name).write_bytes(data)
    command = f"cms -sign -binary -md {digest} -in manifest.json -signer leaf.pem -inkey key.pem -certfile above.pem -outform DER"
    signing = [judge("openssl"), *command.split(), *option.split(), "-out", "signature"]
    subprocess.run(signing, cwd=tmp_path, check=True, capture_output=True)
    signature = (tmp_path / "signature").read_bytes()
    unusual = {"signature_digest_unusual"} if digest == "sha512" else set()
    assert told(signature) == unusual | ({"signature_not_detached"} if option == "-stream" else set())
    assert told(signature, MANIFEST + b" ") >= {"manifest_not_signed"}
    assert replace(check_file(packed(FILES, MANIFEST, signature), NOW).passes[0], findings=()).signature is not None

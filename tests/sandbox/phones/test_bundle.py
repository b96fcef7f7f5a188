"""Which files a virtual phone takes. Bundles are made by openssl and zipfile; broken ones must be refused for their own reason."""

import io
import json
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from billfold.sandbox.authority import IssuedCertificate, SandboxAuthority
from billfold.sandbox.phones.bundle import InvalidPass, open_bundle
from billfold.sandbox.phones.content import Reader
from billfold.sandbox.phones.signature import Trust
from judges import judge
from sandbox.phones.bundles import TEAM, TYPE, bundle, files_of, manifest_of, pass_json, sign, store_card, zipped

Files = dict[str, bytes]


@pytest.fixture(params=["with openssl", "alone"])
def trust(request: pytest.FixtureRequest, authority: SandboxAuthority) -> Trust:
    return Trust(authority.root_pem, judge("openssl") if request.param == "with openssl" else None)


@pytest.fixture
def alone(authority: SandboxAuthority) -> Trust:
    return Trust(authority.root_pem)


def signed(files: Files, issued: IssuedCertificate) -> Files:
    manifest = manifest_of(files)
    return {**files, "manifest.json": manifest, "signature": sign(manifest, issued)}


async def refusal(data: bytes, trust: Trust) -> str:
    with pytest.raises(InvalidPass) as caught:
        await open_bundle(data, trust)
    return str(caught.value)


async def test_a_proper_bundle_is_opened(issued: IssuedCertificate, trust: Trust) -> None:
    opened = await open_bundle(bundle(pass_json(), issued), trust)
    assert (opened.content.pass_type_identifier, opened.content.serial_number) == (TYPE, "C-1")
    assert opened.content.card.title == "Bayroast Coffee"
    assert opened.content.card.barcode == "LOYALTY-98765"


async def test_a_signature_by_another_library_is_as_good(issued: IssuedCertificate, trust: Trust) -> None:
    files = files_of(pass_json())
    manifest = manifest_of(files)
    key = serialization.load_pem_private_key(issued.key_pem, None)
    builder = pkcs7.PKCS7SignatureBuilder().set_data(manifest)
    builder = builder.add_signer(x509.load_pem_x509_certificate(issued.certificate_pem), key, hashes.SHA256())  # type: ignore[arg-type]
    builder = builder.add_certificate(x509.load_pem_x509_certificate(issued.intermediate_pem))
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    signature = builder.sign(serialization.Encoding.DER, options)
    opened = await open_bundle(zipped({**files, "manifest.json": manifest, "signature": signature}), trust)
    assert opened.content.serial_number == "C-1"


@pytest.mark.parametrize("signer", ["SHA-1, as in Apple's samples", "named by key identifier"])
async def test_other_kinds_of_signature_in_the_field_are_taken(issued: IssuedCertificate, trust: Trust, signer: str) -> None:
    files = files_of(pass_json())
    manifest = manifest_of(files)
    by_key = signer == "named by key identifier"
    signature = _signed_by_key_identifier(manifest, issued) if by_key else sign(manifest, issued, "-md", "sha1")
    assert await open_bundle(zipped({**files, "manifest.json": manifest, "signature": signature}), trust)


def _signed_by_key_identifier(manifest: bytes, issued: IssuedCertificate) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "m").write_bytes(manifest)
        Path(folder, "c.pem").write_bytes(issued.certificate_pem + issued.key_pem)
        Path(folder, "i.pem").write_bytes(issued.intermediate_pem)
        command = "cms -sign -binary -keyid -in m -signer c.pem -certfile i.pem -outform DER -out s"
        subprocess.run([judge("openssl"), *command.split()], cwd=folder, check=True, capture_output=True)
        return Path(folder, "s").read_bytes()


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (lambda files: files.pop("signature"), "Signature is missing"),
        (lambda files: files.pop("manifest.json"), "no manifest.json"),
        (lambda files: files.update({"icon.png": b"other"}), "icon.png does not have the SHA-1"),
        (lambda files: files.update({"extra.png": b"x"}), "extra.png is not in the manifest"),
        (lambda files: files.pop("icon@2x.png"), "lists icon@2x.png, which is missing"),
        (lambda files: files.update({"signature": b""}), "did not verify"),
        (lambda files: files.update({"signature": b"\x30\x80\x00"}), "did not verify"),
        (lambda files: files.update({"signature": files["signature"][:-1]}), "did not verify"),
        (
            lambda files: files.update({"signature": files["signature"][:-1] + bytes([files["signature"][-1] ^ 1])}),
            "not made by the signer's key",
        ),
        (lambda files: files.update({"manifest.json": files["manifest.json"] + b"\n"}), "changed after signing"),
        (lambda files: files.update({"manifest.json": b"[]"}), "manifest.json: not a JSON object"),
    ],
)
async def test_a_changed_bundle_is_refused_for_its_own_reason(
    issued: IssuedCertificate, alone: Trust, break_it: Callable[[Files], object], reason: str
) -> None:
    files = signed(files_of(pass_json()), issued)
    break_it(files)
    assert reason in await refusal(zipped(files), alone)


async def test_the_signer_must_be_that_of_the_pass(authority: SandboxAuthority, trust: Trust) -> None:
    other_type = authority.issue_pass_certificate("pass.com.example.tea", TEAM)
    assert "passTypeIdentifier may not match your certificate" in await refusal(bundle(pass_json(), other_type), trust)
    other_team = authority.issue_pass_certificate(TYPE, "ZZZZZZZZZZ")
    assert "teamIdentifier may not match your certificate" in await refusal(bundle(pass_json(), other_team), trust)


async def test_the_chain_must_lead_to_the_root_through_an_intermediate_that_is_enclosed(
    issued: IssuedCertificate, alone: Trust, tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = files_of(pass_json())
    manifest = manifest_of(files)
    without = {**files, "manifest.json": manifest, "signature": sign(manifest, issued, intermediate=b"")}
    assert "intermediate is missing or wrong" in await refusal(zipped(without), alone)
    foreign = SandboxAuthority.open(tmp_path_factory.mktemp("foreign"))
    wrong = {**without, "signature": sign(manifest, issued, intermediate=foreign.intermediate_pem)}
    assert "intermediate is missing or wrong" in await refusal(zipped(wrong), alone)
    theirs = foreign.issue_pass_certificate(TYPE, TEAM)
    assert "trust chain could not be verified" in await refusal(bundle(pass_json(), theirs), alone)


async def test_openssl_must_agree(issued: IssuedCertificate, authority: SandboxAuthority) -> None:
    data = bundle(pass_json(), issued)
    assert await open_bundle(data, Trust(authority.root_pem, judge("openssl")))
    assert "openssl says" in await refusal(data, Trust(authority.root_pem, "/bin/false"))


async def test_a_certificate_that_was_not_valid_when_signing_is_refused(authority: SandboxAuthority, alone: Trust) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    expired = authority.issue_pass_certificate(TYPE, TEAM, not_after=yesterday)
    assert "was not valid when the pass was signed" in await refusal(bundle(pass_json(), expired), alone)


async def test_a_signature_without_signing_time_is_refused(issued: IssuedCertificate, alone: Trust) -> None:
    files = files_of(pass_json())
    manifest = manifest_of(files)
    bare = {**files, "manifest.json": manifest, "signature": sign(manifest, issued, "-noattr")}
    assert "did not verify" in await refusal(zipped(bare), alone)


async def test_a_signature_with_content_of_its_own_is_refused(issued: IssuedCertificate, alone: Trust) -> None:
    files = files_of(pass_json())
    manifest = manifest_of(files)
    attached = {**files, "manifest.json": manifest, "signature": sign(manifest, issued, "-nodetach")}
    assert "not detached" in await refusal(zipped(attached), alone)


async def test_line_ends_changed_before_signing_are_noticed(issued: IssuedCertificate, alone: Trust) -> None:
    files = files_of(pass_json())
    manifest = manifest_of(files)
    crlf = sign(manifest.replace(b"\n", b"\r\n"), issued)
    assert "line ends" in await refusal(zipped({**files, "manifest.json": manifest, "signature": crlf}), alone)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../evil.png", "unsafe path"),
        ("/etc/evil.png", "unsafe path"),
        ("a\\b.png", "unsafe path"),
        ("__MACOSX/x", "does not belong"),
        ("en.lproj/.DS_Store", "does not belong"),
        ("folder/", "does not belong"),
    ],
)
async def test_paths_that_do_not_belong_are_refused(issued: IssuedCertificate, alone: Trust, name: str, reason: str) -> None:
    assert reason in await refusal(bundle(pass_json(), issued, {name: b"x"}), alone)


async def test_limits_hold_before_anything_is_unpacked(alone: Trust) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(5):
            archive.writestr(f"{number}.png", bytes(15_000_000))
    assert "unpacks to too much" in await refusal(buffer.getvalue(), alone)
    assert "unpacks to too much" in await refusal(zipped({f"{number}.png": b"" for number in range(501)}), alone)
    assert "not a zip" in await refusal(b"<html>", alone)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"formatVersion": 2}, "formatVersion"),
        ({"formatVersion": True}, "formatVersion"),
        ({"description": None}, "description is missing"),
        ({"organizationName": ""}, "organizationName is missing"),
        ({"serialNumber": 7}, "serialNumber is missing or not a text"),
        ({"storeCard": None}, "0 style keys"),
        ({"generic": {}}, "2 style keys"),
        ({"storeCard": None, "boardingPass": {}}, "transitType is missing"),
        ({"storeCard": {"transitType": "PKTransitTypeAir"}}, "transitType does not belong"),
        ({"storeCard": {"backFields": [{"value": "x"}]}}, "backFields[0].key is missing"),
        ({"storeCard": {"backFields": [{"key": "a"}]}}, "backFields[0].value is missing"),
        ({"storeCard": {"backFields": [{"key": "a", "value": True}]}}, "neither text nor number"),
        (
            {"storeCard": {"backFields": [{"key": "a", "value": 1}], "headerFields": [{"key": "a", "value": 2}]}},
            "'a' is used twice",
        ),
        ({"storeCard": {"headerFields": [{"key": "a", "value": 1, "textAlignment": "Left"}]}}, "textAlignment"),
        ({"storeCard": {"backFields": [{"key": "a", "value": "x", "dateStyle": "PKDateStyleShort"}]}}, "no date"),
        ({"storeCard": {"backFields": [{"key": "a", "value": "9", "currencyCode": "EUR"}]}}, "no number"),
        ({"storeCard": {"backFields": {}}}, "not a list"),
        ({"barcodes": {}}, "barcodes is not a list"),
        ({"barcodes": [{"format": "PKBarcodeFormatQR"}]}, "needs message"),
        (
            {"barcodes": [{"format": "PKBarcodeFormatQR", "message": "€", "messageEncoding": "iso-8859-1"}]},
            "cannot be written",
        ),
        (
            {"barcode": {"format": "PKBarcodeFormatCode128", "message": "1", "messageEncoding": "utf-8"}},
            "barcode.format",
        ),
        ({"backgroundColor": "#3c2814"}, "backgroundColor"),
        ({"labelColor": "rgb(256, 0, 0)"}, "labelColor"),
        ({"locations": [{"latitude": 91, "longitude": 0}]}, "locations[0]"),
        ({"locations": [{"latitude": 1, "longitude": 1}] * 11}, "at most 10"),
        ({"expirationDate": "2026-12-05"}, "expirationDate"),
        ({"expirationDate": "2026-13-05T09:00Z"}, "expirationDate"),
        ({"webServiceURL": "https://x.example/"}, "come together"),
        ({"webServiceURL": "https://x.example/?a=1", "authenticationToken": "a" * 16}, "webServiceURL"),
        ({"webServiceURL": "https://x.example/", "authenticationToken": "short"}, "authenticationToken"),
        ({"voided": "yes"}, "voided"),
    ],
)
async def test_a_pass_that_a_phone_cannot_read_is_refused(
    issued: IssuedCertificate, alone: Trust, changes: dict[str, object], reason: str
) -> None:
    assert reason in await refusal(bundle(pass_json(**changes), issued), alone)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"a": 1, "a": 2}', "'a' twice"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": 1,}', "not strict JSON"),
        (b'{"a": "\xff"}', "not strict JSON in UTF-8"),
        (b"[" * 100_000, "not strict JSON"),
        (b"[]", "not a JSON object"),
    ],
)
async def test_json_that_is_not_strict_is_refused(issued: IssuedCertificate, alone: Trust, text: bytes, reason: str) -> None:
    files = signed({**files_of(pass_json()), "pass.json": text}, issued)
    assert reason in await refusal(zipped(files), alone)


async def test_images_must_be_there_and_be_images(issued: IssuedCertificate, alone: Trust) -> None:
    files = files_of(pass_json())
    no_icon = {name: data for name, data in files.items() if name != "icon.png"}
    assert "icon.png is missing" in await refusal(zipped(signed(no_icon, issued)), alone)
    assert "logo.png is not a PNG" in await refusal(bundle(pass_json(), issued, {"logo.png": b"GIF89a"}), alone)


async def test_texts_are_shown_in_the_phones_language(issued: IssuedCertificate, alone: Trust) -> None:
    content = pass_json(storeCard=store_card("%"), organizationName="ORG")
    content["storeCard"]["headerFields"][0]["label"] = "POINTS_LABEL"  # type: ignore[index]
    german = '/* note */ "POINTS_LABEL" = "Punkte";\n"ORG" = "Kaffee \\"Röster\\"";'
    extra = {
        "de.lproj/pass.strings": german.encode("utf-16"),
        "en.lproj/pass.strings": b'"POINTS_LABEL" = "Points"; // more\n"ORG" = "Roaster";',
    }
    data = bundle(content, issued, extra)
    in_english = (await open_bundle(data, alone, Reader("en-GB"))).content.card
    in_german = (await open_bundle(data, alone, Reader("de"))).content.card
    assert (in_english.organization_name, in_english.fields[0].label) == ("Roaster", "Points")
    assert (in_german.organization_name, in_german.fields[0].label) == ('Kaffee "Röster"', "Punkte")


def test_the_bundles_of_these_tests_are_what_unzip_calls_sound(
    issued: IssuedCertificate, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("zip") / "a.pkpass"
    path.write_bytes(bundle(pass_json(), issued))
    done = subprocess.run([judge("unzip"), "-t", str(path)], capture_output=True, text=True, check=False)
    assert "No errors detected" in done.stdout
    assert json.loads(zipfile.ZipFile(path).read("manifest.json")).keys() == {"pass.json", "icon.png", "icon@2x.png"}

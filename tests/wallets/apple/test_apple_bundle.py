"""The .pkpass archive, judged by unzip, zipfile and openssl; and its bytes, which depend on nothing but what went in."""

import hashlib
import io
import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from billfold.domain.content import Barcode, BarcodeFormat, Style
from billfold.wallets.apple import bundle
from billfold.wallets.apple.certificates import AppleCredential
from billfold.wallets.apple.codes import BARCODES
from billfold.wallets.apple.pass_json import IssuingFacts, pass_json
from billfold.wallets.apple.rules import errors
from billfold.wallets.apple.signing import Signer
from judges import judge
from wallets.apple import authority
from wallets.apple.conftest import MESSAGES

FILES = (("icon.png", b"\x89PNG icon"), ("logo@2x.png", b"\x89PNG logo" * 500), ("de.lproj/strip.png", b"\x89PNG strip"))
FACTS = IssuingFacts(authority.PASS_TYPE, authority.TEAM, "https://wallet.example/apple/d3m0abt", "t" * 43)
AT = int(authority.NOW.timestamp())


@pytest.fixture(scope="module")
def signer(credential: AppleCredential) -> Signer:
    return Signer(credential)


def test_names_contents_and_checksums_are_what_went_in(signer: Signer) -> None:
    archive = zipfile.ZipFile(io.BytesIO(bundle.build(bundle.Body(FILES), b'{"a":1}', signer, AT)))
    assert archive.testzip() is None
    assert {name: archive.read(name) for name in archive.namelist()} == {
        **dict(FILES),
        "pass.json": b'{"a":1}',
        "manifest.json": archive.read("manifest.json"),
        "signature": signer.sign(archive.read("manifest.json"), AT),
    }
    assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())
    assert archive.namelist()[-1] == "pass.json"


def test_the_manifest_lists_every_file_but_itself_and_the_signature(signer: Signer) -> None:
    archive = zipfile.ZipFile(io.BytesIO(bundle.build(bundle.Body(FILES), b'{"a":1}', signer, AT)))
    manifest = json.loads(archive.read("manifest.json"))
    assert set(manifest) == set(archive.namelist()) - {"manifest.json", "signature"}
    assert all(manifest[name] == hashlib.sha1(archive.read(name)).hexdigest() for name in manifest)


@pytest.mark.requirement("S3-22", "S3-60")
def test_unzip_finds_nothing_wrong(signer: Signer, tmp_path: Path) -> None:
    (tmp_path / "a.pkpass").write_bytes(bundle.build(bundle.Body(FILES), b'{"a":1}', signer, AT))
    judged = subprocess.run([judge("unzip"), "-t", "a.pkpass"], cwd=tmp_path, capture_output=True, text=True)
    assert judged.returncode == 0, judged.stdout
    assert "No errors detected" in judged.stdout
    assert "warning" not in (judged.stdout + judged.stderr).lower()


def test_unzip_as_a_judge_can_fail(signer: Signer, tmp_path: Path) -> None:
    data = bytearray(bundle.build(bundle.Body(FILES), b'{"a":1}', signer, AT))
    data[data.index(b'{"a":1}') + 5] ^= 1
    (tmp_path / "a.pkpass").write_bytes(data)
    assert subprocess.run([judge("unzip"), "-t", "a.pkpass"], cwd=tmp_path, capture_output=True).returncode != 0


def test_equal_input_gives_equal_bytes_whatever_the_order_of_the_files(signer: Signer) -> None:
    first = bundle.build(bundle.Body(FILES), b'{"a":1}', signer, AT)
    assert bundle.build(bundle.Body(FILES[::-1]), b'{"a":1}', signer, AT) == first
    assert bundle.build(bundle.Body(FILES), b'{"a":1}', signer, AT + 1) != first


def test_the_pieces_joined_are_the_whole_and_the_first_is_shared(signer: Signer) -> None:
    body = bundle.Body(FILES)
    unsealed = bundle.Unsealed(body, b'{"a":1}', signer, AT)
    shared, own = unsealed.sealed(signer.rsa(unsealed.digest)).pieces()
    assert shared + own == bundle.build(body, b'{"a":1}', signer, AT)
    assert bundle.Unsealed(body, b'{"a":22}', signer, AT).sealed(bytes(256)).pieces()[0] is shared


def test_a_body_takes_over_another_ones_files_and_the_whole_is_as_sound(signer: Signer, tmp_path: Path) -> None:
    strings = (("en.lproj/pass.strings", b'"a" = "b";\n'), ("fr.lproj/pass.strings", b"\xff\xfex\0"))
    before = bundle.Body(FILES)
    grown = bundle.Body(strings, before=before)
    data = bundle.build(grown, b'{"a":1}', signer, AT)
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    assert {name: archive.read(name) for name in archive.namelist() if name not in ("manifest.json", "signature", "pass.json")} == {
        **dict(FILES),
        **dict(strings),
    }
    manifest = json.loads(archive.read("manifest.json"))
    assert all(
        manifest[name] == hashlib.sha1(archive.read(name)).hexdigest() for name in {*dict(FILES), *dict(strings), "pass.json"}
    )
    (tmp_path / "a.pkpass").write_bytes(data)
    assert subprocess.run([judge("unzip"), "-t", "a.pkpass"], cwd=tmp_path, capture_output=True).returncode == 0
    assert grown.shared.pieces[0] is before.shared.pieces[0], "the pictures are the same bytes, not copied"
    assert grown.size < before.size + 500


def test_a_file_that_the_body_before_has_already_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        bundle.Body((("icon.png", b"1"),), before=bundle.Body(FILES))


def test_a_bundle_may_hold_no_pictures_and_awkward_names(signer: Signer) -> None:
    for files in ((), (("zh-Hans.lproj/名.png", b"x"), ('quote".png', b"y"))):
        archive = zipfile.ZipFile(io.BytesIO(bundle.build(bundle.Body(files), b"{}", signer, AT)))
        assert archive.testzip() is None
        assert set(json.loads(archive.read("manifest.json"))) == {name for name, _ in files} | {"pass.json"}


@pytest.mark.parametrize("name", ["pass.json", "manifest.json", "signature", "../a.png", "/a.png", "a//b.png", "a\\b.png", "", "."])
def test_unsafe_or_reserved_names_are_a_bug(name: str) -> None:
    with pytest.raises(AssertionError):
        bundle.Body(((name, b""),))


def test_a_name_twice_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        bundle.Body((("a.png", b"1"), ("a.png", b"2")))


@pytest.mark.requirement("S3-07", "S3-22", "S3-60")
@pytest.mark.parametrize("format_", list(BARCODES))
@pytest.mark.parametrize("style", list(Style))
def test_every_style_with_every_barcode_verifies(
    style: Style, format_: BarcodeFormat, make_pass: Any, make_content: Any, signer: Signer, tmp_path: Path
) -> None:
    content = make_content(style=style, barcode=Barcode(format_, MESSAGES.get(format_, "C-0001")))
    assert errors(content) == ()
    data = bundle.build(bundle.Body(FILES), pass_json(make_pass(), content, FACTS), signer, AT)
    (tmp_path / "a.pkpass").write_bytes(data)
    subprocess.run([judge("unzip"), "-q", "a.pkpass"], cwd=tmp_path, check=True)
    (tmp_path / "root.pem").write_bytes(authority.root().pem)
    command = "smime -verify -binary -inform DER -in signature -content manifest.json -CAfile root.pem -purpose any"
    subprocess.run(
        [judge("openssl"), *command.split(), "-attime", str(AT), "-out", "verified"], cwd=tmp_path, check=True, capture_output=True
    )
    for name, digest in json.loads((tmp_path / "verified").read_bytes()).items():
        assert hashlib.sha1((tmp_path / name).read_bytes()).hexdigest() == digest
    document = json.loads((tmp_path / "pass.json").read_bytes())
    assert document[style.value]
    assert document["barcodes"][0]["format"] == BARCODES[format_]

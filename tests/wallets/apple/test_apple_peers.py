"""Readers that others wrote open what we sign: KDE's, GNOME Passes, passkit-generator's schemas. And each of them can refuse.

The fixtures are explained in tests/plugins/peers.py."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from billfold.domain.content import Barcode, BarcodeFormat, Style
from billfold.wallets.apple import bundle, languages
from billfold.wallets.apple.checking import check_file
from billfold.wallets.apple.pass_json import IssuingFacts, pass_json
from billfold.wallets.apple.rules import errors
from billfold.wallets.apple.vocabulary import vocabulary
from wallets.apple import authority
from wallets.apple.conftest import MESSAGES
from wallets.apple.foreign import document, files_of, packed, png, signer

FACTS = IssuingFacts(authority.PASS_TYPE, authority.TEAM, "https://wallet.example/apple/d3m0abt", "t" * 43)
PICTURES = (("icon.png", png()), ("icon@2x.png", png(76, 76)), ("logo.png", png(160, 50)))
Ask = Callable[..., Any]


@pytest.fixture
def issued(make_pass: Any, make_content: Any) -> Callable[..., bytes]:
    """A bundle as we sign it, of a content with `changes`."""

    def make(**changes: object) -> bytes:
        content = make_content(**changes)
        assert errors(content) == ()
        content, strings = languages.localized(content)
        body = bundle.Body([*PICTURES, *strings])
        return bundle.build(body, pass_json(make_pass(), content, FACTS), signer(), int(authority.NOW.timestamp()))

    return make


def document_in(data: bytes) -> dict[str, Any]:
    document_ = check_file(data, authority.NOW).passes[0].document
    assert document_ is not None
    return document_


@pytest.mark.requirement("S3-22", "S3-60")
@pytest.mark.parametrize("style", list(Style))
def test_kdes_reader_understands_what_we_sign(issued: Callable[..., bytes], kde_reader: Ask, style: Style) -> None:
    read = kde_reader(issued(style=style, expires_at=1_900_000_000))
    assert read is not None
    assert read["style"] == style.value[0].upper() + style.value[1:]
    assert (read["organizationName"], read["serialNumber"][:7]) == ("Corner Coffee", "d3m0abt")
    assert [one["value"] for one in read["header"] + read["primary"] + read["secondary"]] == ["1200", "Ada", "Gold"]
    assert read["barcodes"] == [{"format": "QR", "message": "C-0001", "encoding": "iso-8859-1", "altText": "C-0001"}]
    assert read["images"]["icon"] == [38, 38]
    assert read["expirationDate"] == "2030-03-17T17:46:40Z"


@pytest.mark.requirement("S3-22", "S3-60")
@pytest.mark.parametrize("style", list(Style))
def test_gnome_passes_understands_what_we_sign(issued: Callable[..., bytes], gnome_passes: Ask, style: Style) -> None:
    read = gnome_passes(issued(style=style))
    assert "error" not in read, read
    assert read["style"] == style.value
    assert [one["value"] for one in read["header"] + read["primary"] + read["secondary"]] == ["1200", "Ada", "Gold"]
    assert read["icon"] == [38, 38]


@pytest.mark.requirement("S3-22", "S3-60")
@pytest.mark.parametrize("style", list(Style))
@pytest.mark.parametrize("format_", [*MESSAGES])
def test_the_schemas_of_passkit_generator_object_to_nothing(
    issued: Callable[..., bytes], passkit_schema: Ask, style: Style, format_: BarcodeFormat
) -> None:
    data = issued(style=style, barcode=Barcode(format_, MESSAGES[format_]), expires_at=1_900_000_000, relevant_at=1_890_000_000)
    assert passkit_schema(document_in(data)) == []


QUIET = {"issuer_not_apple", "barcode_not_on_watch", "barcode_no_fallback"}
"""What is right to say of these bundles: a throwaway authority signed them, and some codes are for new phones."""


@pytest.mark.parametrize("style", list(Style))
@pytest.mark.parametrize("format_", [*MESSAGES])
def test_our_own_judge_of_foreign_passes_objects_to_nothing(
    issued: Callable[..., bytes], style: Style, format_: BarcodeFormat
) -> None:
    """The writer and the judge were written apart from each other: each shows the other's faults."""
    words = {"de": {"fields.points.label": "Punkte"}}
    data = issued(style=style, barcode=Barcode(format_, MESSAGES[format_]), language="en", translations=words)
    assert {one.code for one in check_file(data, authority.NOW).all_findings()} <= QUIET


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_each_reader_shows_the_holders_language(
    issued: Callable[..., bytes], kde_reader: Ask, gnome_passes: Ask, language: str
) -> None:
    words = {"en": "POINTS", "de": "Punkte für Größe", "fr": 'Points "été"'}
    translations = {name: {"fields.points.label": text} for name, text in words.items() if name != "en"}
    data = issued(language="en", translations=translations)
    for reader in (kde_reader, gnome_passes):  # both show the backslash before a quote (peers.py: known defects)
        assert reader(data, language)["header"][0]["label"].replace("\\", "") == words[language]


@pytest.mark.parametrize("format_", [BarcodeFormat.QR, BarcodeFormat.AZTEC, BarcodeFormat.PDF417, BarcodeFormat.CODE128])
def test_what_gnome_draws_of_our_code_a_decoder_reads(
    issued: Callable[..., bytes], gnome_passes: Ask, decode_barcode: Ask, format_: BarcodeFormat
) -> None:
    read = gnome_passes(issued(barcode=Barcode(format_, "C-0001")))
    [code] = [one for one in read["barcodes"] if one["modules"]]
    rows = code["modules"]
    picture = Image.new("L", (len(rows[0]), len(rows)), 255)
    picture.putdata([0 if module == "1" else 255 for row in rows for module in row])
    size = (picture.width * 4, picture.height * (40 if format_ is BarcodeFormat.CODE128 else 4))
    framed = Image.new("L", (size[0] + 80, size[1] + 80), 255)
    framed.paste(picture.resize(size, Image.Resampling.NEAREST), (40, 40))
    out = io.BytesIO()
    framed.save(out, "PNG")
    readings = decode_barcode(out.getvalue())
    assert {(one.format, one.text) for one in readings} == {(format_.value, "C-0001")}
    assert {one.reader for one in readings} >= {"zxing"}


def test_both_decoders_read_a_code(decode_barcode: Ask) -> None:
    out = io.BytesIO()
    made = zxingcpp.create_barcode("4006381333931", zxingcpp.BarcodeFormat.EAN13)
    Image.fromarray(made.to_image(scale=4)).save(out, "PNG")
    assert {(one.reader, one.format, one.text) for one in decode_barcode(out.getvalue())} == {
        ("zxing", "EAN13", "4006381333931"),
        ("zbar", "EAN13", "4006381333931"),
    }
    assert decode_barcode(png(200, 200)) == []


JOI_TYPES = {"enum": "string", "localized": "string", "date": "string", "timezone": "string", "dict": "object"}
OURS_ONLY = {
    "pass": {"barcode", "businessChatIdentifier", "trackBagsURL"},  # Apple's pages have them
    "semantics": {"venuePlaceID"},  # seen in upcoming entries
}


def test_the_vocabulary_has_every_key_that_passkit_generator_knows(passkit_keys: dict[str, dict[str, str]]) -> None:
    for kind, theirs in passkit_keys.items():
        ours = vocabulary().dictionaries[kind].keys
        assert theirs.keys() - ours.keys() == set(), kind
        assert ours.keys() - theirs.keys() == OURS_ONLY.get(kind, set()), kind
    for name, type_ in passkit_keys["semantics"].items():
        key = vocabulary().dictionaries["semantics"].keys[name]
        assert type_ == ("array" if key.listed else JOI_TYPES.get(key.kind, key.kind)), name


# --- as judges they can fail ------------------------------------------------------------------------------------------------------


def test_kdes_reader_refuses_what_is_no_pass(kde_reader: Ask) -> None:
    assert kde_reader(b"<html>") is None
    assert kde_reader(packed(files_of(document(formatVersion=2)))) is None


def test_gnome_passes_refuses_what_is_no_pass(gnome_passes: Ask) -> None:
    assert "FileIsNotAPass" in gnome_passes(b"<html>")["error"]
    assert "error" in gnome_passes(packed(files_of(document(storeCard=None))))


@pytest.mark.parametrize(
    "changes",
    [
        {"voided": "true"},
        {"serialNumber": 5},
        {"webServiceURL": "ftp://x"},
        {"authenticationToken": "short"},
        {"barcodes": [{"format": "PKBarcodeFormatQR"}]},
        {"expirationDate": "tomorrow"},
        {"storeCard": {"headerFields": [{"key": "a", "value": "5", "currencyCode": "EUR"}]}},
        {"organisationName": "x"},
    ],
)
def test_the_schemas_object_to_what_we_call_an_error_or_unknown(passkit_schema: Ask, changes: dict[str, Any]) -> None:
    given = document(**changes)
    assert passkit_schema(given)
    assert check_file(json.dumps(given).encode(), authority.NOW).all_findings()

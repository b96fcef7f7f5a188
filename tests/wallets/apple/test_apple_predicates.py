"""What a text, colour, date, code, link or key may be: tables of good and bad values, and a barcode writer of others as judge."""

import base64

import pytest
import zxingcpp
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from billfold.wallets.apple import predicates
from billfold.wallets.apple.predicates import barcode_fault, color_of, contrast, date_of, ean_check_digit, undocumented_color_of


def test_a_color_is_rgb_with_three_numbers_up_to_255() -> None:
    assert color_of("rgb(0, 128,255)") == "#0080ff"
    assert color_of("RGB( 1 ,2,3 )") == "#010203"
    for wrong in ("rgb(256,0,0)", "rgb(1,2)", "rgba(1,2,3,1)", "#ffffff", "red", "rgb(10%,0,0)", "rgb(1,2,3) ", "rgb(-1,2,3)", ""):
        assert color_of(wrong) is None


def test_undocumented_colors_are_understood_and_normalised() -> None:
    given = ("#FFF", "#1e40AF", "rgba(30, 64, 175, 0.75)", "#1e40a", "1e40af", "rgba(30, 64, 300, 1)")
    assert [undocumented_color_of(one) for one in given] == ["#ffffff", "#1e40af", "#1e40af", None, None, None]


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_each_color_that_we_write_is_read_again(red: int, green: int, blue: int) -> None:
    assert color_of(f"rgb({red}, {green}, {blue})") == f"#{red:02x}{green:02x}{blue:02x}"


def test_contrast_is_that_of_the_web_guidelines() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("format_", "message", "code"),
    [
        ("QR", "ä€ 漢", None),
        ("Aztec", "anything", None),
        ("Code128", "ABC abc 123", None),
        ("Code128", "ä", "barcode_not_encodable"),
        ("Code39", "ABC-12.$/+% 3", None),
        ("Code39", "abc", "barcode_not_encodable"),
        ("Codabar", "A123-45B", None),
        ("Codabar", "12345", None),
        ("Codabar", "A123", "barcode_not_encodable"),
        ("Codabar", "12C45", "barcode_not_encodable"),
        ("EAN13", "4006381333931", None),
        ("EAN13", "4006381333932", "barcode_check_digit"),
        ("EAN13", "400638133393", "barcode_not_encodable"),
        ("EAN13", "40063813339３1", "barcode_not_encodable"),
        ("I2of5", "12345678", None),
        ("I2of5", "1234567", "barcode_not_encodable"),
        ("I2of5", "12A4", "barcode_not_encodable"),
    ],
)
def test_what_each_kind_of_barcode_carries(format_: str, message: str, code: str | None) -> None:
    fault = barcode_fault(format_, message)
    assert (fault.code if fault else None) == code


@given(st.text("0123456789", min_size=12, max_size=12))
def test_check_digits_are_those_of_a_barcode_writer_of_others(digits: str) -> None:
    good = digits + str(ean_check_digit(digits))
    assert barcode_fault("EAN13", good) is None
    assert zxingcpp.read_barcodes(zxingcpp.create_barcode(good, zxingcpp.BarcodeFormat.EAN13).to_image())[0].text == good
    bad = digits + str((ean_check_digit(digits) + 1) % 10)
    assert barcode_fault("EAN13", bad) is not None
    with pytest.raises(Exception, match="check digit"):
        zxingcpp.create_barcode(bad, zxingcpp.BarcodeFormat.EAN13)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("2026-12-05T09:00-08:00", True),
        ("2026-12-05T09:00:30Z", True),
        ("2026-12-05T09:00:30.25Z", True),
        ("2026-12-05T09:00:30+0100", True),
        ("2026-12-05T09:00", False),
        ("2026-12-05", False),
        ("2026-12-05 09:00Z", False),
        ("2026-02-30T09:00Z", False),
        ("2026-12-05T24:01Z", False),
        ("", False),
        ("tomorrow", False),
    ],
)
def test_a_date_has_minutes_and_a_zone(text: str, good: bool) -> None:
    assert (date_of(text) is not None) is good


def test_fractions_of_a_second_are_told_apart() -> None:
    assert predicates.has_fraction("2026-12-05T09:00:30.25Z")
    assert not predicates.has_fraction("2026-12-05T09:00:30Z")


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("https://wallet.example/apple/", False),
        ("http://192.168.1.4:8000", False),
        ("https://wallet.example:8443/a?x=1", True),
        ("https://wallet.example/a#b", True),
        ("https://user:secret@wallet.example/", True),
        ("ftp://wallet.example/", True),
        ("wallet.example", True),
        ("https://[::1/", True),
        ("https://wallet.example:99999/", True),
        ("", True),
    ],
)
def test_an_address_that_phones_can_append_to(url: str, wrong: bool) -> None:
    assert (predicates.web_service_fault(url) is not None) is wrong


@pytest.mark.parametrize(
    "url", ["https://localhost/", "http://127.0.0.1:8000", "https://10.0.0.1", "https://nas.local", "http://host/"]
)
def test_addresses_that_phones_outside_cannot_reach(url: str) -> None:
    assert predicates.is_local_host(url)
    assert not predicates.is_local_host("https://wallet.example/")


def test_only_links_are_interpreted() -> None:
    for good in (
        "plain",
        'a <a href="https://a.example/?x=1&amp;y=2">link</a>',
        '<a href="tel:+431">call</a> or <a href="b:c">b</a>',
    ):
        assert predicates.attributed_fault(good) is None
    for bad in (
        "<b>bold</b>",
        '<a href="https://a.example">open',
        '<a href="x" onclick="y">z</a>',
        "<a>z</a>",
        "</a>",
        "<!-- x --> <",
        '<a href="https://a.example/?x=1&y=2">l</a>',
        '<a href="x"><a href="y">z</a></a>',
    ):
        assert predicates.attributed_fault(bad) is not None


def test_keys_for_readers_are_points_of_p256() -> None:
    def text(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
        der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    assert predicates.is_p256_key(text(point))
    compressed = point.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    head = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
    assert predicates.is_p256_key(base64.b64encode(head + compressed).decode())
    assert serialization.load_der_public_key(head + compressed)
    assert not predicates.is_p256_key(text(ec.generate_private_key(ec.SECP384R1()).public_key()))
    assert not predicates.is_p256_key(text(point) + "=")
    assert not predicates.is_p256_key("not base64")


def test_languages_currencies_and_tokens() -> None:
    assert all(predicates.is_language(tag) for tag in ("de", "zh-Hans", "pt-BR", "es-419", "zh_CN", "zh-Hant-HK", "fil"))
    assert not any(predicates.is_language(tag) for tag in ("", "DE", "english", "de-at", "Base", "d", "de-"))
    assert predicates.is_currency("EUR")
    assert not predicates.is_currency("eur")
    assert predicates.is_header_safe("vxwxd7J8AlNNFPS8k0a0FfUFtq0ewzFdc")
    assert not predicates.is_header_safe("with space")


@given(st.text(max_size=300))
def test_no_predicate_falls_over_any_text(text: str) -> None:
    predicates.web_service_fault(text)
    predicates.is_local_host(text)
    predicates.is_absolute_url(text)
    predicates.attributed_fault(text)
    predicates.is_p256_key(text)
    predicates.is_encodable(text, text[:20])
    date_of(text)
    color_of(text)

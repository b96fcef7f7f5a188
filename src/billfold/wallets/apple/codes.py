"""Barcodes → `barcodes`, the list by preference, and `barcode` for iOS 8 and older. Pure.

A phone shows the first of the list that it can draw, so what only new systems know comes first and a fallback after it. Source:
WP/pass/barcodes-data.dictionary, reference/apple-wallet.md section 2.3. May not enter: judging (rules_codes.py), changing codes."""

from billfold.domain.content import Barcode, BarcodeFormat, JsonObject

BARCODES = {
    BarcodeFormat.QR: "PKBarcodeFormatQR",
    BarcodeFormat.PDF417: "PKBarcodeFormatPDF417",
    BarcodeFormat.AZTEC: "PKBarcodeFormatAztec",
    BarcodeFormat.CODE128: "PKBarcodeFormatCode128",
    BarcodeFormat.CODE39: "PKBarcodeFormatCode39",
    BarcodeFormat.CODABAR: "PKBarcodeFormatCodabar",
    BarcodeFormat.EAN13: "PKBarcodeFormatEAN13",
    BarcodeFormat.ITF: "PKBarcodeFormatI2of5",
}
"""Formats that are not here Apple does not draw."""
LEGACY_FORMATS = (BarcodeFormat.QR, BarcodeFormat.PDF417, BarcodeFormat.AZTEC)
"""The only ones for the old key."""
NEW_FORMATS = (BarcodeFormat.CODE39, BarcodeFormat.CODABAR, BarcodeFormat.EAN13, BarcodeFormat.ITF)
"""Since iOS 27."""


def add_barcodes(out: JsonObject, codes: tuple[Barcode, ...]) -> None:
    """`codes`: in the order in which a phone tries them. Those that Apple does not draw are left out."""
    listed: list[object] = []
    for one in codes:
        format_ = BARCODES.get(one.format)
        if format_ is None:
            continue
        code: JsonObject = {"format": format_, "message": one.message, "messageEncoding": encoding_of(one)}
        if one.alt_text is not None:
            code["altText"] = one.alt_text
        listed.append(code)
        if one.format in LEGACY_FORMATS and "barcode" not in out:
            out["barcode"] = code
    if listed:
        out["barcodes"] = listed


def encoding_of(code: Barcode) -> str:
    """Scanners assume Latin-1, so UTF-8 is named only where the message needs it, or where it was asked for."""
    if code.encoding is not None:
        return code.encoding
    return "iso-8859-1" if code.message.isascii() or _fits_latin_1(code.message) else "utf-8"


def _fits_latin_1(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True

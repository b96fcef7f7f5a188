"""Barcodes → `barcodes`, the list by preference, and `barcode` for iOS 8 and older. Pure.

A phone shows the first of the list that it can draw, so what only new systems know comes first and a fallback after it. Source:
WP/pass/barcodes-data.dictionary, reference/apple-wallet.md section 2.3. May not enter: judging (rules_codes.py), changing codes."""

from billfold.domain.content import Barcode, BarcodeFormat, Content, JsonObject

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


def add_barcodes(out: JsonObject, content: Content) -> None:
    listed: list[object] = []
    for one in barcodes_of(content):
        code = _code(one)
        listed.append(code)
        if "barcode" not in out and one.format in LEGACY_FORMATS:
            out["barcode"] = code
    if listed:
        out["barcodes"] = listed


def barcodes_of(content: Content) -> tuple[Barcode, ...]:
    """Those that Apple draws, in the order in which a phone tries them."""
    if content.barcode is None:
        return ()
    return tuple([one for one in (content.barcode, *content.barcode_fallbacks) if one.format in BARCODES])


def _code(one: Barcode) -> JsonObject:
    """Scanners assume Latin-1, so UTF-8 is named only where the message needs it, or where it was asked for."""
    encoding = one.encoding
    if encoding is None:
        encoding = "iso-8859-1" if _fits_latin_1(one.message) else "utf-8"
    code: JsonObject = {"format": BARCODES[one.format], "message": one.message, "messageEncoding": encoding}
    if one.alt_text is not None:
        code["altText"] = one.alt_text
    return code


def _fits_latin_1(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True

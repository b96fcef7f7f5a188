"""What Apple requires of barcodes: rows 22 to 27 of reference/apple-wallet.md section 9.

May not enter: which code comes first (codes.py), what a code can carry (predicates.py)."""

from billfold.domain.content import Barcode, BarcodeFormat, Content
from billfold.ports import Finding
from billfold.wallets.apple import predicates
from billfold.wallets.apple.codes import BARCODES, NEW_FORMATS
from billfold.wallets.apple.verdicts import ERROR, WARNING, error, of_fault, warning

APPLE_NAMES = {one: name.removeprefix("PKBarcodeFormat") for one, name in BARCODES.items()}
"""As the predicates know them."""
_QR = BarcodeFormat.QR  # looked up once: the enum takes its time
_SHORT = predicates.QR_BYTES_MAX // 4
"""Characters that fit into a code whatever they are."""
_MEND_QR = "add a QR code as fallback"


def judge_barcodes(content: Content, pieces: list[str], found: list[Finding]) -> None:
    """Adds the codes' texts to `pieces`."""
    first = content.barcode
    if first is not None:
        pieces += (first.message, first.alt_text or "", first.encoding or "")
        judge_code(first, "barcode", found)
    fallbacks = content.barcode_fallbacks
    if not fallbacks:
        if first is not None and first.format is not _QR:
            _judge_alone(first, found)
        return
    if first is None:
        text = "there is no barcode for which these stand in"
        found.append(
            warning("barcode_fallbacks_alone", "barcode_fallbacks", text, "make the first one the barcode", "no code is shown")
        )
    for number, one in enumerate(fallbacks):
        pieces += (one.message, one.alt_text or "", one.encoding or "")
        judge_code(one, f"barcode_fallbacks[{number}]", found)
    _judge_order(content, found)


def judge_code(code: Barcode, name: str, found: list[Finding]) -> None:
    message = code.message
    if code.format is _QR and 0 < len(message) <= _SHORT and code.encoding is None and not message.isspace():
        return  # nothing below has a word to say
    format_ = APPLE_NAMES.get(code.format)
    if predicates.is_blank(message):
        found.append(of_fault(ERROR, f"{name}.message", predicates.BARCODE_EMPTY))
    elif format_ is None:
        text, mend = "Apple draws no code of this kind", "add a fallback that it draws, such as a QR code"
        found.append(warning("barcode_not_drawn", f"{name}.format", text, mend, "an iPhone shows no code"))
        return
    elif (fault := predicates.barcode_fault(format_, message)) is not None:
        found.append(of_fault(ERROR, f"{name}.message", fault))
    if (fault := predicates.barcode_long_fault(format_ or "", message)) is not None:
        found.append(of_fault(WARNING, f"{name}.message", fault))
    if code.encoding is not None:
        _judge_encoding(code, name, code.encoding, found)


def _judge_encoding(code: Barcode, name: str, encoding: str, found: list[Finding]) -> None:
    """Row 23."""
    match predicates.is_encodable(code.message, encoding):
        case None:
            text, mend = "this is no known charset", "leave it away, or write iso-8859-1 or utf-8"
            found.append(error("barcode_encoding_unknown", f"{name}.encoding", text, mend, "no code is drawn"))
        case False:
            text, mend = "the message has characters that this charset has not", "leave the encoding away, or write utf-8"
            found.append(error("barcode_not_encodable", f"{name}.message", text, mend, "no code is drawn, or a wrong one"))
        case _:
            pass


def _judge_alone(code: Barcode, found: list[Finding]) -> None:
    """Rows 25 and 26."""
    if code.format is BarcodeFormat.CODE128:
        found.append(of_fault(WARNING, "barcode.format", predicates.NOT_ON_WATCH))
    elif code.format in NEW_FORMATS:
        found.append(
            warning(
                "barcode_no_fallback", "barcode.format", "phones draw this code since iOS 27", _MEND_QR, "older ones show no code"
            )
        )


def _judge_order(content: Content, found: list[Finding]) -> None:
    """Rows 25 and 26, and what can never be shown: a phone takes the first that it draws."""
    codes = [("barcode", content.barcode), *((f"barcode_fallbacks[{at}]", one) for at, one in enumerate(content.barcode_fallbacks))]
    drawn = [(name, one.format) for name, one in codes if one is not None and one.format in BARCODES]
    everywhere = next((at for at, (_, format_) in enumerate(drawn) if format_ not in NEW_FORMATS), None)
    if everywhere is None:
        if drawn:
            text = "phones draw these codes since iOS 27"
            found.append(warning("barcode_no_fallback", "barcode_fallbacks", text, _MEND_QR, "older ones show no code"))
        return
    if all(format_ is BarcodeFormat.CODE128 for _, format_ in drawn[everywhere:]):
        found.append(of_fault(WARNING, f"{drawn[everywhere][0]}.format", predicates.NOT_ON_WATCH))
    for name, format_ in drawn[everywhere + 1 :]:
        on_watches = drawn[everywhere][1] is BarcodeFormat.CODE128 and format_ is not BarcodeFormat.CODE128
        if not on_watches:
            text, mend = "every phone draws a code that comes before this one", "put what only new phones draw first"
            found.append(warning("barcode_never_shown", f"{name}.format", text, mend, "it is never shown"))

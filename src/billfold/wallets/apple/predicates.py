"""What a text, colour, date, code, link or key may be on Apple's side: each question and each threshold once.

Two judges ask here: rules.py, which judges a neutral content before it is issued, and document_rules/, which judge any pass.json. A
predicate belongs here when both can need it: it takes plain values, and answers with a truth, a parsed value, or a Fault (what is
wrong, what a phone does otherwise, the mend) without a path or a severity, which are the judge's. Rows cited are those of
reference/apple-wallet.md section 9. On the hot path: no answer costs more than its input is long.
May not enter: Content, pass.json's keys, paths, tables of keys (vocabulary.toml), I/O, the clock."""

import base64
import binascii
import datetime
import ipaddress
import re
from functools import lru_cache
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urlsplit

LOCATIONS_MAX = 10
BEACONS_MAX = 10
PRIMARY_TEXT_MAX = 30
FRONT_TEXT_MAX = 20
QR_BYTES_MAX = 300
LINEAR_CHARACTERS_MAX = 24
CONTRAST_MIN = 3.0
NFC_MESSAGE_BYTES_MAX = 64
TOKEN_CHARACTERS_MIN = 16
FEATURED_ACTIONS_MAX = 2
IMAGE_BYTES_MAX = 1024 * 1024
PASS_BYTES_MAX = 5 * 1024 * 1024
BUNDLE_PASSES_MAX = 10
BUNDLE_BYTES_MAX = 150 * 1024 * 1024
EXPIRY_WARN_DAYS = 30

LINEAR = frozenset({"Code128", "Code39", "Codabar", "EAN13", "I2of5"})
"""Barcodes that are one row of bars; names as Apple's constants end, which are ours too."""


class Fault(NamedTuple):
    """`message`: what is wrong. `otherwise`: what a phone does with it. `mend`: what to do. None of them repeats the value."""

    code: str
    message: str
    otherwise: str
    mend: str


# --- text -------------------------------------------------------------------------------------------------------------------------

_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
_PHONE = re.compile(r"\d[\d ()./-]{4,30}\d")

UNWRITABLE = Fault(
    "text_not_writable",
    "the text holds half a character or a NUL",
    "no reader can show it, and some refuse the pass",
    "send proper Unicode text",
)
CHANGE_MESSAGE_GENERIC = Fault(
    "change_message_generic",
    "the change message does not hold %@ exactly once",
    "the lock screen shows a generic text",
    "put %@ where the new value goes, else a generic text is shown",
)
CHANGE_MESSAGE_NOWHERE = Fault(
    "change_message_nowhere",
    "no field has a changeMessage",
    "updates arrive without a word on the lock screen",
    "write one, with %@ for the new value, into each field whose change matters; leave it so where updates should be silent",
)
STYLE_EMPTY = Fault(
    "style_empty",
    "the style has no fields",
    "an empty card is shown",
    "add at least one field",
)
CONTACT_MISSING = Fault(
    "contact_missing",
    "the back names no contact of the issuer",
    "Apple may object when it reviews the issuer",
    "add a back field with an address, a phone number or a link",
)


def is_writable(text: str) -> bool:
    """Row 1: whether JSON in UTF-8 can carry it and a reader show it."""
    return "\0" not in text and (text.isascii() or not _UNWRITABLE.search(text))


def is_blank(text: str) -> bool:
    """Row 22: whether a code would carry nothing that a scanner could tell."""
    return not text or text.isspace()


def text_too_long(limit: int) -> Fault:
    """Row 17."""
    return Fault(
        "field_text_long",
        f"text above {limit} characters may be cut, and its neighbours dropped",
        "the text is cut, or fields beside it are left out",
        "shorten it, or move it to the back",
    )


def is_generic_change_message(message: str) -> bool:
    """Row 18."""
    return message.count("%@") != 1


def names_contact(text: str) -> bool:
    """Row 52: an address, a link or a phone number, by its look."""
    return "@" in text or "://" in text or "www." in text or _PHONE.search(text) is not None


# --- colours ----------------------------------------------------------------------------------------------------------------------

_HEX = re.compile(r"#[0-9a-f]{6}\Z")
_RGB = re.compile(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)\Z", re.IGNORECASE | re.ASCII)
_COLOR_CHARACTERS_MAX = 64
"""A stranger's text that is longer is no colour, and is not kept."""
_RGBA = re.compile(r"rgba\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*[\d.]{1,8}\s*\)\Z", re.IGNORECASE | re.ASCII)
_ANY_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})\Z", re.IGNORECASE)

CONTRAST_LOW = Fault(
    "contrast_low",
    f"text and background differ by less than {CONTRAST_MIN:g}:1",
    "many people cannot read the text",
    "choose a lighter or darker colour",
)


def is_hex_color(text: str) -> bool:
    """`#rrggbb` in lower case, the neutral form."""
    return _HEX.match(text) is not None


def color_of(text: str) -> str | None:
    """`rgb(r, g, b)` → `#rrggbb`; None for anything else. Row 20, section 2.2."""
    return _color_of(text) if len(text) <= _COLOR_CHARACTERS_MAX else None


@lru_cache(maxsize=4096)
def _color_of(text: str) -> str | None:
    match = _RGB.match(text)
    if not match:
        return None
    parts = [int(part) for part in match.groups()]
    return "#{:02x}{:02x}{:02x}".format(*parts) if max(parts) <= 255 else None


def undocumented_color_of(text: str) -> str | None:
    """`#rgb`, `#rrggbb`, `rgba(r, g, b, a)` → `#rrggbb`: not documented, yet in passes that work, Apple's own among them."""
    if match := _RGBA.match(text):
        return color_of(f"rgb({match[1]}, {match[2]}, {match[3]})")
    if not _ANY_HEX.match(text):
        return None
    digits = text[1:].lower()
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two `#rrggbb` colours, 1 to 21. Source: WCAG 2.2, "relative luminance" and "contrast ratio"."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: str) -> float:
    channels = (int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# --- barcodes ---------------------------------------------------------------------------------------------------------------------

_CODE39 = re.compile(r"[0-9A-Z \-.$/+%]+\Z")
_CODABAR = re.compile(r"(?:[ABCD][0-9\-$:/.+]+[ABCD]|[0-9\-$:/.+]+)\Z", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]+\Z")

BARCODE_EMPTY = Fault(
    "barcode_message_missing",
    "the barcode carries nothing",
    "no code is drawn, or the pass is refused",
    "give its message, or leave it away",
)
POSTER_TICKET_CODE = Fault(
    "poster_ticket_with_code",
    "Apple says that the poster layout is not for tickets that are let in by a code",
    "whether a phone shows the code there is not confirmed",
    "leave the newer layout away where a code is scanned at the gate, or let people in by near field",
)
"""Section 2.8: Apple's pages contradict each other."""
NOT_ON_WATCH = Fault(
    "barcode_not_on_watch",
    "Apple Watch draws no Code 128",
    "a watch shows no code",
    "use a QR code where watches matter",
)
SQUARE = frozenset({"QR", "Aztec"})
_UNSCANNABLE = "what iOS draws is not documented; a scanner may read nothing or something else"


def _not_encodable(message: str, mend: str) -> Fault:
    return Fault("barcode_not_encodable", message, _UNSCANNABLE, mend)


def barcode_fault(format_: str, message: str) -> Fault | None:
    """Row 24: what this kind of code cannot carry. `format_`: Code128, EAN13...; square codes carry anything."""
    if format_ not in LINEAR:
        return None
    match format_:
        case "Code128":
            if not message.isascii():
                return _not_encodable("Code 128 carries ASCII only", "use a QR code for other characters")
        case "Code39":
            if not _CODE39.match(message):
                mend = "write capital letters, digits, space and - . $ / + %, or use a QR code"
                return _not_encodable("Code 39 has no sign for some of the characters", mend)
        case "Codabar":
            if not _CODABAR.match(message):
                mend = "write digits and - $ : / . +, at most between two letters A to D, or use a QR code"
                return _not_encodable("Codabar has no sign for some of the characters", mend)
        case "EAN13":
            return _ean13_fault(message)
        case "I2of5":
            if not _DIGITS.match(message) or len(message) % 2:
                return _not_encodable("interleaved 2 of 5 carries an even number of digits", "put a 0 before an odd number")
    return None


def _ean13_fault(message: str) -> Fault | None:
    if not _DIGITS.match(message) or len(message) != 13:
        return _not_encodable("EAN-13 carries exactly 13 digits", "give all 13, the check digit among them")
    if int(message[12]) != ean_check_digit(message[:12]):
        mend = "correct the number: the last digit follows from the first twelve"
        return Fault("barcode_check_digit", "the last digit does not check the others", _UNSCANNABLE, mend)
    return None


def ean_check_digit(digits: str) -> int:
    """The last digit of an EAN, from those before it. Source: GS1 General Specifications section 7.9."""
    weighed = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return -weighed % 10


def barcode_long_fault(format_: str, message: str) -> Fault | None:
    """Row 27."""
    otherwise = "scanners need several tries, or fail"
    if format_ in LINEAR:
        if len(message) > LINEAR_CHARACTERS_MAX:
            text = f"a linear barcode of more than {LINEAR_CHARACTERS_MAX} characters is hard to scan"
            return Fault("barcode_long", text, otherwise, "shorten the message or use a QR code")
    elif len(message) * 4 > QR_BYTES_MAX and len(message.encode("utf-8", "replace")) > QR_BYTES_MAX:
        text = f"a code of more than {QR_BYTES_MAX} bytes is hard to scan from a screen"
        return Fault("barcode_long", text, otherwise, "carry a short reference instead")
    return None


_ENCODED_CHARACTERS_MAX = 4_096
"""No code carries more, and some of Python's charsets take their time."""
_CHARSET_CHARACTERS_MAX = 40


def is_encodable(message: str, charset: str) -> bool | None:
    """Row 23: whether the message can be written so; None when nobody knows the charset."""
    try:
        message[:_ENCODED_CHARACTERS_MAX].encode(charset[:_CHARSET_CHARACTERS_MAX])
    except UnicodeError:
        return False
    except (LookupError, ValueError):
        return None
    return True


# --- dates, places, numbers -------------------------------------------------------------------------------------------------------

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(?P<fraction>\.\d+)?)?(Z|[+-]\d{2}:?\d{2})\Z", re.ASCII)
DATE_MAX = 253_402_300_799
"""9999-12-31T23:59:59Z."""


def date_of(text: str) -> datetime.datetime | None:
    """ISO 8601 with minutes and zone, as Wallet reads it; None for anything else. Section 2."""
    match = _DATE.match(text)
    if not match:
        return None
    try:
        return datetime.datetime.fromisoformat(text if not match["fraction"] else text.replace(match["fraction"], "", 1))
    except ValueError:
        return None


def has_fraction(text: str) -> bool:
    """Whether a date has a fraction of a second, which Wallet is not known to accept."""
    match = _DATE.match(text)
    return match is not None and match["fraction"] is not None


def is_latitude(value: float) -> bool:
    return -90 <= value <= 90  # false for NaN too


def is_longitude(value: float) -> bool:
    return -180 <= value <= 180


_CURRENCY_CODES = """
IES AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG
HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP
MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK
SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV
WST XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG ZWL
"""
_CURRENCIES = frozenset(_CURRENCY_CODES.split())


def is_currency(code: str) -> bool:
    """ISO 4217, active codes and those that left lately. Row 14."""
    return code in _CURRENCIES


# --- links, tokens, keys ----------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(r"[!-~]+\Z")
_LOCAL_ENDS = (".local", ".localhost", ".internal", ".lan", ".home.arpa", ".test")


def is_header_safe(token: str) -> bool:
    """Row 33: visible ASCII alone, so that an Authorization header carries it."""
    return _TOKEN.match(token) is not None


def web_service_fault(url: str) -> Fault | None:
    """Row 34, what is wrong with an address that phones should reach. Whether https is missing is asked by `is_plain_http`."""
    otherwise = "phones never register, so the pass is never updated"
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        return Fault("web_service_url_unusable", "this is no web address", otherwise, "give an https address")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        text = "the address has a query or a fragment, and Wallet appends its paths to it"
        return Fault("web_service_url_unusable", text, otherwise, "give the address up to its path alone")
    if parts.username is not None:
        return Fault("web_service_url_unusable", "the address holds a user name", otherwise, "leave user and password out")
    return None


def is_plain_http(url: str) -> bool:
    return url[:7].lower() == "http://"


def is_local_host(url: str) -> bool:
    """An address that a phone out in the world cannot reach: of this machine, or of a private network."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(_LOCAL_ENDS) or "." not in host
    return not address.is_global


def is_absolute_url(text: str, schemes: frozenset[str] | None = None) -> bool:
    """An address with its scheme (any, or one of `schemes`) and without spaces."""
    if not text or any(sign <= " " for sign in text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    if schemes is None:
        return bool(parts.scheme) and bool(parts.netloc or parts.path)
    return parts.scheme in schemes and bool(parts.netloc if parts.scheme in ("http", "https") else parts.path or parts.netloc)


_P256_HEADS = (
    bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"),
    bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200"),
)
"""SubjectPublicKeyInfo of P-256 up to the point: uncompressed (65 bytes), compressed (33). Source: RFC 5480."""


def is_p256_key(text: str) -> bool:
    """Row 38: base64 of an X.509 SubjectPublicKeyInfo that holds a P-256 key."""
    try:
        der = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    if der.startswith(_P256_HEADS[0]):
        return len(der) == 91
    return der.startswith(_P256_HEADS[1]) and len(der) == 59 and der[26] in (2, 3)


_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][A-Z][a-z]{3})?(?:[-_](?:[A-Z]{2}|\d{3}))?\Z", re.ASCII)


def is_language(tag: str) -> bool:
    """Row 46: `de`, `zh-Hans`, `pt-BR`; with _ too, as old passes write it. "Base" is Xcode's and fits no phone."""
    return _LANGUAGE.match(tag) is not None


# --- attributedValue --------------------------------------------------------------------------------------------------------------


class _Links(HTMLParser):
    """Looks for anything but `<a href="...">...</a>`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong = ""
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if tag != "a":
            self.wrong = self.wrong or "it holds a tag other than a link"
        elif names != ["href"] or not attrs[0][1]:
            self.wrong = self.wrong or "a link has no address, or more than an address"
        elif self._open:
            self.wrong = self.wrong or "a link stands inside another"
        self._open = self._open or tag == "a"

    def handle_endtag(self, tag: str) -> None:
        if tag != "a" or not self._open:
            self.wrong = self.wrong or "a tag is closed that was not opened"
        self._open = False

    def handle_comment(self, data: str) -> None:
        self.wrong = self.wrong or "it holds a comment"

    def finish(self) -> str:
        self.close()
        return self.wrong or ("a link is not closed" if self._open else "")


_RICH_CHARACTERS_MAX = 10_000
_BARE_AMPERSAND = re.compile(r'href\s*=\s*"[^"]*&(?!#?[0-9A-Za-z]+;)', re.IGNORECASE)


def attributed_fault(text: str) -> Fault | None:
    """Row 19: only `<a href="...">` is interpreted."""
    if "<" not in text:
        return None
    parser = _Links()
    parser.feed(text[:_RICH_CHARACTERS_MAX])  # the parser may take as long as the square of it
    wrong = f"it has more than {_RICH_CHARACTERS_MAX:,} characters" if len(text) > _RICH_CHARACTERS_MAX else parser.finish()
    if not wrong and _BARE_AMPERSAND.search(text):
        wrong = "a link's address holds a bare &"
    if not wrong:
        return None
    mend = 'write links as <a href="https://...">text</a>, & in an address as &amp;, and nothing else'
    return Fault("attributed_value_markup", wrong, "the tags are shown as they stand, or the text is dropped", mend)

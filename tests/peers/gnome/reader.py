"""Answers each line of its input, {"path": "...", "language": "de"}, with one line: what GNOME Passes understood of that pass.

Runs under the system's Python, which has GNOME's libraries, and calls the program's own modules (Debian: passes-gtk), without a
window. A refusal is {"error": "..."}. May not enter: any judgement of ours, any import of Billfold.
"""

import builtins
import json
import sys

import gi

gi.require_version("Gdk", "4.0")
gi.require_version("Gtk", "4.0")
sys.path.insert(1, "/usr/share/passes-gtk")
builtins._ = str  # its modules expect the translator that its starter installs

from gi.repository import Gio, Gtk  # noqa: E402
from passes.barcode_content_encoder import BarcodeContentEncoder  # noqa: E402
from passes.digital_pass_factory import PassFactory  # noqa: E402

DRAWERS = {
    "PKBarcodeFormatQR": BarcodeContentEncoder.encode_qr_code,
    "PKBarcodeFormatAztec": BarcodeContentEncoder.encode_aztec_code,
    "PKBarcodeFormatPDF417": BarcodeContentEncoder.encode_pdf417_code,
    "PKBarcodeFormatCode128": BarcodeContentEncoder.encode_code128_code,
}


class Language:
    """What Gtk says of the user's language; the real one depends on what this machine has installed."""

    def __init__(self, name):
        self._name = name

    def to_string(self):
        return self._name


def fields(group):
    return [{"key": one.key(), "label": one.label(), "value": one.value()} for one in group]


def drawn(code):
    """Modules of the code as it would be drawn: [rows of 0 and 1]; None for a kind that it does not draw."""
    draw = DRAWERS.get(code.format())
    if draw is None:
        return None
    modules, width, height = draw(code.message(), code.message_encoding())
    return [modules[row * width : (row + 1) * width] for row in range(height)]


def understood(path):
    shown = PassFactory.create(Gio.File.new_for_path(path))
    given = shown.adaptee()
    codes = [code for code in shown.barcodes() if code is not None]
    icon = shown.icon().as_pixbuf()
    return {
        "style": given.style(),
        "passTypeIdentifier": given.pass_type_identifier(),
        "serialNumber": given.serial_number(),
        "organizationName": given.organization_name(),
        "description": shown.description(),
        "logoText": given.logo_text(),
        "backgroundColor": list(shown.background_color().as_tuple()),
        "expirationDate": str(shown.expiration_date()),
        "relevantDate": str(given.relevant_date()),
        "voided": bool(shown.voided()),
        "header": fields(given.header_fields()),
        "primary": fields(given.primary_fields()),
        "secondary": fields(given.secondary_fields()),
        "auxiliary": fields(given.auxiliary_fields()),
        "back": fields(given.back_fields()),
        "barcodes": [{"format": code.format(), "message": code.message(), "modules": drawn(code)} for code in codes],
        "icon": [icon.get_width(), icon.get_height()],
    }


for line in sys.stdin:
    asked = json.loads(line)
    Gtk.get_default_language = lambda name=asked["language"]: Language(name)
    try:
        answer = understood(asked["path"])
    except Exception as error:  # whatever it says is its verdict
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)

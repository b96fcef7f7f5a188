"""Source S3's request body → a draft. Every field by hand, so that a refusal names the field and the mend and echoes nothing.

What the document leaves open is decided here: new names win over legacy ones; on PUT the barcode may be absent (as in S3's own last
sample) and is then dropped. May not enter: HTTP, lookup, fetching pictures."""

import difflib
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache

from billfold.domain.content import Barcode, BarcodeFormat, Content, Field, ImageSlot, Location, Style
from billfold.domain.drafts import COLOR_PRESETS, Draft, ImageSource
from billfold.domain.errors import FieldProblem, Invalid

FIELD_GROUPS = {"headerFields": "header", "primaryFields": "primary", "secondaryFields": "secondary", "backFields": "back"}
IMAGE_FIELDS = {
    "logoURL": ImageSlot.LOGO,
    "thumbnailURL": ImageSlot.THUMBNAIL,
    "stripURL": ImageSlot.STRIP,
    "iconURL": ImageSlot.ICON,
}
KNOWN = {
    "barcodeValue", "barcodeFormat", "logoText", "description", "organizationName", *FIELD_GROUPS, "locations", "sharingProhibited",
    "colorPreset", "color", *IMAGE_FIELDS, "title", "cardLabel", "label", "value", "expirationDays",
}  # fmt: skip
BARCODE_MAX = 512
FORMATS = (BarcodeFormat.QR, BarcodeFormat.PDF417, BarcodeFormat.AZTEC, BarcodeFormat.CODE128)
"""Those of source S3; `/v1` has more."""
_FORMATS = {one.value: one for one in FORMATS}
TEXT_MAX = 2_000
LABEL_MAX = 200
ORGANIZATION_MAX = 64
FIELDS_MAX = {"headerFields": 3, "primaryFields": 4, "secondaryFields": 8, "backFields": 100}
LOCATIONS_MAX = 10
DAYS = (1, 3650)
IMAGE_SOURCE_MAX = 7_000_000
_HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})\Z")
_PLAIN = re.compile(r"[A-Za-z0-9_]{1,40}\Z")

_CONTENT_NAMES = {
    "barcode": "barcodeValue",
    "barcode.message": "barcodeValue",
    "barcode.format": "barcodeFormat",
    "logo_text": "logoText",
    "organization_name": "organizationName",
    "background_color": "color",
    "sharing_prohibited": "sharingProhibited",
    "change_message": "changeMessage",
    "relevant_text": "relevantText",
    **{group: name for name, group in FIELD_GROUPS.items()},
    **{f"images.{slot}": name for name, slot in IMAGE_FIELDS.items()},
}
"""Content's names, which the wallets' rules speak of, to source S3's."""
_CONTENT_NAME = re.compile(r"barcode\.\w+|images\.\w+|\w+")


class _Reader:
    """Reads one JSON object and remembers everything that is wrong with it."""

    def __init__(self, body: Mapping[str, object]) -> None:
        self.body = body
        self.problems: list[FieldProblem] = []

    def wrong(self, path: str, code: str, message: str, mend: str) -> None:
        self.problems.append(FieldProblem(path, code, message, mend))

    def known(self, given: Mapping[str, object], allowed: set[str], at: str = "") -> None:
        if given.keys() <= allowed:
            return
        for name in given.keys() - allowed:
            shown = name if _PLAIN.match(name) else "(a name with odd characters)"
            near = difflib.get_close_matches(name, allowed, 1) if _PLAIN.match(name) else []
            mend = f"did you mean {near[0]}?" if near else f"leave it out; known are {', '.join(sorted(allowed))}"
            self.wrong(at + shown, "unknown_field", "unknown field", mend)

    def text(self, given: Mapping[str, object], name: str, limit: int, at: str = "", *, required: bool = False) -> str | None:
        value = given.get(name)
        if isinstance(value, str) and len(value) <= limit:
            return value
        path = at + name
        if value is None:
            if required or name in given:
                self.wrong(path, "required", "is missing" if name not in given else "must be text", f"send {name} as text")
            return None
        if not isinstance(value, str):
            self.wrong(path, "not_text", "must be text", 'put it in quotes, like "1,250"')
            return None
        self.wrong(path, "too_long", f"has more than {limit} characters", f"send at most {limit}")
        return None

    def number(self, given: Mapping[str, object], name: str, low: float, high: float, at: str, *, required: bool) -> float | None:
        value = given.get(name)
        if value is None and not required and name not in given:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.wrong(at + name, "not_a_number", "must be a number", f"send a number from {low:g} to {high:g}")
            return None
        if not low <= value <= high:
            self.wrong(at + name, "out_of_range", f"must lie between {low:g} and {high:g}", "send degrees (WGS 84), or metres")
            return None
        return float(value)


def draft_of(body: object, *, replacing: bool) -> Draft:
    """`replacing`: the body of a PUT. Raises Invalid with all problems at once. Source: S3-06..S3-21."""
    if not isinstance(body, dict):
        raise Invalid(FieldProblem("", "not_an_object", "the body must be a JSON object", "send {...}"))
    reader = _Reader(body)
    reader.known(body, KNOWN)
    groups = {name: _fields(reader, name) for name in FIELD_GROUPS}
    barcode = _barcode(reader, replacing=replacing)
    locations = _locations(reader)
    images = _images(reader)
    background = _color(reader)
    days = _days(reader)
    sharing = _flag(reader, "sharingProhibited", default=True)
    organization = reader.text(body, "organizationName", ORGANIZATION_MAX) or ""
    logo_text = reader.text(body, "logoText", LABEL_MAX)
    description = reader.text(body, "description", TEXT_MAX)
    title = _legacy(reader, groups)
    if reader.problems:
        raise Invalid(*reader.problems)
    logo_text = logo_text if logo_text is not None else title
    foreground, labels = _text_colors(background)
    content = Content(
        organization_name=organization,
        description=description or logo_text or "",
        style=Style.STORE_CARD if ImageSlot.STRIP in images else Style.GENERIC,
        logo_text=logo_text,
        header=groups["headerFields"],
        primary=groups["primaryFields"],
        secondary=groups["secondaryFields"],
        back=groups["backFields"],
        barcode=barcode,
        background_color=background,
        foreground_color=foreground,
        label_color=labels,
        locations=locations,
        sharing_prohibited=sharing,
    )
    return Draft(content, images, days)


@contextmanager
def in_own_names() -> Iterator[None]:
    """What the flows inside find wrong is told under the caller's names: a wallet's rule speaks of `barcode.message`."""

    def own(path: str) -> str:
        return _CONTENT_NAME.sub(lambda found: _CONTENT_NAMES.get(found[0], found[0]), path)

    try:
        yield
    except Invalid as error:
        raise Invalid(*(replace(one, path=own(one.path)) for one in error.problems)) from error


def _fields(reader: _Reader, name: str) -> tuple[Field, ...]:
    given = reader.body.get(name)
    if given is None and name not in reader.body:
        return ()
    if not isinstance(given, list):
        reader.wrong(name, "not_an_array", "must be an array", f'send "{name}": [{{"label": "...", "value": "..."}}]')
        return ()
    if len(given) > FIELDS_MAX[name]:
        reader.wrong(
            name, "too_many", f"has more than {FIELDS_MAX[name]} fields", "phones show no more here; move some to backFields"
        )
        return ()
    found = []
    for index, one in enumerate(given):
        at = f"{name}[{index}]."
        if not isinstance(one, dict):
            reader.wrong(at[:-1], "not_an_object", "must be an object", 'send {"label": "...", "value": "..."}')
            continue
        reader.known(one, {"label", "value", "changeMessage"}, at)
        label = reader.text(one, "label", LABEL_MAX, at, required=True)
        value = reader.text(one, "value", TEXT_MAX, at, required=True)
        message = reader.text(one, "changeMessage", TEXT_MAX, at)
        found.append(Field(f"{FIELD_GROUPS[name]}{index}", value or "", label, message))
    return tuple(found)


def _legacy(reader: _Reader, groups: dict[str, tuple[Field, ...]]) -> str | None:
    """S3-20: title and cardLabel make the first primary field, label and value the first secondary one, unless the new names do."""
    title = reader.text(reader.body, "title", LABEL_MAX)
    card_label = reader.text(reader.body, "cardLabel", LABEL_MAX)
    label = reader.text(reader.body, "label", LABEL_MAX)
    value = reader.text(reader.body, "value", TEXT_MAX)
    if not groups["primaryFields"] and title is not None:
        groups["primaryFields"] = (Field("primary0", title, card_label if card_label is not None else "CARD"),)
    if not groups["secondaryFields"] and (label is not None or value is not None):
        groups["secondaryFields"] = (Field("secondary0", value or "", label or ""),)
    return title


def _barcode(reader: _Reader, *, replacing: bool) -> Barcode | None:
    body = reader.body
    if replacing and "barcodeValue" not in body and "barcodeFormat" not in body:
        return None
    message = reader.text(body, "barcodeValue", BARCODE_MAX, required=True)
    if message == "":
        reader.wrong("barcodeValue", "empty", "is empty", "send what the scanner should read")
    name = body.get("barcodeFormat")
    if not isinstance(name, str) or name not in _FORMATS:
        state = "is missing" if name is None else "is not a format we know"
        reader.wrong("barcodeFormat", "unknown_format", state, f"send one of {', '.join(_FORMATS)}")
        return None
    return Barcode(_FORMATS[name], message or "")


def _locations(reader: _Reader) -> tuple[Location, ...]:
    given = reader.body.get("locations")
    if given is None and "locations" not in reader.body:
        return ()
    if not isinstance(given, list):
        reader.wrong("locations", "not_an_array", "must be an array", 'send [{"latitude": 40.7484, "longitude": -73.9857}]')
        return ()
    if len(given) > LOCATIONS_MAX:
        reader.wrong(
            "locations", "too_many", f"has more than {LOCATIONS_MAX} places", "a phone looks at 10 only: send the nearest 10"
        )
        return ()
    found = []
    for index, one in enumerate(given):
        at = f"locations[{index}]."
        if not isinstance(one, dict):
            reader.wrong(at[:-1], "not_an_object", "must be an object", 'send {"latitude": 40.7484, "longitude": -73.9857}')
            continue
        reader.known(one, {"latitude", "longitude", "altitude", "relevantText"}, at)
        latitude = reader.number(one, "latitude", -90, 90, at, required=True)
        longitude = reader.number(one, "longitude", -180, 180, at, required=True)
        altitude = reader.number(one, "altitude", -12_000, 100_000, at, required=False)
        text = reader.text(one, "relevantText", LABEL_MAX, at)
        found.append(Location(latitude or 0.0, longitude or 0.0, altitude, text))
    return tuple(found)


def _images(reader: _Reader) -> dict[ImageSlot, ImageSource]:
    found = {}
    for name, slot in IMAGE_FIELDS.items():
        source = reader.text(reader.body, name, IMAGE_SOURCE_MAX)
        if source is None:
            continue
        if not source.startswith(("https://", "data:image/")):
            reader.wrong(
                name,
                "not_an_image_address",
                "must be an https address or an image data URI",
                "send https://... or data:image/png;base64,...",
            )
            continue
        found[slot] = ImageSource(source, name)
    return found


def _color(reader: _Reader) -> str:
    preset = reader.body.get("colorPreset", "dark")
    if not isinstance(preset, str) or preset not in COLOR_PRESETS:
        reader.wrong("colorPreset", "unknown_preset", "is not a preset we know", f"send one of {', '.join(COLOR_PRESETS)}")
        preset = "dark"
    if "color" not in reader.body:
        return COLOR_PRESETS[preset]
    text = reader.text(reader.body, "color", 16)
    match = _HEX.match(text) if text is not None else None
    if match is None:
        if text is not None:
            reader.wrong("color", "not_a_color", "is not a hex colour", "send #rrggbb, like #1e40af")
        return COLOR_PRESETS[preset]
    digits = match[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


@lru_cache(maxsize=1024)
def _text_colors(background: str) -> tuple[str, str]:
    """(values, labels): dark on a light background, else white, so that any colour stays readable (WCAG relative luminance)."""
    channels = [int(background[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.179
    return ("#111827", "#374151") if light else ("#ffffff", "#e5e7eb")


def _days(reader: _Reader) -> int | None:
    if "expirationDays" not in reader.body:
        return None
    value = reader.body["expirationDays"]
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not whole or not DAYS[0] <= value <= DAYS[1]:  # type: ignore[operator]
        reader.wrong("expirationDays", "out_of_range", "must be a whole number of days", f"send {DAYS[0]} to {DAYS[1]}")
        return None
    return int(value)  # type: ignore[call-overload, no-any-return]


def _flag(reader: _Reader, name: str, *, default: bool) -> bool:
    value = reader.body.get(name, default)
    if not isinstance(value, bool):
        reader.wrong(name, "not_a_boolean", "must be true or false", "send true or false without quotes")
        return default
    return value

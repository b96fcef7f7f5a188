"""The types of fields on the wire: what a text, a number, a date or a colour may be, said once for check and for OpenAPI.

Bounds stand inside the validators and in the schema beside them, so that both say the same. JSON Schema calls 3.0 an integer and
true no number; so do we. May not enter: what the fields are for (schemas.py)."""

import datetime
import math
import re
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

DATE_MAX = 253_402_300_799
"""9999-12-31T23:59:59Z."""
CALLER_ID = "malformed_id"
_CALLER_ID = re.compile(r"[!-~]{16,128}\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_RFC3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})\Z")


class In(BaseModel):
    """What callers send: nothing unknown, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Out(BaseModel):
    """What we answer."""

    model_config = ConfigDict(frozen=True)


def refusal(code: str, message: str, mend: str) -> PydanticCustomError:
    """A refusal with its mend; neither may hold the value."""
    return PydanticCustomError(code, message, {"mend": mend})


def _number(low: float, high: float) -> Callable[[object], float]:
    def check(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise refusal("not_a_number", "must be a number", f"send a number from {low:g} to {high:g}")
        if not low <= value <= high:
            raise refusal("out_of_range", f"must lie between {low:g} and {high:g}", "see the field's unit in the reference")
        return float(value)

    return check


def _integer(low: int, high: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not whole:
            raise refusal("not_an_integer", "must be a whole number", f"send {low} to {high}, without quotes")
        if not low <= value <= high:  # type: ignore[operator]  # an int or a whole float
            raise refusal("out_of_range", f"must lie between {low} and {high}", f"send {low} to {high}")
        return int(value)  # type: ignore[call-overload, no-any-return]

    return check


def _query_integer(low: int, high: int) -> Callable[[object], int]:
    """Of a text in the address: digits alone."""

    def check(value: object) -> int:
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(high)):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise refusal("out_of_range", f"must be a whole number between {low} and {high}", f"send {low} to {high}")
        return value

    return check


def _day(value: object) -> datetime.date:
    mend = "send a day like 2026-11-01"
    if not isinstance(value, str) or not _DAY.match(value):
        raise refusal("not_a_date", "is not a day", mend)
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        raise refusal("not_a_date", "is no day that exists", mend) from None


def _moment(value: object) -> int:
    """RFC 3339 → whole seconds since 1970."""
    mend = "send date, time and offset, like 2026-12-31T23:59:59+01:00"
    if not isinstance(value, str):
        raise refusal("not_a_date", "must be a date with time and offset, as text", mend)
    text = value.upper()
    if not _RFC3339.match(text):
        raise refusal("not_a_date", "is not a date with time and offset (RFC 3339)", mend)
    try:
        seconds = math.floor(datetime.datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError):
        raise refusal("not_a_date", "is no day or time that exists", mend) from None
    if not 0 <= seconds <= DATE_MAX:
        raise refusal("out_of_range", "must lie between the years 1970 and 9999", mend)
    return seconds


def _caller_id(value: object) -> str:
    if not isinstance(value, str) or not _CALLER_ID.match(value):
        raise refusal(CALLER_ID, "is no id of an operation", "use 16 to 128 visible ASCII characters, as of a UUID")
    return value


def _image(value: str) -> str:
    if not value.startswith(("https://", "data:image/", "image:")):
        raise refusal(
            "not_an_image_address",
            "must be an https address, an image data URI or the name of an uploaded picture",
            "send https://..., data:image/png;base64,... or image:<hash>",
        )
    return value


Latitude = Annotated[float, PlainValidator(_number(-90, 90)), WithJsonSchema({"type": "number", "minimum": -90, "maximum": 90})]
Longitude = Annotated[
    float, PlainValidator(_number(-180, 180)), WithJsonSchema({"type": "number", "minimum": -180, "maximum": 180})
]
Metres = Annotated[
    float, PlainValidator(_number(-12_000, 100_000)), WithJsonSchema({"type": "number", "minimum": -12_000, "maximum": 100_000})
]
Days = Annotated[int, PlainValidator(_integer(1, 3650)), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 3650})]
Moment = Annotated[
    int,
    PlainValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-12-31T23:59:59+01:00"]}),
]
Day = Annotated[
    datetime.date, PlainValidator(_day), WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-11-01"]})
]
Limit = Annotated[
    int, PlainValidator(_query_integer(1, 200)), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 200, "default": 50})
]
Count = Annotated[
    int, PlainValidator(_query_integer(1, 2**53)), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 2**53})
]
Color = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$", examples=["#1e40af"]), AfterValidator(str.lower)]
ImageAddress = Annotated[
    str,
    Field(max_length=7_000_000),
    AfterValidator(_image),
    WithJsonSchema({"type": "string", "maxLength": 7_000_000, "pattern": "^(https://|data:image/|image:)"}),
]
Label = Annotated[str, Field(max_length=200)]
Text = Annotated[str, Field(max_length=4_000)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
ValueName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Id = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
CallerId = Annotated[str, PlainValidator(_caller_id), WithJsonSchema({"type": "string", "pattern": "^[!-~]{16,128}$"})]
"""The id of an operation, which is its idempotency key: its caller makes it before the first try and keeps it for every repeat."""


def iso(at_ms: int) -> str:
    """`2026-11-20T12:00:00.000Z`."""
    return datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_or_none(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso(at_ms)

"""Parameters of source S2's requests, wherever they stand: in the address, in a JSON body, also of a GET and a DELETE.

A body is strict JSON, or one of the two spellings of loose_json.py. Each field is read by hand, so that a refusal names it and
echoes nothing. May not enter: lookups, what an answer looks like."""

import datetime
import difflib
import re
import uuid
from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import parse_qsl

from starlette.requests import Request

from billfold.api import loose_json, strict_json
from billfold.api.json_place import ODD
from billfold.api.loose_json import Bare
from billfold.api.strict_json import Malformed
from billfold.domain import decimals
from billfold.domain.errors import FieldProblem, Invalid
from billfold.domain.loyalty import CardStatus, normal_email

BODY_BYTES_MAX = 64 * 1024
QUERY_PAIRS_MAX = 50
TEXT_MAX = 512
TITLE_MAX = 200
DATE_MAX_MS = 253_402_300_799_000
NEAR = 0.82
"""How alike (difflib's ratio) an unknown name is to one that the request takes, to be that one misspelt."""
STRANGERS_MAX = 50
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\Z")
_DIGITS = re.compile(r"[0-9]{9,11}\Z")


async def read(request: Request) -> "Params":
    """Raises Malformed, Invalid."""
    query = _query(request.url.query)
    body = _body(await _bytes(request))
    twice = [name for name in query.keys() & body.keys() if _text_of(query[name]) != _text_of(body[name])]
    if twice:
        message = "says one thing in the address and another in the body"
        raise Invalid(*(FieldProblem(_plain(name), "contradictory", message, "send it once") for name in sorted(twice)))
    return Params({**body, **query})


async def _bytes(request: Request) -> bytes:
    """Bounded here too: the edge bounds no body of a GET."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            problem = FieldProblem("", "body_too_large", f"the body is longer than {BODY_BYTES_MAX} bytes", "send a smaller body")
            raise strict_json.TooLarge(problem)
    return body


def _query(text: str) -> dict[str, object]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=QUERY_PAIRS_MAX, errors="strict")
    except (ValueError, UnicodeDecodeError):
        raise Malformed(FieldProblem("", "malformed_query", "the address cannot be read", "encode it as UTF-8")) from None
    found: dict[str, object] = {}
    for name, value in pairs:
        strict_json.check_text(value)
        if name in found:
            raise Invalid(FieldProblem(_plain(name), "repeated", "is in the address twice", "send it once"))
        found[name] = Bare(value)
    return found


def _body(body: bytes) -> Mapping[str, object]:
    if not body.strip():
        return {}
    try:
        found = strict_json.parse(body, bytes_max=BODY_BYTES_MAX, exact=True)
    except Malformed as strictly:
        if strictly.problems[0].code != "not_json":
            raise
        try:
            found = loose_json.parse(body)
        except Malformed as loosely:
            raise (strictly if loosely.problems[0].code == "not_json" else loosely) from None
    if not isinstance(found, dict):
        raise Malformed(FieldProblem("", "not_an_object", "the body must be a JSON object", "send {...}"))
    return found


def _text_of(value: object) -> str:
    """How two spellings of one value are compared."""
    return str(value) if isinstance(value, str | Decimal) else repr(value)


def _plain(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_-]{1,40}", name) else ODD


class Params:
    """What was sent, field by field; `check` raises what was wrong with all of them. Names that nobody asked for are not looked
    at, as their own document's servers do, unless one is nearly a field's: a misspelt `transaction_reference` charges twice."""

    def __init__(self, given: Mapping[str, object]) -> None:
        self._given = {name: value for name, value in given.items() if not _missing(value)}
        self._asked: set[str] = set()
        self._problems: list[FieldProblem] = []

    def check(self) -> None:
        """Once every field was asked for. Raises Invalid."""
        if not self._given.keys() <= self._asked:
            self._refuse_misspelt()
        if self._problems:
            raise Invalid(*self._problems)

    def _refuse_misspelt(self) -> None:
        for name in [one for one in self._given if one not in self._asked][:STRANGERS_MAX]:
            if near := difflib.get_close_matches(name.casefold(), self._asked, 1, NEAR):
                self.wrong(_plain(name), "misspelt", "is not known", f"send it as {near[0]}")

    def _get(self, name: str) -> object:
        self._asked.add(name)
        return self._given.get(name)

    def wrong(self, name: str, code: str, message: str, mend: str = "") -> None:
        self._problems.append(FieldProblem(name, code, message, mend))

    def given(self, name: str) -> bool:
        return name in self._given

    def text(self, name: str, limit: int = TEXT_MAX, *, required: bool = True) -> str:
        """ "" where it is missing. `limit`: characters."""
        value = self._get(name)
        if value is None:
            if required:
                self.wrong(name, "required", "is required")
            return ""
        if not isinstance(value, str):
            self.wrong(name, "not_text", "must be a string", "put it in quotes")
            return ""
        if len(value) > limit:
            self.wrong(name, "too_long", f"must not be greater than {limit} characters")
        return str(value)

    def email(self, name: str = "email") -> str:
        """As `normal_email` gives it."""
        text = self.text(name)
        try:
            return normal_email(text, name) if text else ""
        except Invalid as error:
            self._problems.extend(error.problems)
            return ""

    def uuid(self, name: str) -> str:
        """In the one form in which ids are stored."""
        text = self.text(name)
        try:
            return str(uuid.UUID(text)) if text else ""
        except ValueError:
            self.wrong(name, "not_a_uuid", "must be a valid UUID")
            return ""

    def status(self, name: str = "status") -> CardStatus:
        text = self.text(name)
        if text and text not in list(CardStatus):
            self.wrong(name, "unknown", f"must be one of {', '.join(CardStatus)}")
            return CardStatus.ACTIVE
        return CardStatus(text) if text else CardStatus.ACTIVE

    def moment_ms(self, name: str, *, required: bool) -> int | None:
        """RFC 3339, `2027-01-31 10:00:00` and `2027-01-31` (UTC), or seconds since 1970. Milliseconds since then."""
        value = self._get(name)
        if isinstance(value, Decimal):
            value = str(value)
        if value is None or not isinstance(value, str):
            if required or value is not None:
                self.wrong(name, "required", "is required" if value is None else "must be a valid date")
            return None
        found = _moment_ms(value.strip())
        if found is None or not 0 <= found <= DATE_MAX_MS:
            self.wrong(name, "not_a_date", "must be a valid date", "send it like 2027-01-31T10:00:00Z")
            return None
        return found

    def decimal(self, name: str) -> Decimal | None:
        """A number, of an address or an unquoted one too; None where it is missing."""
        value = self._get(name)
        if value is None:
            return None
        if isinstance(value, Bare) and len(value) <= 64 and _NUMBER.match(value):
            value = decimals.exact(value)
        try:
            return decimals.number_of(value, name)
        except Invalid as error:
            self._problems.extend(error.problems)
            return None

    def whole(self, name: str, low: int, high: int) -> int | None:
        value = self.decimal(name)
        if value is None:
            return None
        if not value.is_finite() or value != value.to_integral_value() or not low <= value <= high:
            self.wrong(name, "out_of_range", f"must be an integer between {low} and {high}")
            return None
        return int(value)


def _missing(value: object) -> bool:
    """null, and what stands for it where nothing has quotes."""
    return value is None or (isinstance(value, str) and not value.strip()) or (isinstance(value, Bare) and value == "null")


def _moment_ms(text: str) -> int | None:
    if _DIGITS.match(text):
        return int(text) * 1000
    if len(text) < 10 or not text[:4].isdigit():
        return None
    try:
        at = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=datetime.UTC)
    try:
        return int(at.timestamp() * 1000)
    except OverflowError:
        return None

"""Checks on `/v1`: a file, a document in a wallet's own words, or a content is judged and explained; nothing is stored.

The one operation that takes other bodies than JSON. May not enter: the rules, multipart beyond one file."""

import re
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field, ValidationError

from billfold.api import strict_json
from billfold.api.v1 import answers
from billfold.api.v1.content import ContentIn, draft_of
from billfold.api.v1.operations import CONTENT, answer, refusals
from billfold.api.v1.passes import in_content
from billfold.api.v1.route import Asking
from billfold.api.v1.types import In, Out
from billfold.domain.checks import Report, as_json
from billfold.domain.errors import FieldProblem, Invalid
from billfold.domain.keys import Actor
from billfold.flows import checks
from billfold.ports import Services

FILE_TYPES = (
    "application/octet-stream",
    "application/vnd.apple.pkpass",
    "application/vnd.apple.pkpasses",
    "application/zip",
)
MULTIPART = "multipart/form-data"
_BOUNDARY = re.compile(r'boundary=(?:"([^"\r\n]{1,70})"|([^\s";,]{1,70}))')
_PART_NAME = re.compile(rb'(?:^|[;\s])name="?file"?(?:$|[;\s])')
_HEADER_BYTES_MAX = 4_096


class CheckIn(In):
    """One of `content` (both wallets' rules), `pass_json` (Apple's form) and `google` (a class or object). `earlier`: the pass.json
    that holders have, which the new one may not contradict."""

    content: ContentIn | None = None
    pass_json: Annotated[dict[str, object] | None, Field(description="A pass.json as it would be signed.")] = None
    earlier: Annotated[dict[str, object] | None, Field(description="With `pass_json`: the version before it.")] = None
    google: Annotated[dict[str, object] | None, Field(description="A class or object as Google's API takes it.")] = None


class FindingOut(Out):
    """`otherwise`: what a phone does with it as it is. `path` leads into the document or names a file of the archive."""

    code: str
    severity: Literal["error", "warning"]
    path: str
    message: str
    otherwise: str
    mend: str


class PartOut(Out):
    """One pass of the file, or one wallet's view of a content. `facts`: what it says of itself, and who signed it when."""

    name: str
    findings: list[FindingOut]
    facts: dict[str, str]


class CheckOut(Out):
    """`opens`: no error was found, so phones take it. `findings`: about the file as a whole; each part has its own."""

    kind: Literal["pkpass", "pkpasses", "pass.json", "google", "content", "unknown"]
    opens: bool
    errors: int
    warnings: int
    findings: list[FindingOut]
    parts: list[PartOut]


_EXAMPLE: dict[str, object] = {
    "kind": "pass.json",
    "opens": False,
    "errors": 1,
    "warnings": 0,
    "findings": [],
    "parts": [
        {
            "name": "",
            "findings": [
                {
                    "code": "transit_type_missing",
                    "severity": "error",
                    "path": "boardingPass.transitType",
                    "message": "a boarding pass needs a transit type",
                    "otherwise": "the add sheet never opens; an update is discarded",
                    "mend": "write PKTransitTypeAir, Boat, Bus, Train or Generic",
                }
            ],
            "facts": {"serialNumber": "C-0001"},
        }
    ],
}
_BINARY = {"schema": {"type": "string", "format": "binary"}}


def _request_body() -> dict[str, object]:
    schema = CheckIn.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    schema["oneOf"] = [{"required": [name]} for name in ("content", "pass_json", "google")]
    form = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
    return {
        "required": True,
        "content": {
            "application/json": {"schema": schema, "example": {"content": CONTENT}},
            MULTIPART: {"schema": form},
            **dict.fromkeys(FILE_TYPES, _BINARY),
        },
    }


def add_checks(router: APIRouter, services: Services, body_bytes_max: int) -> None:
    @router.post(
        "/checks",
        name="checks.create",
        operation_id="checkPass",
        summary="Why does this pass not open? Check a file, a document or a content",
        description="Send a .pkpass or .pkpasses as it is, as the form field `file`, or JSON. Nothing is stored or fetched.",
        responses=answer(200, CheckOut, _EXAMPLE, "What was found; a file that is no pass at all is a finding too.")
        | refusals(400, 413, 415),
        openapi_extra={"requestBody": _request_body()},
    )
    async def check(request: Request, actor: Asking) -> Response:
        report = await _report(services, actor, request, body_bytes_max)
        return Response(answers.body(CheckOut.model_validate(as_json(report))), media_type="application/json")


async def _report(services: Services, actor: Actor, request: Request, body_bytes_max: int) -> Report:
    declared = request.headers.get("content-type", "")
    media_type = declared.partition(";")[0].strip().lower()
    body = await request.body()
    if media_type in FILE_TYPES:
        return await checks.check_file(services, actor, body)
    if media_type == MULTIPART:
        return await checks.check_file(services, actor, _file_of_form(declared, body))
    if media_type != "application/json":
        mend = f"send application/json, {MULTIPART} or {FILE_TYPES[0]}"
        raise strict_json.MediaTypeUnsupported(FieldProblem("", "media_type", "this type of body is not taken here", mend))
    return await _report_on_json(services, actor, strict_json.parse(body, bytes_max=body_bytes_max))


async def _report_on_json(services: Services, actor: Actor, given: object) -> Report:
    try:
        body = CheckIn.model_validate(given)
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from None
    named = [name for name in ("content", "pass_json", "google") if getattr(body, name) is not None]
    if len(named) != 1:
        raise Invalid(FieldProblem("", "one_of", "needs one of content, pass_json and google", "send exactly one of the three"))
    if body.earlier is not None and body.pass_json is None:
        raise Invalid(FieldProblem("earlier", "excludes", "belongs to pass_json", "send it with pass_json only"))
    if body.content is not None:
        try:
            return await checks.check_draft(services, actor, draft_of(body.content))
        except Invalid as error:
            raise in_content(error) from None
    if body.google is not None:
        return await checks.check_google(services, actor, body.google)
    assert body.pass_json is not None
    return await checks.check_document(services, actor, body.pass_json, body.earlier)


def _file_of_form(declared: str, body: bytes) -> bytes:
    """The content of the part named `file`. Raises Invalid. Source: RFC 7578."""
    match = _BOUNDARY.search(declared)
    parts = body.split(b"--" + (match[1] or match[2]).encode("latin-1")) if match else []
    for part in parts[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if len(head) <= _HEADER_BYTES_MAX and any(_names_file(line) for line in head.split(b"\r\n")):
            return content.removesuffix(b"\r\n")
    mend = "send a form with one file in the field named file"
    raise Invalid(FieldProblem("file", "missing", "the form has no field named file", mend))


def _names_file(line: bytes) -> bool:
    return line.lower().startswith(b"content-disposition:") and _PART_NAME.search(line) is not None

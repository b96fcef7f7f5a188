"""Pictures on `/v1`: upload once, name everywhere, see what a phone shows of them. Parse, call one flow, render.

An upload is idempotent by itself: the same bytes are the same picture. May not enter: pixels, decisions about pictures."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from billfold.api import multipart, strict_json
from billfold.api.v1 import answers
from billfold.api.v1.content import STYLES, StyleName
from billfold.api.v1.operations import answer, binary, refusals
from billfold.api.v1.route import Asking
from billfold.api.v1.types import Color, ImageAddress, In, Out, iso
from billfold.domain.errors import FieldProblem, Invalid
from billfold.domain.pictures import ShelvedPicture
from billfold.flows import images as flow
from billfold.ports import Services

EXAMPLE_IMAGE = "3b1f0c7d9a4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8"
RAW_TYPES = ("image/png", "image/jpeg", "image/webp", "application/octet-stream")
SlotName = Literal[
    "icon", "logo", "wide_logo", "primary_logo", "secondary_logo", "strip", "thumbnail", "background", "artwork", "footer",
    "venue_map", "personalization_logo", "google_logo", "google_hero", "google_module",
]  # fmt: skip
ImageId = Annotated[str, Path(description="The id of a picture.", pattern=r"^[0-9a-f]{64}$", examples=[EXAMPLE_IMAGE])]
_DOT = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mNQcEgAAAFEAME1cEXuAAAAAElFTkSuQmCC"


class ImageIn(In):
    """A picture by https address or data URI; `#focus=0.5,0.3` or `#crop=0.1,0,0.8,0.5` behind it names a part."""

    source: ImageAddress


class NoteOut(Out):
    code: str
    message: str
    mend: str


class ImageShown(Out):
    """`image` is how a content names the picture. Sizes are those of what was sent; `frame`: which part of another one it is.
    `notes`: what is worth knowing before it is used."""

    id: str
    image: str
    width: int
    height: int
    bytes: int | None
    frame: str | None
    created_at: str
    notes: list[NoteOut]


_SHOWN: dict[str, object] = {
    "id": EXAMPLE_IMAGE,
    "image": f"image:{EXAMPLE_IMAGE}",
    "width": 1125,
    "height": 432,
    "bytes": 48_211,
    "frame": None,
    "created_at": "2026-11-20T12:00:00.000Z",
    "notes": [],
}
_FORM = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
_BODY: dict[str, object] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": ImageIn.model_json_schema(), "example": {"source": _DOT}},
            **{one: {"schema": {"type": "string", "format": "binary"}} for one in RAW_TYPES},
            "multipart/form-data": {"schema": _FORM},
        },
    }
}


def add_images(router: APIRouter, services: Services) -> None:
    @router.post(
        "/images",
        name="images.create",
        operation_id="createImage",
        summary="Upload a picture",
        description="Send the picture itself, a form with one file, or JSON that says where it is. The same one is stored once.",
        status_code=201,
        responses=answer(201, ImageShown, _SHOWN, "The picture is on the shelf.") | refusals(400, 413, 415),
        openapi_extra=_BODY,
    )
    async def create(request: Request, actor: Asking) -> Response:
        source, path = await _source_of(request)
        return _json(_shown(await flow.upload(services, actor, source, path)), 201)

    @router.get(
        "/images/{image_id}",
        name="images.read",
        operation_id="readImage",
        summary="One picture",
        responses=answer(200, ImageShown, _SHOWN, "What is known of it.") | refusals(404),
    )
    async def read(actor: Asking, image_id: ImageId) -> Response:
        return _json(_shown(await flow.find(services, actor, image_id)))

    @router.get(
        "/images/{image_id}/preview.png",
        name="images.preview",
        operation_id="previewImage",
        summary="What a phone shows of a picture",
        description="What is cut off is dimmed; the dashed line is the part that always stays in sight.",
        response_class=Response,
        responses=binary(200, "image/png", "The whole picture as PNG, at most 960 pixels a side.") | refusals(404),
    )
    async def preview(
        actor: Asking,
        image_id: ImageId,
        slot: Annotated[SlotName, Query(description="The place on the pass.")] = "icon",
        style: Annotated[StyleName, Query(description="Of the pass: places differ.")] = "store_card",
        focus: Annotated[str | None, Query(max_length=40, description="The point that must stay in sight: `0.5,0.3`.")] = None,
        crop: Annotated[str | None, Query(max_length=60, description="Left, top, width, height: `0.1,0,0.8,0.5`.")] = None,
        color: Annotated[Color | None, Query(description="The pass's background.")] = None,
    ) -> Response:
        if focus is not None and crop is not None:
            raise Invalid(FieldProblem("crop", "excludes", "excludes focus", "send one of the two"))
        frame = ("focus", focus) if focus is not None else ("crop", crop) if crop is not None else None
        png = await flow.preview(services, actor, image_id, slot, STYLES[style], frame, color)
        return Response(png, media_type="image/png")


async def _source_of(request: Request) -> tuple[str | bytes, str]:
    """What was sent, and where the body named it. Raises Invalid and its kinds."""
    declared = request.headers.get("content-type", "")
    media_type = declared.partition(";")[0].strip().lower()
    body = await request.body()
    if media_type in RAW_TYPES:
        return body, ""
    if media_type == "multipart/form-data":
        return multipart.only_file(declared, body), "file"
    if media_type == "application/json":
        try:
            return ImageIn.model_validate(strict_json.parse(body, bytes_max=len(body) + 1)).source, "source"
        except ValidationError as error:
            raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from None
    mend = "send Content-Type: image/png (jpeg, webp), multipart/form-data or application/json"
    raise strict_json.MediaTypeUnsupported(FieldProblem("", "media_type", "the body is neither a picture nor JSON", mend))


def _shown(picture: ShelvedPicture) -> ImageShown:
    return ImageShown(
        id=picture.hash,
        image=f"image:{picture.hash}",
        width=picture.width,
        height=picture.height,
        bytes=picture.bytes,
        frame=picture.frame,
        created_at=iso(picture.created_at_ms),
        notes=[NoteOut(code=one.code, message=one.message, mend=one.mend) for one in picture.notes],
    )


def _json(shown: ImageShown, status: int = 200) -> Response:
    return Response(answers.body(shown), status, media_type="application/json")

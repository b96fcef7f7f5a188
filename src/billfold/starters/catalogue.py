"""Reads the starters that are in this folder. Each is read once. May not enter: what a content may say (api/v1/content.py)."""

import base64
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from billfold.domain.content import JsonObject
from billfold.domain.errors import NotFound

FOLDER = Path(__file__).parent
LANGUAGES = ("en", "de", "fr")


class Sample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One person's values, and the language of that person's phone."""

    language: str
    values: JsonObject


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: dict[str, str]
    about: dict[str, str]
    template: JsonObject
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Starter:
    """`title`, `about`: language → text. `template`: a body of `POST /v1/templates` whose images are names of files, like
    `logo.png`. `pictures`: name of file → PNG."""

    name: str
    title: dict[str, str]
    about: dict[str, str]
    template: JsonObject
    samples: tuple[Sample, ...]
    pictures: dict[str, bytes]

    def body(self) -> JsonObject:
        """A body of `POST /v1/templates` as it stands: the pictures are in it, as data URIs."""
        content = self.template["content"]
        assert isinstance(content, dict)
        images = {slot: _data_uri(self.pictures[file]) for slot, file in content["images"].items()}
        return self.template | {"content": content | {"images": images}}


def _data_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()


@cache
def names() -> tuple[str, ...]:
    """By name."""
    return tuple(sorted(one.parent.name for one in FOLDER.glob("*/starter.json")))


@cache
def load(name: str) -> Starter:
    """Raises NotFound."""
    if name not in names():
        raise NotFound("starter")
    read = msgspec.json.decode((FOLDER / name / "starter.json").read_bytes(), type=_File)
    pictures = {one.name: one.read_bytes() for one in sorted((FOLDER / name).glob("*.png"))}
    return Starter(name, read.title, read.about, read.template, read.samples, pictures)

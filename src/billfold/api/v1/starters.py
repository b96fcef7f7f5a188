"""Starters on `/v1`: templates to begin with, each as it may be sent to `/v1/templates`. May not enter: decisions, storage."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from billfold.api.v1 import answers
from billfold.api.v1.operations import TEMPLATE_CONTENT, answer, refusals
from billfold.api.v1.route import Asking
from billfold.api.v1.types import Out
from billfold.domain.content import JsonObject
from billfold.domain.keys import authorize
from billfold.ports import Services
from billfold.starters import catalogue
from billfold.starters.catalogue import Starter

EXAMPLE_STARTER = "cafe-stamps"
StarterName = Annotated[str, Path(description="The name of a starter.", max_length=64, examples=[EXAMPLE_STARTER])]


class SampleOut(Out):
    """One person's values, and the language of that person's phone."""

    language: str
    values: dict[str, object]


class StarterSummary(Out):
    """`title`, `about`: language → text."""

    name: str
    title: dict[str, str]
    about: dict[str, str]


class StarterShown(StarterSummary):
    """`template` is a body of `POST /v1/templates` as it stands, pictures in it; change it and send it, or send the name alone."""

    template: dict[str, object]
    samples: list[SampleOut]


class Starters(Out):
    items: list[StarterSummary]


_SUMMARY: JsonObject = {
    "name": EXAMPLE_STARTER,
    "title": {"en": "Café stamp card", "de": "Stempelkarte fürs Café", "fr": "Carte à tampons de café"},
    "about": {"en": "Ten stamps, one coffee on the house.", "de": "Zehn Stempel, ein Kaffee.", "fr": "Dix tampons, un café."},
}
_SHOWN: JsonObject = _SUMMARY | {
    "template": {"name": "Café stamp card", "content": TEMPLATE_CONTENT},
    "samples": [{"language": "en", "values": {"name": "Maya Okafor", "member_id": "KC-40711829"}}],
}


def add_starters(router: APIRouter, services: Services) -> None:
    @router.get(
        "/starters",
        name="starters.list",
        operation_id="listStarters",
        summary="Templates to begin with",
        responses=answer(200, Starters, {"items": [_SUMMARY]}, "All of them, by name.") | refusals(),
    )
    async def list_starters(actor: Asking) -> Response:
        authorize(actor, "starters.list")
        return _json(Starters(items=[_summary(catalogue.load(name)) for name in catalogue.names()]))

    @router.get(
        "/starters/{starter}",
        name="starters.read",
        operation_id="readStarter",
        summary="One starter, ready to be made into a template",
        responses=answer(200, StarterShown, _SHOWN, "The starter with its pictures and with values of three people.")
        | refusals(404),
    )
    async def read_starter(actor: Asking, starter: StarterName) -> Response:
        authorize(actor, "starters.read")
        return _json(_shown(catalogue.load(starter)))


def _summary(starter: Starter) -> StarterSummary:
    return StarterSummary(name=starter.name, title=starter.title, about=starter.about)


def _shown(starter: Starter) -> StarterShown:
    samples = [SampleOut(language=one.language, values=one.values) for one in starter.samples]
    return StarterShown(name=starter.name, title=starter.title, about=starter.about, template=starter.body(), samples=samples)


def _json(shown: StarterShown | Starters) -> Response:
    return Response(answers.body(shown), media_type="application/json")

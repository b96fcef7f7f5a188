"""The Designer's three pages: all designs, how to begin one, the editor of one. What they show is asked of `/v1` in the browser;
samples for the phones beside the editor are made here.

May not enter: decisions about templates."""

import hmac
from pathlib import Path

import msgspec
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from billfold.domain.content import JsonObject
from billfold.domain.errors import FieldProblem, Invalid
from billfold.domain.ids import Environment
from billfold.domain.keys import authorize
from billfold.flows import samples, templates
from billfold.phones_page.pages import ROOM as PHONES
from billfold.studio.desk import HOME, Desk, Visit
from billfold.studio.desk import ROOM as STUDIO
from billfold.web.pages import SHARED, PageRoom
from billfold.web.policy import STRICT

ROOM = PageRoom("designer", Path(__file__).parent, within=STUDIO, beside=(PHONES,))
BASE = f"{HOME}/{{environment}}/designs"
SAMPLE = f"{HOME}/{Environment.TEST}/designs/{{template_id}}/sample"
POLICY = STRICT.allowing("geolocation", script_src="'wasm-unsafe-eval'")
"""Places are where one stands; the phones draw codes by a WebAssembly module of ours."""
PHONE_STYLES = ("tokens.css", "base.css")


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """`earlier`: a sample that we gave out; `proof`: that we did."""

    which: samples.Which
    values: JsonObject
    earlier: str = ""
    proof: str = ""


def create_routes(desk: Desk, *, phones: bool) -> list[Route]:
    """`phones`: whether there are stand-ins, which the phones beside the editor live by."""

    async def editor(visit: Visit) -> Response:
        """Raises NotFound, WrongScope, Forbidden."""
        found = await templates.find(visit.services, visit.actor, visit.request.path_params["template_id"])
        writes = visit.may("templates.draft")
        tries = phones and writes and visit.environment is Environment.TEST
        styles = [*map(SHARED.address, PHONE_STYLES), PHONES.assets.address("phones.css"), ROOM.assets.address("trying.css")]
        return visit.show(
            "editor.html",
            room=ROOM,
            policy=POLICY,
            design=found,
            writes=writes,
            issues=visit.may("passes.create"),
            phones=PHONES.assets.address("view/panel.js") if tries else "",
            styles=" ".join(styles),
        )

    return [
        ROOM.assets.route(),
        Route(BASE, desk.inside(designs)),
        Route(f"{BASE}/new", desk.inside(begin)),
        Route(f"{BASE}/{{template_id}}", desk.inside(editor)),
        Route(SAMPLE, desk.inside(sample), methods=["POST"]),
    ]


async def designs(visit: Visit) -> Response:
    authorize(visit.actor, "templates.list")
    return visit.show("designs.html", room=ROOM, which="list", writes=visit.may("templates.create"))


async def begin(visit: Visit) -> Response:
    authorize(visit.actor, "templates.create")
    return visit.show("designs.html", room=ROOM, which="new", writes=True)


async def sample(visit: Visit) -> Response:
    """A pass for the phones beside the editor. An earlier one is changed only for whoever it was given to."""
    try:
        asked = msgspec.json.decode(await visit.request.body(), type=Asked)
    except msgspec.MsgspecError:
        raise Invalid(
            FieldProblem("", "not_a_sample", "this is no request for a sample", "use the buttons of the Designer")
        ) from None
    ours = hmac.compare_digest(asked.proof.encode(), _proof(visit, asked.earlier).encode())
    template = visit.request.path_params["template_id"]
    made = await samples.hand_out(visit.services, visit.actor, template, asked.which, asked.values, asked.earlier if ours else None)
    link = visit.services.addresses.share(made.serial)
    return JSONResponse({"serial": made.serial, "share_url": link, "proof": _proof(visit, made.serial), "again": made.again})


def _proof(visit: Visit, serial: str) -> str:
    return visit.desk.form_token(f"sample {serial} {visit.signed_in.person.id}")

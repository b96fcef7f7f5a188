"""What every operation of `/v1` does before and after its own few lines: key, rate, scope, strict body; problems and rate headers.

A route's name is the operation that domain/keys.py's table guards; a route without one cannot be called. The key is asked before
the body is read, so that nobody learns from a body's errors what only a key may know. May not enter: any operation's own work."""

import difflib
import inspect
import re
from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import Depends
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from billfold.api import strict_json
from billfold.api.json_place import ODD
from billfold.api.parameters import refuse_unknown
from billfold.api.problems import MalformedKey, problem_response
from billfold.api.shortcuts import Handler, ShortRoute
from billfold.api.sign_in import SignIn, actor_of
from billfold.api.v1.types import CALLER_ID
from billfold.domain.errors import FieldProblem, Invalid
from billfold.domain.keys import Actor, authorize
from billfold.flows import keys
from billfold.flows.scans import devices
from billfold.limits import TokenBuckets
from billfold.ports import Services

_SIGN_INS: dict[str, SignIn] = {"scans.upload": devices.uploader}
"""Operations that ask differently who comes."""
OWN_BODIES = frozenset({"images.create", "checks.create", "mail.bounce"})
"""Operations that read a body that need not be JSON."""
_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")
_PROBLEMS_MAX = 50
MENDS = {
    "missing": "send it",
    "extra_forbidden": "leave it out; the reference at /docs names all fields",
    "string_type": 'send text, in quotes, like "1,250"',
    "bool_type": "send true or false, without quotes",
    "list_type": "send a list: [...]",
    "dict_type": "send an object: {...}",
    "model_type": "send an object: {...}",
    "model_attributes_type": "send an object: {...}",
    "string_too_long": "send a shorter text",
    "string_too_short": "send at least one character",
    "too_long": "send fewer",
    "too_short": "send at least one",
    "literal_error": "send one of these, in quotes",
}


def request_id_of(request: Request) -> str:
    """As the middleware made it."""
    return str(getattr(request.state, "request_id", ""))


async def _actor(request: Request) -> Actor:
    actor = request.state.actor
    assert isinstance(actor, Actor)
    return actor


Asking = Annotated[Actor, Depends(_actor)]
"""Who asks: authenticated and authorised before the operation runs."""


async def _read_json(request: Request, bytes_max: int) -> None:
    """The body by the one strict parser; what follows finds it already read."""
    body = await request.body()
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        mend = "send Content-Type: application/json"
        raise strict_json.MediaTypeUnsupported(FieldProblem("", "not_json", "the body is not declared as JSON", mend))
    request._json = strict_json.parse(body, bytes_max=bytes_max)


def _parameters(dependant: Dependant) -> frozenset[str]:
    """The names that an operation takes in its query."""
    own = frozenset(one.alias for one in dependant.query_params)
    return own.union(*map(_parameters, dependant.dependencies))


async def _refuse_body(request: Request) -> None:
    if (await request.body()).strip() not in (b"", b"{}"):
        raise Invalid(FieldProblem("", "body_not_expected", "this operation takes no body", "leave the body out"))


def invalid_from(error: RequestValidationError, known: Sequence[str] = ()) -> Invalid:
    """The framework's findings as ours: paths like `content.header[0].label`, messages that never repeat the input."""
    found = error.errors()[:_PROBLEMS_MAX]
    refused = MalformedKey if any(map(_is_callers_id, found)) else Invalid
    return refused(*(_problem(one, known) for one in found))


def _is_callers_id(found: dict[str, object]) -> bool:
    """Whether an operation came without the id that its caller makes, or with none that could be one: nothing may be done then."""
    return found["type"] == CALLER_ID or (found["type"] == "missing" and found["loc"] == ("body", "id"))


def _problem(found: dict[str, object], known: Sequence[str]) -> FieldProblem:
    place, code = found["loc"], str(found["type"])
    context = found.get("ctx") or {}
    assert isinstance(place, Sequence)
    assert isinstance(context, dict)
    path = ""
    for step in place[1:]:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step != "[key]":
            path += ("." if path else "") + (step if _PLAIN.match(step) else ODD)
    mend = str(context.get("mend") or MENDS.get(code) or "see this field in the reference at /docs")
    last = place[-1]
    if code == "extra_forbidden" and isinstance(last, str) and (near := difflib.get_close_matches(last, known, 1, 0.7)):
        mend = f"did you mean {near[0]}?" if near[0] != last else "leave it out: other operations have it, this one does not"
    message = "unknown field" if code == "extra_forbidden" else str(found["msg"])
    return FieldProblem(path, code, message[:1].lower() + message[1:], mend)


def _only_body(endpoint: Callable[..., object]) -> type[BaseModel] | None:
    """The model of an operation that takes the actor and a body and nothing else. Such a one is called without the framework's
    search for what it might depend on, which costs a scan more than its judgement does, and by its address alone (shortcuts.py)."""
    given = inspect.signature(endpoint).parameters
    model = given["body"].annotation if given.keys() == {"actor", "body"} else None
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def _validated(model: type[BaseModel], data: object) -> BaseModel:
    """Raises RequestValidationError, as the framework would."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from None


def route_class(services: Services, bytes_max: int, known_fields: Sequence[str]) -> type[ShortRoute]:
    """The class of all routes of `/v1`. `known_fields`: names to suggest where an unknown one was sent."""

    class GuardedRoute(ShortRoute):
        def get_route_handler(self) -> Handler:  # type: ignore[override]  # narrower than a Coroutine, which is all that is used
            inner = super().get_route_handler()
            operation, takes_body = self.name, self.body_field is not None
            endpoint, model = self.endpoint, _only_body(self.endpoint)
            parameters = _parameters(self.dependant)

            async def work(request: Request) -> Response:
                actor = await actor_of(services, request, "v1", _SIGN_INS.get(operation, keys.authenticate))
                request.state.actor = actor
                services.limits.check(actor.key_id)
                authorize(actor, operation)
                if request.scope["query_string"]:
                    refuse_unknown(request.query_params.keys(), parameters)
                if takes_body:
                    await _read_json(request, bytes_max)
                    if model is not None:
                        response: Response = await endpoint(actor=actor, body=_validated(model, request._json))
                        return response
                elif request.method == "POST" and operation not in OWN_BODIES:
                    await _refuse_body(request)
                return await inner(request)

            async def handle(request: Request) -> Response:
                try:
                    response = await work(request)
                except RequestValidationError as error:
                    response = problem_response(invalid_from(error, known_fields), request_id_of(request))
                except ClientDisconnect:
                    raise
                except Exception as error:  # the last stop: a bug becomes a problem without inside text
                    response = problem_response(error, request_id_of(request))
                _tell_budget(services, request, response)
                response.headers.setdefault("Cache-Control", "no-store")
                return response

            self.alone = handle if model is not None else None
            return handle

    return GuardedRoute


def _tell_budget(services: Services, request: Request, response: Response) -> None:
    actor = getattr(request.state, "actor", None)
    if isinstance(actor, Actor) and isinstance(services.limits, TokenBuckets):
        budget = services.limits.budget(actor.key_id)
        if budget:
            response.headers.update(budget.headers())

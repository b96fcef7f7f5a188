"""The OpenAPI 3.1 document of both surfaces: `/v1`, as its models say, and S3's, as facade_openapi.py says.

May not enter: behaviour; descriptions that the operations themselves do not carry."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

import billfold
from billfold.api import facade_openapi, loyalty_facade_openapi
from billfold.api.shortcuts import api_routes
from billfold.domain.keys import OPERATIONS

Json = dict[str, Any]
INTRODUCTION = """\
One request makes a pass for Apple Wallet and Google Wallet; the next one updates every phone.

- **simple**: two calls, S3's shapes, errors as `{"error": "..."}`.
- **/v1**: everything. Errors are `application/problem+json`; each type is explained at [/docs/problems](/docs/problems).
  POSTs take an `Idempotency-Key`; lists go on by `cursor`; `RateLimit` and `Retry-After` say when to come back.

Send `Authorization: Bearer bf_test_...`. A test key works on the test environment: stand-ins for Apple and Google, never real data.
"""
_LINKS = {
    "createPass": ("pass_id", ("readPass", "replacePass", "readPassLinks", "readAppleBundle", "voidPass")),
    "createTemplate": (
        "template_id",
        (
            *("readTemplate", "publishTemplate", "deleteTemplate", "readTemplateDraft", "saveTemplateDraft"),
            *("publishTemplateDraft", "listTemplateRevisions", "readTemplateRevision", "restoreTemplateRevision"),
        ),
    ),
    "createPasses": ("pass_id", ("mergePassValues",)),
    "createImage": ("image_id", ("readImage", "previewImage")),
    "createOperation": ("operation_id", ("readOperation",)),
    "createBrand": ("brand_id", ("readBrand", "replaceBrand")),
    "createProduct": ("product_id", ("readProduct", "replaceProduct")),
    "createProgramme": ("programme_id", ("readProgramme", "replaceProgramme")),
    "createMember": ("member_id", ("readMember", "replaceMember", "eraseMember")),
    "createTerminal": ("terminal_id", ("readTerminal", "replaceTerminal", "renewEnrolment", "revokeTerminal")),
    "issueCard": ("pass_id", ("readCard", "changeCard", "removeCard")),
    "createKey": ("key_id", ("revokeKey",)),
    "facadeCreate": ("serial", ("facadeReplace",)),
}
"""Operation → the parameter that its answer's id is for, and the operations that take it."""
_WHERE = {"issueCard": "pass_id", "facadeCreate": "serialNumber", "createPasses": "results/0/id"}
"""Operation → where its answer has the id."""
_BESIDE = {one: {"revision": "$response.body#/revision"} for one in ("readTemplateRevision", "restoreTemplateRevision")}
"""What else of the answer an operation takes."""
_METHODS = ("get", "post", "put", "patch", "delete")
_PROBLEM: Json = {
    "type": "object",
    "description": "RFC 9457. `type` leads to its explanation; further fields belong to the type.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "policy": {"type": "string"},
        "needed": {"type": "string"},
        "reason": {"type": "string"},
        "repeated": {"type": "boolean"},
        "allowed_products": {"type": "array", "items": {"type": "string"}},
        "resolved_product_id": {"type": ["integer", "null"]},
        "resolved_description": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "code", "message", "mend"],
                "properties": {name: {"type": "string"} for name in ("path", "code", "message", "mend")},
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """(path, method, operation) of a document."""
    for path, entry in document["paths"].items():
        for method in _METHODS:
            if method in entry:
                yield path, method, entry[method]


def openapi(app: FastAPI) -> Json:
    """The document, ready to be served at /openapi.json."""
    document: Json = get_openapi(
        title="Billfold",
        version=billfold.__version__,
        openapi_version="3.1.0",
        description=INTRODUCTION,
        routes=app.routes,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        separate_input_output_schemas=False,
    )
    document["paths"] = {
        **facade_openapi.paths(),
        **loyalty_facade_openapi.paths(),
        **{k: v for k, v in document["paths"].items() if k.startswith("/v1/")},
    }
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas |= facade_openapi.schemas() | loyalty_facade_openapi.schemas() | {"Problem": _PROBLEM}
    for name, other in (("NewPass", "template_id"), ("ChangedPass", "values"), ("NewTemplate", "starter")):
        with_it = ["name", "content"] if name == "NewTemplate" else ["content"]
        schemas[name]["oneOf"] = [{"required": with_it}, {"required": [other]}]
    key = {"type": "http", "scheme": "bearer", "description": "An access key: bf_test_... or bf_live_..."}
    document["components"]["securitySchemes"] = {"key": key}
    document["servers"] = [{"url": "/"}]
    tags = (
        "simple",
        "passes",
        "templates",
        "starters",
        "images",
        "previews",
        "ledger",
        "till",
        "scans",
        "loyalty",
        "mail",
        "keys",
        "records",
        "checks",
    )
    document["tags"] = [{"name": one} for one in tags]
    routes = _routes(app)
    for path, method, operation in operations(document):
        operation["security"] = [{"key": []}]
        route = routes.get((path, method))
        if route is not None:
            _keep_nulls(operation, route.responses)
            needs = f"Needs a key with the scope `{OPERATIONS[route.name]}`."
            operation["description"] = f"{operation['description']} {needs}" if "description" in operation else needs
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
        if operation["operationId"] in _LINKS:
            _link(operation, *_LINKS[operation["operationId"]])
    return document


def _link(operation: Json, parameter: str, targets: tuple[str, ...]) -> None:
    """Says which operations take the id of what was made."""
    status = next(one for one in ("201", "200") if one in operation["responses"])
    made = _WHERE.get(operation["operationId"], "id")
    operation["responses"][status]["links"] = {
        target: {"operationId": target, "parameters": {parameter: f"$response.body#/{made}"} | _BESIDE.get(target, {})}
        for target in targets
    }


def _keep_nulls(operation: Json, declared: Mapping[int | str, Mapping[str, Any]]) -> None:
    """The framework drops what is null from examples, also where the schema requires it."""
    for status, response in declared.items():
        content = response.get("content", {}).get("application/json", {})
        if "example" in content:
            operation["responses"][str(status)]["content"]["application/json"]["example"] = content["example"]


def _routes(app: FastAPI) -> dict[tuple[str, str], APIRoute]:
    """(path, method) → the guarded route."""
    return {
        (route.path, method.lower()): route
        for route in api_routes(app)
        if route.name in OPERATIONS
        for method in route.methods or ()
    }

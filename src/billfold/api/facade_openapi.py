"""Source S3's operations in OpenAPI, by hand, since their routes are plain and their bodies are read by hand (facade_body.py).

Bounds are those of the reader, imported from it. May not enter: behaviour."""

from billfold.api.facade import FORMS, PKPASS
from billfold.api.facade_body import (
    BARCODE_MAX,
    DAYS,
    FIELD_GROUPS,
    FIELDS_MAX,
    FORMATS,
    IMAGE_FIELDS,
    IMAGE_SOURCE_MAX,
    LABEL_MAX,
    LOCATIONS_MAX,
    ORGANIZATION_MAX,
    TEXT_MAX,
)
from billfold.domain.drafts import COLOR_PRESETS

Json = dict[str, object]
EXAMPLE_SERIAL = "d3m0abt-5HqXbJ7ZkT2mVw9cRn4LdY"
_SAVE_URL = "https://pay.google.com/gp/v/save/eyJ..."
CREATE_EXAMPLE: Json = {
    "barcodeValue": "LOYALTY-98765",
    "barcodeFormat": "QR",
    "logoText": "Bayroast Coffee",
    "headerFields": [{"label": "POINTS", "value": "1,250"}],
    "primaryFields": [{"label": "CARD", "value": "Coffee Rewards"}],
}
REPLACE_EXAMPLE: Json = CREATE_EXAMPLE | {
    "headerFields": [{"label": "POINTS", "value": "1,300", "changeMessage": "You hit %@ points. Free coffee unlocked!"}]
}


def _text(most: int, described: str, **more: object) -> Json:
    return {"type": "string", "maxLength": most, "description": described} | more


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def schemas() -> Json:
    """The bodies and answers, for components.schemas."""
    field: Json = {
        "type": "object",
        "additionalProperties": False,
        "required": ["label", "value"],
        "properties": {
            "label": _text(LABEL_MAX, "What stands above the value."),
            "value": _text(TEXT_MAX, "The value."),
            "changeMessage": _text(TEXT_MAX, "Lock-screen line when this value changes in a later PUT; `%@` is the new value."),
        },
    }
    location: Json = {
        "type": "object",
        "additionalProperties": False,
        "required": ["latitude", "longitude"],
        "properties": {
            "latitude": {"type": "number", "minimum": -90, "maximum": 90},
            "longitude": {"type": "number", "minimum": -180, "maximum": 180},
            "altitude": {"type": "number", "minimum": -12_000, "maximum": 100_000},
            "relevantText": _text(LABEL_MAX, "What the lock screen says near this place."),
        },
    }
    body: Json = {"type": "object", "additionalProperties": False, "properties": _properties()}
    return {
        "FacadeField": field,
        "FacadeLocation": location,
        "FacadePass": body | {"required": ["barcodeValue", "barcodeFormat"]},
        "FacadeReplacement": body | {"dependentRequired": {"barcodeValue": ["barcodeFormat"], "barcodeFormat": ["barcodeValue"]}},
        "FacadeCreated": _answer(serialNumber="string", googleSaveUrl="string", applePass="string", shareUrl="string"),
        "FacadeReplaced": _answer(serialNumber="string", lastUpdated="string", notifiedDevices="integer", unchanged="boolean"),
        "FacadeUsage": _answer(count="integer", limit="integer?", remaining="integer?", resetDate="string", plan="string"),
        "FacadeError": _answer(error="string"),
    }


def _properties() -> Json:
    fields = {
        name: {"type": "array", "items": _ref("FacadeField"), "maxItems": FIELDS_MAX[name], "description": described}
        for name, described in zip(
            FIELD_GROUPS,
            ("Top right.", "Main content.", "Below the primary fields.", "Back of the pass."),
            strict=True,
        )
    }
    images = {
        name: _text(IMAGE_SOURCE_MAX, "HTTPS address or image data URI; PNG, JPEG or WebP.", pattern="^(https://|data:image/)")
        for name in IMAGE_FIELDS
    }
    return {
        "barcodeValue": _text(BARCODE_MAX, "What the barcode carries.", minLength=1),
        "barcodeFormat": {"type": "string", "enum": [one.value for one in FORMATS]},
        "logoText": _text(LABEL_MAX, "Text beside the logo."),
        "description": _text(TEXT_MAX, "For screen readers; not visible. Default: `logoText`."),
        "organizationName": _text(ORGANIZATION_MAX, "Issuer; title of update notices. Default: the workspace's."),
        **fields,
        "locations": {"type": "array", "items": _ref("FacadeLocation"), "maxItems": LOCATIONS_MAX},
        "sharingProhibited": {"type": "boolean", "default": True, "description": "Hides Apple's share button."},
        "colorPreset": {"type": "string", "enum": list(COLOR_PRESETS), "default": "dark"},
        "color": {
            "type": "string",
            "pattern": "^#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})$",
            "description": "Hex colour; wins over `colorPreset`.",
        },
        **images,
        "title": _text(LABEL_MAX, "Legacy: first primary value, and `logoText` if unset."),
        "cardLabel": _text(LABEL_MAX, "Legacy: first primary label; default `CARD`."),
        "label": _text(LABEL_MAX, "Legacy: first secondary label."),
        "value": _text(TEXT_MAX, "Legacy: first secondary value."),
        "expirationDays": {"type": "integer", "minimum": DAYS[0], "maximum": DAYS[1]},
    }


def _answer(**types: str) -> Json:
    properties = {name: {"type": [kind[:-1], "null"]} if kind.endswith("?") else {"type": kind} for name, kind in types.items()}
    return {"type": "object", "required": list(types), "properties": properties, "additionalProperties": False}


_ERRORS = {
    400: "Invalid request body or missing required fields.",
    401: "Invalid or missing API key.",
    403: "The key may not do this, or the serial belongs to another account.",
    404: "Serial not found.",
    429: "Rate limit exceeded, or the month's quota is used up.",
    500: "Server error.",
    503: "Not available right now.",
}


def _responses(success: Json, *errors: int) -> Json:
    made: Json = {"200": success}
    for status in (*errors, 401, 403, 429, 500, 503):
        error: Json = {
            "description": _ERRORS[status],
            "content": {"application/json": {"schema": _ref("FacadeError"), "example": {"error": _ERRORS[status]}}},
        }
        if status in (429, 503):
            error["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}}
        made[str(status)] = error
    return dict(sorted(made.items()))


def _json(name: str, example: object, described: str, **more: object) -> Json:
    content: Json = {"application/json": {"schema": _ref(name), "example": example}} | more
    return {"description": described, "content": content}


def _body(name: str, example: object) -> Json:
    return {"required": True, "content": {"application/json": {"schema": _ref(name), "example": example}}}


_BINARY: Json = {"schema": {"type": "string", "format": "binary"}}


def paths() -> Json:
    """Path → operations, for `paths`."""
    created = {
        "serialNumber": EXAMPLE_SERIAL,
        "googleSaveUrl": _SAVE_URL,
        "applePass": "UEsDBBQ...",
        "shareUrl": f"http://127.0.0.1:8000/p/{EXAMPLE_SERIAL}",
    }
    replaced = {
        "serialNumber": EXAMPLE_SERIAL,
        "lastUpdated": "2026-11-20T12:00:00.000Z",
        "notifiedDevices": 2,
        "unchanged": False,
    }
    used = {"count": 42, "limit": None, "remaining": None, "resetDate": "2026-12-01T00:00:00Z", "plan": "self-hosted"}
    streamed: Json = {
        "description": "The signed bundle.",
        "content": {PKPASS: _BINARY},
        "headers": {
            "X-Serial-Number": {"description": "Keep it: PUT takes it.", "schema": {"type": "string"}},
            "X-Google-Save-Url": {"description": "Add to Google Wallet.", "schema": {"type": "string"}},
        },
    }
    form: Json = {
        "name": "format",
        "in": "query",
        "description": "`pkpass` answers the bundle itself.",
        "schema": {"type": "string", "enum": list(FORMS), "default": "json"},
        "example": "json",
    }
    serial: Json = {
        "name": "serial",
        "in": "path",
        "required": True,
        "schema": {"type": "string"},
        "example": EXAMPLE_SERIAL,
    }
    return {
        "/api/passes": {
            "post": _operation("Create a pass", "facadeCreate", "passes:write")
            | {
                "parameters": [form],
                "requestBody": _body("FacadePass", CREATE_EXAMPLE),
                "responses": _responses(
                    _json("FacadeCreated", created, "`applePass` is the bundle in base64.", **{PKPASS: _BINARY}), 400
                ),
            }
        },
        "/api/passes/{serial}": {
            "put": _operation("Replace a pass and tell every device", "facadeReplace", "passes:write")
            | {
                "parameters": [serial],
                "requestBody": _body("FacadeReplacement", REPLACE_EXAMPLE),
                "responses": _responses(
                    _json("FacadeReplaced", replaced, "An equal body changes nothing and costs no quota."), 400, 404
                ),
            }
        },
        "/api/pkpass": {
            "post": _operation("Create a pass, answered as the bundle", "facadeCreateBinary", "passes:write")
            | {"requestBody": _body("FacadePass", CREATE_EXAMPLE), "responses": _responses(streamed, 400)}
        },
        "/api/auth/usage": {
            "get": _operation("Use and quota of this month", "facadeUsage", "usage:read")
            | {"responses": _responses(_json("FacadeUsage", used, "`limit` and `remaining` are null without a quota."))}
        },
    }


def _operation(summary: str, operation_id: str, scope: str) -> Json:
    return {
        "tags": ["simple"],
        "summary": summary,
        "operationId": operation_id,
        "description": f"Needs a key with the scope `{scope}`.",
        "security": [{"key": []}],
    }

"""How the operations of `/v1` present themselves in OpenAPI: which refusals each can give, and its working example.

May not enter: what they do (passes.py, templates.py, keys.py, records.py)."""

from billfold.api.problems import MEDIA_TYPE, PROBLEMS, Problem

PREFIX = "/v1"
EXAMPLE_PASS = "d3m0abt-5HqXbJ7ZkT2mVw9cRn4LdY"
EXAMPLE_TEMPLATE = "tpl_d3m0abt_7Gk2LmPq9RsTvWxY"
EXAMPLE_KEY = "0Az4Kq81Zx"

CONTENT: dict[str, object] = {
    "description": "Loyalty card of Bayroast Coffee",
    "organization_name": "Bayroast Coffee",
    "logo_text": "Bayroast Coffee",
    "style": "generic",
    "header": [{"key": "points", "label": "POINTS", "value": "1,250", "change_message": "You hit %@ points!"}],
    "primary": [{"label": "CARD", "value": "Coffee Rewards"}],
    "barcode": {"format": "QR", "message": "LOYALTY-98765"},
    "background_color": "#166534",
}
TEMPLATE_CONTENT: dict[str, object] = CONTENT | {
    "primary": [{"label": "MEMBER", "value": "{{ name }}"}],
    "barcode": {"format": "QR", "message": "{{ member_id }}"},
}
CONTENT_SHOWN: dict[str, object] = {
    "description": "Loyalty card of Bayroast Coffee",
    "organization_name": "Bayroast Coffee",
    "style": "generic",
    "logo_text": "Bayroast Coffee",
    "header": [{"key": "points", "label": "POINTS", "value": "1,250", "change_message": "You hit %@ points!"}],
    "primary": [{"key": "primary0", "label": "CARD", "value": "Coffee Rewards", "change_message": None}],
    "secondary": [],
    "auxiliary": [],
    "back": [],
    "barcode": {"format": "QR", "message": "LOYALTY-98765", "alt_text": None},
    "background_color": "#166534",
    "foreground_color": "#ffffff",
    "label_color": "#e5e7eb",
    "images": {},
    "locations": [],
    "sharing_prohibited": True,
    "expires_at": None,
    "relevant_at": None,
    "voided": False,
    "transit_type": None,
    "grouping": None,
}
PASS_SHOWN: dict[str, object] = {
    "id": EXAMPLE_PASS,
    "template_id": None,
    "values": None,
    "voided": False,
    "version": 17,
    "issued_at": "2026-11-20T12:00:00.000Z",
    "updated_at": "2026-11-20T12:00:00.000Z",
    "share_url": f"http://127.0.0.1:8000/p/{EXAMPLE_PASS}",
}
_SCHEMA: list[dict[str, object]] = [
    {"name": "name", "type": "text", "required": True, "example": "Ada Lovelace", "max_length": 40},
    {"name": "member_id", "type": "text", "required": True, "example": "LOYALTY-98765"},
    {"name": "tier.color", "type": "color"},
]
TEMPLATE_BODY: dict[str, object] = {
    "name": "Coffee card",
    "content": TEMPLATE_CONTENT,
    "schema": _SCHEMA,
    "bindings": {"background_color": "{{ tier.color }}"},
}
_SAID: dict[str, object] = {
    "name": "Coffee card",
    "schema": [
        {"type": "text", "required": False, "label": None, "example": None, "default": None, "max_length": None} | one
        for one in _SCHEMA
    ],
    "missing": "empty",
    "bindings": {"background_color": "{{ tier.color }}"},
    "expires_in_days": None,
}
TEMPLATE_SUMMARY: dict[str, object] = {
    "id": EXAMPLE_TEMPLATE,
    "name": "Coffee card",
    "revision": 1,
    "version": 16,
    "created_at": "2026-11-20T12:00:00.000Z",
    "updated_at": "2026-11-20T12:00:00.000Z",
    "archived_at": None,
}
TEMPLATE_SHOWN: dict[str, object] = TEMPLATE_SUMMARY | _SAID
FINDING_SHOWN: dict[str, object] = {
    "code": "contact_missing",
    "severity": "warning",
    "path": "content.back",
    "message": "the back names no contact of the issuer",
    "mend": "add a back field with an address, a phone number or a link",
    "otherwise": "Apple may object when it reviews the issuer",
}
PASS_MADE: dict[str, object] = PASS_SHOWN | {"content": CONTENT_SHOWN, "findings": [FINDING_SHOWN]}
PASS_CHANGED: dict[str, object] = PASS_SHOWN | {"notified_devices": 2, "unchanged": False}
PASS_REPLACED: dict[str, object] = PASS_CHANGED | {"findings": [FINDING_SHOWN]}
TEMPLATE_MADE: dict[str, object] = TEMPLATE_SHOWN | {"findings": [FINDING_SHOWN]}
PUBLISHED_SHOWN: dict[str, object] = TEMPLATE_SHOWN | {
    "revision": 2,
    "version": 18,
    "unchanged": False,
    "changes": ["content.header[points].label"],
    "reach": {"passes": 3, "devices": 2, "google_holders": 1, "more": False},
    "findings": [FINDING_SHOWN],
    "dry_run": False,
}
DRAFT_SHOWN: dict[str, object] = _SAID | {
    "template_id": EXAMPLE_TEMPLATE,
    "version": 1,
    "based_on": 1,
    "saved_at": "2026-11-20T12:00:00.000Z",
    "findings": [FINDING_SHOWN],
}
REVISION_SHOWN: dict[str, object] = _SAID | {
    "revision": 1,
    "version": 16,
    "published_at": "2026-11-20T12:00:00.000Z",
    "key_id": EXAMPLE_KEY,
    "restored_from": None,
}
BATCH_SHOWN: dict[str, object] = {
    "issued": 1,
    "refused": 1,
    "results": [
        {"index": 0, "id": EXAMPLE_PASS, "share_url": f"http://127.0.0.1:8000/p/{EXAMPLE_PASS}", "errors": []},
        {
            "index": 1,
            "id": None,
            "share_url": None,
            "errors": [
                {
                    "path": "passes[1].values.name",
                    "code": "value_missing",
                    "message": "this template needs the value",
                    "mend": "send it",
                }
            ],
        },
    ],
}
BATCH_BODY: dict[str, object] = {
    "template_id": EXAMPLE_TEMPLATE,
    "passes": [{"values": {"name": "Ada Lovelace", "member_id": "LOYALTY-98765"}}, {"values": {"member_id": "LOYALTY-98766"}}],
}
KEY_SHOWN: dict[str, object] = {
    "id": EXAMPLE_KEY,
    "name": "till 3",
    "environment": "test",
    "scopes": ["passes:read", "passes:write"],
    "created_at": "2026-11-20T12:00:00.000Z",
    "expires_at": None,
    "revoked_at": None,
    "last_used_at": None,
}


def refusals(*statuses: int, body: bool = False) -> dict[int | str, dict[str, object]]:
    """OpenAPI's `responses` for the statuses that this operation can refuse with; those that every operation has are added."""
    wanted = {401, 403, 422, 429, 500, 503, *statuses, *((400, 413, 415) if body else ())}
    return {status: refusal(status) for status in sorted(wanted)}


def refusal(status: int) -> dict[str, object]:
    rows: list[Problem] = [row for row in dict.fromkeys(PROBLEMS.values()) if row.status == status]
    described = "; ".join(f"{row.title} (`{row.slug}`)" for row in rows) or "Something went wrong on our side (`internal`)"
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    made: dict[str, object] = {"description": described, "content": content}
    if status in (429, 503):
        made["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}}
    return made


def answer(status: int, model: type[object], example: object, described: str) -> dict[int | str, dict[str, object]]:
    return {status: {"model": model, "description": described, "content": {"application/json": {"example": example}}}}


def binary(status: int, media_type: str, described: str) -> dict[int | str, dict[str, object]]:
    return {status: {"description": described, "content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}}


def empty(status: int, described: str) -> dict[int | str, dict[str, object]]:
    return {status: {"description": described}}


def request_example(example: object) -> dict[str, object]:
    """For `openapi_extra` of a route with a body."""
    return {"requestBody": {"content": {"application/json": {"example": example}}}}


IDEMPOTENCY_PARAMETER: dict[str, object] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Repeating the request with the same key gives the first answer again, for at least 72 hours, and does nothing.",
    "schema": {"type": "string", "pattern": "^[!-~]{16,128}$"},
    "example": "5f0c2a6e-3b0a-4b1e-9d55-2f8f5a1c7e10",
}


def once(*extras: dict[str, object]) -> dict[str, object]:
    """For `openapi_extra` of a POST: takes an idempotency key."""
    made: dict[str, object] = {"parameters": [IDEMPOTENCY_PARAMETER]}
    for extra in extras:
        made |= extra
    return made

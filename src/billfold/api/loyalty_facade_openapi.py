"""Source S2's operations in OpenAPI, by hand, since their routes are plain and their parameters are read by hand.

Bounds are those of the reader, imported from it. May not enter: behaviour."""

from billfold.api.loyalty_facade_params import TITLE_MAX
from billfold.domain.loyalty import CardStatus
from billfold.domain.scanning import DESCRIPTION_MAX, REFERENCE_MAX

Json = dict[str, object]
EXAMPLE_BRAND = "0190b3a0-0000-7000-8000-000000000001"
EXAMPLE_CARD = "d3m0abt-5HqXbJ7ZkT2mVw9cRn4LdY"
EXAMPLE_COUPON = "0190b3a0-0000-7000-8000-000000000002"
_AT = "2026-11-20T12:00:00.000Z"
NAMED: Json = {"brand_id": EXAMPLE_BRAND, "email": "ada@example.com", "pass_code": EXAMPLE_CARD}
CHANGE: Json = NAMED | {"expiration_date": "2027-01-31T10:00:00Z", "status": "active"}
WANTED: Json = {"brand_id": EXAMPLE_BRAND, "email": "ada@example.com", "coupon_id": EXAMPLE_COUPON, "status": "active"}
DELTA: Json = {
    "points": 1,
    "balance": 5.5,
    "organization_identifier": "demo00",
    "pass_code": EXAMPLE_CARD,
    "description": "Latte macchiato",
    "transaction_reference": "till-3-42",
    "vat_rate": 21,
}
_COUPON: Json = {"identifier": EXAMPLE_COUPON, "price": 0, "points": 0, "external_reference": None}
_STORECARD: Json = {"identifier": EXAMPLE_COUPON, "points": 11, "balance": 25.5}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: tuple[str, ...], **properties: object) -> Json:
    return {"type": "object", "required": list(required), "properties": properties}


def _all(**properties: object) -> Json:
    return _object(tuple(properties), **properties) | {"additionalProperties": False}


_TEXT: Json = {"type": "string", "minLength": 1, "maxLength": 512}
_EMAIL: Json = {"type": "string", "format": "email", "maxLength": 254}
_UUID: Json = {"type": "string", "format": "uuid"}
_DATE: Json = {
    "type": ["string", "integer"],
    "description": "Like `2027-01-31T10:00:00Z`, `2027-01-31 10:00:00` or `2027-01-31`, or seconds since 1970.",
}
_STATUS: Json = {"type": "string", "enum": [one.value for one in CardStatus]}
_FLAG: Json = {"type": "integer", "enum": [0, 1]}
_MOMENT: Json = {"type": ["string", "null"]}
_NUMBER: Json = {"type": "number"}
_CHANGE: Json = {"type": ["number", "null"]}
_OR_NULL: Json = {"type": ["string", "null"]}


def _optional(most: int) -> Json:
    return {"type": ["string", "null"], "maxLength": most}


def schemas() -> Json:
    """The bodies and answers, for components.schemas."""
    success: Json = {"type": "boolean", "const": True}
    coupon = _all(identifier=_UUID, price=_NUMBER, points={"type": "integer"}, external_reference=_OR_NULL)
    storecard = _all(identifier=_UUID, points={"type": "integer"}, balance=_NUMBER)
    return {
        "LoyaltyChange": _object(
            tuple(CHANGE), brand_id=_UUID, email=_EMAIL, pass_code=_TEXT, expiration_date=_DATE, status=_STATUS
        ),
        "LoyaltyWanted": _object(
            tuple(WANTED),
            brand_id=_UUID,
            email=_EMAIL,
            coupon_id=_TEXT,
            status=_STATUS,
            pass_title=_optional(TITLE_MAX),
            expiration_date=_DATE | {"type": ["string", "integer", "null"]},
        ),
        "LoyaltyDelta": _object(
            ("organization_identifier", "pass_code"),
            organization_identifier=_TEXT,
            pass_code=_TEXT,
            points=_CHANGE | {"description": "Signed. One of `points` and `balance` must be there."},
            balance=_CHANGE | {"description": "Signed, with no more decimals than the currency has."},
            external_reference=_optional(DESCRIPTION_MAX),
            description=_optional(DESCRIPTION_MAX),
            transaction_reference=_optional(REFERENCE_MAX),
            vat_rate={"type": ["integer", "null"], "minimum": 0, "maximum": 21},
        ),
        "LoyaltyCoupon": coupon,
        "LoyaltyStorecard": storecard,
        "LoyaltyInspected": _all(success=success, data=_inspected()),
        "LoyaltyFound": _all(success=success, data={"type": "array", "items": _found(coupon, storecard)}),
        "LoyaltyChanged": _all(success=success, message={"type": "string"}, transaction_id=_UUID),
        "LoyaltySent": _all(success=success, message={"type": "string"}),
        "LoyaltyLink": _all(success=success, url={"type": "string", "format": "uri"}),
        "LoyaltyScanned": _all(
            success=success,
            message={"type": "string"},
            transaction_id={"type": "string"},
            transaction_reference={"type": "string"},
            was_duplicate={"type": "boolean"},
            points={"type": "integer"},
            balance=_NUMBER,
        ),
        "LoyaltyError": _object(
            ("message",),
            message={"type": "string"},
            errors={"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
            error_code={"type": "string"},
            reason={"type": "string"},
            allowed_products={"type": "array", "items": {"type": "string"}},
            resolved_product_id={"type": ["integer", "null"]},
            resolved_description={"type": "string"},
        )
        | {"additionalProperties": False},
    }


def _either(name: str) -> Json:
    return {"oneOf": [_ref(name), {"type": "null"}]}


def _inspected() -> Json:
    flags = ("demo", "redeemed", "active", "expired", "blocked", "reminder_send", "parsed_historical")
    dates = ("expiration_date", "start_date", "reminder_date")
    return _all(
        brand_id=_UUID,
        code={"type": "string"},
        created_at={"type": "string"},
        updated_at={"type": "string"},
        **dict.fromkeys(flags, _FLAG),
        **dict.fromkeys(dates, _MOMENT),
        coupon=_either("LoyaltyCoupon"),
        storecard=_either("LoyaltyStorecard"),
    )


def _found(coupon: Json, storecard: Json) -> Json:
    dates = ("expiration_date", "start_date", "reminder_date")

    def titled(one: Json) -> Json:
        members = one["properties"]
        assert isinstance(members, dict)
        return {"oneOf": [_all(title={"type": "string"}, **members), {"type": "null"}]}

    return _all(
        created_at={"type": "string"},
        updated_at={"type": "string"},
        **dict.fromkeys(dates, _MOMENT),
        downloaded=_FLAG,
        batch_reference=_OR_NULL,
        download_lat={"type": ["number", "null"]},
        download_long={"type": ["number", "null"]},
        user_name=_OR_NULL,
        member_id=_OR_NULL,
        pass_code={"type": "string"},
        status=_STATUS,
        brand={"oneOf": [_all(name={"type": "string"}, identifier=_UUID), {"type": "null"}]},
        coupon=titled(coupon),
        storecard=titled(storecard),
    )


_ERRORS = {
    401: "The token is missing or not valid.",
    403: "The token lacks the ability.",
    404: "No such pass, member, brand or coupon.",
    422: "Fields are wrong, or the scan was refused (`error_code`).",
    429: "Too many requests, or the month's quota is used up.",
    500: "Server error.",
    503: "Not available right now.",
}


def _responses(schema: str, example: Json, described: str) -> Json:
    made: Json = {"200": {"description": described, "content": {"application/json": {"schema": _ref(schema), "example": example}}}}
    for status, text in _ERRORS.items():
        content = {"application/json": {"schema": _ref("LoyaltyError"), "example": {"message": text}}}
        error: Json = {"description": text, "content": content}
        if status in (429, 503):
            error["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}}
        made[str(status)] = error
    return made


def _query(example: Json) -> Json:
    """For GET and DELETE, whose bodies many programs cannot send: the same in the address."""
    schemas_: dict[str, Json] = {"brand_id": _UUID, "email": _EMAIL, "pass_code": _TEXT}
    rows = [
        {"name": name, "in": "query", "required": True, "schema": schemas_[name], "example": value}
        for name, value in example.items()
    ]
    return {"parameters": rows}


def _body(schema: str, example: Json) -> Json:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": _ref(schema), "example": example}}}}


def _operation(id_: str, summary: str, needs: str, sends: Json, schema: str, example: Json, described: str) -> Json:
    return {
        "tags": ["loyalty"],
        "summary": summary,
        "operationId": id_,
        "description": f"Parameters may stand in the address or in a JSON body. {needs}",
        "security": [{"key": []}],
        "responses": _responses(schema, example, described),
    } | sends


def paths() -> Json:
    """Path → operations, for `paths`."""
    needs = "Needs a key with the scopes of the ability `passes.get`."
    inspected: Json = {
        **{"brand_id": EXAMPLE_BRAND, "code": EXAMPLE_CARD, "created_at": _AT, "updated_at": _AT, "demo": 0, "redeemed": 0},
        **{"active": 1, "expired": 0, "blocked": 0, "reminder_send": 0, "parsed_historical": 0},
        **{"expiration_date": None, "start_date": None, "reminder_date": None, "coupon": None, "storecard": _STORECARD},
    }
    found: Json = {
        **{"created_at": _AT, "updated_at": _AT, "expiration_date": None, "start_date": None, "reminder_date": None},
        **{"downloaded": 1, "batch_reference": None, "download_lat": None, "download_long": None, "user_name": "Ada Lovelace"},
        **{"member_id": EXAMPLE_COUPON, "pass_code": EXAMPLE_CARD, "status": "active"},
        **{"brand": {"name": "Bayroast Coffee", "identifier": EXAMPLE_BRAND}, "coupon": {"title": "Free cake"} | _COUPON},
        "storecard": None,
    }
    changed: Json = {"success": True, "message": "Pass updated successfully", "transaction_id": EXAMPLE_COUPON}
    link: Json = {"success": True, "url": f"http://127.0.0.1:8000/p/{EXAMPLE_CARD}"}
    scanned: Json = {
        **{"success": True, "message": "Pass updated", "transaction_id": EXAMPLE_COUPON, "transaction_reference": "till-3-42"},
        **{"was_duplicate": False, "points": 11, "balance": 25.5},
    }
    by_name, wanted = _query(NAMED), _body("LoyaltyWanted", WANTED)
    removed = changed | {"message": "Pass removed"}
    sent: Json = {"success": True, "message": "Email has been send"}
    return {
        "/passes": {
            "get": _operation(
                "loyaltyInspect", "Inspect a member's pass", needs, by_name, "LoyaltyInspected",
                {"success": True, "data": inspected}, "The pass; `coupon` or `storecard` is null.",
            ),
            "put": _operation(
                "loyaltyModify", "Change a pass's status and expiry", needs, _body("LoyaltyChange", CHANGE), "LoyaltyChanged",
                changed, "Changed.",
            ),
            "delete": _operation("loyaltyRemove", "Take a pass from a member", needs, by_name, "LoyaltyChanged", removed, "Gone."),
            "post": _operation("loyaltySend", "Mail a new pass to a member", needs, wanted, "LoyaltySent", sent, "Queued."),
        },
        "/passes/url": {
            "post": _operation("loyaltyLink", "Make a pass and get its link", needs, wanted, "LoyaltyLink", link, "Made.")
        },
        "/search/pass": {
            "get": _operation(
                "loyaltySearch", "Find passes by code", "Needs a key with the scopes of the ability `search.pass`.",
                _query({"pass_code": EXAMPLE_CARD}), "LoyaltyFound", {"success": True, "data": [found]}, "None, one, or several.",
            )
        },
        "/passes/scan/storecard": {
            "post": _operation(
                "loyaltyScan", "Change points and balance of a store card",
                "Needs a key with the scope `scans:write`, or a terminal's device token.",
                _body("LoyaltyDelta", DELTA), "LoyaltyScanned", scanned, "Done, or found done before (`was_duplicate`).",
            )
        },
    }  # fmt: skip

"""Working examples of scans for OpenAPI. May not enter: shapes (scan_shapes.py), behaviour."""

from billfold.api.v1.operations import EXAMPLE_PASS

Json = dict[str, object]
SCAN_ID = "0b7a7f0e-6a52-4c9e-8c1f-3f1f6f0d9a11"
UNDO_ID = "0b7a7f0e-6a52-4c9e-8c1f-3f1f6f0d9a12"
OFFLINE_ID = "0b7a7f0e-6a52-4c9e-8c1f-3f1f6f0d9a13"
_AT = "2026-11-20T12:00:00.000Z"
_EUR: Json = {"unit": "EUR", "minor": 1950, "amount": "19.50"}
_TAKEN: Json = {"unit": "EUR", "minor": -550, "amount": "-5.50"}
_GIVEN: Json = {"unit": "EUR", "minor": 550, "amount": "5.50"}
_PRODUCT: Json = {"number": 42, "name": "Latte macchiato"}
_VAT: Json = {"rate_bp": 2100, "net_minor": 455, "vat_minor": 95, "gross_minor": 550}
CARD: Json = {
    "pass_id": EXAMPLE_PASS,
    "code": EXAMPLE_PASS,
    "kind": "storecard",
    "category": "prepaid",
    "title": "Coffee card",
    "status": "active",
    "usable": "",
    "member": {"name": "Ada Lovelace"},
    "brand": {"id": "0190b3a0-0000-7000-8000-000000000001", "name": "Bayroast Coffee", "color": "#166534"},
    "balances": [_EUR],
    "stamps_goal": None,
    "allowed_products": [],
    "expires_at": None,
    "voided": False,
}
CARDS: Json = {"cards": [CARD]}
INSPECT: Json = {"code": EXAMPLE_PASS}
SCAN: Json = {"id": SCAN_ID, "pass_id": EXAMPLE_PASS, "action": "top_up", "amounts": {"EUR": 550}, "description": "At the counter"}
UNDO: Json = {"id": UNDO_ID, "undoes": SCAN_ID}
SCANNED: Json = {
    "id": SCAN_ID,
    "repeated": False,
    "dry_run": False,
    "action": "charge",
    "card": CARD,
    "changes": [_TAKEN],
    "description": "Latte macchiato",
    "product": _PRODUCT,
    "resolved_by": "description",
    "vat": _VAT,
    "notified": 1,
    "phone_will_say": [],
    "reward": False,
    "flag": "",
    "undoes": None,
    "at": _AT,
}
UNDONE: Json = SCANNED | {"id": UNDO_ID, "action": "undo", "changes": [_GIVEN], "vat": None, "undoes": SCAN_ID}
RECENT: Json = {
    "items": [
        {
            "id": SCAN_ID,
            "at": _AT,
            "action": "charge",
            "card": {"pass_id": EXAMPLE_PASS, "title": "Coffee card", "member": {"name": "Ada Lovelace"}},
            "changes": [_TAKEN],
            "undone": False,
        }
    ]
}
HISTORY: Json = {
    "items": [
        {
            "id": SCAN_ID,
            "at": _AT,
            "occurred_at": _AT,
            "action": "charge",
            "changes": [_TAKEN],
            "balances": [_EUR],
            "description": "Latte macchiato",
            "reference": "",
            "product": _PRODUCT,
            "vat": _VAT,
            "terminal_id": "trm_1",
            "declined": "",
            "flag": "",
            "undoes": None,
        }
    ],
    "next_before": None,
}
_KEPT: Json = {
    "id": OFFLINE_ID,
    "action": "top_up",
    "pass_id": EXAMPLE_PASS,
    "amounts": {"EUR": 550},
    "device_seq": 1,
    "occurred_at": "2026-11-20T11:58:00Z",
    "verified": True,
}
UPLOAD: Json = {"grant": "", "sent_at": "2026-11-20T12:00:00Z", "items": [_KEPT]}
OFFLINE: Json = {
    "grant": "eyJ...",
    "count": 50,
    "amount_minor": {"EUR": 10000},
    "expires_at": "2026-11-23T12:00:00.000Z",
    "unsigned": False,
}
UPLOADED: Json = {
    "results": [{"id": OFFLINE_ID, "result": "applied", "code": "", "detail": {}, "scan": SCANNED | {"id": OFFLINE_ID}}],
    "last_device_seq": 1,
    "offline": OFFLINE,
}
_WAITING: Json = {
    "id": OFFLINE_ID,
    "terminal_id": "trm_1",
    "reason": "terminal_revoked",
    "item": _KEPT,
    "received_at": _AT,
    "decision": "",
    "decided_at": None,
    "scan": None,
}
QUARANTINE: Json = {"items": [_WAITING], "next_cursor": None}
DECIDED: Json = _WAITING | {"decision": "drop", "decided_at": _AT}
_SOLD: Json = {
    "id": "prd_1",
    "number": 42,
    "name": "Latte macchiato",
    "currency": "EUR",
    "price_minor": 550,
    "price_points": None,
    "vat_bp": 2100,
}
TERMINAL: Json = {
    "id": "trm_1",
    "name": "Counter-01",
    "place": "Harbour Street",
    "product": None,
    "points_multiplier_percent": 100,
    "pin": True,
    "last_device_seq": 0,
    "revoked": False,
}
SYNC: Json = {
    "now": _AT,
    "terminal": TERMINAL,
    "products": [_SOLD],
    "programmes": [
        {
            "id": "prg_1",
            "kind": "storecard",
            "title": "Coffee card",
            "category": "prepaid",
            "currency": "EUR",
            "points": True,
            "stamps_goal": None,
            "allowed_products": [],
        }
    ],
    "offline": OFFLINE,
    "public_key": {"kty": "EC", "crv": "P-256", "x": "...", "y": "...", "alg": "ES256", "use": "sig"},
    "voided": [],
    "last_device_seq": 0,
}

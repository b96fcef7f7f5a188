"""What source S2's callers are answered: its members by name, its flags as 0 and 1, its two shapes of errors.

May not enter: lookups, decisions."""

from collections.abc import Iterable

import orjson
from starlette.responses import Response

from billfold.api.facade import iso
from billfold.domain.errors import (
    BillfoldError,
    Conflict,
    Declined,
    FieldProblem,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    TooMany,
    Unauthenticated,
    Unavailable,
    WrongScope,
)
from billfold.domain.ledger import decimal_text, exponent_of
from billfold.domain.loyalty import CardStatus, ProgrammeKind
from billfold.domain.scan_errors import CardNotUsable, CodeUnknown, ScanDenied
from billfold.domain.scanning import POINTS, STAMPS
from billfold.flows.scans.execute import Scanned
from billfold.flows.scans.view import CardView

STATUSES: dict[type[BillfoldError], int] = {
    Invalid: 422,
    ScanDenied: 422,
    Declined: 422,
    Unauthenticated: 401,
    Forbidden: 403,
    WrongScope: 404,
    NotFound: 404,
    Gone: 404,
    Conflict: 422,
    TooMany: 429,
    Unavailable: 503,
}
WORDS = {401: "Unauthenticated.", 403: "Invalid ability provided.", 429: "Too Many Attempts.", 500: "Server Error"}
Json = dict[str, object]


def json_response(status: int, body: object, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store"} | (headers or {}), media_type="application/json")


def wrong_method(served: Iterable[str]) -> Response:
    """In JSON as every answer here (S2-02)."""
    allow = ", ".join(served)
    return json_response(405, {"message": f"The method is not supported. Supported methods: {allow}."}, {"Allow": allow})


def problem(error: BillfoldError) -> Response:
    """`{"message": ...}`, with `errors` where fields are wrong, with `error_code` where a scan was refused."""
    status = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)
    body: Json = {"message": WORDS.get(status, str(error))}
    headers: dict[str, str] = {}
    match error:
        case Invalid():
            body = _invalid(error)
        case ScanDenied():
            body = _denied(error)
        case CardNotUsable():
            body = {"message": f"The pass is {error.reason.replace('_', ' ')}.", "error_code": error.code, "reason": error.reason}
        case Declined() | Conflict():
            body["error_code"] = error.code
        case NotFound() | WrongScope() | Gone():
            body = {"message": "Pass not found." if isinstance(error, CodeUnknown) else f"{error.kind.capitalize()} not found."}
        case TooMany() | Unavailable():
            headers["Retry-After"] = str(error.retry_after_seconds)
        case Unauthenticated():
            headers["WWW-Authenticate"] = "Bearer"
        case _:
            pass
    return json_response(status, body, headers)


def _invalid(error: Invalid) -> Json:
    errors: dict[str, list[str]] = {}
    for one in error.problems:
        errors.setdefault(one.path or "body", []).append(_sentence(one))
    first = next(iter(errors.values()))[0]
    more = sum(map(len, errors.values())) - 1
    if more:
        first += f" (and {more} more error{'s' if more > 1 else ''})"
    return {"message": first, "errors": errors}


def _sentence(one: FieldProblem) -> str:
    what = f"The {one.path.replace('_', ' ')} field {one.message}" if one.path else one.message[:1].upper() + one.message[1:]
    return f"{what}: {one.mend}." if one.mend else f"{what}."


def _denied(error: ScanDenied) -> Json:
    """S2-47, S2-48."""
    denied = error.denied
    product = denied.resolved.product
    return {
        "message": denied.message,
        "error_code": denied.code,
        "allowed_products": list(denied.allowed),
        "resolved_product_id": product.number if product else None,
        "resolved_description": denied.resolved.text,
    }


def number(minor: int, unit: str) -> object:
    """Minor units as a JSON number with all its decimals: 2550 EUR → 25.50."""
    return orjson.Fragment(decimal_text(minor, unit)) if exponent_of(unit) else minor


def inspected(view: CardView, now_ms: int) -> Json:
    """S2-09 to S2-14: one pass of a member."""
    card, status = view.card, view.card.status_at(now_ms)
    coupon, storecard = _nested(view)
    return {
        "brand_id": card.brand_id,
        "code": card.code,
        "created_at": iso(card.created_at_ms),
        "updated_at": iso(card.updated_at_ms),
        "demo": int(card.demo),
        "redeemed": int(status is CardStatus.REDEEMED),
        "active": int(status is CardStatus.ACTIVE),
        "expired": int(status is CardStatus.EXPIRED),
        "blocked": int(status is CardStatus.BLOCKED),
        "reminder_send": int(card.reminded_at_ms is not None),
        "expiration_date": _iso(card.expires_at_ms),
        "start_date": _iso(card.starts_at_ms),
        "reminder_date": _iso(card.reminder_at_ms),
        "parsed_historical": int(card.historical),
        "coupon": coupon,
        "storecard": storecard,
    }


def found(view: CardView, now_ms: int) -> Json:
    """S2-16 to S2-18: one entry of a search."""
    card, brand = view.card, view.brand
    coupon, storecard = _nested(view)
    title = card.title or view.programme.title
    return {
        "created_at": iso(card.created_at_ms),
        "updated_at": iso(card.updated_at_ms),
        "expiration_date": _iso(card.expires_at_ms),
        "downloaded": int(card.downloaded_at_ms is not None),
        "start_date": _iso(card.starts_at_ms),
        "batch_reference": card.batch or None,
        "reminder_date": _iso(card.reminder_at_ms),
        "download_lat": card.latitude,
        "user_name": view.member.name if view.member else None,
        "member_id": view.member.id if view.member else None,
        "download_long": card.longitude,
        "pass_code": card.pass_id,
        "status": card.status_at(now_ms).value,
        "brand": {"name": brand.name, "identifier": brand.id} if brand else None,
        "coupon": {"title": title} | coupon if coupon else None,
        "storecard": {"title": title} | storecard if storecard else None,
    }


def _nested(view: CardView) -> tuple[Json | None, Json | None]:
    """(coupon, storecard): the one that the pass is, and None. A prepaid card is a store card here."""
    programme = view.programme
    if programme.kind is ProgrammeKind.COUPON:
        price = programme.price_minor
        coupon: Json = {
            "identifier": programme.id,
            "price": 0 if price is None else number(price, programme.currency or "EUR"),
            "points": programme.price_points or 0,
            "external_reference": programme.external_reference or None,
        }
        return coupon, None
    return None, {"identifier": programme.id} | balances(view)


def balances(view: CardView) -> Json:
    """`points` and `balance` as they are now. A card that counts stamps alone shows them as points."""
    programme, held = view.programme, view.balances
    points = held.get(POINTS if programme.points else STAMPS, 0)
    return {"points": points, "balance": number(held.get(programme.currency, 0), programme.currency or "EUR")}


def scanned(done: Scanned) -> Json:
    """S2-39, S2-40: current balances also on a repeat."""
    record = done.record
    return {
        "success": True,
        "message": "Pass updated",
        "transaction_id": record.transaction_id,
        "transaction_reference": record.reference,
        "was_duplicate": done.repeated,
    } | balances(done.view)


def _iso(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso(at_ms)

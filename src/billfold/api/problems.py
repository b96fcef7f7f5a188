"""Error type → problem (RFC 9457): one table for all of `/v1`, which docs/problems.md repeats for people.

A problem shows the error's own fields, never the input and nothing of the inside. Another workspace's id gets, byte for byte, what
an id that nobody has gets. May not enter: deciding what is wrong; facades' own error shapes."""

import json
from dataclasses import dataclass

import structlog
from starlette.responses import Response

from billfold.api.strict_json import Malformed, MediaTypeUnsupported, TooLarge, TooSlow
from billfold.domain.errors import (
    BillfoldError,
    Conflict,
    CredentialMissing,
    CredentialRefused,
    Declined,
    EditedMeanwhile,
    Forbidden,
    Gone,
    IdempotencyMismatch,
    InsufficientBalance,
    Invalid,
    NotFound,
    Overtaken,
    ProofNeeded,
    TooMany,
    Unauthenticated,
    Unavailable,
    WrongScope,
)
from billfold.domain.scan_errors import CardNotUsable, CodeUnknown, ScanDenied
from billfold.domain.scanning import Denied

MEDIA_TYPE = "application/problem+json"
_LOG = structlog.get_logger("billfold.api")


@dataclass(frozen=True, slots=True)
class Problem:
    """`slug` names the type for programs; `mend` says what a caller can do."""

    slug: str
    status: int
    title: str
    mend: str

    @property
    def type(self) -> str:
        """Relative to the server that answered: the page that explains it."""
        return f"/docs/problems#{self.slug}"


class InProgress(Conflict):
    """The request that came first with this idempotency key has not ended yet."""

    def __init__(self) -> None:
        super().__init__("in_progress", "the first request with this idempotency key is still running")


class MalformedKey(Invalid):
    """An Idempotency-Key header, or an operation's own id, that cannot be one or is not there."""


class NoSuchAddress(BillfoldError):
    """No operation has this path."""


class MethodUnsupported(BillfoldError):
    """The path is right, the method is not. `allowed`: those that are."""

    def __init__(self, allowed: str) -> None:
        super().__init__("method not allowed")
        self.allowed = allowed


INTERNAL = Problem(
    "internal",
    500,
    "Something went wrong on our side",
    "Nothing was half-written. Try again; when it stays, tell the operator the request id, which the log carries too.",
)

NOT_FOUND = Problem("not-found", 404, "There is no such thing", "Check the id. A test key sees test things, a live key live ones.")

PROBLEMS: dict[type[BillfoldError], Problem] = {
    MediaTypeUnsupported: Problem(
        "unsupported-media-type", 415, "The body is not JSON", "Send `Content-Type: application/json` and a JSON body."
    ),
    TooLarge: Problem(
        "body-too-large", 413, "The body is too large", "Send a smaller one: give pictures by https address, not as data URIs."
    ),
    TooSlow: Problem(
        "body-too-slow",
        408,
        "The body did not come in time",
        "Send it again over a faster line, or a smaller one: pictures by address.",
    ),
    Malformed: Problem(
        "malformed-json",
        400,
        "The body is not JSON that can be read in one way only",
        "Read `errors`: send UTF-8, each name once in an object, finite numbers within 64 bits, at most 32 levels.",
    ),
    MalformedKey: Problem(
        "malformed-idempotency-key",
        400,
        "The idempotency key, or the operation's id, is malformed or missing",
        "Use 16 to 128 visible ASCII characters: a UUID is good.",
    ),
    Invalid: Problem(
        "invalid-input",
        422,
        "Some of the input cannot be used",
        "Read `errors`: each entry names a field (`path`), what is wrong with it (`code`, `message`) and what to do (`mend`).",
    ),
    NotFound: Problem(
        "not-found", 404, "There is no such thing", "Check the id. A test key sees test things, a live key live ones."
    ),
    CodeUnknown: Problem(
        "code-unknown",
        404,
        "No card has this code",
        "Scan again, or let the holder open the pass anew. A forged code gets the same.",
    ),
    WrongScope: Problem(
        "not-found", 404, "There is no such thing", "Check the id. A test key sees test things, a live key live ones."
    ),
    NoSuchAddress: Problem("no-such-address", 404, "There is nothing at this address", "Compare the path with `/openapi.json`."),
    MethodUnsupported: Problem(
        "method-not-allowed", 405, "This address takes another method", "Use one of the methods in the `Allow` header."
    ),
    Unauthenticated: Problem(
        "unauthenticated",
        401,
        "The access key is missing or not valid",
        "Send `Authorization: Bearer bf_test_...` with a key that is neither expired nor revoked; never put it in an address.",
    ),
    Forbidden: Problem(
        "forbidden", 403, "The access key may not do this", "Use a key with the scope that `needed` names, or have one made."
    ),
    ProofNeeded: Problem(
        "proof-needed",
        403,
        "This needs a proof of who you are, of the last minutes",
        "Open the page in the console that does it: it asks for the password, the code or the passkey again. Keys never get this.",
    ),
    IdempotencyMismatch: Problem(
        "idempotency-key-reused",
        422,
        "This idempotency key was used for another request",
        "Use a new key for a new request; repeat a request with its key and the same body.",
    ),
    InProgress: Problem(
        "in-progress", 409, "The first request with this idempotency key is still running", "Wait as long as `Retry-After` says."
    ),
    EditedMeanwhile: Problem(
        "edited-meanwhile",
        412,
        "Somebody else has saved since",
        "Read it again, put your changes into it, and send its new version in `If-Match`.",
    ),
    CardNotUsable: Problem(
        "card-not-usable", 409, "The card cannot be used now", "Read `reason`: blocked, expired, redeemed, not_started or removed."
    ),
    ScanDenied: Problem(
        "product-denied",
        422,
        "The card takes certain products only",
        "Read `code` and `allowed_products`; where no product was recognised, send a `description` or `product_id`.",
    ),
    Conflict: Problem("conflict", 409, "What is stored contradicts the request", "Read `code` and `detail`; look at it first."),
    InsufficientBalance: Problem(
        "insufficient-balance",
        402,
        "The balance does not suffice",
        "Nothing was taken. The same `id` stays declined, also after a top-up: use a new one then.",
    ),
    Declined: Problem(
        "declined",
        402,
        "A rule of the ledger declined the operation",
        "Nothing was posted. Read `code` and `detail`; the same `id` stays declined, so mend it under a new one.",
    ),
    Overtaken: Problem(
        "overtaken",
        409,
        "What this points at has been dealt with already",
        "Nothing was posted. Read `code` and `detail`, then look at the operation that `reverses` names.",
    ),
    Gone: Problem("gone", 410, "This was done, and whose it was has been erased", "Nothing to do: it is never done a second time."),
    TooMany: Problem(
        "too-many",
        429,
        "A rate or a quota is used up",
        "Wait as long as `Retry-After` says (seconds). `policy` says what: rate, quota, devices, sign_in (wrong keys), fetches.",
    ),
    CredentialMissing: Problem(
        "credential-missing",
        409,
        "This environment lacks a credential",
        "Run the command in `detail`, or use a test key, which needs none.",
    ),
    CredentialRefused: Problem("credential-refused", 422, "This credential cannot be used", "Read `detail`: it says which to use."),
    Unavailable: Problem("unavailable", 503, "Not available right now", "Nothing was done. Try again after `Retry-After` seconds."),
}
"""The most special type of an error decides."""


def problem_of(error: BaseException) -> Problem:
    """The row of the error's own type or of its nearest ancestor; INTERNAL for what is not ours."""
    for one in type(error).__mro__:
        if issubclass(one, BillfoldError) and one in PROBLEMS:
            return PROBLEMS[one]
    return INTERNAL


def field_errors(error: Invalid) -> list[dict[str, str]]:
    return [{"path": one.path, "code": one.code, "message": one.message, "mend": one.mend} for one in error.problems]


def _own_fields(error: BaseException) -> dict[str, object]:
    match error:
        case Invalid():
            return {"errors": field_errors(error)}
        case CardNotUsable():
            return {"detail": str(error), "code": error.code, "reason": error.reason}
        case ScanDenied():
            return _denied(error.denied)
        case NotFound() | WrongScope():
            return {"detail": f"no such {error.kind}"}
        case Forbidden():
            return {"detail": str(error), "needed": error.needed}
        case Conflict():
            return {"detail": str(error), "code": error.code}
        case Declined():
            return {"detail": str(error), "code": error.code, **error.shown}
        case Gone():
            return {"detail": str(error)}
        case TooMany():
            return {"detail": str(error), "policy": error.policy}
        case CredentialMissing() | Unavailable():
            return {"detail": str(error)}
        case CredentialRefused():
            return {"detail": str(error), "code": error.code}
        case _:
            return {}


def _denied(denied: Denied) -> dict[str, object]:
    product = denied.resolved.product
    return {
        "detail": denied.message,
        "code": denied.code,
        "allowed_products": list(denied.allowed),
        "resolved_product_id": product.number if product else None,
        "resolved_description": denied.resolved.text,
    }


def _headers(error: BaseException) -> dict[str, str]:
    match error:
        case TooMany() | Unavailable():
            return {"Retry-After": str(error.retry_after_seconds)}
        case InProgress():
            return {"Retry-After": "1"}
        case Declined():
            return {"Idempotency-Replayed": "true"} if error.shown.get("repeated") else {}
        case Unauthenticated():
            return {"WWW-Authenticate": "Bearer"}
        case MethodUnsupported():
            return {"Allow": error.allowed}
        case _:
            return {}


def problem_response(error: BaseException, request_id: str) -> Response:
    """The error as the caller sees it. One that is not ours is logged with its trace and shown as its request id alone."""
    problem = problem_of(error)
    body: dict[str, object] = {"type": problem.type, "title": problem.title, "status": problem.status} | _own_fields(error)
    if problem is INTERNAL:
        _LOG.error("request_failed", request_id=request_id, exc_info=error)
        body["request_id"] = request_id
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(content, problem.status, _headers(error), media_type=MEDIA_TYPE)


def reference() -> str:
    """docs/problems.md: every type with what to do, in the table's order."""
    lines = [
        "# Problems",
        "",
        "Every refusal of `/v1` is `application/problem+json` (RFC 9457): `type`, `title`, `status`, often `detail`,",
        "and the fields named below. `type` is an address on your own server that leads here. `X-Request-Id` names the",
        "request in the log.",
    ]
    seen = set()
    for problem in (*PROBLEMS.values(), INTERNAL):
        if problem.slug not in seen:
            seen.add(problem.slug)
            lines += ["", f"## {problem.slug}", "", f"{problem.status}. {problem.title}.", "", problem.mend]
    return "\n".join(lines) + "\n"

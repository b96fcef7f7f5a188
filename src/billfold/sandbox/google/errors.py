"""Google's two error shapes, and one constructor for each refusal that the stand-in knows.

Texts marked "invented" are this project's own: no record of Google's wording exists, and code must not come to depend on them.
Source: reference/google-wallet.md section 2.4."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from billfold.sandbox.google.values import Json, JsonObject

RPC_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


@dataclass(frozen=True)
class Violation:
    """One member that the schema refuses: `field` is its path, empty for the body as a whole."""

    field: str
    description: str


class ApiError(Exception):
    """An answer other than 200. `front_end` picks the shape: Google's API front end adds `status`, Wallet's backend does not."""

    def __init__(
        self,
        code: int,
        message: str,
        reason: str,
        *,
        domain: str = "walletobjects",
        front_end: bool = False,
        violations: Sequence[Violation] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = reason
        self.domain = domain
        self.front_end = front_end
        self.violations = tuple(violations)
        self.aftermath: Callable[[], None] | None = None  # what stays true although the request is taken back

    def body(self) -> JsonObject:
        entry: JsonObject = {"message": self.message, "domain": self.domain, "reason": self.reason}
        error: JsonObject = {"code": self.code, "message": self.message, "errors": [entry]}
        if self.front_end:
            error["status"] = RPC_STATUS.get(self.code, "UNKNOWN")
        if self.violations:
            fields: list[Json] = [{"field": each.field, "description": each.description} for each in self.violations]
            error["details"] = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": fields}]
        return {"error": error}


def front_end(code: int, message: str, reason: str, violations: Sequence[Violation] = ()) -> ApiError:
    return ApiError(code, message, reason, domain="global", front_end=True, violations=violations)


def bad_payload(violations: Sequence[Violation]) -> ApiError:
    return front_end(400, "\n".join(each.description for each in violations), "invalid", violations)


def not_json(why: str) -> ApiError:
    text = f"Invalid JSON payload received. {why}"  # the second sentence is invented
    return bad_payload([Violation("", text)])


def invalid_argument(message: str) -> ApiError:
    return front_end(400, message, "invalid")


def invalid_resource(message: str) -> ApiError:
    return ApiError(400, message, "invalidResource")


def invalid_id(resource_id: str) -> ApiError:
    return invalid_resource(f"Invalid resource ID: {resource_id}")


def login_required() -> ApiError:
    return front_end(401, "Login Required.", "required")


def invalid_token() -> ApiError:
    return front_end(401, "Invalid Credentials", "authError")


def permission_denied() -> ApiError:
    return ApiError(403, "Permission Denied", "permissionDenied")


def insufficient_scope() -> ApiError:
    return front_end(403, "Insufficient Permission", "insufficientPermissions")


def notice_quota_exceeded(issuer_id: str, kind: str, resource_id: str) -> ApiError:
    """The one record of Google's text is about a class; for an object the word is put in its place."""
    text = f"Quota exceeded for issuer {issuer_id} when adding TEXT_AND_NOTIFY message to {kind} {resource_id}"
    return ApiError(403, text, "quotaExceeded")


def object_not_found(object_id: str) -> ApiError:
    return ApiError(404, f"Wallet Object {object_id} not found.", "resourceNotFound")  # reason unconfirmed


def class_not_found(class_id: str) -> ApiError:
    return ApiError(404, f"Wallet Object Class {class_id} not found.", "classNotFound")  # reason unconfirmed


def object_exists(object_id: str) -> ApiError:
    return ApiError(409, f"Wallet Object {object_id} already exists.", "existingResource")  # reason unconfirmed


def class_exists(class_id: str) -> ApiError:
    return ApiError(409, f"Wallet Object Class {class_id} already exists.", "existingResource")  # reason unconfirmed


def issuer_not_found(issuer_id: str) -> ApiError:
    return ApiError(404, f"Issuer {issuer_id} not found.", "resourceNotFound")  # invented


def too_fast(issuer_id: str) -> ApiError:
    return front_end(429, f"Quota exceeded: too many requests per second for {issuer_id}.", "rateLimitExceeded")  # invented


def no_such_method() -> ApiError:
    return front_end(404, "Method not found.", "notFound")


def not_covered(method_id: str) -> ApiError:
    return front_end(501, f"{method_id} is not covered by this stand-in.", "notImplemented")  # invented


def injected(code: int) -> ApiError:
    """A fault on demand (control API), in the shape that Google's front end gives such answers."""
    reasons = {401: "authError", 403: "forbidden", 404: "notFound", 409: "conflict", 429: "rateLimitExceeded"}
    reason = reasons.get(code, "backendError" if code >= 500 else "invalid")
    return front_end(code, "Injected by the stand-in's control API.", reason)

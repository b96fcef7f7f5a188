"""What can stop a request, as typed failures with fields and no HTTP. The edge decides the status (api/problems.py).

    BillfoldError
    ├── Invalid                one or more fields of the input are wrong: each with its place and its mend
    ├── NotFound               no such thing in this workspace and environment
    ├── WrongScope             the thing named belongs to another workspace or environment
    ├── Unauthenticated        no key, a malformed, unknown, expired or revoked one
    ├── Forbidden              the key is good and may not do this
    ├── ProofNeeded            a person may do it, and has to prove again who they are
    ├── Conflict               what is stored contradicts the request
    │   ├── IdempotencyMismatch    the same idempotency key came with another request
    │   └── EditedMeanwhile        somebody else has saved what the editor began from
    ├── Declined               a rule of the ledger says no: the refusal is kept, and asked again it is the same
    │   ├── InsufficientBalance    there is not enough on the pass
    │   └── Overtaken              what it points at has been dealt with already
    ├── Gone                   it was done once, and whose it was is erased: it is never done again
    ├── TooMany                a rate or a quota is used up: says when to come back
    ├── CredentialMissing      live needs a certificate or a service account that is not there
    ├── CredentialRefused      a certificate or key file that must not be used: says why and the mend
    └── Unavailable            the database or another part cannot answer now

May not enter: HTTP, logging, the text of the input (an error never echoes what was sent)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class BillfoldError(Exception):
    """The root: everything that the edge turns into an answer."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing wrong with one field. `path` is like `headerFields[0].label`, "" for the whole body.

    `message` says what is wrong, `mend` what to do; neither repeats the value."""

    path: str
    code: str
    message: str
    mend: str

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{where}{self.message}; {self.mend}" if self.mend else f"{where}{self.message}"


class Invalid(BillfoldError):
    """The input cannot be used. At least one problem."""

    def __init__(self, *problems: FieldProblem) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems: Sequence[FieldProblem] = problems


class NotFound(BillfoldError):
    """`kind` is a word of the glossary: pass, template, access key..."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"no such {kind}")
        self.kind = kind


class WrongScope(BillfoldError):
    """Told from the id alone, so it says nothing about whether the thing exists."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"this {kind} belongs to another workspace or environment")
        self.kind = kind


class Unauthenticated(BillfoldError):
    """`reason` is one of missing, malformed, unknown, expired, revoked; callers outside hear only "invalid"."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"not authenticated: {reason}")
        self.reason = reason


class Forbidden(BillfoldError):
    def __init__(self, needed: str) -> None:
        super().__init__(f"the key lacks the scope {needed}")
        self.needed = needed


class ProofNeeded(BillfoldError):
    """Of a person whose last proof is some time ago, before what a stolen session must not do."""

    def __init__(self) -> None:
        super().__init__("prove again who you are: this needs a sign-in of the last minutes")


class Conflict(BillfoldError):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class IdempotencyMismatch(Conflict):
    def __init__(self) -> None:
        super().__init__(
            "idempotency_key_reused",
            "this idempotency key was used for another request; use a new key for a new request",
        )


class EditedMeanwhile(Conflict):
    def __init__(self) -> None:
        super().__init__("edited_meanwhile", "somebody else has saved since; read it again and put your changes into it")


class Declined(BillfoldError):
    """`code`: the reason (domain/declines.py). `shown`: the operation that was declined, as answers show it."""

    def __init__(self, code: str, message: str, shown: Mapping[str, object]) -> None:
        super().__init__(message)
        self.code = code
        self.shown = shown


class InsufficientBalance(Declined):
    pass


class Overtaken(Declined):
    pass


class Gone(BillfoldError):
    def __init__(self, kind: str) -> None:
        super().__init__(f"the {kind} was erased")
        self.kind = kind


class TooMany(BillfoldError):
    """`policy` is "rate" or "quota"; `retry_after_seconds` is at least 1."""

    def __init__(self, policy: str, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.policy = policy
        self.retry_after_seconds = max(1, retry_after_seconds)


class CredentialMissing(BillfoldError):
    """`kind` is "apple" or "google"; the message names the command that mends it."""

    def __init__(self, kind: str, mend: str) -> None:
        super().__init__(f"no {kind} credential for this environment; {mend}")
        self.kind = kind
        self.mend = mend


class CredentialRefused(BillfoldError):
    def __init__(self, code: str, message: str, mend: str) -> None:
        super().__init__(f"{message}; {mend}")
        self.code = code
        self.mend = mend


class Unavailable(BillfoldError):
    def __init__(self, message: str, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds

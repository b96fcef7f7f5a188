"""People who sign in to the console: roles, what proves who somebody is, how long that holds. Pure, on values.

What is compared is brought to one form first, in one place, before it is checked and before it is stored.
May not enter: lookup, hashing that is slow, randomness, HTTP. Source: reference/reliability-security.md T2, T23."""

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass

from billfold.domain import totp
from billfold.domain.errors import FieldProblem, Forbidden, Invalid
from billfold.domain.ids import Environment, Scope, base62
from billfold.domain.keys import PEOPLE, ROLES, Actor
from billfold.domain.schedules import DAY_MS, HOUR_MS, MINUTE_MS

OWNER = "owner"
DEMO_PERSON = "demo000000"
"""Who uses the demo workspace's door on this machine: no address, no secret, test environment alone, nothing about people."""
ID_LENGTH, TOKEN_BYTES = 10, 32
COUNTED_MAX = 100_000
"""Figures of the overview are exact up to here."""
PASSWORD_LENGTH_MIN, PASSWORD_LENGTH_MAX = 12, 200
RECOVERY_CODES = 10
TOTP_PERIOD_SECONDS, TOTP_DIGITS, TOTP_TOLERANCE = 30, 6, 1

IDLE_MS, ABSOLUTE_MS = 12 * HOUR_MS, 14 * DAY_MS
SEEN_AGAIN_MS = MINUTE_MS
"""`seen_at` of a session is written at most this often."""
INVITATION_MS = 7 * DAY_MS
RECOVERY_MS = DAY_MS
"""How long the link holds that lets somebody in again who has lost everything."""
PROOF_MS = 10 * MINUTE_MS
"""For how long after a proof of who somebody is the session does what needs one."""
CEREMONY_MS = 5 * MINUTE_MS
"""How long a browser may take to ask its owner for a passkey."""

_EMAIL = re.compile(r"[^@\s\x00-\x1f<>\"(),:;\\\[\]]{1,64}@[^@\s\x00-\x1f<>\"(),:;\\\[\]]{1,190}\.[^@\s.<>]{2,63}\Z")
_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclass(frozen=True, slots=True)
class Person:
    """`email` is in the form of `normal_email`. `password`: argon2's text. `totp_salt`: with it the secret of the code is derived.
    `totp_step`: the last code that was accepted. `recovery`: SHA-256 of codes not used yet. Times are milliseconds since 1970."""

    workspace: str
    id: str
    email: str
    name: str
    role: str
    created_at_ms: int
    password: str = ""
    totp_salt: str = ""
    totp_step: int = 0
    recovery: tuple[str, ...] = ()
    signed_in_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Passkey:
    """`id` and `public_key` are base64url, as the browser gave them."""

    workspace: str
    id: str
    person_id: str
    public_key: str
    sign_count: int
    created_at_ms: int
    used_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """`id` is SHA-256 of the token that the browser holds; `agent` what it calls itself, for the list of sessions. `proved_at_ms`:
    when the person last proved who they are."""

    workspace: str
    id: str
    person_id: str
    agent: str
    created_at_ms: int
    seen_at_ms: int
    proved_at_ms: int

    def alive(self, now_ms: int) -> bool:
        return now_ms < self.seen_at_ms + IDLE_MS and now_ms < self.created_at_ms + ABSOLUTE_MS

    def proved(self, now_ms: int) -> bool:
        return now_ms < self.proved_at_ms + PROOF_MS


PLAYGROUND = "playground "
"""What the names of all keys begin with that the Playground is lent."""


def playground_key_name(person_id: str, session_id: str | None) -> str:
    """How the access keys are called that the Playground of a session uses: by it they are found when the session ends. Without a
    session: what the names begin with in all of the person's."""
    return f"{PLAYGROUND}{person_id} {(session_id or '')[:16]}"


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link that makes one person, once. `id` is SHA-256 of its token. `invited_by` is empty for the operator's links.
    `person_id`: whom it lets in again with secrets of their own choice, in place of making somebody."""

    workspace: str
    id: str
    role: str
    email: str
    invited_by: str
    expires_at_ms: int
    person_id: str = ""


def digest(token: str) -> str:
    """What is stored of a token that has enough chance in it to need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def token(workspace: str, entropy: bytes) -> str:
    """Of a session or an invitation; names its workspace, so that it is found without a global index."""
    return f"{workspace}-{base62(int.from_bytes(entropy[:TOKEN_BYTES], 'big'), 43)}"


def workspace_of(text: str) -> str | None:
    found = re.fullmatch(r"([a-z0-9]{6})-[0-9A-Za-z]{43}", text)
    return found[1] if found else None


def person_id(entropy: bytes) -> str:
    return base62(int.from_bytes(entropy[:7], "big") % 62**ID_LENGTH, ID_LENGTH)


# --- one form before check and before storing ------------------------------------------------------------------------------------


def normal_email(text: str) -> str:
    """Raises Invalid. Case is no difference; compatible forms of letters are one."""
    normal = unicodedata.normalize("NFKC", text).strip().lower()
    if not _EMAIL.match(normal):
        raise Invalid(FieldProblem("email", "not_an_address", "this is no e-mail address", "write it like ada@example.com"))
    return normal


def normal_name(text: str) -> str:
    normal = " ".join(unicodedata.normalize("NFC", text).split())
    if not 1 <= len(normal) <= 100 or any(unicodedata.category(one) in ("Cc", "Cf") for one in normal):
        raise Invalid(FieldProblem("name", "wrong_length", "a name has 1 to 100 characters", "write the name"))
    return normal


def normal_password(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def new_password(text: str, email: str) -> str:
    """Raises Invalid. Long rather than complicated. Source: NIST SP 800-63B section 3.1.1.2."""
    normal = normal_password(text)
    if not PASSWORD_LENGTH_MIN <= len(normal) <= PASSWORD_LENGTH_MAX:
        mend = f"use {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters, such as four words"
        raise Invalid(FieldProblem("password", "wrong_length", "the password is too short or too long", mend))
    if len(set(normal)) < 5 or normal.lower() in email or email.partition("@")[0] == normal.lower():
        raise Invalid(FieldProblem("password", "too_simple", "the password is too easy to guess", "use four words, for instance"))
    return normal


def normal_code(text: str) -> str:
    """A code as somebody typed it: without spaces and dashes, digits of any script as our own."""
    return "".join(one for one in unicodedata.normalize("NFKC", text).lower() if not one.isspace() and one != "-")


# --- proof ------------------------------------------------------------------------------------------------------------------------


def totp_step(person: Person, secret: bytes, typed: str, now_ms: int) -> int | None:
    """The step of the code that was typed, None when it is no code of now or one that was accepted before, or an older one."""
    normal = normal_code(typed)
    now = totp.step_at(now_ms, TOTP_PERIOD_SECONDS)
    for step in range(max(person.totp_step + 1, now - TOTP_TOLERANCE), now + TOTP_TOLERANCE + 1):
        if hmac.compare_digest(totp.code(secret, step, TOTP_DIGITS).encode(), normal.encode()):
            return step
    return None


def recovery_codes(entropy: bytes) -> tuple[str, ...]:
    """Ten codes of 50 bits: `k3m9d-x7q2w`. `entropy`: 10 bytes for each."""
    codes = []
    for place in range(RECOVERY_CODES):
        number = int.from_bytes(entropy[place * 10 : place * 10 + 7], "big")
        text = "".join(_CROCKFORD[number >> 5 * at & 31] for at in range(10))
        codes.append(f"{text[:5]}-{text[5:]}")
    return tuple(codes)


def recovery_left(person: Person, typed: str) -> tuple[str, ...] | None:
    """What remains when the typed code is used up; None when it is none of them."""
    used = digest(normal_code(typed))
    return tuple(one for one in person.recovery if one != used) if used in person.recovery else None


# --- what a person may do ---------------------------------------------------------------------------------------------------------


def actor(person: Person, environment: Environment, *, proved: bool = False) -> Actor:
    """The same kind of actor as a key's holder. `proved`: lately. Raises Forbidden: the demo's door does not lead to live."""
    if person.id == DEMO_PERSON and environment is Environment.LIVE:
        raise Forbidden("live")
    scopes = ROLES.get(person.role, frozenset()) - ({PEOPLE} if person.id == DEMO_PERSON else set())
    return Actor(Scope(person.workspace, environment), "", scopes, person_id=person.id, proved=proved)


def check_role(role: str, granted_by: frozenset[str]) -> str:
    """Raises Invalid for a word that is no role, Forbidden for one that may more than who gives it."""
    if role not in ROLES:
        raise Invalid(FieldProblem("role", "unknown_role", "there is no such role", f"use one of {', '.join(ROLES)}"))
    if not ROLES[role] <= granted_by:
        raise Forbidden(", ".join(sorted(ROLES[role] - granted_by)))
    return role

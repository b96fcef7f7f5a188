"""Access keys: their form, their checksum, their scopes, and the one table of which operation needs which scope.

A key is shown once and stored as a hash; its full-entropy secret needs no slow hash. The table denies by default: an operation that
is not in it cannot be called. May not enter: lookup, randomness, HTTP."""

import hashlib
import hmac
import re
import zlib
from dataclasses import dataclass

import msgspec

from billfold.domain.errors import Forbidden, ProofNeeded, Unauthenticated
from billfold.domain.ids import Environment, Scope, base62

OVERDRAFT = "ledger:overdraft"
SCOPES: dict[str, str] = {
    "passes:read": "see passes and what they carry",
    "passes:write": "issue, change and void passes",
    "templates:read": "see templates and pictures",
    "templates:write": "make and publish templates, upload pictures",
    "keys:manage": "make and revoke access keys that hold no more than this one",
    "checks:run": "have passes checked; sees nothing of yours",
    "ledger:write": "charge, credit, refund and void on passes",
    "ledger:read": "see balances and statements",
    OVERDRAFT: "let a balance go below zero: by a floor for new accounts, or by undoing what is spent",
    "mail:read": "see to whom mails went",
    "mail:bounces": "hand in mails that came back",
    "members:read": "see members, with their names and addresses",
    "members:write": "add, change and erase members",
    "cards:read": "see brands, programmes, products and cards; not whose they are",
    "cards:write": "issue cards, change their status and dates, take them away",
    "products:write": "make and change brands, programmes and products",
    "terminals:manage": "make, set up and revoke terminals",
    "scans:write": "scan cards: look at them, charge, stamp, redeem, undo",
    "scans:manage": "decide about scans that wait, undo those of others, see what was scanned",
    "usage:read": "see usage and quota",
    "events:read": "read the stream of events",
}
"""Scope → what it lets its holder do, in words (shown where keys are made)."""

OPERATIONS: dict[str, str] = {
    "passes.create": "passes:write",
    "passes.batch": "passes:write",
    "passes.replace": "passes:write",
    "passes.read": "passes:read",
    "passes.list": "passes:read",
    "passes.void": "passes:write",
    "passes.message": "passes:write",
    "templates.create": "templates:write",
    "templates.draft": "templates:write",
    "templates.publish": "templates:write",
    "templates.delete": "templates:write",
    "templates.read": "templates:read",
    "templates.list": "templates:read",
    "starters.list": "templates:read",
    "starters.read": "templates:read",
    "images.create": "templates:write",
    "images.read": "templates:read",
    "images.preview": "templates:read",
    "keys.create": "keys:manage",
    "keys.list": "keys:manage",
    "keys.revoke": "keys:manage",
    "previews.create": "templates:read",
    "checks.create": "checks:run",
    "operations.create": "ledger:write",
    "operations.read": "ledger:read",
    "ledger.sums": "ledger:read",
    "mail.list": "passes:read",
    "mail.read": "passes:read",
    "mail.bounce": "mail:bounces",
    "brands.write": "products:write",
    "brands.read": "cards:read",
    "programmes.write": "products:write",
    "programmes.read": "cards:read",
    "products.write": "products:write",
    "products.read": "cards:read",
    "members.write": "members:write",
    "members.erase": "members:write",
    "members.read": "members:read",
    "cards.issue": "cards:write",
    "cards.change": "cards:write",
    "cards.read": "cards:read",
    "terminals.write": "terminals:manage",
    "terminals.read": "terminals:manage",
    "scans.execute": "scans:write",
    "scans.upload": "scans:write",
    "scans.list": "scans:manage",
    "quarantine.list": "scans:manage",
    "quarantine.decide": "scans:manage",
    "usage.read": "usage:read",
    "events.list": "events:read",
}
"""Operation → the one scope it needs. What is not listed is refused."""

ABILITIES: dict[str, frozenset[str]] = {
    "passes.get": frozenset({"members:read", "members:write", "cards:read", "cards:write"}),
    "search.pass": frozenset({"members:read", "cards:read"}),
    "members.get": frozenset({"members:read"}),
    "members.create": frozenset({"members:write"}),
    "products.get": frozenset({"cards:read"}),
    "products.create": frozenset({"products:write"}),
    "devices.get": frozenset({"terminals:manage"}),
}
"""Ability of source S2 → our scopes that it takes. There one word guards reading, changing, deleting and mailing a pass; here a key
may hold less, and a request of that API needs all of them."""

PEOPLE = "people:manage"
"""The one scope that no access key can hold: who signs in is for people to say."""
CONSOLE_OPERATIONS: dict[str, str] = {
    "people.list": PEOPLE,
    "people.invite": PEOPLE,
    "people.change": PEOPLE,
    "people.remove": PEOPLE,
    "people.end_sessions": PEOPLE,
    "passes.reissue": "passes:write",
    "passes.send_link": "passes:write",
}
"""What the console can do and `/v1` cannot, in the same terms."""
PROVED = frozenset({"people.invite", "people.change", "people.remove"})
PROVED_LIVE = frozenset({"keys.create"})
"""What a session alone does not do, everywhere or in the live environment: the person has proved lately who they are."""

_READING = frozenset(
    {"passes:read", "templates:read", "usage:read", "events:read", "ledger:read", "members:read", "cards:read", "mail:read"}
)
ROLES: dict[str, frozenset[str]] = {
    "owner": frozenset({*SCOPES, PEOPLE}),
    "designer": frozenset({"templates:read", "templates:write", "passes:read", "checks:run", "usage:read", "events:read"}),
    "marketer": _READING | {"passes:write", "checks:run", "members:write", "cards:write", "products:write"},
    "cashier": frozenset({"passes:read", "ledger:read", "ledger:write", "members:read", "cards:read"}),
    "viewer": _READING,
}
"""Role of a person → the scopes that come with it, of the same table as a key's."""

_KEY = re.compile(r"bf_(test|live)_([a-z0-9]{6})([0-9A-Za-z]{10})([0-9A-Za-z]{33})([0-9A-Za-z]{6})\Z")
_ID_LENGTH = 10


class PresentedKey(msgspec.Struct, frozen=True):
    """A key as a caller sent it: well-formed, right checksum, not yet looked up. `digest` is SHA-256 of the whole text."""

    scope: Scope
    id: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A stored key. `digest` is SHA-256 of its text. Times are milliseconds since 1970."""

    id: str
    scope: Scope
    name: str
    scopes: frozenset[str]
    digest: bytes
    created_at_ms: int
    expires_at_ms: int | None = None
    revoked_at_ms: int | None = None
    last_used_at_ms: int | None = None
    terminal_id: str | None = None
    """Of a terminal's device token."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, and what it may do: an access key; a terminal's device token, which is a key too; or a person who signed in, and
    then there is no key."""

    scope: Scope
    key_id: str
    scopes: frozenset[str]
    terminal_id: str | None = None
    person_id: str | None = None
    proved: bool = True
    """Of a person: whether they have proved lately who they are. A key is a proof itself."""

    @property
    def principal(self) -> str:
        """Who did it, as records keep it."""
        if self.person_id is not None:
            return f"person:{self.person_id}"
        return f"key:{self.key_id}" if self.terminal_id is None else f"terminal:{self.terminal_id}"


def _checksum(text: str) -> str:
    return base62(zlib.crc32(text.encode()), 6)


def mint(scope: Scope, entropy: bytes) -> tuple[str, str]:
    """(key id, whole key text) from 33 random bytes: 7 for the public id, 24.5 for the secret."""
    key_id = base62(int.from_bytes(entropy[:7], "big") % 62**_ID_LENGTH, _ID_LENGTH)
    secret = base62(int.from_bytes(entropy[7:33], "big") % 62**33, 33)
    text = f"bf_{scope.environment.value}_{scope.workspace}{key_id}{secret}"
    return key_id, text + _checksum(text)


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def parse(text: str) -> PresentedKey:
    """Raises Unauthenticated("malformed") for a wrong form or checksum, before any look-up."""
    match = _KEY.match(text)
    if not match or _checksum(text[:-6]) != match[5]:
        raise Unauthenticated("malformed")
    return PresentedKey(Scope(match[2], Environment(match[1])), match[3], digest(text))


_DUMMY = bytes(32)


def authenticate(presented: PresentedKey, stored: AccessKey | None, now_ms: int) -> Actor:
    """Compares in constant time, against a dummy when the id is unknown. Raises Unauthenticated."""
    good = hmac.compare_digest(presented.digest, stored.digest if stored else _DUMMY)
    if stored is None or not good:
        raise Unauthenticated("unknown")
    if stored.revoked_at_ms is not None:
        raise Unauthenticated("revoked")
    if stored.expires_at_ms is not None and stored.expires_at_ms <= now_ms:
        raise Unauthenticated("expired")
    return Actor(stored.scope, stored.id, stored.scopes, stored.terminal_id)


def authorize(actor: Actor, operation: str) -> None:
    """Raises Forbidden unless the actor holds the scope that the table names for `operation`; ProofNeeded where that alone is not
    enough."""
    needed = OPERATIONS.get(operation) or CONSOLE_OPERATIONS.get(operation)
    if needed is None or needed not in actor.scopes:
        raise Forbidden(needed or operation)
    if operation in PROVED or (operation in PROVED_LIVE and actor.scope.environment is Environment.LIVE):
        require_proof(actor)


def require_proof(actor: Actor) -> None:
    """Raises ProofNeeded of a person whose last proof is too old."""
    if not actor.proved:
        raise ProofNeeded


def without_abilities(names: frozenset[str]) -> frozenset[str]:
    """Scopes, where abilities of source S2 may stand among them."""
    return frozenset().union(*(ABILITIES.get(one, {one}) for one in names))


def authorize_ability(actor: Actor, ability: str) -> None:
    """Raises Forbidden unless the actor holds every scope that an ability of source S2 stands for."""
    if lacking := ABILITIES[ability] - actor.scopes:
        raise Forbidden(", ".join(sorted(lacking)))

"""Save JWTs: checked, their classes and objects created where missing, linked to a wallet account; and taken away again.

What the browser sees is in save_page.py. May not enter: HTTP, HTML.
Source: reference/google-wallet.md section 3, section 8.2 rules 22 to 24. The texts of refusals are invented."""

import hashlib
import json
import re
import secrets
from dataclasses import dataclass

from billfold.sandbox.google import errors
from billfold.sandbox.google.accounts import BadJwt, Caller, verified_claims
from billfold.sandbox.google.callbacks import DELETED, SAVED, Callbacks
from billfold.sandbox.google.notices import title_of
from billfold.sandbox.google.resources import Resources, not_found
from billfold.sandbox.google.state import GoogleState, Issuer, Stored
from billfold.sandbox.google.values import Json, JsonObject, NotJson, as_list, as_object, as_text, parse_object
from billfold.sandbox.google.verticals import BY_KIND, BY_PLURAL, CLASS, OBJECT, TYPES, ResourceType, issuer_of

SAFE_LENGTH = 1800
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+@-]{0,127}")
_TYP = ("savetowallet", "savetoandroidpay")
_STASHED = "s."  # how the short links of jwt.insert begin


@dataclass(frozen=True)
class Entry:
    """One class or object that a JWT names; `body` is valid by the schema."""

    kind: ResourceType
    body: JsonObject

    @property
    def id(self) -> str:
        return as_text(self.body.get("id"))


@dataclass(frozen=True)
class SavedObject:
    object_id: str
    vertical: str
    created: bool
    title: str

    def shown(self) -> JsonObject:
        return {"objectId": self.object_id, "vertical": self.vertical, "created": self.created}


def check_account(account: str) -> str:
    if _ACCOUNT.fullmatch(account) is None:
        raise errors.invalid_argument("account must be an address or a name of at most 128 letters, digits and . _ % + @ -")
    return account


def warnings_for(jwt: str) -> list[Json]:
    if len(jwt) <= SAFE_LENGTH:
        return []
    return [f"The link's JWT has {len(jwt)} characters; beyond {SAFE_LENGTH} some browsers cut an address."]


def _refused_save(message: str, reason: str) -> errors.ApiError:
    return errors.ApiError(403, message, reason)


@dataclass(frozen=True)
class Saves:
    state: GoogleState
    resources: Resources
    callbacks: Callbacks
    save_url: str  # what a link begins with, without the JWT

    # --- reading -------------------------------------------------------------------------------------------------------

    def entries_of_jwt(self, jwt: str) -> tuple[Entry, ...]:
        """Checks signature, claims and every entry against the schema (not yet against what exists). Raises ApiError."""
        try:
            claims = verified_claims(self.state, jwt)
        except BadJwt as error:
            raise errors.invalid_resource(f"Invalid JWT: {error}") from None
        if claims.get("aud") != "google":
            raise errors.invalid_resource("Invalid JWT: aud must be google")
        if claims.get("typ") not in _TYP:
            raise errors.invalid_resource("Invalid JWT: the claim typ must be savetowallet")
        entries = self.entries_of_payload(as_object(claims.get("payload")))
        caller = Caller(as_text(claims.get("iss")), "")
        for entry in entries:
            self.resources.admit(caller, self.resources.issuer_for(entry.id).id, write=True)
        return entries

    def entries_of_link(self, token: str) -> tuple[Entry, ...]:
        """As entries_of_jwt; `token` may also be the short one that jwt.insert handed out."""
        if not token.startswith(_STASHED):
            return self.entries_of_jwt(token)
        found = self.state.rows("select entries from stash where token = ?", token)
        if not found:
            raise errors.ApiError(404, "This link is not known.", "resourceNotFound")
        return self.entries_of_payload(as_object(json.loads(found[0]["entries"])))

    def entries_of_payload(self, payload: JsonObject) -> tuple[Entry, ...]:
        entries: list[Entry] = []
        unknown = [name for name in payload if name not in BY_PLURAL]
        if unknown:
            raise errors.invalid_resource(f"Invalid JWT: unknown member of the payload: {unknown[0]}")
        for kind in TYPES:  # classes before objects
            listed = payload.get(kind.plural)
            if listed is not None and not isinstance(listed, list):
                raise errors.invalid_resource(f"Invalid JWT: {kind.plural} must be a list")
            for each in as_list(listed):
                if not isinstance(each, dict):
                    raise errors.invalid_resource(f"Invalid JWT: {kind.plural} must hold objects")
                entry = Entry(
                    kind, self.resources.schemas.validate(kind.schema, self.resources.without_platform_members(kind, each))
                )
                self.resources.issuer_for(entry.id)
                entries.append(entry)
        if not entries:
            raise errors.invalid_resource("Invalid JWT: the payload names no class and no object")
        return tuple(entries)

    # --- creating ------------------------------------------------------------------------------------------------------

    def create_missing(self, entries: tuple[Entry, ...]) -> list[tuple[Stored, bool]]:
        """Creates what does not exist, never alters what does; gives back each stored resource and whether it is new."""
        done: list[tuple[Stored, bool]] = []
        for entry in entries:
            stored = self.state.resource(entry.kind.kind, entry.id)
            if stored is not None and stored.vertical != entry.kind.vertical:
                raise errors.invalid_resource(f"{entry.id} exists with another type: {stored.vertical}")
            if stored is not None:
                done.append((stored, False))
            elif set(entry.body) <= {"id", "classId"} and entry.kind != BY_KIND["generic", CLASS]:  # a mere reference
                raise not_found(entry.kind, entry.id)
            else:
                done.append((self.resources.create(entry.kind, entry.body, self.resources.issuer_for(entry.id)), True))
        return done

    def insert_jwt(self, sent: JsonObject) -> JsonObject:
        """The method jwt.insert: creates what is missing and answers a short link (rule 22)."""
        jwt = as_text(self.resources.schemas.validate("JwtResource", sent).get("jwt"))
        entries = self.entries_of_jwt(jwt)
        answered: JsonObject = {}
        references: dict[str, Json] = {}
        for stored, _ in self.create_missing(entries):
            kind = BY_KIND[stored.vertical, stored.kind]
            answered[kind.plural] = [*as_list(answered.get(kind.plural)), self.resources.answer(kind, stored)]
            references[kind.plural] = [*as_list(references.get(kind.plural)), {"id": stored.id}]
        token = _STASHED + secrets.token_urlsafe(18)
        self.state.run("insert into stash values (?, ?)", token, json.dumps(references))
        return {"saveUri": self.save_url + token, "resources": answered}

    def validate_jwt(self, sent: JsonObject, caller: Caller) -> JsonObject:
        """The method jwt.validate: a dry run of jwt.insert, leaving nothing behind (rule 23)."""
        body = self.resources.schemas.validate("JwtValidateRequest", sent)
        if ("jwtResource" in body) == ("jsonResource" in body):
            raise errors.invalid_argument("exactly one of jwtResource and jsonResource must be set")
        if "jwtResource" in body:
            entries = self.entries_of_jwt(as_text(as_object(body["jwtResource"]).get("jwt")))
        else:
            entries = self._entries_of_json(as_text(as_object(body["jsonResource"]).get("json")), caller)
        self._try(entries)
        return {}

    def _try(self, entries: tuple[Entry, ...]) -> list[SavedObject]:
        """What saving would create and link; nothing of it stays."""
        try:
            with self.state.transaction():
                raise _DryRun(self._objects(self.create_missing(entries)))
        except _DryRun as done:
            return done.objects

    def preview(self, token: str) -> list[SavedObject]:
        """What the link would save. Raises ApiError."""
        return self._try(self.entries_of_link(token))

    def _objects(self, done: list[tuple[Stored, bool]]) -> list[SavedObject]:
        return [SavedObject(each.id, each.vertical, new, title_of(self.state, each)) for each, new in done if each.kind == OBJECT]

    def _entries_of_json(self, text: str, caller: Caller) -> tuple[Entry, ...]:
        """`text` is either all claims of a JWT or the payload alone."""
        try:
            value = parse_object(text.encode("utf-8"))
        except NotJson as error:
            raise errors.invalid_resource(f"Invalid JSON: {error}") from None
        entries = self.entries_of_payload(as_object(value.get("payload")) if "payload" in value else value)
        for entry in entries:
            self.resources.admit(caller, self.resources.issuer_for(entry.id).id, write=True)
        return entries

    # --- saving and removing -------------------------------------------------------------------------------------------

    def save(self, token: str, account: str) -> list[SavedObject]:
        """The holder `account` confirms the save. Raises ApiError; then nothing has changed."""
        check_account(account)
        with self.state.transaction():
            done = self.create_missing(self.entries_of_link(token))
            objects = self._objects(done)
            if not objects:
                raise errors.invalid_resource("the link names no object")
            for stored in [each for each, _ in done if each.kind == OBJECT]:
                self._admit_holder(stored, account)
                self._link(stored, account)
        return objects

    def _admit_holder(self, stored: Stored, account: str) -> None:
        issuer = self.resources.issuer_for(stored.id)
        if issuer.demo_mode and not self._may_test(issuer, account):
            raise _refused_save("This pass is in demo mode: only test accounts can save it.", "demoMode")
        parent = self.state.resource(CLASS, stored.class_id)
        rule = as_text(parent.body.get("multipleDevicesAndHoldersAllowedStatus")) if parent else ""
        others = [holder for holder in self.state.holders(stored.id) if holder != account]
        if rule in ("ONE_USER_ALL_DEVICES", "ONE_USER_ONE_DEVICE") and others:
            raise _refused_save("This pass is already saved by another account.", "alreadySaved")
        wanted = as_text(as_object(stored.body.get("saveRestrictions")).get("restrictToEmailSha256"))
        if wanted and wanted.lower() not in _mail_hashes(account):
            raise _refused_save("This pass can be saved by one account only, and this is another.", "saveRestricted")

    def _may_test(self, issuer: Issuer, account: str) -> bool:
        tester = self.state.rows("select 1 from wallet_user where account = ? and tester = 1", account)
        return bool(tester) or self.state.role(issuer.id, account) is not None

    def _link(self, stored: Stored, account: str) -> None:
        """Saving what is saved already changes nothing and calls nobody."""
        now = self.resources.notices.clock.now_ms()
        if self.state.run("insert or ignore into saved values (?, ?, ?)", stored.id, account, now):
            self.resources.notices.event(account, "saved", stored.id, {})
            self._call(stored, SAVED)

    def remove(self, object_id: str, account: str) -> bool:
        """The holder takes the pass out of the wallet; the object stays. False where the account does not hold it."""
        check_account(account)
        with self.state.transaction():
            if not self.state.run("delete from saved where object_id = ? and account = ?", object_id, account):
                return False
            self.resources.notices.event(account, "removed", object_id, {})
            stored = self.state.resource(OBJECT, object_id)
            assert stored is not None, "objects are never deleted"
            self._call(stored, DELETED)
        return True

    def _call(self, stored: Stored, event_type: str) -> None:
        parent = self.state.resource(CLASS, stored.class_id)
        url = as_text(as_object(parent.body.get("callbackOptions")).get("url")) if parent else ""
        if url:
            self.callbacks.queue(issuer_of(stored.id) or "", url, event_type, stored.class_id, stored.id)

    def users(self) -> list[tuple[str, bool]]:
        """The accounts that the picker offers, and whether each is a test account."""
        found = self.state.rows("select account, tester from wallet_user order by rowid")
        return [(row["account"], bool(row["tester"])) for row in found]

    def saved_by(self, account: str) -> list[Stored]:
        sql = "select object_id from saved where account = ? order by at_ms, object_id"
        found = [self.state.resource(OBJECT, row["object_id"]) for row in self.state.rows(sql, account)]
        return [each for each in found if each is not None]


class _DryRun(Exception):
    """Rolls a dry run back and brings out what it found."""

    def __init__(self, objects: list[SavedObject]) -> None:
        super().__init__()
        self.objects = objects


def _mail_hashes(account: str) -> set[str]:
    """By Google's text: lower case, without dots and plus signs; its own examples do otherwise, so the plain address counts too."""
    name, _, host = account.lower().partition("@")
    squeezed = f"{name.replace('.', '').replace('+', '')}@{host.replace('.', '')}"
    half = f"{name.replace('.', '').replace('+', '')}@{host}"
    return {hashlib.sha256(each.encode()).hexdigest() for each in (squeezed, half, account, account.lower())}

"""Issuer accounts and who may act for them: the API's `issuer` and `permissions` methods.

May not enter: classes and objects, HTTP. Source: reference/google-wallet.md sections 1.1, 2.1 and 2.2."""

import secrets
from dataclasses import dataclass

from billfold.sandbox.google import errors
from billfold.sandbox.google.accounts import Caller
from billfold.sandbox.google.resources import merged
from billfold.sandbox.google.schema import Schemas
from billfold.sandbox.google.state import OWNER, READER, GoogleState, Issuer
from billfold.sandbox.google.values import Json, JsonObject, as_list, as_text, dig


def _number(text: str) -> str:
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise errors.invalid_argument("Invalid value at 'resource_id' (TYPE_INT64)")
    return text


def _shown(issuer: Issuer) -> JsonObject:
    return {"issuerId": issuer.id, **issuer.body}


@dataclass(frozen=True)
class Issuers:
    state: GoogleState
    schemas: Schemas

    def _find(self, issuer_id: str, caller: Caller, *roles: str) -> Issuer:
        issuer = self.state.issuer(_number(issuer_id))
        if issuer is None:
            raise errors.issuer_not_found(issuer_id)
        role = self.state.role(issuer_id, caller.email)
        if role is None or (roles and role not in roles):
            raise errors.permission_denied()
        return issuer

    def get(self, issuer_id: str, caller: Caller) -> JsonObject:
        return _shown(self._find(issuer_id, caller))

    def list_all(self, caller: Caller) -> JsonObject:
        found = [self.state.issuer(each) for each in self.state.issuers_of(caller.email)]
        shown: list[Json] = [_shown(each) for each in found if each is not None]
        return {"resources": shown} if shown else {}

    def insert(self, sent: JsonObject, caller: Caller) -> JsonObject:
        """A new issuer, whose id the platform picks; the caller owns it."""
        body = self.schemas.validate("Issuer", sent)
        body.pop("issuerId", None)
        if not body.get("name"):
            raise errors.invalid_resource("name is required")
        issuer_id = "3388" + str(secrets.randbelow(10**15)).zfill(15)
        self.state.put_issuer(issuer_id, body)
        self.state.set_permission(issuer_id, caller.email, OWNER)
        return {"issuerId": issuer_id, **body}

    def update(self, issuer_id: str, sent: JsonObject, caller: Caller, *, patch: bool) -> JsonObject:
        check = self.schemas.validate_patch if patch else self.schemas.validate
        change = check("Issuer", sent)
        issuer = self._find(issuer_id, caller)
        if self.state.role(issuer_id, caller.email) == READER:
            raise errors.permission_denied()
        if change.pop("issuerId", issuer_id) != issuer_id:
            raise errors.invalid_resource("the issuerId of the body must be the one of the address")
        body = merged(issuer.body if patch else {}, change)
        if not body.get("name"):
            raise errors.invalid_resource("name is required")
        self.state.put_issuer(issuer_id, body)
        return {"issuerId": issuer_id, **body}

    def permissions(self, issuer_id: str, caller: Caller) -> JsonObject:
        self._find(issuer_id, caller)
        entries: list[Json] = [{"emailAddress": email, "role": role} for email, role in self.state.permissions(issuer_id)]
        return {"issuerId": issuer_id, "permissions": entries}

    def replace_permissions(self, issuer_id: str, sent: JsonObject, caller: Caller) -> JsonObject:
        """The whole list is replaced. An issuer without an owner would be lost, so that is refused (a choice of this stand-in)."""
        body = self.schemas.validate("Permissions", sent)
        self._find(issuer_id, caller, OWNER)
        if body.get("issuerId", issuer_id) != issuer_id:
            raise errors.invalid_resource("the issuerId of the body must be the one of the address")
        wanted = [(as_text(dig(each, "emailAddress")), as_text(dig(each, "role"))) for each in as_list(body.get("permissions"))]
        if any("@" not in email or role in ("", "ROLE_UNSPECIFIED") for email, role in wanted):
            raise errors.invalid_resource("each permission needs emailAddress and role")
        if OWNER not in {role for _, role in wanted}:
            raise errors.invalid_resource("an issuer needs an owner")
        self.state.run("delete from permission where issuer_id = ?", issuer_id)
        for email, role in wanted:
            self.state.set_permission(issuer_id, email, role)
        return self.permissions(issuer_id, caller)

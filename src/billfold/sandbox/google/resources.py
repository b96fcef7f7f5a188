"""Classes and objects of the seven verticals: insert, get, list, update, patch, addMessage.

May not enter: HTTP, the save page. Source: reference/google-wallet.md sections 1 and 2.2, section 8.2 rules 3 to 20."""

import base64
import binascii
from dataclasses import dataclass

from billfold.sandbox.google import errors, notices, rules
from billfold.sandbox.google.accounts import Caller
from billfold.sandbox.google.notices import Notices
from billfold.sandbox.google.schema import Schemas
from billfold.sandbox.google.state import READER, GoogleState, Issuer, Stored
from billfold.sandbox.google.values import Json, JsonObject, as_list, as_object, as_text, texts
from billfold.sandbox.google.verticals import CLASS, OBJECT, ResourceType, issuer_of

_PLATFORM_MEMBERS = ("classReference", "hasUsers", "hasLinkedDevice", "version", "review")
_SETTABLE_REVIEW = ("DRAFT", "UNDER_REVIEW")


def not_found(kind: ResourceType, resource_id: str) -> errors.ApiError:
    return errors.class_not_found(resource_id) if kind.kind == CLASS else errors.object_not_found(resource_id)


def already_exists(kind: ResourceType, resource_id: str) -> errors.ApiError:
    return errors.class_exists(resource_id) if kind.kind == CLASS else errors.object_exists(resource_id)


def merged(old: JsonObject, change: JsonObject) -> JsonObject:
    """PATCH: members are merged, nested objects too, lists replaced, null removes (rule 11)."""
    result = dict(old)
    for name, value in change.items():
        if value is None or value == []:
            result.pop(name, None)
        elif isinstance(value, dict):
            result[name] = merged(as_object(old.get(name)), value)
        else:
            result[name] = value
    return result


@dataclass(frozen=True)
class Resources:
    """`http_callbacks`: whether a class may name a plain http callback address, as a local installation must."""

    state: GoogleState
    schemas: Schemas
    notices: Notices
    http_callbacks: bool

    # --- access --------------------------------------------------------------------------------------------------------

    def issuer_for(self, resource_id: str) -> Issuer:
        """The issuer of a class or object id. Raises ApiError 400 `Invalid resource ID` (rule 3)."""
        issuer = self.state.issuer(issuer_of(resource_id) or "")
        if issuer is None:
            raise errors.invalid_id(resource_id)
        return issuer

    def admit(self, caller: Caller, issuer_id: str, *, write: bool) -> None:
        """Raises ApiError 403 unless the caller may read, or write, what belongs to the issuer (rule 1)."""
        role = self.state.role(issuer_id, caller.email)
        if role is None or (write and role == READER):
            raise errors.permission_denied()

    def _find(self, kind: ResourceType, resource_id: str, caller: Caller, *, write: bool) -> tuple[Stored, Issuer]:
        issuer = self.issuer_for(resource_id)
        self.admit(caller, issuer.id, write=write)
        stored = self.state.resource(kind.kind, resource_id)
        if stored is None or stored.vertical != kind.vertical:
            raise not_found(kind, resource_id)
        return stored, issuer

    # --- methods -------------------------------------------------------------------------------------------------------

    def insert(self, kind: ResourceType, sent: JsonObject, caller: Caller) -> JsonObject:
        body = self.schemas.validate(kind.schema, self.without_platform_members(kind, sent))
        resource_id = as_text(body.get("id"))
        issuer = self.issuer_for(resource_id)
        self.admit(caller, issuer.id, write=True)
        return self.answer(kind, self.create(kind, body, issuer))

    def create(self, kind: ResourceType, body: JsonObject, issuer: Issuer) -> Stored:
        """Stores a new resource whose schema and issuer are checked already. Raises ApiError 400, 404, 409."""
        resource_id = as_text(body.get("id"))
        if self.state.resource(kind.kind, resource_id) is not None:  # also one of another vertical (rule 5)
            raise already_exists(kind, resource_id)
        body = self._finished(kind, body, None, issuer)
        class_id = as_text(body.get("classId")) if kind.kind == OBJECT else ""
        return self.state.add_resource(kind, resource_id, issuer.id, class_id, body)

    def get(self, kind: ResourceType, resource_id: str, caller: Caller) -> JsonObject:
        stored, _ = self._find(kind, resource_id, caller, write=False)
        return self.answer(kind, stored, with_class=True)

    def update(self, kind: ResourceType, resource_id: str, sent: JsonObject, caller: Caller) -> JsonObject:
        body = self.schemas.validate(kind.schema, self.without_platform_members(kind, sent))
        stored, issuer = self._find(kind, resource_id, caller, write=True)
        return self._replace(kind, stored, body, body, issuer, as_text(body.get("notifyPreference")))

    def patch(self, kind: ResourceType, resource_id: str, sent: JsonObject, caller: Caller) -> JsonObject:
        change = self.schemas.validate_patch(kind.schema, self.without_platform_members(kind, sent))
        stored, issuer = self._find(kind, resource_id, caller, write=True)
        body = merged(stored.body, change)
        strict = self.state.settings.strict_review and stored.body.get("reviewStatus") == "APPROVED"
        if kind.reviewed and "reviewStatus" not in change and strict:
            raise errors.invalid_resource("reviewStatus must be sent with each patch of an approved class")
        return self._replace(kind, stored, change, body, issuer, as_text(change.get("notifyPreference")))

    def _replace(
        self, kind: ResourceType, stored: Stored, sent: JsonObject, body: JsonObject, issuer: Issuer, preference: str
    ) -> JsonObject:
        if sent.get("id", stored.id) != stored.id:
            raise errors.invalid_resource("the id of the body must be the id of the address")
        body = self._finished(kind, {**body, "id": stored.id}, stored, issuer, sent)
        class_id = as_text(body.get("classId")) if kind.kind == OBJECT else ""
        now = self.state.put_resource(stored, class_id, body)
        if body != stored.body:
            self.notices.changed(now)
        if preference == "NOTIFY_ON_UPDATE" and notices.notifying_change((kind.vertical, kind.kind), stored.body, body):
            self._notify_update(now)
        return self.answer(kind, now)

    def _notify_update(self, stored: Stored) -> None:
        """Over the quota the update stands and nobody is told (rule 14, a choice of this stand-in)."""
        if self.notices.quota_left(stored.kind, stored.id, notices.UPDATE):
            self.notices.spend(stored.kind, stored.id, notices.UPDATE)
            self.notices.notify(stored, notices.UPDATE, {})
        else:
            self.notices.suppressed(stored, notices.UPDATE, {})

    def add_message(self, kind: ResourceType, resource_id: str, sent: JsonObject, caller: Caller) -> JsonObject:
        message = as_object(self.schemas.validate("AddMessageRequest", sent).get("message"))
        stored, issuer = self._find(kind, resource_id, caller, write=True)
        rules.check_message(message)
        message = _with_type(message)
        notifying = message["messageType"] == "TEXT_AND_NOTIFY"
        if notifying and not self.notices.quota_left(kind.kind, stored.id, notices.MESSAGE):
            refusal = errors.notice_quota_exceeded(issuer.id, kind.kind, stored.id)
            refusal.aftermath = lambda: self.notices.suppressed(stored, notices.MESSAGE, message)
            raise refusal
        kept = as_list(stored.body.get("messages"))
        if self.state.settings.drop_oldest_message:
            kept = kept[-(rules.MESSAGES_MAX - 1) :]
        body = {**stored.body, "messages": [*kept, message]}
        rules.check(self.schemas, kind, body, self._conditions(issuer))
        now = self.state.put_resource(stored, stored.class_id, body)
        self.notices.changed(now)
        if notifying:
            self.notices.spend(kind.kind, stored.id, notices.MESSAGE)
            self.notices.notify(now, notices.MESSAGE, message)
        return {"resource": self.answer(kind, now)}

    def modify_linked_offers(self, kind: ResourceType, resource_id: str, sent: JsonObject, caller: Caller) -> JsonObject:
        valid = self.schemas.validate("ModifyLinkedOfferObjectsRequest", sent)
        change = as_object(valid.get("linkedOfferObjectIds"))
        stored, issuer = self._find(kind, resource_id, caller, write=True)
        added, removed = texts(change.get("addLinkedOfferObjectIds")), texts(change.get("removeLinkedOfferObjectIds"))
        for offer_id in added:
            offer = self.state.resource(OBJECT, offer_id)
            if offer is None or offer.vertical != "offer" or offer.issuer_id != issuer.id:
                raise errors.invalid_resource(f"linkedOfferIds: {offer_id} is no offer object of this issuer")
        linked = [each for each in texts(stored.body.get("linkedOfferIds")) if each not in removed]
        linked += [each for each in dict.fromkeys(added) if each not in linked]
        return self._replace(kind, stored, {}, merged(stored.body, {"linkedOfferIds": [*linked]}), issuer, "")

    def page(self, kind: ResourceType, query: dict[str, str], caller: Caller) -> JsonObject:
        limit, after = _limit(query), _after(query)
        if kind.kind == CLASS:
            found = self._classes(kind, query, caller, after, limit + 1)
        else:
            found = self._objects(kind, query, caller, after, limit + 1)
        page = found[:limit]
        pagination: JsonObject = {"resultsPerPage": len(page)}
        if len(found) > limit:
            pagination["nextPageToken"] = base64.urlsafe_b64encode(f"after:{page[-1].seq}".encode()).decode()
        answer: JsonObject = {"pagination": pagination}
        if page:
            answer["resources"] = [self.answer(kind, each, with_class=True) for each in page]
        return answer

    def _classes(self, kind: ResourceType, query: dict[str, str], caller: Caller, after: int, limit: int) -> list[Stored]:
        issuer_id = query.get("issuerId", "")
        if not (issuer_id.isascii() and issuer_id.isdigit()):
            raise errors.invalid_argument("issuerId is required and must be a number")
        self.admit(caller, issuer_id, write=False)
        return self.state.classes_of(issuer_id, kind.vertical, after, limit)

    def _objects(self, kind: ResourceType, query: dict[str, str], caller: Caller, after: int, limit: int) -> list[Stored]:
        class_id = query.get("classId", "")
        if not class_id:
            raise errors.invalid_argument("classId is required")
        self.admit(caller, self.issuer_for(class_id).id, write=False)
        parent = self.state.resource(CLASS, class_id)
        if parent is None or parent.vertical != kind.vertical:
            raise errors.class_not_found(class_id)
        return self.state.objects_of(class_id, after, limit)

    # --- what the methods share ----------------------------------------------------------------------------------------

    def without_platform_members(self, kind: ResourceType, sent: JsonObject) -> JsonObject:
        known = self.schemas.by_name[kind.schema]
        return {name: value for name, value in sent.items() if name not in _PLATFORM_MEMBERS or name not in known}

    def _conditions(self, issuer: Issuer) -> rules.Conditions:
        return rules.Conditions(allowlisted=issuer.allowlisted, http_callbacks=self.http_callbacks)

    def _finished(
        self, kind: ResourceType, body: JsonObject, stored: Stored | None, issuer: Issuer, sent: JsonObject | None = None
    ) -> JsonObject:
        """`body` as it will be kept, all rules checked. `sent` is what the request itself said, where that differs."""
        body = {name: value for name, value in body.items() if name != "notifyPreference"}
        rules.check(self.schemas, kind, body, self._conditions(issuer))
        if kind.reviewed and "reviewStatus" in (body if sent is None else sent):
            body["reviewStatus"] = _reviewed(as_text(body["reviewStatus"]), stored)
        if kind.vertical == "generic" and kind.kind == OBJECT and body.get("state") in (None, "STATE_UNSPECIFIED"):
            body["state"] = "ACTIVE"
        if "messages" in body:
            body["messages"] = [_with_type(as_object(each)) for each in as_list(body["messages"])]
        if kind.kind == OBJECT:
            self._check_class(kind, body, issuer)
            self._check_links(body, issuer)
            if "linkedObjectIds" in body:
                body["linkedObjectIds"] = [*rules.linked_ids(body)]
        return body

    def _check_class(self, kind: ResourceType, body: JsonObject, issuer: Issuer) -> None:
        class_id = as_text(body.get("classId"))
        if issuer_of(class_id) != issuer.id:
            self.issuer_for(class_id)  # an id of nobody is refused as such
            raise errors.invalid_resource("classId must belong to the issuer of the object")
        parent = self.state.resource(CLASS, class_id)
        if parent is None:
            raise errors.class_not_found(class_id)
        if parent.vertical != kind.vertical:
            raise errors.invalid_resource(f"classId names a class of another type: {parent.vertical}")
        if parent.body.get("reviewStatus") == "DRAFT":
            raise errors.invalid_resource("a class in DRAFT cannot carry objects")
        if "activationOptions" in parent.body and "activationStatus" not in body:
            raise errors.invalid_resource("activationStatus is required, since the class has activationOptions")

    def _check_links(self, body: JsonObject, issuer: Issuer) -> None:
        for linked in rules.linked_ids(body):
            other = self.state.resource(OBJECT, linked)
            if linked == body["id"] or other is None or other.issuer_id != issuer.id:
                raise errors.invalid_resource(f"linkedObjectIds: {linked} is no other object of this issuer")

    def answer(self, kind: ResourceType, stored: Stored, *, with_class: bool = False) -> JsonObject:
        """The resource as an answer shows it (rules 9 and 26)."""
        body = dict(stored.body)
        if kind.kind == OBJECT:
            body["hasUsers"] = bool(self.state.holders(stored.id))
            parent = self.state.resource(CLASS, stored.class_id) if with_class and kind.vertical != "generic" else None
            if parent is not None:
                body["classReference"] = parent.body
        settings = self.state.settings
        if settings.old_enums or settings.kind_members:
            return self.schemas.dress(kind.schema, body, old_enums=settings.old_enums, kinds=settings.kind_members)
        return body


def _with_type(message: JsonObject) -> JsonObject:
    type_ = message.get("messageType")
    return {**message, "messageType": "TEXT" if type_ in (None, "MESSAGE_TYPE_UNSPECIFIED") else type_}


def _reviewed(status: str, stored: Stored | None) -> Json:
    """What is kept for the status that a request sent: Google approves at once (rule 7; the texts are invented)."""
    if status not in _SETTABLE_REVIEW:
        raise errors.invalid_resource(f"reviewStatus may be set to {' or '.join(_SETTABLE_REVIEW)} only")
    if status == "DRAFT" and stored is not None and stored.body.get("reviewStatus") != "DRAFT":
        raise errors.invalid_resource("reviewStatus cannot return to DRAFT")
    return "APPROVED" if status == "UNDER_REVIEW" else status


def _limit(query: dict[str, str]) -> int:
    text = query.get("maxResults")
    if text is None:
        return 2**31
    if not (text.isascii() and text.isdigit() and len(text) <= 10) or not 0 < int(text) < 2**31:
        raise errors.invalid_argument("Invalid value at 'max_results' (TYPE_INT32)")
    return int(text)


def _after(query: dict[str, str]) -> int:
    token = query.get("token")
    if not token:
        return 0
    try:
        name, _, seq = base64.b64decode(token, altchars=b"-_", validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        name, seq = "", ""
    if name != "after" or not seq.isdigit() or len(seq) > 18:
        raise errors.invalid_argument("Invalid page token")
    return int(seq)
